"""Training end to end, small, where there is lmplz (on PATH, in $ALGOK_LMPLZ or built before); and the figures of the card."""

import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.classifiers.perplexity import PerplexityModel
from algok.classifiers.store import open_model
from algok.classifiers.training.lmplz import find_lmplz
from algok.classifiers.training.perplexity import _how_often_above, train_perplexity

STEMS = [
    "나무",
    "바다",
    "하늘",
    "사람",
    "학교",
    "도서관",
    "시장",
    "강물",
    "마을",
    "정부",
    "예산",
    "설정",
    "서버",
    "파일",
    "버스",
]


def sentence(chance: random.Random) -> str:
    """An order that holds: subject, place, object, verb."""
    a, b, c = (chance.choice(STEMS) for _ in range(3))
    return f"{a}에서는 {b}까지 {c}를 {chance.choice(['보았다.', '만들었다.', '좋아한다.'])}"


@pytest.mark.skipif(
    find_lmplz() is None, reason="no lmplz here: ALGOK_LMPLZ, PATH or `algok train perplexity` gives one"
)
def test_a_trained_model_tells_order_from_disorder_and_repeats(tmp_path: Path) -> None:
    chance = random.Random(0)
    texts = [" ".join(sentence(chance) for _ in range(12)) for _ in range(300)]
    one, two = (
        train_perplexity(
            texts[:250], [], texts[250:], tmp_path / name, held_out=texts[250:], prune=(0, 0, 0), noisy_prune=(0, 0, 0)
        )
        for name in ("one", "two")
    )
    assert one.digest == two.digest
    assert one.metrics["AUC of coherence on held-out prose"]["shuffled"] > 0.99
    model = PerplexityModel(open_model(str(tmp_path / "one"), "perplexity"))
    mixed = [text.split() for text in texts[250:]]
    for eojeol in mixed:
        chance.shuffle(eojeol)
    real = model.scores(pa.array(texts[250:], pa.large_string()))
    broken = model.scores(pa.array([" ".join(eojeol) for eojeol in mixed], pa.large_string()))
    assert real["coherence"].min() > broken["coherence"].max()
    assert real["noise"].max() < broken["noise"].min()
    assert sorted(set(model.bucket(real["bits_per_char"]).tolist())) == [0, 1, 2]


SCORES = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, float("nan")]), max_size=12)


@given(SCORES, SCORES)
def test_texts_without_a_score_have_no_part_in_how_often_real_stands_above_broken(real, broken):
    pairs = [(a > b) + (a == b) / 2 for a in real for b in broken if a == a and b == b]
    found = _how_often_above(np.array(real), np.array(broken))
    assert found is None if not pairs else found == pytest.approx(np.mean(pairs), abs=1e-4)
