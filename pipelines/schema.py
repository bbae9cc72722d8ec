"""The fixed schemas of a run's outputs, known from its recipe before any data is read."""

from functools import lru_cache

import pyarrow as pa

from algok.pipelines.decide import VERDICT_SCHEMA
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.plan import Outline, Phase, Plan


@lru_cache(64)  # asked by every task for every sink; building it takes as long as a small batch
def kept_schema(plan: Plan | Outline) -> pa.Schema:
    """Document columns, then every signal as `step.signal` in the recipe's order."""
    fields = list(DOCUMENT_SCHEMA)
    for config in plan.recipe.steps:
        fields += [pa.field(f"{config.name}.{signal.name}", signal.type) for signal in config.cls.signals]
    return pa.schema(fields)


@lru_cache(64)
def dropped_schema(plan: Plan | Outline) -> pa.Schema:
    """As kept; signals that were not computed yet are null; then the verdict."""
    return pa.schema([*kept_schema(plan), *VERDICT_SCHEMA])


def spill_schema(plan: Plan, phase: Phase) -> pa.Schema:
    """What travels from a phase to the next: document columns and the signals known by then."""
    known = {
        config.name for earlier in plan.phases[: phase.index + 1] for config in (earlier.acts, *earlier.steps) if config
    }
    fields = kept_schema(plan)
    return pa.schema([f for f in fields if "." not in f.name or f.name.partition(".")[0] in known])


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly the schema's columns; columns it lacks are null."""
    present = set(batch.schema.names)
    columns = [
        batch.column(field.name) if field.name in present else pa.nulls(batch.num_rows, field.type) for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
