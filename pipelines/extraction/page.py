"""What every extractor shares: the body of a page, limits, the page that comes of it, and why none does."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from algok.pipelines.extraction.charset import Decoded, Evidence, decode

Reason = Literal["too_large", "too_deep", "not_text", "undecodable", "parser", "frame_only"]

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
    """What one page may cost: `bytes` of body, and `depth` of open elements as counted before parsing."""

    bytes: int = 8 << 20
    depth: int = 10_000


@dataclass(frozen=True, slots=True)
class Page:
    """A page's main text and title, and how its bytes were decoded (see `charset.Decoded`)."""

    text: str
    title: str
    encoding: str
    encoding_source: Evidence
    replaced: int


class ExtractError(Exception):
    """A page that gives no text; `reason` says of which kind, `message` why."""

    def __init__(self, reason: Reason, message: str):
        super().__init__(reason, message)
        self.reason = reason
        self.message = message

    def __str__(self) -> str:
        return f"{self.reason}: {self.message}"


@dataclass(frozen=True)
class Body:
    """The bytes of a page and what is said of them: the charset and the MIME type of its server, each possibly wrong."""

    data: bytes
    charset: str | None = None
    mime: str = ""
    limits: ExtractLimits = ExtractLimits()

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
