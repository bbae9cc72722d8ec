"""Bounds decide: first broken bound, by source, nulls and NaN."""

import math

import pyarrow as pa

from algok.pipelines.decide import decide
from algok.pipelines.recipe import StepConfig
from algok.step import Bound


def config(bounds, by_source=None):
    return StepConfig(name="s", options={}, bounds=bounds, by_source=by_source or {})


def verdicts(plan_, signals, sources=None):
    n = len(next(iter(signals.values())))
    decisions = decide(plan_, signals, pa.array(sources or [None] * n, pa.string()))
    return decisions.keep.tolist(), list(zip(*(column.to_pylist() for column in decisions.verdicts()), strict=True))


def test_bounds_are_inclusive_and_the_first_broken_one_is_named():
    signals = {"a": pa.array([1.0, 2.0, 3.0, 0.5]), "b": pa.array([0, 9, 0, 9], pa.int32())}
    keep, found = verdicts(config({"a": Bound(min=1, max=2), "b": Bound(max=5)}), signals)
    assert keep == [True, False, False, False]
    assert found == [("s", "b", 9.0, "max 5"), ("s", "a", 3.0, "max 2"), ("s", "a", 0.5, "min 1")]


def test_null_breaks_nothing_and_nan_breaks_any_bound():
    keep, found = verdicts(config({"a": Bound(min=0)}), {"a": pa.array([None, math.nan, 1.0], pa.float32())})
    assert keep == [True, False, True]
    assert math.isnan(found[0][2])


def test_a_source_has_its_own_bound_or_none_at_all():
    bounds = {"a": Bound(min=5)}
    by_source = {"news": {"a": Bound(min=1)}, "law": {"a": Bound()}, "blog": {"c": Bound(max=0)}}
    signals = {"a": pa.array([2.0] * 5), "c": pa.array([1.0] * 5)}
    keep, found = verdicts(config(bounds, by_source), signals, ["news", "law", "web", None, "blog"])
    assert keep == [True, True, False, False, False]
    assert [v[1] for v in found] == ["a", "a", "a"]


def test_flags_and_empty_batches():
    keep, _ = verdicts(config({"f": Bound(max=0)}), {"f": pa.array([True, False])})
    assert keep == [False, True]
    decisions = decide(config({"f": Bound(max=0)}), {"f": pa.array([], pa.int32())}, pa.array([], pa.string()))
    assert len(decisions.keep) == 0
