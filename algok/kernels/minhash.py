"""MinHash signatures and exact hashes of documents, straight over the Arrow UTF-8 buffer.

A text is read as *units*: one letter or ideograph of any script but ASCII, or up to three ASCII letters and digits in a
row (lower-cased). Three bytes carry about the same in both, so a Hangul syllable and half an English word weigh alike.
Whitespace, punctuation and symbols separate units and are no part of them. Two marks stand before the first unit and
two after the last, so that where a text begins and ends counts, which matters in short ones only. A *shingle* is the
UTF-8 bytes of `ngram` units or marks in a row. Because units need no spaces, text of any script, without spaces or with
wrong ones, short or long, is shingled by one rule.

An example: `새 Book 둘` (12 bytes), 3 units to a shingle. 새 is a unit; the space only parts; B, o and o are one, in lower
case, and full; k begins the next and the space ends it; 둘. With marks (^, $) there are eight: ^ ^ 새 boo k 둘 $ $, and six
shingles: ^^새, ^새boo, 새book, book둘, k둘$, 둘$$. The hash of ^^새 is 459513315; the first of two functions makes it
2949982477, and of the six that are made so the smallest, 858026659, is the first value of the signature. The row: signature
[858026659, 1307770240], letters 6, and an exact hash that is also that of `새  book⏎둘 `.

Signatures equal `datasketch.MinHash(num_perm, seed, scheme="affine32", hashfunc=shingle_hash)` bit for bit.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

from algok.kernels import allocating_kernel, kernel
from algok.kernels.buffers import string_buffers
from algok.kernels.characters import PYTHON
from algok.kernels.core import core_range

MAX_NGRAM = 32
# Marks of a text's begin and end: control characters, which are in no unit. More of them cost recall on short texts,
# fewer let one-sentence texts that differ in one word pass for duplicates (docs/deduplication.md).
BEGIN, END = b"\x02", b"\x03"
MARKS = 2

# A signature value that no shingle has reached: datasketch's value for an empty set.
EMPTY = 0xFFFFFFFF

_MASK = (1 << 64) - 1
# Any odd 64-bit constants with well mixed bits serve; these are the golden ratio's and MurmurHash3's and xxHash's.
_BASE = 0x9E3779B97F4A7C15
_MIX = 0xFF51AFD7ED558CCD
_EXACT_LOW = 0xC2B2AE3D27D4EB4F
_EXACT_HIGH = 0x87C37B91114253D5

# Unsigned indices spare the check for negative ones at every byte.
_0, _1, _2, _3, _4, _63 = (np.uint64(n) for n in (0, 1, 2, 3, 4, 63))
_BASE_64, _MIX_64 = np.uint64(_BASE), np.uint64(_MIX)
_LOW_64, _HIGH_64 = np.uint64(_EXACT_LOW), np.uint64(_EXACT_HIGH)
_BASE2_64 = np.uint64(_BASE * _BASE & _MASK)
_SHIFT_32, _SHIFT_29 = np.uint64(32), np.uint64(29)

_BEGIN_64, _END_64 = np.uint64(BEGIN[0]), np.uint64(END[0])

_WORD, _SPACE, _OTHER = 0, 1, 2
# Controls, punctuation, symbols, variation selectors and emoji, by blocks rather than by `unicodedata`, whose tables
# change with the Python version. Number forms and enclosed digits stay words: they carry facts.
_OTHERS = (
    (0x00, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7), (0x115F, 0x1160),
    (0x2000, 0x20CF), (0x2190, 0x245F), (0x2500, 0x2BFF), (0x2E00, 0x2E7F), (0x3000, 0x3004), (0x3008, 0x303F),
    (0x3164, 0x3164), (0xFE00, 0xFE1F), (0xFE30, 0xFE6F), (0xFEFF, 0xFEFF), (0xFF00, 0xFF0F), (0xFF1A, 0xFF20),
    (0xFF3B, 0xFF40), (0xFF5B, 0xFF65), (0xFFA0, 0xFFA0), (0xFFE0, 0xFFFF), (0x1F000, 0x1FAFF), (0xE0000, 0xE0FFF),
)  # fmt: skip


@dataclass(frozen=True)
class Sketches:
    """The sketches of n documents."""

    signatures: np.ndarray  # uint32 (n, num_perm); EMPTY throughout where a document has no shingle
    # The same of the shingles within the core of a text (kernels/core.py), without marks; equal where it is its own core.
    cores: np.ndarray
    exact: np.ndarray  # uint64 (n, 2): 128-bit hash of the text, whitespace folded, ASCII lower-cased; 0, 0 when blank
    letters: np.ndarray  # uint32 (n,): characters in units
    sizes: np.ndarray  # uint32 (n, 2): shingles, repeated ones included, of the text and of its core


def shingle_hash(shingle: bytes) -> int:
    """The 32-bit hash of one shingle's bytes: a polynomial mod 2^64, mixed. Give it to datasketch as `hashfunc`."""
    value = 0
    for byte in shingle:
        value = (value * _BASE + byte) & _MASK
    return ((value ^ value >> 32) * _MIX & _MASK) >> 32


def shingles(text: str, ngram: int) -> list[bytes]:
    """The shingles of a text in reading order, repeated ones included; the definition that the kernel is tested against."""
    units = _units(text)
    if not units:
        return []
    marks = min(MARKS, ngram - 1)
    units = [BEGIN] * marks + units + [END] * marks
    return [b"".join(units[i : i + ngram]) for i in range(max(1, len(units) - ngram + 1))]


def sketch(texts: pa.Array | pa.ChunkedArray, ngram: int, num_perm: int, seed: int = 1) -> Sketches:
    """Signatures, exact hashes and lengths of a string column without nulls.

    `ngram` is at most 32 units; `seed` is datasketch's. Bytes that are no valid UTF-8 give some signature, not an error.
    """
    if not 1 <= ngram <= MAX_NGRAM:
        raise ValueError(f"ngram must be 1 to {MAX_NGRAM}, not {ngram}")
    data, offsets = string_buffers(texts)
    count = len(offsets) - 1
    a, b = permutations(num_perm, seed)
    sketches = Sketches(
        np.full((count, num_perm), EMPTY, np.uint32),
        np.full((count, num_perm), EMPTY, np.uint32),
        np.zeros((count, 2), np.uint64),
        np.zeros(count, np.uint32),
        np.zeros((count, 2), np.uint32),
    )
    results = (sketches.signatures, sketches.cores, sketches.exact, sketches.letters, sketches.sizes)
    _sketch(data, offsets, ngram, _kinds(), *_powers(), a, b, *results)
    return sketches


@cache
def permutations(num_perm: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """datasketch's multipliers and addends (uint32, num_perm each) of its scheme affine32, drawn as it draws them: importing
    it takes SciPy and half a second."""
    draw = np.random.RandomState(seed)
    a = draw.randint(0, 1 << 31, num_perm, np.uint32) * np.uint32(2) + np.uint32(1)  # odd, so that no two hashes meet
    return a, draw.randint(0, 1 << 32, num_perm, np.uint32)


def _units(text: str) -> list[bytes]:
    kinds = _kinds()
    units: list[bytes] = []
    run = 0  # ASCII characters in the unit that may still grow
    for char in text:
        if kinds[ord(char)] != _WORD:
            run = 0
        elif not char.isascii():
            units.append(char.encode())
            run = 0
        elif 0 < run < 3:
            units[-1] += char.lower().encode()
            run += 1
        else:
            units.append(char.lower().encode())
            run = 1
    return units


@cache
def _kinds() -> np.ndarray:
    """uint8 per code point: word, space or other."""
    kinds = np.full(0x110000, _WORD, np.uint8)
    for first, last in _OTHERS:
        kinds[first : last + 1] = _OTHER
    kinds[sorted(PYTHON)] = _SPACE
    return kinds


@cache
def _powers() -> tuple[np.ndarray, np.ndarray]:
    """The base to the power of a unit's 0 to 4 bytes, and to the negative power (uint64, mod 2^64)."""
    powers, inverses = ([pow(_BASE, sign * size, 1 << 64) for size in range(5)] for sign in (1, -1))
    return np.array(powers, np.uint64), np.array(inverses, np.uint64)


@kernel
def _premix(value):
    """The shingle hash of a polynomial, then datasketch's pre-mix of it (MurmurHash3 fmix32)."""
    value = ((value ^ (value >> _SHIFT_32)) * _MIX_64) >> _SHIFT_32
    h = np.uint32(value)
    h = np.uint32(h ^ (h >> np.uint32(16)))
    h = np.uint32(h * np.uint32(0x85EBCA6B))
    h = np.uint32(h ^ (h >> np.uint32(13)))
    h = np.uint32(h * np.uint32(0xC2B2AE35))
    return np.uint32(h ^ (h >> np.uint32(16)))


@kernel
def _fold(windows, count, hashes, a, b, signature):
    """Lower `signature` to the minimum over the shingles whose polynomials are `windows[:count]`.

    Eight hashes to a pass over the permutations; the last eight are filled up with a hash that is there anyway.
    """
    count = np.int64(count)
    for i in range(count, (count + 7) & ~7):
        windows[i] = windows[count - 1]
    count = (count + 7) & ~7
    for i in range(count):
        hashes[i] = _premix(windows[i])
    for i in range(0, count, 8):
        h0, h1, h2, h3 = hashes[i], hashes[i + 1], hashes[i + 2], hashes[i + 3]
        h4, h5, h6, h7 = hashes[i + 4], hashes[i + 5], hashes[i + 6], hashes[i + 7]
        for k in range(a.size):
            m, c = a[k], b[k]
            low = min(np.uint32(m * h0 + c), np.uint32(m * h1 + c))
            low = min(low, min(np.uint32(m * h2 + c), np.uint32(m * h3 + c)))
            low = min(low, min(np.uint32(m * h4 + c), np.uint32(m * h5 + c)))
            low = min(low, min(np.uint32(m * h6 + c), np.uint32(m * h7 + c)))
            signature[k] = min(signature[k], low)


@kernel
def _fold_into(windows, count, hashes, a, b, signatures, cores, sizes, row, within):
    """Folds into the signature of a document's core, or of what is around it. (One variable for either would be slow.)"""
    if count == _0:
        return
    if within:
        sizes[row, 1] += count
        _fold(windows, count, hashes, a, b, cores[row])
    else:
        _fold(windows, count, hashes, a, b, signatures[row])


@kernel
def _unite(signatures, cores, sizes, row, shingles, has_core):
    """Makes the signature of what is around a core that of the whole text; one without a core of its own is its core's too."""
    sizes[row, 0] = max(shingles, np.int64(signatures[row, 0] != EMPTY))
    for k in range(signatures.shape[1]):
        signatures[row, k] = min(signatures[row, k], cores[row, k])
        if not has_core:
            cores[row, k] = signatures[row, k]
    if not has_core:
        sizes[row, 1] = sizes[row, 0]


@allocating_kernel
def _sketch(data, offsets, ngram, kinds, powers, inverses, a, b, signatures, cores, exact, letters, sizes):
    # A shingle's polynomial is a difference of two prefixes' times a power of the base. A prefix is kept as the sum of
    # its units' polynomials, each divided by the power of the base that all bytes up to and with it come to.
    prefixes = np.zeros(64, np.uint64)  # a ring, by number of units
    marks, ngram = np.uint64(min(MARKS, ngram - 1)), np.uint64(ngram)
    windows, hashes = np.empty(256, np.uint64), np.empty(256, np.uint32)
    for row in range(offsets.size - 1):
        i, end = np.uint64(offsets[row]), np.uint64(offsets[row + 1])
        # Shingles within the core are folded into its signature, the others into that of the text, and at last both into one.
        within = has_core = False  # whether the windows are of the core
        core_first, core_end = core_range(data, offsets[row], offsets[row + 1])
        whole = core_end - core_first == offsets[row + 1] - offsets[row]
        low, high, core_units = _0, _0, _0
        prefixes[0] = _0
        prefix, power, inverse, units, filled = _0, _1, _1, _0, _0
        for _ in range(marks):
            power *= powers[1]
            inverse *= inverses[1]
            prefix += _BEGIN_64 * inverse
            units += _1
            prefixes[units & _63] = prefix
        chars = 0
        blank, gap = True, False
        while i < end:
            lead = data[i]
            if lead < 0x80:
                size = 1
                kind = kinds[lead]
                char = np.uint64(lead + 32 if 65 <= lead <= 90 else lead)
            elif lead < 0xE0:
                size = 2
                if i + _2 > end:
                    break
                kind = kinds[(lead & 0x1F) << 6 | (data[i + _1] & 0x3F)]
                char = np.uint64(lead) * _BASE_64 + np.uint64(data[i + _1])
            elif lead < 0xF0:
                size = 3
                if i + _3 > end:
                    break
                if 0xE4 <= lead <= 0xED:  # U+4000–U+DFFF: ideographs and Hangul syllables, all word characters
                    kind = np.uint8(_WORD)
                else:
                    kind = kinds[(lead & 0x0F) << 12 | (data[i + _1] & 0x3F) << 6 | (data[i + _2] & 0x3F)]
                char = np.uint64(lead) * _BASE2_64 + np.uint64(data[i + _1]) * _BASE_64 + np.uint64(data[i + _2])
            else:
                size = 4
                if i + _4 > end:
                    break
                point = (lead & 0x07) << 18 | (data[i + _1] & 0x3F) << 12 | (data[i + _2] & 0x3F) << 6
                kind = kinds[min(point | (data[i + _3] & 0x3F), 0x10FFFF)]
                char = (np.uint64(lead) * _BASE_64 + np.uint64(data[i + _1])) * _BASE2_64
                char += np.uint64(data[i + _2]) * _BASE_64 + np.uint64(data[i + _3])
            inside = (np.int64(i) >= core_first) & (np.int64(i) < core_end) & (not whole)
            i += np.uint64(size)
            if kind == _SPACE:
                gap = True
                continue
            if gap and not blank:
                low = (low ^ np.uint64(32)) * _LOW_64
                high = high * _HIGH_64 + np.uint64(32)
            blank, gap = False, False
            low = (low ^ char) * _LOW_64
            low ^= low >> _SHIFT_29
            high = high * _HIGH_64 + char
            if kind != _WORD:
                continue
            chars += 1
            if size == 1:  # the unit goes on while ASCII letters and digits do, to three
                while size < 3 and i < end and data[i] < 0x80 and kinds[data[i]] == _WORD:
                    lead = data[i]
                    letter = np.uint64(lead + 32 if 65 <= lead <= 90 else lead)
                    low = (low ^ letter) * _LOW_64
                    low ^= low >> _SHIFT_29
                    high = high * _HIGH_64 + letter
                    char = char * _BASE_64 + letter
                    size += 1
                    chars += 1
                    i += _1
            power *= powers[size]
            inverse *= inverses[size]
            prefix += char * inverse
            units += _1
            prefixes[units & _63] = prefix
            core_units = core_units + _1 if inside else _0
            if (core_units >= ngram) != within:
                _fold_into(windows, filled, hashes, a, b, signatures, cores, sizes, row, within)
                within, has_core, filled = not within, True, _0
            if units >= ngram:
                windows[filled] = (prefix - prefixes[(units - ngram) & _63]) * power
                filled += _1
                if filled == windows.size:
                    _fold_into(windows, filled, hashes, a, b, signatures, cores, sizes, row, within)
                    filled = _0
        if within:
            _fold_into(windows, filled, hashes, a, b, signatures, cores, sizes, row, within)
            within, filled = False, _0
        if chars:
            if filled > windows.size - MARKS:
                _fold_into(windows, filled, hashes, a, b, signatures, cores, sizes, row, within)
                filled = _0
            for _ in range(marks):
                power *= powers[1]
                inverse *= inverses[1]
                prefix += _END_64 * inverse
                units += _1
                prefixes[units & _63] = prefix
                if units >= ngram:
                    windows[filled] = (prefix - prefixes[(units - ngram) & _63]) * power
                    filled += _1
            if units < ngram:
                windows[0] = prefix * power
                filled = _1
            if filled:
                _fold_into(windows, filled, hashes, a, b, signatures, cores, sizes, row, within)
        _unite(signatures, cores, sizes, row, np.int64(units) - np.int64(ngram) + 1 if chars else np.int64(0), has_core)
        if not blank:
            exact[row, 0] = (low ^ (low >> _SHIFT_32)) * _MIX_64
            exact[row, 1] = (high ^ (high >> _SHIFT_32)) * _MIX_64
        letters[row] = chars
