"""Windows of a document, their spelling undisguised, their lexicon hits and hashed features: one pass over UTF-8 bytes.

A window is a run of whole sentences or lines of at least LEAST eojeol (at most MOST_UNITS units): about as long as a
comment, which is what the classifier learns from. A unit is a letter, digit or jamo after undisguising:

* invisible characters go; full-width forms, conjoining and half-width jamo become the ordinary ones; Latin is lower case;
* jamo that stand apart are put together (ㅆㅣㅂㅏㄹ), with 1, l, i, | or ! for ㅣ (ㅅ1발), and ㄹ, ㄴ, ㅇ under a syllable;
* one digit, Latin letter or stray jamo between syllables goes (시1발); 8 after 시 or 씨 is read 팔;
* marks inside an eojeol go where they part single syllables (씨.발) or are none of ordinary prose (병^신), else they part words;
* drawn-out vowels (씨이이발) and runs of one unit over two are cut.

The lexicon is matched on undisguised units, longest first, at word starts or anywhere, as its modes say; a term may cross
a space where it allows one, or where the words before it are single syllables (씨 발 놈아).

Features of a window: n-grams of two to four units regardless of spaces, the first one to three of every word with the edge,
whole words, n-grams of bare syllable bodies (initial made plain, and vowel), and a feature per class hit.

An example: `바1보야 하하하하` (23 bytes), and a lexicon with 바보 (insult, a WORD) and the particle 야. The first eojeol is four
characters, Hangul around a digit: the digit goes, units 바 보 야, a word start at 바. Of the second two 하 stay, a word start
at the first. The document ends the window after 2 eojeol, 5 units. At 바 the longest term is 바보; a word starts there, what
follows it in the word is a particle: one hit. Features: 바, 바보, 바보야 with the edge and the whole (4), four n-grams at each
of three units (12), the hit eight times (8); 하, 하하, the whole (3) and 8 n-grams: 35. The row of `windows`: 35 numbers, span
[0, 0, 23], hits 1 for insult. With a table of zeros and a bias of -2, `score` gives max 0.119 and mean 0.119 · 5 / (5 + 10).
"""

from typing import NamedTuple

import numpy as np

from algok.kernels import allocating_kernel, kernel
from algok.kernels.characters import CONTROLS, TOXIC

LEAST = 5  # eojeol
MOST_UNITS = 400
CLASSES = ("hate", "insult", "sexual", "threat", "illegal")
# Classes of the lexicon: those, and weak signs of them, which are features but no hits.
TERMS = (*CLASSES, *(f"{name}?" for name in CLASSES))
_STRONG, _TERMS = len(CLASSES), len(TERMS)
# Modes of a term: at the start of a word; a word, particle allowed; anywhere.
START, WORD, ANYWHERE = 1, 2, 4
LONGEST = 14  # units of a term
# Units of harmless text that every document is averaged with: a few words alone say little.
PRIOR = 10
_EOJEOL = 48  # characters looked at together; longer ones are taken in pieces
# A hit counts as this many features: regularisation then keeps it, and it works on sources that were not in the training data.
_COPIES = 8
_FEATURES = MOST_UNITS * 9 + 30 * _COPIES
_SPACE, _NEWLINE, _HANGUL, _JAMO, _LATIN, _DIGIT, _LETTER, _SOFT, _HARD, _BRACKET, _SKIP = range(11)
_M1, _M2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_FIRST, _SYLLABLES = 0xAC00, 11172

# Compatibility consonants U+3131–314E as initial and final index of a syllable (-1: cannot stand there).
_CONSONANTS = "ㄱㄲㄳㄴㄵㄶㄷㄸㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅃㅄㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_INITIAL = np.array([_INITIALS.find(c) for c in _CONSONANTS], np.int64)
_FINAL = np.array([_FINALS.find(c) for c in _CONSONANTS], np.int64)
_INITIAL_JAMO = np.array([ord(c) for c in _INITIALS], np.int64)
_FINAL_JAMO = np.array([ord(c) for c in _FINALS], np.int64)


def _ascii_kinds() -> np.ndarray:
    kinds = np.full(128, _HARD, np.uint8)
    kinds[:32] = _SKIP
    kinds[127] = _SKIP
    kinds[sorted(TOXIC.spaces & CONTROLS)] = _SPACE
    kinds[sorted(TOXIC.ends & CONTROLS)] = _NEWLINE
    for first, last, kind in (("a", "z", _LATIN), ("A", "Z", _LATIN), ("0", "9", _DIGIT)):
        kinds[ord(first) : ord(last) + 1] = kind
    kinds[[ord(mark) for mark in ".,/-:&"]] = _SOFT
    kinds[[ord(mark) for mark in '()[]{}<>"']] = _BRACKET
    return kinds


def _bodies() -> np.ndarray:
    """Per syllable its bare body: the initial without tension or breath, and the vowel with its neighbours merged."""
    plain = [0, 0, 2, 3, 3, 5, 6, 7, 7, 9, 9, 11, 12, 12, 12, 0, 3, 7, 18]
    vowel = [0, 1, 0, 1, 4, 1, 4, 1, 8, 8, 1, 1, 8, 13, 4, 1, 20, 13, 18, 20, 20]
    index = np.arange(_SYLLABLES)
    return (np.array(plain)[index // 588] * 32 + np.array(vowel)[index // 28 % 21] + 1).astype(np.uint16)


_ASCII, _BODY = _ascii_kinds(), _bodies()


class Lexicon(NamedTuple):
    """Terms as the kernels read them; made by `compile_lexicon`."""

    gates: (
        np.ndarray
    )  # uint8 per low 16 bits of a first unit: modes of the terms that begin so; bit 3: a term of one unit
    pairs: np.ndarray  # bool per hash of the first two units
    keys: np.ndarray  # uint64, open addressing, 0 is free
    classes: np.ndarray  # int8 per slot: number in TERMS, -1 an exception, -2 a particle
    modes: np.ndarray  # uint8 per slot
    spaces: np.ndarray  # uint16 per slot: bit k set if a word may begin at unit k of the term


@kernel
def _hash_step(h, unit):
    h = (h ^ np.uint64(unit)) * _M1
    return h ^ (h >> np.uint64(31))


def _hash(units: list[int], seed: int) -> int:
    h, mask = seed, (1 << 64) - 1
    for unit in units:
        h = ((h ^ unit) * int(_M1)) & mask
        h ^= h >> 31
    return h or 1


_TERM, _PARTICLE = 1, 2  # seeds


def compile_lexicon(terms: list[tuple[str, int, int]], particles: list[str]) -> Lexicon:
    """`terms` as (term, number in TERMS or -1 for an exception, mode); `_` in a term stands where a space may.

    The last line about a term holds, but a weak sign never replaces a term. Raises ValueError for a term too long.
    """
    entries: dict[int, tuple[int, int, int]] = {_hash([ord(c) for c in p], _PARTICLE): (-2, 0, 0) for p in particles}
    gates, pairs = np.zeros(1 << 16, np.uint8), np.zeros(1 << 16, np.bool_)
    for term, klass, mode in terms:
        units, spaces = [], 0
        for character in term:
            if character == "_":
                spaces |= 1 << len(units)
            elif not units or not _draws_out(ord(character), units[-1]):
                units.append(ord(character))
        if not 1 <= len(units) <= LONGEST:
            raise ValueError(f"a lexicon term must have 1 to {LONGEST} characters, not {len(units)}")
        key = _hash(units, _TERM)
        known = entries.get(key, (klass, 0, 0))
        if klass >= _STRONG and 0 <= known[0] < _STRONG:
            continue  # a weak sign says nothing new about a term
        entries[key] = (klass, known[1] | mode, known[2] | spaces)
        gates[units[0] & 0xFFFF] |= (ANYWHERE if mode == ANYWHERE else START) | (8 if len(units) == 1 else 0)
        if len(units) > 1:
            pairs[_hash(units[:2], _TERM) & 0xFFFF] = True
    size = 1 << (2 * len(entries) + 8).bit_length()
    keys = np.zeros(size, np.uint64)
    classes, modes, spaces_of = np.zeros(size, np.int8), np.zeros(size, np.uint8), np.zeros(size, np.uint16)
    for key, (klass, mode, spaces) in entries.items():
        slot = key & (size - 1)
        while keys[slot]:
            slot = (slot + 1) & (size - 1)
        keys[slot], classes[slot], modes[slot], spaces_of[slot] = key, klass, mode, spaces
    return Lexicon(gates, pairs, keys, classes, modes, spaces_of)


@kernel
def _find(keys, key):
    if key == 0:
        key = np.uint64(1)
    mask = np.uint64(len(keys) - 1)
    slot = key & mask
    while keys[slot]:
        if keys[slot] == key:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & mask
    return np.int64(-1)


@kernel
def _classify(code):
    """Kind and plain form of a character beyond ASCII."""
    if 0xAC00 <= code <= 0xD7A3:
        return _HANGUL, code
    if 0x3131 <= code <= 0x3163:
        return _JAMO, code
    if 0x1100 <= code <= 0x1112:
        return _JAMO, _INITIAL_JAMO[code - 0x1100]
    if 0x1161 <= code <= 0x1175:
        return _JAMO, code - 0x1161 + 0x314F
    if 0x11A8 <= code <= 0x11C2:
        return _JAMO, _FINAL_JAMO[code - 0x11A7]
    if 0xFF01 <= code <= 0xFF5E:
        plain = code - 0xFEE0
        if 65 <= plain <= 90:
            plain += 32
        return np.int64(_ASCII[plain]), plain
    if 0xFFA1 <= code <= 0xFFBE:
        return _JAMO, code - 0xFFA1 + 0x3131
    if 0xFFC2 <= code <= 0xFFDC:
        return _JAMO, 0x314F + (code - 0xFFC2) // 8 * 6 + (code - 0xFFC2) % 8
    if code == 0xA0 or 0x2000 <= code <= 0x200A or code == 0x202F or code == 0x205F or code == 0x3000:
        return _SPACE, code
    if code == 0x85 or code == 0x2028 or code == 0x2029:
        return _NEWLINE, code
    if (
        code < 0xA0
        or code == 0xAD
        or 0x200B <= code <= 0x200F
        or 0x202A <= code <= 0x202E
        or 0x2060 <= code <= 0x206F
        or code == 0xFEFF
        or 0xFE00 <= code <= 0xFE0F
        or code == 0x3164
        or code == 0x115F
        or code == 0x1160
        or code == 0xFFA0
        or code == 0x180E
        or 0xE0000 <= code <= 0xE0FFF
    ):
        return _SKIP, code
    if code == 0xB7 or code == 0x2022 or code == 0x2026 or 0x2010 <= code <= 0x2015 or code == 0x318D or code == 0x3001:
        return _SOFT, code
    if code == 0x3002:
        return _SOFT, 46
    if 0x2018 <= code <= 0x201F or 0x3008 <= code <= 0x3011:
        return _BRACKET, code
    if 0xC0 <= code <= 0x24F or 0x370 <= code <= 0x1FFF or 0x3040 <= code <= 0x30FF or 0x3400 <= code <= 0x9FFF:
        return _LETTER, code
    return _HARD, code


@kernel
def _is_vowel(kinds, codes, k, n):
    """Is there a vowel jamo at k, or something drawn for ㅣ before a syllable?"""
    if k >= n:
        return False
    if kinds[k] == _JAMO:
        return codes[k] >= 0x314F
    c = codes[k]
    if c == 49 or c == 108 or c == 105 or c == 124 or c == 33:  # 1 l i | !
        if k + 1 < n and kinds[k + 1] == _JAMO:
            return k + 2 < n and kinds[k + 2] == _JAMO and codes[k + 2] >= 0x314F
        return k + 1 < n and kinds[k + 1] == _HANGUL
    return False


@kernel
def _compose(codes, kinds, n):
    """Puts jamo together in place; gives the new length."""
    out, i = 0, 0
    while i < n:
        code, kind = codes[i], kinds[i]
        if kind == _JAMO and code < 0x314F and _INITIAL[code - 0x3131] >= 0 and _is_vowel(kinds, codes, i + 1, n):
            vowel = codes[i + 1] - 0x314F if kinds[i + 1] == _JAMO else 20
            code = _FIRST + (_INITIAL[code - 0x3131] * 21 + vowel) * 28
            kind = _HANGUL
            i += 2
            if i < n and kinds[i] == _JAMO and codes[i] < 0x314F and not _is_vowel(kinds, codes, i + 1, n):
                final = _FINAL[codes[i] - 0x3131]
                if final >= 0:
                    code += final
                    i += 1
        elif kind == _HANGUL:
            i += 1
            if i < n and kinds[i] == _JAMO and (code - _FIRST) % 28 == 0:
                jamo = codes[i]
                alone = i + 1 >= n or (kinds[i + 1] != _JAMO and not _is_vowel(kinds, codes, i + 1, n))
                if alone and jamo in (0x3139, 0x3134, 0x3147):  # ㄹ ㄴ ㅇ
                    code += _FINAL[jamo - 0x3131]
                    i += 1
        else:
            i += 1
        codes[out], kinds[out] = code, kind
        out += 1
    return out


@kernel
def _draws_out(unit, before):
    """Is `unit` ㅇ and a vowel, after a syllable that ends in the same vowel?"""
    index, last = unit - _FIRST, before - _FIRST
    if not (0 <= index < _SYLLABLES and 0 <= last < _SYLLABLES) or index // 588 != 11 or index % 28 or last % 28:
        return False
    return index // 28 % 21 == last // 28 % 21 and last // 588 != 11


@kernel
def _put(units, starts, m, unit, start):
    """Adds a unit unless it only draws out the one before; gives the new length."""
    if m > 0 and not start:
        third = m > 1 and not starts[m - 1] and units[m - 1] == unit and units[m - 2] == unit
        if third or _draws_out(unit, units[m - 1]):
            return m
    units[m] = unit
    starts[m] = start
    return m + 1


@kernel
def _syllables_from(kinds, k, n):
    length = 0
    while k + length < n and (kinds[k + length] == _HANGUL or kinds[k + length] == _JAMO):
        length += 1
    return length


@kernel
def _undisguise(codes, kinds, n, mixed, goes_on, units, starts, m):
    """Appends the words of one eojeol to the window; `goes_on`: it continues the one before. Gives the new length."""
    if mixed:
        n = _compose(codes, kinds, n)
    fresh = not goes_on
    piece = joined = 0  # Hangul since the last break, and marks that went
    i = 0
    while i < n:
        kind, code = kinds[i], codes[i]
        if kind in (_HANGUL, _JAMO):
            if kind == _JAMO and piece > 0 and i + 1 < n and kinds[i + 1] == _HANGUL and kinds[i - 1] == _HANGUL:
                i += 1  # a stray jamo between syllables
                continue
            m = _put(units, starts, m, code, fresh)
            fresh = False
            piece += 1
            i += 1
            continue
        if kind in (_LATIN, _DIGIT, _LETTER):
            inside = piece > 0 and i > 0 and i + 1 < n and kinds[i - 1] <= _JAMO and kinds[i + 1] <= _JAMO
            if inside and kind != _LETTER and kinds[i - 1] >= _HANGUL and kinds[i + 1] >= _HANGUL:
                before = units[m - 1]
                if code == 56 and (before == 0xC2DC or before == 0xC528):  # 8 after 시, 씨
                    m = _put(units, starts, m, 0xD314, False)
                    piece += 1
                i += 1
                continue
            if code == 56 and i + 1 == n and piece > 0 and (units[m - 1] == 0xC2DC or units[m - 1] == 0xC528):
                code = 0xD314
            m = _put(units, starts, m, code, fresh)
            fresh = False
            piece = joined = 0
            i += 1
            continue
        # A run of marks: does it part words, or disguise one?
        k, hard, bracket = i, True, False
        while k < n and kinds[k] >= _SOFT:
            hard = hard and kinds[k] == _HARD
            bracket = bracket or kinds[k] == _BRACKET
            k += 1
        after = _syllables_from(kinds, k, n)
        singly = piece == joined + 1 and after <= 2  # single syllables so far: 씨.발, 개.새.끼
        if piece > 0 and after > 0 and k - i <= 3 and not bracket and (singly or (hard and piece <= 3 and after <= 3)):
            joined += 1
        else:
            fresh = True
            piece = joined = 0
        i = k
    return m


@kernel
def _match(units, starts, m, lexicon, hits):
    """Counts into `hits` (one per TERMS) the terms of a window; gives the number of those that are no weak signs."""
    gates, pairs, keys, classes, modes, spaces = lexicon
    total, i = 0, 0
    while i < m:
        gate = gates[units[i] & 0xFFFF]
        if not (gate & ANYWHERE) and not (gate and starts[i]):
            i += 1
            continue
        h = _hash_step(np.uint64(_TERM), units[i])
        more = i + 1 < m and pairs[_hash_step(h, units[i + 1]) & np.uint64(0xFFFF)]
        if not gate & 8 and not more:
            i += 1
            continue
        best, best_class = 0, -1
        crossed, singles, last_start = 0, True, 0
        length = 1
        while True:
            slot = _find(keys, h)
            if slot >= 0 and classes[slot] > -2:
                mode = modes[slot]
                ends = i + length == m or starts[i + length] != 0
                good = (mode & ANYWHERE) != 0 or starts[i] != 0
                if crossed & ~np.int64(spaces[slot]):
                    good = good and singles and length - last_start == 1 and (ends or length > 2)
                if good and mode == WORD and not ends:
                    rest, r = np.uint64(_PARTICLE), i + length
                    while r < m and not starts[r] and r < i + length + 5:
                        rest = _hash_step(rest, units[r])
                        r += 1
                    particle = _find(keys, rest)
                    good = (r == m or starts[r] != 0) and particle >= 0 and classes[particle] == -2
                if good:
                    best, best_class = length, np.int64(classes[slot])
            if length == LONGEST or i + length >= m:
                break
            if starts[i + length]:
                # A word ends here: was it a single syllable, at the start of a word?
                singles = singles and length - last_start == 1 and starts[i] != 0
                last_start = length
                crossed |= 1 << length
            h = _hash_step(h, units[i + length])
            length += 1
        if best:
            if best_class >= 0:
                hits[best_class] += 1
                total += best_class < _STRONG
            i += best
        else:
            i += 1
    return total


@kernel
def _row(h, kind, shift):
    h = (h ^ (np.uint64(kind) << np.uint64(60))) * _M1
    h = (h ^ (h >> np.uint64(29))) * _M2
    return h >> shift


@kernel
def _features_of(units, starts, m, hits, shift, ids):
    """The feature rows of a window into `ids`; gives their number."""
    n = 0
    a, b, c = np.uint64(0), np.uint64(0), np.uint64(0)
    x, y = np.uint64(0), np.uint64(0)
    word, head, length = np.uint64(0), np.uint64(0), 0
    for i in range(m):
        unit = units[i]
        if 48 <= unit <= 57:
            unit = 48
        u = np.uint64(unit)
        if starts[i]:
            if length > 1:
                ids[n] = _row(word, 1, shift)
                n += 1
            word, head, length = np.uint64(0), np.uint64(0), 0
        word = (word ^ u) * _M2
        length += 1
        if length <= 3:
            head = (head << np.uint64(20)) | u
            ids[n] = _row(head, 2, shift)
            n += 1
        pair = (c << np.uint64(20)) | u
        ids[n] = _row(pair, 3, shift)
        triple = (b << np.uint64(40)) | pair
        ids[n + 1] = _row(triple, 4, shift)
        ids[n + 2] = _row((a * _M2) ^ triple, 5, shift)
        n += 3
        body = np.uint64(_BODY[unit - 0xAC00]) if 0xAC00 <= unit <= 0xD7A3 else u + np.uint64(1024)
        bodies = (x << np.uint64(42)) | (y << np.uint64(21)) | body
        ids[n] = _row(bodies, 6, shift)
        n += 1
        a, b, c, x, y = b, c, u, y, body
    if length > 1:
        ids[n] = _row(word, 1, shift)
        n += 1
    for k in range(len(hits)):
        copies = _COPIES if k < _STRONG else _COPIES // 2
        for _ in range(copies * min(hits[k], 3)):
            ids[n] = _row(np.uint64(k), 7, shift)
            n += 1
    return n


@kernel
def _next_window(data, position, end, whole, codes, kinds, units, starts):
    """Reads a window from `position` on; gives its units' number, its words and where it ends."""
    m, words, k = 0, 0, 0  # k characters of the eojeol at hand
    mixed, goes_on, stops = False, False, False
    i = position
    while True:
        if i < end:
            byte = np.int64(data[i])
            if byte < 0x80:
                kind, width = np.int64(_ASCII[byte]), 1
                code = byte + 32 if 65 <= byte <= 90 else byte
            elif byte < 0xE0 and i + 1 < end:
                code, width = (byte & 0x1F) << 6 | np.int64(data[i + 1] & 0x3F), 2
                kind, code = _classify(code)
            elif byte < 0xF0 and i + 2 < end:
                code = (byte & 0x0F) << 12 | np.int64(data[i + 1] & 0x3F) << 6 | np.int64(data[i + 2] & 0x3F)
                width = 3
                if 0xAC00 <= code <= 0xD7A3:
                    kind = _HANGUL
                else:
                    kind, code = _classify(code)
            elif byte >= 0xF0 and i + 3 < end:
                code = (byte & 7) << 18 | np.int64(data[i + 1] & 0x3F) << 12
                code |= np.int64(data[i + 2] & 0x3F) << 6 | np.int64(data[i + 3] & 0x3F)
                kind, code = _classify(code)
                width = 4
            else:
                kind, code, width = _HARD, 0xFFFD, 1
        else:
            kind, code, width = _NEWLINE, 10, 0
        i += width
        if kind == _SKIP:
            continue
        if kind > _NEWLINE:
            codes[k], kinds[k] = code, kind
            mixed = mixed or kind == _JAMO
            stops = code == 46 or code == 33 or code == 63 or code == 0x2026 or (stops and kind >= _HARD)
            k += 1
            if k < _EOJEOL:
                continue
        if k:
            before = m
            m = _undisguise(codes, kinds, k, mixed, goes_on, units, starts, m)
            words += m > before and not goes_on
            goes_on = k == _EOJEOL
            k, mixed = 0, False
        if kind <= _NEWLINE:
            goes_on = False
        if i >= end and width == 0:
            break
        if m >= MOST_UNITS - _EOJEOL:
            break
        if not whole and words >= LEAST and (kind == _NEWLINE or (kind == _SPACE and stops)):
            break
        if kind <= _NEWLINE:
            stops = False
    return m, words, i


@allocating_kernel
def _windows(data, offsets, whole, bits, lexicon, flat, row_ends, spans, hit_counts):
    """First pass (`flat` empty): only counts; second pass: ids, their ends, [document, start, end] and hits per window."""
    codes, kinds = np.empty(_EOJEOL + 1, np.int64), np.empty(_EOJEOL + 1, np.uint8)
    units, starts = np.empty(MOST_UNITS + 2 * _EOJEOL, np.int64), np.empty(MOST_UNITS + 2 * _EOJEOL, np.uint8)
    ids, hits = np.empty(_FEATURES, np.uint32), np.zeros(_TERMS, np.int64)
    shift = np.uint64(64 - bits)
    windows, total = 0, 0
    for d in range(len(offsets) - 1):
        position = offsets[d]
        while position < offsets[d + 1]:
            m, _, stop = _next_window(data, position, offsets[d + 1], whole, codes, kinds, units, starts)
            if m > 0:
                hits[:] = 0
                _match(units, starts, m, lexicon, hits)
                n = _features_of(units, starts, m, hits, shift, ids)
                if len(flat) > 0:
                    flat[total : total + n] = ids[:n]
                    row_ends[windows] = total + n
                    spans[windows, 0], spans[windows, 1], spans[windows, 2] = d, position, stop
                    hit_counts[windows] = hits
                total += n
                windows += 1
            position = stop
    return windows, total


@allocating_kernel
def _spans(data, offsets, spans):
    """First pass (`spans` empty): only counts; second pass: [document, start, end, units] per window with units."""
    codes, kinds = np.empty(_EOJEOL + 1, np.int64), np.empty(_EOJEOL + 1, np.uint8)
    units, starts = np.empty(MOST_UNITS + 2 * _EOJEOL, np.int64), np.empty(MOST_UNITS + 2 * _EOJEOL, np.uint8)
    windows = 0
    for d in range(len(offsets) - 1):
        position = offsets[d]
        while position < offsets[d + 1]:
            m, _, stop = _next_window(data, position, offsets[d + 1], False, codes, kinds, units, starts)
            if m > 0:
                if len(spans) > 0:
                    spans[windows, 0], spans[windows, 1], spans[windows, 2] = d, position, stop
                    spans[windows, 3] = m
                windows += 1
            position = stop
    return windows


@kernel
def _add_rows(ids, n, table, sums):
    """Sums rows of `pack`, eight columns at once: in lanes of 16 bits, which 256 bytes cannot overflow."""
    sums[:] = -128 * n
    lanes = np.uint64(0x00FF00FF00FF00FF)
    k = 0
    while k < n:
        end = min(k + 256, n)
        even, odd = np.uint64(0), np.uint64(0)
        while k < end:
            row = table[ids[k]]
            even += row & lanes
            odd += (row >> np.uint64(8)) & lanes
            k += 1
        for lane in range(4):
            shift = np.uint64(16 * lane)
            sums[2 * lane] += np.int64((even >> shift) & np.uint64(0xFFFF))
            sums[2 * lane + 1] += np.int64((odd >> shift) & np.uint64(0xFFFF))


@allocating_kernel
def _score(data, offsets, bits, lexicon, table, scale, bias, least, out):
    codes, kinds = np.empty(_EOJEOL + 1, np.int64), np.empty(_EOJEOL + 1, np.uint8)
    units, starts = np.empty(MOST_UNITS + 2 * _EOJEOL, np.int64), np.empty(MOST_UNITS + 2 * _EOJEOL, np.uint8)
    ids, hits = np.empty(_FEATURES, np.uint32), np.zeros(_TERMS, np.int64)
    shift = np.uint64(64 - bits)
    sums = np.zeros(8, np.int64)
    p = np.zeros(8, np.float64)
    for d in range(len(offsets) - 1):
        position = offsets[d]
        weights = np.float64(PRIOR)
        row = out[d]
        while position < offsets[d + 1]:
            m, _, stop = _next_window(data, position, offsets[d + 1], False, codes, kinds, units, starts)
            position = stop
            if m == 0:
                continue
            hits[:] = 0
            total = _match(units, starts, m, lexicon, hits)
            n = _features_of(units, starts, m, hits, shift, ids)
            _add_rows(ids, n, table, sums)
            root = 1.0 / np.sqrt(np.float64(n))
            weight = np.float64(m)
            for column in range(6):
                logit = bias[column] + scale[column] * sums[column] * root
                p[column] = 1.0 / (1.0 + np.exp(-min(max(logit, -30.0), 30.0)))
            row[0] = max(row[0], p[0])
            row[1] += weight * (p[0] >= least)
            row[2] += weight * p[0]
            for column in range(1, 6):
                row[2 + column] += weight * p[column]
            row[8] += total
            row[9] += 1
            weights += weight
        for column in range(1, 8):
            row[column] /= weights


def windows(data, offsets, bits: int, lexicon: Lexicon, whole: bool = False):
    """Feature rows of every window, for training and for reading.

    `whole`: a document is one window (as far as MOST_UNITS units go). Gives flat ids (uint32), the end of every window's
    in them (int64), [document, first byte, end byte] (int64) and lexicon hits per TERMS (int64) per window.
    """
    empty = np.empty(0, np.uint32), np.empty(0, np.int64), np.empty((0, 3), np.int64), np.empty((0, _TERMS), np.int64)
    number, total = _windows(data, offsets, whole, bits, tuple(lexicon), *empty)
    flat, ends = np.empty(total, np.uint32), np.empty(number, np.int64)
    spans, hits = np.empty((number, 3), np.int64), np.empty((number, _TERMS), np.int64)
    if number:
        _windows(data, offsets, whole, bits, tuple(lexicon), flat, ends, spans, hits)
    return flat, ends, spans, hits


def window_spans(data, offsets) -> np.ndarray:
    """[document, first byte, end byte, units] (int64) of every window, for a model that reads their text itself."""
    spans = np.empty((_spans(data, offsets, np.empty((0, 4), np.int64)), 4), np.int64)
    if len(spans):
        _spans(data, offsets, spans)
    return spans


def pack(table: np.ndarray) -> np.ndarray:
    """uint64, one per row of an int8 table of up to eight columns: a byte per column, 128 added."""
    wide = np.full((len(table), 8), 128, np.uint8)
    wide[:, : table.shape[1]] = table.astype(np.int16) + 128
    return wide.view("<u8")[:, 0].astype(np.uint64)


# Columns of `score`.
COLUMNS = ("max", "share", "mean", *CLASSES, "lexicon_hits", "windows")


def score(data, offsets, lexicon: Lexicon, table, scale, bias, least: float) -> np.ndarray:
    """float64, documents × COLUMNS. `table` from `pack`: any toxicity and the five classes.

    `scale` and `bias` (float64 per column) turn a window's sum of rows over √features into logits; a window is toxic from
    probability `least` on. Shares and means weigh windows by their units, PRIOR harmless ones added.
    """
    out = np.zeros((len(offsets) - 1, len(COLUMNS)))
    bits = len(table).bit_length() - 1
    _score(data, offsets, bits, tuple(lexicon), table, scale, bias, least, out)
    return out
