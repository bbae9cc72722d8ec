"""Rows of an index of web archives: where records lie, and which of them may be Korean pages.

Two forms, told apart by their first bytes: the columnar index of Common Crawl (Parquet, a row for each capture), and CDX, a
line for each: with JSON behind two words (CDXJ), or eleven fields between spaces (the older form, which knows no languages).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.pipelines.extraction.html import HTML_TYPES
from algok.pipelines.readers.collector import Guard, RecordError, noted, raise_machine
from algok.pipelines.readers.inputs import InputFile
from algok.pipelines.readers.streams import Damaged, InputStream, blocks

_BATCH_ROWS = 1 << 14
_MOST_BYTES = 1 << 50  # of a file
_LINE_BYTES = 1 << 20  # the longest line of an index
_PARQUET = b"PAR1"
_PLACE = ("warc_filename", "warc_record_offset", "warc_record_length")
_COLUMNS = (*_PLACE, "content_languages", "fetch_status", "content_mime_detected", "content_mime_type")
# The fields of a line of CDX with eleven: N b a m s k r M S V g.
_CDX = ("", "timestamp", "url", "mime", "status", "", "", "", "length", "offset", "filename")
_FROM_CDX = {
    "filename": "warc_filename",
    "offset": "warc_record_offset",
    "length": "warc_record_length",
    "languages": "content_languages",
    "status": "fetch_status",
    "mime-detected": "content_mime_detected",
    "mime": "content_mime_type",
}
_FAMILIES = frozenset({"application", "audio", "font", "image", "message", "multipart", "text", "video"})


class Entry(NamedTuple):
    """A capture that is fetched: its row in the index, counted from 0, and where its record lies."""

    row: int
    file: str
    offset: int
    length: int


class Broken(NamedTuple):
    """A row that says no place, or a stretch of the index that cannot be read: `rows` from `row` on."""

    row: int
    reason: str
    message: str
    rows: int = 1
    size: int | None = None


@dataclass
class Rows:
    """A stretch of an index: what is fetched and what is broken, in order, and how many others there are, by reason."""

    found: list[Entry | Broken] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)


def index_rows(file: InputFile, start: int, end: int | None, guard: Guard) -> Iterator[Rows]:
    """The rows of an index from `start` to before `end`, in stretches. Raises InputError for a file that nobody can read."""
    with InputStream(file.url) as source:
        head = source.read(len(_PARQUET))
        source.seek(0)
        yield from (_parquet_rows if head == _PARQUET else _line_rows)(source, start, end, guard)


# --- Parquet ---------------------------------------------------------------------------------------------------------


def _parquet_rows(source: InputStream, start: int, end: int | None, guard: Guard) -> Iterator[Rows]:
    row = start
    try:
        with noted(guard, 0):
            parquet = pq.ParquetFile(pa.PythonFile(source, "r"), pre_buffer=False)
        with closing(parquet):
            names = parquet.schema_arrow.names
            if missing := [name for name in _PLACE if name not in names]:
                raise RecordError("index", f"no column {', '.join(missing)}; is it an index of Common Crawl?")
            last = parquet.metadata.num_rows if end is None else min(end, parquet.metadata.num_rows)
            for batch in _batches(parquet, [name for name in _COLUMNS if name in names], start, last, guard):
                yield _of_batch(batch, row)
                row += batch.num_rows
    except RecordError as error:
        yield Rows([Broken(row, error.reason, str(error))])
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise_machine(error)
        rows = 1 if end is None else max(1, end - row)
        yield Rows([Broken(row, "parquet", f"not readable as Parquet from row {row} on: {error}", rows)])


def _batches(
    parquet: pq.ParquetFile, columns: list[str], start: int, end: int, guard: Guard
) -> Iterator[pa.RecordBatch]:
    """The rows from `start` to before `end`."""
    row = 0
    for group in range(parquet.metadata.num_row_groups):
        rows = parquet.metadata.row_group(group).num_rows
        if row < end and row + rows > start:
            batches = parquet.iter_batches(_BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)
            at = row
            while True:
                with noted(guard, 1 + group):
                    batch = next(batches, None)
                if batch is None or at >= end:
                    break
                skipped = max(0, start - at)
                if skipped < batch.num_rows:
                    yield batch.slice(skipped, min(batch.num_rows, end - at) - skipped)
                at += batch.num_rows
        row += rows


def _of_batch(batch: pa.RecordBatch, first: int) -> Rows:
    """What of a batch is fetched: decided over whole columns, since nearly all rows are of others."""
    size = batch.num_rows
    rows = Rows()
    waiting = np.ones(size, bool)

    def leave(out: np.ndarray, reasons: pa.Array | str) -> None:
        out &= waiting
        if isinstance(reasons, str):
            rows.others[reasons] += int(out.sum())
        else:
            rows.others.update(dict(zip(*_counted(reasons.filter(pa.array(out))), strict=True)))
        waiting[out] = False

    if (status := _strings(batch, "fetch_status")) is not None:
        family = pc.utf8_slice_codeunits(status, 0, 1)
        leave(_false(pc.equal(status, "200")), pc.binary_join_element_wise("http_", family, "xx", ""))
    mime = _strings(batch, "content_mime_detected")
    given = _strings(batch, "content_mime_type")
    mime = given if mime is None else mime if given is None else pc.coalesce(mime, given)
    if mime is not None:
        leave(_false(pc.or_(pc.is_null(mime), pc.is_in(mime, pa.array(sorted(HTML_TYPES))))), _families(mime))
    if (languages := _strings(batch, "content_languages")) is not None:
        leave(_false(pc.not_equal(pc.fill_null(languages, ""), "")), "no_language")
        leave(_false(pc.match_substring_regex(languages, r"(^|[ ,])kor(,|$)")), "not_korean")
    rows.others = +rows.others
    places = np.flatnonzero(waiting)
    for place, record in zip(places.tolist(), batch.take(pa.array(places)).to_pylist(), strict=True):
        rows.found.append(_entry(first + place, record))
    return rows


def _strings(batch: pa.RecordBatch, name: str) -> pa.Array | None:
    return batch.column(name).cast(pa.string()) if name in batch.schema.names else None


def _false(mask: pa.Array) -> np.ndarray:
    """Where a mask is false; nulls, of which nothing is known, are not."""
    return pc.invert(pc.fill_null(mask, True)).to_numpy(zero_copy_only=False)


def _families(mime: pa.Array) -> pa.Array:
    """The reason for each type; a batch has few different ones."""
    coded = mime.dictionary_encode()
    return pa.array([_family(value) for value in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)


def _counted(reasons: pa.Array) -> tuple[list[str], list[int]]:
    counted = reasons.value_counts()
    return counted.field("values").to_pylist(), counted.field("counts").to_pylist()


def _family(mime: str | None) -> str:
    family = (mime or "").partition("/")[0]
    return f"content_type:{family if family in _FAMILIES else 'other'}"


# --- Lines -----------------------------------------------------------------------------------------------------------


def _line_rows(source: InputStream, start: int, end: int | None, guard: Guard) -> Iterator[Rows]:
    rows, row = Rows(), 0
    try:
        for row, line in enumerate(_lines(source)):
            if end is not None and row >= end:
                break
            if row < start:
                continue
            _take_line(rows, row, line)
            if row % _BATCH_ROWS == _BATCH_ROWS - 1:
                yield rows
                rows = Rows()
    except Damaged as damage:
        rows.found.append(Broken(row + 1, damage.reason, f"nothing is read behind line {row + 1}: {damage}"))
    yield rows


def _lines(source: InputStream) -> Iterator[bytes]:
    """Lines without their ends; of one that is too long only the beginning, which no reading takes for a row."""
    rest = b""
    for block in blocks(source):
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
        rest = rest[:_LINE_BYTES]
    if rest:
        yield rest


def _take_line(rows: Rows, row: int, line: bytes) -> None:
    line = line.strip()
    if not line:
        rows.others["blank_line"] += 1
    elif line.startswith((b"CDX ", b"!")):
        rows.others["index_line"] += 1
    else:
        record = _record(line)
        if record is None:
            rows.found.append(Broken(row, "index", "neither CDXJ nor CDX with eleven fields", size=len(line)))
        elif reason := _other(record):
            rows.others[reason] += 1
        else:
            rows.found.append(_entry(row, record))


def _record(line: bytes) -> dict[str, Any] | None:
    """A line as a row of the columnar index; None where it is neither CDXJ nor CDX."""
    brace = line.find(b"{")
    try:
        if brace >= 0 and line[:brace].count(b" ") <= 2:
            found = orjson.loads(line[brace:])
        else:
            words = line.decode().split(" ")
            found: Any = dict(zip(_CDX, words, strict=True)) if len(words) == len(_CDX) else None
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    record = {column: found[key] for key, column in _FROM_CDX.items() if found.get(key) not in (None, "-")}
    return record if brace < 0 else {"content_languages": None, **record}


def _other(record: Mapping[str, Any]) -> str | None:
    """Why a capture is not fetched, or None."""
    status = str(record.get("fetch_status") or "200")
    if status != "200":
        return f"http_{status[:1]}xx"
    mime = record.get("content_mime_detected") or record.get("content_mime_type")
    if mime is not None and mime not in HTML_TYPES:
        return _family(str(mime))
    if "content_languages" in record:
        languages = record["content_languages"]
        if not languages:
            return "no_language"
        if "kor" not in str(languages).replace(" ", "").split(","):
            return "not_korean"
    return None


def _entry(row: int, record: Mapping[str, Any]) -> Entry | Broken:
    """The place that a row names."""
    file, offset, length = (record.get(name) for name in _PLACE)
    try:
        offset, length = int(offset), int(length)  # type: ignore[arg-type] – CDXJ has them as text
    except (TypeError, ValueError, OverflowError):
        return Broken(row, "index", "the row has no offset and length of its record")
    if not isinstance(file, str) or not file.isprintable() or not file or not 0 <= offset < _MOST_BYTES or length <= 0:
        return Broken(row, "index", "the row has no file, or no place in it")
    if file.startswith("/") or "://" in file or ".." in file.split("/"):
        return Broken(row, "index", "the row names a file outside of the base; names are paths below it")
    return Entry(row, file, offset, length)
