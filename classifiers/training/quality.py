"""Training of quality models: logistic regressions over hashed n-grams, calibrated on hosts that they had not seen."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import Examples, folds
from algok.classifiers.metrics import auc, binary, calibration, spearman
from algok.classifiers.quality import HEADS, QualityModel
from algok.classifiers.store import DataSet, Manifest, Model, write_model
from algok.classifiers.training.linear import fit, quantise, vectors
from algok.classifiers.training.train import Choices, Trainer, rounded

# Chosen by cross-validation over the development hosts (docs/quality.md, "Training").
_BITS, _C, _GROUP_WEIGHTS, _FOLDS = 17, 10.0, (1.0, 0.4, 0.4), 6


def train_quality(
    examples: Examples,
    folder: Path,
    *,
    name: str = "quality",
    version: int = 1,
    seed: int = 0,
    description: str = "Is a Korean document worth training on, and how good is it from 0 to 5.",
    data: list[DataSet] | None = None,
    metrics: dict | None = None,
) -> Manifest:
    """Trains on labels (keep 0/1, quality 0–5 or None) and writes the model folder. A keep between 0 and 1 is a probability, and
    a quality between two levels is shared by them.

    Without `metrics`, those of the cross-validation over groups are written. Raises ModelError.
    """
    keep, quality, weights = _columns(examples)
    matrix = vectors(examples.texts, _BITS, _GROUP_WEIGHTS)
    outside = _cross_validated(matrix, keep, quality, weights, folds(examples.groups, _FOLDS, seed))
    calibration = _calibrate(outside, keep, quality, weights)
    table, bias = _fit_heads(matrix, keep, quality, weights)
    linear = quantise(table, bias, _GROUP_WEIGHTS)
    own = DataSet(name="own data", license="as given", documents=len(examples), megabytes=round(examples.megabytes, 3))
    return write_model(
        folder,
        linear.files(),
        kind="quality",
        name=name,
        version=version,
        description=description,
        parameters=linear.parameters | {"heads": list(HEADS), "calibration": calibration, "c": _C, "seed": seed},
        data=data or [own],
        metrics=metrics or cross_validation_metrics(outside, keep, weights),
    )


def cross_validation_metrics(outside: np.ndarray, keep: np.ndarray, weights: np.ndarray) -> dict:
    """AUC of keep on documents of unseen groups."""
    from sklearn.metrics import roc_auc_score

    full = weights >= 1
    truth = keep[full] >= 0.5
    if len(set(truth)) < 2:
        return {}
    return {"cross-validation": {"keep AUC": round(float(roc_auc_score(truth, outside[full, 0])), 4)}}


def _columns(examples: Examples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keep = np.array([label[0] for label in examples.labels], np.float64)
    quality = np.array([np.nan if label[1] is None else label[1] for label in examples.labels], np.float64)
    return keep, quality, np.array(examples.weights, np.float64)


def _targets(keep: np.ndarray, quality: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per head: the rows that have its label, and the labels, from 0 to 1."""
    known = np.flatnonzero(~np.isnan(quality))
    heads = [(np.arange(len(keep)), keep)]
    heads += [(known, np.clip(quality[known] - (least - 1), 0, 1)) for least in range(1, 6)]
    return heads


def _fit_soft(matrix, target: np.ndarray, c: float, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`fit`, where a row whose target is a probability counts as two: as yes and as no, by their shares."""
    unsure = np.flatnonzero((target > 0) & (target < 1))
    if not len(unsure):
        return fit(matrix, target.astype(np.int64), c, weights)
    rows = np.concatenate([np.arange(len(target)), unsure])
    answers = np.concatenate([target > 0, np.zeros(len(unsure), bool)]).astype(np.int64)
    shares = np.concatenate([np.where(target > 0, target, 1), 1 - target[unsure]])
    return fit(matrix[rows], answers, c, weights[rows] * shares)


def _fit_heads(matrix, keep, quality, weights) -> tuple[np.ndarray, np.ndarray]:
    columns, biases = [], []
    for rows, target in _targets(keep, quality):
        if len(set(target)) < 2:  # a head without both answers in the data says its only answer
            columns.append(np.zeros((matrix.shape[1], 1), np.float32))
            biases.append(np.array([6.0 if len(target) and target[0] >= 0.5 else -6.0], np.float32))
            continue
        column, bias = _fit_soft(matrix[rows], target, _C, weights[rows])
        columns.append(column)
        biases.append(bias)
    return np.hstack(columns), np.concatenate(biases)


def _cross_validated(matrix, keep, quality, weights, fold: np.ndarray) -> np.ndarray:
    """Logits of every row from a model that saw no row of its group."""
    outside = np.zeros((len(keep), len(HEADS)), np.float32)
    for number in range(_FOLDS):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(train) and len(test):
            table, bias = _fit_heads(matrix[train], keep[train], quality[train], weights[train])
            outside[test] = matrix[test] @ table + bias
    return outside


def _calibrate(outside, keep, quality, weights) -> list[list[float]]:
    """Per head slope and offset (Platt) on the cross-validated logits. Where these order documents the wrong way round, as they
    can with a handful of groups, the logits stay as they are: a slope below 0 would turn every answer round."""
    lines = []
    for head, (rows, target) in enumerate(_targets(keep, quality)):
        if len(set(target)) < 2:
            lines.append([1.0, 0.0])
            continue
        slope, offset = _fit_soft(outside[rows, head : head + 1].astype(np.float64), target, 1e3, weights[rows])
        sound = slope[0, 0] > 0
        lines.append([round(float(slope[0, 0]), 4), round(float(offset[0]), 4)] if sound else [1.0, 0.0])
    return lines


def trainer(choices: Choices) -> Trainer:
    """Labels are pairs of keep and quality."""
    train = partial(train_quality, seed=choices.seed)
    return Trainer(quality_label, train, _scores, quality_figures, lambda label: label[0])


def quality_label(label: tuple[Any, Any]) -> tuple[int, float | None]:
    """(keep 0 or 1, quality 0–5 or None)."""
    keep, quality = label
    if keep not in (0, 1):
        raise ValueError(f"keep must be 0 or 1, it is {keep!r}")
    if quality is not None and (not isinstance(quality, int | float) or not 0 <= quality <= 5):
        raise ValueError(f"quality must be a number from 0 to 5, it is {quality!r}")
    return int(keep), quality


def _scores(model: Model, texts: pa.Array) -> np.ndarray:
    return np.column_stack(QualityModel(model).probabilities(texts))


def quality_figures(labels: list[tuple], scores: np.ndarray) -> dict[str, Any]:
    """`scores`: P(keep) and expected quality per row."""
    keep = np.array([label[0] for label in labels]) == 1
    figures = {
        "keep AUC": auc(keep, scores[:, 0]),
        "balanced accuracy at 0.5": binary(keep, scores[:, 0] >= 0.5)["balanced_accuracy"],
        "calibration error": calibration(keep, scores[:, 0])["ece"],
    }
    known = np.array([label[1] is not None for label in labels])
    if known.any():
        level = np.array([label[1] for label in labels if label[1] is not None], float)
        figures["quality Spearman"] = spearman(level, scores[known, 1])
    return rounded(figures)
