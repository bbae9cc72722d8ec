"""A classifier that gives a text one of several labels, with calibrated probabilities: behind the domain and style models.

A linear model over the features of `linear.py`; where the model has a table for `manner.py`, the sum of both logarithms.
With a lexicon (`topic_words.py`), the weighted sum of three logarithms of probabilities: the linear model's, the lexicon's,
and those of a regression on the lexicon's logits (MIXTURE).
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.answers import Answers, answers_for
from algok.classifiers.foreign.classifier import open_foreign
from algok.classifiers.linear import Linear, softmax
from algok.classifiers.manner import Manner
from algok.classifiers.store import Model, open_model
from algok.classifiers.topic_words import TopicWords
from algok.errors import ModelError

# Weights of the linear model, the lexicon and the regression on it, and how much of the lexicon's logits the regression
# sees: by five folds over the sites of all labelled documents (docs/taxonomy.md, "Training").
MIXTURE = (1.0, 0.5, 1.0)
WORD_SCALE, _FLOOR = 0.1, 1e-5
_MANNER_FLOOR = 1e-3
_SUREST = 1e-3  # the labels themselves are not surer: logarithms of less would fit to single documents


class Labeller(Protocol):
    """`labels` are the columns of `probabilities`."""

    labels: tuple[str, ...]

    def probabilities(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × labels."""
        ...


def open_labeller(
    reference: str,
    kind: str,
    given: Mapping[str, str | None] | None,
    known: Callable[[str], bool],
    expected: str,
    gpus: float = 0,
) -> Labeller:
    """The model of a recipe that gives a text one of several labels: ours, or one of another library, whose labels `given` turns
    into ours. `known` tells which those are, `expected` says it. Raises ModelError."""
    foreign = open_foreign(reference, kind, gpus)
    if foreign is None:
        return TextLabeller(open_model(reference, kind))
    classifier, own = foreign
    if not classifier.labels:
        raise ModelError(f"a {kind} model must have labels ({expected}); this one gives a score")
    answers = Answers(classifier, answers_for(classifier.labels, own if given is None else given, known, expected))
    if len(answers.labels) < 2:
        raise ModelError(
            f"all labels of the {kind} model mean '{', '.join(answers.labels)}'; two different ones are needed"
        )
    return answers


class TextLabeller:
    """A loaded model of ours; `labels` are the columns of its probabilities."""

    def __init__(self, model: Model):
        self.labels: tuple[str, ...] = _labels(model)
        classes = len(self.labels)
        self._linear = Linear.load(model, classes)
        self._temperature = float(model.numbers("temperature"))
        if self._temperature <= 0:
            raise ModelError(f"{model.folder}/model.json: the parameter 'temperature' must be above 0")
        given = "confidence" in model.parameters
        self._confidence = tuple(map(float, model.numbers("confidence", (3,)))) if given else None
        self._manner = Manner.load(model, classes) if "manner" in model.parameters else None
        self._words = TopicWords.load(model, classes) if "mixture" in model.parameters else None
        if self._words:
            regression = model.array("regression.npy", np.float32, (classes, classes))
            self._regression = regression, model.array("regression_bias.npy", np.float32, (classes,))

    def probabilities(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × labels; every row sums to one."""
        logits = self._linear.logits(texts)
        if self._manner:
            logits = with_manner(logits, self._manner.logits(texts))
        if self._words:
            logits = mixed(logits, self._words.logits(texts), *self._regression)
        p = softmax(logits / self._temperature)
        return (p if self._confidence is None else as_often_right(p, *self._confidence)).astype(np.float32)


def _labels(model: Model) -> tuple[str, ...]:
    labels = model.parameter("labels")
    sound = isinstance(labels, list) and labels and all(isinstance(label, str) and label for label in labels)
    if not sound or len(set(labels)) < len(labels):
        raise ModelError(f"{model.folder}/model.json: the parameter 'labels' must be a list of different words")
    return tuple(labels)


def confidence_features(best: np.ndarray) -> np.ndarray:
    """What the confidence is a logistic function of, from the probability of the best label."""
    return np.column_stack([np.log(best), np.log(1 - best + _SUREST)])


def as_often_right(p: np.ndarray, yes: float, no: float, bias: float) -> np.ndarray:
    """The best label's probability becomes the share of such answers that are right, since a temperature alone leaves the sure
    ones too sure; the others share the rest as before, and the best stays the best."""
    rows, best = np.arange(len(p)), p.argmax(axis=1)
    said = p[rows, best]
    odds = confidence_features(said) @ np.array([yes, no]) + bias
    right = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
    others = p.copy()
    others[rows, best] = 0
    others /= np.maximum(others.sum(axis=1, keepdims=True), 1e-12)
    second = others.max(axis=1)
    right = np.clip(right, second / (1 + second) * (1 + 1e-6), 1)
    found = others * (1 - right)[:, None]
    found[rows, best] = right
    return found


def with_manner(logits: np.ndarray, manner: np.ndarray) -> np.ndarray:
    """The sum of two logarithms of probabilities, neither of which may rule a label out."""
    return np.log(softmax(logits) + _MANNER_FLOOR) + np.log(softmax(manner) + _MANNER_FLOOR)


def mixed(logits: np.ndarray, words: np.ndarray, regression: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The weighted sum of the three logarithms, documents × labels, from the logits of linear model and lexicon."""
    parts = (logits, words, WORD_SCALE * words @ regression + bias)
    return np.asarray(sum(weight * np.log(softmax(part) + _FLOOR) for weight, part in zip(MIXTURE, parts, strict=True)))
