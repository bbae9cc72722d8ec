"""`Run.open(url)`: the one way to read a run directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from algok.errors import InputError, OutputError
from algok.pipelines.account import verify
from algok.pipelines.documents import OCR_SCHEMA, QUARANTINE_SCHEMA
from algok.pipelines.explain import Explanation, explain_from_run
from algok.pipelines.failures import Failed, failed_tasks, read_failures
from algok.pipelines.plan import Outline, Plan, read_description, read_outline, read_plan
from algok.pipelines.recipe import Recipe
from algok.pipelines.schema import dropped_schema, kept_schema
from algok.pipelines.storage import UNREADABLE, Store, reading_outputs
from algok.pipelines.summary import RunSummary, collect, read_summary
from algok.pipelines.task_table import FILE, Rows, as_table, read_table

if TYPE_CHECKING:
    import pyarrow.dataset as ds


class Run:
    """A run directory on any fsspec storage: its recipe, summary and tables. It reads and never writes.

    ```python
    run = algok.Run.open("runs/web")
    run.summary.account.kept
    run.kept().to_table(columns=["id", "text"])
    run.dropped().to_table(filter=pc.field("verdict.step") == "heuristics").to_pandas()
    ```
    """

    def __init__(self, store: Store, description: dict):
        self.store, self.description = store, description

    @classmethod
    def open(cls, url: str, finished: bool = False) -> Run:
        """Opens a local path or an fsspec URL. `finished` asks for a run that has ended.

        Raises InputError where there is no run directory, or where it must be finished and is not.
        """
        try:
            store = Store(str(url))
            store.check_reachable()
        except OutputError as error:
            raise InputError(str(error)) from None
        if not store.exists("run.json"):
            raise InputError(f"{url}: no run directory (it has no run.json)")
        if finished and not store.exists("manifest.json"):
            raise InputError(f"{url}: this run is not finished; run the same 'algok run' command again to go on")
        return cls(store, read_description(store))

    @property
    def url(self) -> str:
        return self.store.url

    @property
    def finished(self) -> bool:
        return self.store.exists("manifest.json")

    @cached_property
    def plan(self) -> Plan:
        """Recipe, shards, phases and models."""
        return read_plan(self.store)

    @cached_property
    def outline(self) -> Outline:
        """Recipe and phases, without the shards: known at once, however many there are."""
        return read_outline(self.store)

    @property
    def recipe(self) -> Recipe:
        return self.outline.recipe

    @property
    def summary(self) -> RunSummary:
        """The figures; of a run that is still going, those of the tasks that are done now. Raises InputError."""
        with self._counted():
            return read_summary(self.store, lambda: self.outline)

    def tasks(self) -> pa.Table:
        """A row per task that is done: counts, seconds, memory, worker and failed attempts (`pipelines/task_table.py` names
        the columns); of a run that is still going, from its many small files. Raises InputError."""
        return as_table(self.summary_and_tasks()[1])

    def summary_and_tasks(self) -> tuple[RunSummary, Rows]:
        """Both from one pass over the files of a run that is still going. Raises InputError."""
        with self._counted():
            if self.finished and self.store.exists(FILE):
                return self.summary, read_table(self.store)
            summary, rows = collect(self.store, self.outline, finished=self.finished)
            return summary, rows.rows()

    def failures(self) -> list[Failed]:
        """The tasks with failed attempts, those that were done later too."""
        return read_failures(self.store, failed_tasks(self.store))

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Says of statistics that cannot be read what may be the reason."""
        try:
            yield
        except UNREADABLE as error:
            raise InputError(
                f"{self.url}: its statistics cannot be read ({type(error).__name__}): they are damaged or of another "
                f"version of algok; the run was begun by algok {self.description.get('algok')}, see 'algok verify --repair'"
            ) from None

    @property
    def shards(self) -> list[str]:
        """The names of the kept shards that are written, in order, below the run directory."""
        return self.store.names("kept")

    def kept(self) -> ds.Dataset:
        """The kept documents with all signals, as a pyarrow dataset: columns and rows are chosen before reading."""
        return self._dataset("kept", kept_schema(self.outline))

    def dropped(self) -> ds.Dataset:
        """The dropped documents with the signals computed until then and `verdict.step/signal/value/bound`."""
        return self._dataset("dropped", dropped_schema(self.outline))

    def quarantine(self) -> ds.Dataset:
        """What could not be read: file, offset, reason, message, excerpt, and how many records a row stands for."""
        return self._dataset("quarantine", QUARANTINE_SCHEMA)

    def ocr(self) -> ds.Dataset:
        """The pages of documents whose text is not in their files: file, offset, member, page, pages, reason, width, height
        and bytes. What an OCR finds on them a later run takes (docs/documents.md)."""
        return self._dataset("ocr", OCR_SCHEMA)

    def explain(self, key: str) -> list[Explanation]:
        """The stored account of the documents with this id or URL; empty where there is none."""
        with reading_outputs(self.store):
            return explain_from_run(self.store, key)

    def verify(self) -> list[str]:
        """The problems that `algok verify` finds; none when every file and count is as the account says."""
        return verify(self.store)

    def _dataset(self, folder: str, schema: pa.Schema) -> ds.Dataset:
        import pyarrow.dataset as ds  # loads pandas, which nothing else here needs

        files = [self.store.path(name) for name in self.store.names(folder)]
        return ds.dataset(files, schema=schema, format="parquet", filesystem=self.store.fs)
