"""Which documents are taken how often: every cell is a circle, and every stage takes the next stretch of it.

A document stands on the circle of its cell at a place that is a 64-bit hash of its corpus and id and the seed. A cursor
goes round; a document gets a copy whenever the cursor passes it. So nobody is taken twice before all of the cell were
taken once, larger budgets take the same documents and more, two stages take what one of both sizes takes, and a document
more or less moves the cursor by its own tokens. Nothing here depends on files, workers or order.

Documents that only some stages take (`select`) are a *class* of their own within the cell, with a cursor of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from algok.kernels.exposure import add_tokens, scatter

TURN = 1 << 64
_SORTED = 1 << 14  # documents that are sorted in memory rather than told apart by more bits
_BINS = 1 << 22  # of all groups; fewer documents get fewer, so that they cost no more each


@dataclass(frozen=True)
class Keyed:
    """Some documents with what orders them: group (int32, below 0: takes no part), key (uint64), tokens (int64)."""

    groups: np.ndarray
    keys: np.ndarray
    tokens: np.ndarray


Parts = Callable[[], Iterable[Keyed]]  # every call goes through all documents again


@dataclass(frozen=True)
class Cuts:
    """By group: the last key that is in, whether any document is, and the tokens up to it."""

    limits: np.ndarray
    any: np.ndarray
    tokens: np.ndarray


def cut(parts: Parts, targets: np.ndarray, documents: int, rounding: np.ndarray | None = None) -> Cuts:
    """The key of each group up to which there are `targets` tokens. The document that crosses a target is in if more than
    `rounding` of it lies before the target: by default half, so that whole documents come as near as they can.

    `documents` are all that the parts have. The leading bits of the keys are found by sums over bins, pass by pass, until
    what remains can be sorted.
    """
    count = len(targets)
    wanted = targets > 0
    prefixes, before = np.zeros(count, np.uint64), np.zeros(count, np.int64)
    known, rest = 0, documents
    while wanted.any() and known < 64 and rest > _SORTED:
        bits = int(min(64 - known, max(1, (min(_BINS, rest) // count).bit_length() - 1)))
        sums, counts = (np.zeros((count, 1 << bits), np.int64) for _ in range(2))
        for part in parts():
            add_tokens(part.groups, part.keys, part.tokens, prefixes, known, bits, sums, counts)
        rows, tokens_to = np.arange(count), np.cumsum(sums, axis=1)
        bins = _crossed(tokens_to, targets - before)
        before += tokens_to[rows, bins] - sums[rows, bins]
        rest = int(counts[rows, bins][wanted].sum())
        prefixes = (prefixes << np.uint64(bits)) | bins.astype(np.uint64)
        known += bits
    rounding = np.full(count, 0.5) if rounding is None else rounding
    return _sorted_cut(parts, targets, wanted, prefixes, known, before, rounding)


def _crossed(tokens_to: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The first bin of each row with which the target is reached, from the tokens up to and with every bin; the last one that
    is not empty where none does."""
    wanted = np.minimum(targets, tokens_to[:, -1])
    return np.array([np.searchsorted(row, target) for row, target in zip(tokens_to, wanted)], np.int64)


def _sorted_cut(parts, targets, wanted, prefixes, known, before, rounding) -> Cuts:
    if not wanted.any():
        return _no_cuts(len(targets))
    groups, keys, tokens = _with_prefix(parts, wanted, prefixes, known)
    return sorted_cut(groups, keys, tokens, targets, before, rounding)


def _no_cuts(count: int) -> Cuts:
    return Cuts(np.zeros(count, np.uint64), np.zeros(count, bool), np.zeros(count, np.int64))


def sorted_cut(
    groups: np.ndarray,
    keys: np.ndarray,
    tokens: np.ndarray,
    targets: np.ndarray,
    before: np.ndarray,
    rounding: np.ndarray,
) -> Cuts:
    """The cuts of groups whose targets are reached among these documents, if `before` tokens of the group lie on smaller keys
    than those near the target and are not among them."""
    cuts, wanted = _no_cuts(len(targets)), targets > 0
    order = np.lexsort((keys, groups))
    groups, keys, tokens = groups[order], keys[order], tokens[order]
    edges = np.searchsorted(groups, np.arange(len(targets) + 1))
    for group in np.flatnonzero(wanted & (edges[1:] > edges[:-1])):
        own = slice(edges[group], edges[group + 1])
        sums = before[group] + np.cumsum(tokens[own])
        cuts.any[group], cuts.limits[group], cuts.tokens[group] = _rounded(
            keys[own], sums, before[group], targets[group], rounding[group]
        )
    return cuts


def _rounded(keys: np.ndarray, sums: np.ndarray, before: int, target: int, rounding: float) -> tuple[bool, int, int]:
    """Whether anything is in, the last key that is, and the tokens up to it; `before` lie on smaller keys than these."""
    at = min(int(np.searchsorted(sums, target)), len(sums) - 1)
    first, last = (
        int(np.searchsorted(keys, keys[at], side=side)) for side in ("left", "right")
    )  # equal keys go together
    shorter, longer = int(sums[first - 1]) if first else before, int(sums[last - 1])
    if target - shorter >= rounding * (longer - shorter):
        return True, int(keys[at]), longer
    return shorter > 0, max(0, int(keys[at]) - 1), shorter


def _with_prefix(parts: Parts, wanted: np.ndarray, prefixes: np.ndarray, known: int) -> list[np.ndarray]:
    """The documents that the passes have left open, as groups, keys and tokens."""
    kept = []
    rest = np.uint64(64 - known)
    for part in parts():
        chosen = (part.groups >= 0) & wanted[part.groups]
        if known:
            same = part.keys == prefixes[part.groups] if known == 64 else part.keys >> rest == prefixes[part.groups]
            chosen &= same
        kept.append((part.groups[chosen], part.keys[chosen], part.tokens[chosen]))
    return [np.concatenate(column) for column in zip(*kept)]


_TYPES: dict[str, Any] = {
    **dict.fromkeys(("starts", "limits"), np.uint64),
    **dict.fromkeys(("passed", "turns"), np.int64),
    "cells": np.int32,
    "partial": bool,
}


@dataclass(frozen=True)
class Draw:
    """What one stage takes from one circle per cell: the next stretch of it, or a replay's stretch of another circle.

    Arrays are by class or by cell. A place is the way from the start of its class; all places up to the cell's limit get
    one copy more than the whole turns.
    """

    stage: str
    kind: str  # fresh, unseen: on the circle itself; seen, any: on one of the replay's own
    of: int  # seen: the number of the draw whose documents are candidates; else -1
    salt: int
    cells: np.ndarray  # int32 by class: the cell, -1 where the class takes no part
    starts: np.ndarray  # uint64 by class
    passed: np.ndarray  # int64 by class: whole turns before this draw
    turns: np.ndarray  # int64 by cell
    limits: np.ndarray  # uint64 by cell
    partial: np.ndarray  # bool by cell: whether anything lies beyond the whole turns

    @property
    def on_the_circle(self) -> bool:
        return self.kind in ("fresh", "unseen")

    def places(self, places: np.ndarray) -> np.ndarray:
        """The places of documents on the circle of this draw."""
        return places if self.on_the_circle else scatter(places, np.full(len(places), self.salt, np.uint64))

    def keys(self, places: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """How far each document lies from its start."""
        return self.places(places) - self.starts[classes]

    def as_dict(self) -> dict[str, Any]:
        return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in vars(self).items()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Draw":
        values: dict[str, Any] = {key: np.array(v, _TYPES[key]) if key in _TYPES else v for key, v in data.items()}
        return cls(**values)


def copies(draws: Sequence[Draw], number: int, places: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How many copies (int64) of each document a draw takes."""
    draw = draws[number]
    cells = draw.cells[classes]
    beyond = draw.partial[cells] & (draw.keys(places, classes) <= draw.limits[cells])
    taken = np.where(cells >= 0, draw.turns[cells] + beyond, 0)
    if draw.of >= 0:
        taken = np.where(copies(draws, draw.of, places, classes) > 0, taken, 0)
    return taken


def first_copy(draw: Draw, places: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """How often each document was taken on this circle before the draw (int64): the number of its first copy there."""
    return draw.passed[classes] + (draw.places(places) < draw.starts[classes])
