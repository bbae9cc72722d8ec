"""Lines typical of an index page: cut off, asking to read on, or a bare date; counted in one pass by line breaks."""

import numpy as np

from algok.kernels import allocating_kernel, kernel
from algok.kernels.blocks import BLOCK, trailing_zeros, within

COUNTERS = ("lines", "cut", "more", "dates")
_LINES, _CUT, _MORE, _DATES = range(len(COUNTERS))

DATE_LINE = 60  # bytes of a line that is little more than a date
MORE_LINE = 60  # bytes of a line that is little more than an invitation
CUT_LINE = 60  # bytes from which an ellipsis at the end cuts a text off

# How an invitation to read on ends, ASCII in lower case and without what stands behind its last letter.
_PHRASES = (
    "read more", "readmore", "continue reading", "read on", "read the rest", "더보기", "더 보기", "더 읽기",
    "계속 읽기", "계속읽기", "자세히 보기", "자세히보기", "전체 글 보기", "전문 보기", "이어서 읽기", "글 읽기",
)  # fmt: skip


def _phrase_table() -> np.ndarray:
    """Phrases back to front, one a row, filled up with zeros (uint8)."""
    rows = [phrase.encode()[::-1] for phrase in _PHRASES]
    table = np.zeros((len(rows), max(map(len, rows)) + 1), np.uint8)
    for row, phrase in zip(table, rows, strict=True):
        row[: len(phrase)] = np.frombuffer(phrase, np.uint8)
    return table


PHRASES = _phrase_table()


@kernel
def _is_digit(byte):
    return 0x30 <= byte <= 0x39


@kernel
def _ends_cut(data, first, stop):
    """Whether a line ends in … or ..., brackets around it included."""
    while stop > first and (data[stop - 1] == 0x5D or data[stop - 1] == 0x29):
        stop -= 1
    if stop - first < 3:
        return False
    a, b, c = data[stop - 3], data[stop - 2], data[stop - 1]
    return (a == 0x2E and b == 0x2E and c == 0x2E) or (a == 0xE2 and b == 0x80 and c == 0xA6)


@kernel
def _invites(data, first, stop, phrases):
    """Whether the last letters of a line are one of the phrases."""
    while stop > first:
        byte = data[stop - 1]
        if byte >= 0x80:
            # arrows, guillemets and ellipses behind the phrase: two or three bytes that are no Hangul
            if stop - first >= 3 and data[stop - 3] == 0xE2:
                stop -= 3
                continue
            if stop - first >= 2 and data[stop - 2] == 0xC2:
                stop -= 2
                continue
            break
        if 0x61 <= byte | 0x20 <= 0x7A or _is_digit(byte):
            break
        stop -= 1
    for i in range(len(phrases)):
        k = 0
        while phrases[i, k]:
            if stop - 1 - k < first:
                break
            byte = data[stop - 1 - k]
            if 0x41 <= byte <= 0x5A:
                byte |= 0x20
            if byte != phrases[i, k]:
                break
            k += 1
        if phrases[i, k] == 0:
            return True
    return False


@kernel
def _has_year(data, first, stop):
    """Whether a line holds a year from 1990 to 2099 and at least one more number."""
    years = numbers = 0
    p = first
    while p < stop:
        if not _is_digit(data[p]):
            p += 1
            continue
        start = p
        while p < stop and _is_digit(data[p]):
            p += 1
        year = p - start == 4 and (
            (data[start] == 0x32 and data[start + 1] == 0x30) or (data[start] == 0x31 and data[start + 2] == 0x39)
        )
        years += year
        numbers += not year and p - start <= 2
    return years >= 1 and numbers >= 1


@kernel
def _line(data, first, stop, phrases, row):
    while stop > first and data[stop - 1] <= 0x20:
        stop -= 1
    while first < stop and data[first] <= 0x20:
        first += 1
    size = stop - first
    if size == 0:
        return
    row[_LINES] += 1
    if size >= CUT_LINE:
        row[_CUT] += _ends_cut(data, first, stop)
    if size <= DATE_LINE:
        row[_DATES] += _has_year(data, first, stop)
    if size <= MORE_LINE:
        row[_MORE] += _invites(data, first, stop, phrases)


@allocating_kernel
def _count(data, offsets, phrases):
    out = np.zeros((len(offsets) - 1, _DATES + 1), np.int64)
    for i in range(len(offsets) - 1):
        first, end = offsets[i], offsets[i + 1]
        p = first
        while p < end:
            if p + BLOCK <= end:
                breaks = within(data, p, 0x0A, 0)
                while breaks:
                    at = p + trailing_zeros(breaks)
                    breaks &= breaks - np.uint64(1)
                    _line(data, first, at, phrases, out[i])
                    first = at + 1
                p += BLOCK
            else:
                if data[p] == 0x0A:
                    _line(data, first, p, phrases, out[i])
                    first = p + 1
                p += 1
        _line(data, first, end, phrases, out[i])
    return out


def count(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """COUNTERS of every document, int64 (documents, 4); `data` uint8 and `offsets` int64 as `buffers.string_buffers`
    gives them. `lines` are not blank; `cut` are lines of CUT_LINE bytes or more that end in an ellipsis; `more` short
    lines that end in an invitation to read on; `dates` short lines with a year and a month or day."""
    return _count(data, offsets, PHRASES)
