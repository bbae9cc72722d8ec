"""The toxicity model: hate, insult, sexual, threat and illegal promotion, per window of a document.

Six logistic regressions over the features of `algok.kernels.toxic`: any toxicity, and each class by itself, since one
text can be several. What the classes mean and which sets taught them: docs/toxicity.md.
"""

from functools import lru_cache
from itertools import product
from math import prod

import numpy as np
import pyarrow as pa

from algok.classifiers.linear import check_hashed
from algok.classifiers.store import Model
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import (
    ANYWHERE,
    CLASSES,
    COLUMNS,
    START,
    TERMS,
    WORD,
    Lexicon,
    compile_lexicon,
    pack,
    score,
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


class ToxicityModel:
    """A loaded toxicity model."""

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
