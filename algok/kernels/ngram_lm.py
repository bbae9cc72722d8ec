"""Scores of piece ids under two n-gram models at once (back-off, as KenLM scores an ARPA file).

The n-grams of both models, from 2-grams up, share one open-addressing table, so that one look-up serves both. A slot is
a uint64: 32 bits of the n-gram's hash, then the codes of probability and back-off in the first model, and in the second
(8 bits each). Probability code 0: the model lacks the n-gram. Back-off code 0: the n-gram is not the beginning of a
longer one, so no longer one is looked for. A slot of 0 is empty. Of the keys only 32 bits are kept: one look-up in about 10⁹
finds a stranger, which shifts a document's mean by next to nothing.
"""

from typing import NamedTuple

import numpy as np

from algok.kernels import allocating_kernel, kernel

_M1, _M2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_BYTE, _LOW = np.uint64(0xFF), np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)
_AHEAD = 32  # pieces whose n-grams are read ahead
WINDOW = 48  # pieces; about 20 eojeol


class Tables(NamedTuple):
    """Two models. Row V of `unigrams` is the beginning of a document."""

    order: int
    unigrams: np.ndarray  # float32 (V + 1, 4): log10 probability and back-off in the first model, and in the second
    slots: np.ndarray  # uint64
    codes: np.ndarray  # float32 (2 models, order - 1, 2, 256): log10 by code; probability, back-off


@kernel
def extend(key, piece):
    """The key of an n-gram, from that of its pieces *after* the first; of a single piece, from key 0."""
    h = (key ^ (np.uint64(piece) + np.uint64(1))) * _M1
    return (h ^ (h >> np.uint64(29))) * _M2 + (h >> _32)


@kernel
def _find(slots, key):
    """The slot's content, or 0."""
    size = np.uint64(len(slots))
    at = ((key >> _32) * size) >> _32
    mark = key & _LOW
    while True:
        slot = slots[at]
        if slot == np.uint64(0) or (slot >> _32) == mark:
            return slot
        at += np.uint64(1)
        if at == size:
            at = np.uint64(0)


@kernel
def fill(slots, keys, values):
    """Puts n-grams (keys from `extend`, values of 32 bits) into empty slots. Gives the number of clashing keys."""
    size = np.uint64(len(slots))
    clashes = 0
    for k in range(len(keys)):
        at = ((keys[k] >> _32) * size) >> _32
        mark = keys[k] & _LOW
        while slots[at] != np.uint64(0):
            if (slots[at] >> _32) == mark:
                clashes += 1
                break
            at += np.uint64(1)
            if at == size:
                at = np.uint64(0)
        slots[at] = (mark << _32) | np.uint64(values[k])
    return clashes


@allocating_kernel
def keys_of(ngrams):
    """Keys of n-grams of one length, int32 (rows, n)."""
    out = np.zeros(len(ngrams), np.uint64)
    for row in range(len(ngrams)):
        key = np.uint64(0)
        for k in range(ngrams.shape[1] - 1, -1, -1):
            key = extend(key, ngrams[row, k])
        out[row] = key
    return out


@kernel
def _touch(ids, begin, first, last, start_of_text, slots):
    """Reads where the 2- and 3-grams of some pieces are looked up first, all at once and without a branch: the reads
    overlap, and the look-ups find them in cache. The value means nothing; it is used so that the reads stay."""
    size = np.uint64(len(slots))
    touched = np.uint64(0)
    before, earlier = start_of_text, start_of_text
    if first > begin:
        before = ids[first - 1]
    if first > begin + 1:
        earlier = ids[first - 2]
    for t in range(first, last):
        piece = ids[t]
        key = extend(extend(np.uint64(0), piece), before)
        touched ^= slots[((key >> _32) * size) >> _32]
        key = extend(key, earlier)
        touched ^= slots[((key >> _32) * size) >> _32]
        before, earlier = piece, before
    return touched


@allocating_kernel
def _log_probs(ids, offsets, order, unigrams, slots, codes, first, second):
    start_of_text = len(unigrams) - 1
    # Back-off of the contexts of 1 … order - 1 pieces that end before this piece, and whether longer n-grams follow.
    backoff, following = np.zeros((2, order)), np.zeros((2, order))
    more, more_next = np.zeros(order, np.bool_), np.zeros(order, np.bool_)
    touched = np.uint64(0)
    for d in range(len(offsets) - 1):
        begin, end = offsets[d], offsets[d + 1]
        backoff[:] = 0.0
        more[:] = False
        backoff[0, 1], backoff[1, 1] = unigrams[start_of_text, 1], unigrams[start_of_text, 3]
        more[1] = True
        for t in range(begin, end):
            if (t - begin) % _AHEAD == 0:
                touched ^= _touch(ids, begin, t, min(t + _AHEAD, end), start_of_text, slots)
            piece = ids[t]
            p0, p1 = np.float64(unigrams[piece, 0]), np.float64(unigrams[piece, 2])
            matched0, matched1 = 1, 1
            following[0, 1], following[1, 1] = unigrams[piece, 1], unigrams[piece, 3]
            more_next[1] = True
            for k in range(2, order):
                more_next[k] = False
                following[0, k], following[1, k] = 0.0, 0.0
            key = extend(np.uint64(0), piece)
            for n in range(2, order + 1):
                if not more[n - 1]:
                    break
                before = t - n + 1
                key = extend(key, ids[before] if before >= begin else start_of_text)
                slot = _find(slots, key)
                if slot == np.uint64(0):
                    break
                a, b = (slot >> np.uint64(24)) & _BYTE, (slot >> np.uint64(16)) & _BYTE
                c, e = (slot >> np.uint64(8)) & _BYTE, slot & _BYTE
                if a != 0:
                    p0, matched0 = np.float64(codes[0, n - 2, 0, a]), n
                if c != 0:
                    p1, matched1 = np.float64(codes[1, n - 2, 0, c]), n
                if n < order:
                    following[0, n] = codes[0, n - 2, 1, b]
                    following[1, n] = codes[1, n - 2, 1, e]
                    more_next[n] = (b | e) != 0
            for k in range(1, order):
                if k >= matched0:
                    p0 += backoff[0, k]
                if k >= matched1:
                    p1 += backoff[1, k]
                backoff[0, k], backoff[1, k] = following[0, k], following[1, k]
                more[k] = more_next[k]
            first[t], second[t] = p0, p1
    return touched


def log_probs(ids: np.ndarray, offsets: np.ndarray, tables: Tables) -> tuple[np.ndarray, np.ndarray]:
    """log10 probability of every piece in its document, float32, under the first and under the second model."""
    first, second = np.empty(len(ids), np.float32), np.empty(len(ids), np.float32)
    _log_probs(ids, offsets, *tables, first, second)
    return first, second


SUMS = ("characters", "first", "second", "worst", "noisy", "windows", "begun", "gain")


@kernel
def _sum_up(ids, offsets, first, second, alone, characters, starts, window, out):
    for d in range(len(offsets) - 1):
        begin, end = offsets[d], offsets[d + 1]
        chars, sum0, sum1, begun, gain = 0, 0.0, 0.0, 0, 0.0
        worst, noisy, windows = -1e30, 0, 0
        # Windows of equal length that cover the document; the last one may overlap the one before.
        part, in_window = 0.0, 0
        for t in range(begin, end):
            piece = ids[t]
            chars += characters[piece]
            sum0 += first[t]
            sum1 += second[t]
            if starts[piece] and t > begin:
                begun += 1
                gain += first[t] - alone[piece]
            part += second[t] - first[t]
            in_window += 1
            if in_window == window:
                worst = max(worst, part)
                noisy += part > 0.0
                windows += 1
                part, in_window = 0.0, 0
        if in_window > 0 and end - begin >= window:
            part = 0.0
            for t in range(end - window, end):
                part += second[t] - first[t]
            worst = max(worst, part)
            noisy += part > 0.0
            windows += 1
        elif in_window > 0:
            worst = part * (window / in_window)
            noisy += part > 0.0
            windows += 1
        out[d, 0], out[d, 1], out[d, 2], out[d, 3] = chars, sum0, sum1, worst / window
        out[d, 4], out[d, 5], out[d, 6], out[d, 7] = noisy, windows, begun, gain


def sum_up(
    ids: np.ndarray,
    offsets: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    alone: np.ndarray,
    characters: np.ndarray,
    starts: np.ndarray,
) -> np.ndarray:
    """Per document, float64 (n, 8), in the order of SUMS:

    characters; log10 probability under the first and the second model; the largest mean of second - first over a
    window; windows in which it is above 0; windows; pieces that begin an eojeol (but the document's first); and how
    much more probable (log10) their context makes those, in the first model, than they are alone.

    `alone` float32, `characters` uint8 and `starts` bool are per piece id. Windows are WINDOW pieces long, the last one
    ends with the document; a shorter document is one window.
    """
    out = np.zeros((len(offsets) - 1, len(SUMS)))
    _sum_up(ids, offsets, first, second, alone, characters, starts, WINDOW, out)
    return out
