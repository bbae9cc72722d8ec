"""Distilling: a slow scorer says what it thinks of texts, and our fast linear model learns to say the same.

The scorer's probabilities are the targets, not its answers, so that the student learns how sure to be.
"""

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import xxhash

from algok.classifiers.foreign.classifier import foreign_in
from algok.classifiers.foreign.files import ModelFile
from algok.classifiers.labelled_rows import Examples, read_rows
from algok.classifiers.labeller import TextLabeller, open_labeller
from algok.classifiers.metrics import auc, spearman
from algok.classifiers.quality import KEPT_LEVEL, QualityModel, open_quality
from algok.classifiers.store import Model, open_reference
from algok.classifiers.training.data import DataSets
from algok.classifiers.training.domain import train_domain
from algok.classifiers.training.quality import train_quality
from algok.classifiers.training.style import train_style
from algok.classifiers.training.train import Trainer, rounded
from algok.errors import InputError

KINDS = ("quality", "domain", "style")
_BATCH = 64  # texts that the teacher sees at once
_LEAST = 0.01  # a label less probable than this is left out of a target


class Teacher(Protocol):
    """`labels` of a text, for `trainer`; how they are compared is the trainer's business."""

    def targets(self, texts: pa.Array) -> list[Any]: ...

    def trainer(self, seed: int) -> Trainer: ...


@dataclass
class Lesson:
    """What the teacher said of texts, and how fast: MB of UTF-8 per second of processor time."""

    examples: Examples
    megabytes_per_second: float


def open_teacher(
    kind: str, reference: str, labels: dict[str, str] | None, names: Sequence[str] | None = None, gpus: float = 0
) -> Teacher:
    """The model that teaches; `names` are the labels of a domain model (None: any). Raises ModelError."""
    if kind == "quality":
        return _QualityTeacher(open_quality(reference, labels, gpus).probabilities)
    known: Callable[[str], bool] = bool if names is None else set(names).__contains__
    expected = "a name" if names is None else ", ".join(names)
    labeller = open_labeller(reference, kind, labels, known, expected, gpus)
    return _LabelTeacher(kind, labeller.probabilities, labeller.labels)


def described(reference: str, kind: str) -> dict[str, str]:
    """The teacher as the student's card names it."""
    opened = open_reference(reference, kind)
    library = opened.format if isinstance(opened, ModelFile) else "fasttext" if foreign_in(opened) else "algok"
    return {"model": opened.label, "library": library, "digest": opened.digest}


def sample(paths: Sequence[Path], most: int, sets: DataSets, group: str | None = None) -> Examples:
    """At most so many texts of files: those whose hashes are smallest, the same whatever the order of the files; copies once.

    The group of a row is the field `group`, or its `group`, `host` or the host of its `url`; else it is its own. Raises
    InputError for a row without a text, or if there is none.
    """
    heap: list[tuple[int, str, str, Path, dict]] = []
    taken: set[int] = set()
    for path in paths:
        for number, row in enumerate(read_rows(path), 1):
            text = row.get("text")
            if not isinstance(text, str):
                raise InputError(f"{path}: row {number} has no string 'text'")
            place = -xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))
            if not text.strip() or place in taken or (len(heap) == most and place <= heap[0][0]):
                continue
            entry = (place, text, _group(row, group), path, {"text": text, "license": row.get("license")})
            taken.add(place)
            if len(heap) < most:
                heapq.heappush(heap, entry)
            else:
                taken.discard(heapq.heapreplace(heap, entry)[0])
    if not heap:
        raise InputError(f"{', '.join(map(str, paths))}: no text to distil on")
    examples = Examples()
    for place, text, own, path, row in sorted(heap, key=lambda entry: entry[0], reverse=True):
        sets.count(path, row)
        examples.add(text, None, own or f"{-place:016x}")
    return examples


def _group(row: dict[str, Any], field: str | None) -> str:
    given = (
        row.get(field) if field else row.get("group") or row.get("host") or urlsplit(str(row.get("url") or "")).hostname
    )
    return str(given or "")


def teach(teacher: Teacher, examples: Examples, watched: Callable[[range], Iterator[int]]) -> Lesson:
    """The examples with the teacher's targets as labels. `watched` goes over the batches, and may show how far it is."""
    labels, start = [], time.process_time()
    for first in watched(range(0, len(examples), _BATCH)):
        labels += teacher.targets(pa.array(examples.texts[first : first + _BATCH], pa.large_string()))
    seconds = max(time.process_time() - start, 1e-6)
    return Lesson(Examples(examples.texts, labels, examples.groups, examples.weights), examples.megabytes / seconds)


def speed_of(trainer: Trainer, model: Model, texts: Sequence[str]) -> float:
    """MB of UTF-8 per second of processor time of the student, after one batch."""
    column = pa.array(texts, pa.large_string())
    trainer.predict(model, column[:_BATCH])
    start = time.process_time()
    trainer.predict(model, column)
    return (
        sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6 / max(time.process_time() - start, 1e-6)
    )


class _QualityTeacher:
    """Targets are pairs of P(keep) and level (None: not said). Without P(keep) the level says it: softly, KEPT_LEVEL or more."""

    def __init__(self, probabilities: Callable[[pa.Array], tuple[np.ndarray, np.ndarray]]):
        self._probabilities = probabilities

    def targets(self, texts: pa.Array) -> list[tuple[float, float | None]]:
        keep, level = (np.asarray(column, np.float64) for column in self._probabilities(texts))
        keep = np.where(np.isnan(keep), np.clip(level - (KEPT_LEVEL - 1), 0, 1), keep)
        return [(float(p), None if np.isnan(q) else float(np.clip(q, 0, 5))) for p, q in zip(keep, level, strict=True)]

    def trainer(self, seed: int) -> Trainer:
        def answer(label: tuple[float, float | None]) -> tuple[bool, int]:
            return label[0] >= 0.5, round(label[1] or 0)

        def predict(model: Model, texts: pa.Array) -> np.ndarray:
            return np.column_stack(QualityModel(model).probabilities(texts))

        return Trainer(lambda label: label, partial(train_quality, seed=seed), predict, _quality_loss, answer)


def _quality_loss(labels: list[tuple[float, float | None]], scores: np.ndarray) -> dict[str, Any]:
    """How far the student is from its teacher on texts of groups that it did not learn from."""
    keep = np.array([label[0] for label in labels])
    figures = {
        "keep": {
            "mean absolute error": float(np.abs(keep - scores[:, 0]).mean()),
            "same answer at 0.5": float(((keep >= 0.5) == (scores[:, 0] >= 0.5)).mean()),
            "AUC of the teacher's answer": auc(keep >= 0.5, scores[:, 0]),
            "Spearman": spearman(keep, scores[:, 0]),
        }
    }
    if labels[0][1] is not None:
        level = np.array([label[1] for label in labels], np.float64)
        figures["level"] = {
            "mean absolute error": float(np.abs(level - scores[:, 1]).mean()),
            "same grade": float((np.rint(level) == np.rint(scores[:, 1])).mean()),
            "Spearman": spearman(level, scores[:, 1]),
        }
    return {name: rounded(part) for name, part in figures.items()}


class _LabelTeacher:
    """Targets are labels with their probabilities."""

    def __init__(self, kind: str, probabilities: Callable[[pa.Array], np.ndarray], names: tuple[str, ...]):
        self._train = train_domain if kind == "domain" else train_style
        self._probabilities, self._names = probabilities, names

    def targets(self, texts: pa.Array) -> list[dict[str, float]]:
        found = self._probabilities(texts).astype(np.float64)
        found[found < np.minimum(_LEAST, found.max(axis=1, keepdims=True))] = 0
        found /= np.maximum(found.sum(axis=1, keepdims=True), 1e-9)
        return [{name: float(p) for name, p in zip(self._names, row, strict=True) if p > 0} for row in found]

    def trainer(self, seed: int) -> Trainer:
        def predict(model: Model, texts: pa.Array) -> np.ndarray:
            return TextLabeller(model).probabilities(texts)

        train = partial(self._train, seed=seed, labels=self._names)
        return Trainer(lambda label: label, train, predict, self._loss, lambda label: max(label, key=label.__getitem__))

    def _loss(self, labels: list[dict[str, float]], scores: np.ndarray) -> dict[str, Any]:
        targets = np.array([[label.get(name, 0.0) for name in self._names] for label in labels])
        entropy = -(targets * np.log(np.maximum(targets, 1e-12))).sum(axis=1)
        cross = -(targets * np.log(np.maximum(scores, 1e-12))).sum(axis=1)
        same = targets.argmax(axis=1) == scores.argmax(axis=1)
        return rounded({"same label": float(same.mean()), "KL divergence": float((cross - entropy).mean())})
