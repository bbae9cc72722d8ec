"""Training of the quality model."""

import numpy as np
import pyarrow as pa
from conftest import prose

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.quality import QualityModel
from algok.classifiers.store import open_model
from algok.classifiers.training.quality import _calibrate, train_quality

GOOD = [prose(number) for number in range(30)]
BAD = [f"최저가 할인 {number} 구매 문의\n" + "클릭 무료 쿠폰 이벤트\n" * 12 + f"상담 {number}" for number in range(30)]


def test_quality_is_trained_twice_to_the_same_model(tmp_path):
    examples = Examples()
    for number, (good, bad) in enumerate(zip(GOOD, BAD, strict=True)):
        examples.add(good, (1, 3 + number % 3), f"host{number % 10}")
        examples.add(bad, (0, number % 2), f"shop{number % 10}")
    first = train_quality(examples, tmp_path / "a")
    second = train_quality(examples, tmp_path / "b")
    assert first.digest == second.digest
    assert first.metrics["cross-validation"]["keep AUC"] > 0.95
    keep, level = QualityModel(open_model(str(tmp_path / "a"), "quality")).probabilities(
        pa.array([prose(200), BAD[3]], pa.large_string())
    )
    assert keep[0] > 0.7 > 0.3 > keep[1]
    assert 0 <= level[1] < level[0] <= 5


def test_a_calibration_never_turns_the_answers_round():
    """With a handful of groups, a fold may see one answer only, and order what it left out the wrong way round."""
    keep, unknown, weights = np.array([1.0, 0.0] * 10), np.full(20, np.nan), np.ones(20)
    wrong = np.zeros((20, 6), np.float32)
    wrong[:, 0] = np.where(keep == 1, -2, 2)
    assert _calibrate(wrong, keep, unknown, weights)[0] == [1.0, 0.0]
    assert _calibrate(-wrong, keep, unknown, weights)[0][0] > 0
