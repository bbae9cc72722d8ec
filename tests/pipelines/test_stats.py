"""Statistics: the same whether counted at once or merged from parts."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.stats import (
    EDGES,
    MAX_SOURCES,
    OTHER_SOURCES,
    REST,
    SAMPLES_PER_KIND,
    STATS_VERSION,
    SourceCounts,
    Stats,
)
from algok.step import Signal

RATIO = Signal("r", pa.float32(), "ratio", "")
COUNT = Signal("c", pa.int32(), "count", "")


def counted(rows):
    stats = Stats()
    table = {"r": pa.array([r for r, _ in rows], pa.float32()), "c": pa.array([c for _, c in rows], pa.int32())}
    stats.observe("s", (RATIO, COUNT), table)
    stats.count_decided("s", [], np.full(len(rows), -1, np.int16), pa.array(["web"] * len(rows), pa.string()))
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
    histogram = counted([(None, value) for value in [*values, None]]).step("s").bins("c")
    assert sum(histogram.values()) == len(values) and max(histogram) <= len(EDGES["count"])


def test_bins_hold_what_they_say():
    histogram = counted([(None, 0), (None, 1), (None, 2), (None, 3), (None, 4)]).step("s").bins("c")
    edges = [0, *EDGES["count"]]
    assert {edges[i]: n for i, n in histogram.items()} == {0: 1, 1: 1, 2: 2, 4: 1}


def test_drops_are_counted_by_rule_and_source():
    stats = Stats()
    sources = pa.array(["news", None, "news"])
    stats.count_decided("s", [("a", "min"), ("b", "max")], np.array([0, 1, -1]), sources)
    step = stats.step("s")
    assert (step.documents, step.dropped, step.rules) == (3, 2, {"a": {"min": 1}, "b": {"max": 1}})
    assert stats.source("news").dropped == {"s": 1}
    assert stats.sources == {"news": SourceCounts(rules={"s.a.min": 1}), "": SourceCounts(rules={"s.b.max": 1})}


def test_samples_are_capped():
    stats = Stats()
    stats.sample("lines", [("line", f"줄 {number % 50}") for number in range(200)])
    kept = stats.step("lines").samples["line"]
    assert len(kept) == SAMPLES_PER_KIND and kept["줄 0"] == 4


@given(st.lists(st.tuples(st.sampled_from(["news", "law", ""]), st.integers(-1, 1)), max_size=30), st.integers(0, 30))
def test_every_part_of_the_statistics_adds_up(rows, cut):
    def count(part):
        stats = Stats()
        sources = pa.array([source for source, _ in part], pa.string())
        stats.count_read(sources)
        stats.count_decided("s", [("a", "min"), ("b", "max")], np.array([b for _, b in part], np.int16), sources)
        stats.read.quarantined["json"] = len(part)
        return stats

    merged = count(rows[:cut])
    merged.merge(count(rows[cut:]))
    assert merged.to_json() == count(rows).to_json()


def test_sources_and_labels_beyond_many_are_counted_together():
    stats = Stats()
    for first in (0, 700):
        part = Stats()
        part.count_read(pa.array([f"s{number}" for number in range(first, first + 700)]))
        stats.merge(part)
    assert len(stats.sources) == MAX_SOURCES + 1 and stats.sources[OTHER_SOURCES].read == 400


def test_statistics_of_another_version_are_refused():
    with pytest.raises(ValueError, match=f"version 1, this algok reads version {STATS_VERSION}"):
        Stats.from_json(b'{"version": 1}')


_sourced = st.tuples(_row, st.sampled_from(["news", "law", "blog", None]))


@given(st.lists(_sourced), st.lists(_sourced))
def test_histograms_by_source_add_up_to_the_one_of_all(first, second):
    def count(rows):
        stats = counted([row for row, _ in rows])
        sources = pa.array([source for _, source in rows], pa.string())
        values = pa.array([c for (_, c), _ in rows], pa.int32())
        stats.observe_by_source("s", COUNT, ["news", "law"], values, sources)
        return stats

    merged = count(first)
    merged.merge(count(second))
    assert merged.to_json() == count(first + second).to_json()
    step = merged.step("s")
    split = step.bins_by_source("c")
    assert set(split) <= {"news", "law", REST}
    if split:
        assert step.bins("c") == {place: sum(b.get(place, 0) for b in split.values()) for place in step.bins("c")}
        assert sum(split.get("law", {}).values()) == sum(s == "law" and c is not None for (_, c), s in first + second)


def test_tokens_of_kept_documents_are_counted_by_source():
    stats = Stats()
    stats.count_kept(pa.array(["news", "law", "news", None]), pa.array([3, 4, 5, None], pa.int32()))
    assert (stats.read.kept, stats.read.kept_tokens) == (4, 12)
    assert {name: source.kept_tokens for name, source in stats.sources.items()} == {"news": 8, "law": 4, "": 0}
