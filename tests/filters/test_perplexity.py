"""The perplexity step with the shipped model: what is damaged scores as damaged, whatever the domain."""

import random
import time

import numpy as np
import pyarrow as pa
import pytest

from algok.classifiers.perplexity import LEAST_PIECES
from algok.errors import ModelError
from algok.filters.perplexity import Perplexity
from algok.step import Bound

TEXTS = [
    "봄이 오면 강가에는 버드나무가 먼저 잎을 낸다. 마을 사람들은 그 나무 아래에서 한 해의 농사를 이야기하고, 아이들은 "
    "물수제비를 뜨며 논다. 올해는 비가 늦게 와서 모내기도 보름쯤 늦었다. 그래도 논에 물이 차고 나니 모두 마음을 놓았다.",
    "설정 파일을 바꾼 뒤에는 서버를 다시 시작해야 한다. 명령을 실행하면 현재 디렉터리에 있는 설정을 읽고, 값이 없으면 "
    "기본값을 사용한다. 오류가 나면 로그 파일을 먼저 확인하고, 포트가 이미 사용 중인지 살펴보는 것이 좋다.",
    "정부는 오늘 국무회의를 열고 내년 예산안을 의결했다고 밝혔다. 이번 예산안은 올해보다 3퍼센트 늘어난 규모로, 복지와 교육 "
    "분야에 가장 많은 돈이 쓰인다. 야당은 재정 적자가 커질 수 있다며 국회에서 꼼꼼히 따져 보겠다고 말했다.",
    "어제 친구랑 오랜만에 만나서 저녁을 먹었는데 생각보다 너무 맛있어서 깜짝 놀랐어요. 다음에 또 가고 싶은데 주말에는 사람이 "
    "많아서 예약을 꼭 해야 한대요. 집에 오는 길에 비가 와서 우산도 없이 뛰었지만 그래도 기분은 좋았습니다.",
]
STEP = Perplexity()


def scores(texts: list[str], step: Perplexity = STEP) -> list[dict]:
    return pa.table(step.compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))).to_pylist()


def shuffled(text: str) -> str:
    eojeol = text.split()
    random.Random(1).shuffle(eojeol)
    return " ".join(eojeol)


DAMAGE = {
    "shuffled": shuffled,
    "CP949 as Latin-1": lambda text: text.encode("cp949").decode("latin-1"),
    "UTF-8 as CP949": lambda text: text.encode().decode("cp949", "replace"),
    "keywords": lambda text: " ".join(
        random.Random(2).choices(["대출", "추천", "사이트", "가격", "할인", "순위", "무료"], k=60)
    ),
    "lost spaces": lambda text: text.replace(" ", ""),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_prose_is_less_coherent_than_any_prose(kind: str) -> None:
    real, broken = scores(TEXTS), scores([DAMAGE[kind](text) for text in TEXTS])
    assert max(row["coherence"] for row in broken) < min(row["coherence"] for row in real)


def test_default_bounds_keep_prose_and_take_garbage() -> None:
    def kept(row: dict) -> bool:
        return all(_holds(bound, row[name]) for name, bound in STEP.default_bounds.items())

    assert all(kept(row) for row in scores(TEXTS))
    for kind in ("CP949 as Latin-1", "UTF-8 as CP949", "lost spaces", "keywords"):
        assert not any(kept(row) for row in scores([DAMAGE[kind](text) for text in TEXTS])), kind


def _holds(bound: Bound, value: float | None) -> bool:
    if value is None:
        return True
    return (bound.min is None or value >= bound.min) and (bound.max is None or value <= bound.max)


def test_a_half_damaged_document_shows_in_its_worst_window() -> None:
    text = " ".join(TEXTS)
    half = text[: len(text) // 2] + DAMAGE["lost spaces"](text[len(text) // 2 :])
    real, broken = scores([text, half])
    assert broken["worst_noise"] > 0 > real["worst_noise"]
    assert broken["noisy_ratio"] > real["noisy_ratio"]


def test_bits_per_char_do_not_depend_on_length_but_perplexity_is_their_measure_per_piece() -> None:
    once, often = scores([TEXTS[0], "\n".join([TEXTS[0]] * 50)])
    assert once["bits_per_char"] == pytest.approx(often["bits_per_char"], rel=0.05)
    assert 1 < once["perplexity"] < 1e6


def test_buckets_follow_bits_per_char() -> None:
    rows = scores([*TEXTS, *(kind(text) for kind in DAMAGE.values() for text in TEXTS)])
    ordered = [row["bucket"] for row in sorted(rows, key=lambda row: row["bits_per_char"])]
    assert ordered == sorted(ordered)
    assert set(ordered) <= {"head", "middle", "tail"}


def test_short_and_empty_documents_are_null() -> None:
    for row in scores(["", "짧은 글이다.", "\n \n", "네"]):
        assert set(row.values()) == {None}
    single = scores(["가나다라" * LEAST_PIECES])[0]  # one eojeol has no context
    assert single["context_gain"] is None
    assert single["coherence"] == pytest.approx(-single["noise"])


def test_rows_do_not_depend_on_their_neighbours() -> None:
    together = scores([*TEXTS, "", *TEXTS[::-1]])
    assert together == [scores([text])[0] for text in [*TEXTS, "", *TEXTS[::-1]]]


def test_layout_does_not_matter() -> None:
    assert scores([TEXTS[0].replace(". ", ".\n\n")]) == scores([TEXTS[0]])


def test_types_are_those_declared() -> None:
    out = STEP.compute(pa.RecordBatch.from_pydict({"text": pa.array(TEXTS, pa.large_string())}))
    assert {name: values.type for name, values in out.items()} == {signal.name: signal.type for signal in STEP.signals}


@pytest.mark.parametrize("text", ["가" * 1_000_000, "가 " * 500_000, "\x00" * 1_000_000, "ä" * 1_000_000])
def test_hostile_documents_are_linear_and_finite(text: str) -> None:
    scores([text[:100]])
    start = time.process_time()
    row = scores([text])[0]
    assert time.process_time() - start < 5
    assert all(np.isfinite(value) for value in row.values() if isinstance(value, float))


def test_another_kind_of_model_is_an_error() -> None:
    with pytest.raises(ModelError, match="kind 'tokenizer'"):
        Perplexity(Perplexity.Options(model="tokenizer"))
