"""The lines of printed pages to running text: heads, feet and page numbers out, broken lines joined.

A line that reaches the right margin goes on in the next one, with a space or without (`breaks.py`).
"""

import re
import unicodedata
from collections import Counter
from itertools import accumulate, pairwise

from algok.pipelines.extraction.office.breaks import spaces

_EDGE = 3  # lines at both ends of a page that can be heads or feet
_REPEATED = 0.25  # share of pages on which such a line stands
_NUMBERED = 3  # pages whose numbers count them, where there are so many
_FORMS = 0.4  # share of the other lines of a page that the next one has too
_FULL = 0.86  # width of a line that goes on, of those that end at its margin
_AROUND = 6
_COLUMN = 6  # lines around, the line itself among them, that end at one margin
_SAME = 0.93
_NARROW = 28  # columns, below which lines are entries of a table or a form
_ROW, _FIGURES = 4, 0.6  # cells of a row of figures, and share of figures among them
_TRIANGLES = 3  # lines that begin with the triangle of slides
_PAGE_NUMBER = re.compile(
    r"[\s\-–—―~·|()<>\[\]]*(?:\d{1,4}|[ivxlc]{1,6})(?:\s*[/∕]\s*\d{1,4})?[\s\-–—―~·|()<>\[\]쪽]*"
    r"|(?:page|p\.|페이지)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?",
    re.IGNORECASE,
)
_MARKED_NUMBER = re.compile(r"[\-–—―]\s?\d{1,4}\s?[\-–—―]")  # a page number wherever it stands at an edge
_DIGITS = re.compile(r"\d{1,4}")
_Key = tuple[str, int | None]  # a line without a number, and how far that is from the page's place in the document
# What begins a paragraph of its own: bullets, numbers, letters of a list, table and figure captions.
_BEGINS = re.compile(
    r"\s*(?:[□■○●◎◇◆▪▫•·※☞▶▷►◦❍❏❑❖➢✓*∙ㆍ<【〔「『◈▣\-–―—△▲▽▼★☆Ÿ§+]|[oOㅇ]\s|[①-⑳㉠-㉻ⓐ-ⓩ⑴-⒇⒜-⒵Ⅰ-Ⅹⅰ-ⅹ]|\(?(?:\d{1,3}|[가-하]|[A-Za-z]|[ivx]{1,4})[.)](?!\d)|제\s?\d+\s?[장절조관편]|[ㄱ-ㅎ][.)]|\[|\|)"
)
_ENDS = re.compile(r"(?:[.!?。．！？][\"'”’)\]]?|[:;]|[·․.…]{4,}\s*\d*)\s*$")
_HANGUL = re.compile("[가-힣]")
_BULLET = re.compile(r"^\s*[Ÿ§](?=\s\D)")  # how the bullets of Wingdings come out of Hangul's PDFs
_TRIANGLE, _TRIANGLE_LINE = re.compile(r"\s*I (?=[가-힣])"), re.compile(r"^\s*I (?=.*[가-힣])")
_FIGURE = re.compile(r"[(\[]?[-–△▲▽▼+]?[\d.,]+[%)\]]{0,2}")
_HYPHENS = "\ufffe\x02"  # what pdfium makes of a hyphen at the end of a line


def join_pages(pages: list[str]) -> str:
    """The text of a document from the texts of its pages, as pdfium gives them.

    >>> join_pages(["봄이 왔다.\\r\\n- 1 -", "꽃이 핀다.\\r\\n- 2 -", "비가 온다.\\r\\n- 3 -"])
    '봄이 왔다.\\n꽃이 핀다.\\n비가 온다.'
    """
    bodies = _without_heads([text.replace("\r\n", "\n").split("\n") for text in pages])
    filled = [[line for line in lines if line.strip()] for lines in bodies]
    reach = [full for lines in filled for full in _full_lines(lines)]
    tops = set(accumulate(len(lines) for lines in filled))
    lines = _with_bullets([line for lines in filled for line in lines])
    rows = [_is_row(line) for line in lines]
    goes_on = {
        place
        for place in range(1, len(lines))
        if reach[place - 1]
        and not (rows[place - 1] or rows[place] or _ENDS.search(lines[place - 1]) or _BEGINS.match(lines[place]))
        and (place not in tops or _is_same_text(lines[place - 1], lines[place]))
    }
    breaks = [place for place in sorted(goes_on) if _HANGUL.match(lines[place - 1][-1]) and _HANGUL.match(lines[place])]
    inside = [not spaced for spaced in spaces([(lines[place - 1][-1], lines[place][0]) for place in breaks], lines)]
    whole = {place for place, within in zip(breaks, inside, strict=True) if within}
    out: list[str] = []
    for place, line in enumerate(lines):
        if place in goes_on:
            out[-1] = _joined(out[-1], line, place in whole)
        else:
            out.append(line)
    return "\n".join(line.rstrip() for line in out)


def _with_bullets(lines: list[str]) -> list[str]:
    """Lines with the bullets that fonts of symbols hide: those of Wingdings, and the triangle of LaTeX's slides, an I."""
    triangles = sum(_TRIANGLE.match(line) is not None for line in lines) >= _TRIANGLES
    lines = [_BULLET.sub("•", line) for line in lines]
    return [_TRIANGLE_LINE.sub("• ", line) for line in lines] if triangles else lines


def _is_row(line: str) -> bool:
    """Whether a line is a row of a table of figures, which goes on in no other."""
    cells = line.split()
    return len(cells) >= _ROW and sum(_FIGURE.fullmatch(cell) is not None for cell in cells) >= _FIGURES * len(cells)


def _is_same_text(before: str, line: str) -> bool:
    """Whether the first line of a page can go on with the last one of the page before: with a word of the same writing."""
    before = before.rstrip()
    return bool(_HANGUL.match(before[-1]) or before[-1] in ",，") and bool(_HANGUL.match(line.lstrip()))


def _joined(before: str, line: str, inside: bool) -> str:
    """Two lines that are one; `inside` where an eojeol goes on."""
    if before[-1] in _HYPHENS:
        return before[:-1] + line.lstrip()
    if before.endswith(" "):
        return before + line.lstrip()
    return before + line if inside else f"{before} {line.lstrip()}"


def _width(line: str) -> int:
    """Columns that a line takes: characters of East Asia are two wide."""
    line = line.strip()
    return len(line) + sum(1 for c in line if c > "\u1100" and unicodedata.east_asian_width(c) in "WF")


def _full_lines(lines: list[str]) -> list[bool]:
    """Which lines of a page reach the right margin: that of the page, or that of a column or note, which many lines around
    share to within a character. Cells of a table share none."""
    widths = [_width(line) for line in lines]
    long = sorted(width for width in widths if width > _NARROW)
    usual = long[int(len(long) * 0.8)] if long else _NARROW
    full = []
    for place, width in enumerate(widths):
        around = widths[max(0, place - _AROUND) : place + _AROUND + 1]
        margin = sorted(around)[int(len(around) * 0.75)]
        column = sum(_SAME * margin <= other <= margin / _SAME for other in around) >= _COLUMN
        full.append(width >= max(_NARROW, _FULL * (min(margin, usual) if column else usual)))
    return full


def _without_heads(pages: list[list[str]]) -> list[list[str]]:
    """The pages without page numbers, and with running heads and feet on the first of their pages only."""
    keys = [{place: _keys(lines[place], number) for place in _edges(lines)} for number, lines in enumerate(pages)]
    counts = Counter(key for places in keys for key in {key for found in places.values() for key in found})
    numbers = min(_NUMBERED, len(pages))
    heads = max(_NUMBERED, int(_REPEATED * len(pages))) if not _are_forms(pages, keys) else len(pages) + 1
    seen: set[_Key] = set()
    bodies = []
    for lines, places in zip(pages, keys, strict=True):
        gone = set()
        for place, found in places.items():
            is_number = _PAGE_NUMBER.fullmatch(lines[place].strip()) is not None
            repeated = {key for key in found if counts[key] >= (numbers if is_number else heads)}
            alone = is_number and _MARKED_NUMBER.fullmatch(lines[place].strip())
            if alone or (len(pages) > 1 and repeated and (is_number or repeated & seen)):
                gone.add(place)
            seen |= repeated
        bodies.append([line for place, line in enumerate(lines) if place not in gone])
    return bodies


def _keys(line: str, page: int) -> set[_Key]:
    """By what heads of different pages are the same: their text, or what is left of it without a number that counts the
    pages."""
    line = "".join(line.split())
    found: set[_Key] = set() if line.isdecimal() else {(line, None)}
    for number in {*list(_DIGITS.finditer(line))[:1], *list(_DIGITS.finditer(line))[-1:]}:
        found.add((f"{line[: number.start()]}#{line[number.end() :]}", int(number[0]) - page))
    return found


def _are_forms(pages: list[list[str]], edges: list[dict[int, set[_Key]]]) -> bool:
    """Whether the pages say the same all over, numbers aside: forms or tables that follow each other, whose first lines are
    no running heads."""
    inner = [
        {_DIGITS.sub("#", line) for place, line in enumerate(lines) if line.strip() and place not in places}
        for lines, places in zip(pages, edges, strict=True)
    ]
    shared = sum(len(one & other) for one, other in pairwise(inner))
    return shared > _FORMS * sum(max(len(one), len(other)) for one, other in pairwise(inner))


def _edges(lines: list[str]) -> list[int]:
    filled = [place for place, line in enumerate(lines) if line.strip()]
    return sorted({*filled[:_EDGE], *filled[-_EDGE:]})
