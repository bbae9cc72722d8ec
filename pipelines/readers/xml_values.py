"""Records of XML as objects: elements on a path, one by one, in bounded memory.

An element becomes an object of its attributes and children (a child that comes several times, a list), so that paths read XML
like JSON. Prefixes of names are cut off. Corpora from before XML (SGML in UTF-16, end tags left out) are read by the tolerant
parser of the standard library where the strict one gives up before the first record.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from html.entities import html5
from html.parser import HTMLParser
from itertools import chain
from typing import NamedTuple
from xml.parsers import expat

from algok.pipelines.extraction.charset import decode
from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.streams import Damaged, wide_encoding
from algok.pipelines.sources.path import Element, Key

_SNIFFED_BYTES = 1 << 16
_DEEPEST = 200
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,4}=\s{0,4}["']([A-Za-z0-9._-]{1,40})""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_DECLARABLE = {
    "utf-8": "utf-8", "utf8": "utf-8", "euc-kr": "cp949", "cp949": "cp949", "ms949": "cp949", "uhc": "cp949",
    "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "ks_c_5601": "cp949", "johab": "johab", "iso-8859-1": "cp1252",
}  # fmt: skip
_TEXTS = frozenset({*_DECLARABLE.values(), "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"})
# Of a tag, comment or instruction, which expat holds whole and reads anew with every piece that comes.
_TAG_BYTES = 8 << 20
_LENIENT_CHARS = 4 << 20  # of a text that the tolerant parser is given, which takes quadratic time over some

Attributes = dict[str, str]


class XmlRecord(NamedTuple):
    """An element on the path, what is around it, and the bytes read for it; `fault` stands for what cannot be read."""

    value: Element
    around: Element
    size: int
    fault: tuple[str, str] | None = None


class Parser:
    """Pushes the names of elements, prefixes cut off, and text to three functions; nothing unfolds, nothing is fetched."""

    def __init__(
        self, start: Callable[[str, Attributes], None], end: Callable[[str], None], text: Callable[[str], None]
    ):
        self._fed = 0
        self._parser = parser = expat.ParserCreate(encoding="utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        parser.CharacterDataHandler = text
        parser.EntityDeclHandler = _refuse
        parser.UseForeignDTD(True)  # so that an entity that nobody declared (&nbsp;) is told, and is no error
        parser.ExternalEntityRefHandler = lambda *_: 1
        parser.SkippedEntityHandler = lambda name, parameter: None if parameter else text(html5.get(f"{name};", ""))

    def feed(self, data: bytes, last: bool = False) -> None:
        """A piece of a text in UTF-8. Raises RecordError where it is not well-formed, or a tag does not end."""
        self._fed += len(data)
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise RecordError("xml", f"not well-formed: {error}") from None
        if self._fed - self._parser.CurrentByteIndex > _TAG_BYTES:
            raise RecordError("too_large", f"a tag or comment of more than {_TAG_BYTES:,} bytes")


def _refuse(*declaration: object) -> None:
    raise RecordError("xml", "declares entities, which may hide a bomb; write them out")


class _Lenient(HTMLParser):
    """The same for SGML: end tags that are missing are put where an element around ends."""

    def __init__(self, builder: "_Builder"):
        super().__init__(convert_charrefs=True)
        self._builder = builder

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._builder.start(tag, {key: value or "" for key, value in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._builder.end(tag)

    def handle_endtag(self, tag: str) -> None:
        self._builder.close(tag)

    def handle_data(self, data: str) -> None:
        self._builder.text(data)


class _Open:
    """An element that is being read; `place` is how many names of the path led into it (-1: none, or within a record)."""

    def __init__(self, name: str, attributes: Attributes, place: int, record: bool):
        self.name, self.place, self.record = name, place, record
        self.element = Element({f"@{key.rpartition(':')[2]}": value for key, value in attributes.items()})
        self.texts: list[str] = []


class _Builder:
    """Builds records; of what is around them the last of each name stays."""

    def __init__(self, keys: list[str], limit: int, whole: bool = False):
        self._keys, self._limit = keys, limit
        self._whole = whole  # keep all that is around records
        self._open: list[_Open] = []
        self._inside = 0  # open elements of a record
        self._chars = 0
        self.root = Element()
        self.ready: list[Element] = []

    def start(self, name: str, attributes: Attributes) -> None:
        if len(self._open) >= _DEEPEST:
            raise RecordError("too_deep", f"elements more than {_DEEPEST} deep")
        above = self._open[-1].place if self._open else 0
        on_way = not self._inside and 0 <= above < len(self._keys) and self._keys[above] == name
        place = above + 1 if on_way else -1
        record = place == len(self._keys) and not self._whole
        self._open.append(_Open(name, attributes, place, record))
        self._inside += 1 if record or self._inside else 0
        self._count(sum(map(len, attributes.values())) + len(name))

    def text(self, piece: str) -> None:
        if self._open:
            self._open[-1].texts.append(piece)
            self._count(len(piece))

    def _count(self, characters: int) -> None:
        self._chars += characters
        if self._chars > self._limit:
            raise RecordError("too_large", f"an element of more than {self._limit:,} characters (line_bytes)")

    def end(self, name: str) -> None:
        if not self._open:
            return
        ended = self._open.pop()
        element = ended.element
        element.text = "".join(ended.texts)
        if self._inside:
            self._inside -= 1
        if ended.record:
            self.ready.append(element)
            self._chars = 0
        elif self._open:
            self._join(self._open[-1], ended)
        else:
            self.root[ended.name] = element

    def _join(self, above: _Open, ended: _Open) -> None:
        """A child of what is around it; its text is part of that one's, where a record is built."""
        if self._inside:
            above.texts.append(ended.element.text)
        held = above.element.get(ended.name) if self._inside or self._whole else None
        if held is None:
            above.element[ended.name] = ended.element
        elif isinstance(held, list):
            held.append(ended.element)
        else:
            above.element[ended.name] = [held, ended.element]

    def close(self, name: str) -> None:
        """Ends an element and what is open in it; nothing where none of the name is open."""
        if any(opened.name == name for opened in self._open):
            while self._open[-1].name != name:
                self.end(self._open[-1].name)
            self.end(name)

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._open)

    def close_last(self) -> None:
        """Ends the innermost element."""
        self.end(self._open[-1].name)

    def around(self) -> Element:
        """The root with what was read of it until now."""
        root = Element(self.root)
        inner = root
        for opened in self._open:
            held = inner.get(opened.name) if self._whole else None
            inner[opened.name] = [held, opened.element] if isinstance(held, Element) else opened.element
            opened.element.text = "".join(opened.texts)
            inner = opened.element
        return root


def xml_head(head: bytes, limit: int) -> Element:
    """What the beginning of an XML text holds, as far as it goes."""
    text = next(_as_text(head, iter(())), "")
    builder = _Builder([], limit, whole=True)
    with suppress(RecordError):
        Parser(builder.start, builder.end, builder.text).feed(text.encode("utf-8", "replace"))
    if found := builder.around():
        return found
    builder = _Builder([], limit, whole=True)
    with suppress(RecordError, AssertionError):
        _Lenient(builder).feed(text)
    return builder.around()


Watch = Callable[[], AbstractContextManager[None]]  # what a parser runs under


def xml_records(content: Iterator[bytes], head: bytes, steps: tuple, limit: int, watch: Watch) -> Iterator[XmlRecord]:
    """The elements on a path of names (from the root's on; a list behind the last is the same), in order."""
    keys = [str(step) for step in steps if type(step) is Key]
    builder = _Builder(keys, limit)
    parser = Parser(builder.start, builder.end, builder.text)
    told: list[Damaged] = []
    pieces = _as_text(head, _to_damage(content, told))
    held: list[str] = []  # the text until the first record
    size = records = chars = 0
    failure: RecordError | None = None
    for piece in chain(pieces, [None]):
        if piece is not None and not records and chars <= _LENIENT_CHARS:
            held.append(piece)
            chars += len(piece)
        try:
            with watch():
                parser.feed((piece or "").encode("utf-8", "replace"), piece is None)
        except RecordError as error:
            failure = error
        size += len(piece or "")
        found = _drained(builder, size)
        records += len(found)
        yield from found
        if failure is not None:
            break
        size = 0 if found else size
    if failure is not None and failure.reason == "xml" and not records and not told and "entities" not in str(failure):
        for piece in pieces:
            held.append(piece)
            chars += len(piece)
            if chars > _LENIENT_CHARS:
                break
        if chars <= _LENIENT_CHARS and not told:
            with watch():
                found = _leniently("".join(held), keys, limit)
            yield from found
            return
    if told:
        yield XmlRecord(Element(), Element(), size, (told[0].reason, f"not readable from here on: {told[0]}"))
    elif failure is not None:
        yield XmlRecord(Element(), Element(), size, (failure.reason, str(failure)))


def _to_damage(content: Iterator[bytes], told: list[Damaged]) -> Iterator[bytes]:
    """The content up to damage, which is noted."""
    try:
        yield from content
    except Damaged as damage:
        told.append(damage)


def _drained(builder: _Builder, size: int) -> list[XmlRecord]:
    ready, builder.ready = builder.ready, []
    around = builder.around() if ready else Element()
    return [XmlRecord(element, around, size // len(ready)) for element in ready]


def _leniently(text: str, keys: list[str], limit: int) -> list[XmlRecord]:
    """The records by the parser that takes anything; its names are in lower case."""
    builder = _Builder([key.lower() for key in keys], limit)
    parser = _Lenient(builder)
    try:
        parser.feed(text)
        parser.close()
        while builder.depth:
            builder.close_last()
    except (RecordError, AssertionError) as error:
        reason = error.reason if isinstance(error, RecordError) else "xml"
        failed = XmlRecord(Element(), Element(), 0, (reason, f"not readable as SGML either: {error}"))
        return [*_drained(builder, len(text)), failed]
    found = _drained(builder, len(text))
    message = "not well-formed, and no element of the shape's records is in it"
    return found or [XmlRecord(Element(), Element(), len(text), ("xml", message))]


def _as_text(head: bytes, content: Iterator[bytes]) -> Iterator[str]:
    """The text of XML by its declaration, byte order mark or bytes; without the declaration."""
    declared = _DECLARED.search(head[:400])
    encoding = wide_encoding(head[:8]) or _utf16_of(head)
    if encoding is None and declared is not None:
        encoding = _DECLARABLE.get(declared[1].decode().lower())
    if encoding not in _TEXTS:
        encoding = decode(head[:_SNIFFED_BYTES]).encoding
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    first = True
    for block in chain([head], content):
        text = decoder.decode(block)
        if first:
            text = _DECLARATION.sub("", text.removeprefix("\ufeff").lstrip())
            first = False
        yield text


def _utf16_of(head: bytes) -> str | None:
    return "utf-16-le" if head[:2] == b"<\0" else "utf-16-be" if head[:2] == b"\0<" else None
