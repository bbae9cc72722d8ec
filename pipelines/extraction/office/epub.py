"""EPUB: the chapters in the order of the spine, each through the extractor of web pages; navigation and covers left out."""

import posixpath
import re
from typing import Any
from urllib.parse import unquote

from algok.pipelines.extraction.html import fragment_text
from algok.pipelines.extraction.office.describe import description
from algok.pipelines.extraction.office.package import Package
from algok.pipelines.extraction.office.symbols import readable
from algok.pipelines.extraction.office.xml import elements
from algok.pipelines.extraction.page import Body, ExtractError, ExtractLimits
from algok.pipelines.extraction.tidy import tidy

_CHAPTERS = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_FURNITURE = re.compile(r"(?:nav|toc|cover|titlepage|colophon-page|contents)\.x?html?", re.IGNORECASE)
_FONTS = (".ttf", ".otf", ".woff", ".woff2")


def read_epub(package: Package, limits: ExtractLimits) -> tuple[str, dict[str, Any]]:
    """Text and meta of an EPUB file."""
    _check_open(package)
    opf = next((a.get("full-path", "") for _, a, _ in elements(package.read("META-INF/container.xml"), "rootfile")), "")
    book = package.read(opf)
    if not book:
        raise ExtractError("corrupt", "an EPUB without the list of its chapters")
    folder = posixpath.dirname(opf)
    texts = [_chapter(package.read(name), limits) for name in _spine(book, folder) if name in package]
    if not texts:
        raise ExtractError("corrupt", "an EPUB without a chapter")
    found = {name: text for name, _, text in reversed(list(elements(book, "title", "creator", "date")))}
    meta = description("epub", found.get("title", ""), found.get("creator", ""), found.get("date", ""))
    return tidy(readable("\n\n".join(text for text in texts if text))), {**meta, "chapters": len(texts)}


def _check_open(package: Package) -> None:
    """Raises ExtractError where more than fonts is encrypted."""
    data = package.read("META-INF/encryption.xml")
    hidden = [a.get("URI", "") for _, a, _ in elements(data, "CipherReference")] if data else []
    if any(not name.lower().endswith(_FONTS) for name in hidden):
        raise ExtractError("encrypted", "its chapters are protected (DRM)")


def _spine(book: bytes, folder: str) -> list[str]:
    """The members that are chapters, in reading order."""
    items = {a.get("id", ""): a for _, a, _ in elements(book, "item")}
    chapters = []
    for _, reference, _ in elements(book, "itemref"):
        item = items.get(reference.get("idref", ""), {})
        name = unquote(item.get("href", "").partition("#")[0])
        navigation = "nav" in item.get("properties", "").split() or _FURNITURE.fullmatch(posixpath.basename(name))
        if item.get("media-type") in _CHAPTERS and not navigation:
            chapters.append(posixpath.normpath(posixpath.join(folder, name)))
    return chapters


def _chapter(data: bytes, limits: ExtractLimits) -> str:
    body = Body(data, "utf-8", "application/xhtml+xml", limits)
    return fragment_text(body.decoded.text, limits) if data.strip() else ""
