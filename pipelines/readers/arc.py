"""ARC (version 1 and 2), plain, gzip or zstd: what crawlers wrote before WARC, the Internet Archive's among them.

A record is a line (URL, IP address, time stamp, MIME type, …, length, between spaces) and so many bytes, most often an HTTP
response. The first record of a file describes the file (`filedesc://`).
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import ClassVar

from fastwarc.warc import HeaderMap

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
from algok.pipelines.readers.warc import archived

# URL, IP address, 14 digits of time (fewer in old files), MIME type, perhaps other fields, length.
_LINE = (
    rb"[a-z][a-z0-9+.-]{1,20}:[^ \r\n]{1,8000} [0-9a-fA-F.:]{3,45} [0-9]{8,14} (?:[^\r\n]{0,2000}? )?[0-9]{1,15}\r?\n"
)
_START = rb"[a-z][a-z0-9+.-]{1,20}:[^ \r\n]{1,200}"
_HEADER = re.compile(_LINE)
_SCHEME = re.compile(rb"(?:https?|ftp|filedesc)://|dns:")
# A piece of an address, behind which no whole address stands within one: `http://web.example.org/http://…` is none.
_PIECE = re.compile(rb"[a-z]{1,8}(?::/{0,2})?|[a-z]{2,8}:.*[A-Za-z0-9_.~-]")
_DNS = "text/dns"


class Arc(FramedReader):
    """A fetched page."""

    name = "arc"
    extensions = tuple(f".arc{tail}" for tail in ("", ".gz", ".zst"))
    takes_groups = True
    takes_ocr: ClassVar[bool] = True

    def sniff(self, head: bytes) -> bool:
        return head.startswith(b"filedesc://")

    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Records; `head` has their headers."""
        for item in items(source, limits.document_bytes + HEADER_BYTES, _FRAMING):
            yield item.frame()

    def documents(
        self, frames: Frames, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard
    ) -> Iterator[Chunk]:
        """Documents of a shard; offsets are as those of WARC."""
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
    record = Record.of(item, _headers)
    url, mime = record.headers.get("URL") or "", record.headers.get("Content-Type") or ""
    if url.startswith("filedesc:"):
        raise Ignored("warcinfo")
    if mime == _DNS:
        raise Ignored("metadata")
    with watched(pages.guard, record.offset):
        text, meta = fetched_page(record.payload, mime, pages, limits.document_bytes, Place(file.name, record.offset))
        size = len(text.encode())
    if record.off:
        meta["content_length_off"] = record.off
    return archived(record, text, url, _date(record.headers.get("Date") or ""), meta, file, spec), size


def _date(stamp: str) -> str | None:
    """ISO 8601 of a time stamp of 14 digits, or of its first 8 where there are fewer."""
    if not stamp.isdigit() or len(stamp) < 8:
        return None
    day = f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]}"
    return f"{day}T{stamp[8:10]}:{stamp[10:12]}:{stamp[12:14]}Z" if len(stamp) == 14 else day


def _frame(window: Window, base: int, limit: int) -> Record | Fault:
    """The next record, or the fault that stands in its place. Moves behind it, or to the next record."""
    start = window.position
    offset = base + start
    window.ensure(HEADER_BYTES)
    excerpt = window.peek(0, EXCERPT_BYTES)

    def fault(reason: str, message: str, inside: int) -> Fault:
        window.skip(inside)
        window.skip_to_record()
        return Fault(offset, reason, message, window.position - start, excerpt, not window.ensure(1))

    if cut := _cut_line(window.peek(0, _FRAMING.longest).partition(b"\n")[0] + b"\n"):
        window.skip(cut)
        return Fault(offset, "truncated", "record ends in its first line, where another begins", cut, excerpt[:cut])
    line = _HEADER.match(window.peek(0, HEADER_BYTES))
    if line is None:
        return fault("garbage", "bytes that belong to no record", 1)
    head_size = line.end()
    fields = line[0].split()
    length = int(fields[-1])
    size = head_size + length
    if window.remaining is not None and size > window.remaining:
        return fault("truncated", "record ends early, or its length is wrong", head_size)
    if length > limit:
        return _skip_large(window, offset, size, head_size, excerpt, fault)
    if window.ensure(size + HEADER_BYTES) < size:
        return fault("truncated", "record ends early, or its length is wrong", head_size)
    # A length two bytes too large would cut the first letter of the next record's URL.
    early = window.record_within(max(head_size, size - NEAR), size) is not None
    sound = not early and _ends_record(window.peek(size, size + HEADER_BYTES))
    real = size if sound else near_end(window, head_size, size, (b"\n",))
    if real is None or reaches_over(window, head_size, real):
        return fault("content_length", "record does not end where its length says", head_size)
    payload = window.peek(head_size, real)
    window.skip(real)
    return Record(offset, start, line[0], _headers(line[0]), payload, real, off=size - real)


def _headers(line: bytes) -> HeaderMap:
    """What the line says, by the names of HTTP."""
    fields = line.split()
    headers = HeaderMap("utf-8")
    for name, value in (
        ("URL", fields[0]),
        ("Date", fields[2]),
        ("Content-Type", fields[3] if len(fields) > 4 else b""),
    ):
        headers.append(name, value.decode("utf-8", "replace"))
    return headers


def _cut_line(line: bytes) -> int | None:
    """Where the next record begins in the first line of one that was cut off there."""
    address_end = line.find(b" ")
    for scheme in reversed(list(_SCHEME.finditer(line, 1))):
        at = scheme.start()
        if _HEADER.match(line, at) and (0 <= address_end < at or _PIECE.fullmatch(line, 0, at)):
            return at
    return None


def _skip_large(
    window: Window, offset: int, size: int, head_size: int, excerpt: bytes, fault: Callable[[str, str, int], Fault]
) -> Fault:
    start = window.position
    sound, _, inside = skip_large(
        window, size, head_size, lambda w: w.ensure(HEADER_BYTES) >= 0 and _ends_record(w.peek(0, HEADER_BYTES))
    )
    passed = window.position - start
    if sound:
        message = f"record of {size:,} bytes{headers_inside(inside)}"
        return Fault(offset, "too_large", message, passed, excerpt, last=not window.ensure(1))
    if passed:
        message = "record ends early, or its length is wrong"
        return Fault(offset, "truncated", message, passed, excerpt, last=not window.ensure(1))
    return fault("content_length", "record does not end where its length says", head_size)


def _ends_record(behind: bytes) -> bool:
    """Whether what stands behind a payload is the next record, a broken one too, or the end of the data."""
    following = behind.lstrip(b"\r\n")
    broken = len(following) < len(behind) and _SCHEME.match(following)
    return len(following) < 100 or bool(_HEADER.match(following) or broken)


def _size(block: bytes) -> int | None:
    line = _HEADER.match(block)
    return line.end() + int(line[0].split()[-1]) if line else None


_FRAMING = Framing(re.compile(_START), re.compile(rb"\n(" + _LINE + rb")"), 12 << 10, _size, 2, _frame)
