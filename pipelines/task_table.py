"""A row per task that is done: what it counted, how long it took, where, and with how much memory.

A finished run keeps the table in `tasks.parquet`, so that a report need not read the small files of all tasks again; of a
run that goes on it is made from these files. Columns:

- `task`: the task's id; `phase`: the number of its phase; `shard`: the number of its shard, null for tasks that resolve a
  corpus step and for shards of earlier corpora; `input`: the name of its first file, in the rows of the first phase;
- `documents`, `quarantined`, `kept`, `text_bytes`, `tokens`: what the task read and kept (null where it has no shard);
- `dropped.<step>`: documents that a step dropped, for every step of the recipe;
- `seconds`: of one core; `peak_bytes`: resident memory of its process (docs/operations.md says since when); `worker`:
  `machine:process id`; `failed`: attempts that failed before this one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from algok.pipelines.plan import Outline
from algok.pipelines.storage import Store

FILE = "tasks.parquet"
COUNTS = ("documents", "quarantined", "kept", "text_bytes", "tokens")
_LARGE = ("text_bytes", "tokens")  # a shard has less than 2³¹ documents
_ROWS_AT_ONCE = 1 << 12
# Threads of Arrow may outlive a process that ends, and bring it down.
_PACKING = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_UNPACKING = pa.ipc.IpcReadOptions(use_threads=False)


def table_schema(outline: Outline) -> pa.Schema:
    return pa.schema(
        [
            pa.field("task", pa.string()),
            pa.field("phase", pa.int32()),
            pa.field("shard", pa.int32()),
            pa.field("input", pa.string()),
            *(pa.field(name, pa.int64() if name in _LARGE else pa.int32()) for name in COUNTS),
            *(pa.field(f"dropped.{config.name}", pa.int32()) for config in outline.recipe.steps),
            pa.field("seconds", pa.float64()),
            pa.field("peak_bytes", pa.int64()),
            pa.field("worker", pa.dictionary(pa.int32(), pa.string())),
            pa.field("failed", pa.int32()),
        ]
    )


class Rows(Protocol):
    """Rows of tasks, some thousand at a time; a `pa.Table` is one too."""

    @property
    def schema(self) -> pa.Schema: ...

    def to_batches(self) -> Iterable[pa.RecordBatch]: ...


@dataclass(frozen=True)
class PackedRows:
    """Compressed rows with the names of workers beside them. Whoever goes through them has a few thousand in memory."""

    schema: pa.Schema
    packed: tuple[pa.Buffer, ...]
    workers: pa.Array

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        place = self.schema.get_field_index("worker")
        for data in self.packed:
            batch = pa.ipc.open_stream(data, options=_UNPACKING).read_next_batch()
            columns = batch.columns
            columns[place] = pa.DictionaryArray.from_arrays(columns[place], self.workers)
            yield pa.RecordBatch.from_arrays(columns, schema=self.schema)


def as_table(rows: Rows) -> pa.Table:
    return pa.Table.from_batches(rows.to_batches(), rows.schema)


class TaskRows:
    """Collects the rows. They become compressed Arrow columns a few thousand at a time, so that very many take little memory
    (3·10⁵ rows of a web run: 41 MB as columns, a tenth of it compressed)."""

    def __init__(self, outline: Outline, failed: dict[str, int]):
        self._schema, self._failed = table_schema(outline), failed
        self._rows: list[dict[str, Any]] = []
        self._packed: list[pa.Buffer] = []
        self._workers: dict[str, int] = {}
        self.peak_bytes = self.retries = 0  # the most of all tasks, and the failed attempts before all of them

    def add(self, task: str, record: dict[str, Any], shard: int | None = None, stats: dict | None = None) -> None:
        """A task by its done record; with the number of its shard and its statistics where it has one of the run's own."""
        worker = record.get("worker")
        row = {
            "task": task,
            "phase": record["task"]["phase"],
            "shard": shard,
            "input": record.get("input") if record["task"]["phase"] == 0 else None,
            "seconds": sum(record["seconds"].values()),
            "peak_bytes": record.get("peak_bytes"),
            "worker": None if worker is None else self._workers.setdefault(worker, len(self._workers)),
            "failed": self._failed.get(task, 0),
        }
        self.peak_bytes = max(self.peak_bytes, row["peak_bytes"] or 0)
        self.retries += row["failed"]
        self._rows.append(row if stats is None else row | _counted(stats))
        if len(self._rows) == _ROWS_AT_ONCE:
            self._pack()

    def rows(self) -> "PackedRows":
        """All rows so far."""
        self._pack()
        return PackedRows(self._schema, tuple(self._packed), pa.array(list(self._workers), pa.string()))

    def table(self) -> pa.Table:
        """All rows so far as a table."""
        return as_table(self.rows())

    @property
    def _numbered(self) -> pa.Schema:
        """The schema while workers are numbers."""
        return self._schema.set(self._schema.get_field_index("worker"), pa.field("worker", pa.int32()))

    def _pack(self) -> None:
        if self._rows:
            self._packed.append(_packed(pa.RecordBatch.from_pylist(self._rows, self._numbered)))
            self._rows = []


def _packed(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_PACKING) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def _counted(stats: dict[str, Any]) -> dict[str, int]:
    read = stats.get("read", {})
    counts = {
        "documents": read.get("documents", 0),
        "quarantined": sum(read.get("quarantined", {}).values()),
        "kept": read.get("kept", 0),
        "text_bytes": read.get("text_bytes", 0),
        "tokens": read.get("kept_tokens", 0),
    }
    return counts | {f"dropped.{name}": step.get("dropped", 0) for name, step in stats.get("steps", {}).items()}


def table_bytes(table: pa.Table) -> bytes:
    """The table as a Parquet file: the same bytes for the same rows and versions."""
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue().to_pybytes()


def read_table(store: Store) -> pa.Table:
    """The stored table. Raises FileNotFoundError, or ValueError where it cannot be read."""
    return pq.ParquetFile(pa.BufferReader(store.read_bytes(FILE)), pre_buffer=False).read(use_threads=False)
