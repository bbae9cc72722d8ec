"""Letters by script, and stretches of foreign text, from one pass over the UTF-8 buffer.

`count` classifies 32 bytes at a time: Hangul syllables, Han ideographs and ASCII letters are told by their lead bytes in
masks and counted as set bits; only other characters are decoded, one by one, and looked up in CLASSES.

Definitions:

* A *letter* is a code point of category L, except modifier letters; a conjoining-jamo sequence is the one letter that it
  spells, so that NFD text counts as NFC text does. Compatibility and half-width jamo are `jamo`.
* A *foreign run* is a stretch of BLOCK bytes or more without a Hangul syllable and without a line break.
* A foreign run is *Latin prose* if it has PROSE_WORDS words or more, and words are seven in ten of its units. A word is
  a unit of letters with ordinary punctuation around it; digits, code punctuation, capitals after small letters and dots
  between letters make a unit code, and so do addresses.
"""

import unicodedata

import numpy as np

from algok.kernels import allocating_kernel, kernel
from algok.kernels.blocks import BLOCK, set_bits, trailing_zeros, within
from algok.kernels.characters import CONTROLS

COUNTERS = (
    "none", "hangul", "jamo", "han", "kana", "latin", "cyrillic", "arabic", "thai", "devanagari", "greek", "hebrew",
    "other", "old_hangul", "latin1", "latin_prose", "han_runs", "joined", "run_start", "run_bytes",
)  # fmt: skip
(
    _NONE, _HANGUL, _JAMO, _HAN, _KANA, _LATIN, _CYRILLIC, _ARABIC, _THAI, _DEVANAGARI, _GREEK, _HEBREW,
    _OTHER, _OLD_HANGUL, _LATIN1, _LATIN_PROSE, _HAN_RUNS, _JOINED, _RUN_START, _RUN_BYTES,
) = range(len(COUNTERS))  # fmt: skip

PROSE_WORDS = 5  # a clause; names of products, titles and commands are shorter
RUN_HAN = 8  # ideographs that a foreign run needs to count as Chinese or Japanese text; a proverb in Hanja has four
_OLD = 32  # attribute of a class: a letter of old Hangul

_NAMES = {
    "HANGUL": _JAMO, "HALFWIDTH HANGUL": _JAMO, "CJK": _HAN, "HIRAGANA": _KANA, "KATAKANA": _KANA,
    "KATAKANA-HIRAGANA": _KANA, "HALFWIDTH KATAKANA": _KANA, "LATIN": _LATIN, "FULLWIDTH LATIN": _LATIN,
    "CYRILLIC": _CYRILLIC, "ARABIC": _ARABIC, "THAI": _THAI, "DEVANAGARI": _DEVANAGARI, "GREEK": _GREEK,
    "HEBREW": _HEBREW,
}  # fmt: skip


def _class_of(code: int) -> int:
    """The script of one BMP code point, 0 for what is no letter."""
    if 0x1100 <= code <= 0x11FF or 0xA960 <= code <= 0xA97C or 0xD7B0 <= code <= 0xD7FB:
        lead = code <= 0x115F or 0xA960 <= code <= 0xA97C
        modern = code <= 0x1112 or 0x1161 <= code <= 0x1175 or 0x11A8 <= code <= 0x11C2
        return (_HANGUL if lead else _NONE) | (0 if modern or code in (0x115F, 0x1160) else _OLD)
    if 0xAC00 <= code <= 0xD7A3:
        return _HANGUL
    category = unicodedata.category(chr(code))
    if category in ("Mn", "Mc") and 0x0900 <= code < 0x1000:
        return _NONE
    if category[0] != "L" or category == "Lm" or code == 0x3164:
        return _NONE
    words = unicodedata.name(chr(code), "").split()
    return _NAMES.get(" ".join(words[:2]), _NAMES.get(words[0] if words else "", _OTHER))


CLASSES = np.array([_class_of(code) for code in range(0x10000)], np.uint8)

# Kinds of bytes in a foreign run.
_UPPER, _LOWER, _SPACE, _CODE, _MARK, _HIGH = range(6)


def _byte_kind(byte: int) -> int:
    char = chr(byte)
    if byte >= 0x80:
        return _HIGH
    if char.isalpha():
        return _UPPER if char.isupper() else _LOWER
    if byte in CONTROLS:
        return _SPACE
    return _MARK if char in ".,:;!?'\"()-" else _CODE


BYTE_KINDS = np.array([_byte_kind(byte) for byte in range(256)], np.uint8)


@kernel
def _decode(data, p, end):
    """The code point that starts with lead byte data[p]; 0 where it is cut. The text is valid UTF-8 otherwise."""
    b = np.int64(data[p])
    if b < 0xE0:
        return (b & 31) << 6 | np.int64(data[p + 1] & 0x3F) if p + 1 < end else 0
    if b < 0xF0:
        if p + 2 >= end:
            return 0
        return (b & 15) << 12 | np.int64(data[p + 1] & 0x3F) << 6 | np.int64(data[p + 2] & 0x3F)
    if p + 3 >= end:
        return 0
    high = (b & 7) << 18 | np.int64(data[p + 1] & 0x3F) << 12
    return high | np.int64(data[p + 2] & 0x3F) << 6 | np.int64(data[p + 3] & 0x3F)


@kernel
def _read_run(data, start, end, kinds, row):
    """Adds one foreign run to the counters; remembers the longest that is text."""
    letters = words = units = han = 0
    length = 0  # letters of the unit
    clean = True
    previous = _SPACE
    for p in range(start, end):
        byte = data[p]
        kind = kinds[byte]
        if kind == _SPACE:
            if previous != _SPACE:
                units += 1
                words += clean and length > 0
            length = 0
            clean = True
        elif kind <= _LOWER:
            letters += 1
            # camelCase, and letters glued to a mark other than an apostrophe or a hyphen
            if kind == _UPPER and previous == _LOWER:
                clean = False
            if previous == _MARK and length and data[p - 1] != 0x27 and data[p - 1] != 0x2D:
                clean = False
            length += 1
        elif kind == _CODE:
            clean = False
        elif kind == _HIGH:
            han += 0xE4 <= byte <= 0xE9
        previous = kind
    if previous != _SPACE:
        units += 1
        words += clean and length > 0
    prose = words >= PROSE_WORDS and 10 * words >= 7 * units
    if prose:
        row[_LATIN_PROSE] += letters
    if han >= RUN_HAN:
        row[_HAN_RUNS] += han
    if (prose or han >= RUN_HAN) and end - start > row[_RUN_BYTES]:
        row[_RUN_START] = start
        row[_RUN_BYTES] = end - start


@kernel
def _count_one(data, start, end, classes, kinds, pad, row):
    edge = start  # where the current foreign run begins
    carry = np.uint64(0)
    hangul_total = latin_total = han_total = joined_total = np.int64(0)
    i = start
    while i < end:
        source, at = data, i
        if i + BLOCK >= end:  # the last block, with the byte after it, from a padded copy
            for k in range(len(pad)):
                pad[k] = data[i + k] if i + k < end else 0
            source, at = pad, np.int64(0)
        wide = within(source, at, 0xEB, 1) | (within(source, at, 0xEA, 0) & within(source, at + 1, 0xB0, 0x0F))
        wide |= within(source, at, 0xED, 0) & within(source, at + 1, 0x80, 0x1D)  # to U+D77F; the rest one by one
        han = within(source, at, 0xE5, 4) | (within(source, at, 0xE4, 0) & within(source, at + 1, 0xB8, 7))
        latin = within(source, at, 0x41, 25) | within(source, at, 0x61, 25)
        hangul_total += set_bits(wide)
        han_total += set_bits(han)
        latin_total += set_bits(latin)
        joined_total += set_bits((han << np.uint64(3) | carry) & wide)
        carry = han >> np.uint64(BLOCK - 3)

        rest = within(source, at, 0xC2, 0x32) & ~(wide | han)
        while rest:
            p = i + trailing_zeros(rest)
            rest &= rest - np.uint64(1)
            code = _decode(data, p, end)
            if code < 0x10000:
                kind = classes[code]
                row[kind & 31] += 1
                # A vowel alone is no letter: ᆞ and ᆢ serve as dots in chat.
                alone = 0x1160 <= code < 0x11A8 and (p < start + 3 or data[p - 3] != 0xE1 or data[p - 2] > 0x85)
                row[_OLD_HANGUL] += (kind >> 5) & (not alone)
                row[_LATIN1] += 0x80 <= code < 0x100
            else:
                row[_HAN if 0x20000 <= code < 0x40000 else _NONE] += 1

        edges = wide | within(source, at, 0x0A, 0)
        if edges:
            first = i + trailing_zeros(edges)
            if first - edge >= BLOCK:
                _read_run(data, edge, first, kinds, row)
            while edges & (edges - np.uint64(1)):
                edges &= edges - np.uint64(1)
            last = i + trailing_zeros(edges)
            edge = last + 1 if data[last] == 0x0A else last + 3
        i += BLOCK
    if end - edge >= BLOCK:
        _read_run(data, edge, end, kinds, row)
    row[_HANGUL] += hangul_total
    row[_HAN] += han_total
    row[_LATIN] += latin_total
    row[_JOINED] = joined_total


@allocating_kernel
def _count(data, offsets, classes, kinds):
    out = np.zeros((len(offsets) - 1, _RUN_BYTES + 1), np.int64)
    pad = np.zeros(2 * BLOCK, np.uint8)
    for i in range(len(offsets) - 1):
        _count_one(data, offsets[i], offsets[i + 1], classes, kinds, pad, out[i])
        out[i, _NONE] = 0
    return out


def count(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """COUNTERS of every document, int64 (documents, len(COUNTERS)); `data` uint8 and `offsets` int64 as
    `buffers.string_buffers` gives them, valid UTF-8.

    From `hangul` to `other`: letters of that script. `old_hangul`: conjoining jamo that modern Korean does not use.
    `latin1`: characters U+0080..U+00FF. `latin_prose`: ASCII letters in Latin prose. `han_runs`: ideographs in foreign
    runs of RUN_HAN or more. `joined`: Han ideographs with a Hangul syllable right behind them. `run_start`,
    `run_bytes`: the longest foreign run with Latin prose or RUN_HAN ideographs.
    """
    return _count(data, offsets, CLASSES, BYTE_KINDS)
