"""Figures of classifiers in numpy, so that evaluation needs no training library. Undefined figures are None.

In a question with two answers the first argument is the truth (bool) and the positive answer is True.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np


def binary(truth: np.ndarray, predicted: np.ndarray) -> dict[str, Any]:
    """Counts of the confusion table, precision, recall, specificity (recall of False), F1, accuracy and balanced accuracy."""
    tp, fp = int(np.sum(truth & predicted)), int(np.sum(~truth & predicted))
    fn, tn = int(np.sum(truth & ~predicted)), int(np.sum(~truth & ~predicted))
    recall, specificity = _share(tp, tp + fn), _share(tn, tn + fp)
    balanced = None if recall is None or specificity is None else (recall + specificity) / 2
    return {
        "documents": len(truth),
        "true_positive": tp,
        "false_positive": fp,
        "false_negative": fn,
        "true_negative": tn,
        "precision": _share(tp, tp + fp),
        "recall": recall,
        "specificity": specificity,
        "f1": _share(2 * tp, 2 * tp + fp + fn),
        "accuracy": _share(tp + tn, len(truth)),
        "balanced_accuracy": balanced,
    }


def auc(truth: np.ndarray, scores: np.ndarray) -> float | None:
    """Area under the ROC curve: how often a True scores above a False, ties counting half (Mann–Whitney U by ranks)."""
    positive = int(truth.sum())
    negative = len(truth) - positive
    if not positive or not negative:
        return None
    u = ranks(scores)[truth].sum() - positive * (positive + 1) / 2
    return float(u / positive / negative)


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, the mean rank where values tie (float64)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def spearman(first: np.ndarray, second: np.ndarray) -> float | None:
    """Correlation of the ranks."""
    a, b = ranks(first), ranks(second)
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def calibration(truth: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> dict[str, Any]:
    """Reliability in `bins` equal intervals of [0, 1]: documents, mean probability and observed share of each that has
    any; `ece`, the mean distance of the two weighted by documents (expected calibration error); `brier`, the mean
    squared error."""
    place = np.minimum((np.clip(probabilities, 0, 1) * bins).astype(int), bins - 1)
    rows, distance = [], 0.0
    for index in np.unique(place).tolist():
        inside = place == index
        mean, share = float(probabilities[inside].mean()), float(truth[inside].mean())
        distance += int(inside.sum()) * abs(mean - share)
        interval = {"from": index / bins, "to": (index + 1) / bins}
        rows.append({**interval, "documents": int(inside.sum()), "mean_probability": mean, "observed": share})
    n = len(truth)
    brier = float(np.mean((probabilities - truth) ** 2)) if n else None
    return {"bins": rows, "ece": distance / n if n else None, "brier": brier}


def multiclass(truth: Sequence[str], predicted: Sequence[str], most_pairs: int = 20) -> dict[str, Any]:
    """Accuracy, macro-F1 (mean over the classes that occur in the truth), figures per class, and the commonest confusions
    as {truth, predicted, documents}."""
    true, said = np.array(truth, dtype=object), np.array(predicted, dtype=object)
    classes = {}
    for name in sorted({*truth, *predicted}):
        figures = binary(true == name, said == name)
        classes[name] = {key: figures[key] for key in ("precision", "recall", "f1")}
        classes[name] |= {"documents": int((true == name).sum()), "predicted": int((said == name).sum())}
    pairs: dict[tuple[str, str], int] = {}
    for pair in zip(truth, predicted, strict=True):
        if pair[0] != pair[1]:
            pairs[pair] = pairs.get(pair, 0) + 1
    commonest = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))[:most_pairs]
    scores = [figures["f1"] for figures in classes.values() if figures["documents"]]
    return {
        "documents": len(true),
        "accuracy": _share(int((true == said).sum()), len(true)),
        "macro_f1": float(np.mean(scores)) if scores else None,
        "classes": classes,
        "confusions": [{"truth": a, "predicted": b, "documents": n} for (a, b), n in commonest],
    }


def resamples(groups: Sequence[str], times: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Bootstrap over groups: `times` weights per row (int64), how often its group was drawn with replacement.

    Rows of one site are alike, so intervals that draw rows would be too narrow.
    """
    names, group_of = np.unique(np.array(groups, dtype=object).astype(str), return_inverse=True)
    chance = np.random.default_rng(seed)
    for _ in range(times):
        drawn = chance.integers(0, len(names), len(names))
        yield np.bincount(drawn, minlength=len(names))[group_of]


def balanced_accuracy_interval(
    truth: np.ndarray, predicted: np.ndarray, groups: Sequence[str], times: int = 1000, seed: int = 0
) -> tuple[float, float] | None:
    """95 % interval of the balanced accuracy by `resamples`; None if there are fewer than two groups or one answer."""
    if len(set(groups)) < 2 or len(np.unique(truth)) < 2:
        return None
    right, values = truth == predicted, []
    for weights in resamples(groups, times, seed):
        positive, negative = weights[truth].sum(), weights[~truth].sum()
        if positive and negative:
            recall = (weights * right)[truth].sum() / positive
            values.append((recall + (weights * right)[~truth].sum() / negative) / 2)
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
