"""Statistics: the same whether counted at once or merged from parts."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.stats import _EDGES, SAMPLES_PER_KIND, Stats
from algok.step import Signal

RATIO = Signal("r", pa.float32(), "ratio", "")
COUNT = Signal("c", pa.int32(), "count", "")


def counted(rows):
    stats = Stats()
    table = {"r": pa.array([r for r, _ in rows], pa.float32()), "c": pa.array([c for _, c in rows], pa.int32())}
    stats.observe("s", (RATIO, COUNT), table)
    return stats


_row = st.tuples(st.one_of(st.none(), st.floats(-0.5, 1.5, width=32)), st.one_of(st.none(), st.integers(0, 2**31 - 1)))


@given(st.lists(_row), st.lists(_row))
def test_merging_parts_equals_counting_the_whole(first, second):
    merged = counted(first)
    merged.merge(counted(second))
    assert merged.to_json() == counted(first + second).to_json()
    assert Stats.from_json(merged.to_json()).to_json() == merged.to_json()


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1))
def test_no_value_falls_out_of_a_histogram(values):
    histogram = counted([(None, value) for value in values]).histograms["s.c"]
    assert histogram.sum() == len(values) and len(histogram) == len(_EDGES["count"]) + 1


def test_bins_hold_what_they_say():
    histogram = counted([(None, 0), (None, 1), (None, 2), (None, 3), (None, 4)]).histograms["s.c"]
    edges = [0, *_EDGES["count"].tolist()]
    assert {edges[i]: int(n) for i, n in enumerate(histogram) if n} == {0: 1, 1: 1, 2: 2, 4: 1}


def test_drops_are_counted_by_rule_and_source():
    stats = Stats()
    sources = pa.array(["news", None, "news"])
    stats.count_dropped("s", [("a", "min"), ("b", "max")], np.array([0, 1, -1]), sources)
    assert stats.steps["s"] == {"in": 3, "dropped": 2, "dropped:a min": 1, "dropped:b max": 1}
    assert stats.sources == {"news": {"dropped:s": 1}, "": {"dropped:s": 1}}


def test_samples_are_capped():
    stats = Stats()
    stats.sample("lines", [("line", f"줄 {number % 50}") for number in range(200)])
    kept = stats.samples["lines:line"]
    assert len(kept) == SAMPLES_PER_KIND and kept["줄 0"] == 4
