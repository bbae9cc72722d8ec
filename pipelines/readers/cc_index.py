"""An index of web archives as the input: only the records that it calls Korean pages are fetched, each by its range of bytes.

Of a crawl of Common Crawl less than one page in a hundred is Korean; an index says where they lie. Its rows are filtered
(`index_rows.py`), and what is left is read from below the input's `base`, many ranges at once where the storage can.
"""

from collections.abc import Iterator
from typing import ClassVar

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.readers.collector import (
    EXCERPT_BYTES,
    Chunk,
    Collector,
    Document,
    Guard,
    NoGuard,
    Raw,
    RecordError,
)
from algok.pipelines.readers.framing import HEADER_BYTES, Fault, items
from algok.pipelines.readers.index_rows import Broken, Entry, index_rows
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.ocr import Place
from algok.pipelines.readers.pages import Pages, compile_extraction
from algok.pipelines.readers.ranges import Ranges, shown
from algok.pipelines.readers.reader import Reader, compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream
from algok.pipelines.readers.warc import FRAMING, record_text, record_url

RECORDS = 5000  # that a shard fetches at most: some 100 MB
_RANGES = 64  # asked for at once
_RANGES_BYTES = 32 << 20


class CcIndex(Reader):
    """A fetched page that an index of Common Crawl (columnar, CDXJ or CDX) calls Korean."""

    name = "cc_index"
    extensions = (".parquet", *compressed(".cdxj", ".cdx"))
    declared_only: ClassVar[bool] = True  # other Parquet files hold documents

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Ranges of rows, each with RECORDS records to fetch or as many as hold `split_bytes`."""
        starts, records, size = [0], 0, 0
        for rows in index_rows(file, 0, None, NoGuard()):
            for entry in rows.found:
                length = entry.length if isinstance(entry, Entry) else 0
                if records and (records >= RECORDS or size + length > split_bytes):
                    starts.append(entry.row)
                    records = size = 0
                records, size = records + 1, size + length
        ends = [*starts[1:], None]
        return [(None, None)] if len(starts) == 1 else list(zip(starts, ends, strict=True))

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; an offset is the row's number in its index."""
        compile_extraction()
        collector = Collector()
        pages = Pages(guard, limits, screen=spec.screen)
        storage = Ranges(spec.base)
        for file in shard.files:
            with collector.surviving(file.name):
                for rows in index_rows(file, shard.start or 0, shard.end, guard):
                    for reason, count in sorted(rows.others.items()):
                        collector.ignore(reason, 0, count)
                    for group in _groups(rows.found):
                        _take(group, storage, file, spec, limits, pages, collector)
                        yield from collector.drain()
        yield from collector.finish()


def _groups(found: list[Entry | Broken]) -> Iterator[list[Entry | Broken]]:
    """What is fetched at once."""
    group: list[Entry | Broken] = []
    size = 0
    for entry in found:
        length = entry.length if isinstance(entry, Entry) else 0
        if group and (len(group) >= _RANGES or size + length > _RANGES_BYTES):
            yield group
            group, size = [], 0
        group.append(entry)
        size += length
    if group:
        yield group


def _take(
    group: list[Entry | Broken],
    storage: Ranges,
    file: InputFile,
    spec: InputSpec,
    limits: ReadLimits,
    pages: Pages,
    collector: Collector,
) -> None:
    """Fetches the records of a group and makes documents of them, in the order of their rows."""
    most = limits.document_bytes + HEADER_BYTES
    contents = storage.fetch([entry for entry in group if isinstance(entry, Entry) and entry.length <= most])
    for entry in group:
        if isinstance(entry, Broken):
            collector.quarantine(file.name, entry.row, entry.reason, entry.message, size=entry.size, rows=entry.rows)
            continue
        content = contents.get(entry.row)
        raw = Raw(
            file.name, entry.row, entry.length, b"" if not isinstance(content, bytes) else content[:EXCERPT_BYTES]
        )
        collector.take(raw, _document, entry, content, file, spec, limits, pages)


def _document(
    entry: Entry,
    content: bytes | RecordError | None,
    file: InputFile,
    spec: InputSpec,
    limits: ReadLimits,
    pages: Pages,
) -> tuple[Document, int]:
    if content is None:
        raise RecordError("too_large", f"record of {entry.length:,} bytes, limit {limits.document_bytes:,}")
    if isinstance(content, RecordError):
        raise content
    with InputStream(entry.file, content) as source:
        record = next(items(source, limits.document_bytes + HEADER_BYTES, FRAMING), None)
    if record is None or isinstance(record, Fault):
        reason, message = (record.reason, record.message.partition(";")[0]) if record else ("garbage", "no record")
        raise RecordError(reason, f"{shown(entry)}: {message}")
    text, meta, size = record_text(record, limits, pages, Place(file.name, entry.row))
    identity = document_id(file.name.encode(), entry.row, record.payload)
    meta |= {"warc": entry.file, "warc_offset": entry.offset}
    date, provenance = record.headers.get("WARC-Date"), spec.provenance or "organic"
    row = Document(
        identity, text, record_url(record), spec.source, date, provenance, dump_meta(meta), file.name, entry.row
    )
    return row, size
