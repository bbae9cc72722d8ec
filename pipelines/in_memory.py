"""A recipe over documents in memory: what `algok.clean` and `algok.annotate` do, without a run directory.

The decisions are those of a run over the same documents in one file: the same steps in the same order over batches of the
same size, corpus steps over what the steps before them left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from algok.pipelines.apply import compute, spread, with_signals
from algok.pipelines.decide import Verdict, decide
from algok.pipelines.documents import DOCUMENT_SCHEMA, MAX_BATCH_BYTES, MAX_BATCH_ROWS
from algok.pipelines.memory import MemoryCorpus
from algok.pipelines.recipe import Recipe, StepConfig
from algok.step import CorpusStep, Edited, Step


class Rows(NamedTuple):
    """Documents with the numbers (int64) of the rows that they were given as."""

    rows: np.ndarray
    batch: pa.RecordBatch


@dataclass
class Applied:
    """Documents after a recipe's steps: the columns of a document with edited texts, and `step.signal` for every signal.

    `left`: those that are left (all of them where the recipe annotates), in the given order. `dropped`: the others, with
    the text and the signals that they had when a step dropped them. `kept`: bool per given document. `verdicts`: why a
    document is not kept, or None; per given document.
    """

    left: list[Rows]
    dropped: list[Rows]
    kept: np.ndarray
    verdicts: list[Verdict | None]

    @property
    def rows(self) -> np.ndarray:
        return np.concatenate([part.rows for part in self.left])

    def table(self) -> pa.Table:
        """What is left, in one table."""
        return pa.Table.from_batches([part.batch for part in self.left]).combine_chunks()


def apply_recipe(recipe: Recipe, documents: pa.Table) -> Applied:
    """Takes documents (columns of DOCUMENT_SCHEMA, texts without nulls) through a recipe's steps."""
    work = _Work(recipe, documents)
    for config in recipe.steps:
        work.step(config)
    return Applied(work.left, work.dropped, work.kept, work.verdicts)


class _Work:
    """The batches while steps go over them, one step over all batches at a time."""

    def __init__(self, recipe: Recipe, documents: pa.Table):
        self.annotates = recipe.mode == "annotate"
        batches = list(_batches(documents))
        starts = np.cumsum([0, *(batch.num_rows for batch in batches)])
        self.left = [Rows(np.arange(*ends), batch) for ends, batch in zip(pairwise(starts), batches, strict=True)]
        self.dropped: list[Rows] = []
        self.kept = np.ones(documents.num_rows, bool)
        self.verdicts: list[Verdict | None] = [None] * documents.num_rows

    def step(self, config: StepConfig) -> None:
        step = config.build()
        resolved = self._resolve(step) if isinstance(step, CorpusStep) else None
        first_row = 0
        for place, (rows, batch) in enumerate(self.left):
            if batch.num_rows == 0 and place:  # the first one shows the columns, even of nothing
                continue
            remaining = self.kept[rows]
            edited = self._compute(step, batch, remaining, first_row, resolved)
            first_row += int(remaining.sum())
            self.left[place] = self._decided(config, rows, with_signals(batch, config.name, step, edited), edited)
        self.left = [part for place, part in enumerate(self.left) if part.batch.num_rows or not place]

    def _resolve(self, step: CorpusStep) -> object:
        """What a corpus step makes of all documents that are left before it."""
        remaining = [batch.filter(pa.array(self.kept[rows])) for rows, batch in self.left]
        return step.load(MemoryCorpus.of(step, [remaining]), 0)

    def _compute(
        self, step: Step, batch: pa.RecordBatch, remaining: np.ndarray, first: int, resolved: object
    ) -> Edited:
        """As in a run, a corpus step acts on what is left; the others keep their text and have null signals there."""
        if not isinstance(step, CorpusStep) or remaining.all():
            return compute(step, batch, first, resolved)
        edited = step.act(batch.filter(pa.array(remaining)), first, resolved)
        return spread(edited, batch.column("text"), remaining, step)

    def _decided(self, config: StepConfig, rows: np.ndarray, batch: pa.RecordBatch, edited: Edited) -> Rows:
        """What a step leaves of a batch, after its verdicts are noted."""
        decisions = decide(config, edited.signals, batch.column("source"))
        broken = rows[~decisions.keep]
        columns = [column.to_pylist() for column in decisions.verdicts()]
        for row, *verdict in zip(broken, *columns, strict=True):
            self.verdicts[row] = self.verdicts[row] or Verdict(*verdict)
        self.kept[broken] = False
        if self.annotates or decisions.keep.all():
            return Rows(rows, batch)
        self.dropped.append(Rows(broken, batch.filter(pa.array(~decisions.keep))))
        return Rows(rows[decisions.keep], batch.filter(pa.array(decisions.keep)))


def _batches(documents: pa.Table) -> Iterator[pa.RecordBatch]:
    """Batches of at most 1,024 rows and about 8 MiB of text, each in one piece; one without rows where there are none."""
    if documents.num_rows == 0:
        yield pa.RecordBatch.from_pylist([], documents.schema)
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
