"""Training from labelled examples, whatever the kind: labels are checked, figures cross-validated, the folder written."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import Examples, folds
from algok.classifiers.store import DataSet, Manifest, Model, open_model
from algok.errors import InputError


@dataclass(frozen=True)
class Trainer:
    """One kind: `convert` checks a label (ValueError says what is wrong), `train` writes a folder, `predict` gives scores or
    names per text, `figures` compares them with the labels, `answer` tells labels apart: two answers are needed."""

    convert: Callable[[Any], Any]
    train: Callable[..., Manifest]
    predict: Callable[[Model, pa.Array], np.ndarray]
    figures: Callable[[list, np.ndarray], dict[str, Any]]
    answer: Callable[[Any], Any]


@dataclass(frozen=True)
class Choices:
    """What a user can choose; a kind takes what concerns it. A toxicity label that is a number is toxic from `toxic_from`
    on; `names` are the only ones that a domain label may have (None: any)."""

    seed: int = 0
    toxic_from: float = 1
    names: Sequence[str] | None = None


def train_model(
    kind: str,
    examples: Examples,
    folder: Path,
    *,
    name: str,
    version: int,
    data: list[DataSet],
    number: int,
    trainer: Trainer,
    note: str = "",
    figures: dict[str, Any] | None = None,
) -> Manifest:
    """Checks the labels, measures by cross-validation over groups in `number` folds (0: not), and trains on everything.

    `note` and `figures` go into the metrics. Raises InputError for a label that the kind does not take or if there is one
    answer only; ModelError of the training.
    """
    converted = _converted(examples, trainer.convert)
    answers = {str(trainer.answer(label)) for label in converted.labels}
    if len(answers) < 2:
        raise InputError(f"training a {kind} model needs at least two different labels; all rows have {answers.pop()}")
    from threadpoolctl import threadpool_limits

    # L-BFGS over a hashed table is ten times slower on several BLAS threads, and its sums would depend on their number.
    with threadpool_limits(1):
        metrics = _cross_validated(kind, converted, trainer, number) if number else {}
        metrics |= figures or {}
        if note:
            metrics["note"] = note
        return trainer.train(converted, folder, name=name, version=version, data=data, metrics=metrics)


def _converted(examples: Examples, convert: Callable[[Any], Any]) -> Examples:
    labels = []
    for place, label in enumerate(examples.labels, 1):
        try:
            labels.append(convert(label))
        except ValueError as error:
            raise InputError(f"labelled row {place}: {error}") from None
    return replace(examples, labels=labels)


def _cross_validated(kind: str, examples: Examples, trainer: Trainer, number: int) -> dict[str, Any]:
    """Figures of models that saw no row of the group that they are measured on. At most one fold per group."""
    groups = len(set(examples.groups))
    number = min(number, groups)
    if number < 2:
        return {}
    fold, parts, rows = folds(examples.groups, number, seed=0), [], []
    for index in range(number):
        train, test = np.flatnonzero(fold != index), np.flatnonzero(fold == index)
        if len({str(trainer.answer(examples.labels[row])) for row in train}) < 2:
            continue
        with tempfile.TemporaryDirectory(prefix="algok-train-") as scratch:
            trainer.train(examples.take(train), Path(scratch) / "model", data=[], metrics={})
            model = open_model(f"{scratch}/model", kind)
            parts.append(trainer.predict(model, pa.array([examples.texts[row] for row in test], pa.large_string())))
            rows += test.tolist()
    if not parts:
        return {}
    figures = trainer.figures([examples.labels[row] for row in rows], np.concatenate(parts))
    split = {"folds": number, "groups": groups, "documents": len(rows)}
    return {"cross-validation over groups": split | figures}


def rounded(figures: dict[str, Any]) -> dict[str, Any]:
    """Figures as the card shows them: four decimals."""
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
