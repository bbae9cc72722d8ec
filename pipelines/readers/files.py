"""Formats of one document per file: plain text, Markdown and HTML, in any charset, and documents of word processors."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import yaml

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.extraction.charset import decode
from algok.pipelines.extraction.documents import EXTENSIONS, is_document, type_by_name
from algok.pipelines.readers.collector import (
    EXCERPT_BYTES,
    Chunk,
    Collector,
    Document,
    Guard,
    Ignored,
    Raw,
    watched,
)
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.ocr import Ocr, Place
from algok.pipelines.readers.pages import Pages, compile_extraction
from algok.pipelines.readers.reader import Reader, compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged, InputStream, blocks

_MARKDOWN = compressed(".md", ".markdown")
_FRONT_MATTER_CHARS = 16_384
_BRACKETS = 200  # PyYAML takes quadratic time over nested ones
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"([\w.-]{1,60})[ \t]*:(?:[ \t]+(.*))?")
_BELOW_KEY = re.compile(r"\s|- |#|\Z")  # how other lines of front matter begin


class Files(Reader):
    """A document of every file. The guard knows a file by its place in the shard, since every offset is 0."""

    shares_shards: ClassVar[bool] = True
    source: ClassVar[str | None] = None  # of its documents, where the input names none

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        compile_extraction()
        collector = Collector()
        ocr = Ocr(shard, collector)
        pages = Pages(guard, limits, ocr)
        for place, file in enumerate(shard.files):
            with collector.surviving(file.name):
                most = self.most(limits)
                data, damage = _content(file, most + 1)
                raw = Raw(file.name, 0, len(data), data[:EXCERPT_BYTES])
                if len(data) > most:
                    message = f"file of {file.size:,} bytes, limit {most:,}"
                    collector.quarantine(file.name, 0, "too_large", message, size=file.size, payload=raw.payload)
                elif damage is not None:
                    collector.quarantine(file.name, 0, damage.reason, str(damage), size=file.size, payload=raw.payload)
                else:
                    collector.take(raw, partial(self._make, place, data, file, spec, pages))
            yield from collector.drain()
        ocr.close()
        yield from collector.finish()

    def _make(self, place: int, data: bytes, file: InputFile, spec: InputSpec, pages: Pages) -> tuple[Document, int]:
        with watched(pages.guard, place):
            text, meta = self.text(data, file, pages)
        identity = document_id(file.name.encode(), 0, data)
        meta = {"file_name": file.name.rpartition("/")[2], **meta}
        provenance = spec.provenance or "organic"
        source, date = spec.source or self.source, meta.get("date")
        row = Document(identity, text, None, source, date, provenance, dump_meta(meta), file.name, 0)
        return row, len(text.encode())

    def most(self, limits: ReadLimits) -> int:
        """Bytes of the largest file that is read."""
        return limits.document_bytes

    def text(self, data: bytes, file: InputFile, pages: Pages) -> tuple[str, dict[str, Any]]:
        """Text and meta of a file's content."""
        raise NotImplementedError


class TextFiles(Files):
    """Plain text and Markdown; front matter of Markdown moves to meta."""

    name = "text"
    extensions = compressed(".txt", ".md", ".markdown")

    def text(self, data: bytes, file: InputFile, pages: Pages) -> tuple[str, dict[str, Any]]:
        decoded = decode(data, None)
        text = decoded.text.removeprefix("\ufeff")
        meta: dict[str, Any] = {"encoding": decoded.encoding}
        if decoded.replaced:
            meta["replaced"] = decoded.replaced
        if file.name.lower().endswith(_MARKDOWN):
            front_matter, text = _split_front_matter(text)
            if front_matter is not None:
                meta["front_matter"] = front_matter
        return text, meta


class HtmlFiles(Files):
    """A page of HTML: its main text, as of a page in a WARC."""

    name = "html"
    extensions = compressed(".html", ".htm", ".xhtml")

    def sniff(self, head: bytes) -> bool:
        return head[:14].lower().startswith((b"<!doctype html", b"<html"))

    def text(self, data: bytes, file: InputFile, pages: Pages) -> tuple[str, dict[str, Any]]:
        page = pages.read(data, None, "text/html")
        return page.text, page.described


class DocumentFiles(Files):
    """A document of a word processor, a PDF or an e-book. Its bytes decide what it is; a file that neither they nor its name
    call a document is ignored, so that a folder can hold others beside them."""

    name = "document"
    takes_ocr: ClassVar[bool] = True
    extensions = compressed(*EXTENSIONS)

    def sniff(self, head: bytes) -> bool:
        return is_document(head) and not head.startswith(b"PK")

    def most(self, limits: ReadLimits) -> int:
        return limits.file_bytes

    def text(self, data: bytes, file: InputFile, pages: Pages) -> tuple[str, dict[str, Any]]:
        mime = type_by_name(file.name)
        if not mime and not is_document(data):
            raise Ignored("no_document")
        page = pages.read(data, None, mime, Place(file.name, 0))
        return page.text, page.described


def _content(file: InputFile, limit: int) -> tuple[bytes, Damaged | None]:
    """At most `limit` bytes of a file's decompressed content, and the damage that ended it."""
    data = bytearray()
    with InputStream(file.url) as source:
        try:
            for block in blocks(source):
                data += block
                if len(data) >= limit:
                    break
        except Damaged as damage:
            return bytes(data), damage
    return bytes(data[:limit]), None


def _split_front_matter(text: str) -> tuple[dict | None, str]:
    """YAML front matter and the text after it. Broken front matter is read line by line; what has not the shape of any, or
    is too long, stays in the text."""
    match = _FRONT_MATTER.match(text[:_FRONT_MATTER_CHARS]) if text.startswith("---") else None
    if match is None:
        return None, text
    found = _parsed(match[1])
    if not isinstance(found, dict):
        found = _read_by_line(match[1])
    return (None, text) if found is None else (found, text[match.end() :])


def _parsed(block: str) -> object:
    """What YAML makes of a block; None where it is broken or hostile."""
    if block.count("[") + block.count("{") > _BRACKETS:
        return None
    try:
        return yaml.load(block, _PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return None


def _read_by_line(block: str) -> dict[str, str] | None:
    """Keys and the rest of their lines, of front matter that is no YAML (`title: 서울: 도시`, a date of month 13); lines below
    a key belong to it. None where a line is neither."""
    found: dict[str, str] = {}
    key = None
    for line in block.splitlines():
        if match := _KEY.fullmatch(line.rstrip()):
            key = match[1]
            found[key] = (match[2] or "").strip().strip("\"'")
        elif not _BELOW_KEY.match(line):
            return None
        elif key is not None and line.strip():
            found[key] = f"{found[key]}\n{line.strip()}".strip()
    return found or None


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases: they could unfold a small text into a huge object."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)
