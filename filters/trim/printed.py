"""What printing adds to a text: contents, running heads, numbers of pages, words cut at the end of a line."""

import re
from collections import Counter, defaultdict

from algok.filters.trim.rules import Rule, kept, lines, spans

_SHORT = 60  # characters of a running head
_REPEATED = 3  # pages on which it stands at least; what stands on two may be a title and its section
_NUMBER = re.compile(r"[0-9]+")
_PAGE = re.compile(r"[-–—<\[(]? ?([0-9]{1,4}) ?[-–—>\])]?")
_PAGES = 3  # numbers that grow, at least, for lines of numbers to be those of pages
_HEAD = re.compile(
    r"(?=[^\n]*[0-9|│·–—-])(?:제 ?[0-9]+ ?[장편부권호]|[가-힣A-Za-z].*(?:학회|학보|논문|연구|저널|Journal|Vol\.|vol\.|[|│]|[0-9]$)|[0-9]+ ?[|│]?.*)"
)

# A title, dots, a page: `1. 들어가며 ........ 3`.
CONTENTS = (
    lines("contents", r"[^\n]{1,80}?(?:[.․·…‥⋯]{4,}|(?: [.․·…‥⋯]){4,}|[…‥⋯]{2,})[ .․·…‥⋯]*[0-9ivxIVX]{1,5}"),
    lines("contents",
    r"(?:목[ \t]{0,3}차|차[ \t]{0,3}례|표[ \t]{0,3}목차|그림[ \t]{0,3}목차|contents)(?=[ \t]*\n\s*\Z)", re.IGNORECASE),
)


def _running(found: list[str]) -> set[int]:
    """Short lines that stand on page after page, the number of the page aside; the first of each stays."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(found):
        line = line.strip()
        if 4 <= len(line) <= _SHORT and not line.endswith((".", "?", "!", ":", "다", "요")) and _HEAD.fullmatch(line):
            places[_NUMBER.sub("#", line)].append(number)
    return {
        number
        for key, numbers in places.items()
        if len(numbers) >= _REPEATED and _apart(numbers) and any(map(str.isalpha, key))
        for number in numbers[1:]
    }


def _apart(numbers: list[int]) -> bool:
    """Whether lines stand pages apart, as the rows of a table do not."""
    return (numbers[-1] - numbers[0]) / (len(numbers) - 1) >= 8


def _pages(found: list[str]) -> set[int]:
    """Lines of a number alone that grow by one from page to page."""
    numbered = [(number, int(page[1])) for number, line in enumerate(found) if (page := _PAGE.fullmatch(line.strip()))]
    steps = Counter(second[1] - first[1] for first, second in zip(numbered, numbered[1:]))
    if len(numbered) < _PAGES or steps[1] < (len(numbered) - 1) / 2 or steps[1] < _PAGES - 1:
        return set()
    near = {first[0] for first, second in zip(numbered, numbered[1:]) if second[1] - first[1] == 1 and second[0] - first[0] >= 4}
    near |= {second[0] for first, second in zip(numbered, numbered[1:]) if first[0] in near and second[1] - first[1] == 1}
    return near


RUNNING = (Rule("running", kept(_running)), Rule("running", kept(_pages)))
HYPHENS = (spans("hyphens", r"(?<=[a-z]{2})-\n(?=[a-z]{2})"),)
