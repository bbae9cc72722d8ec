"""Words of a lexicon in a text's beginning, and the sums of what they say, for every document of a batch.

A run of Hangul counts as the longest word of two to LONGEST syllables that it begins with, so particles do not matter; a run
of ASCII letters (with + # . in it) as the word that it is, case folded, without dots at its end. A word that occurs n
times weighs √n, and in the first HEAD characters, where titles are, it counts HEAD_COUNT times.
"""

import numpy as np

from algok.kernels import allocating_kernel, kernel

LONGEST = 7
READ = 8000  # characters of a document that are looked at
HEAD, HEAD_COUNT = 150, 3
_M1, _M2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_GATE = 1 << 16


@kernel
def _mixed(h):
    h = (h ^ (h >> np.uint64(29))) * _M2
    return h ^ (h >> np.uint64(32))


@kernel
def _step(h, code):
    return (h ^ code) * _M1 + np.uint64(1)


@kernel
def _find(keys, key):
    mask = np.uint64(len(keys) // 2 - 1)
    slot = key & mask
    while keys[2 * slot] != 0:
        if keys[2 * slot] == key:
            return np.int64(keys[2 * slot + 1])
        slot = (slot + np.uint64(1)) & mask
    return -1


@kernel
def _note(row, at, counts, found, n):
    if counts[row] == 0:
        found[n] = row
        n += 1
    counts[row] += HEAD_COUNT if at < HEAD else 1
    return n


@kernel
def _words(data, start, end, keys, gate, counts, found):
    """Counts the lexicon's words of one document; their number, the rows in `found`."""
    n, chars, i = 0, 0, start
    while i < end and chars < READ:
        byte = data[i]
        if 0xEA <= byte <= 0xED and i + 2 < end:
            at, length, best, used = chars, 0, np.int64(-1), 0
            h = np.uint64(7)
            open_gate = False
            while i + 2 < end and 0xEA <= data[i] <= 0xED:
                code = (
                    (np.uint64(data[i] & 15) << np.uint64(12))
                    | (np.uint64(data[i + 1] & 63) << np.uint64(6))
                    | np.uint64(data[i + 2] & 63)
                )
                if code < 0xAC00 or code > 0xD7A3:
                    break
                length += 1
                if length <= LONGEST:
                    h = _step(h, code)
                    if length == 2:
                        open_gate = gate[_mixed(h) & np.uint64(_GATE - 1)]
                    if length >= 2 and open_gate:
                        row = _find(keys, _mixed(h))
                        if row >= 0:
                            best, used = row, length
                i += 3
            if used:
                n = _note(best, at, counts, found, n)
            chars += max(length, 1)
            if length == 0:
                i += 3
        elif 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A:
            at, h, kept, length = chars, np.uint64(11), np.uint64(11), 0
            while i < end:
                byte = data[i]
                letter = 0x41 <= byte <= 0x5A or 0x61 <= byte <= 0x7A
                if not (letter or byte == 0x2B or byte == 0x23 or byte == 0x2E):
                    break
                h = _step(h, np.uint64(byte | 32 if letter else byte))
                if byte != 0x2E:
                    kept = h
                length += 1
                i += 1
            if length > 1:
                row = _find(keys, _mixed(kept))
                if row >= 0:
                    n = _note(row, at, counts, found, n)
            chars += length
        else:
            i += 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            chars += 1
    return n


@allocating_kernel
def _sums(data, offsets, keys, gate, weights, shares, logs, out):
    counts, found = np.zeros(len(weights), np.int32), np.empty(len(weights), np.int32)
    classes = shares.shape[1]
    for d in range(len(offsets) - 1):
        n = _words(data, offsets[d], offsets[d + 1], keys, gate, counts, found)
        rows = np.sort(found[:n])  # sums in one order, whatever the order of the words
        total, squares = np.float64(0), np.float64(0)
        for row in rows:
            weight = np.sqrt(np.float64(counts[row])) * weights[row]
            counts[row] = 0
            total += weight
            squares += weight * weight
            for k in range(classes):
                out[d, k] += weight * shares[row, k]
                out[d, classes + k] += weight * logs[row, k]
        if n:
            for k in range(classes):
                out[d, k] /= total
                out[d, classes + k] /= np.sqrt(squares)


@allocating_kernel
def _occurrences(data, offsets, keys, gate, found_in):
    counts, found = np.zeros(len(found_in), np.int32), np.empty(len(found_in), np.int32)
    for d in range(len(offsets) - 1):
        n = _words(data, offsets[d], offsets[d + 1], keys, gate, counts, found)
        for row in found[:n]:
            counts[row] = 0
            found_in[row] += 1


def key_of(word: str) -> int:
    """The key of a word: Hangul as it is, ASCII in small letters."""
    h = 7 if "가" <= word[0] <= "힣" else 11
    for char in word:
        h = ((h ^ ord(char)) * int(_M1) + 1) & 0xFFFFFFFFFFFFFFFF
    h = ((h ^ (h >> 29)) * int(_M2)) & 0xFFFFFFFFFFFFFFFF
    return h ^ (h >> 32)


def _gate_key(word: str) -> int:
    return key_of(word[:2]) & _GATE - 1


def compile_words(keys: np.ndarray, gates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The tables that the kernels look words up in: `keys` (uint64, see `key_of`) and, of Hangul words, `gates`."""
    size = 1 << int(2 * len(keys)).bit_length()
    table, gate = np.zeros(2 * size, np.uint64), np.zeros(_GATE, np.bool_)
    for row, key in enumerate(keys.tolist()):
        slot = key & size - 1
        while table[2 * slot]:
            slot = slot + 1 & size - 1
        table[2 * slot], table[2 * slot + 1] = key, row
    gate[gates] = True
    return table, gate


def gates_of(words: list[str]) -> np.ndarray:
    """What `compile_words` needs beside the keys (uint16)."""
    return np.unique(np.array([_gate_key(word) for word in words if "가" <= word[0] <= "힣"], np.uint16))


def sums(data, offsets, tables, weights, shares, logs) -> np.ndarray:
    """float64, documents × (2 · classes): the weighted mean of the words' `shares`, and the sum of their `logs` by the length
    of the vector of weights; zeros where no word occurs. `weights` per word, `shares` and `logs` words × classes."""
    out = np.zeros((len(offsets) - 1, 2 * shares.shape[1]))
    _sums(data, offsets, *tables, weights, shares, logs, out)
    return out


def occurrences(data, offsets, tables, words: int) -> np.ndarray:
    """int64: in how many documents each word occurs."""
    found_in = np.zeros(words, np.int64)
    _occurrences(data, offsets, *tables, found_in)
    return found_in
