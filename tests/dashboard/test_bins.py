"""Bins: where a bound cuts them, and how far two histograms are apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.dashboard.bins import cut, distance, position
from algok.pipelines.stats import EDGES

_units = st.sampled_from(["ratio", "score", "count", "flag"])
_sides = st.sampled_from(["min", "max"])
_bins = st.dictionaries(st.integers(0, 30), st.integers(1, 1000), max_size=12)


def binned(values, unit):
    counts = np.bincount(np.searchsorted(EDGES[unit], values, side="right"))
    return {int(place): int(counts[place]) for place in np.flatnonzero(counts)}


def beyond(bins, first, exact, side):
    """Least and most documents outside a limit that cuts the bins at `first`."""
    if side == "min":
        certain = sum(count for place, count in bins.items() if place < (first if exact else first - 1))
    else:
        certain = sum(count for place, count in bins.items() if place >= first)
    return certain, certain if exact else certain + bins.get(first - 1, 0)


@given(st.lists(st.integers(0, 5000), min_size=1), _sides, st.integers(0, 5000))
def test_a_limit_parts_whole_numbers_at_its_bin(values, side, limit):
    low, high = beyond(binned(values, "count"), *cut(tuple(EDGES["count"]), "count", side, limit), side)
    assert low <= sum(value < limit if side == "min" else value > limit for value in values) <= high


@given(st.lists(st.floats(0, 1), min_size=1), _sides, st.floats(0, 1))
def test_a_limit_parts_ratios_at_its_bin(values, side, limit):
    low, high = beyond(binned(values, "ratio"), *cut(tuple(EDGES["ratio"]), "ratio", side, limit), side)
    on_edge = sum(abs(value - limit) < 1e-6 for value in values)
    true = sum(value < limit if side == "min" else value > limit for value in values)
    assert low - on_edge <= true <= high + on_edge


@given(_units, _sides, st.floats(-20, 40))
def test_a_limit_stands_where_it_cuts(unit, side, limit):
    edges = tuple(EDGES[unit])
    first, exact = cut(edges, unit, side, limit)
    place = position(edges, unit, side, limit)
    assert place == first if exact else first - 1 <= place <= first


@given(_bins, _bins)
def test_the_distance_is_one_of_shapes(first, second):
    far = distance(first, second)
    assert 0 <= far <= 1 and abs(far - distance(second, first)) < 1e-9
    assert distance(first, {place: 3 * count for place, count in first.items()}) < 1e-6
    if first and second and not set(first) & set(second):
        assert abs(far - 1) < 1e-9
