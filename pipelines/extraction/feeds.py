"""RSS, RDF and Atom: the titles and bodies of a feed's items."""

import html
import re

from algok.pipelines.extraction.html import HTML_TYPES, fragment_text
from algok.pipelines.extraction.page import Body, ExtractLimits, Page
from algok.pipelines.extraction.tidy import tidy

_FEED_ROOT = re.compile(r"<(?:rss|rdf:RDF|feed)(?=[\s>])", re.IGNORECASE)
_HTML_START = re.compile(r"\s*<(?:!doctype\s+)?html", re.IGNORECASE)


class Feed:
    """XML whose root is that of a feed, also where it is sent as HTML or under a vague type."""

    types = frozenset(
        {"text/xml", "application/xml", "application/rss+xml", "application/atom+xml", "application/rdf+xml"}
    )

    def recognises(self, body: Body) -> bool:
        if not (body.is_vague or body.mime in HTML_TYPES or body.mime.endswith(("xml", "+html"))):
            return False
        xml = body.mime not in HTML_TYPES or body.head.lstrip("\ufeff \t\r\n").startswith("<?xml")
        return bool(xml and _FEED_ROOT.search(body.head) and not _HTML_START.match(body.head))

    def extract(self, body: Body) -> Page:
        body.check_decoded()
        text, title = _feed(body.decoded.text, body.limits)
        return body.page(tidy(text), title)


_FEED_TAG = re.compile(
    r"<(item|entry|title|description|summary|content:encoded|content)(?=[\s>/])[^<>]*>", re.IGNORECASE
)


def _feed(text: str, limits: ExtractLimits) -> tuple[str, str]:
    """Text and title of an RSS, RDF or Atom feed: each item's title and the longest of its bodies."""
    feed_title = ""
    items: list[list[str]] = []  # per item: title, body
    position = 0
    while match := _FEED_TAG.search(text, position):
        position = match.end()
        name = match[1].lower()
        if name in ("item", "entry"):
            items.append(["", ""])
            continue
        if match[0].endswith("/>"):
            continue
        content, position = _element_content(text, position, match[1])
        if name == "title" and not items:
            feed_title = feed_title or fragment_text(content, limits)
        elif items:
            slot = 0 if name == "title" else 1
            items[-1][slot] = max(items[-1][slot], content, key=len)
    blocks = [part for item in items for part in (fragment_text(field, limits) for field in item) if part]
    return "\n\n".join(blocks), feed_title


def _element_content(text: str, start: int, name: str) -> tuple[str, int]:
    """The character data of an element without child elements of its name, CDATA resolved, and where it ends."""
    parts: list[str] = []
    end = -1
    closing = f"</{name}"
    while True:
        if end < start:
            end = text.find(closing, start)
            if end < 0:
                end = len(text)
        cdata = text.find("<![CDATA[", start, end)
        if cdata < 0:
            parts.append(html.unescape(text[start:end]))
            return "".join(parts), end
        parts.append(html.unescape(text[start:cdata]))
        close = text.find("]]>", cdata)
        close = len(text) if close < 0 else close
        parts.append(text[cdata + 9 : close])
        start = close + 3
