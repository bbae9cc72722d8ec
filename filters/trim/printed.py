"""What printing adds to a text: contents, running heads, numbers of pages, words cut at the end of a line."""

import re
from collections import Counter, defaultdict
from itertools import pairwise

from algok.filters.trim.rules import Rule, kept, lines, spans

_SHORT = 60  # characters of a running head
_REPEATED = 4  # pages on which it stands, at least
_APART = 10  # lines from one to the next, on average: rows of a table stand closer
_PAGE = re.compile(r"[-–—<\[(]? ?([0-9]{1,4}) ?[-–—>\])]?")
_GROWING = 3  # numbers that grow by one, at least, for lines of numbers to be those of pages
# A head is words with the number of its page at one end. Code, tables and items are none. Heads without a number are like
# headings that recur (관련 요구사항, 모듈 목표), so they stay.
_WORDS = r"[가-힣A-Za-z『「《][^\t<>(){}=;:#$%*`\\\[\]0-9]{3,}?"
_HEAD = re.compile(rf"(?:([0-9]{{1,4}})[ |│]{{1,3}}({_WORDS})|({_WORDS})[ |│]{{1,3}}([0-9]{{1,4}}))")
_SENTENCE = (".", "?", "!", ",", "다", "요", "함", "음")

# A title, dots, a page: `1. 들어가며 ........ 3`.
_DOTS = ".․·…‥⋯"
CONTENTS = (
    lines(
        "contents",
        "",
        rf"[^\n]{{1,80}}?(?:[{_DOTS}]{{4,}}|(?: [{_DOTS}]){{4,}}|[…‥⋯]{{2,}})[ {_DOTS}]*[0-9ivxIVX]{{1,5}}",
    )._replace(words=("....", "․․․․", "····", "……", "‥‥", "⋯⋯", " . . . .", " · · · ·")),
)


def _running(found: list[str]) -> set[int]:
    """Short lines that stand on page after page, alike but for a number that grows; the first of each stays."""
    places: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for number, line in enumerate(found):
        line = line.strip()
        if (
            len(line) <= _SHORT
            and line
            and (line[0].isdecimal() or line[-1].isdecimal())
            and (head := _HEAD.fullmatch(line))
        ):
            words = (head[2] or head[3]).strip()
            if not words.endswith(_SENTENCE):
                places[words].append((number, int(head[1] or head[4])))
    return {number for heads in places.values() if _on_pages(heads) for number, _ in heads[1:]}


def _on_pages(heads: list[tuple[int, int]]) -> bool:
    """Whether (place, number) of like lines are those of pages that follow each other."""
    if len(heads) < _REPEATED or (heads[-1][0] - heads[0][0]) / (len(heads) - 1) < _APART:
        return False
    steps = [second[1] - first[1] for first, second in pairwise(heads)]
    return min(steps) >= 1 and sum(step <= 2 for step in steps) >= 0.7 * len(steps)


def _pages(found: list[str]) -> set[int]:
    """Lines of a number alone that grow by one from page to page."""
    numbered = [(number, int(page[1])) for number, line in enumerate(found) if (page := _PAGE.fullmatch(line.strip()))]
    steps = Counter(second[1] - first[1] for first, second in pairwise(numbered))
    if len(numbered) < _GROWING or steps[1] < max(_GROWING - 1, (len(numbered) - 1) / 2):
        return set()
    on_page: set[int] = set()
    for first, second in pairwise(numbered):
        if second[1] - first[1] == 1 and second[0] - first[0] >= _GROWING:
            on_page |= {first[0], second[0]}
    return on_page


RUNNING = (Rule("running", kept(_running)), Rule("running", kept(_pages)))
HYPHENS = (spans("hyphens", "-\n", r"(?<=[a-z]{2})-\n(?=[a-z]{2})"),)
