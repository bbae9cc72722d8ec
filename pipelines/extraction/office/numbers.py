"""Numbers and bullets of paragraphs in HWP and HWPX: they are not in the text but follow from the paragraph's shape, a list of
formats, and how many paragraphs of the kind came before."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from algok.pipelines.extraction.office.xml import Attributes, walk

_LEVEL = re.compile(r"\^([0-9nN])")
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"),
          (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_SYLLABLES = "가나다라마바사아자차카타파하"
_JAMO = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST = 4000  # in Roman numbers
_DEEPEST = 10


def _roman(number: int) -> str:
    if number > _MOST:
        return str(number)
    out = ""
    for value, letters in _ROMAN:
        out += letters * (number // value)
        number %= value
    return out


def _of(signs: str) -> Callable[[int], str]:
    """Signs one after the other; behind the last one the first again, doubled."""
    return lambda number: signs[(number - 1) % len(signs)] * min(1 + (number - 1) // len(signs), 9)


def _circled(first: str, count: int) -> Callable[[int], str]:
    return lambda number: chr(ord(first) + number - 1) if number <= count else f"({number})"


# By the numbers that HWP gives them; HWPX has the names.
_SHAPES: dict[str, Callable[[int], str]] = {
    "DIGIT": str,
    "CIRCLED_DIGIT": _circled("①", 20),
    "ROMAN_CAPITAL": _roman,
    "ROMAN_SMALL": lambda number: _roman(number).lower(),
    "LATIN_CAPITAL": _of(_LETTERS),
    "LATIN_SMALL": _of(_LETTERS.lower()),
    "CIRCLED_LATIN_CAPITAL": _circled("Ⓐ", 26),
    "CIRCLED_LATIN_SMALL": _circled("ⓐ", 26),
    "HANGUL_SYLLABLE": _of(_SYLLABLES),
    "CIRCLED_HANGUL_SYLLABLE": _circled("㉮", 14),
    "HANGUL_JAMO": _of(_JAMO),
    "CIRCLED_HANGUL_JAMO": _circled("㉠", 14),
    "HANGUL_PHONETIC": _of("일이삼사오육칠팔구십"),
    "IDEOGRAPH": _of("一二三四五六七八九十"),
    "CIRCLED_IDEOGRAPH": _circled("㊀", 10),
}
SHAPES = tuple(_SHAPES)


class Level(NamedTuple):
    """How a level of a numbering is written: its format (`^1.` is the number of level 1 and a full stop), the shape of its own
    number, and where it begins."""

    format: str
    shape: str
    start: int = 1


class Heading(NamedTuple):
    """What a shape of paragraphs says of their heads."""

    kind: str  # NUMBER, OUTLINE, BULLET or NONE
    identity: int
    level: int


class Numbers:
    """The heads of a document's paragraphs, asked for in the order of the text."""

    def __init__(self) -> None:
        self.numberings: dict[int, list[Level]] = {}
        self.bullets: dict[int, str] = {}
        self.headings: dict[int, Heading] = {}  # by the number of the paragraph's shape
        self.outline = 0  # the numbering of headings in the section
        self._counts: dict[int, list[int]] = {}

    def label(self, shape: int) -> str:
        """What stands before the next paragraph, of this shape."""
        heading = self.headings.get(shape)
        if heading is None:
            return ""
        if heading.kind == "BULLET":
            return self.bullets.get(heading.identity, "")
        if heading.kind not in ("NUMBER", "OUTLINE"):
            return ""
        levels = self.numberings.get(self.outline if heading.kind == "OUTLINE" else heading.identity, [])
        if not 0 <= heading.level < len(levels):
            return ""
        counts = self._counts.setdefault(0 if heading.kind == "OUTLINE" else heading.identity, [0] * _DEEPEST)
        counts[heading.level] = (
            counts[heading.level] + 1 if counts[heading.level] else max(levels[heading.level].start, 1)
        )
        counts[heading.level + 1 :] = [0] * (_DEEPEST - heading.level - 1)
        return _written(levels, counts, heading.level)


def _written(levels: list[Level], counts: list[int], at: int) -> str:
    def number(found: re.Match[str]) -> str:
        if found[1] in "nN":
            path = ".".join(str(count or 1) for count in counts[: at + 1])
            return path + ("." if found[1] == "N" else "")
        level = int(found[1]) - 1
        if not 0 <= level < len(levels):
            return ""
        return _SHAPES.get(levels[level].shape, str)(counts[level] or max(levels[level].start, 1))

    return _LEVEL.sub(number, levels[at].format)


def numbers_of_hwpx(header: Iterable[bytes]) -> Numbers:
    """The numberings, bullets and shapes of paragraphs in the header of an HWPX file."""
    numbers = Numbers()
    reader = _Header(numbers)
    walk(header, reader.start, reader.end, reader.text)
    return numbers


class _Header:
    """Takes from `header.xml` what paragraph heads need."""

    def __init__(self, numbers: Numbers):
        self._numbers = numbers
        self._numbering: list[Level] | None = None
        self._shape = -1
        self._level: tuple[int, str, int] | None = None
        self._format = ""

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "numbering":
            self._numbering = self._numbers.numberings.setdefault(_number(attributes, "id"), [])
        elif name == "paraHead" and self._numbering is not None:
            self._level = _number(attributes, "level"), attributes.get("numFormat", ""), _number(attributes, "start")
            self._format = ""
        elif name == "bullet":
            self._numbers.bullets[_number(attributes, "id")] = attributes.get("char", "")
        elif name == "paraPr":
            self._shape = _number(attributes, "id")
        elif name == "heading":
            found = Heading(attributes.get("type", ""), _number(attributes, "idRef"), _number(attributes, "level"))
            self._numbers.headings[self._shape] = found

    def end(self, name: str) -> None:
        if name == "numbering":
            self._numbering = None
        elif name == "paraHead" and self._level is not None and self._numbering is not None:
            level, shape, start = self._level
            if level == len(self._numbering) + 1:
                self._numbering.append(Level(self._format, shape, start))
            self._level = None

    def text(self, text: str) -> None:
        if self._level is not None:
            self._format += text


def _number(attributes: Attributes, name: str) -> int:
    value = attributes.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0
