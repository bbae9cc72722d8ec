"""Parquet, row group by row group."""

from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq

from algok.pipelines.documents import MAX_BATCH_BYTES, MAX_BATCH_ROWS
from algok.pipelines.readers.collector import Chunk, Collector, Guard, RecordError, noted, raise_machine
from algok.pipelines.readers.columnar import Columns
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.lenient import with_marks
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream, count_read, is_local


class Parquet(Reader):
    """A row, a document."""

    name = "parquet"
    extensions = (".parquet",)
    takes_groups = True

    def sniff(self, head: bytes) -> bool:
        return head.startswith(b"PAR1")

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Row groups."""
        if file.size <= split_bytes:
            return [(None, None)]
        try:
            with InputStream(file.url) as source:
                metadata = pq.read_metadata(pa.PythonFile(source, "r"))
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            return [(None, None)]  # reading will say what is wrong with it
        ranges: list[Range] = []
        start, size = 0, 0.0
        # Compressed sizes are shared out by the sizes of the row groups: asking for those of columns ends the process when
        # their metadata is damaged (pyarrow 26).
        sizes = [max(0, metadata.row_group(group).total_byte_size) for group in range(metadata.num_row_groups)]
        compressed = file.size / max(1, sum(sizes))
        for group, bytes_ in enumerate(sizes):
            size += bytes_ * compressed
            if size >= split_bytes or group == metadata.num_row_groups - 1:
                ranges.append((start, group + 1))
                start, size = group + 1, 0.0
        return ranges or [(None, None)]

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; offsets are row numbers in the file."""
        collector = Collector()
        columns = Columns(Fields.of(spec), limits, Pages(guard, limits), collector)
        for file in shard.files:
            with collector.surviving(file.name):
                for _ in _read_file(file, shard, columns, collector, guard):
                    yield from collector.drain()
        yield from collector.finish()


def _read_file(file: InputFile, shard: Shard, columns: Columns, collector: Collector, guard: Guard) -> Iterator[None]:
    with InputStream(file.url) as source:
        try:
            # One row group is decoded at a time and nothing is read ahead, so memory stays bounded.
            handle = pa.memory_map(file.url) if is_local(file.url) and file.size else pa.PythonFile(source, "r")
            with noted(guard, 0):
                parquet = pq.ParquetFile(handle, pre_buffer=False, buffer_size=1 << 20)
        except RecordError as error:
            collector.quarantine(file.name, 0, error.reason, str(error), size=file.size)
            yield
            return
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise_machine(error)
            collector.quarantine(file.name, 0, "parquet", f"not readable as Parquet: {error}", size=file.size)
            yield
            return
        with closing(parquet):
            yield from _read_groups(parquet, file, shard, columns, collector, guard)


def _read_groups(
    parquet: pq.ParquetFile, file: InputFile, shard: Shard, columns: Columns, collector: Collector, guard: Guard
) -> Iterator[None]:
    metadata = parquet.metadata
    groups = range(shard.start or 0, metadata.num_row_groups if shard.end is None else shard.end)
    row = sum(metadata.row_group(group).num_rows for group in range(groups.start))
    problem = columns.problem(parquet.schema_arrow, lambda: next(parquet.iter_batches(50, use_threads=False), None))
    if problem:
        rows = sum(metadata.row_group(group).num_rows for group in groups)
        if rows:
            collector.quarantine(file.name, row, "no_text", problem, rows=rows)
            yield
        return
    for group in groups:
        end = row + metadata.row_group(group).num_rows
        stored = _stored_bytes(metadata.row_group(group)) if is_local(file.url) else 0
        reason, problem = "parquet", "rows are missing"
        for found in _noted(_group_batches(parquet, group, columns.head), guard, group):
            if isinstance(found, RecordError):
                reason, problem = found.reason, str(found)
                break
            columns.take(found, row, file)
            count_read(stored * found.num_rows // metadata.row_group(group).num_rows)
            row += found.num_rows
            yield
        if row < end:
            message = f"row group {group} damaged from row {row} on: {problem}"
            collector.quarantine(file.name, row, reason, message, rows=end - row)
            row = end
            yield


def _noted(
    batches: Iterator[pa.RecordBatch | RecordError], guard: Guard, group: int
) -> Iterator[pa.RecordBatch | RecordError]:
    """The batches of a row group, each decoded under the guard."""
    while True:
        try:
            with noted(guard, 1 + group):
                batch = next(batches, None)
        except RecordError as error:
            batch = error
        if batch is None:
            return
        yield batch
        if isinstance(batch, RecordError):
            return


def _group_batches(parquet: pq.ParquetFile, group: int, head: str) -> Iterator[pa.RecordBatch | RecordError]:
    """The batches of a row group, at last what is wrong where not all could be read.

    Columns that cannot be read are left out where that of the text, `head`, can: nobody asked for them.
    """
    size = _batch_rows(parquet.metadata.row_group(group))
    done = 0
    try:
        for batch in _decoded(parquet, group, size):
            yield batch
            done += batch.num_rows
        return
    except (pa.ArrowException, OSError) as error:
        raise_machine(error)
        problem = str(error)
    names = parquet.schema_arrow.names
    lost = [name for name in names if not _can_be_read(parquet, group, size, name)]
    if head in lost or not lost:
        yield RecordError("parquet", problem)
        return
    for batch in _decoded(parquet, group, size, [name for name in names if name not in lost]):
        if batch.num_rows > done:
            yield with_marks(batch.slice(done), lost)
        done = max(0, done - batch.num_rows)


def _decoded(
    parquet: pq.ParquetFile, group: int, size: int, columns: list[str] | None = None
) -> Iterator[pa.RecordBatch]:
    return parquet.iter_batches(size, row_groups=[group], columns=columns, use_threads=False)


def _can_be_read(parquet: pq.ParquetFile, group: int, size: int, column: str) -> bool:
    try:
        return sum(batch.num_rows for batch in _decoded(parquet, group, size, [column])) >= 0
    except (pa.ArrowException, OSError) as error:
        raise_machine(error)
        return False


def _stored_bytes(row_group: pq.RowGroupMetaData) -> int:
    return sum(row_group.column(column).total_compressed_size for column in range(row_group.num_columns))


def _batch_rows(row_group: pq.RowGroupMetaData) -> int:
    """Rows to decode at once: 8 MiB of this row group's average rows, at most a batch."""
    average = row_group.total_byte_size // max(1, row_group.num_rows)
    return max(1, min(MAX_BATCH_ROWS, MAX_BATCH_BYTES // max(1, average)))
