"""Training of `labeller.TextLabeller`: the linear model, the regression on a lexicon's logits, and the temperature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import Examples, folds
from algok.classifiers.labeller import MIXTURE, WORD_SCALE, TextLabeller, confidence_features, mixed, with_manner
from algok.classifiers.linear import softmax
from algok.classifiers.manner import Manner, features
from algok.classifiers.metrics import multiclass
from algok.classifiers.store import DataSet, Manifest, Model, write_model
from algok.classifiers.topic_words import TopicWords
from algok.classifiers.training.linear import fit, quantise, vectors
from algok.classifiers.training.softmax import fit_softmax
from algok.classifiers.training.train import rounded
from algok.errors import ModelError

_CALIBRATION_FOLDS = 3
_TEMPERATURES = np.geomspace(0.25, 4, 41)
_CONFIDENCE_C = 1.0
# Of 0.1 and 0.5, the better by folds over sites.
_MANNER_C = 0.1
# Inverse strength of the regression on the lexicon's logits, found with MIXTURE.
_WORD_C = 2.0

_Fitted = tuple[np.ndarray, np.ndarray]  # weights and biases


@dataclass(frozen=True)
class _Learnt:
    linear: _Fitted
    manner: Manner | None
    regression: _Fitted | None


def train_labeller(
    examples: Examples,
    folder: Path,
    *,
    kind: str,
    name: str,
    version: int,
    description: str,
    bits: int,
    group_weights: Sequence[float],
    epochs: int,
    rate: float,
    labels: Sequence[str] | None = None,
    seed: int = 0,
    data: list[DataSet] | None = None,
    metrics: dict | None = None,
    words: TopicWords | None = None,
    manner: bool = False,
) -> Manifest:
    """Trains and writes a model folder; with `words`, a mixture with that lexicon, whose labels must be `labels`; with
    `manner`, the linear model is one with a model of how texts are written.

    A label is a string, or a mapping of labels to probabilities where it is not certain; `labels` fixes their order,
    else they are sorted. Temperature and confidence are fitted on three folds of groups, each by a model that did not see
    it, over rows whose label is a string; without `metrics`, the accuracy there is written. Raises ModelError.
    """
    names = tuple(labels) if labels else _names(examples.labels)
    if len(names) < 2:
        raise ModelError(f"training a {kind} model needs at least two labels; found: {', '.join(names) or 'none'}")
    matrix = vectors(examples.texts, bits, group_weights)
    targets, weights = _targets(examples.labels, names), np.array(examples.weights, np.float32)
    said = words.logits(pa.array(examples.texts, pa.large_string())) if words else None
    certain = np.array([isinstance(label, str) for label in examples.labels])

    written = features(pa.array(examples.texts, pa.large_string())) if manner else None

    def learn(rows: np.ndarray) -> _Learnt:
        linear = fit_softmax(matrix[rows], targets[rows], weights[rows], epochs=epochs, rate=rate, seed=seed)
        how = (
            None if written is None else _manner(written[rows], targets[rows].argmax(axis=1), weights[rows], len(names))
        )
        if said is None:
            return _Learnt(linear, how, None)
        sure = rows[certain[rows]]
        return _Learnt(linear, how, _regression(said[sure], targets[sure].argmax(axis=1), weights[sure], len(names)))

    def told(learnt: _Learnt, rows: np.ndarray) -> np.ndarray:
        logits = matrix[rows] @ learnt.linear[0] + learnt.linear[1]
        if written is not None and learnt.manner:
            logits = with_manner(logits, written[rows] @ learnt.manner.table + learnt.manner.bias)
        if said is not None and learnt.regression:
            logits = mixed(logits, said[rows], *learnt.regression)
        return logits

    calibration, measured = {"temperature": 1.0}, {}
    fold = _folds(examples, certain, seed)
    if fold is not None:
        logits = np.zeros(targets.shape, np.float32)
        for number in range(_CALIBRATION_FOLDS):
            tested = np.flatnonzero(fold == number)
            logits[tested] = told(learn(np.flatnonzero(fold != number)), tested)
        tested = np.flatnonzero(fold >= 0)
        calibration, right = _calibration(logits[tested], targets[tested].argmax(axis=1), weights[tested])
        measured = {"unseen groups": {"accuracy": round(right, 4)}}
    learnt = learn(np.arange(len(examples)))
    linear = quantise(*learnt.linear, group_weights)
    files, training = linear.files(), {"epochs": epochs, "rate": rate, "seed": seed}
    if learnt.manner:
        files |= learnt.manner.files()
        training["manner"] = True
    if words and learnt.regression:
        files |= words.files() | dict(zip(("regression.npy", "regression_bias.npy"), learnt.regression, strict=True))
        training["mixture"] = list(MIXTURE)
    own = DataSet(name="own data", license="as given", documents=len(examples), megabytes=round(examples.megabytes, 3))
    return write_model(
        folder,
        files,
        kind=kind,
        name=name,
        version=version,
        description=description,
        parameters=linear.parameters | training | {"labels": list(names)} | calibration,
        data=data or [own],
        metrics=metrics or measured,
    )


def _manner(written: np.ndarray, truth: np.ndarray, weights: np.ndarray, labels: int) -> Manner | None:
    """The model of how texts are written; a label that does not occur is hardly ever said. None for two labels or fewer."""
    known = np.unique(truth)
    if len(known) <= 2:
        return None
    mean, spread = written.mean(axis=0), written.std(axis=0) + 1e-6
    slopes, bias = fit((written - mean) / spread, np.searchsorted(known, truth), _MANNER_C, weights)
    table, biases = np.zeros((written.shape[1], labels), np.float32), np.full(labels, -12.0, np.float32)
    table[:, known] = slopes / spread[:, None]
    biases[known] = bias - (mean / spread) @ slopes
    return Manner(table, biases)


def _regression(said: np.ndarray, truth: np.ndarray, weights: np.ndarray, labels: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights (float32, labels × labels) and biases from the lexicon's logits to the labels; one that does not occur among
    them is hardly ever said."""
    table, bias = np.zeros((labels, labels), np.float32), np.full(labels, -12.0, np.float32)
    known = np.unique(truth)
    if len(known) > 2:
        relative = weights / weights.max()
        table[:, known], bias[known] = fit(WORD_SCALE * said, np.searchsorted(known, truth), _WORD_C, relative)
    return table, bias


def _names(labels: list) -> tuple[str, ...]:
    return tuple(sorted({name for label in labels for name in ([label] if isinstance(label, str) else label)}))


def _targets(labels: list, names: tuple[str, ...]) -> np.ndarray:
    column = {name: k for k, name in enumerate(names)}
    targets = np.zeros((len(labels), len(names)), np.float32)
    for row, label in enumerate(labels):
        shares: Mapping[str, float] = {label: 1.0} if isinstance(label, str) else label
        for name, share in shares.items():
            if name not in column:
                raise ModelError(f"row {row + 1} has the label '{name}'; expected one of: {', '.join(names)}")
            targets[row, column[name]] = share
    return targets


def _folds(examples: Examples, certain: np.ndarray, seed: int) -> np.ndarray | None:
    """The fold of every certain row, all of a group in one, and -1 for the others; None if there are fewer groups than folds."""
    rows = np.flatnonzero(certain)
    groups = [examples.groups[row] for row in rows]
    if len(set(groups)) < _CALIBRATION_FOLDS:
        return None
    fold = np.full(len(certain), -1)
    fold[rows] = folds(groups, _CALIBRATION_FOLDS, seed)
    return fold


def _calibration(logits: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> tuple[dict, float]:
    """The parameters `temperature` and `confidence` from documents of unseen groups, and the share of them that is right."""
    rows, relative = np.arange(len(truth)), weights / weights.mean()
    losses = [-np.mean(relative * np.log(softmax(logits / t)[rows, truth] + 1e-9)) for t in _TEMPERATURES]
    temperature = float(_TEMPERATURES[int(np.argmin(losses))])
    p = softmax(logits / temperature)
    right = p.argmax(axis=1) == truth
    parameters: dict[str, Any] = {"temperature": round(temperature, 4)}
    if 0 < right.sum() < len(right):
        (yes, no), bias = fit(confidence_features(p.max(axis=1)), right.astype(int), _CONFIDENCE_C, relative)
        parameters["confidence"] = [round(float(value), 4) for value in (yes[0], no[0], bias[0])]
    return parameters, float(np.mean(right))


def name_label(label: Any, known: Sequence[str] | None = None) -> str | dict[str, float]:
    """A name, or {name: probability}; of `known` names where they are given."""
    names = [label] if isinstance(label, str) else list(label) if isinstance(label, dict) else []
    if not names:
        raise ValueError(f"expected a name, or names with probabilities; it is {label!r}")
    if known and (strange := [name for name in names if name not in known]):
        raise ValueError(f"'{strange[0]}' is not one of {', '.join(known)}")
    return label


def labels_of(model: Model, texts: pa.Array) -> np.ndarray:
    """The likeliest label of every text."""
    labeller = TextLabeller(model)
    return np.array(labeller.labels, dtype=object)[labeller.probabilities(texts).argmax(axis=1)]


def label_figures(labels: list, predicted: np.ndarray) -> dict[str, Any]:
    """Accuracy, macro-F1 and the F1 of every label, over rows whose label is certain."""
    certain = [row for row, label in enumerate(labels) if isinstance(label, str)]
    found = multiclass([labels[row] for row in certain], [predicted[row] for row in certain])
    of_labels = {name: figures["f1"] for name, figures in found["classes"].items() if figures["documents"]}
    return rounded({"accuracy": found["accuracy"], "macro-F1": found["macro_f1"]}) | {"F1": rounded(of_labels)}
