"""A recipe over documents in memory: what `algok.clean` and `algok.annotate` do, without a run directory.

The decisions are those of a run over the same documents in one file: the same steps in the same order over batches of the
same size, corpus steps over what the steps before them left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from algok.pipelines.apply import compute, spread, with_signals
from algok.pipelines.decide import decide
from algok.pipelines.documents import DOCUMENT_SCHEMA, MAX_BATCH_BYTES, MAX_BATCH_ROWS
from algok.pipelines.memory import MemoryCorpus
from algok.pipelines.recipe import Recipe, StepConfig
from algok.step import CorpusStep, Edited, Step


@dataclass
class Applied:
    """Documents after a recipe's steps.

    `table`: the columns of a document with edited texts and a column `step.signal` for every signal, one row for every
    document that is left (all of them where the recipe annotates). `rows`: int64, which document each row was.
    `kept`: bool per given document. `verdicts`: why a document is not kept, in words, or None; per given document.
    """

    table: pa.Table
    rows: np.ndarray
    kept: np.ndarray
    verdicts: list[str | None]


def apply_recipe(recipe: Recipe, documents: pa.Table) -> Applied:
    """Takes documents (columns of DOCUMENT_SCHEMA, texts without nulls) through a recipe's steps."""
    work = _Work(recipe, documents)
    for config in recipe.steps:
        work.step(config)
    table = pa.Table.from_batches(work.batches) if work.batches else documents
    rows = np.concatenate(work.rows) if work.rows else np.empty(0, np.int64)
    return Applied(table, rows, work.kept, work.verdicts)


class _Work:
    """The batches while steps go over them, one step over all batches at a time."""

    def __init__(self, recipe: Recipe, documents: pa.Table):
        self.annotates = recipe.mode == "annotate"
        self.batches = list(_batches(documents))
        starts = np.cumsum([0, *(batch.num_rows for batch in self.batches)])
        self.rows = [np.arange(start, end) for start, end in pairwise(starts)]
        self.kept = np.ones(documents.num_rows, bool)
        self.verdicts: list[str | None] = [None] * documents.num_rows

    def step(self, config: StepConfig) -> None:
        step = config.build()
        resolved = self._resolve(step) if isinstance(step, CorpusStep) else None
        first_row = 0
        for place, batch in enumerate(self.batches):
            if batch.num_rows == 0:
                continue
            remaining = self.kept[self.rows[place]]
            edited = self._compute(step, batch, remaining, first_row, resolved)
            first_row += int(remaining.sum())
            self._decide(config, place, with_signals(batch, config.name, step, edited), edited)

    def _resolve(self, step: CorpusStep) -> object:
        """What a corpus step makes of all documents that are left before it."""
        left = [batch.filter(pa.array(self.kept[rows])) for batch, rows in zip(self.batches, self.rows, strict=True)]
        return step.load(MemoryCorpus.of(step, [left]), 0)

    def _compute(
        self, step: Step, batch: pa.RecordBatch, remaining: np.ndarray, first: int, resolved: object
    ) -> Edited:
        """As in a run, a corpus step acts on what is left; the others keep their text and have null signals there."""
        if not isinstance(step, CorpusStep) or remaining.all():
            return compute(step, batch, first, resolved)
        edited = step.act(batch.filter(pa.array(remaining)), first, resolved)
        return spread(edited, batch.column("text"), remaining, step)

    def _decide(self, config: StepConfig, place: int, batch: pa.RecordBatch, edited: Edited) -> None:
        rows = self.rows[place]
        decisions = decide(config, edited.signals, batch.column("source"))
        broken = rows[~decisions.keep]
        names = [column.to_pylist() for column in decisions.verdicts()]
        for row, step, signal, value, bound in zip(broken, *names, strict=True):
            if self.verdicts[row] is None:
                self.verdicts[row] = f"{step}.{signal} is {value:g}, the bound is {bound}"
        self.kept[broken] = False
        if not self.annotates:
            batch, self.rows[place] = batch.filter(pa.array(decisions.keep)), rows[decisions.keep]
        self.batches[place] = batch


def _batches(documents: pa.Table) -> Iterator[pa.RecordBatch]:
    """Batches of at most 1,024 rows and about 8 MiB of text, each in one piece."""
    whole = documents.combine_chunks()
    sizes = np.array([len(text) for text in whole["text"].cast(pa.large_binary()).to_pylist()])
    start = 0
    while start < len(sizes):
        within = np.cumsum(sizes[start : start + MAX_BATCH_ROWS]) <= MAX_BATCH_BYTES
        end = start + max(1, int(within.sum()))
        (batch,) = whole.slice(start, end - start).combine_chunks().to_batches()
        yield batch
        start = end


def documents_table(columns: dict[str, pa.Array]) -> pa.Table:
    """Documents of these columns (text at least), the others of DOCUMENT_SCHEMA filled in; ids are row numbers."""
    rows = len(columns["text"])
    given = {
        "id": pa.array([f"{row:032x}" for row in range(rows)]),
        "provenance": pa.array(["organic"] * rows),
        "file": pa.array(["memory"] * rows),
        "offset": pa.array(np.arange(rows)),
        **columns,
    }
    arrays = [
        given[field.name].cast(field.type) if field.name in given else pa.nulls(rows, field.type)
        for field in DOCUMENT_SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=DOCUMENT_SCHEMA)
