"""Schemas are known from the recipe alone and hold whatever the data."""

import pyarrow as pa

from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.plan import Plan
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.schema import conform, dropped_schema, kept_schema, spill_schema

RUN = Plan(recipe_from_text("steps: {repair: {}, dedup: {}, heuristics: {}}"), [], [], {})


def test_document_columns_come_first_then_signals_in_the_recipes_order_then_the_verdict():
    names = kept_schema(RUN).names
    assert names[: len(DOCUMENT_SCHEMA)] == DOCUMENT_SCHEMA.names
    steps = [name.partition(".")[0] for name in names if "." in name]
    assert list(dict.fromkeys(steps)) == ["repair", "dedup", "heuristics"]
    assert dropped_schema(RUN).names[: len(names)] == names
    assert {name.partition(".")[0] for name in dropped_schema(RUN).names[len(names) :]} == {"verdict"}


def test_a_spill_holds_what_is_known_by_then():
    steps = {name.partition(".")[0] for name in spill_schema(RUN, RUN.phases[0]).names if "." in name}
    assert steps == {"repair"}


def test_missing_columns_become_nulls_and_others_go():
    schema = pa.schema([("a", pa.int32()), ("b", pa.string())])
    batch = conform(pa.RecordBatch.from_pydict({"c": [1], "b": ["x"]}), schema)
    assert batch.schema == schema and batch.to_pylist() == [{"a": None, "b": "x"}]
