"""A fetched page, or a file, to its text: the extractor is chosen by MIME type and, where that says little, by the bytes.

An extractor stands in a file of its own and in a line of EXTRACTORS. It says which MIME types it takes (`types`), whether
a body is its own (`recognises`), and makes a page of it (`extract`). Nothing but ExtractError comes from it, and its time
is linear in the length of the body; the guard of the readers watches over both (`readers/collector.py`).
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Protocol

from algok.pipelines.extraction.page import VAGUE_TYPES, Body, ExtractError, ExtractLimits, Page
from algok.pipelines.plugins import load


class Extractor(Protocol):
    """Makes a page of the bodies of some MIME types."""

    types: frozenset[str]

    def recognises(self, body: Body) -> bool:
        """Whether the body is one of its own, by its MIME type and its first bytes."""
        ...

    def extract(self, body: Body) -> Page:
        """The page; raises ExtractError where it has no text."""
        ...


# Asked in this order; the first that recognises a body takes it.
EXTRACTORS = {
    "document": "algok.pipelines.extraction.documents:Documents",
    "feed": "algok.pipelines.extraction.feeds:Feed",
    "html": "algok.pipelines.extraction.html:Html",
    "plain": "algok.pipelines.extraction.plain:Plain",
}

_BINARY = (
    b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"RIFF",
    b"\x7fELF", b"Rar!", b"wOFF", b"wOF2", b"OggS", b"ID3", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd",
)  # fmt: skip


_LIMITS = ExtractLimits()


def extract(
    body: bytes,
    http_charset: str | None = None,
    limits: ExtractLimits = _LIMITS,
    content_type: str | None = None,
    alive: Callable[[], object] = bool,
    ocr: Mapping[int, str] | None = None,
) -> Page:
    """The main text of a page; raises ExtractError, and nothing else, if the page has no text.

    `content_type` is the MIME type of the HTTP response; without one (or with one that says nothing) the bytes decide.
    Time is linear in the length of `body`. `alive` is called between the pages of a long document; `ocr` has the text of
    pages (numbered from 1) that is not in the file.

    >>> extract("<html><body><p>봄이 왔다.</p></body></html>".encode()).text
    '봄이 왔다.'
    """
    mime = (content_type or "").partition(";")[0].strip().lower()
    given = Body(body, http_charset, mime, limits, ocr or {}, alive)
    if _documents().recognises(given):
        return _documents().extract(given)
    if len(body) > limits.bytes:
        raise ExtractError("too_large", f"body of {len(body)} bytes, limit {limits.bytes}")
    if body.startswith(_BINARY):
        raise ExtractError("not_text", "a binary file by its first bytes")
    if not (given.is_vague or mime in taken_types() or mime.endswith(("xml", "+html"))):
        raise ExtractError("not_text", "its content type is none that is taken for text")
    for extractor in _extractors():
        if extractor.recognises(given):
            return extractor.extract(given)
    raise ExtractError(
        "not_text", "bytes that are no text" if given.is_vague else "XML that is neither a feed nor XHTML"
    )


@cache
def taken_types() -> frozenset[str]:
    """The MIME types of which a page can be made, the vague ones included."""
    return VAGUE_TYPES.union(*(extractor.types for extractor in _extractors()))


@cache
def _documents() -> Extractor:
    """The extractor of documents, which have bounds of their own and are binary files."""
    return _extractors()[0]


@cache
def _extractors() -> tuple[Extractor, ...]:
    return tuple(load(place)() for place in EXTRACTORS.values())
