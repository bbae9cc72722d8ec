"""Training from labelled examples for every kind that has labels: the labels it takes, and how it is cross-validated."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import Examples, folds
from algok.classifiers.metrics import auc, binary, calibration, multiclass, spearman
from algok.classifiers.store import DataSet, Manifest, Model, open_model
from algok.errors import InputError
from algok.taxonomy.axes import major_of


@dataclass(frozen=True)
class Trainer:
    """One kind: `convert` checks a label (ValueError says what is wrong), `train` writes a folder, `predict` gives scores or
    names per text, `figures` compares them with the labels, `answer` tells labels apart: two answers are needed."""

    convert: Callable[[Any], Any]
    train: Callable[..., Manifest]
    predict: Callable[[Model, pa.Array], np.ndarray]
    figures: Callable[[list, np.ndarray], dict[str, Any]]
    answer: Callable[[Any], Any]


def trainer(kind: str, seed: int = 0, toxic_from: float = 1) -> Trainer:
    """The trainer of quality, toxicity (a severity is toxic from `toxic_from` on), domain or style."""
    if kind == "quality":
        from algok.classifiers.quality import train_quality

        train = partial(train_quality, seed=seed)
        return Trainer(quality_label, train, _quality_scores, quality_figures, lambda label: label[0])
    if kind == "toxicity":
        from algok.classifiers.toxicity import train_toxicity

        convert = partial(toxicity_label, toxic_from=toxic_from)
        return Trainer(convert, train_toxicity, _toxicity_scores, toxicity_figures, _is_toxic)
    if kind == "domain":
        from algok.classifiers.training.domain import train_domain

        convert = partial(name_label, known=tuple(major_of()))
        return Trainer(convert, partial(train_domain, seed=seed), _labels, label_figures, str)
    from algok.classifiers.training.style import train_style

    return Trainer(name_label, partial(train_style, seed=seed), _labels, label_figures, str)


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
) -> Manifest:
    """Checks the labels, measures by cross-validation over groups in `number` folds (0: not), and trains on everything.

    `note` goes into the metrics. Raises InputError for a label that the kind does not take or if there is one answer only;
    ModelError of the training.
    """
    converted = _converted(examples, trainer.convert)
    answers = {str(trainer.answer(label)) for label in converted.labels}
    if len(answers) < 2:
        raise InputError(f"training a {kind} model needs at least two different labels; all rows have {answers.pop()}")
    from threadpoolctl import threadpool_limits

    # L-BFGS over a hashed table is ten times slower on several BLAS threads, and its sums would depend on their number.
    with threadpool_limits(1):
        metrics = _cross_validated(kind, converted, trainer, number) if number else {}
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


def quality_label(label: tuple[Any, Any]) -> tuple[int, float | None]:
    """(keep 0 or 1, quality 0–5 or None)."""
    keep, quality = label
    if keep not in (0, 1):
        raise ValueError(f"keep must be 0 or 1, it is {keep!r}")
    if quality is not None and (not isinstance(quality, int | float) or not 0 <= quality <= 5):
        raise ValueError(f"quality must be a number from 0 to 5, it is {quality!r}")
    return int(keep), quality


def toxicity_label(label: Any, toxic_from: float) -> dict[str, int] | list[str]:
    """What `targets_of` takes, from a list of classes, a class (or `none`), {class: 0 or 1}, a boolean or a severity. A toxic
    text whose classes are not said leaves them unknown."""
    from algok.classifiers.toxicity import HEADS

    if isinstance(label, bool | int | float):
        return {"any": 1} if label >= (1 if isinstance(label, bool) else toxic_from) else []
    if isinstance(label, str):
        label = [] if label in ("none", "clean") else [label]
    if not isinstance(label, list | dict):
        raise ValueError(f"expected classes, a boolean or a severity; it is {label!r}")
    if strange := [name for name in label if name not in HEADS]:
        raise ValueError(f"'{strange[0]}' is not one of {', '.join(HEADS)}")
    if isinstance(label, list):
        return label
    given = {name: value for name, value in label.items() if value is not None}
    if any(value not in (0, 1) for value in given.values()):
        raise ValueError("a class must be 0 or 1")
    return {name: int(value) for name, value in given.items()}


def name_label(label: Any, known: Sequence[str] | None = None) -> str | dict[str, float]:
    """A name, or {name: probability}; of `known` names where they are given."""
    names = [label] if isinstance(label, str) else list(label) if isinstance(label, dict) else []
    if not names:
        raise ValueError(f"expected a name, or names with probabilities; it is {label!r}")
    if known and (strange := [name for name in names if name not in known]):
        raise ValueError(f"'{strange[0]}' is not one of {', '.join(known)}")
    return label


def _is_toxic(label: dict[str, int] | list[str]) -> bool:
    return any(label.values()) if isinstance(label, dict) else bool(label)


def _quality_scores(model: Model, texts: pa.Array) -> np.ndarray:
    from algok.classifiers.quality import QualityModel

    return np.column_stack(QualityModel(model).probabilities(texts))


def _toxicity_scores(model: Model, texts: pa.Array) -> np.ndarray:
    from algok.classifiers.toxicity import HEADS, ToxicityModel

    scores = ToxicityModel(model).documents(texts)
    return np.column_stack([scores["max" if head == "any" else head] for head in HEADS])


def _labels(model: Model, texts: pa.Array) -> np.ndarray:
    from algok.classifiers.labeller import TextLabeller

    labeller = TextLabeller(model)
    return np.array(labeller.labels, dtype=object)[labeller.probabilities(texts).argmax(axis=1)]


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
    return _rounded(figures)


def toxicity_figures(labels: list, scores: np.ndarray) -> dict[str, Any]:
    """Per head (any, then the classes) over the rows where it is known; `scores` are those of the worst window."""
    from algok.classifiers.toxicity import HEADS, targets_of

    targets, figures = targets_of(labels), {}
    for column, head in enumerate(HEADS):
        known = targets[:, column] >= 0
        truth = targets[known, column] == 1
        if truth.any() and not truth.all():
            table = binary(truth, scores[known, column] >= 0.5)
            shown = {"AUC": auc(truth, scores[known, column])} | {
                key: table[key] for key in ("precision", "recall", "f1")
            }
            figures[head] = _rounded(shown)
    return figures


def label_figures(labels: list, predicted: np.ndarray) -> dict[str, Any]:
    """Accuracy, macro-F1 and the F1 of every label, over rows whose label is certain."""
    certain = [row for row, label in enumerate(labels) if isinstance(label, str)]
    found = multiclass([labels[row] for row in certain], [predicted[row] for row in certain])
    of_labels = {name: figures["f1"] for name, figures in found["classes"].items() if figures["documents"]}
    return _rounded({"accuracy": found["accuracy"], "macro-F1": found["macro_f1"]}) | {"F1": _rounded(of_labels)}


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
