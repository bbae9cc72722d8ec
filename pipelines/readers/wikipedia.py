"""Wikipedia's dumps of pages in XML: an article is a document; redirects, disambiguation and other namespaces are counted.

Pages are framed by their tags, which cannot stand inside of a page's text, since XML writes `<` as `&lt;` there. So a broken
page costs only itself, and a plain file can be cut anywhere. bz2 in many streams is read as one.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from urllib.parse import quote
from xml.parsers import expat

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.extraction.wiki.wikitext import WikiText, is_disambiguation, is_redirect, wikitext
from algok.pipelines.readers.collector import (
    EXCERPT_BYTES,
    Chunk,
    Collector,
    Document,
    Guard,
    Ignored,
    Raw,
    RecordError,
    watched,
)
from algok.pipelines.readers.frames import Frame, FramedReader, Frames
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import BLOCK_BYTES, Damaged, InputStream, blocks, compression

_BEGIN, _END = b"<page>", b"</page>"
_ROOT = re.compile(rb"(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--[^>]{0,400}-->\s*)?<mediawiki[\s>]")
_NAMESPACE = re.compile(rb"<ns>\s*([0-9]{1,6})\s*</ns>")
_REDIRECT = re.compile(rb"<redirect[\s/>]")
_BASE = re.compile(rb"<base>(https?://[\w./-]{1,200}/)[^<>/]*</base>")
KOREAN_WIKIPEDIA = "https://ko.wikipedia.org/wiki/"
_NAMESPACES = 4000
_NOT_CLOSED = "the page is not closed; reading goes on at the next one"
_HEAD_BYTES = 4096  # of a page, in which its title, namespace and redirect stand; of a file, its root
# Elements of a page by their place, and what they are called here.
_WANTED = {
    ("title",): "title", ("id",): "id", ("revision", "id"): "revision", ("revision", "timestamp"): "timestamp",
    ("revision", "model"): "model", ("revision", "text"): "text",
}  # fmt: skip


class Wikipedia(FramedReader):
    """`pages-articles` and other dumps of MediaWiki in XML, of one stream or many."""

    name = "wikipedia"
    extensions = compressed(".xml")
    takes_groups = True
    by_content = True

    def sniff(self, head: bytes) -> bool:
        return _ROOT.match(head) is not None

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Byte offsets for plain files; compressed ones are whole."""
        if file.size <= split_bytes:
            return [(None, None)]
        with InputStream(file.url) as source:
            if compression(source.read(8)) is not None:
                return [(None, None)]
        return list(pairwise([*range(0, file.size, split_bytes), file.size]))

    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Pages, from the first tag of each to its last."""
        start, end = (None, None) if shard.spread else (shard.start, shard.end)
        return _pages(source, file, start or 0, end, limits.line_bytes)

    def documents(
        self, frames: Frames, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard
    ) -> Iterator[Chunk]:
        """Documents of a shard; offsets are bytes in the decompressed stream."""
        collector = Collector()
        for file in shard.files:
            with collector.surviving(file.name), frames(file) as pages:
                base = _base(file)
                for page in pages:
                    raw = Raw(file.name, page.offset, page.size, page.data)
                    collector.take(raw, partial(_document, page, file, spec, limits, guard, base))
                    if collector.ready:
                        yield from collector.drain()
        yield from collector.finish()


def _base(file: InputFile) -> str:
    """The address that the titles of a wiki's pages stand behind."""
    with InputStream(file.url) as source:
        try:
            head = next(blocks(source), b"")[:_HEAD_BYTES]
        except Damaged:
            head = b""
    found = _BASE.search(head)
    return found[1].decode() if found else KOREAN_WIKIPEDIA


def _pages(source: InputStream, file: InputFile, start: int, end: int | None, limit: int) -> Iterator[Frame]:
    """The pages that begin in a slice. Of one with a fault only the beginning is kept."""
    source.seek(start)
    for piece in _pieces(blocks(source) if end is None else _plain(source), start, limit):
        begins = [found.start() for found in re.finditer(_BEGIN, piece.data)]
        size = piece.size
        for place, following in pairwise([*begins, size]):
            data = piece.data[place:following]
            page = piece._replace(offset=piece.offset + place, data=data, size=following - place)
            if end is not None and page.offset >= end:
                return
            if following != size:
                page = page._replace(reason="truncated", message=_NOT_CLOSED)
            yield page if page.reason is None else page._replace(data=data[:EXCERPT_BYTES])
        if piece.reason is not None and not begins:
            yield piece


def _plain(source: InputStream) -> Iterator[bytes]:
    while block := source.read(BLOCK_BYTES):
        yield block


def _pieces(stream: Iterator[bytes], offset: int, limit: int) -> Iterator[Frame]:
    """The stream cut behind the last tag of each page. Of a piece over the limit only the beginning is kept."""
    held, passed = bytearray(), 0  # what was read since the last cut; how much of it is behind its beginning
    problem: tuple[str, str] | None = None
    try:
        for block in stream:
            looked = max(0, len(held) - len(_END))
            held += block
            done = 0
            while (found := held.find(_END, max(done, looked))) >= 0:
                stop = found + len(_END)
                size = passed + stop - done
                yield Frame(offset, bytes(memoryview(held)[done:stop]), size, *_too_large(size, limit))
                offset, done, passed = offset + size, stop, 0
            del held[:done]
            if len(held) > limit + EXCERPT_BYTES:
                begin = max(0, held.find(_BEGIN))
                passed += len(held) - EXCERPT_BYTES - len(_END) - begin
                offset += begin
                held = held[begin : begin + EXCERPT_BYTES] + held[-len(_END) :]
    except Damaged as damage:
        problem = (damage.reason, f"not readable further, behind byte {offset} of the decompressed stream: {damage}")
    size = passed + len(held)
    if problem is not None or _BEGIN in held:
        yield Frame(offset, bytes(held), size, *(problem or ("truncated", "the file ends inside of a page")))


def _too_large(size: int, limit: int) -> tuple[str | None, str]:
    return ("too_large", f"page of {size:,} bytes, limit {limit:,} (line_bytes)") if size > limit else (None, "")


def _document(
    page: Frame, file: InputFile, spec: InputSpec, limits: ReadLimits, guard: Guard, base: str
) -> tuple[Document, int]:
    if page.reason is not None:
        raise RecordError(page.reason, page.message)
    head = page.data[:_HEAD_BYTES]
    space = _NAMESPACE.search(head)
    if space is not None and space[1] != b"0":
        raise Ignored(namespace(int(space[1])))
    if _REDIRECT.search(head):
        raise Ignored("redirect")
    with watched(guard, page.offset):
        found = _fields(page.data)
        title = found.get("title", "")
        text, categories = _article(found, title)
    if not text:
        raise Ignored("no_prose")
    size = len(text.encode())
    if size > limits.document_bytes:
        raise RecordError("too_large", f"text longer than {limits.document_bytes:,} bytes")
    meta = {
        "title": title,
        "page": _number(found.get("id")),
        "revision": _number(found.get("revision")),
        "categories": categories,
    }
    identity = document_id(file.name.encode(), page.offset, page.data)
    described = dump_meta({key: value for key, value in meta.items() if value})
    url = page_address(base, title)
    source_label, provenance = spec.source or "encyclopedia", spec.provenance or "organic"
    date = found.get("timestamp")
    return Document(identity, text, url, source_label, date, provenance, described, file.name, page.offset), size


def namespace(number: int) -> str:
    """The reason why a page of another namespace is ignored; numbers that no wiki has share one."""
    return f"namespace_{number}" if 0 <= number < _NAMESPACES else "namespace"


def page_address(base: str, title: str) -> str | None:
    """The address of a page, as browsers send it."""
    return base + quote(title.replace(" ", "_")) if title else None


def _article(found: dict[str, str], title: str) -> WikiText:
    """The text of a page's source. Raises Ignored for one that is no article."""
    source = found.get("text", "")
    if is_redirect(source):
        raise Ignored("redirect")
    if is_disambiguation(source):
        raise Ignored("disambiguation")
    if found.get("model", "wikitext") != "wikitext":
        raise Ignored("no_wikitext")
    return wikitext(source, title)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) < 19 else None


def _fields(data: bytes) -> dict[str, str]:
    """Text of a page's elements by their names; `revision` is the number of the revision. Raises RecordError for broken XML."""
    parser, found = expat.ParserCreate("utf-8"), dict[str, str]()
    opened: list[str] = []
    texts: list[str] = []

    def start(name: str, _: object) -> None:
        opened.append(name)
        texts.clear()

    def end(name: str) -> None:
        path = tuple(opened[1:])
        opened.pop()
        if path in _WANTED:
            found.setdefault(_WANTED[path], "".join(texts))
        texts.clear()

    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, texts.append
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise RecordError("xml", f"not well-formed: {error}; the pages around it are read") from None
    return found
