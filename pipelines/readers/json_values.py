"""The JSON of a member as values: whole where it is small, item by item where it is one large list.

Corpora come as millions of small files and as single ones of a gigabyte. The first are parsed whole. Of the second the upper
levels are scanned (`kernels/json_outline.py`), items of the list of records are cut out and parsed one by one, and what stands
around the list is kept, so that an item knows its corpus.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import orjson

from algok.kernels.json_items import boundaries, new_state
from algok.kernels.json_outline import outline
from algok.pipelines.extraction.charset import decode
from algok.pipelines.readers.collector import EXCERPT_BYTES, RecordError
from algok.pipelines.readers.json_text import JsonFile, tolerant
from algok.pipelines.readers.mend import mended
from algok.pipelines.readers.streams import Damaged, as_utf8, wide_encoding
from algok.pipelines.sources.path import VALUES, Key, named

_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_SNIFFED_BYTES = 1 << 20
_KOREAN = ("cp949", "johab", "iso2022_kr")
_OPEN, _CLOSING, _CLOSE = b"{[", b"}]", {0x7B: b"}", 0x5B: b"]"}
_LIST, _OBJECT, _SINGLE = (
    1,
    2,
    3,
)  # what holds the records: a list, an object with a key for each, or nothing but the one


class Value(NamedTuple):
    """A value, and what was wrong with its JSON (for meta)."""

    value: Any
    notes: dict


class _Member(JsonFile):
    """What must be known of a member to read its JSON: its own bytes say all."""

    def __init__(self, data: bytes):
        super().__init__("", "")
        self._data = data

    @cached_property
    def korean(self) -> str | None:
        found = decode(self._data[:_SNIFFED_BYTES]).encoding
        return found if found in _KOREAN else None


def parsed(data: bytes) -> list[Value]:
    """The values of a JSON text: one, or several that follow each other (JSON Lines too). Raises RecordError that says what is
    wrong, with the place in bytes."""
    try:
        return [Value(orjson.loads(data), {})]
    except orjson.JSONDecodeError as error:
        strict = error
    data, encoding = _as_utf8(data)
    if not data.strip(_BLANK):
        return []
    notes = {"encoding": encoding} if encoding else {}
    try:
        return [Value(orjson.loads(data), notes)]
    except orjson.JSONDecodeError as error:
        strict = error
    if several := _several(data):
        return [Value(value, notes) for value in several]
    found, more = _mended(data, strict)
    return [Value(found, {**notes, **more})]


def _as_utf8(data: bytes) -> tuple[bytes, str | None]:
    wide = wide_encoding(data[:8])
    if wide is not None:
        return b"".join(as_utf8(iter([data]), wide)).removeprefix(_BOM), wide
    return data.removeprefix(_BOM), None


def _several(data: bytes) -> list[Any] | None:
    """Objects or lists that follow each other; None where one of them is no JSON."""
    places = np.empty(len(data), np.int64)
    found, at = [], 0
    for place in places[: boundaries(np.frombuffer(data, np.uint8), 0, new_state(), places)].tolist():
        end = place + (data[place] != 0x2C)
        piece = data[at:end].strip(_BLANK)
        at = place + 1
        if not piece:
            continue
        try:
            found.append(orjson.loads(piece))
        except orjson.JSONDecodeError:
            return None
    return found if len(found) > 1 and not data[at:].strip(_BLANK) else None


def _mended(data: bytes, strict: orjson.JSONDecodeError) -> tuple[Any, dict]:
    member = _Member(data)
    try:
        return tolerant(data, member, str(strict))
    except RecordError as refused:
        failure = refused
    text = member.decoded(data).text
    text, wrong = mended(text) if text.lstrip().startswith(("{", "[")) else (text, set())
    if wrong:
        try:
            value, notes = tolerant(text.encode("utf-8", "replace"), member, str(strict))
        except RecordError:
            pass
        else:
            return value, {**notes, "not_json": sorted({*notes.get("not_json", []), *wrong})}
    place = len(data.decode("utf-8", "replace")[: strict.pos].encode())
    raise RecordError(failure.reason, f"at byte {place}: {failure}")


def head_value(data: bytes) -> Any:
    """The value of a JSON text of which only the beginning is there, as far as it goes; None where that is no JSON."""
    data, _ = _as_utf8(data)
    places = np.empty(len(data), np.int64)
    opened: list[int] = []
    cut, closing = 0, b""
    for place in places[: outline(np.frombuffer(data, np.uint8), 1 << 40, new_state(), places)].tolist():
        byte = data[place]
        if byte in _OPEN:
            opened.append(byte)
            cut, closing = place + 1, b"".join(_CLOSE[byte] for byte in reversed(opened))
        elif byte == 0x2C:
            cut, closing = place, b"".join(_CLOSE[byte] for byte in reversed(opened)) if len(opened) < 64 else closing
        elif byte != 0x3A:
            if not opened:
                break
            opened.pop()
            cut, closing = place + 1, b"".join(_CLOSE[byte] for byte in reversed(opened))
            if not opened:
                break
    try:
        return parsed(data[:cut] + closing)[0].value
    except (RecordError, IndexError):
        return None


class Item(NamedTuple):
    """A record of a list that is read item by item: where in the member, how large, its value and what is around it; `fault`
    stands for one that cannot be read."""

    place: int
    size: int
    value: Any
    around: Any
    notes: dict
    fault: tuple[str, str] | None = None
    beginning: bytes = b""


def can_stream(steps: tuple) -> bool:
    """Whether the records of a path are items of one list or object that keys lead to."""
    first = next((place for place, step in enumerate(steps) if type(step) is not Key), -1)
    return first >= 0 and type(steps[first]) is not int


def streamed(content: Iterator[bytes], head: bytes, steps: tuple, limit: int) -> Iterator[Item]:
    """The records of a large member, of which `head` was read before; `steps` up to the first list. `limit` bounds an item, and
    what stands around the list, in bytes."""
    first = next(place for place, step in enumerate(steps) if type(step) is not Key)
    encoding = _encoding(head)
    whole = chain([head], content)
    scan = _Scan([str(step) for step in steps[:first]], steps[first] == VALUES, limit, encoding)
    try:
        for block in as_utf8(whole, encoding) if encoding else whole:
            yield from scan.feed(block)
    except (Damaged, RecordError) as damage:
        yield scan.rest(damage.reason, f"not readable from byte {scan.place} of the member on: {damage}")
        return
    if scan.open:
        yield scan.rest("truncated", "the JSON text ends inside an item; brackets or quotation marks do not match")


def _encoding(head: bytes) -> str | None:
    """The encoding of a JSON text that is no UTF-8, by its beginning (of which the last character may be cut)."""
    if wide := wide_encoding(head[:8]):
        return wide
    try:
        head.decode()
        return None
    except UnicodeDecodeError as error:
        if error.start > len(head) - 4:
            return None
    found = decode(head[:_SNIFFED_BYTES]).encoding
    return found if found in _KOREAN else None


def _key(name: bytes) -> str:
    """A key as it stands before its colon; "" for what is none."""
    try:
        return str(orjson.loads(name.strip(_BLANK)))
    except orjson.JSONDecodeError:
        return ""


@dataclass
class _Frame:
    """An open object or list: how many keys of the path led into it (-1: none), and the last key read in it."""

    byte: int
    matched: int
    key: str = ""


class _Scan:
    """Follows the keys to the list of records, and cuts its items out.

    Between two boundaries (structural bytes of the upper levels) bytes are held; at each they go to an item, or to what stands
    around the list.
    """

    def __init__(self, keys: list[str], values: bool, limit: int, encoding: str | None):
        self._keys, self._values, self._limit = keys, values, limit
        self._notes = {"encoding": encoding} if encoding else {}
        self._state, self._places = new_state(), np.empty(0, np.int64)
        self._deepest = 0  # levels down to the list; 0 until the first byte is seen
        self._frames: list[_Frame] = []
        self._inside = 0  # the bracket of the list that is being read
        self._named, self._name = (
            False,
            "",
        )  # within an object of records: whether the key of the item was passed, and the key
        self._held, self._size = (
            b"",
            0,
        )  # bytes since the last boundary, as far as they are kept, and how many there were
        self._base = self.place = 0  # where the block and what is held begin
        self._around, self._known = b"", None

    @property
    def open(self) -> bool:
        """Whether the text ends too early."""
        return bool(self._frames) or bool(self._held.strip(_BLANK))

    def rest(self, reason: str, message: str) -> Item:
        """What is held, as an item that cannot be read."""
        return Item(self.place, self._size, None, None, {}, (reason, message), self._held[:EXCERPT_BYTES])

    def feed(self, block: bytes) -> Iterator[Item]:
        """The items that end in a block."""
        if not self._deepest:
            first = block.removeprefix(_BOM).lstrip(_BLANK)[:1]
            self._deepest = len(self._keys) + 1 + (first == b"[" and bool(self._keys))
            block = block.removeprefix(_BOM)
        if self._places.size < len(block):
            self._places = np.empty(len(block), np.int64)
        count = outline(np.frombuffer(block, np.uint8), self._deepest, self._state, self._places)
        at = 0
        for place in self._places[:count].tolist():
            byte = block[place]
            if not self._inside:
                at = self._outside(block, at, place, byte)
            elif self._ends_item(byte):
                end = place + (self._inside == _SINGLE)
                item = self._item(block[at:end], end - at)
                at = place if byte in _CLOSING and self._inside != _SINGLE else place + 1
                self._boundary(at)
                if item is not None:
                    yield item
                if byte in _CLOSING:
                    at = self._leave(block, at, place)
            elif self._inside == _OBJECT and byte == 0x3A and not self._named:
                self._named, self._name = True, _key(self._held + block[at:place])
                at = place + 1
                self._boundary(at)
        self._hold(block[at:])
        self._base += len(block)

    def _ends_item(self, byte: int) -> bool:
        return byte in _CLOSING or (byte == 0x2C and self._inside != _SINGLE)

    def _outside(self, block: bytes, at: int, place: int, byte: int) -> int:
        """A structural byte outside of the list; gives where the bytes begin that come next."""
        if byte in _OPEN:
            return self._opened(block, at, place, byte)
        if not self._frames:
            raise RecordError("json", "a bracket closes that was not opened, or something stands behind the text")
        if byte == 0x3A and self._frames[-1].byte == 0x7B:
            self._frames[-1].key = _key(self._held + block[at:place])
        elif byte in _CLOSING:
            self._frames.pop()
        whole = len(self._frames) == 1 and self._frames[0].byte == 0x5B  # between the objects of a list of them
        if whole and byte != 0x3A:
            self._around = b"["
            self._boundary(place + 1)
        else:
            self._keep(block[at : place + 1], place + 1)
        return place + 1

    def _opened(self, block: bytes, at: int, place: int, byte: int) -> int:
        above = self._frames[-1] if self._frames else None
        if above is None or (above.byte == 0x5B and len(self._frames) == 1):
            matched = 0
        else:
            on_way = (
                0 <= above.matched < len(self._keys) and above.byte == 0x7B and above.key == self._keys[above.matched]
            )
            matched = above.matched + 1 if on_way else -1
        self._frames.append(_Frame(byte, matched))
        records = matched == len(self._keys) and (byte == 0x7B or not self._values)
        self._inside = (_LIST if byte == 0x5B else _OBJECT if self._values else _SINGLE) if records else 0
        self._named = False
        single = self._inside == _SINGLE
        self._keep(block[at : place if single else place + 1], place if single else place + 1)
        if records:
            closing = b"".join(_CLOSE[frame.byte] for frame in reversed(self._frames[:-1] if single else self._frames))
            self._known = self._around_value(b"null" if single else b"", closing)
        return place if single else place + 1

    def _around_value(self, filler: bytes, closing: bytes) -> Any:
        """What stands around the list, the list empty in it."""
        try:
            value = parsed(self._around + filler + closing)[0].value
        except (RecordError, IndexError):
            return {}
        return value[-1] if isinstance(value, list) and value and self._keys else value

    def _leave(self, block: bytes, at: int, place: int) -> int:
        """Behind the list; its bracket belongs to what is around it."""
        self._frames.pop()
        self._inside = 0
        if len(self._frames) == 1 and self._frames[0].byte == 0x5B and self._keys:
            self._around = b"["
            self._boundary(place + 1)
        else:
            self._keep(block[at : place + 1], place + 1)
        return place + 1

    def _item(self, data: bytes, size: int) -> Item | None:
        """The record that ends here."""
        size += self._size
        self._named = False
        if size > self._limit:
            message = f"a record of {size:,} bytes, limit {self._limit:,} (line_bytes)"
            return Item(self.place, size, None, None, {}, ("too_large", message), (self._held + data)[:EXCERPT_BYTES])
        data = (self._held + data).strip(_BLANK)
        if not data:
            return None
        try:
            found = parsed(data)
        except RecordError as error:
            return Item(self.place, size, None, None, {}, (error.reason, str(error)), data[:EXCERPT_BYTES])
        value = named({self._name: found[0].value})[0] if self._inside == _OBJECT else found[0].value
        return Item(self.place, size, value, self._known, {**self._notes, **found[0].notes})

    def _keep(self, data: bytes, end: int) -> None:
        """Bytes up to a boundary, for what stands around the list."""
        if len(self._around) + self._size + len(data) > self._limit:
            raise RecordError("too_large", f"more than {self._limit:,} bytes around its list of records (line_bytes)")
        self._around += self._held + data
        self._boundary(end)

    def _boundary(self, at: int) -> None:
        self._held, self._size, self.place = b"", 0, self._base + at

    def _hold(self, data: bytes) -> None:
        self._size += len(data)
        self._held = self._held + data if self._size <= self._limit else (self._held + data)[:EXCERPT_BYTES]
