"""Bins: what lies outside a bound, and how far two histograms are apart."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.dashboard.bins import cut, distance, outside, position
from algok.pipelines.stats import EDGES

_units = st.sampled_from(["ratio", "score", "count", "flag"])
_sides = st.sampled_from(["min", "max"])
_bins = st.dictionaries(st.integers(0, 30), st.integers(1, 1000), max_size=12)


def binned(values, unit):
    counts = np.bincount(np.searchsorted(EDGES[unit], values, side="right"))
    return {int(place): int(counts[place]) for place in np.flatnonzero(counts)}


@given(st.lists(st.integers(0, 5000), min_size=1), _sides, st.integers(0, 5000))
def test_whole_numbers_outside_a_limit_are_counted_to_a_bin(values, side, limit):
    found = outside(binned(values, "count"), tuple(EDGES["count"]), "count", side, limit)
    true = sum(value < limit if side == "min" else value > limit for value in values)
    assert found.low <= true <= found.high and (not found.exact or found.middle == true)


@given(st.lists(st.floats(0, 1), min_size=1), _sides, st.floats(0, 1))
def test_ratios_outside_a_limit_are_counted_to_a_bin(values, side, limit):
    found = outside(binned(values, "ratio"), tuple(EDGES["ratio"]), "ratio", side, limit)
    on_edge = sum(abs(value - limit) < 1e-6 for value in values)
    true = sum(value < limit if side == "min" else value > limit for value in values)
    assert found.low - on_edge <= true <= found.high + on_edge


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
