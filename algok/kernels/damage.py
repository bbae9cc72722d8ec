"""One pass over a batch that tells which documents may hold damaged characters, and of which kind.

The scan is a superset: a set bit means "look closer", a clear bit means that the repair of that kind has nothing to do.
The same pass counts what no repair can bring back.

An example: `뭐?가 \\x07` (9 bytes). 뭐 begins a run of Hangul (run 1). `?` ends it; it is the ending of a question
(뭐), so 가 behind it does not make it a lost character. 가 is a run of its own, the space ends it, and U+0007 sets
INVISIBLE. The row: mask 32 (INVISIBLE), CHARS 5, HANGUL 2, and 0 for REPLACEMENT, LOST, PUA and RARE.
"""

import numpy as np

from algok.kernels import kernel, part
from algok.kernels.blocks import BLOCK, trailing_zeros, within
from algok.kernels.characters import CONTROLS, DAMAGE, PLAIN

# Bits of the mask.
MOJIBAKE = 1 << 0  # Latin letters side by side as when bytes of another encoding were read as Latin-1/CP1252
UTF8_AS_CP949 = 1 << 1  # syllables outside KS X 1001, which UTF-8 bytes read as CP949 are full of
JAMO = 1 << 2  # conjoining jamo (NFD)
HALFWIDTH_JAMO = 1 << 3
COMPAT_JAMO = 1 << 4  # compatibility consonant followed by vowel, twice or more
INVISIBLE = 1 << 5  # zero-width, bidi, filler, C0/C1 and tag characters
SPACES = 1 << 6  # no-break, ideographic and other exotic spaces
LINE_ENDS = 1 << 7  # CR, VT, FF, NEL, LS, PS
FULLWIDTH = 1 << 8  # full-width ASCII letters or digits
ENTITIES = 1 << 9
ESCAPES = 1 << 10  # \\uXXXX of a Hangul syllable
PERCENT = 1 << 11
UTF7 = 1 << 12
ISO2022 = 1 << 13
LOST_SPACES = 1 << 14  # a run of Hangul without any space, LONG_RUN syllables or more
SPACED_OUT = 1 << 15  # SINGLE_RUN or more single syllables in a row, each between spaces

# Columns of the counts.
CHARS, HANGUL, REPLACEMENT, LOST, PUA, RARE = range(6)

LONG_RUN = 20  # syllables; law names and street names reach 19 (statutes: 0.02 % of eojeol are longer)
SINGLE_RUN = 8  # single-syllable eojeol in a row; clean text reaches 6 ("할 수 있을 때 그 세 …")

# Syllables in front of a question mark that ends a question; any other before `?` + syllable marks a lost character.
_QUESTION_ENDINGS = "까요니나가지죠냐래네어아야데게뭐여해돼자고라서유듯건걸군음임든도은는왜예쥬용써셔워와대"


def _rare_table() -> np.ndarray:
    """uint8 over U+AC00..U+D7A3: 1 where the syllable is outside KS X 1001 (2,350 syllables)."""
    # Python writes the others as a sequence of eight bytes.
    return np.array([len(chr(0xAC00 + i).encode("euc-kr")) != 2 for i in range(11172)], np.uint8)


def _ending_table() -> np.ndarray:
    table = np.zeros(11172, np.uint8)
    for c in _QUESTION_ENDINGS:
        table[ord(c) - 0xAC00] = 1
    return table


def _ascii_table() -> np.ndarray:
    """0 plain, 1 white space, 2 control, 3 line end other than \\n, 4 may begin an escape, 5 question mark, 6 not ASCII."""
    table = np.zeros(256, np.uint8)
    table[128:] = 6
    table[:32] = 2
    table[127] = 2
    table[sorted(PLAIN)] = 1
    table[sorted(DAMAGE.ends & CONTROLS)] = 3
    for c in "&\\%+$":
        table[ord(c)] = 4
    table[ord("?")] = 5
    return table


_RARE = _rare_table()
_ENDING = _ending_table()
_ASCII = _ascii_table()

_12, _6, _GA, _SYLLABLES = (np.uint32(n) for n in (12, 6, 0xAC00, 11172))
_NONE, _ONE = np.uint64(0), np.uint64(1)
_BEHIND = np.uint64(1 << BLOCK)  # the bit after those of a block

# What a character is.
_OTHER, _SPACE, _HANGUL, _CONSONANT, _REPLACEMENT, _VOWEL, _PRIVATE = range(7)


@kernel
def _is_hex(c):
    return 48 <= c <= 57 or 65 <= c <= 70 or 97 <= c <= 102


@kernel
def _is_alnum(c):
    return 48 <= c <= 57 or 65 <= c <= 90 or 97 <= c <= 122


@kernel
def _escape(data, i, end):
    """The bit of the ASCII escape that may begin at `i`, or 0. Looks at no more than 34 bytes."""
    c = data[i]
    if i + 3 > end:
        return 0
    d = data[i + 1]
    if c == 38:  # &
        if d == 35 or 65 <= d <= 90 or 97 <= d <= 122:
            for j in range(i + 2, min(i + 34, end)):
                if data[j] == 59:
                    return ENTITIES
                if not _is_alnum(data[j]):
                    return 0
        return 0
    if c == 92:  # backslash
        if d == 117 and i + 6 <= end and 97 <= (data[i + 2] | 32) <= 100 and _is_hex(data[i + 3]):
            return ESCAPES
        return 0
    if c == 37:  # %
        if i + 6 <= end and _is_hex(d) and d >= 56 and _is_hex(data[i + 2]) and data[i + 3] == 37:
            return PERCENT
        return 0
    if c == 43:  # +
        if d == 48 or d == 49 or 114 <= d <= 122:
            for j in range(i + 2, min(i + 6, end)):
                if not (_is_alnum(data[j]) or data[j] == 43 or data[j] == 47):
                    return 0
            return UTF7
        return 0
    if d == 41 and data[i + 2] == 67:  # $)C
        return ISO2022
    return 0


@kernel
def _three_bytes(c, d, e):
    """The bit of a three-byte character outside the Hangul syllables, or 0."""
    if c == 0xE2:
        if d == 0x80:
            if e <= 0x8A or e == 0xAF:
                return SPACES
            if e <= 0x8F or 0xAA <= e <= 0xAE:
                return INVISIBLE
            if e == 0xA8 or e == 0xA9:
                return LINE_ENDS
        elif d == 0x81:
            if e == 0x9F:
                return SPACES
            if e >= 0xA0 and e <= 0xAF:
                return INVISIBLE
    elif c == 0xE3:
        if d == 0x80 and e == 0x80:
            return SPACES
        if d == 0x85 and e == 0xA4:
            return INVISIBLE
    elif c == 0xEF:
        if d == 0xBC:
            if 0x90 <= e <= 0x99 or 0xA1 <= e <= 0xBA:
                return FULLWIDTH
        elif d == 0xBD:
            if 0x81 <= e <= 0x9A:
                return FULLWIDTH
        elif d == 0xBE:
            if e == 0xA0:
                return INVISIBLE
            if e > 0xA0:
                return HALFWIDTH_JAMO
        elif d == 0xBF:
            if e <= 0x9C:
                return HALFWIDTH_JAMO
            if 0xB9 <= e <= 0xBB:
                return INVISIBLE
        elif d == 0xBB and e == 0xBF:
            return INVISIBLE
    elif c == 0xE1:
        if d == 0x85 and (e == 0x9F or e == 0xA0):
            return JAMO | INVISIBLE  # the fillers of conjoining jamo: the blank of spam names where they stand alone
        if 0x84 <= d <= 0x87:
            return JAMO
        if d == 0x9A and e == 0x80:
            return SPACES
        if d == 0xA0 and e == 0x8E:
            return INVISIBLE
    elif (c == 0xEA and d == 0xA5 and e >= 0xA0) or (c == 0xED and d >= 0x9E):
        return JAMO
    return 0


@kernel
def _plain_masks(data, i, ascii_table):
    """The block at i, a bit (uint64) per byte: plain ASCII or white space, and white space; no bits behind the end."""
    if i + BLOCK <= len(data):
        spaces = within(data, i, 32, 0) | within(data, i, 9, 1)
        special = within(data, i, 0x24, 2) | within(data, i, 0x2B, 0) | within(data, i, 0x3F, 0)  # $%& + ?
        special |= within(data, i, 0x5C, 0)
        return within(data, i, 33, 93) & ~special | spaces, spaces
    plain = spaces = _NONE
    for k in range(i, len(data)):
        plain |= np.uint64(ascii_table[data[k]] <= 1) << np.uint64(k - i)
        spaces |= np.uint64(ascii_table[data[k]] == 1) << np.uint64(k - i)
    return plain, spaces


@part
def _sign(data, i, end, kind):
    """The bits of the ASCII character at i, of a kind of `_ascii_table` that is neither plain nor white space."""
    if kind == 4:
        return _escape(data, i, end)
    if kind == 3:
        return LINE_ENDS
    return INVISIBLE | ISO2022 if data[i] == 14 else INVISIBLE


@part
def _three_kind(c, d, e):
    """What the three-byte character is, outside the Hangul syllables: a compatibility jamo, U+FFFD, private use, or other."""
    if c == 0xE3 and (d == 0x84 or d == 0x85):
        if d == 0x84 or e < 0x8F:
            return _CONSONANT
        return _VOWEL if e <= 0xA3 else _OTHER
    if c == 0xEF and d == 0xBF and e == 0xBD:
        return _REPLACEMENT
    return _PRIVATE if c == 0xEE or (c == 0xEF and d <= 0xA3) else _OTHER


@part
def _two_bytes(data, i, end):
    """The bits of the two-byte character at i."""
    c, d = data[i], data[i + 1]
    bits = 0
    if c > 0xC3:
        return bits
    if c == 0xC2:
        if d <= 0x9F:
            bits = LINE_ENDS if d == 0x85 else INVISIBLE
        elif d == 0xA0:
            bits = SPACES
        elif d == 0xAD:
            bits = INVISIBLE
    if i + 3 < end:
        # Every misread syllable holds a letter À..ÿ; pairs of no-break spaces or dots do not count.
        n = data[i + 2]
        if n == 0xC3 or (c == 0xC3 and (0xC2 <= n <= 0xCB or n == 0xE2)):
            bits |= MOJIBAKE
    return bits


@part
def _lost_words(questions, pending):
    """Lost characters in words of question marks, at the end of one that has so many of them, and what is pending then:
    the marks of one such word until a second follows, -1 behind the second."""
    if questions < 2:
        return 0, pending
    if pending:
        return questions + max(pending, 0), -1
    return 0, questions


@part
def _suspects(singles, run, run_spaced, pairs, rare):
    """Bits that depend on counts, at the end of a document."""
    bits = LOST_SPACES if run >= LONG_RUN else 0
    if run == 1 and run_spaced and singles + 1 >= SINGLE_RUN:
        bits |= SPACED_OUT
    if pairs >= 2:
        bits |= COMPAT_JAMO
    if rare >= 2:
        bits |= UTF8_AS_CP949
    return bits


@kernel
def _scan(data, offsets, rare_table, ending_table, ascii_table, mask, counts):
    for doc in range(len(offsets) - 1):
        i = offsets[doc]
        end = offsets[doc + 1]
        bits = 0
        chars = hangul = replacement = lost = pua = rare = 0
        run = 0  # Hangul syllables since the last other character
        run_spaced = True  # that run began after white space
        singles = 0
        pairs = 0  # consonant + vowel jamo
        questions = 0  # question marks of a token made of nothing else
        pending = 0  # question marks of the token before, not yet counted
        mixed = False  # the token holds something else
        last = 0
        previous = _SPACE
        while i < end:
            c = data[i]
            if c >= 0xEA:
                start = i
                while c >= 0xEA:
                    # Of another lead byte than 0xEA to 0xED, and as an unsigned number, this is out of the range.
                    point = np.uint32(c ^ 0xE0) << _12 | np.uint32(data[i + 1] & 63) << _6
                    s = np.uint32((point | np.uint32(data[i + 2] & 63)) - _GA)
                    if s >= _SYLLABLES:
                        break
                    rare += rare_table[s]
                    last = np.int64(s)
                    i += 3
                    if i >= end:
                        break
                    c = data[i]
                if i > start:
                    n = (i - start) // 3
                    chars += n
                    if run == 0:
                        run_spaced = previous == _SPACE
                        previous = _HANGUL
                        mixed = True
                    run += n
                    continue
            if run:
                hangul += run
                if run >= LONG_RUN:
                    bits |= LOST_SPACES
                singles = singles + 1 if run == 1 and run_spaced and c <= 32 else 0
                if singles >= SINGLE_RUN:
                    bits |= SPACED_OUT
                run = 0
            if ascii_table[c] == 0:  # from here to the end of plain ASCII and white space
                singles = 0
                start = i
                spaced, n = False, BLOCK
                while n == BLOCK and i < end:
                    plain, spaces = _plain_masks(data, i, ascii_table)
                    n = min(trailing_zeros(~plain | _BEHIND), end - i)
                    spaced |= spaces & ((_ONE << np.uint64(n)) - _ONE) != _NONE
                    i += n
                chars += i - start
                if spaced:
                    pending = 0
                    questions = 0
                mixed = ascii_table[data[i - 1]] == 0
                previous = _OTHER if mixed else _SPACE
                continue
            chars += 1
            if c < 0x80:
                k = ascii_table[c]
                i += 1
                if k == 1:
                    if mixed:
                        pending = 0
                        mixed = False
                    elif questions >= 2:
                        found, pending = _lost_words(questions, pending)
                        lost += found
                    questions = 0
                    previous = _SPACE
                elif k == 5:
                    unasked = previous == _SPACE or (previous == _HANGUL and not ending_table[last])
                    if unasked and i < end and 0xEA <= data[i] <= 0xED:
                        lost += 1
                    questions += 1
                    previous = _OTHER
                else:
                    mixed = True
                    previous = _OTHER
                    bits |= _sign(data, i - 1, end, k)
                continue
            mixed = True
            if c < 0xE0:
                bits |= _two_bytes(data, i, end)
                if c > 0xC3 and previous == _REPLACEMENT:
                    lost += 1
                previous = _OTHER
                i += 2
                continue
            if c >= 0xF0:
                if c == 0xF3 and data[i + 1] == 0xA0:
                    bits |= INVISIBLE
                previous = _OTHER
                i += 4
                continue
            d, e = data[i + 1], data[i + 2]
            i += 3
            bits |= _three_bytes(c, d, e)
            kind = _three_kind(c, d, e)
            pairs += kind == _VOWEL and previous == _CONSONANT
            replacement += kind == _REPLACEMENT
            pua += kind == _PRIVATE
            previous = kind if kind in (_CONSONANT, _REPLACEMENT) else _OTHER
        if not mixed:
            lost += _lost_words(questions, pending)[0]
        bits |= _suspects(singles, run, run_spaced, pairs, rare)
        mask[doc] = bits
        counts[doc, CHARS] = chars
        counts[doc, HANGUL] = hangul + run
        counts[doc, REPLACEMENT] = replacement
        counts[doc, LOST] = lost
        counts[doc, PUA] = pua
        counts[doc, RARE] = rare


def scan(data: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Suspected damage (int32 bit mask per document) and counts (int32, documents × 6, columns CHARS … RARE).

    `data`, `offsets` as from `kernels.buffers.string_buffers`; the text must be valid UTF-8. LOST counts question marks
    where a character was lost (before a syllable without a question's ending, or whole words of them) and stray letters
    beside U+FFFD; PUA counts U+E000..F8FF; RARE counts syllables outside KS X 1001.
    """
    n = len(offsets) - 1
    mask = np.zeros(n, np.int32)
    counts = np.zeros((n, 6), np.int32)
    _scan(data, offsets, _RARE, _ENDING, _ASCII, mask, counts)
    return mask, counts
