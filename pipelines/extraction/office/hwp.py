"""HWP 5, the binary format of Hangul: streams of records in an OLE file, mostly deflated.

A paragraph is a record with its text, and its control objects in records below it. In the text a control takes one unit of
UTF-16 or eight; the "extended" ones stand for the objects in their order. Distribution documents hold their text encrypted
with a key that they carry along. HWP 3 is another format altogether and is not read.
"""

import re
import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from algok.pipelines.extraction.office.describe import description
from algok.pipelines.extraction.office.numbers import SHAPES, Heading, Level, Numbers
from algok.pipelines.extraction.office.ole import OleFile
from algok.pipelines.extraction.office.story import Lines, Story, table_lines
from algok.pipelines.extraction.office.symbols import equation
from algok.pipelines.extraction.page import ExtractError

SIGNATURE = b"HWP Document File"
_DEFLATED, _PASSWORD, _DISTRIBUTION, _CERTIFIED, _DRM = 1, 2, 4, 1 << 8, 1 << 4  # flags of the file header
_TRACKED = 1 << 14  # the same: changes are tracked

_KEY, _PARAGRAPH, _TEXT, _CONTROL, _LIST, _TABLE, _EQUATION, _MEMOS = 28, 66, 67, 71, 72, 77, 88, 93  # tags of records
_RANGES = 70  # the same: marks over stretches of a paragraph's text
_TAGS = frozenset({_PARAGRAPH, _TEXT, _RANGES, _CONTROL, _LIST, _TABLE, _EQUATION, _MEMOS})
_WORD = struct.Struct("<I")
_RANGE = struct.Struct("<3I")  # first unit, the one behind the last, kind and number
_DELETED = 0x11  # kind of a range whose text was deleted while changes were tracked; 0x10 was inserted
_LONG_RECORD = 0xFFF  # a size that stands in the next word

_UNITS = {10: "\n", 24: "-", 30: " ", 31: " "}  # controls of one unit; others of one unit show nothing
_ONE_UNIT = frozenset({0, 10, 13, *range(24, 32)})
_EXTENDED = frozenset({1, 2, 3, 11, 12, 14, 15, 16, 17, 18, 21, 22, 23})
_SPECIAL = re.compile("[\x00-\x1f]")
_COUNTED = frozenset({3, 4, 5})  # kinds of automatic numbers in captions: picture, table, equation


def read_hwp(ole: OleFile, limit: int) -> tuple[str, dict[str, Any]]:
    """Text and meta of an HWP 5 file."""
    header = ole.read("FileHeader")
    if len(header) < 40 or not header.startswith(SIGNATURE):
        raise ExtractError("corrupt", "its header is none of an HWP file")
    (flags,) = _WORD.unpack_from(header, 36)
    if flags & (_PASSWORD | _CERTIFIED | _DRM):
        raise ExtractError("encrypted", "needs a password, a certificate or a licence")
    story = Story(limit)
    numbers = _numbers(_inflated(ole, ole.read("DocInfo"), flags)) if "DocInfo" in ole else Numbers()
    for data in _sections(ole, flags):
        _Section(story, numbers, flags & _TRACKED != 0).read(data)
    found = ole.properties("\x05HwpSummaryInformation")
    return story.text(), description("hwp", found.title, found.author, found.date)


# --- streams ---------------------------------------------------------------------------------------------------------


def _sections(ole: OleFile, flags: int) -> Iterator[bytes]:
    """The records of each section in their order. What is shown stands in ViewText where a document has both: the text of
    distribution documents, and text with its changes marked, of which `_final` makes the final state."""
    folder = "ViewText" if flags & _DISTRIBUTION else "BodyText"
    bodies = [name.replace("ViewText", "BodyText", 1) for name in ole.numbered(folder, "Section")]
    if not bodies:
        raise ExtractError("corrupt", "an HWP file without a section")
    for body in bodies:
        view = body.replace("BodyText", "ViewText", 1)
        if view in ole:
            shown = _viewed(ole, view, flags)
            if shown is not None:
                yield shown
                continue
        yield _inflated(ole, ole.read(body), flags)


def _viewed(ole: OleFile, name: str, flags: int) -> bytes | None:
    """A section of ViewText; None for the stubs that some programs leave there."""
    try:
        data = ole.read(name)
        data = _inflated(ole, _decrypted(data) if data[:1] == bytes([_KEY]) else data, flags)
        if _tag(data) == _PARAGRAPH:
            return data
    except ExtractError as error:
        if error.reason == "too_large":
            raise
    if flags & _DISTRIBUTION:
        raise ExtractError("corrupt", "the text of a distribution document cannot be decrypted")
    return None


def _tag(data: bytes) -> int | None:
    return _WORD.unpack_from(data)[0] & 0x3FF if len(data) >= 4 else None


def _inflated(ole: OleFile, data: bytes, flags: int) -> bytes:
    if not flags & _DEFLATED:
        return data
    decoder = zlib.decompressobj(-15)
    try:
        plain = decoder.decompress(data, ole.left + 1)
    except zlib.error:
        raise ExtractError("corrupt", "a section does not inflate") from None
    ole.count(len(plain))
    if not decoder.eof:
        raise ExtractError("truncated", "a section ends early")
    return plain


def _decrypted(data: bytes) -> bytes:
    """A section of a distribution document. The record in front holds the key, under the random numbers of Microsoft's C
    library from a seed that stands there too."""
    if len(data) < 4 + 256:
        raise ExtractError("truncated", "a section ends before its key")
    record = bytearray(data[4:260])
    (seed,) = _WORD.unpack_from(record)
    key_at, state, run, mask = 4 + (seed & 15), seed, 0, 0
    for place in range(256):
        if run == 0:
            state, first = _random(state)
            state, second = _random(state)
            mask, run = first & 0xFF, (second & 15) + 1
        if place >= 4:
            record[place] ^= mask
        run -= 1
    decryptor = Cipher(AES(bytes(record[key_at : key_at + 16])), ECB()).decryptor()
    body = data[260:]
    return decryptor.update(body[: len(body) & ~15])


def _random(state: int) -> tuple[int, int]:
    state = (state * 214013 + 2531011) & 0xFFFFFFFF
    return state, (state >> 16) & 0x7FFF


def _records(data: bytes, tags: frozenset[int]) -> Iterator[tuple[int, int, int, int]]:
    """(tag, level, start, end) of the records with these tags."""
    at, size, word = 0, len(data), _WORD.unpack_from
    while at + 4 <= size:
        (head,) = word(data, at)
        at += 4
        length = head >> 20
        if length == _LONG_RECORD:
            if at + 4 > size:
                break
            (length,) = word(data, at)
            at += 4
        tag = head & 0x3FF
        if at + length > size:
            raise ExtractError("corrupt", "a record reaches beyond its section")
        if tag in tags:
            yield tag, (head >> 10) & 0x3FF, at, at + length
        at += length


# --- numbers of paragraphs -------------------------------------------------------------------------------------------

_NUMBERING, _BULLET, _SHAPE = 23, 24, 25  # tags in DocInfo, each numbered by its place among its kind
_HEADS = ("NONE", "OUTLINE", "NUMBER", "BULLET")
_LEVELS = 7


def _numbers(data: bytes) -> Numbers:
    """The numberings, bullets and shapes of paragraphs; none where the stream is damaged, since the text does not need them."""
    numbers = Numbers()
    try:
        for tag, _, start, end in _records(data, frozenset({_NUMBERING, _BULLET, _SHAPE})):
            if tag == _NUMBERING:
                numbers.numberings[len(numbers.numberings) + 1] = _levels(data[start:end])
            elif tag == _BULLET:
                bullet = data[start + 12 : min(end, start + 14)].decode("utf-16-le", "ignore")
                numbers.bullets[len(numbers.bullets) + 1] = bullet
            else:
                numbers.headings[len(numbers.headings)] = _heading(data[start:end])
    except ExtractError:
        return Numbers()
    return numbers


def _heading(data: bytes) -> Heading:
    if len(data) < 32:
        return Heading("NONE", 0, 0)
    (attributes,) = _WORD.unpack_from(data)
    return Heading(_HEADS[attributes >> 23 & 3], int.from_bytes(data[30:32], "little"), attributes >> 25 & 7)


def _levels(data: bytes) -> list[Level]:
    """The levels of a numbering: attributes, a format with its length before it; then where each begins."""
    found, at = [], 0
    for _ in range(_LEVELS):
        if at + 14 > len(data):
            break
        shape = _WORD.unpack_from(data, at)[0] >> 5 & 15
        text, at = _string(data, at + 12)
        found.append(Level(text, SHAPES[shape] if shape < len(SHAPES) else SHAPES[0]))
    starts = data[at + 2 : at + 2 + 4 * len(found)]
    if len(starts) == 4 * len(found):
        found = [
            level._replace(start=_WORD.unpack_from(starts, 4 * number)[0] & 0xFFFF)
            for number, level in enumerate(found)
        ]
    return found


# --- records to text -------------------------------------------------------------------------------------------------


@dataclass
class _Control:
    """An object of a paragraph: its kind, the place in the text that it may fill, its rows if it is a table."""

    kind: str
    fill: Callable[[str], None] | None = None
    data: bytes = b""
    script: str = ""
    rows: dict[int, list[Lines]] = field(default_factory=dict)
    is_table: bool = False
    below: Lines = field(default_factory=list)  # the caption of a table, where it stands below


@dataclass
class _Frame:
    level: int
    paragraph: bool = False
    control: _Control | None = None
    row: int | None = None  # of a list: the row of the table that it is a cell of
    below: bool = False  # of a list: whether it stands below, if it is a caption
    slots: list[tuple[str, Callable[[str], None]]] = field(default_factory=list)
    controls: int = 0  # of a paragraph: how many of its controls came
    gone: frozenset[int] = frozenset()  # of a paragraph: the numbers of those that were deleted

    @property
    def is_list(self) -> bool:
        return not self.paragraph and self.control is None


class _Section:
    """Fills a story from the records of a section. Open paragraphs, controls and lists stand on a stack by their level."""

    def __init__(self, story: Story, numbers: Numbers, tracked: bool):
        self._story, self._numbers, self._tracked = story, numbers, tracked
        self._held: bytes | None = None  # a paragraph's text, until the marks over it are known
        self._stack: list[_Frame] = []
        self._memos = False

    def read(self, data: bytes) -> None:
        deleted: int | None = None  # the level of a control that was deleted, with all that is in it
        for tag, level, start, end in _records(data, _TAGS):
            if deleted is not None and level > deleted:
                continue
            deleted = None
            if tag == _RANGES:
                self._mark(data[start:end])
                continue
            self._add_held()
            if tag == _PARAGRAPH:
                self._close_to(level, keep_list=True)
                shape = int.from_bytes(data[start + 8 : min(end, start + 10)], "little")
                self._story.open_paragraph(self._numbers.label(shape))
                self._stack.append(_Frame(level, paragraph=True))
                continue
            self._close_to(level)
            if tag == _TEXT:
                self._held = data[start:end]
            elif tag == _CONTROL and self._is_deleted():
                deleted = level
            elif tag == _CONTROL:
                self._stack.append(_Frame(level, control=self._control(data[start:end])))
            elif tag == _LIST:
                self._story.open_list()
                self._stack.append(_Frame(level, row=self._row(data[start:end]), below=_stands_below(data[start:end])))
            elif tag == _MEMOS:
                self._memos = True
            else:
                self._object(tag, data[start:end])
        self._add_held()
        self._close_to(0)

    def _close_to(self, level: int, keep_list: bool = False) -> None:
        """Closes what is as deep as `level` or deeper; a list of this very level stays open for its paragraphs."""
        stack = self._stack
        while stack and stack[-1].level >= level:
            frame = stack[-1]
            if keep_list and frame.level == level and frame.is_list:
                return
            stack.pop()
            if frame.paragraph:
                self._story.close_paragraph()
            elif frame.control is not None:
                self._close_control(frame.control)
            else:
                self._close_list(frame)

    def _mark(self, ranges: bytes) -> None:
        """Takes what was deleted out of the paragraph whose text is held."""
        if self._tracked and self._held is not None:
            self._held, gone = _final(self._held, ranges)
            if self._stack and self._stack[-1].paragraph:
                self._stack[-1].gone = gone

    def _add_held(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            self._text(held)

    def _is_deleted(self) -> bool:
        """Whether the control that begins here was deleted; controls come in the order of their places in the text."""
        paragraph = next((frame for frame in reversed(self._stack) if frame.paragraph), None)
        if paragraph is None:
            return False
        paragraph.controls += 1
        return paragraph.controls - 1 in paragraph.gone

    def _text(self, data: bytes) -> None:
        paragraph = self._stack[-1] if self._stack and self._stack[-1].paragraph else None
        text = data.decode("utf-16-le", "replace")
        special = _SPECIAL.search(text)
        if special is None or special.start() == len(text) - 1:
            self._story.add(text.rstrip("\r"))
            return
        for piece in _pieces(data):
            if piece[0] != "\0":
                self._story.add(piece)
            elif paragraph is not None:
                paragraph.slots.append((piece[1:], self._story.reserve()))

    def _control(self, data: bytes) -> _Control:
        kind = data[3::-1].decode("latin-1")
        if kind == "secd":
            self._numbers.outline = int.from_bytes(data[18:20], "little")
        slots = next((frame.slots for frame in reversed(self._stack) if frame.paragraph), [])
        place = next((number for number, (of_kind, _) in enumerate(slots) if of_kind == kind), None)
        fill = slots.pop(place)[1] if place is not None else None
        return _Control(kind, fill, data)

    def _owner(self) -> _Control | None:
        return next((frame.control for frame in reversed(self._stack) if frame.control is not None), None)

    def _row(self, data: bytes) -> int | None:
        """The row of a cell by its list header."""
        owner = self._owner()
        if owner is None or not owner.is_table or len(data) < 12:
            return None
        return int.from_bytes(data[10:12], "little")

    def _object(self, tag: int, data: bytes) -> None:
        owner = self._owner()
        if owner is None:
            return
        if tag == _TABLE:
            owner.is_table = True
        elif len(data) >= 6:
            size = 2 * int.from_bytes(data[4:6], "little")
            owner.script = equation(data[6 : 6 + size].decode("utf-16-le", "replace"))

    def _close_list(self, frame: _Frame) -> None:
        lines, owner = self._story.close_list(), self._owner()
        if owner is None:
            if not self._memos:
                self._story.put(lines)
        elif frame.row is not None:
            owner.rows.setdefault(frame.row, []).append(lines)
        elif owner.kind == "tbl " and frame.below:
            owner.below = lines
        elif owner.kind == "fn  ":
            self._story.note(lines)
        elif owner.kind == "en  ":
            self._story.endnote(lines)
        elif owner.kind in ("head", "secd"):
            self._story.head(lines)
        elif owner.kind == "foot":
            self._story.foot(lines)
        elif owner.kind not in ("tcmt", "%%me"):  # remarks of editors
            self._story.put(lines)

    def _close_control(self, control: _Control) -> None:
        if control.is_table:
            self._story.put([*table_lines(control.rows.values()), *control.below])
        text = control.script or _shown(control)
        if text and control.fill is not None:
            control.fill(text)
        elif text:
            self._story.put([text])


def _stands_below(data: bytes) -> bool:
    """Whether a list that is a caption stands right of its table or below it, by the list's header."""
    return len(data) > 8 and data[8] & 3 in (1, 3)


def _final(data: bytes, ranges: bytes) -> tuple[bytes, frozenset[int]]:
    """The text of a paragraph without what was deleted in it, and the numbers of the controls that went with that."""
    whole = len(ranges) // _RANGE.size * _RANGE.size
    spans = sorted((start, end) for start, end, kind in _RANGE.iter_unpack(ranges[:whole]) if kind >> 24 == _DELETED)
    kept, at = list[bytes](), 0
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        start = max(start, at)
        if end > start:
            kept.append(data[2 * at : 2 * start])
            merged.append((start, end))
            at = end
    if not merged:
        return data, frozenset()
    places = [place for place, unit in _controls(array("H", data[: len(data) & ~1])) if unit in _EXTENDED]
    starts = [start for start, _ in merged]
    gone = [bisect_right(starts, place) - 1 for place in places]
    return b"".join([*kept, data[2 * at :]]), frozenset(
        number for number, (place, span) in enumerate(zip(places, gone)) if span >= 0 and place < merged[span][1]
    )


def _controls(units: "array[int]") -> Iterator[tuple[int, int]]:
    """The controls among the units of a text: place and unit."""
    at = 0
    for place, unit in enumerate(units):
        if unit < 32 and place >= at:
            yield place, unit
            at = place + (1 if unit in _ONE_UNIT else 8)


def _pieces(data: bytes) -> Iterator[str]:
    """The text of a paragraph in pieces; a control's place is a zero character with the object's kind behind it."""
    units = array("H", data[: len(data) & ~1])
    at, size = 0, len(units)
    for place, unit in _controls(units):
        if place > at:
            yield data[2 * at : 2 * place].decode("utf-16-le", "replace")
        if unit in _ONE_UNIT:
            at = place + 1
            if unit in _UNITS:
                yield _UNITS[unit]
            continue
        at = place + 8
        if unit == 9:
            yield "\t"
        elif unit in _EXTENDED and at <= size:
            yield "\0" + data[2 * place + 2 : 2 * place + 6][::-1].decode("latin-1")
    if at < size:
        yield data[2 * at :].decode("utf-16-le", "replace")


def _shown(control: _Control) -> str:
    """The text that a control without paragraphs shows: numbers of captions, characters over each other, words with a gloss."""
    data = control.data
    if control.kind == "atno" and len(data) >= 10 and data[4] & 15 in _COUNTED:
        return str(int.from_bytes(data[8:10], "little"))
    if control.kind == "tcps":
        return _string(data, 4)[0]
    if control.kind == "tdut":
        words, at = _string(data, 4)
        return f"{words}({_string(data, at)[0]})"
    return ""


def _string(data: bytes, at: int) -> tuple[str, int]:
    """A string with its length before it, and where it ends."""
    end = at + 2 + 2 * int.from_bytes(data[at : at + 2], "little")
    return data[at + 2 : end].decode("utf-16-le", "replace"), end
