"""The toxicity model: hate, insult, sexual, threat and illegal promotion, per window of a document.

Six logistic regressions over the features of `algok.kernels.toxic`: any toxicity, and each class by itself, since one
text can be several. What the classes mean and which sets taught them: docs/toxicity.md.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import product
from math import prod
from typing import Protocol

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.answers import Answers, answers_for
from algok.classifiers.foreign.classifier import Classifier, open_foreign
from algok.classifiers.linear import check_hashed
from algok.classifiers.store import Model, open_model
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import (
    ANYWHERE,
    CLASSES,
    COLUMNS,
    PRIOR,
    START,
    TERMS,
    WORD,
    Lexicon,
    compile_lexicon,
    pack,
    score,
    window_spans,
    windows,
)

HEADS = ("any", *CLASSES)
_MOST_TERMS = 1 << 20  # of one pattern; two alternatives for each of forty characters would fill any memory
_MODES = {"^": START, "=": WORD, "*": ANYWHERE}


@lru_cache(maxsize=4)
def parse_lexicon(tsv: str, particles: str) -> Lexicon:
    """Compiles the lines `class, mode, pattern` (see lexicons/toxicity.tsv). Raises ModelError naming a bad line."""
    terms = []
    for number, line in enumerate(tsv.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        try:
            name, mode, pattern = line.split("\t")
            klass = -1 if name == "none" else TERMS.index(name)
            terms += [(term, klass, _MODES[mode]) for term in expand(pattern)]
        except (ValueError, KeyError) as error:
            raise ModelError(f"toxicity lexicon, line {number}: {error}") from None
    try:
        return compile_lexicon(terms, [line for line in particles.splitlines() if line])
    except ValueError as error:
        raise ModelError(f"toxicity lexicon: {error}") from None


def expand(pattern: str) -> list[str]:
    """The terms of a pattern: `[ab]` is one of these characters, `{a,b}` one of these strings."""
    parts, i = [], 0
    while i < len(pattern):
        if pattern[i] in "[{":
            end = pattern.index("]" if pattern[i] == "[" else "}", i)
            inside = pattern[i + 1 : end]
            parts.append(list(inside) if pattern[i] == "[" else inside.split(","))
            i = end + 1
        else:
            parts.append([pattern[i]])
            i += 1
    if prod(map(len, parts)) > _MOST_TERMS:
        raise ValueError(f"a pattern of more than {_MOST_TERMS:,} terms")
    return ["".join(choice) for choice in product(*parts)]


CLEAN, TOXIC_LABEL = "clean", "toxic"
_LEAST = 0.5  # from this probability on a window is toxic to another library's model
_WINDOWS = 4096  # that it sees at once


class ToxicityScorer(Protocol):
    def documents(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """The columns of `algok.kernels.toxic.score`, float64 per text; NaN where the model does not say."""
        ...


def open_toxicity(reference: str, labels: Mapping[str, str | None] | None = None, gpus: float = 0) -> ToxicityScorer:
    """The toxicity model of a recipe: ours, or one of another library whose `labels` say clean, toxic or a class.

    Raises ModelError.
    """
    foreign = open_foreign(reference, "toxicity", gpus)
    if foreign is None:
        return ToxicityModel(open_model(reference, "toxicity"))
    classifier, answers = foreign
    return ForeignToxicity(classifier, answers if labels is None else labels)


class ToxicityModel:
    """A loaded toxicity model of ours."""

    def __init__(self, model: Model):
        self._table = model.array("table.npy", np.int8, (None, len(HEADS)))
        check_hashed(model, self._table)
        self._rows = pack(self._table)
        self._scale = model.array("scale.npy", np.float32, (len(HEADS),)).astype(np.float64)
        self._bias = model.array("bias.npy", np.float32, (len(HEADS),)).astype(np.float64)
        self._least = float(model.numbers("least"))
        self.lexicon = parse_lexicon(model.text("lexicon.tsv"), model.text("particles.txt"))

    def documents(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """The columns of `algok.kernels.toxic.score`, float64 per text."""
        data, offsets = string_buffers(texts)
        scores = score(data, offsets, self.lexicon, self._rows, self._scale, self._bias, self._least)
        return dict(zip(COLUMNS, scores.T, strict=True))

    def windows(self, texts: pa.Array, whole: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """For reading and measuring: [document, first byte, end byte] and the probabilities of HEADS of every window."""
        data, offsets = string_buffers(texts)
        bits = len(self._table).bit_length() - 1
        ids, ends, spans, _ = windows(data, offsets, bits, self.lexicon, whole)
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        sums = np.add.reduceat(self._table[ids].astype(np.int32), starts) if len(ends) else np.zeros((0, 6))
        logits = self._bias + self._scale * sums / np.sqrt(np.maximum(ends - starts, 1))[:, None]
        return spans, 1 / (1 + np.exp(-logits))


def window_texts(data: np.ndarray, spans: np.ndarray) -> list[str]:
    """The texts of windows, from `window_spans`."""
    return [data[start:end].tobytes().decode("utf-8", "replace") for _, start, end, _ in spans]


class ForeignToxicity:
    """A classifier of another library as a toxicity model: it reads the same windows, which are as long as the comments that
    such models learn from, and its answers are averaged in the same way. It has no lexicon."""

    def __init__(self, classifier: Classifier, labels: Mapping[str, str | None]):
        known = {CLEAN, TOXIC_LABEL, *CLASSES}
        expected = f"{CLEAN}, {TOXIC_LABEL} or a class ({', '.join(CLASSES)})"
        if not classifier.labels:
            raise ModelError(f"a toxicity model must have labels, for {expected}; this one gives a score")
        self._answers = Answers(classifier, answers_for(classifier.labels, labels, known.__contains__, expected))
        self._exclusive = classifier.exclusive
        if set(self._answers.labels) <= {CLEAN}:
            raise ModelError(
                f"no label of the toxicity model means anything toxic; say in 'labels' what they mean: {expected}"
            )

    def documents(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """See `ToxicityScorer`."""
        data, offsets = string_buffers(texts)
        spans = window_spans(data, offsets)
        p = self._windows(data, spans)
        document, units, number = spans[:, 0], spans[:, 3].astype(np.float64), len(texts)

        def mean(values: np.ndarray) -> np.ndarray:
            """By units, PRIOR harmless ones added; in the order of the windows, whatever stands in the batch beside."""
            return np.bincount(document, values * units, number) / (np.bincount(document, units, number) + PRIOR)

        largest = np.zeros(number)
        np.maximum.at(largest, document, p[TOXIC_LABEL])
        return {
            "max": largest,
            "share": mean((p[TOXIC_LABEL] >= _LEAST).astype(np.float64)),
            "mean": mean(p[TOXIC_LABEL]),
            **{name: mean(p[name]) if name in p else np.full(number, np.nan) for name in CLASSES},
            "lexicon_hits": np.full(number, np.nan),
            "windows": np.bincount(document, minlength=number).astype(np.float64),
        }

    def _windows(self, data: np.ndarray, spans: np.ndarray) -> dict[str, np.ndarray]:
        """Probabilities (float64) of every window: that it is toxic, and of the classes that the model knows."""
        parts = [np.zeros((0, len(self._answers.labels)), np.float32)]
        for first in range(0, len(spans), _WINDOWS):
            part = spans[first : first + _WINDOWS]
            parts.append(self._answers.probabilities(pa.array(window_texts(data, part), pa.large_string())))
        p = dict(zip(self._answers.labels, np.concatenate(parts).astype(np.float64).T, strict=True))
        clean = p.pop(CLEAN, None)
        if self._exclusive and clean is not None:
            toxic = 1 - clean
        else:
            toxic = np.sum(list(p.values()), axis=0) if self._exclusive else np.max(list(p.values()), axis=0)
        return p | {TOXIC_LABEL: np.clip(toxic, 0, 1)}
