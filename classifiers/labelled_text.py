"""A classifier that gives a text one of several labels, with calibrated probabilities: behind the domain and style models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled import Examples, folds
from algok.classifiers.linear import Linear, softmax
from algok.classifiers.store import DataSet, Manifest, Model, write_model
from algok.errors import ModelError

_CALIBRATION_FOLDS = 3
_TEMPERATURES = np.geomspace(0.25, 4, 41)


class TextLabeller:
    """A loaded model; `labels` are the columns of its probabilities."""

    def __init__(self, model: Model):
        self._linear = Linear.load(model)
        self._temperature = float(model.parameters["temperature"])
        self.labels: tuple[str, ...] = tuple(model.parameters["labels"])

    def probabilities(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × labels; every row sums to one."""
        return softmax(self._linear.logits(texts) / self._temperature)


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
) -> Manifest:
    """Trains and writes a model folder.

    A label is a string, or a mapping of labels to probabilities where it is not certain; `labels` fixes their order,
    else they are sorted. The temperature is fitted on the groups of one of three folds that a first model did not see, over
    rows whose label is a string; without `metrics`, the accuracy there is written. Raises ModelError.
    """
    from algok.classifiers.linear_training import quantise, vectors
    from algok.classifiers.softmax import fit_softmax

    names = tuple(labels) if labels else _names(examples.labels)
    if len(names) < 2:
        raise ModelError(f"training a {kind} model needs at least two labels; found: {', '.join(names) or 'none'}")
    matrix = vectors(examples.texts, bits, group_weights)
    targets, weights = _targets(examples.labels, names), np.array(examples.weights, np.float32)
    temperature, measured = 1.0, {}
    certain = np.array([isinstance(label, str) for label in examples.labels])
    tested = certain & np.isin(np.array(examples.groups, dtype=object).astype(str), _tested(examples, certain, seed))
    if tested.any() and not tested.all():
        seen = np.flatnonzero(~tested)
        table, bias = fit_softmax(matrix[seen], targets[seen], weights[seen], epochs=epochs, rate=rate, seed=seed)
        logits, truth = matrix[np.flatnonzero(tested)] @ table + bias, targets[tested].argmax(axis=1)
        temperature = _temperature(logits, truth)
        measured = {"unseen groups": {"accuracy": round(float(np.mean(logits.argmax(axis=1) == truth)), 4)}}
    linear = quantise(*fit_softmax(matrix, targets, weights, epochs=epochs, rate=rate, seed=seed), group_weights)
    training = {"epochs": epochs, "rate": rate, "seed": seed}
    own = DataSet(name="own data", license="as given", documents=len(examples), megabytes=round(examples.megabytes, 3))
    return write_model(
        folder,
        linear.files(),
        kind=kind,
        name=name,
        version=version,
        description=description,
        parameters=linear.parameters | training | {"labels": list(names), "temperature": round(temperature, 4)},
        data=data or [own],
        metrics=metrics or measured,
    )


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


def _tested(examples: Examples, certain: np.ndarray, seed: int) -> list[str]:
    """The groups of the first fold of the certain rows; none if there are fewer groups than folds."""
    groups = [examples.groups[row] for row in np.flatnonzero(certain)]
    if len(set(groups)) < _CALIBRATION_FOLDS:
        return []
    fold = folds(groups, _CALIBRATION_FOLDS, seed)
    return sorted({str(group) for group, number in zip(groups, fold, strict=True) if number == 0})


def _temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Of a geometric grid, the temperature under which the true labels are likeliest."""
    rows = np.arange(len(truth))
    losses = [-np.mean(np.log(softmax(logits / t)[rows, truth] + 1e-9)) for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))])
