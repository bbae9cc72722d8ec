"""Deciding again: other bounds over the stored signals of an annotated run, without reading a text."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from algok.errors import InputError
from algok.pipelines.decide import VERDICT_SCHEMA, decide
from algok.pipelines.plan import RunPlan, read_plan
from algok.pipelines.recipe import OutputOptions, Recipe
from algok.pipelines.sinks import ParquetSink
from algok.pipelines.storage import Store

DECISIONS_SCHEMA = pa.schema([("id", pa.string()), ("source", pa.string()), ("kept", pa.bool_()), *VERDICT_SCHEMA])
_BATCH_ROWS = 1 << 16


@dataclass
class Redecided:
    """Documents in and dropped per step, and dropped by rule, under the new bounds."""

    documents: int = 0
    steps: dict[str, Counter] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        return self.documents - sum(counter["dropped"] for counter in self.steps.values())


def redecide(store: Store, recipe: Recipe, output: str | None = None) -> Redecided:
    """Applies a recipe's bounds to an annotated run; writes a table of decisions (id, source, kept, verdict) to `output`.

    Raises InputError when the run dropped documents while it ran, or lacks a signal that the recipe bounds.
    """
    run = read_plan(store)
    if run.recipe.mode != "annotate":
        raise InputError(
            f"{store.url}: this run dropped documents as it went, so signals are missing; "
            "use a run made by 'algok annotate'"
        )
    _check_steps(run, recipe, store)
    result = Redecided(steps={plan.name: Counter() for plan in recipe.steps})
    with ExitStack() as stack:
        sink = _open_sink(stack, output)
        for name in store.names("kept"):
            with store.fs.open(store.path(name), "rb") as file:
                for batch in _signal_batches(pq.ParquetFile(file), recipe):
                    decisions = _decide_batch(batch, recipe, result)
                    if sink:
                        sink.append(decisions)
        if sink:
            sink.close()
    return result


def _check_steps(run: RunPlan, recipe: Recipe, store: Store) -> None:
    ran = {plan.name: plan.options for plan in run.recipe.steps}
    for plan in recipe.steps:
        if plan.name not in ran:
            raise InputError(f"{store.url}: step '{plan.name}' did not run there, so its signals are not stored")
        if plan.options != ran[plan.name]:
            raise InputError(
                f"{store.url}: step '{plan.name}' ran with other options; only bounds can be decided again"
            )


def _open_sink(stack: ExitStack, output: str | None) -> ParquetSink | None:
    if output is None:
        return None
    folder, slash, name = output.rpartition("/")
    return ParquetSink(stack, Store(folder or slash or "."), name, DECISIONS_SCHEMA, OutputOptions(), always=True)


def _signal_batches(file: pq.ParquetFile, recipe: Recipe):
    wanted = {f"{plan.name}.{signal}" for plan in recipe.steps for signal in _signals(plan)}
    columns = ["id", "source", *(name for name in file.schema_arrow.names if name in wanted)]
    yield from file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)


def _signals(plan) -> set[str]:
    return set(plan.bounds) | {signal for bounds in plan.by_source.values() for signal in bounds}


def _decide_batch(batch: pa.RecordBatch, recipe: Recipe, result: Redecided) -> pa.RecordBatch:
    """Decides step by step, each seeing what the ones before it left, and gives the decision of every row in order."""
    result.documents += batch.num_rows
    positions = pa.array(range(batch.num_rows), pa.int64())
    left, dropped = batch.append_column("row", positions), []
    for plan in recipe.steps:
        signals = {name: left.column(f"{plan.name}.{name}") for name in _signals(plan)}
        decisions = decide(plan, signals, left.column("source"))
        counter = result.steps[plan.name]
        counter["in"] += left.num_rows
        counter["dropped"] += int((~decisions.keep).sum())
        for index, (signal, side) in enumerate(decisions.rules):
            counter[f"dropped:{signal} {side}"] += int((decisions.broken == index).sum())
        rows = left.filter(pa.array(~decisions.keep))
        if rows.num_rows:
            dropped.append(_decision_rows(rows, False, decisions.verdicts()))
        left = left.filter(pa.array(decisions.keep))
    nulls = [pa.nulls(left.num_rows, field.type) for field in VERDICT_SCHEMA]
    table = pa.Table.from_batches([_decision_rows(left, True, nulls), *dropped]).sort_by("row")
    return (
        table.select(DECISIONS_SCHEMA.names).combine_chunks().to_batches()[0] if batch.num_rows else batch.slice(0, 0)
    )


def _decision_rows(rows: pa.RecordBatch, kept: bool, verdicts: list[pa.Array]) -> pa.RecordBatch:
    columns = [
        rows.column("id"),
        rows.column("source"),
        pa.array([kept] * rows.num_rows),
        *verdicts,
        rows.column("row"),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=DECISIONS_SCHEMA.append(pa.field("row", pa.int64())))
