"""WARC and WET, plain, gzip or zstd.

Headers are parsed by FastWARC; the framing of records is our own. FastWARC's iterator (2.0.1) stops silently where a
file is cut, stops at the first damage, and lets a wrong Content-Length swallow the records behind it. Here each gzip
member stands for itself, a record ends where its trailer is, and reading goes on behind damage.
"""

import io
import os
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fastwarc.stream_io import BrotliReader, ZstdReader
from fastwarc.warc import HeaderMap

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.extraction.html import ExtractError, ExtractLimits, extract
from algok.pipelines.readers.base import Chunk, Collector, Guard, ReadLimits
from algok.pipelines.readers.inputs import InputFile, InputSpec, Shard
from algok.pipelines.readers.streams import Damaged, InputStream, blocks, compression, decompress, gzip_decoder

_HEADER_BYTES = 64 << 10  # longest header block, WARC or HTTP
_FEED_BYTES = 16 << 10
_SCAN_BYTES = 1 << 20
_EXCERPT_BYTES = 1024
_GZIP = b"\x1f\x8b\x08"
_VERSION = b"WARC/"

_SKIPPED_TYPES = frozenset({"warcinfo", "request", "metadata", "revisit", "continuation"})
# What extract() reads: HTML, feeds and XHTML sent as XML, plain text, and the types that servers give to anything.
_PAGE_TYPES = frozenset(
    {"text/html", "application/xhtml+xml", "text/xml", "application/xml", "application/rss+xml", "application/atom+xml"}
    | {"application/rdf+xml", "text/plain", "application/octet-stream", "application/x-httpd-php", "unknown/unknown"}
    | {"*/*", "text/*"}
)
_COUNTED_TYPES = frozenset({"image", "audio", "video", "font", "text", "application", "message", "multipart", "model"})
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]{1,64})", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"\s*([0-9a-fA-F]{1,8})\s*(?:;[^\r\n]*)?\r?\n")


@dataclass
class _Record:
    """A framed record. `inner` is its place in the decompressed gzip member that starts at `offset - inner`."""

    offset: int
    inner: int
    headers: HeaderMap
    payload: bytes
    size: int


@dataclass
class _Fault:
    """A record, or a stretch of bytes, that cannot be read. `last`: nothing behind it in its member or file can."""

    offset: int
    reason: str
    message: str
    size: int
    excerpt: bytes = b""
    last: bool = False


def read_warc(shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
    """Documents of a WARC or WET shard. An offset is where the record starts in the file: its gzip member, plus its
    place in the member where that holds several. For zstd it is the place in the decompressed stream."""
    collector = Collector()
    for file in shard.files:
        with InputStream(file.url) as source:
            for item in _items(source, limits.document_bytes + _HEADER_BYTES):
                if isinstance(item, _Fault):
                    collector.quarantine(
                        file.name, item.offset, item.reason, item.message, size=item.size, payload=item.excerpt
                    )
                else:
                    _read_record(item, file, spec, limits, guard, collector)
                if collector.ready:
                    yield from collector.drain()
    yield from collector.finish()


# Framing


def _items(source: InputStream, limit: int) -> Iterator[_Record | _Fault]:
    """Everything in a file, in order."""
    kind = compression(source.read(8))
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if kind == "gzip":
        yield from _gzip_items(source, size, limit)
        return
    window = _Window(blocks(source)) if kind else _Window(_feed(source), source, size)
    for item in _frames(window, 0, limit):
        if isinstance(item, _Fault) and item.last:
            item.message += f"; nothing is read from byte {item.offset} on"
        yield item


def _feed(source: InputStream) -> Iterator[bytes]:
    while block := source.read(_SCAN_BYTES):
        yield block


def _gzip_items(source: InputStream, size: int, limit: int) -> Iterator[_Record | _Fault]:
    """Members one by one. After damage, reading goes on at the next member that begins with a record."""
    at = 0
    while at < size:
        source.seek(at)
        if source.read(len(_GZIP)) != _GZIP:
            at = yield from _between_members(source, at, size)
            continue
        source.seek(at)
        decoder = gzip_decoder()
        window = _Window(decompress(decoder, lambda: source.read(_FEED_BYTES)))
        fault = None
        for item in _frames(window, at, limit):
            if isinstance(item, _Fault) and item.last:
                fault = item
            else:
                yield item
        if window.damage is None:
            at = source.tell() - len(decoder.unused_data)
        else:
            # The damage lies in what was fed last; a member cut short is followed by the next one there, or earlier.
            at = _next_member(source, max(at + 1, source.tell() - 2 * _FEED_BYTES), size)
        if fault is not None:
            fault.message += _goes_on(fault.offset, at, size)
            yield fault


def _between_members(source: InputStream, at: int, size: int) -> Iterator[_Fault]:
    """Passes over what is no gzip member; zeros are legal padding. Returns where the next member starts."""
    following = _next_member(source, at, size)
    source.seek(at)
    excerpt, left, zeros = b"", following - at, True
    while left and zeros:
        block = source.read(min(left, _SCAN_BYTES))
        left -= len(block)
        excerpt = excerpt or block[:_EXCERPT_BYTES]
        zeros = not block.strip(b"\0")
    if not zeros:
        message = f"bytes that belong to no gzip member{_goes_on(at, following, size)}"
        yield _Fault(at, "garbage", message, following - at, excerpt)
    return following


def _goes_on(at: int, following: int, size: int) -> str:
    return f"; reading goes on at byte {following}" if following < size else f"; nothing is read from byte {at} on"


def _next_member(source: InputStream, start: int, size: int) -> int:
    """Offset of the next gzip member that begins with a WARC record, or the file's size."""
    at = start
    while at < size:
        source.seek(at)
        block = source.read(_SCAN_BYTES)
        found = -1
        while (found := block.find(_GZIP, found + 1)) >= 0:
            if _begins_record(source, at + found):
                return at + found
        if at + len(block) >= size or not block:
            break
        at += len(block) - len(_GZIP) + 1
    return size


def _begins_record(source: InputStream, at: int) -> bool:
    source.seek(at)
    try:
        return gzip_decoder().decompress(source.read(512), len(_VERSION)) == _VERSION
    except zlib.error:
        return False


class _Window:
    """A moving view of a byte stream: looks ahead as far as asked, and notes damage instead of raising it."""

    def __init__(self, stream: Iterator[bytes], source: InputStream | None = None, size: int | None = None):
        self._stream = stream
        self._source = source  # for plain files, where skipping is seeking
        self._size = size
        self._buffer = bytearray()
        self._at = 0
        self._ended = False
        self.position = 0
        self.damage: Damaged | None = None

    @property
    def remaining(self) -> int | None:
        """Bytes left, where known beforehand."""
        return None if self._size is None else self._size - self.position

    def ensure(self, size: int) -> int:
        """Bytes in view, at least `size` unless the stream ends before."""
        while len(self._buffer) - self._at < size and not self._ended:
            self._fill()
        return len(self._buffer) - self._at

    def peek(self, start: int, end: int) -> bytes:
        return bytes(memoryview(self._buffer)[self._at + start : self._at + end])

    def find(self, needle: bytes, end: int) -> int:
        """Where the needle is within the next `end` bytes in view, or -1."""
        found = self._buffer.find(needle, self._at, self._at + end)
        return found - self._at if found >= 0 else -1

    def skip(self, size: int) -> int:
        """Moves on; gives how far, which is less at the end of the stream."""
        start = self.position
        view = len(self._buffer) - self._at
        if size > view and self._source is not None:
            self.seek(min(self.position + size, self._size))
            return self.position - start
        while size > view:
            self._forward(view)
            size -= view
            view = self.ensure(1)
            if not view:
                return self.position - start
        self._forward(size)
        return self.position - start

    def seek(self, position: int) -> None:
        """Moves anywhere in a plain file."""
        self._source.seek(position)
        self._buffer.clear()
        self._at = 0
        self._ended = False
        self.position = position

    def skip_newlines(self) -> bool:
        """Passes over line ends; False at the end of the stream."""
        while self.ensure(1):
            piece = self.peek(0, 4096)
            blank = len(piece) - len(piece.lstrip(b"\r\n"))
            self._forward(blank)
            if blank < len(piece):
                return True
        return False

    def skip_to_record(self) -> int:
        """Moves to the next line that begins like a record, or to the end; gives how far."""
        start = self.position
        marker = b"\n" + _VERSION
        while True:
            found = self._buffer.find(marker, self._at)
            if found >= 0:
                self._forward(found + 1 - self._at)
                break
            view = len(self._buffer) - self._at
            self._forward(max(0, view - len(marker) + 1))
            kept = min(view, len(marker) - 1)
            if self.ensure(kept + 1) == kept:
                self._forward(kept)
                break
        return self.position - start

    def _forward(self, size: int) -> None:
        self._at += size
        self.position += size
        if self._at >= _SCAN_BYTES:
            del self._buffer[: self._at]
            self._at = 0

    def _fill(self) -> None:
        try:
            self._buffer += next(self._stream)
        except StopIteration:
            self._ended = True
            if self._source is not None:
                self._stream = _feed(self._source)  # a seek back may read on
        except Damaged as damage:
            self._ended = True
            self.damage = damage


def _frames(window: _Window, base: int, limit: int) -> Iterator[_Record | _Fault]:
    """The records of one stream, and a fault for everything else in it."""
    told = False
    while window.skip_newlines():
        item = _frame(window, base, limit)
        if isinstance(item, _Fault) and window.damage is not None and not window.ensure(1):
            item.last = told = True
            item.reason = window.damage.reason
            item.message = f"{item.message}: {window.damage}"
        yield item
    if window.damage is not None and not told:
        yield _Fault(base + window.position, window.damage.reason, str(window.damage), 0, last=True)


def _frame(window: _Window, base: int, limit: int) -> _Record | _Fault:
    """The next record, or the fault that stands in its place. Moves behind it, or to the next record."""
    start = window.position
    offset = base + start
    window.ensure(_HEADER_BYTES)
    excerpt = window.peek(0, _EXCERPT_BYTES)

    def fault(reason: str, message: str, inside: int) -> _Fault:
        """Skips to the next record, looking for it from `inside` the broken one on."""
        window.skip(inside)
        window.skip_to_record()
        last = not window.ensure(1)
        return _Fault(offset, reason, message, window.position - start, excerpt, last)

    if not excerpt.startswith(_VERSION):
        return fault("garbage", "bytes that belong to no record", 0)
    head_size = _header_size(window)
    if head_size is None:
        ended = window.ensure(_HEADER_BYTES) < _HEADER_BYTES
        return fault(*(("truncated", "header ends early") if ended else ("header", "header too long")), len(_VERSION))
    headers = _parse_headers(window.peek(0, head_size))
    length = headers.get("Content-Length") if headers is not None else None
    if length is None or not re.fullmatch(r"[0-9]{1,15}", length):
        return fault("header", "no valid WARC header with a Content-Length", head_size)
    size = head_size + int(length)
    if window.remaining is not None and size > window.remaining:
        return _short(fault("truncated", "record ends early", head_size), size, cut=True)
    if size > limit + head_size:
        return _skip_large(window, offset, size, head_size, excerpt, fault)
    view = window.ensure(size + 5)
    if view < size:
        cut = window.damage is not None or window.remaining is not None
        return _short(fault("truncated", "record ends early", head_size), size, cut)
    if not _ends_record(window.peek(size, size + 4)):
        return fault("content_length", "record does not end where its Content-Length says", head_size)
    if window.damage is not None and window.damage.reason == "corrupt" and view < size + 5:
        window.skip(view)
        return _Fault(offset, "corrupt", "record may be damaged", size, excerpt)
    payload = window.peek(head_size, size)
    window.skip(size)
    return _Record(offset, start, headers, payload, size)


def _short(fault: _Fault, size: int, cut: bool) -> _Fault:
    """A record that would reach beyond its stream: cut off when the stream may be and nothing follows, else its length
    is wrong."""
    if not cut or not fault.last or size > 1 << 40:
        fault.reason, fault.message = "content_length", "Content-Length reaches beyond the data"
    return fault


def _skip_large(
    window: _Window, offset: int, size: int, head_size: int, excerpt: bytes, fault: Callable[[str, str, int], _Fault]
) -> _Fault:
    start = window.position
    if window.skip(size) < size:
        ended = _Fault(offset, "truncated", "record ends early", window.position - start, excerpt, last=True)
        return _short(ended, size, cut=window.damage is not None)
    if window.remaining is not None and not _ends_record(window.peek(0, min(4, window.ensure(4)))):
        window.seek(start)
        window.ensure(head_size)
        return fault("content_length", "record does not end where its Content-Length says", head_size)
    return _Fault(offset, "too_large", f"record of {size:,} bytes", size, excerpt)


def _ends_record(trailer: bytes) -> bool:
    """Whether the four bytes behind a payload are line ends, the end of the data, or already the next record."""
    return _VERSION.startswith(trailer.lstrip(b"\r\n"))


def _header_size(window: _Window) -> int | None:
    ends = [found + len(blank) for blank in (b"\r\n\r\n", b"\n\n") if (found := window.find(blank, _HEADER_BYTES)) >= 0]
    return min(ends, default=None)


def _parse_headers(block: bytes) -> HeaderMap | None:
    """A header block; line feeds alone are accepted. None when it is none."""
    if b"\r\n" not in block:
        block = block.replace(b"\n", b"\r\n")
    headers = HeaderMap("utf-8")
    try:
        headers.parse(io.BytesIO(block))
    except (OSError, ValueError):
        return None
    return headers


# From records to documents


class _BadBody(Exception):
    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


def _read_record(
    record: _Record, file: InputFile, spec: InputSpec, limits: ReadLimits, guard: Guard, collector: Collector
) -> None:
    kind = (record.headers.get("WARC-Type") or "").strip().lower()
    if kind not in ("response", "resource", "conversion"):
        collector.ignore(kind if kind in _SKIPPED_TYPES else "unknown_type", record.size)
        return

    def reject(reason: str, message: str) -> None:
        collector.quarantine(
            file.name, record.offset, reason, message, size=record.size, payload=record.payload[:_EXCERPT_BYTES]
        )

    if not guard.enter(record.offset):
        reject("crashed", "ended its worker before")
        return
    try:
        if kind == "conversion":
            text, meta = record.payload.decode("utf-8"), {}
        else:
            ignored, text, meta = _page(record, limits)
            if ignored:
                collector.ignore(ignored, record.size)
                return
        size = len(text.encode())
    except (_BadBody, ExtractError) as error:
        # XML without text, archives under a vague type and the like are no pages, and no damage either.
        if error.reason == "not_text":
            collector.ignore("not_text", record.size)
        else:
            reject(error.reason, str(error))
        return
    except UnicodeError as error:
        reject("utf8", f"text is not valid UTF-8: {error.reason}")
        return
    finally:
        guard.leave()
    if truncated := record.headers.get("WARC-Truncated"):
        meta["truncated"] = truncated
    if record.inner:
        key = b"%b\0%d" % (file.name.encode(), record.offset - record.inner)
        identity = document_id(key, record.inner, record.payload)
    else:
        identity = document_id(file.name.encode(), record.offset, record.payload)
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ") or None
    date = record.headers.get("WARC-Date")
    provenance = spec.provenance or "organic"
    row = (identity, text, url, spec.source, date, provenance, dump_meta(meta), file.name, record.offset)
    collector.document(row, size, record.size)


def _page(record: _Record, limits: ReadLimits) -> tuple[str | None, str, dict]:
    """(reason to ignore it or None, text, meta) of a fetched page; raises _BadBody and ExtractError."""
    payload = record.payload
    http: HeaderMap | None = None
    content_type = record.headers.get("Content-Type") or ""
    if payload.startswith(b"HTTP/"):
        head_size = _http_header_size(payload)
        http = _parse_headers(payload[:head_size])
        if http is None or http.status_code is None:
            raise _BadBody("http", "HTTP header not readable")
        if not 200 <= http.status_code < 300:
            return f"http_{http.status_code // 100}xx", "", {}
        payload = payload[head_size:]
        content_type = http.get("Content-Type") or ""
    elif content_type.startswith("application/http"):
        raise _BadBody("http", "no HTTP response in the record")
    mime = content_type.partition(";")[0].strip().lower()
    if mime and mime not in _PAGE_TYPES:
        family = mime.partition("/")[0]
        return f"content_type:{family if family in _COUNTED_TYPES else 'other'}", "", {}
    if http is not None:
        payload = _decoded_body(payload, http, limits.document_bytes)
    charset = _CHARSET.search(content_type)
    page = extract(
        payload, charset[1] if charset else None, ExtractLimits(limits.page_bytes, limits.nesting), mime or None
    )
    meta = {"title": page.title, "encoding": page.encoding, "encoding_source": page.encoding_source}
    meta["replaced"] = page.replaced or None
    meta["language"] = http.get("Content-Language") if http is not None else None
    return None, page.text, {key: value for key, value in meta.items() if value}


def _http_header_size(payload: bytes) -> int:
    ends = [
        found + len(blank) for blank in (b"\r\n\r\n", b"\n\n") if (found := payload.find(blank, 0, _HEADER_BYTES)) >= 0
    ]
    return min(ends, default=len(payload))


def _decoded_body(body: bytes, http: HeaderMap, limit: int) -> bytes:
    """The body without transfer and content encodings. Crawlers often undo these and leave the headers, so a body that
    already looks decoded is taken as it is."""
    if "chunked" in (http.get("Transfer-Encoding") or "").lower():
        body = _dechunked(body)
    codings = [coding.strip().lower() for coding in (http.get("Content-Encoding") or "").split(",")]
    for coding in reversed(codings):
        if coding in ("", "identity", "none"):
            continue
        try:
            body = _decompressed(body, coding, limit)
        except _BadBody:
            if not body.lstrip()[:1] == b"<":
                raise
    return body


def _dechunked(body: bytes) -> bytes:
    pieces, at = [], 0
    while True:
        line = _CHUNK_SIZE.match(body, at, at + 256)
        if line is None:
            if at == 0:
                return body
            raise _BadBody("chunked", f"no chunk at byte {at} of the body")
        size = int(line[1], 16)
        if size == 0:
            return b"".join(pieces)
        at = line.end() + size
        if at > len(body):
            raise _BadBody("chunked", "last chunk ends early")
        pieces.append(body[line.end() : at])
        at += len(body[at : at + 2]) - len(body[at : at + 2].lstrip(b"\r\n"))


def _decompressed(body: bytes, coding: str, limit: int) -> bytes:
    try:
        if coding in ("gzip", "x-gzip"):
            data = _inflated(body, 31, limit)
        elif coding == "deflate":
            try:
                data = _inflated(body, 15, limit)
            except zlib.error:
                data = _inflated(body, -15, limit)
        elif coding == "br":
            data = BrotliReader(io.BytesIO(body)).read(limit + 1)
        elif coding == "zstd":
            data = ZstdReader(io.BytesIO(body)).read(limit + 1)
        else:
            raise _BadBody("content_encoding", f"unknown content encoding '{coding[:20]}'")
    except (zlib.error, OSError) as error:
        raise _BadBody("content_encoding", f"{coding} body not readable: {error}") from error
    if len(data) > limit:
        raise _BadBody("too_large", f"{coding} body unfolds to more than {limit:,} bytes")
    return data


def _inflated(body: bytes, wbits: int, limit: int) -> bytes:
    """At most `limit` + 1 bytes of a zlib stream; raises zlib.error where it ends early."""
    parts, total = [], 0
    while body:
        decoder = zlib.decompressobj(wbits)
        data = decoder.decompress(body, limit + 1 - total)
        parts.append(data)
        total += len(data)
        if total > limit:
            break
        if not decoder.eof:
            raise zlib.error("data ends early")
        body = decoder.unused_data if decoder.unused_data.startswith(_GZIP) else b""
    return b"".join(parts)
