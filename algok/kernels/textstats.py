"""Every count that the heuristics need, from one pass over the UTF-8 buffer.

`count` decodes each document once and writes one row of counters (see `COUNTERS`). While it scans, it puts the hash
of every eojeol and every line into per-document scratch arrays; `repetition.py` then counts repeats over those, which
costs per eojeol and not per byte. Scratch is allocated per call, reused by all documents of the call and never cleared.

Definitions, used by all counters:

* A *character* is a code point. A conjoining-jamo sequence L V (T) counts as the one syllable that it spells, so that
  NFD text gives the same numbers as NFC. Invalid UTF-8 bytes count as one control character each.
* A *unit* is a maximal run of non-space characters; an *eojeol* is a unit with at least one letter or digit. Its length
  is its number of letters and digits, punctuation left out.
* A *line* ends at LF, U+2028, U+2029 or the end of the document; only lines with a non-space character are counted.
* A *stem* is an eojeol without punctuation, in ASCII lower case, and without its longest known particle or ending
  (lexicons/endings.tsv), if anything is left then.
* A *sentence end* is `. ? ! 。 …` after an eojeol of two or more letters of which the last is Hangul, before a space or
  the line's end (also glued to the next sentence after 다, 요, 죠, 까); or a line's last eojeol ending like a final
  verb form (class `s` in endings.tsv) without punctuation.
"""

import unicodedata
from typing import NamedTuple

import numpy as np

from algok.kernels import allocating_kernel, kernel, part
from algok.kernels.characters import TEXTSTATS
from algok.kernels.repetition import count_repeats, find, new_slots, new_tables, table_bits

# Character classes, in the low four bits of the class table; the word classes are those from HANGUL to OTHER.
SPACE, NEWLINE, HANGUL, JAMO, HANJA, KANA, LATIN, DIGIT, OTHER, PUNCTUATION, SYMBOL, CONTROL, IGNORED = range(13)
_CLASS_MASK = 15
# Attributes of punctuation and symbols, above the class.
_TERMINAL, _CLOSER, _BULLET, _BRACKET, _SEPARATOR = 16, 32, 64, 128, 256

_MARKS = {
    _TERMINAL: ".?!。？！…．",
    _CLOSER: ")]}\"'”’」』】〉》）］*_~^",
    _BULLET: "-*+•·‧∙●○◎◦■□▪▫▶▷►▸◆◇★☆※➤➔✓✔☞ㆍ–—",
    _BRACKET: "()[]{}<>「」『』【】〈〉《》（）［］",
    _SEPARATOR: ",|·、，/ㆍ",
}

COUNTERS = (
    "chars", "nonspace", "units", "eojeol", "letters", "longest_eojeol", "long_eojeol",
    "hangul", "jamo", "hanja", "kana", "latin", "digit", "other", "punctuation", "symbol", "control", "bracket",
    "separators", "endings",
    "lines", "word_lines", "sentences", "sentence_lines", "prose_eojeol", "punct_lines", "bullet_lines",
    "ellipsis_lines", "short_lines", "long_lines", "cut_lines",
    "urls", "url_chars", "longest_run", "run_chars", "jamo_run_chars",
    "kept_eojeol", "kept_letters", "distinct", "hapax", "head_distinct", "top_stem",
    "top2_chars", "top3_chars", "top4_chars", "dup5_chars", "dup10_chars",
    "kept_lines", "kept_line_chars", "dup_lines", "dup_line_chars",
    "boilerplate", "boilerplate_eojeol", "spam", "spam_eojeol",
)  # fmt: skip
(
    _CHARS, _NONSPACE, _UNITS, _EOJEOL, _LETTERS, _LONGEST_EOJEOL, _LONG_EOJEOL,
    _HANGUL, _JAMO, _HANJA, _KANA, _LATIN, _DIGIT, _OTHER, _PUNCTUATION, _SYMBOL, _CONTROL, _BRACKETS,
    _SEPARATORS, _ENDINGS,
    _LINES, _WORD_LINES, _SENTENCES, _SENTENCE_LINES, _PROSE_EOJEOL, _PUNCT_LINES, _BULLET_LINES,
    _ELLIPSIS_LINES, _SHORT_LINES, _LONG_LINES, _CUT_LINES,
    _URLS, _URL_CHARS, _LONGEST_RUN, _RUN_CHARS, _JAMO_RUN_CHARS,
    _KEPT_EOJEOL, _KEPT_LETTERS, _DISTINCT, _HAPAX, _HEAD_DISTINCT, _TOP_STEM,
    _TOP2, _TOP3, _TOP4, _DUP5, _DUP10,
    _KEPT_LINES, _KEPT_LINE_CHARS, _DUP_LINES, _DUP_LINE_CHARS,
    _BOILERPLATE, _BOILERPLATE_EOJEOL, _SPAM, _SPAM_EOJEOL,
) = range(len(COUNTERS))  # fmt: skip

LONG_EOJEOL = 15  # letters; the longest eojeol of edited Korean prose rarely reach it
SHORT_LINE = 20  # non-space characters
LONG_LINE = 40  # non-space characters
RUN = 5  # the same character this often in a row is a run
# Repetition and phrases are measured on this many first eojeol and lines, so that scratch stays below 150 MB.
MAX_KEPT = 1 << 20

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))  # takes the last letter out of a hash again
_SEED = np.uint64(0xCBF29CE484222325)
# The last letters of a unit are kept in one integer, 21 bits each.
_LETTER_BITS = 21
_LETTER_MASK = (1 << _LETTER_BITS) - 1
_WWW = 0x77 << 2 * _LETTER_BITS | 0x77 << _LETTER_BITS | 0x77
_SYLLABLES = np.uint64(11172)
_ENDING, _FINAL = 1, 2  # flags of a suffix
# What a scan knows of the current line: it begins with a bullet; its last character is terminal punctuation, closers
# skipped, and an ellipsis; a sentence ends here if a space follows; there is nothing but marks since a sentence end; the
# last eojeol is a final verb form.
_BULLETED, _ENDED, _ELLIPSIS, _PENDING, _FINISHED, _FINAL_FORM = (1 << bit for bit in range(6))


class Suffixes(NamedTuple):
    """Particles and endings of one to three syllables, as tables that are read without a branch.

    A verdict is `length << 2 | flags` of a suffix, so that the greater of two is that of the longer suffix; 0 for none.
    """

    rank: np.ndarray  # uint8 (3, 11173): number of a syllable as last, second and third from the end, 0 if in none
    pair: np.ndarray  # uint16 (ranks, ranks): verdict of the last two, plus 256 times their row in `triple`
    triple: np.ndarray  # uint8 (rows, ranks): verdict of all three; row 0 is empty


class Phrases(NamedTuple):
    """Phrases of one to four eojeol, as sequences of word numbers; tables are open-addressing, 0 is an empty key."""

    near: np.ndarray  # uint8 (8192,): a bit for each value of a hash's top 16 bits that a word has
    word_keys: np.ndarray  # uint64: hashes of the words
    words: np.ndarray  # int64: number (1 up) << 1, plus 1 if a phrase ends in the word
    phrase_keys: np.ndarray  # uint64: the numbers of a phrase's words, 14 bits each, the last word lowest
    kinds: np.ndarray  # int64: 0 boilerplate, 1 spam


def _class_of(code: int) -> int:
    """The class of one BMP code point; unassigned code points are OTHER, so that Unicode versions agree."""
    category = unicodedata.category(chr(code))
    if code in TEXTSTATS.ends:
        return NEWLINE
    if code in TEXTSTATS.spaces:
        return SPACE
    if 0xAC00 <= code <= 0xD7A3 or 0x1100 <= code <= 0x11FF or 0xA960 <= code <= 0xA97F or 0xD7B0 <= code <= 0xD7FF:
        return HANGUL
    if code in (0x3164, 0xFFA0):  # Hangul fillers are invisible
        return CONTROL
    if 0x3131 <= code <= 0x318E or 0xFFA1 <= code <= 0xFFDC:
        return PUNCTUATION if code == 0x318D else JAMO  # ㆍ serves as a middle dot
    if 0x3400 <= code <= 0x4DBF or 0x4E00 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code in (0x3005, 0x3007):
        return HANJA
    if (0x3041 <= code <= 0x30FF and code not in (0x30A0, 0x30FB)) or 0x31F0 <= code <= 0x31FF:
        return KANA
    if 0xFF66 <= code <= 0xFF9F:
        return KANA
    if code in (0x200D, 0x20E3) or 0xFE00 <= code <= 0xFE0F:  # parts of emoji
        return IGNORED
    if category in ("Cc", "Cf", "Co", "Cs") or code == 0xFFFD:
        return CONTROL
    if category == "Nd":
        return DIGIT
    if category[0] in "LNM" or category == "Cn":
        if category == "Lo" and code in (0xAA, 0xBA):
            return LATIN
        name = unicodedata.name(chr(code), "")
        return LATIN if category[0] == "L" and ("LATIN" in name) else SYMBOL if category == "No" else OTHER
    return PUNCTUATION if category[0] == "P" else SYMBOL


def _class_table() -> np.ndarray:
    table = np.array([_class_of(code) for code in range(0x10000)], np.uint16)
    for attribute, marks in _MARKS.items():
        table[[ord(mark) for mark in marks]] |= attribute
    return table


CLASSES = _class_table()
# ASCII letters in lower case and digits as they are, 0 for every other byte.
_FOLDED = np.array([ord(chr(b).lower()) if b < 128 and chr(b).isalnum() else 0 for b in range(256)], np.uint8)


def word_hash(word: str) -> int:
    """The hash that the scan gives an eojeol: over its letters and digits, ASCII letters in lower case."""
    state = int(_SEED)
    for char in word:
        code = ord(char)
        if HANGUL <= CLASSES[code] & _CLASS_MASK <= OTHER:
            code |= 0x20 if "A" <= char <= "Z" else 0
            state = ((state ^ code) * int(_PRIME)) & 0xFFFFFFFFFFFFFFFF
    return state


def _table(entries: dict[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """An open-addressing table for `_lookup`: keys uint64, values int64."""
    size = 1 << (4 * len(entries)).bit_length()
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.int64)
    for key, value in sorted(entries.items()):
        slot = (key * int(_PRIME) & 0xFFFFFFFFFFFFFFFF) >> 40 & (size - 1)
        while keys[slot]:
            slot = (slot + 1) & (size - 1)
        keys[slot], values[slot] = key, value
    return keys, values


def compile_suffixes(entries: dict[str, int]) -> Suffixes:
    """Suffixes of one to three syllables with their flags (1 particle or ending, 2 final verb form, 3 both).

    Raises ValueError if more than 255 syllables occur at one place: their numbers are bytes.
    """
    rank = np.zeros((3, 11173), np.uint8)
    for side in range(3):
        syllables = sorted({suffix[-1 - side] for suffix in entries if len(suffix) > side})
        if len(syllables) > 255:
            raise ValueError(f"{len(syllables)} different syllables at one place of the suffixes; 255 are possible")
        rank[side, [ord(syllable) - 0xAC00 for syllable in syllables]] = range(1, len(syllables) + 1)
    last, second, third = rank.max(axis=1).astype(int) + 1
    pair = np.zeros((last, second), np.uint16)
    triple = np.zeros((1 + sum(len(suffix) == 3 for suffix in entries), third), np.uint8)
    rows = 0
    for suffix, flags in sorted(entries.items(), key=lambda entry: (len(entry[0]), entry[0])):
        cell = tuple(int(rank[side, ord(syllable) - 0xAC00]) for side, syllable in enumerate(reversed(suffix)))
        verdict = len(suffix) << 2 | flags
        if len(cell) < 3:
            pair[cell] = verdict  # of one syllable: the whole row, since any may stand before it
            continue
        if not pair[cell[:2]] >> 8:
            rows += 1
            pair[cell[:2]] |= rows << 8
        triple[pair[cell[:2]] >> 8, cell[2]] = verdict
    return Suffixes(rank, pair, triple)


def compile_phrases(boilerplate: list[str], spam: list[str]) -> Phrases:
    """Phrases of one to four eojeol separated by spaces; one that is in both lists is spam."""
    phrases = {tuple(word_hash(w) for w in p.split()): kind for kind, ps in enumerate((boilerplate, spam)) for p in ps}
    numbers = {word: i for i, word in enumerate(sorted({word for phrase in phrases for word in phrase}), start=1)}
    last = {phrase[-1] for phrase in phrases}
    near = np.zeros(8192, np.uint8)
    for word in numbers:
        near[word >> 51] |= 1 << (word >> 48 & 7)
    coded = {sum(numbers[word] << 14 * i for i, word in enumerate(reversed(p))): kind for p, kind in phrases.items()}
    return Phrases(near, *_table({word: i << 1 | (word in last) for word, i in numbers.items()}), *_table(coded))


@kernel
def _decode(data, p, end):
    """The code point at byte p and the position after it; an invalid or cut sequence is U+FFFD, one byte long."""
    b = np.int64(data[p])
    if b < 0x80:
        return b, p + 1
    if 0xE0 <= b < 0xF0:
        if p + 2 < end and data[p + 1] & 0xC0 == 0x80 and data[p + 2] & 0xC0 == 0x80:
            code = (b & 15) << 12 | np.int64(data[p + 1] & 0x3F) << 6 | np.int64(data[p + 2] & 0x3F)
            if b == 0xE1 and 0x1100 <= code <= 0x1112:
                return _compose(data, code, p + 3, end)
            return code, p + 3
    elif b < 0xE0:
        if b >= 0xC0 and p + 1 < end and data[p + 1] & 0xC0 == 0x80:
            return (b & 31) << 6 | np.int64(data[p + 1] & 0x3F), p + 2
    elif b < 0xF8 and p + 3 < end:
        b1, b2, b3 = np.int64(data[p + 1]) ^ 0x80, np.int64(data[p + 2]) ^ 0x80, np.int64(data[p + 3]) ^ 0x80
        if (b1 | b2 | b3) < 0x40:
            return (b & 7) << 18 | b1 << 12 | b2 << 6 | b3, p + 4
    return np.int64(0xFFFD), p + 1


@kernel
def _jamo_at(data, p, end):
    """The code point U+1140..U+11FF at byte p, or 0."""
    if p + 2 < end and data[p] == 0xE1 and (data[p + 1] == 0x85 or data[p + 1] == 0x86 or data[p + 1] == 0x87):
        return 0x1000 | np.int64(data[p + 1] & 0x3F) << 6 | np.int64(data[p + 2] & 0x3F)
    return 0


@kernel
def _compose(data, lead, p, end):
    """The syllable that a leading jamo and what follows at byte p spell, and the position after it."""
    vowel = _jamo_at(data, p, end)
    if not 0x1161 <= vowel <= 0x1175:
        return lead, p
    code = 0xAC00 + ((lead - 0x1100) * 21 + vowel - 0x1161) * 28
    tail = _jamo_at(data, p + 3, end)
    if 0x11A8 <= tail <= 0x11C2:
        return code + tail - 0x11A7, p + 6
    return code, p + 3


@kernel
def _astral_class(code):
    if 0x20000 <= code < 0x40000:
        return HANJA
    if (0x1D400 <= code < 0x1F000 and code < 0x1D800) or 0x1F000 <= code < 0x20000:
        return SYMBOL
    if code >= 0xE0000:
        return IGNORED if 0xE0100 <= code < 0xE01F0 else CONTROL
    return OTHER


@kernel
def _lookup(keys, values, key):
    """The value of a key in an open-addressing table, or -1; a key of 0 is never there."""
    mask = len(keys) - 1
    slot = np.int64((key * _PRIME) >> np.uint64(40)) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            return np.int64(values[slot])
        slot = (slot + 1) & mask
    return np.int64(-1)


@kernel
def _byte(data, p):
    """A byte, as a signed integer; the index is cast so that no code for negative ones is made."""
    return np.int64(data[np.uint64(p)])


@kernel
def _rank(rank, side, code):
    """The number of a syllable in a row of `Suffixes.rank`; that of any other letter is 0, in the last column."""
    return np.uint64(rank[side, min(np.uint64(code - 0xAC00), _SYLLABLES)])


@kernel
def _suffix(suffixes, tail):
    """The verdict on the longest known suffix of an eojeol with these last letters."""
    rank, pair, triple = suffixes
    c1, c2, c3 = tail & _LETTER_MASK, tail >> _LETTER_BITS & _LETTER_MASK, tail >> 2 * _LETTER_BITS & _LETTER_MASK
    cell = np.int64(pair[_rank(rank, 0, c1), _rank(rank, 1, c2)])
    return max(cell & 255, np.int64(triple[np.uint64(cell >> 8), _rank(rank, 2, c3)]))


@kernel
def _without(state, tail, length):
    """The hash of an eojeol without its last `length` letters (0 to 3)."""
    h1 = state * _INVERSE ^ np.uint64(tail & _LETTER_MASK)
    h2 = h1 * _INVERSE ^ np.uint64(tail >> _LETTER_BITS & _LETTER_MASK)
    h3 = h2 * _INVERSE ^ np.uint64(tail >> 2 * _LETTER_BITS & _LETTER_MASK)
    short = h1 if length == 1 else state
    long = h3 if length == 3 else h2
    return long if length >= 2 else short


@part
def _syllable(data, p, end):
    """The precomposed syllable at byte p, or 0."""
    if p + 2 >= end:
        return np.int64(0)
    b1, b2 = _byte(data, p + 1) ^ 0x80, _byte(data, p + 2) ^ 0x80
    code = (_byte(data, p) ^ 0xE0) << 12 | b1 << 6 | b2
    return code if 0xAC00 <= code <= 0xD7A3 and (b1 | b2) < 0x40 else np.int64(0)


@part
def _info(classes, code):
    """Class and attributes of a code point."""
    return np.int64(classes[np.uint64(code)]) if code < 0x10000 else np.int64(_astral_class(code))


@kernel
def _add_run(code, run, row):
    """Counts one more character of a run that has `run` now; the first RUN together."""
    row[_LONGEST_RUN] = max(row[_LONGEST_RUN], run)
    row[_JAMO_RUN_CHARS if 0x3131 <= code <= 0x318E else _RUN_CHARS] += RUN if run == RUN else 1


@part
def _end_sentence(row, line_eojeol, line_prose):
    """Counts a sentence up to the line's last eojeol; gives the new `line_prose`."""
    row[_SENTENCES] += 1
    row[_PROSE_EOJEOL] += line_eojeol - line_prose
    return line_eojeol


@part
def _glued(row, flags, tail, line_eojeol, line_prose):
    """A letter follows: where a sentence may end before it without a space (다 요 죠 까), counts it; as `_end_sentence`."""
    c1 = tail & _LETTER_MASK
    ends = flags & _PENDING != 0 and (c1 == 0xB2E4 or c1 == 0xC694 or c1 == 0xC8E0 or c1 == 0xAE4C)
    return _end_sentence(row, line_eojeol, line_prose) if ends else line_prose


@part
def _cut_length(verdict, letters):
    """How many letters of an eojeol are its particle or ending; 0 where nothing would be left."""
    length = verdict >> 2
    return length if verdict & _ENDING and letters > length else np.int64(0)


@part
def _count_eojeol(row, letters, digits, cut, url_unit):
    row[_ENDINGS] += cut > 0
    row[_DIGIT] += digits
    if url_unit:
        row[_LETTERS] -= letters  # letters of URLs do not count
    else:
        row[_LONGEST_EOJEOL] = max(row[_LONGEST_EOJEOL], letters)
        row[_LONG_EOJEOL] += letters >= LONG_EOJEOL


@part
def _keep_eojeol(eojeol, n, state, tail, letters, digits, cut):
    """Keeps an eojeol for what counts repeats; gives the new number of those kept."""
    full, stem, width, content = eojeol
    if n == len(full):
        return n
    at = np.uint64(n)
    full[at] = state
    stem[at] = _without(state, tail, cut)
    width[at] = letters - cut
    content[at] = (digits < letters) & (letters - cut >= 2)
    return n + 1


@part
def _count_line(row, line_chars, line_eojeol, line_prose, flags):
    terminal, finished = flags & _ENDED != 0, flags & _FINISHED != 0
    if flags & _FINAL_FORM and not finished and not terminal:
        _end_sentence(row, line_eojeol, line_prose)
        finished = True
    row[_LINES] += 1
    row[_PUNCT_LINES] += terminal
    row[_ELLIPSIS_LINES] += flags & _ELLIPSIS != 0
    row[_SHORT_LINES] += line_chars < SHORT_LINE
    row[_SENTENCE_LINES] += finished
    if line_chars >= LONG_LINE:
        row[_LONG_LINES] += 1
        row[_CUT_LINES] += not finished and not terminal
    if line_eojeol:
        row[_EOJEOL] += line_eojeol
        row[_WORD_LINES] += 1
        row[_BULLET_LINES] += flags & _BULLETED != 0


@part
def _keep_line(lines, n, line_state, line_chars, line_eojeol):
    """As `_keep_eojeol`, of a line that has words."""
    line_hash, line_width = lines
    if line_eojeol == 0 or n == len(line_hash):
        return n
    line_hash[n] = line_state
    line_width[n] = line_chars
    return n + 1


@part
def _separates(data, p, end, code, info, previous, first, in_url):
    """1 for a separator outside URLs and numbers (1,000), or for a hashtag; a mark that repeats counts once."""
    if code == previous:
        return np.int64(0)
    if info & _SEPARATOR:
        inside = code == 0x2C and 0x30 <= previous <= 0x39 and p < end and 0x30 <= data[p] <= 0x39
        return np.int64(0) if inside else 1 - in_url
    return np.int64(code == 0x23 and first)


@part
def _ends_url(code, info):
    return code >= 0x80 or info & _BRACKET != 0 or code == 0x22 or code == 0x27 or code == 0x7C


@kernel
def _scheme_length(data, start, p, end):
    """Length of `http` or `https` before a colon whose next byte is p, if `//` follows; else 0."""
    if p + 1 >= end or data[p] != 0x2F or data[p + 1] != 0x2F:
        return 0
    last = p - 2
    length = 4
    if last >= start and data[last] | 0x20 == 0x73:
        last -= 1
        length = 5
    if last - 3 < start:
        return 0
    h = data[last - 3] | 0x20 == 0x68
    return length if h and data[last - 2] | 0x20 == 0x74 and data[last] | 0x20 == 0x70 else 0


@part
def _url_begun(data, start, p, end, code, letters, tail):
    """Characters of a URL, up to the sign before p that tells it (http: or www.); 0 if none begins."""
    if code == 0x3A:
        scheme = _scheme_length(data, start, p, end)
        return np.int64(scheme + 1 if scheme else 0)
    return np.int64(4 if code == 0x2E and letters == 3 and tail == _WWW else 0)


@part
def _flags_behind(flags, code, info, run, letters, tail, in_url):
    """What is known of the line behind a mark."""
    if info & _TERMINAL:
        flags = (flags | _ENDED) & ~_ELLIPSIS
        flags |= _ELLIPSIS if code == 0x2026 or (code == 0x2E and run >= 3) else 0
        if letters >= 2:
            word = 0xAC00 <= tail & _LETTER_MASK <= 0xD7A3 and not in_url
        else:
            word = letters == 0 and flags & (_FINAL_FORM | _FINISHED) == _FINAL_FORM
        return flags | _PENDING if word else flags
    if info & _CLOSER == 0:
        return flags & (_BULLETED | _FINAL_FORM if letters > 0 else _BULLETED)
    return flags


@kernel
def _scan(data, start, end, classes, suffixes, eojeol, lines, seen, row):
    """Counts one document into `row`, its eojeol and lines into the arrays; gives their numbers (at most MAX_KEPT)."""
    n_eojeol = n_lines = 0
    # Counts of syllables and ASCII letters are locals, those of other characters stay in `seen`.
    seen[:] = 0
    hangul = latin = units = url_chars = 0
    p, previous, run = start, np.int64(-1), 0
    in_url = np.int64(0)  # or 1
    # The current unit: its letters (with their digits) and marks, the hash of its letters, and the last of them.
    letters = marks = digits = 0
    url_unit, state, tail = np.int64(0), _SEED, np.int64(0)
    # The current line: `line_prose` is the number of its eojeol up to its last sentence end.
    line_chars = line_eojeol = line_prose = 0
    line_state, flags = _SEED, np.int64(0)
    while p <= end:
        # Syllables and ASCII letters and digits, as many as follow each other. What each character goes through is
        # written out: parts that take an array made the scan 1.9 times as slow.
        known, known_tail = letters, tail
        while p < end:
            code = _byte(data, p)
            if code >= 0x80:
                code = _syllable(data, p, end)
                if code == 0:
                    break
                p += 3
                hangul += 1
                in_url = np.int64(0)
            else:
                is_digit = code <= 0x39
                code = np.int64(_FOLDED[np.uint64(code)])
                if code == 0:
                    break
                p += 1
                digits += is_digit
                latin += not is_digit
                url_chars += in_url
            run = run + 1 if code == previous else 1
            if run >= RUN:
                _add_run(code, run, row)
            previous = code
            state = (state ^ np.uint64(code)) * _PRIME
            tail = tail << _LETTER_BITS | code
            letters += 1
        if letters > known:
            line_prose = _glued(row, flags, known_tail, line_eojeol, line_prose)
            flags &= _BULLETED | _FINAL_FORM

        if p < end:
            code = _byte(data, p)
            if code < 0x80:  # by far the most: spaces and marks
                p += 1
            else:
                code, p = _decode(data, p, end)
            info = _info(classes, code)
        else:
            code, p, info = np.int64(10), p + 1, np.int64(NEWLINE)  # the end of the document ends a line
            seen[NEWLINE] -= 1
        kind = info & _CLASS_MASK
        seen[np.uint64(kind)] += 1

        if kind <= NEWLINE:
            if letters + marks:
                previous, in_url = np.int64(-1), np.int64(0)
                units += 1
                line_chars += letters + marks
                if letters:
                    verdict = _suffix(suffixes, tail)
                    flags = flags | _FINAL_FORM if verdict & _FINAL else flags & ~_FINAL_FORM
                    cut = _cut_length(verdict, letters)
                    _count_eojeol(row, letters, digits, cut, url_unit)
                    n_eojeol = _keep_eojeol(eojeol, n_eojeol, state, tail, letters, digits, cut)
                    line_eojeol += 1
                    line_state = (line_state ^ state) * _PRIME
                if flags & _PENDING:
                    line_prose = _end_sentence(row, line_eojeol, line_prose)
                    flags = flags & ~_PENDING | _FINISHED
                letters = marks = digits = 0
                url_unit, state, tail = np.int64(0), _SEED, np.int64(0)
            if kind == NEWLINE:
                if line_chars:
                    _count_line(row, line_chars, line_eojeol, line_prose, flags)
                    n_lines = _keep_line(lines, n_lines, line_state, line_chars, line_eojeol)
                line_chars = line_eojeol = line_prose = 0
                line_state, flags = _SEED, np.int64(0)
        elif kind <= OTHER:  # any other letter: ideographs, jamo, decomposed syllables, accented letters, …
            line_prose = _glued(row, flags, tail, line_eojeol, line_prose)
            flags &= _BULLETED | _FINAL_FORM
            in_url &= code < 0x80
            url_chars += in_url
            digits += kind == DIGIT
            code = code | 0x20 if 65 <= code <= 90 else code  # an overlong form of an ASCII letter
            run = run + 1 if code == previous else 1
            if run >= RUN:
                _add_run(code, run, row)
            previous = code
            state = (state ^ np.uint64(code)) * _PRIME
            tail = tail << _LETTER_BITS | code
            letters += 1
        elif kind != IGNORED:  # punctuation, symbols, control characters
            row[_SEPARATORS] += _separates(data, p, end, code, info, previous, letters + marks == 0, in_url)
            run = run + 1 if code == previous else 1
            if run >= RUN:
                _add_run(code, run, row)
            previous = code
            flags |= _BULLETED if letters + marks + line_chars == 0 and info & _BULLET else 0
            row[_BRACKETS] += info & _BRACKET != 0
            if not in_url and (code == 0x3A or code == 0x2E):
                begun = _url_begun(data, start, p, end, code, letters, tail)
                in_url = np.int64(begun > 0)
                row[_URLS] += in_url
                url_chars += begun
                url_unit |= in_url
            elif in_url:
                in_url = np.int64(not _ends_url(code, info))
                url_chars += in_url
            marks += 1
            flags = _flags_behind(flags, code, info, run, letters, tail, in_url)
    row[_UNITS], row[_URL_CHARS] = units, url_chars
    _class_counts(seen, row, hangul, latin)
    return n_eojeol, n_lines


@part
def _class_counts(seen, row, hangul, latin):
    """The counts of classes, from those of `_scan`."""
    seen[HANGUL] += hangul
    seen[LATIN] += latin
    seen[DIGIT] = row[_DIGIT]
    for kind in range(HANGUL, CONTROL + 1):
        row[_HANGUL + kind - HANGUL] = seen[kind]
        row[_NONSPACE] += seen[kind]
    row[_CHARS] = row[_NONSPACE] + seen[SPACE] + seen[NEWLINE] + seen[IGNORED]
    row[_LETTERS] += row[_HANGUL : _OTHER + 1].sum()


@kernel
def _is_near(near, code):
    return near[code >> np.uint64(51)] >> np.uint8(code >> np.uint64(48) & np.uint64(7)) & 1


@kernel
def _count_phrases(phrases, eojeol, n, row):
    """Counts the phrases that end at each eojeol, the longest only; no eojeol belongs to two."""
    near, word_keys, words, phrase_keys, kinds = phrases
    full, stem, _, _ = eojeol
    coded = np.int64(0)  # numbers of the last words, 14 bits each, those of one phrase being neighbours
    depth = 0
    for i in range(n):
        if not (_is_near(near, full[i]) | _is_near(near, stem[i])):
            depth = 0
            continue
        number = _lookup(word_keys, words, full[i])
        bare = _lookup(word_keys, words, stem[i])
        best = kind = 0
        depth = min(depth + 1, 4)
        for word in (number, bare):
            for length in range(depth if word > 0 and word & 1 else 0, best, -1):
                key = (coded << 14 | word >> 1) & ((np.int64(1) << 14 * length) - 1)
                found = _lookup(phrase_keys, kinds, np.uint64(key))
                if found >= 0:
                    best, kind = length, found
                    break
        if best:
            row[_SPAM if kind else _BOILERPLATE] += 1
            row[_SPAM_EOJEOL if kind else _BOILERPLATE_EOJEOL] += best
        if best or (number < 0 and bare < 0):
            depth = 0
            continue
        coded = coded << 14 | max(number, bare) >> 1


@kernel
def _count_line_repeats(slots, keys, base, lines, n, row):
    """Lines that occurred before in the document; gives the number of distinct lines."""
    line_hash, line_width = lines
    bits = table_bits(n)
    distinct = 0
    row[_KEPT_LINES] = n
    for i in range(n):
        row[_KEPT_LINE_CHARS] += line_width[i]
        slot, known = find(slots, keys, base, bits, line_hash[i])
        if known < 0:
            slots[slot] = base + distinct
            keys[distinct] = line_hash[i]
            distinct += 1
        else:
            row[_DUP_LINES] += 1
            row[_DUP_LINE_CHARS] += line_width[i]
    return distinct


@kernel
def _breaks(text):
    """An upper limit to the number of units (and of lines), counted fast: every byte that may begin a separator."""
    breaks = 1
    for b in text:
        breaks += (b <= 0x20) | (b == 0xC2) | (b == 0xE1) | (b == 0xE2) | (b == 0xE3)
    return breaks


@allocating_kernel
def count(data, offsets, classes, suffixes, phrases):
    """The counters of every document: int64 (n documents, len(COUNTERS)).

    data uint8, offsets int64 as `buffers.string_buffers` gives them; classes is CLASSES; suffixes and phrases are plain
    tuples of the fields of `Suffixes` and `Phrases` (numba's cache stores types, and a plain tuple is never outdated).
    """
    n = len(offsets) - 1
    out = np.zeros((n, _SPAM_EOJEOL + 1), np.int64)
    most = 1
    for i in range(n):
        # A unit and its separator take two bytes or more, so a short document cannot raise the limit.
        if offsets[i + 1] - offsets[i] > 2 * most - 2:
            most = max(most, _breaks(data[offsets[i] : offsets[i + 1]]))
    most = min(most, MAX_KEPT)
    stem, width, content = np.empty(most, np.uint64), np.empty(most, np.int64), np.empty(most, np.bool_)
    eojeol = (np.empty(most, np.uint64), stem, width, content)
    lines = (np.empty(most, np.uint64), np.empty(most, np.int64))
    seen = np.zeros(16, np.int64)
    line_slots, line_keys, line_base = new_slots(most), np.empty(most, np.uint64), 1
    slots, keys, known, ids, sums = new_tables(most)
    bases = np.ones(5, np.int64)
    for i in range(n):
        row = out[i]
        n_eojeol, n_lines = _scan(data, offsets[i], offsets[i + 1], classes, suffixes, eojeol, lines, seen, row)
        line_base += _count_line_repeats(line_slots, line_keys, line_base, lines, n_lines, row)
        _count_phrases(phrases, eojeol, n_eojeol, row)
        row[_KEPT_EOJEOL] = n_eojeol
        repeats = row[_KEPT_LETTERS : _DUP10 + 1]
        count_repeats(slots, keys, known, ids, sums, bases, stem, width, content, n_eojeol, repeats)
    return out
