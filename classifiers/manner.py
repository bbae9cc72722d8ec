"""A linear classifier over how a text is written: rates and shares of the counts of `algok.kernels.manner`, 56 numbers.

Hashed features (`linear.py`) count each shape once; these say how much of a text is short lines, talk, or reports. On the sites
of labelled documents they bring the style from 0.64 to 0.66 (docs/taxonomy.md).
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from algok.classifiers.store import Model
from algok.kernels.buffers import string_buffers
from algok.kernels.manner import COUNTS, PAIRS, counts

_OF_LINES = (
    "short", "shortish", "long", "end_stop", "end_colon", "end_bracket", "end_digit", "bullets", "speakers", "questions",
    "foreign", "nouns",
)  # fmt: skip
_OF_CHARS = ("in_long", "hangul", "latin", "digits", "points", "words")
_RATES = [k for k, name in enumerate(COUNTS) if k >= COUNTS.index("stops") and name not in _OF_LINES]
_RATES += range(len(COUNTS), len(COUNTS) + len(PAIRS))
_MOST, _SHORTEST = 16, 50  # a rate of more says no more; one of few characters would be chance
FEATURES = len(_OF_LINES) + len(_OF_CHARS) + 5 + len(_RATES) + 3


def features(texts: pa.Array) -> np.ndarray:
    """float64, documents × FEATURES."""
    found = counts(*string_buffers(texts)).astype(np.float64)
    column = dict(zip(COUNTS, found.T, strict=False))
    lines, chars = np.maximum(column["lines"], 1), np.maximum(column["chars"], 1)
    endings = column["da"] + column["yo"] + 1
    sizes = [np.log1p(column["chars"]), np.log1p(column["lines"]), np.log(chars / lines), np.log1p(column["longest"])]
    rates = 1000 * found[:, _RATES] / np.maximum(chars, _SHORTEST)[:, None]
    return np.column_stack(
        [column[name] / lines for name in _OF_LINES]
        + [column[name] / chars for name in _OF_CHARS]
        + sizes
        + [np.sqrt(np.minimum(column["stops"] / lines, _MOST)), np.sqrt(np.minimum(rates, _MOST))]
        + [column[name] / endings for name in ("da", "nida", "yo")]
    )


@dataclass(frozen=True)
class Manner:
    """`table`: float32, FEATURES × classes; `bias`: float32 per class."""

    table: np.ndarray
    bias: np.ndarray

    @classmethod
    def load(cls, model: Model, classes: int) -> "Manner":
        """From manner.npy and manner_bias.npy of a model folder. Raises ModelError."""
        table = model.array("manner.npy", np.float32, (FEATURES, classes))
        return cls(table, model.array("manner_bias.npy", np.float32, (classes,)))

    def files(self) -> dict[str, np.ndarray]:
        """What `load` reads, by file name."""
        return {"manner.npy": self.table, "manner_bias.npy": self.bias}

    def logits(self, texts: pa.Array) -> np.ndarray:
        """float64, documents × classes."""
        return features(texts) @ self.table.astype(np.float64) + self.bias
