"""Windows, undisguised spelling, lexicon matching and features, with a lexicon of a few terms."""

import time
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernels.reference import toxic as twin
from kernels.reference.jit import machine_code
from kernels.reference.texts import TEXTS

from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import (
    ANYWHERE,
    CLASSES,
    COLUMNS,
    LONGEST,
    MOST_UNITS,
    START,
    TERMS,
    WORD,
    compile_lexicon,
    pack,
    score,
    window_spans,
    windows,
)

BITS = 12
INSULT = CLASSES.index("insult")
_TERMS = [
    ("멍텅", INSULT, START),
    ("멍텅구리", -1, START),
    ("바보", INSULT, WORD),
    ("얼뜨", INSULT, ANYWHERE),
    ("얼간이", INSULT, START),
    ("ㅁㅌ", INSULT, ANYWHERE),
    ("뚱", INSULT, WORD),
    ("가짜_약", CLASSES.index("illegal"), START),
    ("허풍", TERMS.index("insult?"), ANYWHERE),
]
_PARTICLES = ["는", "들아", "이야"]
LEXICON = compile_lexicon(_TERMS, _PARTICLES)
PROSE = "봄이 오면 강가에는 버드나무가 먼저 잎을 낸다. 마을 사람들은 그 나무 아래에서 이야기한다. "


def scan(texts: list[str], whole: bool = False):
    return windows(*string_buffers(pa.array(texts, pa.large_string())), BITS, LEXICON, whole)


def hits(text: str) -> int:
    return int(scan([text], True)[3][:, : len(CLASSES)].sum())


def features(text: str) -> list[int]:
    return sorted(scan([text], True)[0].tolist())


@pytest.mark.parametrize(
    "text",
    [
        *(
            "멍텅",
            "멍텅이",
            "아 멍텅",
            "멍1텅",
            "멍.텅",
            "멍-텅",
            "멍^^텅",
            "멍*텅",
            "멍 텅",
            "멍\u200b텅",
            "멍\u00ad텅",
            "멍x텅",
        ),
        *(
            "ㅁㅓㅇㅌㅓㅇ",
            "멍ㅌㅓㅇ",
            "ㅁㅓㅇ텅",
            "머ㅇ텅",
            "멍ㅋ텅",
            unicodedata.normalize("NFD", "멍텅"),
            "「멍텅」",
            "(멍텅)",
        ),
        *("바보", "바보는", "바보들아", "바아보", "바아아보", "바보.", "뚱", "뚱이야", "안얼뜨기", "저ㅁㅌ", "ㅁ ㅌ"),
        *("가짜 약", "가짜약", "가짜 약을", "얼뜨얼뜨"),
    ],
)
def test_found(text: str) -> None:
    assert hits(text) >= 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "멍텅구리",
            "큰멍텅",
            "바보상자",
            "바보온달",
            "춤바보",
            "멍 텅빈",
            "멍\n텅빈",
            "멍.텅빈방",
            "뚱딴지",
            "가 짜약",
        ),
        *("얼음 뜨개", "멍 때리고 텅", "허풍", "멍\n\n그리고텅", "", " ", "\n"),
    ],
)
def test_not_found(text: str) -> None:
    assert hits(text) == 0


def test_a_weak_sign_is_a_feature_and_no_hit() -> None:
    found = scan(["허풍"])[3]
    assert found[0, TERMS.index("insult?")] == 1
    assert found[0, : len(CLASSES)].sum() == 0


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=12),
    st.sampled_from("\u200b\u200d\u00ad\ufeff\u3164\ufe0f"),
    st.integers(0, 11),
)
def test_invisible_characters_and_jamo_change_nothing(word: str, invisible: str, place: int) -> None:
    place = min(place, len(word))
    assert features(word[:place] + invisible + word[place:]) == features(word)
    assert features(unicodedata.normalize("NFD", word)) == features(word)


@settings(max_examples=100, deadline=None)
@given(st.text("abcXYZ0189 ", min_size=1, max_size=20))
def test_full_width_and_capitals_change_nothing(text: str) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) if c != " " else "\u3000" for c in text)
    assert features(wide) == features(text) == features(text.swapcase())


@settings(max_examples=150, deadline=None)
@given(
    st.text("가힣맣뷁", min_size=2, max_size=3),
    st.sampled_from(["1", "7", "^", "*", "@", "~~", "!", "x", "♡"]),
    st.data(),
)
def test_what_stands_between_syllables_changes_nothing(word: str, between: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(word) - 1))
    assert features(word[:place] + between + word[place:]) == features(word)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=5), st.booleans())
def test_windows_tile_what_they_cover(texts: list[str], whole: bool) -> None:
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    ids, ends, spans, _ = scan(texts, whole)
    assert (np.diff(np.concatenate([[0], ends])) > 0).all()
    assert len(ids) == (ends[-1] if len(ends) else 0)
    assert (ids < 1 << BITS).all()
    last = {}
    for document, start, end in spans.tolist():
        assert last.get(document, offsets[document]) <= start < end <= offsets[document + 1]
        bytes(data[start:end]).decode()  # windows never cut a character
        last[document] = end


def test_windows_end_with_sentences_and_lines() -> None:
    text = "하나 둘 셋 넷 다섯. 여섯 일곱.\n여덟\n아홉 열 열하나 열둘\n끝"
    data = text.encode()
    found = [data[start:end].decode().strip() for _, start, end in scan([text])[2].tolist()]
    assert found == ["하나 둘 셋 넷 다섯.", "여섯 일곱.\n여덟\n아홉 열 열하나 열둘", "끝"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_text_do_no_harm(raw: bytes) -> None:
    data = np.frombuffer(raw, np.uint8)
    offsets = np.array([0, len(raw)], np.int64)
    offsets.flags.writeable = False  # as those of Arrow are: no second compilation
    windows(data, offsets, BITS, LEXICON)


def scores(texts: list[str]) -> np.ndarray:
    table = (np.arange((1 << BITS) * 6) % 251 - 125).astype(np.int8).reshape(-1, 6)
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    return score(data, offsets, LEXICON, pack(table), np.full(6, 0.02), np.full(6, -0.5), 0.5)


def test_score_is_the_mean_over_windows() -> None:
    """Against the same sums in NumPy."""
    texts = [PROSE * 5 + "멍텅", "바보 " * 300, "", "끝"]
    table = (np.arange((1 << BITS) * 6) % 251 - 125).astype(np.int64).reshape(-1, 6)
    ids, ends, spans, found = scan(texts)
    starts = np.concatenate([[0], ends[:-1]])
    got = dict(zip(COLUMNS, scores(texts).T, strict=True))
    for document in range(len(texts)):
        rows = np.flatnonzero(spans[:, 0] == document)
        logits = [
            -0.5 + 0.02 * table[ids[a:b]].sum(0) / np.sqrt(b - a) for a, b in zip(starts[rows], ends[rows], strict=True)
        ]
        p = 1 / (1 + np.exp(-np.array(logits).reshape(-1, 6)))
        assert got["windows"][document] == len(rows)
        assert got["lexicon_hits"][document] == found[rows, : len(CLASSES)].sum()
        assert got["max"][document] == pytest.approx(p[:, 0].max(initial=0))
        if len(rows):
            assert p[:, 0].min() * 0.01 < got["mean"][document] < p[:, 0].max()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=4))
def test_scores_are_shares(texts: list[str]) -> None:
    got = dict(zip(COLUMNS, scores(texts).T, strict=True))
    for name in ("max", "share", "mean", *CLASSES):
        assert (got[name] >= 0).all() and (got[name] <= 1).all()


@machine_code
@pytest.mark.parametrize(
    "unit",
    ["가", "ㅅ", "ㅣ", "1", "a", "!", ".", "멍.", "멍1", "\u200b", "아", "멍 ", "가\n", "ㅁㅓ", "🙂", "(", "멍텅"],
)
def test_hostile_documents_take_linear_time(unit: str) -> None:
    def seconds(times: int) -> float:
        texts = [unit * times]
        scores(texts)
        start = time.process_time()
        scores(texts)
        return time.process_time() - start

    small, large = seconds(50_000), seconds(500_000)
    assert large < 40 * small + 0.2
    assert scan([unit * 50_000])[1].size <= 50_000


def test_a_term_may_not_be_too_long() -> None:
    with pytest.raises(ValueError, match="1 to"):
        compile_lexicon([("가" * (LONGEST + 1), 0, START)], [])
    with pytest.raises(ValueError, match="1 to"):
        compile_lexicon([("", 0, START)], [])


def test_longest_term_and_longest_window() -> None:
    lexicon = compile_lexicon([("나다라마바사어자차카타파하거", 0, START)], [])
    data, offsets = string_buffers(pa.array(["나다라마바사어자차카타파하거"], pa.large_string()))
    assert windows(data, offsets, BITS, lexicon)[3].sum() == 1
    _, _, spans, _ = scan(["한글" * MOST_UNITS], True)
    assert len(spans) > 1


# Disguised and plain words of the lexicon, whole and in pieces.
_DISGUISES = (
    "멍 텅 구 리 멍텅 멍텅구리 바보 바보는 바아보 바보상자 얼뜨 얼 뜨 간 이는 얼간이 ㅁㅌ ㅁ ㅌ 뚱 뚱이야 "
    "가짜 약 가짜약 허풍 허 풍 ㅓ ㅇ ㅣ ㄹ 시 씨 8 1 l ! . .. - * ^ ( ) ㅋ 아 이 i | x é 漢 。 … ? "
    "가나다라마바사아자차 \u200b \xad ﾤ ￂ Ａ ． \u1106 \u1165 \u11bc"
)
_PIECES = st.lists(st.sampled_from([*_DISGUISES.split(), " ", " ", "\n"]), max_size=40).map("".join)
# Between the half-width vowels are places without a character, which the kernel reads as vowels too.
_UNASSIGNED = dict.fromkeys([0xFFBF, 0xFFC0, 0xFFC1, 0xFFC8, 0xFFC9, 0xFFD0, 0xFFD1, 0xFFD8, 0xFFD9])


@settings(max_examples=800)
@example("얼 간 이는 아이에게 얼 간이 얼 간 이 멍 텅", True)
@given(st.one_of(_PIECES, _PIECES, TEXTS), st.booleans())
def test_windows_are_those_of_the_plain_twin(text: str, whole: bool) -> None:
    text = text.translate(_UNASSIGNED)
    ids, ends, spans, found = scan([text], whole)
    terms, expected = twin.Terms(_TERMS, _PARTICLES), list(twin.windows(text, whole))
    assert spans[:, 1:].tolist() == [[window.start, window.end] for window in expected]
    for number, window in enumerate(expected):
        hits = terms.hits(window.words)
        assert found[number].tolist() == [hits[klass] for klass in range(len(TERMS))]
        rows = ids[ends[number - 1] if number else 0 : ends[number]]
        assert sorted(rows.tolist()) == twin.features(window.words, hits, BITS)


@settings(max_examples=200)
@given(st.lists(st.one_of(_PIECES, TEXTS), max_size=3))
def test_spans_with_their_units_are_those_of_the_plain_twin(texts: list[str]) -> None:
    texts = [text.translate(_UNASSIGNED) for text in texts]
    expected = [
        [document, window.start, window.end, len("".join(window.words))]
        for document, text in enumerate(texts)
        for window in twin.windows(text, False)
    ]
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    for row in expected:
        row[1:3] = [place + int(offsets[row[0]]) for place in row[1:3]]
    assert window_spans(data, offsets).tolist() == expected


@settings(max_examples=50)
@given(st.lists(st.one_of(_PIECES, TEXTS), min_size=10, max_size=30).map(" ".join), st.sampled_from(["", " "]))
def test_long_windows_and_words_are_those_of_the_plain_twin(text: str, blank: str) -> None:
    text = text.translate(_UNASSIGNED).replace(" ", blank).replace("\n", blank)
    spans = scan([text], True)[2]
    assert spans[:, 1:].tolist() == [[window.start, window.end] for window in twin.windows(text, True)]


@settings(max_examples=100)
@given(st.one_of(_PIECES, TEXTS))
def test_scores_are_those_of_the_plain_twin(text: str) -> None:
    text = text.translate(_UNASSIGNED)
    table = (np.arange((1 << BITS) * 6) % 251 - 125).reshape(-1, 6).tolist()
    expected = twin.scores(text, twin.Terms(_TERMS, _PARTICLES), table, 0.02, -0.5, 0.5)
    assert dict(zip(COLUMNS, scores([text])[0].tolist(), strict=True)) == pytest.approx(expected)


def test_the_example_of_the_module_is_what_it_says() -> None:
    lexicon = compile_lexicon([("바보", INSULT, WORD)], ["야"])
    data, offsets = string_buffers(pa.array(["바1보야 하하하하"], pa.large_string()))
    _, ends, spans, found = windows(data, offsets, BITS, lexicon)
    assert (ends.tolist(), spans.tolist(), found.sum(), found[0, INSULT]) == ([35], [[0, 0, 23]], 1, 1)
    zeros = pack(np.zeros((1 << BITS, 6), np.int8))
    got = dict(
        zip(COLUMNS, score(data, offsets, lexicon, zeros, np.full(6, 0.02), np.full(6, -2.0), 0.5)[0], strict=True)
    )
    assert got["max"] == pytest.approx(0.119, abs=1e-3) and got["mean"] == pytest.approx(got["max"] * 5 / 15)
