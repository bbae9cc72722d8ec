"""Ranks of a signal's values within groups of cells, from sums over its leading bits: one pass, no sort of documents."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

_BITS = np.uint32(16)


@dataclass(frozen=True)
class Ranks:
    """The rank in [0, 1), by tokens, of every value of a signal within its group."""

    codes: np.ndarray  # uint64, sorted: group and leading bits of the signal
    ranks: np.ndarray  # float64: the middle of the value's stretch

    def as_table(self) -> pa.Table:
        return pa.table({"code": self.codes, "rank": self.ranks})

    @classmethod
    def of_table(cls, table: pa.Table) -> "Ranks":
        return cls(table["code"].to_numpy(), table["rank"].to_numpy())

    def of(self, groups: np.ndarray, signal: np.ndarray) -> np.ndarray:
        return self.ranks[np.searchsorted(self.codes, _code(groups, signal))]


def _code(groups: np.ndarray, signal: np.ndarray) -> np.ndarray:
    return groups.astype(np.uint64) << np.uint64(_BITS) | (signal >> _BITS).astype(np.uint64)


def rank(parts: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Ranks:
    """From groups (int32), signals (uint32) and tokens (int64) of all documents, part by part."""
    codes, tokens = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for groups, signal, counts in parts:
        found, sums = _sums(_code(groups, signal), counts)
        codes.append(found)
        tokens.append(sums)
    return _ranks(*_sums(np.concatenate(codes), np.concatenate(tokens)))


def _sums(codes: np.ndarray, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found, inverse = np.unique(codes, return_inverse=True)
    return found, np.bincount(inverse.reshape(-1), tokens, len(found)).astype(np.int64)


def _ranks(codes: np.ndarray, tokens: np.ndarray) -> Ranks:
    groups = codes >> np.uint64(_BITS)
    ends = np.cumsum(tokens)
    first, last = (np.searchsorted(groups, groups, side=side) for side in ("left", "right"))
    before = (ends - tokens)[first] if len(codes) else ends
    total = (ends[last - 1] if len(codes) else ends) - before
    return Ranks(codes, (ends - tokens / 2 - before) / total)
