"""Deciding again: other bounds over the stored signals of an annotated run, without reading a text."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from algok.errors import InputError
from algok.pipelines.decide import VERDICT_SCHEMA, decide
from algok.pipelines.plan import Plan, read_plan
from algok.pipelines.recipe import OutputOptions, Recipe
from algok.pipelines.sinks import ParquetSink
from algok.pipelines.stats import StepCounts
from algok.pipelines.storage import Store, reading_outputs
from algok.step import CorpusStep

DECISIONS_SCHEMA = pa.schema([("id", pa.string()), ("source", pa.string()), ("kept", pa.bool_()), *VERDICT_SCHEMA])
_BATCH_ROWS = 1 << 16


@dataclass
class Redecided:
    """Documents in and dropped per step, and dropped by rule, under the new bounds. `differences` says in sentences what
    a run with these bounds would do otherwise; it is empty where the decisions equal those of such a run."""

    documents: int = 0
    steps: dict[str, StepCounts] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    @property
    def kept(self) -> int:
        return self.documents - sum(counter.dropped for counter in self.steps.values())


def redecide(store: Store, recipe: Recipe, output: str | None = None) -> Redecided:
    """Applies a recipe's bounds to an annotated run; writes a table of decisions (id, source, kept, verdict) to `output`.

    A step that compares documents with each other was computed for what the annotated run's own bounds left before it.
    Where the new bounds leave other documents, a run would compare those, and `differences` says so.

    Raises InputError when the run dropped documents while it ran, or lacks a signal that the recipe bounds.
    """
    plan = read_plan(store)
    if plan.recipe.mode != "annotate":
        raise InputError(
            f"{store.url}: this run dropped documents as it went, so signals are missing; "
            "use a run made by 'algok annotate'"
        )
    _check_steps(plan, recipe, store)
    result = Redecided(steps={config.name: StepCounts() for config in recipe.steps})
    compared = _Compared(plan.recipe, recipe)
    with ExitStack() as stack:
        sink = _open_sink(stack, output)
        for name in store.names("kept"):
            with reading_outputs(store), store.fs.open(store.path(name), "rb") as file:
                for batch in _signal_batches(pq.ParquetFile(file), (recipe, plan.recipe)):
                    compared.add(batch)
                    decisions = _decide_batch(batch, recipe, result)
                    if sink:
                        sink.append(decisions)
        if sink:
            sink.close()
    result.differences = [*_other_texts(plan.recipe, recipe), *compared.differences()]
    return result


class _Compared:
    """Counts, for every corpus step, the documents that reach it under one recipe's bounds and not under the other's."""

    def __init__(self, ran: Recipe, wanted: Recipe):
        self._ran, self._wanted = ran, wanted
        common = {config.name for config in wanted.steps}
        self._corpus = [p.name for p in ran.steps if p.name in common and issubclass(p.cls, CorpusStep)]
        self._gone: Counter[str] = Counter()
        self._new: Counter[str] = Counter()

    def add(self, batch: pa.RecordBatch) -> None:
        before, now = self._reached(batch, self._ran), self._reached(batch, self._wanted)
        for name in self._corpus:
            self._gone[name] += int((before[name] & ~now[name]).sum())
            self._new[name] += int((now[name] & ~before[name]).sum())

    def _reached(self, batch: pa.RecordBatch, recipe: Recipe) -> dict[str, np.ndarray]:
        """By corpus step, the rows (bool) that the steps before it leave."""
        left, reached = np.ones(batch.num_rows, bool), {}
        for config in recipe.steps:
            if config.name in self._corpus:
                reached[config.name] = left.copy()
            signals = {name: batch.column(f"{config.name}.{name}") for name in _signals(config)}
            left &= decide(config, signals, batch.column("source")).keep
        return reached

    def differences(self) -> list[str]:
        return [
            f"step '{name}' compared other documents when the run was annotated: {self._gone[name]:,} of them would now "
            f"be dropped before it, {self._new[name]:,} that would now reach it were not compared and pass it"
            for name in self._corpus
            if self._gone[name] or self._new[name]
        ]


def _other_texts(ran: Recipe, wanted: Recipe) -> list[str]:
    """What makes the stored signals those of other texts: steps left out or in another order."""
    names = [config.name for config in wanted.steps]
    found = [
        f"step '{config.name}' is left out here, but the stored signals are of texts that it has edited"
        for config in ran.steps
        if config.name not in names and config.cls.edits_text
    ]
    if names != [config.name for config in ran.steps if config.name in names]:
        found.append("the steps stand in another order than in the annotated run; signals are of the order there")
    return found


def _check_steps(plan: Plan, recipe: Recipe, store: Store) -> None:
    ran = {config.name: config.options for config in plan.recipe.steps}
    for config in recipe.steps:
        if config.name not in ran:
            raise InputError(f"{store.url}: step '{config.name}' did not run there, so its signals are not stored")
        if config.options != ran[config.name]:
            raise InputError(
                f"{store.url}: step '{config.name}' ran with other options; only bounds can be decided again"
            )


def _open_sink(stack: ExitStack, output: str | None) -> ParquetSink | None:
    if output is None:
        return None
    folder, slash, name = output.rpartition("/")
    return ParquetSink(stack, Store(folder or slash or "."), name, DECISIONS_SCHEMA, OutputOptions(), always=True)


def _signal_batches(file: pq.ParquetFile, recipes: tuple[Recipe, Recipe]):
    wanted = {f"{config.name}.{signal}" for recipe in recipes for config in recipe.steps for signal in _signals(config)}
    columns = ["id", "source", *(name for name in file.schema_arrow.names if name in wanted)]
    yield from file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)


def _signals(config) -> set[str]:
    return set(config.bounds) | {signal for bounds in config.by_source.values() for signal in bounds}


def _decide_batch(batch: pa.RecordBatch, recipe: Recipe, result: Redecided) -> pa.RecordBatch:
    """Decides step by step, each seeing what the ones before it left, and gives the decision of every row in order."""
    result.documents += batch.num_rows
    positions = pa.array(range(batch.num_rows), pa.int64())
    left, dropped = batch.append_column("row", positions), []
    for config in recipe.steps:
        signals = {name: left.column(f"{config.name}.{name}") for name in _signals(config)}
        decisions = decide(config, signals, left.column("source"))
        counter = result.steps[config.name]
        counter.count(decisions.rules, decisions.broken)
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
