"""Fixed bins as a reader needs them: where a bound cuts them, and how far two histograms are apart."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from algok.step import Side

Bins = dict[int, int]
Key = TypeVar("Key", int, str)
_DISCRETE = ("count", "flag")


def cut(edges: tuple[float, ...], unit: str, side: Side, limit: float) -> tuple[int, bool]:
    """Where a limit cuts the bins: the number of the first bin at or above it, and whether it lies on that bin's edge.

    Limits are inclusive. A whole number obeys `max 3` where it is less than 4; of other values those that equal the limit
    exactly are taken for outside, as the bins have no way to tell.
    """
    first_outside = limit + 1 if side == "max" and unit in _DISCRETE else limit
    if unit in _DISCRETE:
        first_outside = np.floor(first_outside) if side == "max" else np.ceil(first_outside)
    place = int(np.searchsorted(edges, first_outside, side="left"))
    close = place < len(edges) and bool(np.isclose(edges[place], first_outside, rtol=1e-6, atol=1e-9))
    if not close and place and bool(np.isclose(edges[place - 1], first_outside, rtol=1e-6, atol=1e-9)):
        return place, True
    return place + 1, close


def position(edges: tuple[float, ...], unit: str, side: Side, limit: float) -> float:
    """Where a limit lies on an axis of bins: 3.5 is the middle of bin 3."""
    first, exact = cut(edges, unit, side, limit)
    if exact or not 1 <= first - 1 < len(edges):
        return float(first)
    low, high = edges[first - 2], edges[first - 1]
    value = limit + 1 if side == "max" and unit in _DISCRETE else limit
    share = np.log2(value / low) if unit == "count" and low >= 1 else (value - low) / (high - low)
    return float(first - 1 + share)


def distance(first: Mapping[Key, int], second: Mapping[Key, int]) -> float:
    """Jensen-Shannon distance of two histograms with the same bins: 0 for equal shapes, 1 where they have nothing in common.
    It is exact, since bins are fixed; 0 where one of them is empty.

    >>> distance({1: 5}, {1: 50}), distance({1: 5}, {2: 5})
    (0.0, 1.0)
    """
    places = sorted({*first, *second})
    p, q = (np.array([bins.get(place, 0) for place in places], float) for bins in (first, second))
    if not p.sum() or not q.sum():
        return 0.0
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return float(np.sqrt(np.clip(divergence, 0, 1)))


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    held = p > 0
    return float((p[held] * np.log2(p[held] / q[held])).sum())
