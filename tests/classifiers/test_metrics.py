"""The figures agree with scikit-learn's and scipy's, and are None where they mean nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.classifiers.metrics import (
    auc,
    balanced_accuracy_interval,
    binary,
    calibration,
    multiclass,
    ranks,
    resamples,
    spearman,
)

PAIRS = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=60)


def columns(rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([truth for truth, _ in rows], bool), np.array([score for _, score in rows], float)


@given(PAIRS)
def test_binary_figures_are_scikit_learns(rows):
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra train")
    truth, scores = columns(rows)
    said = scores >= 3
    figures = binary(truth, said)
    table = metrics.confusion_matrix(truth, said, labels=[True, False])
    assert [figures[k] for k in ("true_positive", "false_negative")] == table[0].tolist()
    assert [figures[k] for k in ("false_positive", "true_negative")] == table[1].tolist()
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    for name, function in (("precision", metrics.precision_score), ("recall", metrics.recall_score)):
        if figures[name] is not None:
            assert figures[name] == pytest.approx(function(truth, said))
    if figures["f1"] is not None:
        assert figures["f1"] == pytest.approx(metrics.f1_score(truth, said))
    if len(set(truth)) == 2:
        assert figures["balanced_accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, said))
    else:
        assert figures["balanced_accuracy"] is None


@given(PAIRS)
def test_auc_with_ties_is_scikit_learns(rows):
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra train")
    truth, scores = columns(rows)
    if len(set(truth)) == 2:
        assert auc(truth, scores) == pytest.approx(metrics.roc_auc_score(truth, scores))
    else:
        assert auc(truth, scores) is None


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40))
def test_ranks_and_spearman_are_scipys(rows):
    stats = pytest.importorskip("scipy.stats", reason="needs the extra train")
    first, second = np.array(rows, float).T
    assert ranks(first).tolist() == stats.rankdata(first).tolist()
    found = spearman(first, second)
    if len(set(first)) > 1 and len(set(second)) > 1:
        assert found == pytest.approx(stats.spearmanr(first, second).statistic)
    else:
        assert found is None


@given(st.lists(st.tuples(st.sampled_from("가나다"), st.sampled_from("가나다라")), min_size=1, max_size=60))
def test_multiclass_figures_are_scikit_learns(rows):
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra train")
    truth, said = [a for a, _ in rows], [b for _, b in rows]
    figures = multiclass(truth, said)
    labels = sorted(set(truth))
    assert figures["accuracy"] == pytest.approx(metrics.accuracy_score(truth, said))
    wanted = metrics.f1_score(truth, said, labels=labels, average="macro", zero_division=0)
    assert figures["macro_f1"] == pytest.approx(wanted)
    assert sum(pair["documents"] for pair in figures["confusions"]) == sum(a != b for a, b in rows)
    assert sum(row["documents"] for row in figures["classes"].values()) == len(rows)


def test_commonest_confusions_come_first_and_ties_by_name():
    truth, said = list("가가나다다"), list("나나가라가")
    pairs = [(row["truth"], row["predicted"], row["documents"]) for row in multiclass(truth, said)["confusions"]]
    assert pairs == [("가", "나", 2), ("나", "가", 1), ("다", "가", 1), ("다", "라", 1)]


def test_calibration_by_hand():
    truth = np.array([False, True, True, True])
    figures = calibration(truth, np.array([0.05, 0.15, 0.95, 1.0]))
    assert [(row["from"], row["documents"], row["observed"]) for row in figures["bins"]] == [
        (0.0, 1, 0.0),
        (0.1, 1, 1.0),
        (0.9, 2, 1.0),
    ]
    assert figures["ece"] == pytest.approx((0.05 + 0.85 + 2 * 0.025) / 4)
    assert figures["brier"] == pytest.approx((0.05**2 + 0.85**2 + 0.05**2) / 4)


def test_a_sure_and_right_model_is_calibrated():
    truth = np.arange(100) % 2 == 0
    assert calibration(truth, truth.astype(float))["ece"] == 0
    assert calibration(truth, np.full(100, 0.5))["ece"] == 0
    assert calibration(truth, 1 - truth.astype(float))["ece"] == 1


def test_nothing_to_measure_gives_none():
    none = np.zeros(0, bool)
    assert binary(none, none)["accuracy"] is None
    assert calibration(none, np.zeros(0))["ece"] is None
    assert multiclass([], [])["macro_f1"] is None
    assert balanced_accuracy_interval(np.ones(4, bool), np.ones(4, bool), ["a", "b", "c", "d"]) is None


def test_resamples_draw_whole_groups_and_are_repeatable():
    groups = ["a"] * 3 + ["b"] * 2 + ["c"]
    first, again = list(resamples(groups, 20, seed=4)), list(resamples(groups, 20, seed=4))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    for weights in first:
        assert len(set(weights[:3])) == len(set(weights[3:5])) == 1
        assert weights[0] + weights[3] + weights[5] == 3
    assert len({tuple(weights) for weights in first}) > 5


def test_the_interval_holds_the_figure_and_is_wider_with_fewer_groups():
    chance = np.random.default_rng(0)
    truth = chance.random(400) < 0.5
    # Whole groups go wrong together, as sites do.
    wrong = np.repeat(chance.random(20) < 0.3, 20)
    said = truth ^ wrong
    by_group = balanced_accuracy_interval(truth, said, [str(row // 20) for row in range(400)])
    by_row = balanced_accuracy_interval(truth, said, [str(row) for row in range(400)])
    figure = binary(truth, said)["balanced_accuracy"]
    assert by_group[0] < figure < by_group[1] and by_row[0] < figure < by_row[1]
    assert by_group[1] - by_group[0] > 1.5 * (by_row[1] - by_row[0])
