"""Eojeol that begin or end with forms of weighted lexicons, found in one pass over the UTF-8 buffer.

An *eojeol* is here a maximal run of precomposed Hangul syllables. A form is two to four syllables, and stands at the
beginning (`^`), at the end (`$`) or for the whole (`=`) of an eojeol. Of each of the three the longest that fits counts.
Keys are exact (14 bits a syllable), so that no form is ever taken for another.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from algok.kernels import allocating_kernel, kernel

PLACES = "^$="
LONGEST = 4  # syllables of a form

_BITS = 14
_SYLLABLE = (1 << _BITS) - 1
_FORM_MASK = (1 << _BITS * LONGEST) - 1
_PRIME = np.uint64(0x9E3779B97F4A7C15)
_NEAR_BITS = 16


class Lexicons(NamedTuple):
    """Forms of several lexicons; keys are in an open-addressing table, 0 is an empty one."""

    gates: np.ndarray  # bool (4, 11174): syllables that forms have first, second, last and last but one
    near: np.ndarray  # uint8 (8192,): one bit for each value of a key's hash that occurs
    keys: np.ndarray  # uint64
    forms: np.ndarray  # int64: number of the form
    weights: np.ndarray  # float64 per form
    lexicon: np.ndarray  # int64 per form: which lexicon it is of


def compile_lexicons(lexicons: Sequence[dict[tuple[str, str], float]]) -> Lexicons:
    """Lexicons as {(place, form): weight}. Raises ValueError for a form that is too long, no Hangul, or in two."""
    entries: dict[int, tuple[float, int]] = {}
    for number, lexicon in enumerate(lexicons):
        for (place, form), weight in lexicon.items():
            if not 2 <= len(form) <= LONGEST or not all("가" <= c <= "힣" for c in form) or place not in PLACES:
                raise ValueError(f"{place}{form}: a form is two to {LONGEST} Hangul syllables after one of {PLACES}")
            key = PLACES.index(place) + 1
            for syllable in form:
                key = key << _BITS | ord(syllable) - 0xABFF
            if key in entries:
                raise ValueError(f"{place}{form} stands twice")
            entries[key] = (weight, number)
    size = 1 << (4 * len(entries)).bit_length()
    keys, forms = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    gates = np.zeros((4, 11174), np.bool_)
    for place, form in (entry for lexicon in lexicons for entry in lexicon):
        sides = ((2, form[-1]), (3, form[-2])) if place == "$" else ((0, form[0]), (1, form[1]))
        for side, syllable in sides:
            gates[side, ord(syllable) - 0xABFF] = True
    near = np.zeros(1 << _NEAR_BITS - 3, np.uint8)
    ordered = sorted(entries)
    for form, key in enumerate(ordered):
        mixed = key * int(_PRIME) & 0xFFFFFFFFFFFFFFFF
        near[mixed >> 67 - _NEAR_BITS] |= 1 << (mixed >> 64 - _NEAR_BITS & 7)
        slot = mixed >> 20 & size - 1
        while keys[slot]:
            slot = slot + 1 & size - 1
        keys[slot], forms[slot] = key, form
    weights = np.array([entries[key][0] for key in ordered], np.float64)
    return Lexicons(gates, near, keys, forms, weights, np.array([entries[key][1] for key in ordered], np.int64))


@kernel
def _find(near, keys, forms, key):
    mixed = key * _PRIME
    bit = np.uint8(mixed >> np.uint64(64 - _NEAR_BITS) & np.uint64(7))
    if not near[mixed >> np.uint64(67 - _NEAR_BITS)] >> bit & 1:
        return np.int64(-1)
    mask = np.uint64(len(keys) - 1)
    slot = mixed >> np.uint64(20) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return forms[slot]
        slot = (slot + np.uint64(1)) & mask
    return np.int64(-1)


@kernel
def _match(gates, near, keys, forms, head, tail, length, hits):
    """Counts the forms of one eojeol of two syllables or more: its first and its last syllables, up to four each."""
    most = min(length, LONGEST)
    first, second = head >> _BITS * (most - 1), head >> _BITS * (most - 2) & _SYLLABLE
    if gates[0, first] & gates[1, second]:
        for size in range(most, 1, -1):
            form = _find(near, keys, forms, np.uint64(1 << _BITS * size | head >> _BITS * (most - size)))
            if form >= 0:
                hits[form] += 1
                break
        if length <= LONGEST:
            form = _find(near, keys, forms, np.uint64(3 << _BITS * length | head))
            if form >= 0:
                hits[form] += 1
    if gates[2, tail & _SYLLABLE] & gates[3, tail >> _BITS & _SYLLABLE]:
        for size in range(most, 1, -1):
            form = _find(near, keys, forms, np.uint64(2 << _BITS * size | tail & ((1 << _BITS * size) - 1)))
            if form >= 0:
                hits[form] += 1
                break


@allocating_kernel
def score(data, starts, ends, wanted, lexicons, lexicon_count, steady):
    """For every document and lexicon the weights of its forms and the number of distinct ones, and the eojeol.

    data uint8, document i is data[starts[i]:ends[i]] (int64); wanted bool per document, the others get zeros; `lexicons` a
    plain tuple of the fields of `Lexicons`. A form counts once, and once more for every `steady` eojeol, so that one
    word that a text is about does not decide. Gives float64 (documents, lexicons), int64 (documents, lexicons) and
    int64 (documents,).
    """
    gates, near, keys, forms, weights, which = lexicons
    n = len(starts)
    scores, distinct = np.zeros((n, lexicon_count)), np.zeros((n, lexicon_count), np.int64)
    eojeol = np.zeros(n, np.int64)
    hits = np.zeros(len(weights), np.int64)
    for i in range(n):
        if not wanted[i]:
            continue
        hits[:] = 0
        head = tail = length = np.int64(0)
        p, end = starts[i], ends[i]
        while p < end:
            b = np.int64(data[p])
            code = np.int64(0)
            if 0xEA <= b <= 0xED and p + 2 < end:
                code = (b & 15) << 12 | np.int64(data[p + 1] & 0x3F) << 6 | np.int64(data[p + 2] & 0x3F)
            if 0xAC00 <= code <= 0xD7A3:
                code -= 0xABFF
                tail = (tail << _BITS | code) & _FORM_MASK
                if length < LONGEST:
                    head = head << _BITS | code
                length += 1
                p += 3
                continue
            if length:
                eojeol[i] += 1
                if length > 1:
                    _match(gates, near, keys, forms, head, tail, length, hits)
                head = tail = length = np.int64(0)
            p += 1
        if length > 1:
            _match(gates, near, keys, forms, head, tail, length, hits)
        eojeol[i] += length > 0
        most = 1 + eojeol[i] // steady
        for form in range(len(weights)):
            if hits[form]:
                scores[i, which[form]] += weights[form] * min(hits[form], most)
                distinct[i, which[form]] += 1
    return scores, distinct, eojeol
