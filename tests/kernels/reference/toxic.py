"""What `algok.kernels.toxic` computes, character by character over a string: slow, and plain enough to be checked by reading."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import exp, sqrt
from typing import NamedTuple

from algok.kernels import toxic as kernel
from algok.kernels.toxic import ANYWHERE, CLASSES, LEAST, LONGEST, MOST_UNITS, PRIOR, WORD

_MASK = (1 << 64) - 1
_M1, _M2 = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F
_CONSONANTS, _INITIALS, _FINALS = kernel._CONSONANTS, kernel._INITIALS, kernel._FINALS
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
# Half-width jamo stand in rows as these do, from U+FFA1 and from U+FFC2 on.
_HALF_WIDTH = {0xFFA1 + k: c for k, c in enumerate(_CONSONANTS)}
_HALF_WIDTH |= {0xFFC2 + k // 6 * 8 + k % 6: c for k, c in enumerate(_VOWELS)}
_CONJOINING = {0x1100 + k: c for k, c in enumerate(_INITIALS)} | {0x1161 + k: c for k, c in enumerate(_VOWELS)}
_CONJOINING |= {0x11A7 + k: c for k, c in enumerate(_FINALS) if k}
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_PLAIN = _HALF_WIDTH | _CONJOINING | _FULL_WIDTH | {ord("。"): "."}

_SPACES = "\t \xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_LINE_ENDS = "\n\x0b\x0c\r\x85\u2028\u2029"
_INVISIBLE = "\xad\u115f\u1160\u180e\u3164\ufeff\uffa0"
_INVISIBLE_RANGES = ((0, 0x1F), (0x7F, 0x9F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F))
_LETTER_RANGES = ((0xC0, 0x24F), (0x370, 0x1FFF), (0x3040, 0x30FF), (0x3400, 0x9FFF))
_SOFT, _BRACKETS = ".,/-:&·•…‐‑‒–—―ㆍ、", '()[]{}<>"‘’‚‛“”„‟〈〉《》「」『』【】'


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


def _is_digit(c: str) -> bool:
    return c.isascii() and c.isdigit()


def _is_syllable(c: str) -> bool:
    return "가" <= c <= "힣"


def _is_hangul(c: str) -> bool:
    return _is_syllable(c) or "ㄱ" <= c <= "ㅣ"


def _is_letter(c: str) -> bool:
    """A letter or digit that is no Hangul."""
    return c.isalnum() if c.isascii() else _within(ord(c), _LETTER_RANGES)


def _plain(c: str) -> str:
    """The ordinary form of a character; nothing for an invisible one; a space or line end for any of these."""
    c = _PLAIN.get(ord(c), c)
    if c in _SPACES or c in _LINE_ENDS:
        return " " if c in _SPACES else "\n"
    if c in _INVISIBLE or _within(ord(c), (*_INVISIBLE_RANGES, (0xE0000, 0xE0FFF))):
        return ""
    return c.lower() if c.isascii() else c


def _is_vowel(text: str, k: int) -> bool:
    """A vowel jamo, or what is drawn for ㅣ: before a syllable, or before a consonant and a vowel."""
    here, behind, then = text[k : k + 1], text[k + 1 : k + 2], text[k + 2 : k + 3]
    if here not in "1li|!":
        return here in _VOWELS
    return bool(here) and (
        _is_syllable(behind) or (behind != "" and _is_hangul(behind) and then != "" and then in _VOWELS)
    )


def _syllable(initial: str, vowel: str, final: str = " ") -> str:
    return chr(0xAC00 + (_INITIALS.index(initial) * 21 + _VOWELS.index(vowel)) * 28 + _FINALS.index(final))


def compose(text: str) -> str:
    """Jamo put together, and ㄹ, ㄴ, ㅇ put under the syllable before."""
    out, i = "", 0
    while i < len(text):
        c = text[i]
        if c in _INITIALS and text[i + 1 : i + 2] and _is_vowel(text, i + 1):
            vowel = text[i + 1] if text[i + 1] in _VOWELS else "ㅣ"
            final = text[i + 2 : i + 3]
            has_final = final != "" and final in _FINALS.strip() and not (text[i + 3 :] and _is_vowel(text, i + 3))
            out += _syllable(c, vowel, final if has_final else " ")
            i += 3 if has_final else 2
            continue
        behind = text[i + 1 : i + 2]
        if _is_syllable(c) and (ord(c) - 0xAC00) % 28 == 0 and behind and behind in "ㄹㄴㅇ":
            rest = text[i + 2 :]
            if not rest or not ("ㄱ" <= rest[0] <= "ㅣ" or _is_vowel(text, i + 2)):
                c = chr(ord(c) + _FINALS.index(behind))
                i += 1
        out += c
        i += 1
    return out


def _draws_out(unit: str, before: str) -> bool:
    """ㅇ and a vowel, behind a syllable that ends in that vowel and does not begin with ㅇ."""
    if not (_is_syllable(unit) and _is_syllable(before)):
        return False
    now, last = unicodedata.normalize("NFD", unit), unicodedata.normalize("NFD", before)
    return len(now) == len(last) == 2 and now[0] == "ᄋ" and last[0] != "ᄋ" and now[1] == last[1]


class _Window:
    """The words of a window, as they are undisguised."""

    def __init__(self) -> None:
        self.words: list[str] = []

    @property
    def size(self) -> int:
        return sum(map(len, self.words))

    def put(self, unit: str, fresh: bool) -> None:
        if fresh or not self.words:
            self.words.append(unit)
        elif not self.words[-1].endswith(unit * 2) and not _draws_out(unit, self.words[-1][-1]):
            self.words[-1] += unit

    def add(self, eojeol: str, goes_on: bool) -> None:
        """The words of an eojeol, or of a piece of one that `goes_on`."""
        text = compose(eojeol)
        fresh, piece, joined, i = not goes_on, 0, 0, 0
        while i < len(text):
            c, before, behind = text[i], text[i - 1 : i], text[i + 1 : i + 2]
            between = piece > 0 and before != "" and behind != "" and _is_hangul(before) and _is_hangul(behind)
            last = self.words[-1][-1] if piece else ""
            if not (_is_hangul(c) or _is_letter(c)):
                end = i
                while end < len(text) and not (_is_hangul(text[end]) or _is_letter(text[end])):
                    end += 1
                if piece and _joins(text[i:end], text[end:], piece, joined):
                    joined += 1
                else:
                    fresh, piece, joined = True, 0, 0
                i = end
                continue
            if between and not _is_hangul(c) and c.isascii():  # 시1발, and 시8 for 시팔
                if c == "8" and last in "시씨":
                    self.put("팔", False)
                    piece += 1
            elif between and not _is_syllable(c) and _is_hangul(c) and _is_syllable(before) and _is_syllable(behind):
                pass  # a stray jamo
            else:
                self.put("팔" if c == "8" and last and last in "시씨" and not behind else c, fresh)
                piece, joined = (piece + 1, joined) if _is_hangul(c) else (0, 0)
                fresh = False
            i += 1


def _joins(marks: str, rest: str, piece: int, joined: int) -> bool:
    """Marks inside an eojeol disguise a word instead of parting two."""
    after = next((k for k, c in enumerate(rest) if not _is_hangul(c)), len(rest))
    if after == 0 or len(marks) > 3 or any(c in _BRACKETS for c in marks):
        return False
    singly = piece == joined + 1 and after <= 2
    return singly or (piece <= 3 and after <= 3 and not any(c in _SOFT for c in marks))


class _Read(NamedTuple):
    words: list[str]
    start: int
    end: int  # bytes


def windows(text: str, whole: bool) -> Iterator[_Read]:
    """The windows of a document that hold a unit."""
    window, count, start, at = _Window(), 0, 0, 0
    eojeol, goes_on, stops = "", False, False
    for character in [*text, None]:
        at += len(character.encode()) if character else 0
        c = "\n" if character is None else _plain(character)
        if c == "":
            continue
        if c not in " \n":
            eojeol += c
            hard = not (_is_hangul(c) or _is_letter(c) or c in _SOFT)
            stops = c in ".!?…" or (stops and hard)
            if len(eojeol) < kernel._EOJEOL:
                continue
        if eojeol:
            size = window.size
            window.add(eojeol, goes_on)
            count += window.size > size and not goes_on
            goes_on, eojeol = len(eojeol) == kernel._EOJEOL, ""
        goes_on = goes_on and c not in " \n"
        full = window.size >= MOST_UNITS - kernel._EOJEOL
        rests = not whole and count >= LEAST and (c == "\n" or (c == " " and stops))
        if character is None or full or rests:
            if window.size:
                yield _Read(window.words, start, at)
            window, count, start, goes_on, stops = _Window(), 0, at, False, False
        stops = stops and c not in " \n"


class Terms:
    """A lexicon as a dictionary."""

    def __init__(self, terms: list[tuple[str, int, int]], particles: list[str]) -> None:
        self.particles = set(particles)
        self.known: dict[str, tuple[int, int, set[int]]] = {}
        for term, klass, mode in terms:
            units, spaces = "", set()
            for c in term:
                if c == "_":
                    spaces.add(len(units))
                elif not units or not _draws_out(c, units[-1]):
                    units += c
            before = self.known.get(units, (klass, 0, set()))
            if not (klass >= len(CLASSES) and 0 <= before[0] < len(CLASSES)):
                self.known[units] = klass, before[1] | mode, before[2] | spaces

    def hits(self, words: list[str]) -> Counter[int]:
        """By number in TERMS, how often a window holds a term; the longest goes first, and exceptions use up their units."""
        units, starts = "".join(words), {0}
        for word in words:
            starts.add(max(starts) + len(word))
        found: Counter[int] = Counter()
        i = 0
        while i < len(units):
            lengths = range(min(LONGEST, len(units) - i), 0, -1)
            length = next((length for length in lengths if self._holds(units, starts, i, length)), 0)
            if length:
                found[self.known[units[i : i + length]][0]] += 1
            i += max(length, 1)
        return Counter({klass: count for klass, count in found.items() if klass >= 0})

    def _holds(self, units: str, starts: set[int], i: int, length: int) -> bool:
        """Whether the units from i are a term that may stand where it stands."""
        if units[i : i + length] not in self.known:
            return False
        _, mode, spaces = self.known[units[i : i + length]]
        end = i + length
        crossed = [k for k in range(i + 1, end) if k in starts]
        if not (mode & ANYWHERE or i in starts):
            return False
        if any(k - i not in spaces for k in crossed):
            singles = i in starts and all(b - a == 1 for a, b in pairwise([i, *crossed, end]))
            if not (singles and (end in starts or length > 2)):
                return False
        if mode == WORD and end not in starts:
            rest = units[end : min(k for k in starts if k > end)]
            return rest in self.particles
        return True


def _row(value: int, kind: int, bits: int) -> int:
    hashed = ((value & _MASK) ^ (kind << 60)) * _M1 & _MASK
    return ((hashed ^ (hashed >> 29)) * _M2 & _MASK) >> (64 - bits)


def features(words: list[str], hits: Counter[int], bits: int) -> list[int]:
    """The feature rows of a window, as often as they occur, sorted."""
    words = ["".join("0" if _is_digit(c) else c for c in word) for word in words]
    rows = []
    for word in words:
        codes = [ord(c) for c in word]
        for length in range(1, min(3, len(word)) + 1):
            rows.append(_row(sum(code << 20 * k for k, code in enumerate(reversed(codes[:length]))), 2, bits))
        if len(word) > 1:
            value = 0
            for code in codes:
                value = (value ^ code) * _M2 & _MASK
            rows.append(_row(value, 1, bits))
    units = "".join(words)
    codes, bodies = [0, 0, 0, *map(ord, units)], [0, 0, *map(_body, units)]
    for k in range(len(units)):
        a, b, c, unit = codes[k : k + 4]
        triple = b << 40 | c << 20 | unit
        x, y, body = bodies[k : k + 3]
        rows += [_row(c << 20 | unit, 3, bits), _row(triple, 4, bits), _row(a * _M2 & _MASK ^ triple, 5, bits)]
        rows.append(_row(x << 42 | y << 21 | body, 6, bits))
    for klass, count in hits.items():
        copies = kernel._COPIES if klass < len(CLASSES) else kernel._COPIES // 2
        rows += [_row(klass, 7, bits)] * (copies * min(count, 3))
    return sorted(rows)


# Initials and vowels that sound alike: the first of each group stands for all.
_ALIKE_INITIALS = ["ㄱㄲㅋ", "ㄴ", "ㄷㄸㅌ", "ㄹ", "ㅁ", "ㅂㅃㅍ", "ㅅㅆ", "ㅇ", "ㅈㅉㅊ", "ㅎ"]
_ALIKE_VOWELS = ["ㅏㅑ", "ㅐㅒㅔㅖㅙㅚㅞ", "ㅓㅕㅝ", "ㅗㅛㅘ", "ㅜㅠ", "ㅡ", "ㅣㅢㅟ"]


def _body(unit: str) -> int:
    """A number for the bare body of a syllable, and another one for any other unit."""
    if not _is_syllable(unit):
        return ord(unit) + 1024
    index = ord(unit) - 0xAC00
    initial = next(group[0] for group in _ALIKE_INITIALS if _INITIALS[index // 588] in group)
    vowel = next(group[0] for group in _ALIKE_VOWELS if _VOWELS[index // 28 % 21] in group)
    return _INITIALS.index(initial) * 32 + _VOWELS.index(vowel) + 1


def scores(
    text: str, terms: Terms, table: list[list[int]], scale: float, bias: float, least: float
) -> dict[str, float]:
    """The columns of `score` for a table of six columns that share a scale and a bias."""
    bits = len(table).bit_length() - 1
    weights, shares, means, highest, hits, number = PRIOR, 0.0, [0.0] * 6, 0.0, 0, 0
    for words, _, _ in windows(text, False):
        found = terms.hits(words)
        rows = features(words, found, bits)
        logits = [bias + scale * sum(table[row][k] for row in rows) / sqrt(len(rows)) for k in range(6)]
        p = [1 / (1 + exp(-min(max(logit, -30.0), 30.0))) for logit in logits]
        size = sum(map(len, words))
        weights += size
        shares += size * (p[0] >= least)
        means = [mean + size * q for mean, q in zip(means, p)]
        highest = max(highest, p[0])
        hits += sum(count for klass, count in found.items() if klass < len(CLASSES))
        number += 1
    means = [mean / weights for mean in means]
    return dict(zip(kernel.COLUMNS, [highest, shares / weights, *means, hits, number]))
