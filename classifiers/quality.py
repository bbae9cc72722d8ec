"""The quality model: is a document worth training on (keep), and how good is it from 0 to 5.

Six logits over the hashed n-grams of `linear.py`: keep, and quality ≥ 1 … ≥ 5. Each is turned into a probability by a line
fitted on documents of hosts that the fitting model had not seen.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import Examples, folds
from algok.classifiers.linear import Linear, sigmoid
from algok.classifiers.store import DataSet, Manifest, Model, write_model

HEADS = ("keep", "1", "2", "3", "4", "5")
# Chosen by cross-validation over the development hosts (docs/quality.md, "Training").
_BITS, _C, _GROUP_WEIGHTS, _FOLDS = 17, 10.0, (1.0, 0.4, 0.4), 6


class QualityModel:
    """A loaded quality model."""

    def __init__(self, model: Model):
        self._linear = Linear.load(model)
        self._slope, self._offset = np.array(model.parameters["calibration"], np.float32).T

    def probabilities(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """P(keep) (float32) and the expected quality 0–5 (float32, the sum of P(quality ≥ 1 … 5)) of every text."""
        logits = self._linear.logits(texts)
        p = sigmoid(logits * self._slope + self._offset)
        return p[:, 0], p[:, 1:].sum(axis=1)


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
    """Trains on labels (keep 0/1, quality 0–5 or None) and writes the model folder.

    Without `metrics`, those of the cross-validation over groups are written. Raises ModelError.
    """
    from algok.classifiers.training.linear import quantise, vectors

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
    if len(set(keep[full])) < 2:
        return {}
    return {"cross-validation": {"keep AUC": round(float(roc_auc_score(keep[full], outside[full, 0])), 4)}}


def _columns(examples: Examples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    keep = np.array([label[0] for label in examples.labels], np.int64)
    quality = np.array([np.nan if label[1] is None else label[1] for label in examples.labels], np.float64)
    return keep, quality, np.array(examples.weights, np.float64)


def _targets(keep: np.ndarray, quality: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Per head: the rows that have its label, and the labels."""
    known = np.flatnonzero(~np.isnan(quality))
    heads = [(np.arange(len(keep)), keep)]
    heads += [(known, (quality[known] >= least).astype(np.int64)) for least in range(1, 6)]
    return heads


def _fit_heads(matrix, keep, quality, weights) -> tuple[np.ndarray, np.ndarray]:
    from algok.classifiers.training.linear import fit

    columns, biases = [], []
    for rows, target in _targets(keep, quality):
        if len(set(target)) < 2:  # a head without both answers in the data says its only answer
            columns.append(np.zeros((matrix.shape[1], 1), np.float32))
            biases.append(np.array([6.0 if len(target) and target[0] else -6.0], np.float32))
            continue
        column, bias = fit(matrix[rows], target, _C, weights[rows])
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
    """Per head slope and offset (Platt) on the cross-validated logits."""
    from algok.classifiers.training.linear import fit

    lines = []
    for head, (rows, target) in enumerate(_targets(keep, quality)):
        if len(set(target)) < 2:
            lines.append([1.0, 0.0])
            continue
        slope, offset = fit(outside[rows, head : head + 1].astype(np.float64), target, 1e3, weights[rows])
        lines.append([round(float(slope[0, 0]), 4), round(float(offset[0]), 4)])
    return lines
