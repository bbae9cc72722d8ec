"""What in the bytes of a page may be Korean, counted in one pass without decoding: 32 bytes at a time, in masks.

Every count says how often something stands there that Korean text in some encoding leaves behind; which counts make a page
worth parsing is decided in `pipelines/extraction/screen.py`.
"""

from typing import NamedTuple

import numpy as np

from algok.kernels import kernel, part
from algok.kernels.blocks import BLOCK, set_bits, trailing_zeros, within

_AHEAD = 8  # bytes behind a block that its masks look at
_HALF = np.uint64(0xFFFFFFFF)
_FIRST, _LAST = 0xAC00, 0xD7A3


class Counts(NamedTuple):
    """What `count` finds in the bytes of a page."""

    hangul: int  # UTF-8 of U+AC00..U+D7BF
    jamo: int  # UTF-8 of conjoining and compatibility jamo: U+1100..U+11FF, U+3131..U+318E
    referenced: int  # syllables as character references: &#44032; &#xAC00;
    escaped: int  # syllables as JSON writes them: \uAC00
    percent: int  # syllables as addresses write them: %EA%B0%80
    pairs: int  # B0..C8 before A1..FE, which is a syllable of EUC-KR, at any parity
    broken: int  # ê ë ì í before another character that is not ASCII: Hangul in UTF-8 that was read as Latin-1
    latin: int  # beginnings of four characters U+0080..U+00FF in a row, the first no U+00A0: EUC-KR that was read as Latin-1
    high: int  # bytes from 0x80 on
    errors: int  # bytes that UTF-8 has nowhere, continuation bytes without a lead byte, and missing ones
    zeros: int
    escapes: int  # bytes 0x1B, with which ISO-2022 switches


(
    _HANGUL, _JAMO, _REFERENCED, _ESCAPED, _PERCENT, _PAIRS, _BROKEN, _LATIN, _HIGH, _ERRORS, _ZEROS, _ESCAPES,
) = range(len(Counts._fields))  # fmt: skip


@part
def _digit(byte):
    """The value of a hexadecimal digit, or 16."""
    if 0x30 <= byte <= 0x39:
        return np.int64(byte) - 0x30
    letter = np.int64(byte) | 0x20
    return letter - 0x57 if 0x61 <= letter <= 0x66 else np.int64(16)


@part
def _referenced(data, p, end):
    """Whether data[p:] after `&#` is the number of a syllable: five decimal digits, or x and four hexadecimal ones."""
    base, digits = np.int64(10), 5
    if p < end and (data[p] | 0x20) == 0x78:
        base, digits, p = np.int64(16), 4, p + 1
    while p < end and data[p] == 0x30:
        p += 1
    code = np.int64(0)
    last = min(p + digits, end)
    while p < last:
        digit = _digit(data[p])
        if digit >= base:
            break
        code = code * base + digit
        p += 1
    return _FIRST <= code <= _LAST


@part
def _escaped(data, p, end):
    r"""Whether data[p:] after `\u` is a syllable in four hexadecimal digits."""
    if p + 4 > end:
        return False
    code = np.int64(0)
    for k in range(4):
        digit = _digit(data[p + k])
        if digit > 15:
            return False
        code = code << 4 | digit
    return _FIRST <= code <= _LAST


@part
def _percent(data, p, end):
    """Whether data[p:] is `%EA%B0%80` or another syllable, as addresses have it; its first two characters are known."""
    if p + 9 > end or data[p + 3] != 0x25 or data[p + 6] != 0x25:
        return False
    code = np.int64(0xE)
    for k in (2, 4, 5, 7, 8):
        digit = _digit(data[p + k])
        if digit > 15:
            return False
        code = code << 4 | digit
    return 0xEAB080 <= code <= 0xED9EA3 and code & 0xC0C0 == 0x8080


@part
def _count_ascii(source, at, data, i, end, row):
    """What Korean text leaves behind in ASCII."""
    row[_ZEROS] += set_bits(within(source, at, 0x00, 0))
    row[_ESCAPES] += set_bits(within(source, at, 0x1B, 0))
    marks = within(source, at, 0x26, 0) & within(source, at + 1, 0x23, 0)
    while marks:
        row[_REFERENCED] += _referenced(data, i + trailing_zeros(marks) + 2, end)
        marks &= marks - np.uint64(1)
    marks = within(source, at, 0x5C, 0) & within(source, at + 1, 0x75, 0)
    while marks:
        row[_ESCAPED] += _escaped(data, i + trailing_zeros(marks) + 2, end)
        marks &= marks - np.uint64(1)
    marks = within(source, at, 0x25, 0)
    if marks:
        marks &= within(source, at + 1, 0x45, 0) | within(source, at + 1, 0x65, 0)
        while marks:
            row[_PERCENT] += _percent(data, i + trailing_zeros(marks), end)
            marks &= marks - np.uint64(1)


@part
def _count_high(source, at, high, carry, row):
    """What stands in a block with bytes from 0x80 on; `carry` and the result are continuation bytes that the next one owes."""
    two, three, four = within(source, at, 0xC2, 29), within(source, at, 0xE0, 15), within(source, at, 0xF0, 4)
    follow = within(source, at, 0x80, 63)
    wide = three | four
    owed = (two | wide) << np.uint64(1) | wide << np.uint64(2) | four << np.uint64(3) | carry
    row[_HIGH] += set_bits(high)
    row[_ERRORS] += set_bits((owed & _HALF) ^ follow) + set_bits(high & ~(two | wide | follow))

    second = within(source, at + 1, 0x80, 63) & within(source, at + 2, 0x80, 63)
    hangul = within(source, at, 0xEB, 1) | (within(source, at, 0xEA, 0) & within(source, at + 1, 0xB0, 15))
    hangul |= within(source, at, 0xED, 0) & within(source, at + 1, 0x80, 30)
    row[_HANGUL] += set_bits(hangul & second)
    jamo = within(source, at, 0xE1, 0) & within(source, at + 1, 0x84, 3)
    compatible = within(source, at + 1, 0x84, 0) & within(source, at + 2, 0xB1, 14)
    compatible |= within(source, at + 1, 0x85, 0) | (within(source, at + 1, 0x86, 0) & within(source, at + 2, 0x80, 14))
    row[_JAMO] += set_bits((jamo | (within(source, at, 0xE3, 0) & compatible)) & second)
    row[_PAIRS] += set_bits(within(source, at, 0xB0, 24) & within(source, at + 1, 0xA1, 93))

    accents = within(source, at, 0xC3, 0) & within(source, at + 1, 0xAA, 3)
    row[_BROKEN] += set_bits(accents & within(source, at + 2, 0xC2, 50))
    run = within(source, at, 0xC2, 1) & within(source, at + 2, 0xC2, 1)
    if run:
        run &= within(source, at + 4, 0xC2, 1) & within(source, at + 6, 0xC2, 1)
        run &= ~(within(source, at, 0xC2, 0) & within(source, at + 1, 0xA0, 0))  # pages indent by U+00A0
        row[_LATIN] += set_bits(run)
    return owed >> np.uint64(BLOCK)


@kernel
def _count(data, pad, row):
    end = len(data)
    carry = np.uint64(0)
    i = np.int64(0)
    while i < end:
        source, at = data, i
        if i + BLOCK + _AHEAD > end:  # a block near the end, with the bytes behind it, from a padded copy
            for k in range(BLOCK + _AHEAD):
                pad[k] = data[i + k] if i + k < end else 0x20
            source, at = pad, np.int64(0)
        _count_ascii(source, at, data, i, end, row)
        high = within(source, at, 0x80, 127)
        if high or carry:
            carry = _count_high(source, at, high, carry, row)
        i += BLOCK
    row[_ERRORS] += set_bits(carry)


def count(body: bytes) -> Counts:
    """What in the bytes of a page may be Korean, in any encoding.

    >>> count("서울 &#44032;".encode()).hangul, count("서울 &#44032;".encode()).referenced
    (2, 1)
    """
    row, pad = np.zeros(len(Counts._fields), np.int64), np.zeros(BLOCK + _AHEAD, np.uint8)
    _count(np.frombuffer(body, np.uint8), pad, row)
    return Counts(*row.tolist())
