"""Parquet as streaming readers want it: bounded row groups, zstd, a fixed schema, footers that quote no document."""

from contextlib import ExitStack

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.recipe import OutputOptions
from algok.pipelines.sinks import ParquetSink, SpillSink
from algok.pipelines.storage import Store

OPTIONS = OutputOptions(row_group_bytes=1 << 16)


def batch(rows: int, size: int = 1000) -> pa.RecordBatch:
    documents = [
        {"id": f"{i:032x}", "text": "비밀 " + "x" * size, "source": "web", "meta": '{"비밀":1}'} for i in range(rows)
    ]
    return pa.RecordBatch.from_pylist(documents, DOCUMENT_SCHEMA)


def write(folder, batches, always=False):
    with ExitStack() as stack:
        sink = ParquetSink(stack, Store(str(folder)), "f.parquet", DOCUMENT_SCHEMA, OPTIONS, always)
        for piece in batches:
            sink.append(piece)
        sink.close()
        assert not (folder / "f.parquet").exists(), "visible before it is committed"
    return sink.files


def test_row_groups_close_at_their_size(tmp_path):
    (file,) = write(tmp_path, [batch(10)] * 40)
    metadata = pq.ParquetFile(tmp_path / "f.parquet").metadata
    sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
    assert file.rows == sum(sizes) == 400
    assert len(set(sizes[:-1])) == 1 and 60 <= sizes[0] <= 80  # 64 KiB of about 1 kB each, closed by whole batches
    assert sizes[-1] <= sizes[0]


def test_footers_hold_no_text_and_columns_are_zstd(tmp_path):
    write(tmp_path, [batch(3)])
    group = pq.ParquetFile(tmp_path / "f.parquet").metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert columns["text"].statistics is None and columns["meta"].statistics is None
    assert columns["id"].statistics.max == f"{2:032x}"
    data = (tmp_path / "f.parquet").read_bytes()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") :]
    assert "비밀".encode() not in footer and b"provenance" in footer


def test_signals_have_statistics_although_their_names_have_dots(tmp_path):
    schema = pa.schema([*DOCUMENT_SCHEMA, ("heuristics.chars", pa.int32())])
    with ExitStack() as stack:
        sink = ParquetSink(stack, Store(str(tmp_path)), "f.parquet", schema, OPTIONS)
        sink.append(batch(2).append_column("heuristics.chars", pa.array([3, 9], pa.int32())))
        sink.close()
    column = pq.ParquetFile(tmp_path / "f.parquet").metadata.row_group(0).column(len(schema) - 1)
    assert (column.statistics.min, column.statistics.max) == (3, 9)


@pytest.mark.parametrize(("always", "files"), [(False, 0), (True, 1)])
def test_a_file_without_rows_exists_only_where_it_must(tmp_path, always, files):
    assert len(write(tmp_path, [batch(0)], always)) == files == len(list(tmp_path.iterdir()))
    if always:
        assert pq.read_schema(tmp_path / "f.parquet").equals(DOCUMENT_SCHEMA)


def test_the_same_batches_are_the_same_bytes(tmp_path):
    first, second = (write(tmp_path / name, [batch(10)] * 20)[0].sha256 for name in "ab")
    assert first == second


def test_a_spill_keeps_batches_apart(tmp_path):
    store = Store(str(tmp_path))
    with ExitStack() as stack:
        sink = SpillSink(stack, store, "s.arrow", DOCUMENT_SCHEMA)
        for rows in (2, 0, 3):
            sink.append(batch(rows))
        sink.close()
    reader = store.open_arrow("s.arrow", sink.files[0].xxh3)
    assert [reader.get_batch(i).num_rows for i in range(reader.num_record_batches)] == [2, 3]
    assert sink.files[0].rows == 5
