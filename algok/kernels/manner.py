"""How a text is written: counts of the shapes of lines, of endings of sentences and of marks, for every document of a batch.

`COUNTS` names them in their order. A line is what stands between breaks, without space at its ends, if anything is left; its
length is in characters. Pairs of syllables count wherever they stand, so a word counts with every particle. Only the first
READ characters are looked at.
"""

import numpy as np

from algok.kernels import allocating_kernel, kernel

READ = 6000
COUNTS = (
    # lines: all, under 12 characters, under 25, over 100; characters in those over 60; by their last character
    "lines", "short", "shortish", "long", "in_long", "end_stop", "end_colon", "end_bracket", "end_digit",
    # lines that begin with a bullet or number, with a name and a colon, with Q or A; without Hangul; the longest
    "bullets", "speakers", "questions", "foreign", "longest",
    "chars", "hangul", "latin", "digits", "points", "words",
    # Hangul before . ! ?; the same after 다; 니다; 요 at a word's end; past tense; 음 함 임 됨 것 at a line's end
    "stops", "da", "nida", "yo", "past", "nouns",
    "asked", "called", "laughs", "tildes", "quotes", "titles", "code", "hashes", "addresses",
    "dates", "prices", "times", "articles_of_law",
)  # fmt: skip
# Counted pairs of syllables, a count for each group: speaker, reader, trade, praise, report, research, petition, page, method,
# day, notice.
PAIRS = (
    "나는 내가 나의 나도 저는 제가",
    "우리",
    "세요 시오 바랍",
    "문의 전화 상담 예약 신청",
    "할인 무료 벤트 추천 최저 보장 특가",
    "말했 밝혔 전했 라고 기자",
    "연구 논문 분석 결과",
    "청원 국민",
    "태그 카테 목록 댓글 조회 작성",
    "보자 방법 설정 설치",
    "오늘 어제 요즘 생각",
    "공지 안내 모집 소개",
)
_AT = {name: k for k, name in enumerate(COUNTS)}
_LINES, _SHORT, _SHORTISH, _LONG, _IN_LONG, _END_STOP, _END_COLON, _END_BRACKET, _END_DIGIT = range(9)
_BULLETS, _SPEAKERS, _QUESTIONS, _FOREIGN, _LONGEST = range(9, 14)
_CHARS, _HANGUL, _LATIN, _DIGITS, _POINTS, _WORDS = range(14, 20)
_STOPS, _DA, _NIDA, _YO, _PAST, _NOUNS = range(20, 26)
_DATES, _PRICES, _TIMES, _LAW = range(35, 39)

# A class for every character of the BMP: 1 space, 2 break, and from 3 on the count that it adds to (26 asked …).
_SPACE, _BREAK = 1, 2
_PAST_SYLLABLES = np.array([ord(c) for c in "았었였했갔왔됐"], np.uint32)
_NOUN_SYLLABLES = np.array([ord(c) for c in "음함임됨것"], np.uint32)
_BULLET_MARKS = np.array([ord(c) for c in "-*•·□■▶○●◦"], np.uint32)


def _marks() -> np.ndarray:
    marks = np.zeros(1 << 16, np.uint8)
    marks[[9, 13, 32, 0xA0, 0x3000]] = _SPACE
    marks[10] = _BREAK
    for name, characters in (
        ("points", ".,"), ("asked", "?"), ("called", "!"), ("laughs", "ㅋㅎㅠㅜ"), ("tildes", "~"), ("quotes", "\"'“”‘’"),
        ("titles", "「『《〈"), ("code", "{};=<>"), ("hashes", "#"), ("addresses", "@"),
    ):  # fmt: skip
        for character in characters:
            marks[ord(character)] = _AT[name]
    return marks


def _pairs() -> np.ndarray:
    """For 8,192 slots of mixed pairs: the pair (first · 65536 + second) and its group."""
    table = np.zeros((1 << 13, 2), np.uint64)
    for group, words in enumerate(PAIRS):
        for word in words.split():
            pair = ord(word[0]) << 16 | ord(word[1])
            slot = pair * 0x9E3779B1 % (1 << 32) >> 19
            while table[slot, 0]:
                slot = slot + 1 & (1 << 13) - 1
            table[slot] = pair, group
    return table


_MARKS, _PAIRS = _marks(), _pairs()


@kernel
def _decoded(data, start, end, codes):
    """The first characters of a document; U+FFFD for one beyond the BMP. Gives their number."""
    n, i = 0, start
    while i < end and n < len(codes):
        byte = data[i]
        if byte < 0x80:
            codes[n] = byte
            i += 1
        elif byte < 0xE0 and i + 1 < end:
            codes[n] = (np.uint32(byte & 0x1F) << np.uint32(6)) | np.uint32(data[i + 1] & 0x3F)
            i += 2
        elif byte < 0xF0 and i + 2 < end:
            codes[n] = (
                (np.uint32(byte & 0x0F) << np.uint32(12))
                | (np.uint32(data[i + 1] & 0x3F) << np.uint32(6))
                | np.uint32(data[i + 2] & 0x3F)
            )
            i += 3
        else:
            codes[n] = 0xFFFD
            i += 4
        n += 1
    return n


@kernel
def _is_hangul(code):
    return 0xAC00 <= code <= 0xD7A3


@kernel
def _is_digit(code):
    return 48 <= code <= 57


@kernel
def _one_of(code, codes):
    for other in codes:  # noqa: SIM110  # numba knows no generators
        if code == other:
            return True
    return False


@kernel
def _line(codes, first, last, noun_syllables, bullet_marks, out):
    """Counts a line from its first character to its last."""
    length = last - first + 1
    out[_LINES] += 1
    out[_SHORT] += length < 12
    out[_SHORTISH] += length < 25
    out[_LONG] += length > 100
    if length > 60:
        out[_IN_LONG] += length
    out[_LONGEST] = max(out[_LONGEST], length)
    end = codes[last]
    out[_END_STOP] += end == 46 or end == 33 or end == 63
    out[_END_COLON] += end == 58
    out[_END_BRACKET] += end == 41
    out[_END_DIGIT] += _is_digit(end)
    before = last - 1 if end == 46 and last > first else last
    out[_NOUNS] += _one_of(codes[before], noun_syllables)
    head = codes[first]
    i = first
    while i < last and i < first + 3 and _is_digit(codes[i]):
        i += 1
    numbered = i > first and (codes[i] == 46 or codes[i] == 41)
    out[_BULLETS] += numbered or _one_of(head, bullet_marks)
    out[_QUESTIONS] += (head == 81 or head == 65) and length > 1 and (codes[first + 1] == 46 or codes[first + 1] == 58)
    foreign = True
    for j in range(first, last + 1):
        if _is_hangul(codes[j]):
            foreign = False
            break
    out[_FOREIGN] += foreign
    for j in range(first, min(last, first + 12)):
        if codes[j] == 58:
            out[_SPEAKERS] += j > first and codes[j + 1] == 32 and not _is_digit(codes[j - 1])
            break


@kernel
def _characters(codes, n, marks, pairs, past_syllables, out):
    previous, kind_before = np.uint32(10), _BREAK
    for i in range(n):
        code = codes[i]
        kind = marks[code]
        following = codes[i + 1] if i + 1 < n else np.uint32(10)
        if kind > _BREAK:
            out[kind] += 1
        if kind != _SPACE and kind != _BREAK and kind_before <= _BREAK and kind_before > 0:
            out[_WORDS] += 1
        kind_before = kind
        if _is_hangul(code):
            out[_HANGUL] += 1
            stop = following == 46 or following == 33 or following == 63
            out[_STOPS] += stop
            if code == 0xB2E4:  # 다
                out[_DA] += stop
                out[_NIDA] += previous == 0xB2C8  # 니
                out[_PAST] += _one_of(previous, past_syllables)
            elif code == 0xC694:  # 요
                out[_YO] += not _is_hangul(following)
            if _is_hangul(previous):
                pair = np.uint64(previous) << np.uint64(16) | np.uint64(code)
                slot = (pair * np.uint64(0x9E3779B1) & np.uint64(0xFFFFFFFF)) >> np.uint64(19)
                while pairs[slot, 0]:
                    if pairs[slot, 0] == pair:
                        out[39 + pairs[slot, 1]] += 1
                        break
                    slot = (slot + np.uint64(1)) & np.uint64((1 << 13) - 1)
        elif 65 <= code <= 90 or 97 <= code <= 122:
            out[_LATIN] += 1
        elif _is_digit(code):
            out[_DIGITS] += 1
            out[_LAW] += previous == 0xC81C  # 제
            after = codes[i + 2] if i + 2 < n else np.uint32(10)
            out[_PRICES] += following == 0xC6D0 or (following == 32 and after == 0xC6D0)  # 원
            out[_TIMES] += following == 58 and _is_digit(after)
            dated = following == 45 or following == 46 or following == 47 or following == 0xB144  # - . / 년
            if dated and i >= 3:
                out[_DATES] += _is_digit(codes[i - 1]) and _is_digit(codes[i - 2]) and _is_digit(codes[i - 3])
        previous = code


@allocating_kernel
def _counts(data, offsets, marks, pairs, past_syllables, noun_syllables, bullet_marks, out):
    codes = np.empty(READ, np.uint32)
    for d in range(len(offsets) - 1):
        n = _decoded(data, offsets[d], offsets[d + 1], codes)
        row = out[d]
        row[_CHARS] = n
        _characters(codes, n, marks, pairs, past_syllables, row)
        first, last = -1, -1
        for i in range(n + 1):
            kind = marks[codes[i]] if i < n else _BREAK
            if kind == _BREAK:
                if first >= 0:
                    _line(codes, first, last, noun_syllables, bullet_marks, row)
                first = -1
            elif kind != _SPACE:
                if first < 0:
                    first = i
                last = i


def counts(data: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """int64, documents × (COUNTS, then PAIRS)."""
    out = np.zeros((len(offsets) - 1, len(COUNTS) + len(PAIRS)), np.int64)
    _counts(data, offsets, _MARKS, _PAIRS, _PAST_SYLLABLES, _NOUN_SYLLABLES, _BULLET_MARKS, out)
    return out
