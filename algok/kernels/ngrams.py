"""Hashed features of whole documents for linear classifiers, in one pass over a batch's UTF-8 bytes.

A feature is a row of a table of `2 ** bits` rows. Each counts once per document, however often it occurs, so that a
repeated phrase weighs no more than one. They come in three groups, since each is averaged by itself:

* WORDS: of every run of letters of one script, case folded: its character 2- and 3-grams, its first two and last two
  characters with the edge, the whole run, and the pair of its first two characters with those of the run before;
  Latin runs: the whole, the first four letters, the pair; digits: their number up to four.
* LINES: the shape of every line that is not blank: length, how it begins, how it ends, how much of it is Hangul; and
  its length and end with those of the line before.
* DOCUMENT: lengths, shares of scripts, lines per sentence end and such, in steps; and each with the document's length.

An example: `책을 2권.` has three runs. 책을 gives five WORDS (the grams 책을 and ^책을, 책을$, the whole, the pair
with nothing before it), 2 its length, 권 three (its edge, the whole, the pair with 책을): nine together. The line
gives two LINES (its shape with how it begins, and with the shape before), the document 27: `bounds` is [9, 11, 38].
"""

import numpy as np

from algok.kernels import allocating_kernel, kernel, part
from algok.kernels.characters import CONTROLS, NGRAMS

GROUPS = ("words", "lines", "document")
_WORDS, _LINES, _DOCUMENT = range(3)
# What a character is.
_SPACE, _NEWLINE, _HANGUL, _LATIN, _DIGIT, _OTHER_LETTER, _STOP, _QUESTION, _BRACKET, _COLON, _DASH, _MARK = range(12)
_EDGE = np.uint64(1)  # never a character of a run
_M1, _M2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)


def _ascii_classes() -> np.ndarray:
    classes = np.full(128, _MARK, np.uint8)
    classes[sorted(NGRAMS.spaces & CONTROLS)] = _SPACE
    classes[10] = _NEWLINE
    for first, last, kind in (("a", "z", _LATIN), ("A", "Z", _LATIN), ("0", "9", _DIGIT)):
        classes[ord(first) : ord(last) + 1] = kind
    for marks, kind in (("..", _STOP), ("?!", _QUESTION), ("()[]{}<>\"'", _BRACKET), (":;", _COLON), ("-*#•|", _DASH)):
        for mark in marks:
            if ord(mark) < 128:
                classes[ord(mark)] = kind
    return classes


_ASCII = _ascii_classes()


@kernel
def _class_of(code):
    """The class of a character beyond ASCII."""
    if 0xAC00 <= code <= 0xD7A3:
        return _HANGUL
    if code == 0xA0 or code == 0x3000 or 0x2000 <= code <= 0x200F:
        return _SPACE
    if code == 0x2028 or code == 0x2029 or code == 0x85:
        return _NEWLINE
    if 0x3131 <= code <= 0x318E or 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF:
        return _OTHER_LETTER
    if 0xC0 <= code <= 0x24F or 0x370 <= code <= 0x1FFF:
        return _OTHER_LETTER
    if code == 0x3002 or code == 0x2026:
        return _STOP
    if 0x2018 <= code <= 0x201F or 0x3008 <= code <= 0x3011:
        return _BRACKET
    if 0x2022 <= code <= 0x2023 or 0x25A0 <= code <= 0x27BF or code == 0xB7 or code == 0x2013 or code == 0x2014:
        return _DASH
    return _MARK


@kernel
def _row(value, kind, shift):
    """The table row of a feature: a mixed 64-bit value and its kind, hashed to the table's bits."""
    h = (value ^ (np.uint64(kind) << np.uint64(59))) * _M1
    h = (h ^ (h >> np.uint64(29))) * _M2
    return h >> shift


@kernel
def _step(value):
    """A count in steps of powers of two: 0, 1, 2–3, 4–7, …"""
    step = 0
    while value > 0:
        step += 1
        value >>= 1
    return step


@kernel
def _share(part, whole):
    """A share in twentieths, with steps of its own for none and for next to none."""
    if part == 0 or whole == 0:
        return 0
    return 1 + part * 20 // whole


@kernel
def _line_length(chars):
    if chars < 5:
        return 0
    if chars < 10:
        return 1
    if chars < 20:
        return 2
    if chars < 40:
        return 3
    if chars < 80:
        return 4
    return 5 if chars < 200 else 6


@kernel
def _add(row, seen, stamp, ids, n):
    """Notes a feature of the document unless it has it already."""
    if seen[row] != stamp:
        seen[row] = stamp
        ids[n] = row
        return n + 1
    return n


@part
def _beyond_ascii(data, i, end):
    """The character at i, which is none of ASCII, and its bytes; U+FFFD for one beyond the BMP and for what is no text."""
    byte = data[i]
    if byte < 0xE0 and i + 1 < end:
        return (np.uint64(byte & 0x1F) << np.uint64(6)) | np.uint64(data[i + 1] & 0x3F), 2
    if byte < 0xF0 and i + 2 < end:
        code = np.uint64(byte & 0x0F) << np.uint64(12) | np.uint64(data[i + 1] & 0x3F) << np.uint64(6)
        return code | np.uint64(data[i + 2] & 0x3F), 3
    return np.uint64(0xFFFD), 4 if byte >= 0xF0 else 1


@part
def _add_shape(shape, previous, first, hangul, shift, seen, stamp, ids, shapes, n):
    """The features of a line of a shape: with its beginning and its Hangul, in fifths; with the shape before. They are kept
    at the far end of ids, since those of words are still to come. Gives their new number."""
    top = len(ids)
    full = (shape << np.uint64(8)) | np.uint64(first * 8 + min(4, hangul))
    for value, tag in ((full, 8), ((previous << np.uint64(12)) | shape, 9)):
        row = _row(value, tag, shift)
        if seen[row] != stamp and top - shapes - n > 16:
            seen[row] = stamp
            shapes += 1
            ids[top - shapes] = row
    return shapes


@kernel
def _add_document(size, values, shift, seen, stamp, ids, n):
    """The features of the whole document: each value by itself, and with the document's length."""
    n = _add(_row(np.uint64(size), 10, shift), seen, stamp, ids, n)
    for which, value in enumerate(values):
        feature = np.uint64((which * 64 + value) * 64)
        n = _add(_row(feature, 11, shift), seen, stamp, ids, n)
        n = _add(_row(feature + np.uint64(size), 12, shift), seen, stamp, ids, n)
    return n


@kernel
def _document(data, start, end, shift, ascii_classes, seen, stamp, ids, ends):
    """The distinct features of one document into `ids`, group after group; `ends` gets each group's end."""
    n = 0
    # Line and document features come after the words', so they wait here as counters and shapes.
    a, b, c = _EDGE, _EDGE, _EDGE  # the last three characters of the run, oldest first
    whole, head, previous_head = np.uint64(0), np.uint64(0), np.uint64(0)
    run, run_kind = 0, _SPACE
    chars, hangul, latin, digits, marks, words, stops, lines = 0, 0, 0, 0, 0, 0, 0, 0
    da_stops, short_lines, stop_lines = 0, 0, 0
    line_chars, line_hangul, line_first, line_last, line_last_hangul = 0, 0, 0, 0, np.uint64(0)
    previous_shape = np.uint64(0)
    shapes = 0  # line features are collected at the far end of ids, filled backwards
    top = len(ids)
    i = start
    while i <= end:
        if i == end:
            code, kind, width = np.uint64(10), _NEWLINE, 1
        elif data[i] < 0x80:
            code, kind, width = np.uint64(data[i]), np.int64(ascii_classes[data[i]]), 1
            if kind == _LATIN:
                code |= np.uint64(32)
        else:
            code, width = _beyond_ascii(data, i, end)
            kind = _class_of(code)
        i += width

        # A run ends where the script changes.
        if kind != run_kind and run > 0:
            words += 1
            if run_kind == _DIGIT:
                n = _add(_row(np.uint64(min(run, 4)), 7, shift), seen, stamp, ids, n)
            else:
                if run_kind == _HANGUL:
                    n = _add(_row((b << np.uint64(42)) | (c << np.uint64(21)) | _EDGE, 2, shift), seen, stamp, ids, n)
                n = _add(_row(whole, 3, shift), seen, stamp, ids, n)
                n = _add(_row(previous_head * _M2 + head, 4, shift), seen, stamp, ids, n)
                previous_head = head
            if top - shapes - n < 16:  # as many features as the table has rows: the rest says nothing new
                break
            run = 0
        if _HANGUL <= kind <= _OTHER_LETTER:
            if run == 0:
                run_kind = kind
                b, c, whole, head = _EDGE, _EDGE, np.uint64(kind), np.uint64(0)
            run += 1
            a, b, c = b, c, code
            whole = (whole ^ code) * _M1
            if kind == _LATIN:
                latin += 1
                if run <= 4:
                    head = whole
                    if run == 4:
                        n = _add(_row(whole, 5, shift), seen, stamp, ids, n)
            elif kind == _DIGIT:
                digits += 1
            else:
                if run <= 2:
                    head = whole
                if run >= 2:
                    n = _add(_row((b << np.uint64(21)) | c, 0, shift), seen, stamp, ids, n)
                    n = _add(_row((a << np.uint64(42)) | (b << np.uint64(21)) | c, 1, shift), seen, stamp, ids, n)
                if kind == _HANGUL:
                    hangul += 1
                    line_hangul += 1
                    line_last_hangul = code

        # Lines.
        if kind == _NEWLINE:
            if line_chars > 0:
                lines += 1
                length = _line_length(line_chars)
                if length <= 1:
                    short_lines += 1
                ends_da = line_last == _STOP and line_last_hangul == np.uint64(0xB2E4)
                if _STOP <= line_last <= _QUESTION:
                    stop_lines += 1
                last = 12 if ends_da else line_last
                if line_last == _STOP and line_last_hangul == np.uint64(0xC694):
                    last = 13
                shape = np.uint64(length * 16 + last)
                share = _share(line_hangul, line_chars) // 5
                shapes = _add_shape(shape, previous_shape, line_first, share, shift, seen, stamp, ids, shapes, n)
                previous_shape = shape + np.uint64(1)
            line_chars, line_hangul, line_last = 0, 0, 0
        elif kind != _SPACE:
            if line_chars == 0:
                line_first = kind
            line_chars += 1
            chars += 1
            if kind == _STOP and line_last == _HANGUL:
                stops += 1
                if line_last_hangul == np.uint64(0xB2E4):
                    da_stops += 1
            if kind >= _STOP:
                marks += 1
            line_last = kind
    ends[_WORDS] = n
    for k in range(shapes):
        ids[n] = ids[top - shapes + k]
        n += 1
    ends[_LINES] = n
    size = _step(chars)
    values = (
        _step(lines),
        _share(hangul, chars),
        _share(latin, chars),
        _share(digits, chars),
        _share(marks, chars),
        _step(stops),
        _share(da_stops, max(stops, 1)),
        _share(short_lines, max(lines, 1)),
        _share(stop_lines, max(lines, 1)),
        min(40, chars // max(words, 1)),
        _step(chars // max(lines, 1)),
        _step(words // max(stops, 1)),
        _share(ends[_WORDS], max(8 * words, 1)),
    )
    ends[_DOCUMENT] = _add_document(size, values, shift, seen, stamp, ids, n)


@allocating_kernel
def _features(data, offsets, bits, ascii_classes, flat, bounds):
    rows = 1 << bits
    seen, ids, ends = np.zeros(rows, np.uint32), np.empty(rows + 64, np.uint32), np.empty(3, np.int64)
    shift = np.uint64(64 - bits)
    at = 0
    for d in range(len(offsets) - 1):
        _document(data, offsets[d], offsets[d + 1], shift, ascii_classes, seen, np.uint32(d + 1), ids, ends)
        flat[at : at + ends[2]] = ids[: ends[2]]
        for g in range(3):
            bounds[d, g] = at + ends[g]
        at += ends[2]
    return at


@kernel
def _score(ids, bounds, table, sums, counts):
    at = 0
    for d in range(len(bounds)):
        for g in range(3):
            total, first = sums[d, g], at
            while at < bounds[d, g]:
                row = table[ids[at]]
                for column in range(table.shape[1]):
                    total[column] += row[column]
                at += 1
            counts[d, g] = at - first


def features(data: np.ndarray, offsets: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Feature rows of every document.

    Gives `ids` (uint32, flat) and `bounds` (int64, documents × 3): where each group of a document ends in `ids`; its first
    group begins where the document before ends.
    """
    lengths = np.diff(offsets)
    # Single letters between spaces give the most features of words, single marks between breaks of lines: two a byte.
    most = int(np.minimum(3 * lengths + 64, (1 << bits) + 64).sum())
    ids, bounds = np.empty(most, np.uint32), np.zeros((len(lengths), 3), np.int64)
    total = _features(data, offsets, bits, _ASCII, ids, bounds)
    return ids[:total].copy(), bounds


def score(ids: np.ndarray, bounds: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums of a table's rows over every document's `features`, which were made with the table's number of bits.

    `table` is int8 or int16, `2 ** bits` rows × classes. Gives `sums` (int32, documents × 3 groups × classes) and
    `counts` (int32, documents × 3), the number of features in each group.
    """
    sums = np.zeros((len(bounds), 3, table.shape[1]), np.int32)
    counts = np.zeros((len(bounds), 3), np.int32)
    _score(ids, bounds, table, sums, counts)
    return sums, counts
