"""Parquet, row group by row group; texts stay in Arrow memory from file to document."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.kernels.buffers import string_buffers
from algok.pipelines.documents import (
    DOCUMENT_SCHEMA,
    MAX_BATCH_BYTES,
    MAX_BATCH_ROWS,
    document_id,
)
from algok.pipelines.readers.base import Chunk, Collector, ReadLimits
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.inputs import InputFile, InputSpec, Shard
from algok.pipelines.readers.streams import InputStream, is_local

_EXCERPT_BYTES = 1024


def read_parquet(shard: Shard, spec: InputSpec, limits: ReadLimits) -> Iterator[Chunk]:
    """Documents of a Parquet shard; offsets are row numbers in the file."""
    collector = Collector()
    for file in shard.files:
        for _ in _read_file(file, shard, spec, limits, collector):
            yield from collector.drain()
    yield from collector.finish()


def _read_file(
    file: InputFile, shard: Shard, spec: InputSpec, limits: ReadLimits, collector: Collector
) -> Iterator[None]:
    with InputStream(file.url) as source:
        try:
            # One row group is decoded at a time and nothing is read ahead, so memory stays bounded.
            handle = pa.memory_map(file.url) if is_local(file.url) and file.size else pa.PythonFile(source, "r")
            parquet = pq.ParquetFile(handle, pre_buffer=False, buffer_size=1 << 20)
        except (pa.ArrowException, OSError) as error:
            _raise_io(error)
            collector.quarantine(file.name, 0, "parquet", f"not readable as Parquet: {error}", size=file.size)
            yield
            return
        with closing(parquet):
            yield from _read_groups(parquet, file, shard, spec, limits, collector)


def _read_groups(
    parquet: pq.ParquetFile, file: InputFile, shard: Shard, spec: InputSpec, limits: ReadLimits, collector: Collector
) -> Iterator[None]:
    fields = Fields.of(spec)
    metadata = parquet.metadata
    groups = range(shard.start or 0, metadata.num_row_groups if shard.end is None else shard.end)
    row = sum(metadata.row_group(group).num_rows for group in range(groups.start))
    problem = _schema_problem(parquet.schema_arrow, fields)
    if problem:
        rows = sum(metadata.row_group(group).num_rows for group in groups)
        if rows:
            collector.quarantine(file.name, row, "no_text", problem, rows=rows)
            yield
        return
    for group in groups:
        end = row + metadata.row_group(group).num_rows
        size = _batch_rows(metadata.row_group(group))
        batches = parquet.iter_batches(size, row_groups=[group], use_threads=False)
        while row < end:
            try:
                batch = next(batches, None)
                problem = "rows are missing"
            except (pa.ArrowException, OSError) as error:
                _raise_io(error)
                batch, problem = None, str(error)
            if batch is None:
                message = f"row group {group} damaged from row {row} on: {problem}"
                collector.quarantine(file.name, row, "parquet", message, rows=end - row)
                row = end
            else:
                _read_batch(_without_views(batch), row, file, fields, limits, collector)
                row += batch.num_rows
            yield


def _without_views(batch: pa.RecordBatch) -> pa.RecordBatch:
    """String views as strings: Arrow cannot filter views."""
    for at, kind in enumerate(batch.schema.types):
        if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
            plain = pa.large_string() if pa.types.is_string_view(kind) else pa.large_binary()
            batch = batch.set_column(at, batch.schema.names[at], batch.column(at).cast(plain))
    return batch


def _raise_io(error: Exception) -> None:
    """A failing disk is no broken file: the task must fail and be tried again. Arrow's own OSErrors carry no errno."""
    if isinstance(error, OSError) and error.errno:
        raise error


def _batch_rows(row_group: pq.RowGroupMetaData) -> int:
    """Rows to decode at once: 8 MiB of this row group's average rows, at most a batch."""
    average = row_group.total_byte_size // max(1, row_group.num_rows)
    return max(1, min(MAX_BATCH_ROWS, MAX_BATCH_BYTES // max(1, average)))


def _schema_problem(schema: pa.Schema, fields: Fields) -> str | None:
    kind = _type_at(schema, fields.names["text"])
    if kind is None or not _is_text(kind):
        strings = [field.name for field in schema if _is_text(field.type)]
        message = fields.no_text(schema.names, strings[0] if len(strings) == 1 else None)
        return message if kind is None else f"{message}; its type is {kind}"
    return None


def _type_at(schema: pa.Schema, name: str) -> pa.DataType | None:
    if name in schema.names:
        return schema.field(name).type
    head, *path = name.split(".")
    kind = schema.field(head).type if head in schema.names else None
    for part in path:
        if kind is None or not pa.types.is_struct(kind) or kind.get_field_index(part) < 0:
            return None
        kind = kind.field(part).type
    return kind


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests) or _is_binary(kind)


def _is_binary(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _read_batch(
    batch: pa.RecordBatch, first_row: int, file: InputFile, fields: Fields, limits: ReadLimits, collector: Collector
) -> None:
    raw = _binary(_column(batch, fields.names["text"]))
    faults = _faults(raw, limits.document_bytes)
    texts = raw
    for row in faults:
        reason, message, size = faults[row]
        payload = raw[row].as_py()[:_EXCERPT_BYTES] if reason == "utf8" else b""
        collector.quarantine(file.name, first_row + row, reason, message, size=size, payload=payload)
    rows = np.arange(first_row, first_row + batch.num_rows)
    if faults:
        keep = np.ones(batch.num_rows, bool)
        keep[list(faults)] = False
        batch, texts, rows = batch.filter(pa.array(keep)), raw.filter(pa.array(keep)), rows[keep]
    if batch.num_rows:
        _documents(batch, texts.cast(pa.large_string()), rows, file, fields, collector)


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name in batch.schema.names:
        return batch.column(name)
    head, *path = name.split(".")
    return pc.struct_field(batch.column(head), path)


def _binary(texts: pa.Array) -> pa.LargeBinaryArray:
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    if texts.type == pa.large_string():
        return texts.view(pa.large_binary())
    if _is_binary(texts.type):
        return texts.cast(pa.large_binary())
    return texts.cast(pa.large_string()).view(pa.large_binary())


def _faults(texts: pa.LargeBinaryArray, limit: int) -> dict[int, tuple[str, str, int | None]]:
    """Rows that are no documents: (reason, message, size) by row, in order."""
    faults: dict[int, tuple[str, str, int | None]] = {}
    lengths = pc.binary_length(texts)
    if texts.null_count:
        for row in np.flatnonzero(texts.is_null().to_numpy(zero_copy_only=False)):
            faults[int(row)] = ("no_text", "text is null", None)
    if (pc.max(lengths).as_py() or 0) > limit:
        for row in np.flatnonzero(pc.fill_null(pc.greater(lengths, limit), False).to_numpy(zero_copy_only=False)):
            faults[int(row)] = ("too_large", f"text longer than {limit:,} bytes", lengths[int(row)].as_py())
    if not _is_utf8(texts):
        for row in range(len(texts)):
            if row not in faults and not _is_utf8(texts.slice(row, 1)):
                faults[row] = ("utf8", "text is not valid UTF-8", lengths[row].as_py())
    return dict(sorted(faults.items()))


def _is_utf8(texts: pa.LargeBinaryArray) -> bool:
    try:
        texts.view(pa.large_string()).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _documents(
    batch: pa.RecordBatch,
    texts: pa.LargeStringArray,
    rows: np.ndarray,
    file: InputFile,
    fields: Fields,
    collector: Collector,
) -> None:
    data, offsets = string_buffers(texts)
    view = memoryview(data)
    bounds = offsets.tolist()
    name = file.name.encode()
    numbers = rows.tolist()
    ids = [
        document_id(name, number, view[start:end])
        for number, start, end in zip(numbers, bounds[:-1], bounds[1:], strict=True)
    ]
    described = _described(batch, fields)
    columns = [ids, texts, *described, [file.name] * len(ids), numbers]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(columns, DOCUMENT_SCHEMA, strict=True)
    ]
    whole = pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT_SCHEMA)
    for start, end in _cuts(offsets):
        collector.batch(whole.slice(start, end - start), int(offsets[end] - offsets[start]))


def _cuts(offsets: np.ndarray) -> Iterator[tuple[int, int]]:
    """Row ranges of at most 8 MiB of text and a batch's rows; a larger document stands alone."""
    start, rows = 0, len(offsets) - 1
    while start < rows:
        end = int(np.searchsorted(offsets, offsets[start] + MAX_BATCH_BYTES, side="right")) - 1
        end = min(max(end, start + 1), start + MAX_BATCH_ROWS)
        yield start, end
        start = end


def _described(batch: pa.RecordBatch, fields: Fields) -> list[pa.Array | list]:
    """url, source, date, provenance and meta of every row."""
    head = fields.names["text"].partition(".")[0]
    whole = fields.names["text"] in batch.schema.names
    names = [name for name in batch.schema.names if not (whole and name == fields.names["text"])]
    if whole and _is_plain(batch, fields, names):
        return _plain(batch, fields)
    columns = [_values(batch.column(name)) for name in names]
    dates = [fields.names["date"]] if fields.names["date"] in names else []
    rows = []
    for values in zip(*columns, strict=True) if columns else ((),) * batch.num_rows:
        record = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        if not whole and head in record:
            fields.take(record, "text")
        for name in dates:
            if hasattr(record.get(name), "isoformat"):
                record[name] = record[name].isoformat()
        rows.append(fields.describe(record))
    return [list(column) for column in zip(*rows, strict=True)]


def _is_plain(batch: pa.RecordBatch, fields: Fields, names: list[str]) -> bool:
    """Whether the columns besides the text are but url, date and source, as strings that can be taken over as they are."""
    fitting = {fields.names["url"], fields.names["date"]} | (
        {fields.names["source"]} if fields.source is None else set()
    )
    return set(names) <= fitting and all(_is_valid_string(batch.column(name)) for name in names)


def _plain(batch: pa.RecordBatch, fields: Fields) -> list[pa.Array]:
    """What `Fields.describe` gives for every row of a plain batch, without a Python object a row."""
    rows = batch.num_rows

    def column(field: str) -> pa.Array:
        name = fields.names[field]
        found = name in batch.schema.names and (field != "source" or fields.source is None)
        return batch.column(name).cast(pa.string()) if found else pa.nulls(rows, pa.string())

    source = column("source") if fields.source is None else pa.repeat(fields.source, rows)
    provenance = pa.repeat(fields.provenance or "organic", rows)
    return [column("url"), source, column("date"), provenance, pa.nulls(rows, pa.string())]


def _is_valid_string(column: pa.Array) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return column.type in (pa.string(), pa.large_string())


def _values(column: pa.Array) -> list:
    """Python values; strings that are not UTF-8 keep their bytes and become text with escapes in meta."""
    try:
        return column.to_pylist()
    except UnicodeDecodeError:
        return column.view(pa.binary() if column.type == pa.string() else pa.large_binary()).to_pylist()
    except (ValueError, OverflowError):  # times beyond Python's, or finer than a microsecond
        return pc.cast(column, pa.string()).to_pylist()
