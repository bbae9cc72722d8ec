"""Pages under the guard: bodies of responses, files and columns to their text."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Literal

from algok.pipelines.extraction.documents import DOCUMENT_TYPES, is_document
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError, ExtractLimits, Page
from algok.pipelines.extraction.screen import may_be_korean, text_may_be_korean
from algok.pipelines.readers.collector import Guard, Ignored, RecordError, watched
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.ocr import Ocr, Place

# A text is taken for a page only where it begins and ends as one: an article about HTML must stay as it is.
_BEGINS = re.compile(
    r"\ufeff?\s*+(?:<\?xml[^>]{0,200}+>\s*+)?(?:<!--[^>]{0,400}+-->\s*+)?<(?:!doctype\s+html|html)(?=[\s>])",
    re.IGNORECASE,
)
_ENDS = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
_END_CHARS = 2048
NOT_KOREAN = "not_korean"  # what a page is ignored for that the screen does not let pass


def is_page(text: str) -> bool:
    """Whether a text is a page of HTML as a whole.

    >>> is_page("<!DOCTYPE html><html><body><p>봄</p></body></html>"), is_page("<html> 태그를 배워 보자.")
    (True, False)
    """
    return _BEGINS.match(text) is not None and _ENDS.search(text[-_END_CHARS:]) is not None


class Pages:
    """Extracts under a guard and within limits; for one shard. `ocr` knows the text of pages that is not in their file,
    `screen` which pages are worth parsing."""

    def __init__(
        self, guard: Guard, limits: ReadLimits, ocr: Ocr | None = None, screen: Literal["korean"] | None = None
    ):
        self.guard, self.ocr = guard, ocr
        self._screens = screen is not None
        if self._screens:
            _compile_screen()
        self._limits = ExtractLimits(
            limits.page_bytes, limits.nesting, limits.file_bytes, limits.unpacked_bytes, limits.pages
        )

    def screen(self, body: bytes, charset: str | None, mime: str, languages: Iterable[str | None]) -> None:
        """Raises Ignored for a page that cannot hold Korean text, where that is asked for. Files of word processors and PDF
        always pass: their text is compressed."""
        if not self._screens or mime in DOCUMENT_TYPES or is_document(body):
            return
        if not may_be_korean(body, charset, languages):
            raise Ignored(NOT_KOREAN)

    def screen_text(self, text: bytes, languages: Iterable[str | None]) -> None:
        """The same for what is text already."""
        if self._screens and not text_may_be_korean(text, languages):
            raise Ignored(NOT_KOREAN)

    def read(
        self, body: bytes, charset: str | None = None, mime: str | None = None, place: Place | None = None
    ) -> Page:
        """The page of a body, for callers that hold the guard. Raises Ignored for what is no page at all (archives under a
        vague type, XML without text), RecordError for one that gives no text."""
        results = self.ocr.of(place) if self.ocr and place else None
        try:
            page = extract(body, charset, self._limits, mime, self.guard.renew, results)
            self._note(place, page, body)
            return page
        except ExtractError as error:
            self._note(place, error.page, body)
            if error.reason == "not_text":
                raise Ignored("not_text") from None
            raise RecordError(error.reason, str(error)) from None

    def _note(self, place: Place | None, page: Page | None, body: bytes) -> None:
        if self.ocr and place and page and page.pages:
            self.ocr.note(place, page, len(body))

    def read_column(self, key: int, html: str) -> Page:
        """The page that stands in a column; `key` tells the record to the guard."""
        compile_extraction()
        with watched(self.guard, key):
            return self.read(html.encode("utf-8", "replace"), "utf-8", "text/html")


@cache
def compile_extraction() -> None:
    """Compiles the kernels of charset detection and extraction, before a guard counts the seconds of a record."""
    extract(b"<p>\xb0\xa1", None)


@cache
def _compile_screen() -> None:
    may_be_korean(b"\xb0\xa1")
