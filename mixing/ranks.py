"""Ranks of a signal's values within groups of cells, from sums over its leading bits: one pass, no sort of documents."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

_BITS = np.uint32(16)
_LARGEST = 1 << 24  # entries of a table to look ranks up in


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
        """The ranks (float64) of values that were among those ranked."""
        if self._direct is None:
            return self.ranks[np.searchsorted(self.codes, _code(groups, signal))]
        bases, table = self._direct
        return table[bases[groups] + (signal >> _BITS)]

    @cached_property
    def _direct(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Ranks by place instead of by search, which took most of the time that new bins take: what leads a group (int64) and
        leading bits to their rank, from the least to the greatest value of every group. None where that would be too large."""
        groups, leading = np.divmod(self.codes.astype(np.int64), 1 << _BITS)
        edges = np.searchsorted(groups, np.arange(groups[-1] + 2 if len(groups) else 1))
        present = np.flatnonzero(np.diff(edges))
        least, spans = np.zeros(len(edges) - 1, np.int64), np.zeros(len(edges) - 1, np.int64)
        least[present] = leading[edges[present]]
        spans[present] = leading[edges[present + 1] - 1] + 1 - least[present]
        if spans.sum() > _LARGEST:
            return None
        bases, table = np.cumsum(spans) - spans - least, np.zeros(spans.sum())
        table[bases[groups] + leading] = self.ranks
        return bases, table


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
