"""WARC and WET, plain, gzip or zstd. Headers are parsed by FastWARC; records are framed by `framing.py`."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.readers.collector import (
    EXCERPT_BYTES,
    Chunk,
    Collector,
    Document,
    Guard,
    Ignored,
    Raw,
    RecordError,
    watched,
)
from algok.pipelines.readers.frames import Frame, FramedReader, Frames
from algok.pipelines.readers.framing import (
    HEADER_BYTES,
    NEAR,
    Fault,
    Framing,
    Record,
    Window,
    headers_inside,
    items,
    near_end,
    parse_headers,
    reaches_over,
    skip_large,
)
from algok.pipelines.readers.http import fetched_page
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.ocr import Ocr, Place
from algok.pipelines.readers.pages import Pages, compile_extraction
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream

_VERSION = b"WARC/"
_BLANKS = (b"\r\n\r\n", b"\n\n")  # what stands between a record and the next
_SKIPPED_TYPES = frozenset({"warcinfo", "request", "metadata", "revisit", "continuation"})


class Warc(FramedReader):
    """A fetched page, a resource, or the text of one (WET)."""

    name = "warc"
    extensions = tuple(f"{base}{tail}" for base in (".warc", ".wet") for tail in ("", ".gz", ".zst"))
    takes_groups = True
    takes_ocr: ClassVar[bool] = True

    def sniff(self, head: bytes) -> bool:
        return head.startswith(_VERSION)

    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Records; `head` has their headers."""
        for item in items(source, limits.document_bytes + HEADER_BYTES, FRAMING):
            yield item.frame()

    def documents(
        self, frames: Frames, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard
    ) -> Iterator[Chunk]:
        """Documents of a shard. An offset is where the record starts in the file: its gzip member, plus its place in the
        member where that holds several. For zstd it is the place in the decompressed stream."""
        compile_extraction()
        collector = Collector()
        ocr = Ocr(shard, collector)
        pages = Pages(guard, limits, ocr, spec.screen)
        for file in shard.files:
            with collector.surviving(file.name), frames(file) as items:
                for item in items:
                    raw = Raw(file.name, item.offset, item.size, item.data[:EXCERPT_BYTES])
                    collector.take(raw, partial(_document, item, file, spec, limits, pages))
                    if collector.ready:
                        yield from collector.drain()
        ocr.close()
        yield from collector.finish()


def _document(item: Frame, file: InputFile, spec: InputSpec, limits: ReadLimits, pages: Pages) -> tuple[Document, int]:
    if item.reason is not None:
        raise RecordError(item.reason, item.message)
    record = Record.of(item, parse_headers)
    text, meta, size = record_text(record, limits, pages, Place(file.name, record.offset))
    return archived(record, text, record_url(record), record.headers.get("WARC-Date"), meta, file, spec), size


def record_text(record: Record, limits: ReadLimits, pages: Pages, place: Place) -> tuple[str, dict, int]:
    """Text and meta of a record, and the text's bytes. Raises Ignored for a record that holds no page, RecordError for a page
    without a text; the guard knows it by the offset of its place."""
    kind = (record.headers.get("WARC-Type") or "").strip().lower()
    if kind not in ("response", "resource", "conversion"):
        raise Ignored(kind if kind in _SKIPPED_TYPES else "unknown_type")
    with watched(pages.guard, place.offset):
        try:
            languages = record.headers.get("WARC-Identified-Content-Language")
            if kind == "conversion":
                pages.screen_text(record.payload, (languages,))
                text, meta = record.payload.decode("utf-8"), {}
            else:
                content_type = record.headers.get("Content-Type") or ""
                text, meta = fetched_page(record.payload, content_type, pages, limits.document_bytes, place, languages)
            size = len(text.encode())
        except UnicodeError as error:
            raise RecordError("utf8", f"text is not valid UTF-8: {getattr(error, 'reason', error)}") from None
    if truncated := record.headers.get("WARC-Truncated"):
        meta["truncated"] = truncated
    if record.off:
        meta["content_length_off"] = record.off
    return text, meta, size


def record_url(record: Record) -> str | None:
    """The address of the page that a record holds."""
    return (record.headers.get("WARC-Target-URI") or "").strip("<> ") or None


def archived(
    record: Record, text: str, url: str | None, date: str | None, meta: dict, file: InputFile, spec: InputSpec
) -> Document:
    """The document of an archive's record; its id holds the place inside of a gzip member of several records."""
    key = b"%b\0%d" % (file.name.encode(), record.offset - record.inner) if record.inner else file.name.encode()
    identity = document_id(key, record.inner or record.offset, record.payload)
    provenance = spec.provenance or "organic"
    return Document(identity, text, url, spec.source, date, provenance, dump_meta(meta), file.name, record.offset)


def _frame(window: Window, base: int, limit: int) -> Record | Fault:
    """The next record, or the fault that stands in its place. Moves behind it, or to the next record."""
    start = window.position
    offset = base + start
    window.ensure(HEADER_BYTES + NEAR)
    excerpt = window.peek(0, EXCERPT_BYTES)

    def fault(reason: str, message: str, inside: int) -> Fault:
        """Skips to the next record, looking for it from `inside` the broken one on."""
        window.skip(inside)
        window.skip_to_record()
        last = not window.ensure(1)
        return Fault(offset, reason, message, window.position - start, excerpt, last)

    if not excerpt.startswith(_VERSION):
        return fault("garbage", "bytes that belong to no record", 0)
    head_size = _header_size(window)
    following = window.record_within(1, head_size or HEADER_BYTES)
    if following is not None:
        return fault("header", "header ends early: another record begins in it", following)
    if head_size is None:
        ended = window.ensure(HEADER_BYTES) < HEADER_BYTES
        return fault(*(("truncated", "header ends early") if ended else ("header", "header too long")), len(_VERSION))
    head = window.peek(0, head_size)
    headers = parse_headers(head)
    length = headers.get("Content-Length") if headers is not None else None
    if headers is None or length is None or not re.fullmatch(r"[0-9]{1,15}", length):
        return fault("header", "no valid WARC header with a Content-Length", head_size)
    size = head_size + int(length)
    if window.remaining is not None and size > window.remaining:
        return _short(fault("truncated", "record ends early", head_size), size, cut=True)
    if size > limit + head_size:
        return _skip_large(window, offset, size, head_size, excerpt, fault)
    view = window.ensure(size + NEAR)
    if view < size:
        cut = window.damage is not None or window.remaining is not None
        return _short(fault("truncated", "record ends early", head_size), size, cut)
    real = size if _ends_record(window.peek(size, size + 4)) else near_end(window, head_size, size, _BLANKS)
    if real is None:
        return _wrong_length(fault("", "", head_size))
    payload = window.peek(head_size, real)
    if _VERSION in payload and reaches_over(window, head_size, real):
        return _wrong_length(fault("", "", head_size))
    if window.damage is not None and window.damage.reason == "corrupt" and view < size + 5:
        window.skip(view)
        return Fault(offset, "corrupt", "record may be damaged", size, excerpt)
    window.skip(real)
    return Record(offset, start, head, headers, payload, real, off=size - real)


def _short(fault: Fault, size: int, cut: bool) -> Fault:
    """A record that would reach beyond its stream: cut off when the stream may be and nothing follows, else its length
    is wrong."""
    if not cut or not fault.last or size > 1 << 40:
        fault.reason, fault.message = "content_length", "Content-Length reaches beyond the data"
    return fault


def _wrong_length(fault: Fault) -> Fault:
    fault.reason, fault.message = "content_length", "record does not end where its Content-Length says"
    return fault


def _skip_large(
    window: Window, offset: int, size: int, head_size: int, excerpt: bytes, fault: Callable[[str, str, int], Fault]
) -> Fault:
    start = window.position
    sound, enough, inside = skip_large(window, size, head_size, lambda w: _ends_record(w.peek(0, min(4, w.ensure(4)))))
    passed = window.position - start
    if sound:
        message = f"record of {size:,} bytes{headers_inside(inside)}"
        return Fault(offset, "too_large", message, passed, excerpt)
    if passed:
        ended = Fault(offset, "truncated", "record ends early", passed, excerpt, last=not window.ensure(1))
        return _short(ended, size, cut=window.damage is not None) if not enough else _wrong_length(ended)
    return _wrong_length(fault("", "", head_size))


def _ends_record(trailer: bytes) -> bool:
    """Whether the four bytes behind a payload are line ends, the end of the data, or already the next record."""
    return _VERSION.startswith(trailer.lstrip(b"\r\n"))


def _header_size(window: Window) -> int | None:
    ends = [found + len(blank) for blank in (b"\r\n\r\n", b"\n\n") if (found := window.find(blank, HEADER_BYTES)) >= 0]
    return min(ends, default=None)


def _size(block: bytes) -> int | None:
    ends = [found + len(blank) for blank in _BLANKS if (found := block.find(blank)) >= 0]
    headers = parse_headers(block[: min(ends)]) if ends else None
    length = headers.get("Content-Length") if headers is not None else None
    return min(ends) + int(length) if length and re.fullmatch(r"[0-9]{1,15}", length) else None


# Anywhere in a line: a record that was cut off may end without a line end.
_NEXT = re.compile(rb"(WARC/[0-9]\.[0-9]{1,2}\r?\n[A-Za-z][A-Za-z0-9-]{0,40}:)")
FRAMING = Framing(re.compile(_VERSION), _NEXT, 64, _size, 4, _frame)
