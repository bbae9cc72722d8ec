"""Where a task's documents go: Parquet for people, Arrow IPC for the next phase. Committed when the task's stack closes."""

from contextlib import ExitStack

import pyarrow as pa
import pyarrow.parquet as pq

from algok.pipelines.recipe import OutputOptions
from algok.pipelines.schema import conform
from algok.pipelines.storage import Committed, Store

# Min and max of text columns are useless for filtering and would leak text into footers.
_NO_STATISTICS = {"text", "meta"}
_DICTIONARY = {"source", "provenance", "file", "verdict.step", "verdict.signal", "verdict.bound", "reason"}


class ParquetSink:
    """A Parquet file opened at the first row, so that empty ones do not exist unless `always`.

    Row groups close at `row_group_bytes` of text: one is held in memory, and streaming readers get pieces of that size.
    """

    def __init__(
        self, stack: ExitStack, store: Store, name: str, schema: pa.Schema, options: OutputOptions, always=False
    ):
        self._stack, self._store, self._name, self._schema, self._options = stack, store, name, schema, options
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = 0
        self._writer: pq.ParquetWriter | None = None
        self._file: Committed | None = None
        if always:
            self._open()

    @property
    def files(self) -> list[Committed]:
        return [self._file] if self._file else []

    def append(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0:
            return
        self._pending.append(conform(batch, self._schema))
        self._pending_bytes += batch.nbytes
        if self._pending_bytes >= self._options.row_group_bytes:
            self.end_group()

    def close(self) -> None:
        """Writes what is pending; the commit itself happens when the stack closes."""
        self.end_group()
        if self._writer:
            self._writer.close()

    def end_group(self) -> None:
        """Writes what is pending as one row group. In one piece: else the bytes would tell where its batches were cut."""
        if not self._pending:
            return
        writer = self._writer or self._open()
        table = pa.Table.from_batches(self._pending, self._schema).combine_chunks()
        writer.write_table(table, row_group_size=table.num_rows)
        assert self._file is not None
        self._file.rows += table.num_rows
        self._pending, self._pending_bytes = [], 0

    def _open(self) -> pq.ParquetWriter:
        path, self._file = self._stack.enter_context(self._store.write(self._name))
        self._file.rows = 0
        names = self._schema.names
        # pyarrow takes lists of columns too; a type checker sees the defaults True only.
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=self._options.zstd_level,
            use_dictionary=[name for name in names if name in _DICTIONARY],  # pyright: ignore[reportArgumentType]
            write_statistics=[name for name in names if name not in _NO_STATISTICS],  # pyright: ignore[reportArgumentType]
        )
        return self._writer


class SpillSink:
    """An Arrow IPC file that carries documents to the next phase: as it is on a local disk, where it is memory-mapped;
    with LZ4 (half the size, three times the processor time) where it travels over a network."""

    def __init__(self, stack: ExitStack, store: Store, name: str, schema: pa.Schema):
        path, self._file = stack.enter_context(store.write(name, intermediate=True))
        self._file.rows = 0
        self._schema = schema
        options = pa.ipc.IpcWriteOptions(compression=None if store.local else "lz4")
        self._writer = pa.ipc.new_file(path, schema, options=options)

    @property
    def files(self) -> list[Committed]:
        return [self._file]

    def append(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self._writer.write_batch(conform(batch, self._schema))
            self._file.rows += batch.num_rows

    def close(self) -> None:
        self._writer.close()
