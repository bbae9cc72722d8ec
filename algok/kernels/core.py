"""The core of a text: from its first line of prose to its last, without the menus, dates and links around it.

A line of prose has LONG_LINE bytes or more and a sentence's end in it: . ! or ? behind a letter, before white space or the end
of the line (closing quotes and brackets may stand between). What lies between two lines of prose belongs to the core, whatever it
is. A text is its own core where that would be less than CORE_BYTES or than SHARE of its bytes (poems, lists, talk, code), and
where ENTRIES or more lines around it have the shape of an entry, a label and a value with a colon between (forms).

An example: the lines `홈`, `로그인`, a paragraph of 700 bytes, `사진 = 기자`, a paragraph of 900 bytes, `ⓒ 알곡`. The core begins
with the first paragraph and ends with the second, the caption included: 1,617 bytes.
"""

import re

import numpy as np

from algok.kernels import kernel, part
from algok.kernels.blocks import BLOCK, trailing_zeros, within
from algok.kernels.lines import line_end

LONG_LINE = 100
CORE_BYTES, SHARE, ENTRIES = 1500, 0.5, 5

_0, _1 = np.uint64(0), np.uint64(1)

_SENTENCE = re.compile(rb"[A-Za-z\x80-\xff][.!?][\"')\]]*(?:[\x00-\x20]|\Z)")
_ENTRY = re.compile(rb"[0-9A-Za-z\x80-\xff)][ \t]*:[ \t]+[^\x00-\x20]")


def core(text: str) -> str:
    """The core of a text; the definition that the kernel is tested against.

    >>> core("홈")
    '홈'
    """
    data = text.encode()
    lines, place, prose = data.split(b"\n"), 0, []
    for line in lines:
        if len(line) >= LONG_LINE and _SENTENCE.search(line):
            prose.append((place, place + len(line)))
        place += len(line) + 1
    if not prose:
        return text
    start, stop = prose[0][0], prose[-1][1]
    around = data[:start].split(b"\n") + data[stop:].split(b"\n")
    entries = sum(bool(_ENTRY.search(line)) for line in around)
    small = stop - start < max(CORE_BYTES, SHARE * len(data))
    return text if small or entries >= ENTRIES else data[start:stop].decode()


@kernel
def core_range(data, start, end):
    """First byte and end of the core of the text data[start:end]."""
    first = last = np.int64(-1)
    i = start
    while i < end and end - start >= CORE_BYTES:
        stop = line_end(data, i, end)
        if stop - i >= LONG_LINE and _has_sentence(data, i, stop):
            first = i if first < 0 else first
            last = stop
        i = stop + 1
    if last - first < CORE_BYTES or last - first < SHARE * (end - start):
        return start, end
    if _entries(data, start, first) + _entries(data, last, end) >= ENTRIES:
        return start, end
    return first, last


@kernel
def _has_sentence(data, first, stop):
    i = first + 1
    while i + BLOCK <= stop:
        found = within(data, i, 46, 0) | within(data, i, 33, 0) | within(data, i, 63, 0)
        while found != _0:
            if _ends_sentence(data, i + trailing_zeros(found), stop):
                return True
            found &= found - _1
        i += BLOCK
    while i < stop:
        if (data[i] == 46 or data[i] == 33 or data[i] == 63) and _ends_sentence(data, i, stop):
            return True
        i += 1
    return False


@part
def _ends_sentence(data, i, stop):
    """Whether the mark at i ends a sentence: a letter before it, white space or the end of the line behind it."""
    before = data[i - 1]
    if before < 128 and not 97 <= (before | 32) <= 122:
        return False
    k = i + 1
    while k < stop and (data[k] == 34 or data[k] == 39 or data[k] == 41 or data[k] == 93):
        k += 1
    return k == stop or data[k] <= 32


@kernel
def _entries(data, start, end):
    """Lines of data[start:end] with a label, a colon, white space and a value."""
    found = 0
    known = False
    for i in range(start, end):
        if data[i] == 10:
            known = False
        elif data[i] == 58 and not known:
            before, behind = i - 1, i + 1
            while before >= start and (data[before] == 32 or data[before] == 9):
                before -= 1
            while behind < end and (data[behind] == 32 or data[behind] == 9):
                behind += 1
            if before >= start and behind > i + 1 and behind < end and data[behind] > 32:
                b = data[before]
                known = b >= 128 or b == 41 or 48 <= b <= 57 or 97 <= (b | 32) <= 122
                found += known
    return found
