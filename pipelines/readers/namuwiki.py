"""Namuwiki's dump: one JSON array of all pages, read item by item; an article is a document.

Redirects, disambiguation and other namespaces are counted. The names of contributors are left out, their number stays.
"""

import re

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.extraction.wiki.namumark import is_disambiguation, is_redirect, namumark
from algok.pipelines.readers.collector import Collector, Document, Guard, Ignored, Raw, RecordError, watched
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.json import Json
from algok.pipelines.readers.json_text import check_text
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.objects import Objects
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.wikipedia import namespace, page_address

_KEY = r'"(?:namespace|title|text|contributors)"\s*:'
_FIRST = re.compile(rf"\[?\s*\{{\s*{_KEY}".encode())
_SECOND = re.compile(rb'"namespace"\s*:\s*(?:"[^"\\]{0,20}"|[0-9]{1,3})\s*[,}]')
_DIGITS = re.compile("[0-9]{1,4}")
_ARTICLES = frozenset({"0", "문서", ""})
_BASE = "https://namu.wiki/w/"
LICENCE = "CC BY-NC-SA 2.0 KR"


class Namuwiki(Json):
    """The dump that Namuwiki published until 2021: objects of namespace, title, text and contributors."""

    name = "namuwiki"
    extensions = compressed(".json")
    by_content = True

    def sniff(self, head: bytes) -> bool:
        return _FIRST.match(head) is not None and _SECOND.search(head) is not None and b'"title"' in head

    def objects(self, spec: InputSpec, limits: ReadLimits, guard: Guard, collector: Collector) -> Objects:
        return _Pages(spec, limits, guard, collector)


class _Pages(Objects):
    """Pages of one shard."""

    def __init__(self, spec: InputSpec, limits: ReadLimits, guard: Guard, collector: Collector):
        super().__init__(Fields.of(spec), limits, Pages(guard, limits), collector)
        self._guard, self._struck, self._notes = guard, spec.struck == "keep", spec.notes == "keep"

    def document(self, record: dict, raw: Raw, payload: bytes, notes: dict | None = None) -> tuple[Document, int]:
        space, title, source = record.get("namespace", "0"), record.get("title"), record.get("text")
        if str(space) not in _ARTICLES:
            number = int(space) if type(space) in (int, str) and _DIGITS.fullmatch(str(space)[:9]) else -1
            raise Ignored(namespace(number))
        if type(source) is not str:
            raise RecordError("no_text", "no string at 'text'; a page of Namuwiki has one")
        if is_redirect(source):
            raise Ignored("redirect")
        if is_disambiguation(source):
            raise Ignored("disambiguation")
        if notes:
            check_text(source, notes)
        with watched(self._guard, raw.offset):
            text, categories = namumark(source, self._struck, self._notes)
        if not text:
            raise Ignored("no_prose")
        size = len(text.encode())
        if size > self.limits.document_bytes:
            raise RecordError("too_large", f"text longer than {self.limits.document_bytes:,} bytes")
        title = title if type(title) is str else ""
        contributors = record.get("contributors")
        meta = {
            "title": title,
            "categories": categories,
            "contributors": len(contributors) if isinstance(contributors, list) else 0,
            "license": LICENCE,
            **(notes or {}),
        }
        return Document(
            document_id(raw.file.encode(), raw.offset, payload),
            text,
            page_address(_BASE, title),
            self.fields.source or "encyclopedia",
            None,
            self.fields.provenance or "organic",
            dump_meta({key: value for key, value in meta.items() if value}),
            raw.file,
            raw.offset,
        ), size
