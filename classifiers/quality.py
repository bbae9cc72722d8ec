"""The quality model: is a document worth training on (keep), and how good is it from 0 to 5.

Six logits over the hashed n-grams of `linear.py`: keep, and quality ≥ 1 … ≥ 5. Each is turned into a probability by a line
fitted on documents of hosts that the fitting model had not seen.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.answers import Answers, answers_for
from algok.classifiers.foreign.classifier import Classifier, open_foreign
from algok.classifiers.linear import Linear, sigmoid
from algok.classifiers.store import Model, open_model
from algok.errors import ModelError

HEADS = ("keep", "1", "2", "3", "4", "5")


# From this level on, of 0–5, a document is worth keeping: what the rubric calls ordinary prose.
KEPT_LEVEL = 3
_VERDICTS, _LEVELS = {"keep", "drop"}, {"0", "1", "2", "3", "4", "5"}


class QualityScorer(Protocol):
    def probabilities(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """P(keep) and the expected quality (both float32) of every text; NaN where the model does not say."""
        ...


def open_quality(reference: str, labels: Mapping[str, str | None] | None = None, gpus: float = 0) -> QualityScorer:
    """The quality model of a recipe: ours, or one of another library whose `labels` say keep and drop, or a quality from 0 to 5.

    Raises ModelError.
    """
    foreign = open_foreign(reference, "quality", gpus)
    if foreign is None:
        return QualityModel(open_model(reference, "quality"))
    classifier, answers = foreign
    return ForeignQuality(classifier, answers if labels is None else labels)


class QualityModel:
    """A loaded quality model of ours."""

    def __init__(self, model: Model):
        self._linear = Linear.load(model, len(HEADS))
        self._slope, self._offset = model.numbers("calibration", (len(HEADS), 2)).astype(np.float32).T

    def probabilities(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """P(keep) (float32) and the expected quality 0–5 (float32, the sum of P(quality ≥ 1 … 5)) of every text."""
        logits = self._linear.logits(texts)
        p = sigmoid(logits * self._slope + self._offset)
        return p[:, 0], p[:, 1:].sum(axis=1)


class ForeignQuality:
    """A classifier or a scorer of another library, as a quality model.

    Labels for keep and drop give P(keep) and no level; labels for levels give the expected level, and as P(keep) that of a
    level of KEPT_LEVEL or more; a model that gives a single score (an educational scorer, say) gives the level and no P(keep).
    """

    def __init__(self, classifier: Classifier, labels: Mapping[str, str | None]):
        self._classifier, self._answers = classifier, None
        if classifier.labels:
            expected = "keep or drop, or a quality from 0 to 5"
            found = answers_for(classifier.labels, labels, (_VERDICTS | _LEVELS).__contains__, expected)
            self._answers = Answers(classifier, found)
            said = set(self._answers.labels)
            if said & _VERDICTS and said & _LEVELS:
                raise ModelError("the labels of a quality model say keep and drop, or qualities from 0 to 5, not both")
            if said & _VERDICTS and "keep" not in said:
                raise ModelError("no label of the quality model means keep; say in 'labels' which one does")

    def probabilities(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """See `QualityScorer`."""
        unknown = np.full(len(texts), np.nan, np.float32)
        if self._answers is None:
            return unknown, self._classifier.outputs(texts)[:, 0]
        p, answers = self._answers.probabilities(texts), self._answers.labels
        if "keep" in answers:
            return p[:, answers.index("keep")], unknown
        total, keep, level = (np.zeros(len(texts), np.float32) for _ in range(3))
        for column, answer in enumerate(answers):
            total += p[:, column]
            level += p[:, column] * np.float32(answer)
            keep += p[:, column] if int(answer) >= KEPT_LEVEL else np.float32(0)
        total = np.maximum(total, np.float32(1e-9))
        return np.minimum(keep / total, 1), level / total
