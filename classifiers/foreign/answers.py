"""From the labels of somebody's model to the answers that a step knows."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from pydantic import BeforeValidator, Field

from algok.classifiers.foreign.classifier import Classifier
from algok.errors import ModelError

PREFIX = "__label__"  # what fastText writes before every label


def _words(given: Any) -> Any:
    """YAML reads `0: 1` as numbers; a label is a word."""
    if not isinstance(given, dict):
        return given
    return {str(label): None if answer is None else str(answer) for label, answer in given.items()}


# The option `labels` of a step.
Labels = Annotated[
    dict[str, str | None] | None,
    BeforeValidator(_words),
    Field(description="What the labels of a fastText, ONNX or skops model mean to this step; null: nothing."),
]


def bare(label: str) -> str:
    """A label without fastText's prefix.

    >>> bare("__label__kor_Hang")
    'kor_Hang'
    """
    return label.removeprefix(PREFIX)


def answers_for(
    labels: tuple[str, ...], given: Mapping[str, str | None], known: Callable[[str], bool], expected: str
) -> list[str | None]:
    """The answer of every label: what `given` says of it, with fastText's prefix or without; else the label itself where it is
    an answer. None: the label means nothing here.

    Entries for labels that the model does not have are let be, so that one map serves several models. Raises ModelError for
    a label without an answer; `expected` says which there are.
    """
    found: list[str | None] = []
    strange: list[str] = []
    for label in labels:
        answer = given.get(label, given.get(bare(label), bare(label)))
        if answer is not None and not known(answer):
            strange.append(f"'{label}'" if answer == bare(label) else f"'{label}' (given as '{answer}')")
        found.append(answer)
    if strange:
        more = f" and {len(strange) - 5} more" if len(strange) > 5 else ""
        raise ModelError(
            f"the model's label {', '.join(strange[:5])}{more} is no answer of this step; say in 'labels' what it means: "
            f"{expected}, or null for nothing"
        )
    if not any(answer is not None for answer in found):
        raise ModelError(f"no label of the model means anything to this step; answers: {expected}")
    return found


class Answers:
    """A classifier whose labels became answers; `labels` are those that some label stands for, in alphabetical order."""

    def __init__(self, classifier: Classifier, of_labels: list[str | None]):
        self._classifier = classifier
        self.labels: tuple[str, ...] = tuple(sorted({answer for answer in of_labels if answer is not None}))
        self._column_of = [None if answer is None else self.labels.index(answer) for answer in of_labels]

    def probabilities(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × answers: the sum over the labels of an answer where only one of them holds, else the largest.

        Label by label, so that a document has the same sum in every batch.
        """
        found = self._classifier.outputs(texts)
        unite = np.add if self._classifier.exclusive else np.maximum
        out = np.zeros((len(found), len(self.labels)), np.float32)
        for label, answer in enumerate(self._column_of):
            if answer is not None:
                out[:, answer] = unite(out[:, answer], found[:, label])
        return np.minimum(out, 1)
