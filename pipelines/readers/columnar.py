"""From columns to documents: what Parquet and Arrow files share. Texts stay in Arrow memory from file to document."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.kernels.buffers import string_buffers
from algok.pipelines.documents import DOCUMENT_SCHEMA, MAX_BATCH_BYTES, MAX_BATCH_ROWS, document_id
from algok.pipelines.readers.collector import EXCERPT_BYTES, Collector, Ignored, RecordError, cause, raise_machine
from algok.pipelines.readers.fields import LIST, Fields, distinct, free_key, pop
from algok.pipelines.readers.guess import texts_in, texts_of_type
from algok.pipelines.readers.inputs import InputFile
from algok.pipelines.readers.lenient import name_of
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.pages import Pages, is_page

_LOOKED_AT = 50  # rows in which columns that hold text are looked for
# What a page of HTML begins with; rules nearly all texts out at once.
_TAG_FIRST = "^[\\s\\x{feff}]*<[!?hH]"


@dataclass
class _Fault:
    """A row that is no document. Without a reason it is ignored, by what the message says."""

    reason: str
    message: str
    size: int | None = None
    payload: bytes = b""


class Columns:
    """Makes documents of the batches of one shard."""

    def __init__(self, fields: Fields, limits: ReadLimits, pages: Pages, collector: Collector):
        self._fields, self._limits, self._pages, self._collector = fields, limits, pages, collector
        self._name = fields.html_column or fields.names["text"]

    @property
    def head(self) -> str:
        """The column in which the text stands, perhaps inside of an object or a list."""
        return self._name.partition(".")[0].removesuffix(LIST)

    def problem(self, schema: pa.Schema, first: Callable[[], pa.RecordBatch | None]) -> str | None:
        """Why no row of this schema can be a document, or None; `first` gives a few rows, to see which columns hold text."""
        schema = _distinct(schema)
        kind = _type_at(schema, self._name)
        if kind is not None and _is_text(kind):
            return None
        message = self._fields.no_text(schema.names, _texts_in_rows(first) or texts_of_type(schema), self._name)
        return message if kind is None else f"{message}; its type is {kind}"

    def take(self, batch: pa.RecordBatch, first_row: int, file: InputFile) -> None:
        """The rows of a batch. Where something unexpected happens the batch is halved until its row is found."""
        try:
            named = pa.RecordBatch.from_arrays(batch.columns, schema=_distinct(batch.schema))
            faults, documents, extracted = self._split(_without_views(named), first_row, file)
        except Exception as error:
            raise_machine(error)
            if batch.num_rows > 1:
                half = batch.num_rows // 2
                self.take(batch.slice(0, half), first_row, file)
                self.take(batch.slice(half), first_row + half, file)
            else:
                self._collector.quarantine(
                    file.name, first_row, "error", cause(error), payload=_beginning(batch, self._name)
                )
            return
        for row, fault in sorted(faults.items()):
            if fault.reason:
                self._collector.quarantine(
                    file.name, first_row + row, fault.reason, fault.message, size=fault.size, payload=fault.payload
                )
            else:
                self._collector.ignore(fault.message, fault.size or 0)
        for _ in range(extracted):
            self._collector.extracted("html")
        for part, size in documents:
            self._collector.batch(part, size)

    def _split(
        self, batch: pa.RecordBatch, first_row: int, file: InputFile
    ) -> tuple[dict[int, _Fault], list[tuple[pa.RecordBatch, int]], int]:
        """Faults by row, batches of documents with the bytes of their texts, and how many of these were extracted."""
        raw = _binary(_column(batch, self._name))
        faults = _faults(raw, self._limits.document_bytes)
        rows = np.arange(batch.num_rows)
        if faults:
            rows = np.delete(rows, list(faults))
            batch, raw = _taken(batch, rows), raw.take(pa.array(rows))
        texts = raw.cast(pa.large_string())
        titles: dict[int, str] = {}
        extracted = 0
        pages = self._pages_among(texts)
        if pages:
            texts, titles, failed = self._extract(texts, pages, rows, first_row)
            faults |= {int(rows[at]): fault for at, fault in failed.items()}
            extracted = len(pages) - len(failed)
            if failed:
                keep = np.delete(np.arange(len(rows)), list(failed))
                titles = {new: titles[old] for new, old in enumerate(keep.tolist()) if old in titles}
                texts, raw = texts.take(pa.array(keep)), raw.take(pa.array(keep))
                rows, batch = rows[keep], _taken(batch, keep)
        if not batch.num_rows:
            return faults, [], extracted
        return (
            faults,
            list(_documents(batch, raw, texts, titles, rows + first_row, file, self._fields, self._name)),
            extracted,
        )

    def _pages_among(self, texts: pa.LargeStringArray) -> list[int]:
        """The rows whose text is HTML of which the main text is taken."""
        if self._fields.html == "never":
            return []
        if self._fields.html_column is not None:
            return list(range(len(texts)))
        likely = np.flatnonzero(pc.match_substring_regex(texts, _TAG_FIRST).to_numpy(zero_copy_only=False))
        return [row for row in likely.tolist() if is_page(texts[row].as_py())]

    def _extract(
        self, texts: pa.LargeStringArray, pages: list[int], rows: np.ndarray, first_row: int
    ) -> tuple[pa.LargeStringArray, dict[int, str], dict[int, _Fault]]:
        """The texts with those of pages extracted, titles by row, and faults by row."""
        values = texts.to_pylist()
        titles: dict[int, str] = {}
        failed: dict[int, _Fault] = {}
        for row in pages:
            size = len(values[row].encode())
            try:
                page = self._pages.read_column(first_row + int(rows[row]), values[row])
            except Ignored as ignored:
                failed[row] = _Fault("", ignored.reason, size)
            except RecordError as error:
                failed[row] = _Fault(error.reason, str(error), size, values[row][:EXCERPT_BYTES].encode())
            else:
                values[row] = page.text
                if page.title:
                    titles[row] = page.title
        return pa.array(values, pa.large_string()), titles, failed


def _distinct(schema: pa.Schema) -> pa.Schema:
    """The schema with names that differ."""
    return pa.schema([field.with_name(name) for field, name in zip(schema, distinct(schema.names), strict=True)])


def _taken(batch: pa.RecordBatch, rows: np.ndarray) -> pa.RecordBatch:
    """Rows of a batch, of whatever type its columns are: Arrow cannot take from every nested one."""
    try:
        return batch.take(pa.array(rows))
    except pa.ArrowNotImplementedError:
        parts = [batch.slice(row, 1) for row in rows.tolist()]
        return pa.concat_batches([*parts, batch.slice(0, 0)])


def _beginning(batch: pa.RecordBatch, name: str) -> bytes:
    """What a row's text begins with, for the excerpt of a row on which something failed; nothing where that fails too."""
    try:
        return (_binary(_column(batch, name))[0].as_py() or b"")[:EXCERPT_BYTES]
    except Exception:
        return b""


def _texts_in_rows(first: Callable[[], pa.RecordBatch | None]) -> dict[str, int]:
    """The places that hold text in the first rows of a file; none where these cannot be read."""
    try:
        batch = first()
    except (pa.ArrowException, OSError) as error:
        raise_machine(error)
        return {}
    if batch is None:
        return {}
    rows = batch.slice(0, _LOOKED_AT)
    columns = {name: _values(column) for name, column in zip(_distinct(batch.schema).names, rows.columns, strict=True)}
    found: Counter[str] = Counter()
    for row in zip(*columns.values(), strict=True):
        found.update(texts_in(dict(zip(columns, row, strict=True))))
    return found


def _type_at(schema: pa.Schema, name: str) -> pa.DataType | None:
    """The type of a column, or of what a dotted name reaches in it."""
    if name in schema.names:
        return schema.field(name).type
    kind: pa.DataType | pa.Schema = schema
    for part in name.split("."):
        field = part.removesuffix(LIST)
        if not (isinstance(kind, pa.Schema) or pa.types.is_struct(kind)) or kind.get_field_index(field) < 0:
            return None
        kind = kind.field(field).type
        if part.endswith(LIST):
            if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
                return None
            kind = kind.value_type
    return kind


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests) or _is_binary(kind)


def _is_binary(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _without_views(batch: pa.RecordBatch) -> pa.RecordBatch:
    """String views as strings: Arrow cannot filter views."""
    for at, kind in enumerate(batch.schema.types):
        if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
            plain = pa.large_string() if pa.types.is_string_view(kind) else pa.large_binary()
            batch = batch.set_column(at, batch.schema.names[at], batch.column(at).cast(plain))
    return batch


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name in batch.schema.names:
        return batch.column(name)
    head, *path = name.split(".")
    if LIST in name:
        head = head.removesuffix(LIST)
        return pa.array([pop({head: value}, name) for value in _values(batch.column(head))], pa.large_string())
    return pc.struct_field(batch.column(head), path)


def _binary(texts: pa.Array) -> pa.LargeBinaryArray:
    if pa.types.is_dictionary(texts.type):
        texts = texts.dictionary_decode()
    if texts.type == pa.large_string():
        return texts.view(pa.large_binary())
    if _is_binary(texts.type):
        return texts.cast(pa.large_binary())
    return texts.cast(pa.large_string()).view(pa.large_binary())


def _faults(texts: pa.LargeBinaryArray, limit: int) -> dict[int, _Fault]:
    """Rows that hold no text, too much of it, or none that is UTF-8."""
    faults: dict[int, _Fault] = {}
    lengths = pc.binary_length(texts)
    if texts.null_count:
        for row in np.flatnonzero(texts.is_null().to_numpy(zero_copy_only=False)):
            faults[int(row)] = _Fault("no_text", "text is null")
    if (pc.max(lengths).as_py() or 0) > limit:
        for row in np.flatnonzero(pc.fill_null(pc.greater(lengths, limit), False).to_numpy(zero_copy_only=False)):
            message = f"text longer than {limit:,} bytes"
            faults[int(row)] = _Fault("too_large", message, lengths[int(row)].as_py())
    if not _is_utf8(texts):
        for row in range(len(texts)):
            if row not in faults and not _is_utf8(texts.slice(row, 1)):
                payload = texts[row].as_py()[:EXCERPT_BYTES]
                faults[row] = _Fault("utf8", "text is not valid UTF-8", lengths[row].as_py(), payload)
    return faults


def _is_utf8(texts: pa.LargeBinaryArray) -> bool:
    try:
        texts.view(pa.large_string()).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _documents(
    batch: pa.RecordBatch,
    raw: pa.LargeBinaryArray,
    texts: pa.LargeStringArray,
    titles: dict[int, str],
    rows: np.ndarray,
    file: InputFile,
    fields: Fields,
    text_name: str,
) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Batches of documents and the bytes of their texts; `raw` is what stands in the file and identifies a document."""
    data, starts = string_buffers(raw.view(pa.large_string()))
    view, bounds, name, numbers = data.data, starts.tolist(), file.name.encode(), rows.tolist()
    ids = [
        document_id(name, number, view[start:end])
        for number, start, end in zip(numbers, bounds[:-1], bounds[1:], strict=True)
    ]
    described = _described(batch, fields, text_name, titles)
    columns = [ids, texts, *described, [file.name] * len(ids), numbers]
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, field.type)
        for column, field in zip(columns, DOCUMENT_SCHEMA, strict=True)
    ]
    whole = pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT_SCHEMA)
    _, offsets = string_buffers(texts)
    for start, end in _cuts(offsets):
        yield whole.slice(start, end - start), int(offsets[end] - offsets[start])


def _cuts(offsets: np.ndarray) -> Iterator[tuple[int, int]]:
    """Row ranges of at most 8 MiB of text and a batch's rows; a larger document stands alone."""
    start, rows = 0, len(offsets) - 1
    while start < rows:
        end = int(np.searchsorted(offsets, offsets[start] + MAX_BATCH_BYTES, side="right")) - 1
        end = min(max(end, start + 1), start + MAX_BATCH_ROWS)
        yield start, end
        start = end


def _described(
    batch: pa.RecordBatch, fields: Fields, text_name: str, titles: dict[int, str]
) -> list[pa.Array] | list[list]:
    """url, source, date, provenance and meta of every row; `titles` of extracted pages by row."""
    whole = text_name in batch.schema.names
    names = [name for name in batch.schema.names if not (whole and name == text_name)]
    if whole and not titles and _is_plain(batch, fields, names):
        return _plain(batch, fields)
    columns = [_values(batch.column(name)) for name in names]
    dates = [fields.names["date"]] if fields.names["date"] in names else []
    rows = []
    for row, values in enumerate(zip(*columns, strict=True) if columns else ((),) * batch.num_rows):
        record = {name: value for name, value in zip(names, values, strict=True) if value is not None}
        if not whole:
            pop(record, text_name)
        for name in dates:
            if hasattr(record.get(name), "isoformat"):
                record[name] = record[name].isoformat()
        rows.append(fields.describe(record, {"title": titles[row]} if row in titles else None))
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
    """Python values. Where one of a column fails, the column is gone through one by one, so that a broken value costs only
    itself its type."""
    try:
        return column.to_pylist()
    except Exception as error:
        raise_machine(error)
        return [_value(scalar) for scalar in column]


def _value(scalar: pa.Scalar) -> Any:
    """A value as Python has it; what Python cannot hold becomes text: bytes that are no UTF-8 with escapes, times of unknown
    zones and beyond the calendar as Arrow writes them."""
    try:
        return scalar.as_py()
    except Exception as error:
        raise_machine(error)
    kind = scalar.type
    if isinstance(scalar, pa.StructScalar):
        return _struct(scalar)
    if pa.types.is_dictionary(kind) or isinstance(scalar, pa.RunEndEncodedScalar | pa.UnionScalar | pa.ExtensionScalar):
        return _value(scalar.value)
    if isinstance(scalar, pa.MapScalar):
        return [[_value(entry[0]), _value(entry[1])] for entry in scalar.values]
    if isinstance(scalar, pa.ListScalar):
        return [_value(item) for item in scalar.values]
    if hasattr(scalar, "as_buffer"):
        return scalar.as_buffer().to_pybytes()
    zone = str(kind).partition("tz=")[2].rstrip("]")  # `kind.tz` fails for one that is no UTF-8
    if zone:
        return f"{pc.cast(scalar.cast(pa.int64()).cast(pa.timestamp(kind.unit)), pa.string()).as_py()} {zone}"
    return pc.cast(scalar, pa.string()).as_py()


def _struct(scalar: pa.StructScalar) -> dict:
    """A struct's fields by name; of two with one name the later one gets `_column` behind its own."""
    values: dict[str, Any] = {}
    for place in range(scalar.type.num_fields):
        values[free_key(values, name_of(scalar.type.field(place), place))] = _value(scalar[place])
    return values
