"""SentencePiece unigram segmentation of whole batches, straight from the UTF-8 buffer to piece ids.

White space (that of `str.split`) parts a document into eojeol, and pieces never cross it: an eojeol with the mark `▁`
before it is segmented alone, as the SentencePiece library segments it. The library itself segments a document at once
and adds up scores in float32 from its beginning, so that deep in a long document it picks another of two nearly equal
segmentations now and then; here the same eojeol gives the same pieces wherever it stands.

Eojeol repeat, so their pieces are kept in a direct-mapped table of fixed size that is compared byte by byte: what is in
it changes the speed, never the result. An eojeol over WINDOW bytes is segmented in windows of that size, which keeps
memory bounded and time linear.
"""

from typing import NamedTuple

import numpy as np

from algok.kernels import allocating_kernel, kernel
from algok.kernels.characters import ASCII, SEPARATORS

WINDOW = 1 << 14  # bytes
_SLOT_BITS = 16  # of the table of eojeol: 4 MB
_KEY_BYTES = 32  # eojeol longer than that, or of more than _KEPT pieces, are segmented every time
_KEPT = 12
_UNKNOWN_PENALTY = np.float32(10.0)  # kUnkPenalty of SentencePiece
_MARK = np.array([0xE2, 0x96, 0x81], np.uint8)  # ▁
_NEVER = np.float32(-3.0e38)
_M1, _M2, _M3 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9)
_M4 = np.uint64(0xD6E8FEB86659FD93)

# What a byte can be: part of an eojeol, ASCII white space, or the first byte of white space beyond ASCII.
_WORD, _SPACE, _MAYBE = range(3)


def _byte_classes() -> np.ndarray:
    classes = np.zeros(256, np.uint8)
    classes[sorted(ASCII | SEPARATORS)] = _SPACE
    classes[[0xC2, 0xE1, 0xE2, 0xE3]] = _MAYBE
    return classes


_CLASSES = _byte_classes()


class Pieces(NamedTuple):
    """A vocabulary as a double-array trie over bytes.

    The child of node s by byte c is t = base[s] + c if check[t] == s. `piece` is the id of the piece that ends at a
    node, or -1; `score` float32 per id; `bytes` int32 (256,): ids of the byte pieces; `unknown`: score of a character
    without a piece. `starts` bool per id: the piece begins an eojeol.
    """

    base: np.ndarray
    check: np.ndarray
    piece: np.ndarray
    score: np.ndarray
    byte_ids: np.ndarray
    unknown: np.float32
    starts: np.ndarray


def compile_pieces(pieces: list[bytes], ids: np.ndarray, scores: np.ndarray, byte_ids: np.ndarray) -> Pieces:
    """The vocabulary for `segment`: UTF-8 of the ordinary pieces with their ids, score per id, ids of the 256 bytes."""
    order = sorted(range(len(pieces)), key=pieces.__getitem__)
    ordered = [pieces[k] for k in order]
    flat = np.frombuffer(b"".join(ordered), np.uint8)
    ends = np.cumsum([len(piece) for piece in ordered], dtype=np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), ends])
    base, check, piece = _double_array(flat, offsets, np.asarray(ids, np.int32)[order])
    scores = np.asarray(scores, np.float32)
    starts = np.zeros(len(scores), np.bool_)
    starts[[i for text, i in zip(pieces, ids, strict=True) if text.startswith(_MARK.tobytes())]] = True
    unknown = np.float32(scores[ids].min() - _UNKNOWN_PENALTY)
    return Pieces(base, check, piece, scores, np.asarray(byte_ids, np.int32), unknown, starts)


@allocating_kernel
def _grown(array, filler, size):
    out = np.full(size, filler, np.int32)
    out[: len(array)] = array
    return out


@allocating_kernel
def _double_array(flat, offsets, ids):
    """Nodes in breadth-first order; every node's children go to the first free place that holds them all."""
    n = len(offsets) - 1
    most = len(flat) + 2
    low, high = np.empty(most, np.int32), np.empty(most, np.int32)
    depth, node = np.empty(most, np.int32), np.empty(most, np.int32)
    size = 2 * most + 1024
    base, check, piece = np.zeros(size, np.int32), np.full(size, -1, np.int32), np.full(size, -1, np.int32)
    check[0] = -2  # the root's place is taken
    low[0], high[0], depth[0], node[0] = 0, n, 0, 0
    queued, first_free, top = 1, 1, 1
    labels, bounds = np.empty(257, np.int32), np.empty(258, np.int32)
    head = 0
    while head < queued:
        lo, hi, d, s = low[head], high[head], depth[head], node[head]
        head += 1
        if lo < hi and offsets[lo + 1] - offsets[lo] == d:
            piece[s] = ids[lo]
            lo += 1
        k = 0
        while lo < hi:
            byte = flat[offsets[lo] + d]
            labels[k], bounds[k] = byte, lo
            k += 1
            while lo < hi and flat[offsets[lo] + d] == byte:
                lo += 1
        if k == 0:
            continue
        bounds[k] = hi
        while first_free < top and check[first_free] != -1:
            first_free += 1
        b = max(first_free - labels[0], 1)
        tries = 0
        while True:
            fits = True
            for j in range(k):
                if check[b + labels[j]] != -1:
                    fits = False
                    break
            if fits:
                break
            # A crowded stretch is left behind after some tries: a little air in the array instead of a slow search.
            tries += 1
            b += 1
            if tries % 512 == 0:
                first_free += 64
            if b + 256 >= size:
                grown = size + size // 2 + 256
                base, check, piece = _grown(base, 0, grown), _grown(check, -1, grown), _grown(piece, -1, grown)
                size = grown
        base[s] = b
        for j in range(k):
            t = b + labels[j]
            check[t] = s
            top = max(top, t + 1)
            low[queued], high[queued], depth[queued], node[queued] = bounds[j], bounds[j + 1], d + 1, t
            queued += 1
    return _grown(base[:top], 0, top + 256), _grown(check[:top], -1, top + 256), _grown(piece[:top], -1, top + 256)


@kernel
def _space_width(data, at, end):
    """Bytes of the white space beyond ASCII that begins here, or 0."""
    a = data[at]
    if at + 1 >= end:
        return 0
    b = data[at + 1]
    if a == 0xC2:
        return 2 if b == 0x85 or b == 0xA0 else 0
    if at + 2 >= end:
        return 0
    c = data[at + 2]
    if a == 0xE1:  # U+1680
        return 3 if b == 0x9A and c == 0x80 else 0
    if a == 0xE2:  # U+2000–200A, 2028, 2029, 202F, 205F
        if b == 0x80:
            return 3 if c <= 0x8A or c == 0xA8 or c == 0xA9 or c == 0xAF else 0
        return 3 if b == 0x81 and c == 0x9F else 0
    return 3 if a == 0xE3 and b == 0x80 and c == 0x80 else 0  # U+3000


@kernel
def _viterbi(text, n, base, check, piece, score, byte_ids, unknown, best, back, chosen, out, at):
    """Segments text[:n] and appends its ids to `out` from `at`; gives the new end. Arithmetic as in the library."""
    for i in range(n + 1):
        back[i] = -1
        best[i] = _NEVER
    best[0] = np.float32(0.0)
    i = 0
    while i < n:
        here = best[i]
        byte = text[i]
        width = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
        width = min(width, n - i)
        single = False
        s = 0
        j = i
        while j < n:
            t = base[s] + text[j]
            if check[t] != s:
                break
            s = t
            j += 1
            found = piece[s]
            if found >= 0:
                candidate = np.float32(score[found] + here)
                if back[j] < 0 or candidate > best[j]:
                    best[j], back[j], chosen[j] = candidate, i, found
                if j - i == width:
                    single = True
        if not single:
            candidate = np.float32(unknown + here)
            j = i + width
            if back[j] < 0 or candidate > best[j]:
                best[j], back[j], chosen[j] = candidate, i, -1
        i += width
    # Backwards over the best path, then forwards: its positions are noted in `back` of their ends.
    end, following = n, -1
    while end >= 0:
        before = back[end] if end > 0 else -1
        back[end] = following
        following = end
        end = before
    i = 0
    while i < n:
        j = back[i]
        if chosen[j] >= 0:
            out[at] = chosen[j]
            at += 1
        else:
            for k in range(i, j):
                out[at] = byte_ids[text[k]]
                at += 1
        i = j
    return at


@allocating_kernel
def _segment(data, offsets, classes, base, check, piece, score, byte_ids, unknown, cache, out, ends):
    """See `segment`. A row of `cache` (uint64, 8): the bytes (4), length and number of ids (1), ids as uint16 (3)."""
    text = np.empty(WINDOW + 8, np.uint8)
    best = np.empty(WINDOW + 8, np.float32)
    back, chosen = np.empty(WINDOW + 8, np.int32), np.empty(WINDOW + 8, np.int32)
    for k in range(3):
        text[k] = _MARK[k]
    small = len(score) <= 0x10000
    shift = np.uint64(64 - _SLOT_BITS)
    sixteen, sixteen_bits = np.uint64(16), np.uint64(0xFFFF)
    at = 0
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        while i < end:
            # White space before the eojeol.
            kind = classes[data[i]]
            if kind != _WORD:
                width = 1 if kind == _SPACE else _space_width(data, i, end)
                if width > 0:
                    i += width
                    continue
            start = i
            w0, w1, w2, w3 = np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
            word, bits = np.uint64(0), np.uint64(0)
            filled = 0
            while i < end:
                byte = data[i]
                kind = classes[byte]
                if kind != _WORD and (kind == _SPACE or _space_width(data, i, end) > 0):
                    break
                word |= np.uint64(byte) << bits
                bits += np.uint64(8)
                if bits == np.uint64(64):
                    if filled == 0:
                        w0 = word
                    elif filled == 1:
                        w1 = word
                    elif filled == 2:
                        w2 = word
                    elif filled == 3:
                        w3 = word
                    filled += 1
                    word, bits = np.uint64(0), np.uint64(0)
                i += 1
            length = i - start
            if length <= _KEY_BYTES and small:
                if filled == 0:
                    w0 = word
                elif filled == 1:
                    w1 = word
                elif filled == 2:
                    w2 = word
                elif filled == 3:
                    w3 = word
                h = (w0 ^ (w1 * _M2) ^ (w2 * _M3) ^ (w3 * _M4)) * _M1
                h = (h ^ (h >> np.uint64(32))) * _M2
                row = cache[h >> shift]
                if (
                    (row[0] == w0)
                    & (row[1] == w1)
                    & (row[2] == w2)
                    & (row[3] == w3)
                    & (row[4] & np.uint64(0xFF) == np.uint64(length))
                ):
                    count = np.int64(row[4] >> np.uint64(8))
                    # Four at once whatever their number: most eojeol have no more, and nothing is guessed wrong.
                    four = row[5]
                    out[at] = np.int32(four & sixteen_bits)
                    out[at + 1] = np.int32((four >> sixteen) & sixteen_bits)
                    out[at + 2] = np.int32((four >> (sixteen + sixteen)) & sixteen_bits)
                    out[at + 3] = np.int32(four >> (sixteen + sixteen + sixteen))
                    for k in range(4, count):
                        out[at + k] = np.int32((row[5 + (k >> 2)] >> (np.uint64(k & 3) * sixteen)) & sixteen_bits)
                    at += count
                    continue
                for k in range(length):
                    text[3 + k] = data[start + k]
                first = at
                at = _viterbi(
                    text, length + 3, base, check, piece, score, byte_ids, unknown, best, back, chosen, out, at
                )
                count = at - first
                if count <= _KEPT:
                    row[0], row[1], row[2], row[3] = w0, w1, w2, w3
                    row[4] = np.uint64(length) | (np.uint64(count) << np.uint64(8))
                    row[5], row[6], row[7] = np.uint64(0), np.uint64(0), np.uint64(0)
                    for k in range(count):
                        row[5 + (k >> 2)] |= np.uint64(out[first + k]) << (np.uint64(k & 3) * sixteen)
                continue
            # Long eojeol, in windows that end between characters; the first begins with the mark.
            filled_bytes, j = 3, start
            while j < i:
                size = min(i - j, WINDOW)
                while j + size < i and (data[j + size] & 0xC0) == 0x80 and size > WINDOW - 4:
                    size -= 1
                for k in range(size):
                    text[filled_bytes + k] = data[j + k]
                at = _viterbi(
                    text, filled_bytes + size, base, check, piece, score, byte_ids, unknown, best, back, chosen, out, at
                )
                filled_bytes = 0
                j += size
            for k in range(3):
                text[k] = _MARK[k]
        ends[d] = at
    return at


def new_cache() -> np.ndarray:
    """An empty table of eojeol, for one vocabulary and one thread at a time."""
    return np.zeros((1 << _SLOT_BITS, 8), np.uint64)


def segment(data: np.ndarray, offsets: np.ndarray, pieces: Pieces, cache: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Piece ids of every document: int32, flat, and n + 1 offsets (int64) into them.

    `data`, `offsets` as `buffers.string_buffers` gives them; `cache` from `new_cache`, of this vocabulary only.
    """
    documents = len(offsets) - 1
    size = int(offsets[-1] - offsets[0]) if documents else 0
    # No byte gives more than one id, and an eojeol at most one more for its mark; four are written at once.
    out = np.empty(size + size // 2 + documents + 4, np.int32)
    ends = np.zeros(documents + 1, np.int64)
    total = _segment(
        data,
        offsets,
        _CLASSES,
        pieces.base,
        pieces.check,
        pieces.piece,
        pieces.score,
        pieces.byte_ids,
        pieces.unknown,
        cache,
        out,
        ends[1:],
    )
    return out[:total].copy(), ends
