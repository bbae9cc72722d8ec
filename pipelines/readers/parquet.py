"""Parquet, row group by row group."""

from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq

from algok.pipelines.documents import MAX_BATCH_BYTES, MAX_BATCH_ROWS
from algok.pipelines.readers.collector import Chunk, Collector, Guard
from algok.pipelines.readers.columnar import Columns, raise_io
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream, count_read, is_local


class Parquet(Reader):
    """A row, a document."""

    name = "parquet"
    extensions = (".parquet",)

    def sniff(self, head: bytes) -> bool:
        return head.startswith(b"PAR1")

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Row groups."""
        if file.size <= split_bytes:
            return [(None, None)]
        try:
            with InputStream(file.url) as source:
                metadata = pq.read_metadata(pa.PythonFile(source, "r"))
        except (pa.ArrowException, OSError):
            return [(None, None)]  # reading will say what is wrong with it
        ranges: list[Range] = []
        start, size = 0, 0
        for group in range(metadata.num_row_groups):
            row_group = metadata.row_group(group)
            size += sum(row_group.column(c).total_compressed_size for c in range(row_group.num_columns))
            if size >= split_bytes or group == metadata.num_row_groups - 1:
                ranges.append((start, group + 1))
                start, size = group + 1, 0
        return ranges or [(None, None)]

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; offsets are row numbers in the file."""
        collector = Collector()
        columns = Columns(Fields.of(spec), limits, Pages(guard, limits), collector)
        for file in shard.files:
            for _ in _read_file(file, shard, columns, collector):
                yield from collector.drain()
        yield from collector.finish()


def _read_file(file: InputFile, shard: Shard, columns: Columns, collector: Collector) -> Iterator[None]:
    with InputStream(file.url) as source:
        try:
            # One row group is decoded at a time and nothing is read ahead, so memory stays bounded.
            handle = pa.memory_map(file.url) if is_local(file.url) and file.size else pa.PythonFile(source, "r")
            parquet = pq.ParquetFile(handle, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            raise_io(error)
            collector.quarantine(file.name, 0, "parquet", f"not readable as Parquet: {error}", size=file.size)
            yield
            return
        with closing(parquet):
            yield from _read_groups(parquet, file, shard, columns, collector)


def _read_groups(
    parquet: pq.ParquetFile, file: InputFile, shard: Shard, columns: Columns, collector: Collector
) -> Iterator[None]:
    metadata = parquet.metadata
    groups = range(shard.start or 0, metadata.num_row_groups if shard.end is None else shard.end)
    row = sum(metadata.row_group(group).num_rows for group in range(groups.start))
    problem = columns.problem(parquet.schema_arrow)
    if problem:
        rows = sum(metadata.row_group(group).num_rows for group in groups)
        if rows:
            collector.quarantine(file.name, row, "no_text", problem, rows=rows)
            yield
        return
    for group in groups:
        end = row + metadata.row_group(group).num_rows
        stored = _stored_bytes(metadata.row_group(group)) if is_local(file.url) else 0
        size = _batch_rows(metadata.row_group(group))
        batches = parquet.iter_batches(size, row_groups=[group], use_threads=False)
        while row < end:
            try:
                batch = next(batches, None)
                problem = "rows are missing"
            except (pa.ArrowException, OSError) as error:
                raise_io(error)
                batch, problem = None, str(error)
            if batch is None:
                message = f"row group {group} damaged from row {row} on: {problem}"
                collector.quarantine(file.name, row, "parquet", message, rows=end - row)
                row = end
            else:
                columns.take(batch, row, file)
                count_read(stored * batch.num_rows // metadata.row_group(group).num_rows)
                row += batch.num_rows
            yield


def _stored_bytes(row_group: pq.RowGroupMetaData) -> int:
    return sum(row_group.column(column).total_compressed_size for column in range(row_group.num_columns))


def _batch_rows(row_group: pq.RowGroupMetaData) -> int:
    """Rows to decode at once: 8 MiB of this row group's average rows, at most a batch."""
    average = row_group.total_byte_size // max(1, row_group.num_rows)
    return max(1, min(MAX_BATCH_ROWS, MAX_BATCH_BYTES // max(1, average)))
