"""HTTP responses inside archives: where the header ends, and the body without its encodings."""

import io
import re
import zlib

from fastwarc.stream_io import BrotliReader, ZstdReader
from fastwarc.warc import HeaderMap

from algok.pipelines.extraction.extractor import taken_types
from algok.pipelines.readers.collector import Ignored, RecordError
from algok.pipelines.readers.framing import HEADER_BYTES, parse_headers
from algok.pipelines.readers.ocr import Place
from algok.pipelines.readers.pages import Pages

_GZIP = b"\x1f\x8b\x08"
_COUNTED_TYPES = frozenset({"image", "audio", "video", "font", "text", "application", "message", "multipart", "model"})
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:+-]{1,64})", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"\s*([0-9a-fA-F]{1,8})\s*(?:;[^\r\n]*)?\r?\n")


def fetched_page(
    payload: bytes, content_type: str, pages: Pages, limit: int, place: Place, languages: str | None = None
) -> tuple[str, dict]:
    """Text and meta of a fetched page, from the block of an archive's record and the type that the archive gives.

    Raises Ignored for what is no page, or none that the screen lets pass, RecordError for one that cannot be read; `limit`
    bounds a decompressed body. `languages` are codes that the archive gives the page.
    """
    http: HeaderMap | None = None
    if payload.startswith(b"HTTP/"):
        head_size = header_size(payload)
        http = parse_headers(payload[:head_size])
        if http is None or http.status_code is None:
            raise RecordError("http", "HTTP header not readable")
        if not 200 <= http.status_code < 300:
            raise Ignored(f"http_{http.status_code // 100}xx")
        payload = payload[head_size:]
        content_type = http.get("Content-Type") or ""
    elif content_type.startswith("application/http"):
        raise RecordError("http", "no HTTP response in the record")
    mime = content_type.partition(";")[0].strip().lower()
    if mime and mime not in taken_types():
        family = mime.partition("/")[0]
        raise Ignored(f"content_type:{family if family in _COUNTED_TYPES else 'other'}")
    if http is not None:
        payload = decoded_body(payload, http, limit)
    found = _CHARSET.search(content_type)
    charset = found[1] if found else None
    language = http.get("Content-Language") if http is not None else None
    pages.screen(payload, charset, mime, (language, languages))
    page = pages.read(payload, charset, mime or None, place)
    meta = page.described
    if language:
        meta["language"] = language
    return page.text, meta


def header_size(payload: bytes) -> int:
    ends = [
        found + len(blank) for blank in (b"\r\n\r\n", b"\n\n") if (found := payload.find(blank, 0, HEADER_BYTES)) >= 0
    ]
    return min(ends, default=len(payload))


def decoded_body(body: bytes, http: HeaderMap, limit: int) -> bytes:
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
        except RecordError:
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
            raise RecordError("chunked", f"no chunk at byte {at} of the body")
        size = int(line[1], 16)
        if size == 0:
            return b"".join(pieces)
        at = line.end() + size
        if at > len(body):
            raise RecordError("chunked", "last chunk ends early")
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
            raise RecordError("content_encoding", "unknown content encoding; gzip, deflate, br and zstd are known")
    except (zlib.error, OSError) as error:
        raise RecordError("content_encoding", f"{coding} body not readable: {error}") from error
    if len(data) > limit:
        raise RecordError("too_large", f"{coding} body unfolds to more than {limit:,} bytes")
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
