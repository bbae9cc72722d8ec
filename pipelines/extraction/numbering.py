"""Numbers of ordered lists. The extractor counts every list from 1; where a page counts otherwise (`start`, `reversed`, letters,
Roman numbers, the `value` of an item), each item's own number goes into its text before the extraction and takes the place of
the extractor's number after it."""

import re
from dataclasses import dataclass, field

# What makes a page worth a look: most lists are plain.
_UNUSUAL = re.compile(rb"<ol\b[^<>]*?\b(?:start|reversed|type)\b|<li\b[^<>]*?\bvalue\b", re.IGNORECASE)
_TAG = re.compile(rb"<(/?)(ol|ul|menu|li)\b([^<>]*+)>", re.IGNORECASE)
# The mark goes inside of what opens first in an item, lest it become a line of its own.
_OPENED = re.compile(rb"(?:\s|<(?:p|div|span|strong|b|em|i|a|font)\b[^<>]*+>){0,8}+", re.IGNORECASE)
_START, _VALUE, _TYPE = (
    re.compile(rb"\b%b\s*+=\s*+[\"']?([^\s\"'>]{1,12})" % name, re.IGNORECASE) for name in (b"start", b"value", b"type")
)
_REVERSED = re.compile(rb"\breversed\b", re.IGNORECASE)
_BEGIN, _END = "\ufdd1", "\ufdd2"
_NUMBERED = re.compile(f"^([ \t]*+)\\d++\\.[ \t]*+{_BEGIN}([-A-Za-z0-9]{{1,16}}){_END}[ \t]*+", re.MULTILINE)
_LEFT = re.compile(f"{_BEGIN}[-A-Za-z0-9]{{1,16}}{_END}")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
          (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_HIGHEST_ROMAN = 3999


@dataclass
class _List:
    """An open list and what its own items say; `places` are where their texts begin."""

    attributes: bytes
    ordered: bool
    places: list[int] = field(default_factory=list)
    values: list[int | None] = field(default_factory=list)


def mark_numbers(data: bytes) -> bytes:
    """The markup with the numbers of unusual lists in the texts of their items."""
    if not _UNUSUAL.search(data):
        return data
    marks = [mark for found in _lists(data) for mark in zip(found.places, _labels(found), strict=True)]
    parts, done = [], 0
    for place, label in sorted(marks):
        parts += (data[done:place], f"{_BEGIN}{label}{_END}".encode())
        done = place
    return b"".join((*parts, data[done:]))


def put_numbers(text: str) -> str:
    """The extracted text with these numbers in place of the extractor's."""
    if _BEGIN in text:
        text = _LEFT.sub("", _NUMBERED.sub(r"\1\2. ", text)).replace(_BEGIN, "")
    return text.replace(_END, "")


def _lists(data: bytes) -> list[_List]:
    """The ordered lists that count in their own way."""
    found: list[_List] = []
    stack: list[_List] = []
    for tag in _TAG.finditer(data):
        name, closes = tag[2].lower(), bool(tag[1])
        if name == b"li" and not closes and stack:
            stack[-1].places.append(_OPENED.match(data, tag.end()).end())  # type: ignore[union-attr]  # it matches nothing too
            stack[-1].values.append(_number(_VALUE, tag[3]))
        elif name != b"li" and not closes:
            stack.append(_List(tag[3], name == b"ol"))
            found.append(stack[-1])
        elif name != b"li" and stack:
            stack.pop()
    return [each for each in found if each.ordered and _is_unusual(each)]


def _is_unusual(found: _List) -> bool:
    kind = _TYPE.search(found.attributes)
    start = _number(_START, found.attributes)
    return (
        (start is not None and start != 1)
        or bool(_REVERSED.search(found.attributes))
        or (kind is not None and kind[1] in b"aAiI")
        or any(value is not None for value in found.values)
    )


def _labels(found: _List) -> list[str]:
    """What a browser writes before each item, without the dot."""
    kind = _TYPE.search(found.attributes)
    style = kind[1].decode("ascii", "replace") if kind else "1"
    step = -1 if _REVERSED.search(found.attributes) else 1
    start = _number(_START, found.attributes)
    number = start if start is not None else len(found.places) if step < 0 else 1
    labels = []
    for value in found.values:
        number = number if value is None else value
        labels.append(_written(number, style))
        number += step
    return labels


def _written(number: int, style: str) -> str:
    """A number in the style of a list's `type`: 1, a, A, i, I. Styles without a word for it write digits."""
    if style in ("a", "A") and number > 0:
        letters = ""
        while number:
            number, place = divmod(number - 1, 26)
            letters = chr(ord(style) + place) + letters
        return letters
    if style in ("i", "I") and 0 < number <= _HIGHEST_ROMAN:
        roman = ""
        for worth, letter in _ROMAN:
            roman += letter * (number // worth)
            number %= worth
        return roman if style == "i" else roman.upper()
    return str(number)


def _number(attribute: re.Pattern[bytes], attributes: bytes) -> int | None:
    """The value of an attribute that is a number, as browsers read it."""
    found = attribute.search(attributes)
    digits = re.match(rb"[+-]?\d{1,9}", found[1]) if found else None
    return int(digits[0]) if digits else None
