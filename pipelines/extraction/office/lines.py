"""The lines of printed pages to running text: heads, feet and page numbers out, broken lines joined.

A line that reaches the right margin goes on in the next one. Korean is broken between eojeols, with no sign, or anywhere, and
then a space at the end of a line is a glyph like others: which of the two a document does is seen from how many of its full
lines end with a space.
"""

import re
import unicodedata
from collections import Counter
from itertools import pairwise

_EDGE = 3  # lines at both ends of a page that can be heads or feet
_REPEATED = 0.25  # share of pages on which such a line stands
_FORMS = 0.4  # share of the other lines of a page that the next one has too
_FULL = 0.86  # width of a line that goes on, of the page's usual width
_NARROW = 18  # columns, below which lines are entries of a table or a form
_SPACED = 0.3  # share of full lines with a space at their end, from which spaces at line ends are kept glyphs
_PAGE_NUMBER = re.compile(
    r"[\s\-–—―~·|()<>\[\]]*(?:\d{1,4}|[ivxlc]{1,6})(?:\s*[/∕]\s*\d{1,4})?[\s\-–—―~·|()<>\[\]쪽]*"
    r"|(?:page|p\.|페이지)\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
# What begins a paragraph of its own: bullets, numbers, letters of a list, table and figure captions.
_BEGINS = re.compile(
    r"\s*(?:[□■○●◎◇◆▪▫•·※☞▶▷►◦❍❏❑❖➢✓*∙ㆍ<【〔「『◈▣\-–―—△▲▽▼★☆]|[①-⑳㉠-㉻ⓐ-ⓩ⑴-⒇⒜-⒵Ⅰ-Ⅹⅰ-ⅹ]|\(?(?:\d{1,3}|[가-하]|[A-Za-z]|[ivx]{1,4})[.)](?!\d)|제\s?\d+\s?[장절조관편]|[ㄱ-ㅎ][.)]|\[|\|)"
)
_ENDS = re.compile(r"(?:[.!?。][\"'”’)\]]?|[:;])\s*$")
_HANGUL = re.compile("[가-힣]")
_HYPHENS = "\ufffe\x02"  # what pdfium makes of a hyphen at the end of a line


def join_pages(pages: list[str]) -> str:
    """The text of a document from the texts of its pages, as pdfium gives them.

    >>> join_pages(["봄이 왔다.\\r\\n- 1 -", "꽃이 핀다.\\r\\n- 2 -", "비가 온다.\\r\\n- 3 -"])
    '봄이 왔다.\\n꽃이 핀다.\\n비가 온다.'
    """
    bodies = _without_heads([text.replace("\r\n", "\n").split("\n") for text in pages])
    widths = [_usual_width(lines) for lines in bodies]
    spaced = _breaks_inside(bodies, widths)
    out: list[str] = []
    goes_on = False
    for lines, usual in zip(bodies, widths, strict=True):
        for line in lines:
            if not line.strip():
                continue
            if goes_on and not _BEGINS.match(line):
                out[-1] = _joined(out[-1], line, spaced)
            else:
                out.append(line)
            goes_on = _is_full(line, usual) and not _ENDS.search(line)
    return "\n".join(line.rstrip() for line in out)


def _joined(before: str, line: str, spaced: bool) -> str:
    if before[-1] in _HYPHENS:
        return before[:-1] + line.lstrip()
    if before.endswith(" "):
        return before + line.lstrip()
    inside = spaced and _HANGUL.match(before[-1]) and _HANGUL.match(line)
    return before + line if inside else f"{before} {line.lstrip()}"


def _width(line: str) -> int:
    """Columns that a line takes: characters of East Asia are two wide."""
    line = line.strip()
    return len(line) + sum(1 for c in line if c > "\u1100" and unicodedata.east_asian_width(c) in "WF")


def _usual_width(lines: list[str]) -> int:
    """The width that the long lines of a page share."""
    widths = sorted(width for line in lines if (width := _width(line)) > _NARROW)
    return widths[int(len(widths) * 0.8)] if widths else 0


def _is_full(line: str, usual: int) -> bool:
    return _width(line) >= max(_NARROW, _FULL * usual)


def _breaks_inside(pages: list[list[str]], widths: list[int]) -> bool:
    """Whether lines break inside of eojeols, so that a space at a line's end is there where there is one."""
    full = spaced = 0
    for lines, usual in zip(pages, widths, strict=True):
        for line, following in pairwise(lines):
            if _is_full(line, usual) and _HANGUL.match(following) and not _ENDS.search(line):
                full += 1
                spaced += line.endswith(" ")
    return spaced >= max(2, _SPACED * full)


def _without_heads(pages: list[list[str]]) -> list[list[str]]:
    """The pages without page numbers, and with running heads and feet on the first of their pages only."""
    if len(pages) < 2:
        return pages
    edges = [_edges(lines) for lines in pages]
    counts = Counter(
        key for lines, places in zip(pages, edges, strict=True) for key in {_key(lines[p]) for p in places}
    )
    if _are_forms(pages, edges):
        counts = Counter({key: count for key, count in counts.items() if _PAGE_NUMBER.fullmatch(key.replace("#", "1"))})
    least = max(2 if len(pages) < 4 else 3, int(_REPEATED * len(pages)))
    seen: set[str] = set()
    bodies = []
    for lines, places in zip(pages, edges, strict=True):
        gone = set()
        for place in places:
            key = _key(lines[place])
            if counts[key] < least:
                continue
            if key in seen or _PAGE_NUMBER.fullmatch(lines[place].strip()):
                gone.add(place)
            seen.add(key)
        bodies.append([line for place, line in enumerate(lines) if place not in gone])
    return bodies


def _are_forms(pages: list[list[str]], edges: list[list[int]]) -> bool:
    """Whether the pages say the same all over, numbers aside: forms or tables that follow each other, whose first lines are
    no running heads."""
    inner = [{_key(line) for line in lines if line.strip()} - {_key(lines[p]) for p in places}
             for lines, places in zip(pages, edges, strict=True)]  # fmt: skip
    shared = sum(len(one & other) for one, other in pairwise(inner))
    return shared > _FORMS * sum(max(len(one), len(other)) for one, other in pairwise(inner))


def _edges(lines: list[str]) -> list[int]:
    filled = [place for place, line in enumerate(lines) if line.strip()]
    return sorted({*filled[:_EDGE], *filled[-_EDGE:]})


def _key(line: str) -> str:
    """A line without its numbers and spaces, by which heads of different pages are the same."""
    return _DIGITS.sub("#", "".join(line.split()))
