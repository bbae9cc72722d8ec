"""What `algok.kernels.contamination` computes, over strings: slow, and plain enough to be checked by reading."""

import re
from dataclasses import dataclass
from unicodedata import normalize

from algok.kernels.contamination import FUNCTIONAL, SHINGLE

_COUNTING = re.compile(
    r"(?<![0-9A-Za-z.,])(?:[0-9]{1,2}|[A-Za-z])[.)\]](?![0-9A-Za-z])"
    r"|(?:(?<=[\x00-\x20(\[])|^)[가나다라마바사아자차카타파하][.)\]](?![0-9A-Za-z])"
)
_JAMO = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
_LETTERS = (
    (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F), (0x370, 0x52F), (0xE00, 0xE7F), (0x3041, 0x3096), (0x30A1, 0x30FA),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x2FFFF),
)  # fmt: skip
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789"))
_ALNUM = "0123456789abcdefghijklmnopqrstuvwxyz"


def units(text: str) -> list[int]:
    """The numbers of a text's units."""
    text = _COUNTING.sub(lambda match: "\0" * len(match[0]), text)
    text = _JAMO.sub(lambda match: normalize("NFC", match[0]), text)
    return [unit for char in text if (unit := _unit(char))]


def _unit(char: str) -> int:
    code = ord(char)
    if 0xFF01 <= code <= 0xFF5E and chr(code - 0xFEE0).isalnum():
        char = chr(code - 0xFEE0)
    elif 0xC0 <= code < 0x180:
        char = normalize("NFD", char)[0]
    elif 0xF900 <= code < 0xFA6E:
        char = normalize("NFC", char)
    char, code = _RAISED.get(char, char), ord(char)
    if char.isascii():
        return 400 + _ALNUM.index(char.lower()) if char.lower() in _ALNUM else 0
    if "가" <= char <= "힣":
        return 0 if char in FUNCTIONAL else (code - 0xAC00) // 28 + 1
    return 512 + code % 3584 if any(first <= code <= last for first, last in _LETTERS) else 0


def shingles(text: str) -> list[tuple[int, ...]]:
    found = units(text)
    return [tuple(found[k : k + SHINGLE]) for k in range(len(found) - SHINGLE + 1)]


@dataclass
class Entry:
    """A text of an item: its shingles with what each is worth, and what a hit needs of all and of the question's."""

    item: int
    worth: dict[tuple[int, ...], int]
    needed: int
    question: frozenset[tuple[int, ...]] = frozenset()
    asked: int = 0


def find(text: str, entries: list[Entry], gap: int) -> tuple[int, int, int]:
    """Of a text: items that are hit, the nearest entry (-1: none), and what was found of it."""
    nearest, entry_found, worth_found, items = None, -1, 0, set()
    for number, entry in enumerate(entries):
        for worth, question in _growing(text, entry, gap):
            lacking = min(0, question - entry.asked)
            margin = (min(worth - entry.needed, lacking) if lacking else worth - entry.needed) / sum(
                entry.worth.values()
            )
            if nearest is None or margin > nearest:
                nearest, entry_found, worth_found = margin, number, worth
            if margin >= 0:
                items.add(entry.item)
    return len(items), entry_found, worth_found


def _growing(text: str, entry: Entry, gap: int) -> list[tuple[int, int]]:
    """What a passage of an entry is worth in all, and of its question, after each of its shingles in a text."""
    found, passage, last = [], set(), None
    for place, shingle in enumerate(shingles(text)):
        if shingle in entry.worth:
            if last is not None and place - last > gap:
                passage = set()
            passage.add(shingle)
            last = place
            found.append(tuple(sum(entry.worth[one] for one in part) for part in (passage, passage & entry.question)))
    return found
