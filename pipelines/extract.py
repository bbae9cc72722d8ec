"""A fetched page to its main text: charset, markup safety, main content with a measured fallback, feeds, plain text."""

import re
from dataclasses import dataclass
from typing import Literal

from algok.pipelines.charset import Source, decode

Reason = Literal["too_large", "too_deep", "not_text", "undecodable", "parser"]


@dataclass(frozen=True, slots=True)
class ExtractLimits:
    """What one page may cost: `bytes` of body, and `depth` of open elements as counted before parsing."""

    bytes: int = 8 << 20
    depth: int = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """A page's main text and title, and how its bytes were decoded (see `charset.Decoded`)."""

    text: str
    title: str
    encoding: str
    encoding_source: Source
    replaced: int


class ExtractError(Exception):
    """A page that gives no text; `reason` says of which kind, the message why."""

    def __init__(self, reason: Reason, message: str):
        super().__init__(message)
        self.reason = reason
        self.message = message


_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_XML_TYPES = frozenset({"text/xml", "application/xml", "application/rss+xml", "application/atom+xml", "application/rdf+xml"})
# Types that servers give to anything; the bytes decide.
_VAGUE_TYPES = frozenset({"", "application/octet-stream", "application/x-httpd-php", "unknown/unknown", "*/*", "text/*"})
_MAGIC = (b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"RIFF", b"BM", b"\x7fELF", b"Rar!", b"wOF", b"OggS", b"ID3", b"7z\xbc\xaf")  # fmt: skip

_FEED = re.compile(r"<(?:rss|rdf:RDF|feed)[\s>]")


def extract(
    body: bytes, http_charset: str | None, limits: ExtractLimits = ExtractLimits(), content_type: str | None = None
) -> Page:
    """The main text of a fetched page; raises ExtractError, and nothing else, when there is none to be had.

    `content_type` is the MIME type of the HTTP response; without one (or with one that says nothing) the bytes decide.
    Time is linear in the length of `body`.
    """
    if len(body) > limits.bytes:
        raise ExtractError("too_large", f"body of {len(body)} bytes, limit {limits.bytes}")
    kind = _kind(body, content_type)
    decoded = decode(body, http_charset)
    text = decoded.text
    if kind == "plain":
        page_text, title = text, ""
    elif kind == "xml" and (match := _FEED.search(text, 0, 4096)):
        page_text, title = _feed(text[match.start() :], limits)
    elif kind == "xml" and not _HTML_ROOT.search(text, 0, 4096):
        raise ExtractError("not_text", "XML that is neither a feed nor XHTML")
    else:
        page_text, title = _html(text, limits)
    if not page_text and decoded.replaced > len(text) // 2:
        raise ExtractError("undecodable", f"{decoded.replaced} of {len(text)} characters undecodable as {decoded.encoding}")
    return Page(_tidy(page_text), _one_line(title), decoded.encoding, decoded.source, decoded.replaced)
