"""What every extractor shares: the body of a page, limits, the page that comes of it, and why none does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple

from algok.pipelines.extraction.charset import Decoded, Evidence, decode

Reason = Literal[
    "too_large", "too_deep", "not_text", "undecodable", "parser", "frame_only",
    "truncated", "corrupt", "encrypted", "hwp3", "needs_ocr",
]  # fmt: skip

# Types that servers give to anything; the bytes decide.
VAGUE_TYPES = frozenset(
    {
        "",
        "application/octet-stream",
        "application/x-httpd-php",
        "unknown/unknown",
        "application/unknown",
        "*/*",
        "text/*",
    }
)
_SNIFFED = 4096  # characters in which a root element is looked for
_MOST_REPLACED = 0.3  # share of characters that fit no encoding, above which a body is no text


@dataclass(frozen=True, slots=True)
class ExtractLimits:
    """What one page may cost: `bytes` of body, and `depth` of open elements as counted before parsing. Documents (PDF, HWP …)
    have bounds of their own: `document` bytes, `unpacked` bytes of all members, `pages`."""

    bytes: int = 8 << 20
    depth: int = 10_000
    document: int = 128 << 20
    unpacked: int = 128 << 20
    pages: int = 10_000


class MissingPage(NamedTuple):
    """A page of a document whose text is not in the file: its number from 1, why, and its size in points."""

    number: int
    reason: str
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Page:
    """A page's main text and title, and how its bytes were decoded (see `charset.Decoded`). Formats that hold characters and
    not bytes leave the encoding empty; `meta` is what a document says of itself, its title included; `pages` is how many pages
    it has where some are missing or came from an OCR, `missing` and `filled` which."""

    text: str
    title: str
    encoding: str = ""
    encoding_source: Evidence | Literal[""] = ""
    replaced: int = 0
    meta: dict[str, Any] = field(default_factory=dict)
    pages: int = 0
    missing: tuple[MissingPage, ...] = ()
    filled: int = 0

    @property
    def described(self) -> dict[str, Any]:
        """Meta of the document that the page becomes."""
        meta = {"title": self.title, "encoding": self.encoding, "encoding_source": self.encoding_source, **self.meta}
        meta["replaced"] = self.replaced or None
        return {key: value for key, value in meta.items() if value}


class ExtractError(Exception):
    """A page that gives no text; `reason` says of which kind, `message` why, `page` what is known of the document."""

    def __init__(self, reason: Reason, message: str, page: Page | None = None):
        super().__init__(reason, message)
        self.reason = reason
        self.message = message
        self.page = page

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@dataclass(frozen=True)
class Body:
    """The bytes of a page and what is said of them: the charset and the MIME type of its server, each possibly wrong."""

    data: bytes
    charset: str | None = None
    mime: str = ""
    limits: ExtractLimits = ExtractLimits()
    ocr: Mapping[int, str] = field(default_factory=dict)  # page from 1 -> the text that an OCR found on it
    alive: Callable[[], object] = bool  # called between the pages of a long document, each of which has its own time

    @cached_property
    def decoded(self) -> Decoded:
        """The bytes as text; decoded when first asked for."""
        return decode(self.data, self.charset)

    @property
    def head(self) -> str:
        """The text's beginning, in which a root element is looked for."""
        return self.decoded.text[:_SNIFFED]

    @property
    def is_vague(self) -> bool:
        return self.mime in VAGUE_TYPES

    def page(self, text: str, title: str = "") -> Page:
        """The page with this text and title."""
        decoded = self.decoded
        return Page(text, " ".join(title.split()), decoded.encoding, decoded.source, decoded.replaced)

    def check_decoded(self) -> None:
        """Raises ExtractError where too much of the body fits no encoding."""
        decoded = self.decoded
        if len(decoded.text) and decoded.replaced > _MOST_REPLACED * len(decoded.text):
            message = f"{decoded.replaced} of {len(decoded.text)} characters fit no encoding"
            raise ExtractError("undecodable", message)
