"""Wikipedia's CirrusSearch dumps: pages whose text was rendered already, a line that names each page before its own line.

Nothing of markup is in such a text; nor are tables, which these dumps keep apart. A plain file is not cut at byte offsets,
since a line needs the one before it.
"""

import re
from collections.abc import Iterator

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.extraction.tidy import tidy
from algok.pipelines.extraction.wiki.words import DISAMBIGUATION
from algok.pipelines.readers.collector import Collector, Document, Guard, Ignored, Raw, RecordError
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.frames import FOLLOWER, Frame
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.json_text import check_text
from algok.pipelines.readers.jsonl import Jsonl
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.objects import Objects
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream
from algok.pipelines.readers.wikipedia import KOREAN_WIKIPEDIA, namespace, page_address

_INDEX = re.compile(rb'\{\s*"index"\s*:\s*\{[^{}]{0,300}"_(?:type|id)"')
_DISAMBIGUATION = frozenset(f"틀:{name}" for name in DISAMBIGUATION) | {"동음이의어 문서", "모든 동음이의어 문서"}


class CirrusSearch(Jsonl):
    """`cirrussearch-content` dumps."""

    name = "cirrussearch"
    extensions = compressed(".json")
    by_content = True

    def sniff(self, head: bytes) -> bool:
        return _INDEX.match(head) is not None

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        return [(None, None)]

    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Lines, of which none is parted from the one that names its page."""
        for frame in super().frames(source, file, shard, limits):
            yield frame if _INDEX.match(frame.data) else frame._replace(kind=FOLLOWER)

    def objects(self, spec: InputSpec, limits: ReadLimits, guard: Guard, collector: Collector) -> Objects:
        return _Pages(Fields.of(spec), limits, Pages(guard, limits), collector)


class _Pages(Objects):
    """Pages of one shard. Dumps before 2023 have a page's number only in the line before it."""

    _number: object = None

    def document(self, record: dict, raw: Raw, payload: bytes, notes: dict | None = None) -> tuple[Document, int]:
        index = record.get("index")
        if isinstance(index, dict) and len(record) == 1:
            self._number = index.get("_id")
            raise Ignored("index_line")
        number, self._number = record.get("page_id", self._number), None
        space, text, title = record.get("namespace", 0), record.get("text"), record.get("title")
        if space != 0:
            raise Ignored(namespace(space) if type(space) is int else "namespace")
        if type(text) is not str:
            raise RecordError("no_text", "no string at 'text'; a page of a CirrusSearch dump has one")
        categories = _strings(record.get("category"))
        if not _DISAMBIGUATION.isdisjoint([*_strings(record.get("template")), *categories]):
            raise Ignored("disambiguation")
        if notes:
            check_text(text, notes)
        text = tidy(text)
        if not text:
            raise Ignored("no_prose")
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > self.limits.document_bytes:
            raise RecordError("too_large", f"text longer than {self.limits.document_bytes:,} bytes")
        title, date = title if type(title) is str else "", record.get("timestamp")
        meta = {
            "title": title,
            "page": number,
            "revision": record.get("version"),
            "categories": categories,
            **(notes or {}),
        }
        return Document(
            document_id(raw.file.encode(), raw.offset, payload),
            text,
            page_address(_base(record.get("wiki")), title),
            self.fields.source or "encyclopedia",
            date if type(date) is str else None,
            self.fields.provenance or "organic",
            dump_meta({key: value for key, value in meta.items() if value}),
            raw.file,
            raw.offset,
        ), size


def _strings(value: object) -> list[str]:
    return [item for item in value if type(item) is str] if isinstance(value, list) else []


def _base(wiki: object) -> str:
    """The address of a wiki by the name of its database: `kowiki` is the Korean Wikipedia."""
    named = re.fullmatch(r"([a-z]{2,3})wiki", wiki) if type(wiki) is str else None
    return f"https://{named[1]}.wikipedia.org/wiki/" if named else KOREAN_WIKIPEDIA
