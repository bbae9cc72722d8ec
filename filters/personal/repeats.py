"""Other places of a value that was found once: a number behind its label at the top of a page stands bare at the bottom."""

import re
from collections.abc import Iterator

from algok.filters.personal.finding import Finding
from algok.filters.personal.name_shapes import END

_PREFIX = 4  # characters by which places are looked up
_LEAST = {
    "handle": 5,
    "person": 3,
    "plate": 6,
    "passport": 8,
}  # shorter values are words and numbers of other kinds too
_LEAST_OTHERS = 9
_SCORE = 0.7
_HANGUL = re.compile("[가-힣]+")
_NAME_END = re.compile(END)
_WORD = re.compile(r"[0-9A-Za-z_]")


def repeats(text: str, found: list[Finding]) -> Iterator[Finding]:
    """Findings of the values of `found` wherever else they stand as a whole. Linear in the text, however many there are."""
    values: dict[str, Finding] = {}
    for finding in found:
        value = text[finding.start : finding.end]
        if _is_sought(value, finding):
            values.setdefault(value, finding)
    lengths: dict[str, set[int]] = {}
    for value in values:
        lengths.setdefault(value[:_PREFIX], set()).add(len(value))
    sizes = {len(prefix) for prefix in lengths}
    starts = {prefix[0] for prefix in lengths}
    for at, char in enumerate(text) if values else ():
        if char not in starts:
            continue
        for size in sizes:
            for length in lengths.get(text[at : at + size], ()):
                original = values.get(text[at : at + length])
                if original and original.start != at and _stands_alone(text, at, at + length, original):
                    yield original._replace(start=at, end=at + length, score=_SCORE, rule="repeated")


def _is_sought(value: str, finding: Finding) -> bool:
    """Long enough to be nothing else; ids in letters only are words, and names are those without spaces."""
    if finding.kind in ("placeholder", "address") or len(value) < _LEAST.get(finding.kind, _LEAST_OTHERS):
        return False
    if finding.kind == "handle":
        return not value.isalpha()
    return finding.kind != "person" or _HANGUL.fullmatch(value) is not None


def _stands_alone(text: str, start: int, end: int, finding: Finding) -> bool:
    """Whether the characters are not a part of a longer word or number."""
    before, behind = text[start - 1 : start], text[end : end + 1]
    if finding.kind == "person":
        return not _HANGUL.match(before) and _NAME_END.match(text, end) is not None
    return not (
        (_WORD.match(before) and _WORD.match(text[start])) or (_WORD.match(behind) and _WORD.match(text[end - 1]))
    )
