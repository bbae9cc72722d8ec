"""Linear classifiers: the trained weights, their small integers."""

import numpy as np
import pyarrow as pa
import pytest
from conftest import prose

from algok.classifiers.linear import Linear, sigmoid, softmax
from algok.classifiers.training.linear import fit, quantise, vectors

GOOD = [prose(number) for number in range(30)]
BAD = [f"최저가 할인 {number} 구매 문의\n" + "클릭 무료 쿠폰 이벤트\n" * 12 + f"상담 {number}" for number in range(30)]
WEIGHTS = (1.0, 0.4, 0.4)


def texts(values: list[str]) -> pa.Array:
    return pa.array(values, pa.large_string())


@pytest.fixture(scope="module")
def trained() -> tuple[np.ndarray, np.ndarray]:
    return fit(vectors(GOOD + BAD, 14, WEIGHTS), np.array([1] * 30 + [0] * 30), 10.0)


def test_vectors_have_the_length_of_their_groups():
    matrix = vectors([GOOD[0], ""], 14, WEIGHTS)
    assert matrix.shape == (2, 1 << 14)
    # √n features of weight w/√n each: the words' share of the squared length is 1, the others' 0.16
    assert matrix[0].multiply(matrix[0]).sum() == pytest.approx(1 + 2 * 0.16, abs=0.01)


def test_small_integers_say_what_the_weights_say(trained):
    table, bias = trained
    linear = quantise(table, bias, WEIGHTS)
    exact = vectors(GOOD + BAD, 14, WEIGHTS) @ table + bias
    assert np.abs(linear.logits(texts(GOOD + BAD)) - exact).max() < 0.02 * np.abs(exact).max()


def test_a_class_is_learnt(trained):
    linear = quantise(*trained, WEIGHTS)
    unseen = [prose(100), "쿠폰 할인 구매 무료\n" * 20]
    good, bad = sigmoid(linear.logits(texts(unseen)))[:, 0]
    assert good > 0.7 > 0.3 > bad


def test_several_classes():
    third = ["제1조(목적) 이 법은 국민의 권리를 정한다. " + str(number) for number in range(30)]
    table, bias = fit(vectors(GOOD + BAD + third, 14, WEIGHTS), np.repeat([0, 1, 2], 30), 10.0)
    linear = Linear(*(getattr(quantise(table, bias, WEIGHTS), name) for name in ("table", "scale", "bias", "weights")))
    answers = softmax(linear.logits(texts([prose(99), BAD[0], "제2조(정의) 이 법에서 쓰는 말의 뜻은 다음과 같다."])))
    assert answers.argmax(axis=1).tolist() == [0, 1, 2]
    assert answers.sum(axis=1) == pytest.approx(1)


def test_models_that_follow_each_other_on_a_batch_get_the_features_of_that_batch_only():
    rng = np.random.default_rng(5)
    tables = [Linear(rng.integers(-9, 9, (1 << 10, 2)).astype(np.int8), np.ones(2, np.float32), np.zeros(2, np.float32),
                     np.ones(3, np.float32)) for _ in range(2)]  # fmt: skip
    texts = pa.array(["천문대에서 강좌를 연다.", "항구의 등대", "봄 소풍 도시락"], pa.large_string())
    alone = [[table.logits(pa.array([text], pa.large_string()))[0] for text in texts.to_pylist()] for table in tables]
    for part in (texts, texts.slice(1), texts.slice(0, 2), texts):
        start = {3: 0, 2: part.offset}[len(part)]
        for table, expected in zip(tables, alone, strict=True):
            assert np.allclose(table.logits(part), expected[start : start + len(part)])
