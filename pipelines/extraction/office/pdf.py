"""PDF over pdfium: the text of each page in the order of its content, lines joined to paragraphs, running heads dropped.

Producers of Korean documents write content in reading order, so it is kept, unless the columns of a page are mixed line by
line (`placed.py`). Pages whose text is not in the file (scans, outlines, glyphs without characters) take the text that an OCR
found on them, where there is one; the others are named with the reason, for whoever has an OCR. A document of which more
than a fifth is missing is quarantined.
"""

import ctypes
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pypdfium2
from pypdfium2 import raw

from algok.pipelines.extraction.office.describe import description
from algok.pipelines.extraction.office.fonts import use_boxes
from algok.pipelines.extraction.office.lines import join_pages
from algok.pipelines.extraction.office.pages import PageFigures, figures
from algok.pipelines.extraction.office.placed import (
    chars_of,
    gutter_of,
    in_columns,
    in_lines,
    overlapping,
    runs_of,
    written_by_font,
)
from algok.pipelines.extraction.office.symbols import readable
from algok.pipelines.extraction.page import Body, ExtractError, MissingPage, Page
from algok.pipelines.extraction.tidy import tidy

MAGIC = b"%PDF-"
MOST_MISSING = 0.2  # share of pages without their text, above which a document is not kept
MOST_SCANNED = 0.5  # the same where pages may be pictures of a document with text
_NAMED_PAGES = 40  # in a message
_FEW = 50  # characters, below which a page is looked through for images and outlines
_LOCKED = frozenset({raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY})


class _Page(NamedTuple):
    text: str
    figures: PageFigures
    overlapping: float = 0.0
    size: tuple[float, float] = (0.0, 0.0)
    filled: bool = False


def read_pdf(body: Body) -> Page:
    """A PDF as one page."""
    document = _opened(body.data)
    try:
        count = len(document)
        if count > body.limits.pages:
            raise ExtractError("too_large", f"{count:,} pages, limit {body.limits.pages:,}")
        pages = _pages(document, count, body)
        said = _said(document)
    finally:
        document.close()
    pages = _filled(pages, body.ocr, body.limits.unpacked)
    missing = tuple(
        MissingPage(number, page.figures.missing, *page.size)
        for number, page in enumerate(pages, 1)
        if page.figures.missing
    )
    known = Page("", "", pages=count, missing=missing, filled=sum(page.filled for page in pages))
    pictures = sum(page.reason == "scanned" for page in missing)  # a page that is a photograph has lost nothing
    if len(missing) - pictures > MOST_MISSING * count or len(missing) > MOST_SCANNED * count:
        raise ExtractError("needs_ocr", _message(missing, count), known)
    date = said.get("CreationDate", "").removeprefix("D:")
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}T{date[8:10]}:{date[10:12]}:{date[12:14]}" if len(date) >= 14 else ""
    meta = description("pdf", said.get("Title", ""), said.get("Author", ""), day)
    meta["pages"] = _figures(pages, missing)
    text = tidy(readable(join_pages([page.text for page in pages])))
    return replace(known, text=text, title=meta.pop("title", ""), meta=meta)


def _opened(data: bytes) -> pypdfium2.PdfDocument:
    use_boxes()
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code in _LOCKED:
            raise ExtractError("encrypted", "needs a password") from None
        cut = b"%%EOF" not in data[-2048:]
        message = "ends early" if cut else "cannot be read as PDF"
        raise ExtractError("truncated" if cut else "corrupt", message) from None


def _said(document: pypdfium2.PdfDocument) -> dict[str, str]:
    """Title, author and date; nothing where they are damaged, since the text does not need them."""
    try:
        return document.get_metadata_dict()
    except UnicodeError:
        return {}


def _pages(document: pypdfium2.PdfDocument, count: int, body: Body) -> list[_Page]:
    pages = list(_read_pages(document, count, body, _text))
    if written_by_font([page.overlapping for page in pages if page.figures.chars]):
        pages = list(_read_pages(document, count, body, lambda texts: in_lines(chars_of(texts))))
    return pages


def _read_pages(
    document: pypdfium2.PdfDocument, count: int, body: Body, read: Callable[[pypdfium2.PdfTextPage], str]
) -> Iterator[_Page]:
    left = body.limits.unpacked
    for number in range(count):
        body.alive()
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            yield _Page("", PageFigures(0, 0.0, 0.0, 0.0, "damaged"))
            continue
        texts = page.get_textpage()
        try:
            runs = runs_of(texts)
            gutter = gutter_of(runs, page.get_width())
            text = read(texts) if gutter is None else in_columns(chars_of(texts), gutter)
            left -= len(text)
            if left < 0:
                raise ExtractError("too_large", "its text unfolds to more than the limit")
            found = figures(text, lambda page=page: _drawn(page))
            yield _Page(text, found, overlapping(runs), page.get_size())
        finally:
            texts.close()
            page.close()


def _filled(pages: list[_Page], ocr: Mapping[int, str], limit: int) -> list[_Page]:
    """The pages, those without their text with what an OCR found on them. Raises ExtractError where that is too long."""
    if not ocr:
        return pages
    found = []
    for number, page in enumerate(pages, 1):
        if page.figures.missing and number in ocr:
            text = ocr[number]
            limit -= len(text)
            said = figures(text, lambda: (0.0, 0))
            page = page._replace(text=text, figures=said._replace(images=page.figures.images, missing=""), filled=True)
        found.append(page)
    if limit < 0:
        raise ExtractError("too_large", "the text that an OCR found on its pages is longer than the limit")
    return found


def _text(texts: pypdfium2.PdfTextPage) -> str:
    return texts.get_text_range() if texts.count_chars() > 0 else ""


def _drawn(page: pypdfium2.PdfPage) -> tuple[float, int]:
    """The share of a page that its images cover, and how many shapes are drawn on it."""
    area = paths = 0
    edges = [ctypes.c_float() for _ in range(4)]
    for place in range(raw.FPDFPage_CountObjects(page)):
        thing = raw.FPDFPage_GetObject(page, place)
        kind = raw.FPDFPageObj_GetType(thing)
        paths += kind == raw.FPDF_PAGEOBJ_PATH
        if kind == raw.FPDF_PAGEOBJ_IMAGE and raw.FPDFPageObj_GetBounds(thing, *edges):
            left, bottom, right, top = (edge.value for edge in edges)
            area += max(0.0, right - left) * max(0.0, top - bottom)
    whole = page.get_width() * page.get_height()
    return min(1.0, area / whole) if whole > 0 else 0.0, paths


def _message(missing: tuple[MissingPage, ...], count: int) -> str:
    reasons = sorted({page.reason for page in missing})
    named = ", ".join(str(page.number) for page in missing[:_NAMED_PAGES])
    more = ", …" if len(missing) > _NAMED_PAGES else ""
    return f"{len(missing)} of {count} pages have no text of their own ({', '.join(reasons)}): {named}{more}"


def _figures(pages: list[_Page], missing: tuple[MissingPage, ...]) -> dict[str, Any]:
    """What meta says of the pages: figures of each in lists, those that need OCR with the reason, and those that had one."""
    figures_of = [page.figures for page in pages]
    found: dict[str, Any] = {
        "count": len(pages),
        "chars": [page.chars for page in figures_of],
        "hangul": [round(page.hangul, 2) for page in figures_of],
    }
    if any(page.private for page in figures_of):
        found["private"] = [round(page.private, 2) for page in figures_of]
    if any(page.images for page in figures_of):
        found["images"] = [round(page.images, 2) for page in figures_of]
    if missing:
        found["needs_ocr"] = [{"page": page.number, "reason": page.reason} for page in missing]
    if filled := [number for number, page in enumerate(pages, 1) if page.filled]:
        found["ocr"] = filled
    return found
