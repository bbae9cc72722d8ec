"""Items of benchmarks found in documents, whatever happened to their spacing, numbering and endings; over Arrow buffers.

A text is read as *units*, one character each, without what people change when they copy a question:

* white space, punctuation, symbols, single jamo and circled numbers are no units, nor are numbers and letters that count what is
  listed (`1.`, `(2)`, `A)`, `가.`);
* syllables that particles and endings are made of (FUNCTIONAL) are no units, and any other Hangul syllable is one without its
  final consonant: 학교는 and 학교가 leave the same, and of 조사한다 and 조사합니다 too 조사 is left;
* letters are lower case, full-width ones are ASCII, decomposed syllables are composed; digits stay.

Five units in a row are a *shingle*, hashed to 64 bits. An index knows the shingles of items, what each is worth, and in
which entries it occurs; an *entry* is one text of an item. Shingles of one entry that follow each other at most so many units
apart are one *passage*, and what its different shingles are worth, of all that the entry's are, is its coverage.

An example: `② 학교는 "어느 도시"에 1) 있습니까?` has the units 하 교 어 느 시 이, so two shingles: ② and the marks are none, 1)
counts, 는 도 에 습 니 까 are functional, and 학 and 있 have lost their finals.
"""

from dataclasses import dataclass
from functools import cache
from unicodedata import normalize

import numpy as np
import pyarrow as pa

from algok.kernels import allocating_kernel, kernel, part
from algok.kernels.blocks import prefetch
from algok.kernels.buffers import string_buffers

VERSION = 1  # raised whenever a text has other units or shingles: an index of before would find nothing
SHINGLE = 5  # units; docs/decontamination.md compares lengths
FUNCTIONAL = "은는이가을를의에도로으와과만다까요니고며면지서게기습입합할한하했함해인일임것"
_ORDINALS = "가나다라마바사아자차카타파하"  # 가. 나. 다. count what is listed

_UNIT_BITS = 12  # a shingle of five is packed into one word
_OTHERS = 512  # units from here on are letters beyond ASCII and Hangul, which share what is left of the numbers
_MASK_64 = np.uint64((1 << SHINGLE * _UNIT_BITS) - 1)
_MIX_64, _MORE_64 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xFF51AFD7ED558CCD)  # odd, with well mixed bits
_0, _1, _2, _3, _4, _5, _6, _63 = (np.uint64(n) for n in (0, 1, 2, 3, 4, 5, 6, 63))
_12, _32, _29 = (np.uint64(n) for n in (12, 32, 29))
_BLOCK = 256  # shingles that are sifted at once, of however many documents
_APART = 1 << 32  # units between two documents, so that no passage goes on from one to the next


@dataclass(frozen=True)
class Tables:
    """What an index knows, as arrays; `Tables.of` adds what makes looking up fast."""

    shingles: np.ndarray  # uint64 (S,), rising
    weights: np.ndarray  # int32 (S,), what finding the shingle is worth
    firsts: np.ndarray  # int64 (S + 1,): the entries of shingle s are postings[firsts[s]:firsts[s + 1]]
    postings: np.ndarray  # int32: numbers of entries, doubled; one more where the shingle is of the entry's question
    items: np.ndarray  # int32 (E,): the item of every entry
    totals: np.ndarray  # int64 (E,), above 0: what all shingles of the entry are worth
    needed: np.ndarray  # int64 (E,): what has to be found of them for a hit
    asked: np.ndarray  # int64 (E,): what has to be found of the question's, besides
    gap: int  # units between two shingles of a passage, at most
    filter: np.ndarray  # uint64: two set bits in one word for every shingle
    starts: np.ndarray  # int32: where shingles with the same first bits begin

    @classmethod
    def of(cls, shingles, weights, firsts, postings, items, totals, needed, asked, gap) -> "Tables":
        """16 to 32 bits of filter per shingle: of strange shingles about one in sixty goes on to be looked up."""
        width = max(10, len(shingles).bit_length())
        words = np.zeros(1 << (width - 2), np.uint64)
        np.bitwise_or.at(
            words, shingles >> np.uint64(66 - width), _1 << (shingles & _63) | _1 << (shingles >> _6 & _63)
        )
        edges = np.arange(1 << width, dtype=np.uint64) << np.uint64(64 - width)
        starts = np.append(np.searchsorted(shingles, edges), len(shingles)).astype(np.int32)
        return cls(shingles, weights, firsts, postings, items, totals, needed, asked, gap, words, starts)

    @property
    def index(self) -> tuple:
        """What a look-up takes."""
        width = int(self.filter.size).bit_length() + 1
        return self.shingles, self.filter, self.starts, np.uint64(66 - width), np.uint64(64 - width)


@dataclass(frozen=True)
class Found:
    """What documents have of the entries."""

    hits: np.ndarray  # int32 per document: items of which an entry was found
    entry: np.ndarray  # int32 per document: the entry nearest to its need, or farthest beyond it; -1 for none
    worth: np.ndarray  # int64 per document: what was found of it
    margin: np.ndarray  # float64 per document: that less its need, as a share of all it is worth; -inf for none
    documents: np.ndarray  # int64 per item: documents that have it


def find(texts: pa.Array | pa.ChunkedArray, tables: Tables) -> Found:
    """Looks for all entries in every text of a string column without nulls."""
    data, offsets = string_buffers(texts)
    rows, entries = len(offsets) - 1, len(tables.items)
    items = int(tables.items.max()) + 1 if entries else 0
    hits, entry, worth = np.zeros(rows, np.int32), np.full(rows, -1, np.int32), np.zeros(rows, np.int64)
    found = Found(hits, entry, worth, np.full(rows, -np.inf), np.zeros(items, np.int64))
    t = tables
    known = (t.weights, t.firsts, t.postings, t.items, t.totals, t.needed, t.asked, t.gap)
    last, passage, sums, questions = np.zeros((4, entries), np.int64)
    seen, in_document = np.zeros(len(tables.postings), np.int64), np.full(items, -1, np.int64)
    passages = (last, passage, sums, questions, seen, in_document, np.zeros(1, np.int64))
    best = (hits, entry, worth, found.margin, found.documents)
    _find(data, offsets, folded(), _buffer(offsets), tables.index, known, passages, best)
    return found


def shingle_hashes(texts: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The shingles of every text in reading order: hashes (uint64), and n + 1 offsets (int64)."""
    data, offsets = string_buffers(texts)
    hashes, ends = np.empty(int(offsets[-1] - offsets[0]), np.uint64), np.zeros(len(offsets), np.int64)
    _hash(data, offsets, folded(), _buffer(offsets), hashes, ends)
    return hashes[: ends[-1]].copy(), ends


def count_documents(texts: pa.Array | pa.ChunkedArray, tables: Tables, counts: np.ndarray) -> None:
    """Adds to `counts` (int64 per shingle of the tables) the number of texts that have it."""
    data, offsets = string_buffers(texts)
    seen = np.full(len(tables.shingles), -1, np.int64)
    _count(data, offsets, folded(), _buffer(offsets), tables.index, seen, counts)


def _buffer(offsets: np.ndarray) -> np.ndarray:
    """Room for the units of the longest text."""
    return np.empty(int(np.diff(offsets).max(initial=0)) + 1, np.uint16)


@cache
def folded() -> np.ndarray:
    """The unit (uint16) of every character of the Basic Multilingual Plane; 0 for none.

    Blocks rather than `unicodedata`, whose tables grow with the Python version; what `normalize` does to a character
    that was in them never changes.
    """
    table = np.zeros(0x10000, np.uint16)
    for first, last in _LETTERS:
        table[first : last + 1] = [_other(code) for code in range(first, last + 1)]
    for code in range(0xF900, 0xFA6E):
        plain = ord(normalize("NFC", chr(code)))
        table[code] = _other(plain) if plain > 0xFFFF else table[plain]
    for place, char in enumerate("0123456789abcdefghijklmnopqrstuvwxyz", 400):
        table[[ord(char), ord(char) + 0xFEE0, ord(char.upper()), ord(char.upper()) + 0xFEE0]] = place
    for code in range(0xC0, 0x180):  # Latin letters with accents are their base letters
        table[code] = table[ord(normalize("NFD", chr(code))[0])]
    for digit, code in enumerate((0x2070, 0xB9, 0xB2, 0xB3, 0x2074, 0x2075, 0x2076, 0x2077, 0x2078, 0x2079)):
        table[code] = table[0x2080 + digit] = 400 + digit
    syllables = np.arange(0xAC00, 0xD7A4)
    table[syllables] = (syllables - 0xAC00) // 28 + 1
    table[[ord(syllable) for syllable in FUNCTIONAL]] = 0
    return table


# What is a unit beside Hangul and ASCII: Latin, Greek, Cyrillic, Thai, Kana, ideographs.
_LETTERS = (
    (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F), (0x370, 0x52F), (0x0E00, 0x0E7F), (0x3041, 0x3096), (0x30A1, 0x30FA),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
)  # fmt: skip


def _other(code: int) -> int:
    """The unit of a letter beyond ASCII and Hangul."""
    return _OTHERS + code % ((1 << _UNIT_BITS) - _OTHERS)


def _kinds() -> np.ndarray:
    """uint8 per byte: digit, letter of ASCII, mark behind what counts, white space or bracket before it."""
    kinds = np.zeros(256, np.uint8)
    kinds[ord("0") : ord("9") + 1] = _DIGIT
    kinds[ord("A") : ord("Z") + 1] = kinds[ord("a") : ord("z") + 1] = _LETTER
    kinds[[ord(mark) for mark in ".)]"]] = _BEHIND
    kinds[[*range(0x21), ord("("), ord("[")]] = _BLANK
    return kinds


_DIGIT, _LETTER, _ALNUM, _BEHIND, _BLANK = 1, 2, 3, 4, 8
_KINDS = _kinds()
_ORDINAL = np.zeros(0x10000, np.bool_)
_ORDINAL[[ord(syllable) for syllable in _ORDINALS]] = True


@part
def _counting(data, i, start, end, fold):
    """How many units before the mark (`.`, `)` or `]`) at i only count what is listed: of one or two digits, a letter of ASCII,
    or an ordinal syllable that stands alone. 3.14, 2024. and e.g. count nothing."""
    if i == start or (i + _1 < end and _KINDS[data[i + _1]] & _ALNUM):
        return 0
    j = i - _1
    kind = _KINDS[data[j]]
    if kind & _ALNUM:
        units = 1
        if kind == _DIGIT and j > start and _KINDS[data[j - _1]] == _DIGIT:
            j -= _1
            units = 2
        if j > start and (_KINDS[data[j - _1]] & _ALNUM or data[j - _1] == 0x2E or data[j - _1] == 0x2C):
            return 0
        return units
    if j < start + _2 or data[j - _2] < 0xEA or data[j - _2] > 0xED:
        return 0
    if j > start + _2 and _KINDS[data[j - _3]] != _BLANK:
        return 0
    code = (data[j - _2] & 0x0F) << 12 | (data[j - _1] & 0x3F) << 6 | (data[j] & 0x3F)
    return 1 if _ORDINAL[code] and fold[code] else 0


@part
def _composed(data, i, end):
    """The syllable (without its final) that conjoining jamo at i begin with; 0 for one that stands alone."""
    initial = (data[i + _1] & 0x3F) << 6 | (data[i + _2] & 0x3F)  # of U+1xxx
    if initial < 0x100 or initial > 0x112 or i + _5 >= end or data[i + _3] != 0xE1:
        return 0
    vowel = (data[i + _4] & 0x3F) << 6 | (data[i + _5] & 0x3F)
    if vowel < 0x161 or vowel > 0x175:
        return 0
    syllable = 0xAC00 + ((initial - 0x100) * 21 + vowel - 0x161) * 28
    if i + np.uint64(8) < end and data[i + _6] == 0xE1:
        final = (data[i + np.uint64(7)] & 0x3F) << 6 | (data[i + np.uint64(8)] & 0x3F)
        if 0x1A7 < final < 0x1C3:
            syllable += final - 0x1A7
    return syllable


@kernel
def _units(data, start, end, fold, units):
    """Writes the units of a text that lies from start to end; their number."""
    i, end, start, count = np.uint64(start), np.uint64(end), np.uint64(start), 0
    while i < end:
        byte = data[i]
        if byte >= 0xE0:
            if byte >= 0xF0:
                if i + _3 < end:
                    code = (byte & 0x07) << 18 | (data[i + _1] & 0x3F) << 12
                    code |= (data[i + _2] & 0x3F) << 6 | (data[i + _3] & 0x3F)
                    if 0x20000 <= code < 0x30000:  # ideographs
                        units[count] = _OTHERS + code % ((1 << _UNIT_BITS) - _OTHERS)
                        count += 1
                i += _4
                continue
            if i + _2 >= end:
                break
            code = (byte & 0x0F) << 12 | (data[i + _1] & 0x3F) << 6 | (data[i + _2] & 0x3F)
            if byte == 0xE1 and 0x1100 <= code < 0x1200:
                code = _composed(data, i, end)
            unit = fold[code]
            i += _3
        elif byte < 0x80:
            if _KINDS[byte] == _BEHIND:
                count -= _counting(data, i, start, end, fold)
            unit = fold[byte]
            i += _1
        else:
            unit = fold[(byte & 0x1F) << 6 | (data[i + _1] & 0x3F)] if i + _1 < end else np.uint16(0)
            i += _2
        units[count] = unit
        count += unit != 0
    return count


@part
def _hashed(packed):
    """The hash of five units that are packed into one word."""
    value = (packed ^ (packed >> _29)) * _MIX_64
    value = (value ^ (value >> _32)) * _MORE_64
    return value ^ (value >> _29)


@part
def _gather(units, first, last, position, row, words, word, block, filled, stretch):
    """Adds the shingles that end at units first to last - 1 to a block, as its stretch of that number.

    A large index lies far from the processor, so what will be looked at is called for ahead. Blocks are filled by as many
    documents as they hold, so that short ones do not wait each for its own.
    """
    values, _, begins, positions, rows = block
    begins[stretch], positions[stretch], rows[stretch] = filled, position + first - filled, row
    packed = _0
    for k in range(first - SHINGLE + 1, first):
        packed = packed << _12 | np.uint64(units[k])
    for k in range(first, last):
        packed = (packed << _12 | np.uint64(units[k])) & _MASK_64
        value = _hashed(packed)
        values[filled + k - first] = value
        prefetch(words, value >> word)


@kernel
def _sift(block, filled, index):
    """Leaves in a block the shingles that the index has: their numbers for hashes, and where in the block they were; how many. No
    branch on what cannot be foretold."""
    values, places = block[0], block[1]
    shingles, words, starts, word, bucket = index
    count = 0
    for c in range(filled):
        value = values[c]
        bits = words[value >> word]
        values[count], places[count] = value, c
        count += np.int64((bits >> (value & _63)) & (bits >> (value >> _6 & _63)) & _1)
    for c in range(count):
        prefetch(starts, values[c] >> bucket)
    found = 0
    for c in range(count):
        s = _look_up(values[c], shingles, starts, bucket)
        if s >= 0:
            values[found], places[found] = s, places[c]
            found += 1
    return found


@part
def _look_up(value, shingles, starts, bucket):
    """The number of a shingle; -1 for one that the index has not."""
    place = value >> bucket
    for s in range(starts[place], starts[place + _1]):
        if shingles[s] >= value:
            return s if shingles[s] == value else -1
    return -1


@kernel
def _hash(data, offsets, fold, units, hashes, ends):
    filled = 0
    for row in range(offsets.size - 1):
        packed = _0
        for k in range(_units(data, offsets[row], offsets[row + 1], fold, units)):
            packed = (packed << _12 | np.uint64(units[k])) & _MASK_64
            if k >= SHINGLE - 1:
                hashes[filled] = _hashed(packed)
                filled += 1
        ends[row + 1] = filled


@allocating_kernel
def _empty_block():
    """Hashes, places, and of every stretch of one document: where it begins, what makes places positions, and the document."""
    values, places, begins = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    return values, places, begins, np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)


@allocating_kernel
def _count(data, offsets, fold, units, index, seen, counts):
    block, filled, stretches = _empty_block(), 0, 0
    for row in range(offsets.size - 1):
        count, first = _units(data, offsets[row], offsets[row + 1], fold, units), SHINGLE - 1
        while first < count:
            last = min(count, first + _BLOCK - filled)
            _gather(units, first, last, 0, row, index[1], index[3], block, filled, stretches)
            filled, stretches, first = filled + last - first, stretches + 1, last
            if filled == _BLOCK:
                _count_block(block, filled, stretches, index, seen, counts)
                filled = stretches = 0
    _count_block(block, filled, stretches, index, seen, counts)


@kernel
def _count_block(block, filled, stretches, index, seen, counts):
    numbers, places, begins, _, rows = block
    at = 0
    for c in range(_sift(block, filled, index)):
        while at + 1 < stretches and begins[at + 1] <= places[c]:
            at += 1
        s = np.int64(numbers[c])
        if seen[s] != rows[at]:
            seen[s] = rows[at]
            counts[s] += 1


@allocating_kernel
def _find(data, offsets, fold, units, index, known, passages, best):
    block, filled, stretches, position = _empty_block(), 0, 0, _APART
    for row in range(offsets.size - 1):
        count, first = _units(data, offsets[row], offsets[row + 1], fold, units), SHINGLE - 1
        while first < count:
            last = min(count, first + _BLOCK - filled)
            _gather(units, first, last, position, row, index[1], index[3], block, filled, stretches)
            filled, stretches, first = filled + last - first, stretches + 1, last
            if filled == _BLOCK:
                _add_block(block, filled, stretches, index, known, passages, best)
                filled = stretches = 0
        position += count + _APART
    _add_block(block, filled, stretches, index, known, passages, best)


@kernel
def _add_block(block, filled, stretches, index, known, passages, best):
    numbers, places, begins, positions, rows = block
    at = 0
    for c in range(_sift(block, filled, index)):
        while at + 1 < stretches and begins[at + 1] <= places[c]:
            at += 1
        _add(np.int64(numbers[c]), positions[at] + places[c], rows[at], known, passages, best)


@kernel
def _add(s, position, row, known, passages, best):
    """Takes a shingle into the passages of its entries, and notes the entry that is nearest to its need by now."""
    hits, entry, worth, nearest, documents = best
    weights, firsts, postings, items, totals, needed, asked, gap = known
    last, passage, sums, questions, seen, in_document, passed = passages
    for p in range(firsts[s], firsts[s + 1]):
        e = postings[p] >> 1
        if position - last[e] > gap:
            passed[0] += 1
            passage[e] = passed[0]
            sums[e] = questions[e] = 0
        last[e] = position
        if seen[p] == passage[e]:
            continue
        seen[p] = passage[e]
        sums[e] += weights[s]
        questions[e] += weights[s] * (postings[p] & 1)
        margin = (sums[e] - needed[e]) / totals[e]
        if questions[e] < asked[e]:
            margin = min(margin, (questions[e] - asked[e]) / totals[e])
        if margin > nearest[row] or (margin == nearest[row] and e < entry[row]):
            nearest[row], entry[row], worth[row] = margin, e, sums[e]
        if margin >= 0 and in_document[items[e]] != row:
            in_document[items[e]] = row
            hits[row] += 1
            documents[items[e]] += 1
