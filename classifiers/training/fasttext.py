"""Training with fastText instead of our linear models: the same labels in, a model folder with fastText's own file out."""

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.answers import PREFIX
from algok.classifiers.foreign.libraries import library
from algok.classifiers.labelled_rows import Examples
from algok.classifiers.labeller import open_labeller
from algok.classifiers.quality import open_quality
from algok.classifiers.store import DataSet, Manifest, Model, write_model
from algok.classifiers.toxicity import CLEAN, TOXIC_LABEL, open_toxicity, window_texts
from algok.classifiers.training.toxicity import columns_of_heads, targets_of
from algok.classifiers.training.train import Trainer
from algok.kernels.buffers import string_buffers
from algok.kernels.toxic import CLASSES, window_spans

# Words, pairs of them and pieces of two to four characters, as Korean endings want it; 2¹⁸ buckets of 32 numbers make a file of
# 34 MB. Chosen as the rival of our own models (bench/quality.py), not tuned further. One thread: several race for the weights.
SETTINGS = {
    "dim": 32,
    "minn": 2,
    "maxn": 4,
    "wordNgrams": 2,
    "epoch": 30,
    "lr": 0.3,
    "bucket": 1 << 18,
    "thread": 1,
    "verbose": 0,
}


@dataclass(frozen=True)
class _Kind:
    """`words`: the answers that a label stands for; `predict` as in `Trainer`; `loss`: fastText's name of it; `pieces`: what of a
    text becomes a line."""

    words: Callable[[Any], list[str]]
    predict: Callable[[Model, pa.Array], np.ndarray]
    loss: str = "softmax"
    pieces: Callable[[str], list[str]] = lambda text: [text]


def with_fasttext(kind: str, trainer: Trainer, seed: int) -> Trainer:
    """The trainer of a kind, with fastText behind it. A quality model learns keep and drop only."""
    own = _KINDS[kind]
    convert = trainer.convert if kind != "quality" else lambda label: (trainer.convert(label)[0], None)
    return replace(trainer, convert=convert, train=partial(train_fasttext, kind=kind, seed=seed), predict=own.predict)


def train_fasttext(
    examples: Examples,
    folder: Path,
    *,
    kind: str,
    name: str = "fold",
    version: int = 1,
    seed: int = 0,
    data: list[DataSet],
    metrics: dict,
) -> Manifest:
    """Trains and writes the model folder. Rows of weight 0 are left out, all others count the same: fastText weighs none.

    Raises ModelError.
    """
    fasttext = library("fasttext", "fasttext", f"training a {kind} model")
    own = _KINDS[kind]
    rows = [
        (own.words(label), text)
        for label, text, weight in zip(examples.labels, examples.texts, examples.weights, strict=True)
        if weight > 0
    ]
    names = sorted({word for words, _ in rows for word in words})
    with tempfile.TemporaryDirectory(prefix="algok-fasttext-") as scratch:
        lines = Path(scratch) / "train.txt"
        with lines.open("wb") as file:
            for words, text in rows:
                labels = " ".join(f"{PREFIX}{names.index(word)}" for word in words)
                file.writelines(f"{labels} {_line(piece)}\n".encode("utf-8", "replace") for piece in own.pieces(text))
        model = fasttext.train_supervised(str(lines), loss=own.loss, seed=seed, **SETTINGS)
        model.save_model(f"{scratch}/model.bin")
        content = Path(f"{scratch}/model.bin").read_bytes()
    return write_model(
        folder,
        {"model.bin": content},
        kind=kind,
        name=name,
        version=version,
        description=f"A {kind} model of fastText.",
        parameters={
            "library": "fasttext",
            "answers": {f"{PREFIX}{number}": word for number, word in enumerate(names)},
            "settings": SETTINGS | {"loss": own.loss, "seed": seed},
        },
        data=data,
        metrics=metrics,
    )


def _line(text: str) -> str:
    """A text as fastText reads it, without what it would take for a label."""
    return re.sub(r"\s+", " ", text).replace(PREFIX, "__label ")


def _quality_words(label: tuple[int, None]) -> list[str]:
    return ["keep" if label[0] else "drop"]


def _quality(model: Model, texts: pa.Array) -> np.ndarray:
    return np.column_stack(open_quality(str(model.folder.absolute())).probabilities(texts))


def _toxicity_words(label: Any) -> list[str]:
    """Toxic and its classes, each a question of its own; a class that is not known of a text counts as absent."""
    toxic, *classes = targets_of([label])[0]
    found = [name for name, value in zip(CLASSES, classes, strict=True) if value == 1]
    return [TOXIC_LABEL, *found] if toxic == 1 else [CLEAN]


def _windows(text: str) -> list[str]:
    """What the step asks about: windows, not documents."""
    data, offsets = string_buffers(pa.array([text], pa.large_string()))
    return window_texts(data, window_spans(data, offsets))


def _toxicity(model: Model, texts: pa.Array) -> np.ndarray:
    scores = open_toxicity(str(model.folder.absolute())).documents(texts)
    return columns_of_heads({name: np.nan_to_num(column) for name, column in scores.items()})


def _likeliest(label: str | dict[str, float]) -> list[str]:
    """The name, or the likeliest of several, the first in the alphabet of equals."""
    return [label if isinstance(label, str) else min(label, key=lambda name: (-label[name], name))]


def _label(kind: str, model: Model, texts: pa.Array) -> np.ndarray:
    labeller = open_labeller(str(model.folder.absolute()), kind, None, bool, "a name")
    return np.array(labeller.labels, dtype=object)[labeller.probabilities(texts).argmax(axis=1)]


_KINDS = {
    "quality": _Kind(_quality_words, _quality),
    "toxicity": _Kind(_toxicity_words, _toxicity, "ova", _windows),
    "domain": _Kind(_likeliest, partial(_label, "domain")),
    "style": _Kind(_likeliest, partial(_label, "style")),
}
