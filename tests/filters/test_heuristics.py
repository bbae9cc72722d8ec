"""The step's signals: ranges, nulls, and what its default bounds keep and drop."""

import unicodedata
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.filters.heuristics import Heuristics, _lexicon

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"

PROSE = (
    "봄이 오면 강가에는 버드나무가 먼저 잎을 낸다. 마을 사람들은 그 나무 아래에서 한 해의 농사를 이야기하고, "
    "아이들은 물수제비를 뜨며 논다. 올해는 비가 늦게 와서 모내기도 보름쯤 늦었다. 그래도 논에 물이 차고 나니 "
    "모두 마음을 놓았다. 저녁이 되면 집집마다 연기가 오르고 된장 끓는 냄새가 골목을 채운다."
)
MENU = (
    "홈\n로그인\n회원가입\n장바구니\n고객센터\n공지사항\n이용약관\n개인정보처리방침\n사이트맵\n전체보기\n이전글\n다음글"
)
TAGS = "강릉맛집 강릉여행 강릉카페 바다뷰 데이트코스 가족여행 국내여행 주말산책 맛집추천 카페투어 여행스타그램 " * 4
TIMETABLE = "\n".join(f"{hour:02}:20 {hour + 1:02}:30 우등 9,100" for hour in range(6, 20))
SPAM = PROSE + " 토토사이트 추천은 먹튀검증 업체에서. 온라인카지노 가입쿠폰, 꽁머니를 드립니다."
SPACED = " ".join("봄이오면강가에는버드나무가먼저잎을낸다마을사람들은그나무아래에서농사를이야기한다") + "."


def compute(texts: list[str]) -> dict[str, list]:
    columns = Heuristics().compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    return {name: column.to_pylist() for name, column in columns.items()}


def broken(text: str) -> set[str]:
    row = compute([text])
    out = set()
    for name, bound in Heuristics.default_bounds.items():
        value = row[name][0]
        low = bound.min is not None and value is not None and value < bound.min
        if low or (bound.max is not None and value is not None and value > bound.max):
            out.add(name)
    return out


def check_ranges(texts: list[str]) -> None:
    columns = Heuristics().compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    assert list(columns) == [signal.name for signal in Heuristics.signals]
    for signal in Heuristics.signals:
        column = columns[signal.name]
        assert (column.type, len(column)) == (signal.type, len(texts))
        values = column.drop_null().to_numpy()
        assert (values >= 0).all(), signal.name
        if signal.unit == "ratio":
            assert (values <= 1).all(), signal.name


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_text_gives_values_in_range(texts: list[str]) -> None:
    check_ranges(texts)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([*PROSE.split(), "\n", "ㅋㅋㅋㅋㅋㅋ", "http://a.kr/b,c|d", "#태그", ",,,,,,", "..."]),
        max_size=200,
    )
)
def test_webby_text_gives_values_in_range(words: list[str]) -> None:
    check_ranges([" ".join(words)])


@pytest.mark.parametrize(
    "text", ["", " ", "\n\n \t\n", "\u3164", "가", "🙂" * 50, "ไทย" * 40, "مرحبا " * 40, "가" * 10_000_000]
)
def test_odd_documents(text: str) -> None:
    check_ranges([text])


def test_undefined_ratios_are_null() -> None:
    row = compute([""])
    assert all(row[s.name][0] == (0 if s.unit == "count" else None) for s in Heuristics.signals)
    short = compute(["오늘은 비가 온다."])
    assert short["top_2gram_ratio"] == short["dup_line_ratio"] == short["type_token_ratio"] == [None]
    assert short["hangul_ratio"][0] == pytest.approx(7 / 8)


def test_composition_does_not_matter() -> None:
    assert compute([unicodedata.normalize("NFD", PROSE)]) == compute([PROSE])


def test_values() -> None:
    row = compute([PROSE + "\n" + PROSE])
    assert row["lines"] == [2]
    assert row["sentences"] == [10]
    assert row["prose_ratio"] == [1.0]
    assert row["dup_5gram_ratio"][0] == row["dup_10gram_ratio"][0] == pytest.approx(0.5)
    assert row["hapax_ratio"] == [0.0]
    assert 0.5 < row["ending_ratio"][0] < 0.9


def test_sliced_and_string_columns() -> None:
    texts = ["무시", PROSE, MENU, "무시"]
    array = pa.array(texts, pa.string())
    whole = Heuristics().compute(pa.RecordBatch.from_pydict({"text": array.slice(1, 2)}))
    assert {name: column.to_pylist() for name, column in whole.items()} == compute([PROSE, MENU])


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        (MENU, "prose_eojeol"),
        (MENU, "boilerplate_ratio"),
        (MENU, "short_line_ratio"),
        (TAGS, "prose_eojeol"),
        (TAGS, "ending_ratio"),
        (TIMETABLE, "digit_ratio"),
        (TIMETABLE, "prose_ratio"),
        (SPAM, "spam_ratio"),
        (SPACED, "eojeol_length"),
        ("\n".join([PROSE] * 4), "dup_10gram_ratio"),
        ("中文文本测试内容。" * 30, "hangul_ratio"),
        ("ㅋㅋㅋㅋㅋㅋ " * 30 + PROSE[:40], "jamo_ratio"),
        ("한국의 " * 60 + PROSE, "top_stem_ratio"),
    ],
)
def test_bad_documents_break_their_bound(text: str, signal: str) -> None:
    assert signal in broken(text)


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        PROSE.replace(". ", ".\n"),
        PROSE.replace(".", ""),
        "## 제목\n\n" + PROSE + "\n\n- 첫째 항목\n- 둘째 항목",
        PROSE + "\n로그인 회원가입",
        PROSE + " 디자인이 새로운 도박 중독 예방 상담 창구를 소개하는 기사이다.",
    ],
)
def test_good_documents_break_none(text: str) -> None:
    assert broken(text) == set()


def test_lexicons_are_sorted_out() -> None:
    assert not set(_lexicon("boilerplate.txt")) & set(_lexicon("spam.txt"))
    for name in ("boilerplate.txt", "spam.txt"):
        phrases = _lexicon(name)
        assert len(phrases) == len(set(phrases))
        assert all(1 <= len(phrase.split()) <= 4 for phrase in phrases)
    endings = [line.split("\t") for line in _lexicon("endings.tsv")]
    assert all(1 <= len(suffix) <= 3 and marks in ("e", "s", "es") for suffix, marks in endings)
    assert all("가" <= syllable <= "힣" for suffix, _ in endings for syllable in suffix)


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
@pytest.mark.parametrize(
    "name", ["domain/wikinews_ko", "domain/fairytales", "clean/python_docs_ko", "domain/law_statutes"]
)
def test_prose_is_kept(name: str) -> None:
    with pa.CompressedInputStream(pa.OSFile(str(DATA / f"{name}.jsonl.zst")), "zstd") as stream:
        texts = [orjson.loads(line)["text"] for line in stream.read().splitlines()]
    columns = Heuristics().compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    out = np.zeros(len(texts), bool)
    for signal, bound in Heuristics.default_bounds.items():
        values = columns[signal].to_numpy(zero_copy_only=False).astype(float)
        out |= (values < (-np.inf if bound.min is None else bound.min)) | (values > (bound.max or np.inf))
    assert 1 - out.mean() >= 0.97
