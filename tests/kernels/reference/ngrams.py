"""What `algok.kernels.ngrams.features` computes, line by line over a string: slow, and plain enough to be checked by reading.

Documents must have fewer features than the table has rows, as the kernel stops at a full table.
"""

from itertools import groupby
from typing import NamedTuple

from algok.kernels import ngrams as kernel
from algok.kernels.ngrams import _HANGUL, _LATIN, _MARK, _NEWLINE, _SPACE, _STOP

_MASK = (1 << 64) - 1
_M1, _M2 = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
_EDGE = 1
_RANGES = (
    (_HANGUL, "가힣"),
    (_LATIN, "azAZ"),
    (kernel._DIGIT, "09"),
    (_SPACE, "\t\t\x0b\r  \xa0\xa0\u2000\u200f\u3000\u3000"),
    (_NEWLINE, "\n\n\x85\x85\u2028\u2029"),
    (kernel._OTHER_LETTER, "ㄱㆎ\u3040ヿ\u3400\u9fff\uf900\ufaff\u00c0\u024f\u0370\u1fff"),
    (_STOP, "..。。……"),
    (kernel._QUESTION, "??!!"),
    (kernel._BRACKET, "()[[]]{{}}<<>>\"\"''‘‟〈】"),
    (kernel._COLON, ":;"),
    (kernel._DASH, "--**##••||•‣\u25a0\u27bf··––——"),
)
_CLASS_OF = {
    code: kind
    for kind, ends in _RANGES
    for first, last in zip(ends[::2], ends[1::2])
    for code in range(ord(first), ord(last) + 1)
}


class _Character(NamedTuple):
    kind: int
    code: int  # letters of ASCII in lower case


def _character(text: str) -> _Character:
    return _Character(_CLASS_OF.get(ord(text), _MARK), ord(text.lower() if text.isascii() else text))


def _mix(codes: list[int], kind: int) -> int:
    """One number for a sequence of characters of a kind."""
    value = kind
    for code in codes:
        value = (value ^ code) * _M1 & _MASK
    return value


def _steps(count: int) -> int:
    return count.bit_length()


def _share(part: int, whole: int) -> int:
    return 0 if part == 0 or whole == 0 else 1 + part * 20 // whole


class _Document:
    """Features so far, and what the last three groups need to know of the text."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.groups: tuple[set[int], ...] = (set(), set(), set())
        self.head = 0  # of the run of letters before
        self.shape = 0  # of the line before
        self.last_syllable = 0
        self.lines: list[tuple[int, int]] = []  # length class and last character's class
        self.runs = self.stops = self.da_stops = 0

    def add(self, group: int, value: int, kind: int) -> None:
        """A row is counted once in a document, in the group that has it first."""
        hashed = ((value & _MASK) ^ (kind << 59)) * _M1 & _MASK
        row = ((hashed ^ (hashed >> 29)) * _M2 & _MASK) >> (64 - self.bits)
        if not any(row in rows for rows in self.groups):
            self.groups[group].add(row)

    def add_run(self, kind: int, codes: list[int]) -> None:
        """The features of a run of letters or digits."""
        self.runs += 1
        if kind == kernel._DIGIT:
            self.add(0, min(len(codes), 4), 7)
            return
        if kind == _LATIN:
            head = _mix(codes[:4], kind)
            if len(codes) >= 4:
                self.add(0, head, 5)
        else:
            head = _mix(codes[:2], kind)
            edged = [_EDGE, *codes]
            for k in range(2, len(edged)):
                self.add(0, edged[k - 1] << 21 | edged[k], 0)
                self.add(0, edged[k - 2] << 42 | edged[k - 1] << 21 | edged[k], 1)
            if kind == _HANGUL:
                self.add(0, edged[-2] << 42 | edged[-1] << 21 | _EDGE, 2)
        self.add(0, _mix(codes, kind), 3)
        self.add(0, self.head * _M2 + head, 4)
        self.head = head

    def add_line(self, characters: list[_Character]) -> None:
        for kind, run in groupby(characters, key=lambda character: character.kind):
            if _HANGUL <= kind <= kernel._OTHER_LETTER:
                self.add_run(kind, [character.code for character in run])
        black = [character for character in characters if character.kind != _SPACE]
        for before, character in zip([_Character(0, 0), *black], black):
            if character.kind == _HANGUL:
                self.last_syllable = character.code
            if character.kind == _STOP and before.kind == _HANGUL:
                self.stops += 1
                self.da_stops += before.code == ord("다")
        if black:
            self.add_shape(black)

    def add_shape(self, black: list[_Character]) -> None:
        """The features of a line that is not blank, from its characters without spaces."""
        length = sum(len(black) >= least for least in (5, 10, 20, 40, 80, 200))
        end = black[-1].kind
        self.lines.append((length, end))
        if end == _STOP:  # behind the last syllable of the line; where it has none, of the lines before
            end = {ord("다"): 12, ord("요"): 13}.get(self.last_syllable, end)
        hangul = sum(kind == _HANGUL for kind, _ in black)
        shape = length * 16 + end
        self.add(1, shape << 8 | black[0].kind * 8 + min(4, _share(hangul, len(black)) // 5), 8)
        self.add(1, self.shape << 12 | shape, 9)
        self.shape = shape + 1

    def add_document(self, black: list[_Character]) -> None:
        """The features of the whole, from its characters without white space."""
        chars, lines = len(black), len(self.lines)
        of = [sum(kind == wanted for kind, _ in black) for wanted in (_HANGUL, _LATIN, kernel._DIGIT)]
        marks = sum(kind >= _STOP for kind, _ in black)
        short = sum(length <= 1 for length, _ in self.lines)
        ended = sum(end in (_STOP, kernel._QUESTION) for _, end in self.lines)
        values = [
            _steps(lines),
            *(_share(part, chars) for part in (*of, marks)),
            _steps(self.stops),
            _share(self.da_stops, max(self.stops, 1)),
            _share(short, max(lines, 1)),
            _share(ended, max(lines, 1)),
            min(40, chars // max(self.runs, 1)),
            _steps(chars // max(lines, 1)),
            _steps(self.runs // max(self.stops, 1)),
            _share(len(self.groups[0]), max(8 * self.runs, 1)),
        ]
        self.add(2, _steps(chars), 10)
        for which, value in enumerate(values):
            feature = (which * 64 + value) * 64
            self.add(2, feature, 11)
            self.add(2, feature + _steps(chars), 12)


def features(text: str, bits: int) -> tuple[set[int], ...]:
    """The rows of a document's features, group by group."""
    document, line = _Document(bits), []
    characters = [_character(c) for c in text]
    for character in [*characters, _Character(_NEWLINE, 10)]:
        if character.kind == _NEWLINE:
            document.add_line(line)
            line = []
        else:
            line.append(character)
    document.add_document([c for c in characters if c.kind not in (_SPACE, _NEWLINE)])
    return document.groups
