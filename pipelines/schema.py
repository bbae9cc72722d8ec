"""The fixed schemas of a run's outputs, known from its recipe before any data is read."""

import pyarrow as pa

from algok.pipelines.decide import VERDICT_SCHEMA
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.plan import Phase, RunPlan
from algok.pipelines.registry import step_class


def kept_schema(run: RunPlan) -> pa.Schema:
    """Document columns, then every signal as `step.signal` in the recipe's order."""
    fields = list(DOCUMENT_SCHEMA)
    for plan in run.recipe.steps:
        fields += [pa.field(f"{plan.name}.{signal.name}", signal.type) for signal in step_class(plan.name).signals]
    return pa.schema(fields)


def dropped_schema(run: RunPlan) -> pa.Schema:
    """As kept; signals that were not computed yet are null; then the verdict."""
    return pa.schema([*kept_schema(run), *VERDICT_SCHEMA])


def spill_schema(run: RunPlan, phase: Phase) -> pa.Schema:
    """What travels from a phase to the next: document columns and the signals known by then."""
    known = {plan.name for earlier in run.phases[: phase.index + 1] for plan in (earlier.acts, *earlier.steps) if plan}
    names = [field.name for field in kept_schema(run) if "." not in field.name or field.name.partition(".")[0] in known]
    return pa.schema([kept_schema(run).field(name) for name in names])


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly the schema's columns; columns it lacks are null."""
    present = set(batch.schema.names)
    columns = [
        batch.column(field.name) if field.name in present else pa.nulls(batch.num_rows, field.type) for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
