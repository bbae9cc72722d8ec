"""The text of a page of PDF by the places of its characters, for pages whose content is in another order than they are read.

Two kinds are known. Printer drivers write each font's characters of a line together, so that "2026. 1. 2.(금)" becomes
"금2026. 1. 2.()". Layout programs write two columns line by line, across the gutter. Both are seen from the boxes of the
text runs, which are few; the characters' own places are asked for only then.
"""

import ctypes
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from pypdfium2 import raw

_BACK = 0.05  # share of runs out of order on nearly every page: drivers have 0.06 and more, others 0.04 and less
_OVERLAP = 0.5  # of a line's height, by which such a run begins before the other one's end
_COLUMN_LINES = 10  # on each side of a gutter
_FILLED = 0.6  # width of a column's lines, of the column: cells of a table are shorter
_MIXED = 0.5  # share of runs that change the side
_CROSSING = 0.25  # share of runs that may lie across the gutter: titles, pictures, tables
_MIDDLE = (0.38, 0.62)  # where on the page a gutter can be
_GAP = 0.22  # of a line's height, that separates words where no space is written
_MOST_RUNS = 20_000
_MOST_CHARS = 100_000


class Box(NamedTuple):
    """A run or a character and where it stands; y grows upwards."""

    left: float
    bottom: float
    right: float
    top: float
    text: str = ""

    @property
    def middle(self) -> float:
        return (self.bottom + self.top) / 2

    @property
    def middle_x(self) -> float:
        return (self.left + self.right) / 2


def overlapping(runs: Sequence[Box]) -> float:
    """Share of a page's runs that begin before the end of the one before them in their line."""
    back = sum(1 for a, b in pairwise(runs) if _same_line(a, b) and b.left < a.right - _OVERLAP * _height(b))
    return back / max(1, len(runs))


def written_by_font(shares: Sequence[float]) -> bool:
    """Whether a document writes each font's characters of a line together, from `overlapping` of its pages: other documents
    have such pages too (formulas, marks over the text), but not nearly all."""
    return bool(shares) and sorted(shares)[len(shares) // 4] >= _BACK


def in_lines(chars: Sequence[Box]) -> str:
    """The text of a page with the characters of each line from left to right, lines in the order of the content."""
    lines: list[list[Box]] = []
    for char in chars:
        if lines and _same_line(lines[-1][0], char):
            lines[-1].append(char)
        else:
            lines.append([char])
    return "\r\n".join(_spaced(sorted(line, key=lambda char: char.left)) for line in lines)


def in_columns(chars: Sequence[Box], gutter: float) -> str:
    """The text of a page from top to bottom, down the left column before the right one between lines that cross the gutter."""
    lines = _lines(chars)
    out: list[str] = []
    left: list[str] = []
    right: list[str] = []
    for line in lines:
        if any(char.left < gutter - 1 and char.right > gutter + 1 for char in line) or _runs_through(line, gutter):
            out += left + right + [_spaced(line)]
            left, right = [], []
            continue
        for side, part in (
            (left, [c for c in line if c.middle_x < gutter]),
            (right, [c for c in line if c.middle_x >= gutter]),
        ):
            if part:
                side.append(_spaced(part))
    return "\r\n".join(out + left + right)


def _runs_through(line: Sequence[Box], gutter: float) -> bool:
    """Whether a line goes on across the gutter, with no more than a space there."""
    before = max((char.right for char in line if char.right <= gutter + 1), default=None)
    after = min((char.left for char in line if char.left >= gutter - 1), default=None)
    height = max(char.top - char.bottom for char in line)
    return before is not None and after is not None and after - before < 0.8 * height


def _height(run: Box) -> float:
    return max(run.top - run.bottom, 1.0)


def _same_line(one: Box, other: Box) -> bool:
    shared = min(one.top, other.top) - max(one.bottom, other.bottom)
    return shared > 0.5 * min(one.top - one.bottom, other.top - other.bottom)


def gutter_of(runs: Sequence[Box], width: float) -> float | None:
    """Where the gutter is, if there are two columns of running text that the content goes through side by side."""
    if len(runs) < 2 * _COLUMN_LINES or width <= 0:
        return None
    places = [width * (_MIDDLE[0] + (_MIDDLE[1] - _MIDDLE[0]) * step / 24) for step in range(25)]
    crossed = [sum(1 for run in runs if run.left < place < run.right) for place in places]
    least = min(crossed)
    free = [place for place, count in zip(places, crossed, strict=True) if count == least]
    gutter = free[len(free) // 2]
    sides = [run.left >= gutter for run in runs if not run.left < gutter < run.right]
    if least > _CROSSING * len(runs) or sum(a != b for a, b in pairwise(sides)) < _MIXED * len(runs):
        return None
    left, right = [run for run in runs if run.right <= gutter], [run for run in runs if run.left >= gutter]
    if min(len(left), len(right)) < _COLUMN_LINES:
        return None
    whole = gutter - min(run.left for run in left), max(run.right for run in right) - gutter
    filled = [median(run.right - run.left for run in column) for column in (left, right)]
    return gutter if filled[0] >= _FILLED * whole[0] and filled[1] >= _FILLED * whole[1] else None


def _lines(chars: Sequence[Box]) -> list[list[Box]]:
    """Characters of a line together, from left to right; lines from top to bottom."""
    lines: list[list[Box]] = []
    for char in sorted(chars, key=lambda char: (-char.middle, char.left)):
        if lines and lines[-1][0].middle - char.middle < 0.5 * max(1.0, lines[-1][0].top - lines[-1][0].bottom):
            lines[-1].append(char)
        else:
            lines.append([char])
    return [sorted(line, key=lambda char: char.left) for line in lines]


def _spaced(line: Sequence[Box]) -> str:
    """The text of a line, with a space where a gap is left and none is written."""
    out = [line[0].text]
    for before, char in pairwise(line):
        height = max(char.top - char.bottom, 1.0)
        if char.left - before.right > _GAP * height and not before.text.isspace() and not char.text.isspace():
            out.append(" ")
        out.append(char.text)
    return "".join(out)


# --- pdfium ----------------------------------------------------------------------------------------------------------


def runs_of(texts: Any) -> list[Box]:
    """The boxes of a page's runs of text, in the order of the content."""
    edges = [ctypes.c_double() for _ in range(4)]
    found = []
    for number in range(min(raw.FPDFText_CountRects(texts, 0, -1), _MOST_RUNS)):
        if raw.FPDFText_GetRect(texts, number, *edges):
            left, top, right, bottom = (edge.value for edge in edges)
            found.append(Box(left, bottom, right, top))
    return found


def chars_of(texts: Any) -> list[Box]:
    """The characters of a page with their places, without those that pdfium put in between."""
    box = raw.FS_RECTF()
    found = []
    for number in range(min(texts.count_chars(), _MOST_CHARS)):
        code = raw.FPDFText_GetUnicode(texts, number)
        if raw.FPDFText_IsGenerated(texts, number) == 1 or code in (0, 10, 13) or code > 0x10FFFF:
            continue
        if raw.FPDFText_GetLooseCharBox(texts, number, box):
            found.append(Box(box.left, box.bottom, box.right, box.top, chr(code)))
    return found
