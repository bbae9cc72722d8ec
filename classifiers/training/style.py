"""Training of style models: how a text is written."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.store import DataSet, Manifest
from algok.classifiers.training.labeller import label_figures, labels_of, name_label, train_labeller
from algok.classifiers.training.train import Choices, Trainer

# By cross-validation over the development sites (docs/taxonomy.md).
_BITS, _GROUP_WEIGHTS, _EPOCHS, _RATE = 17, (1.0, 0.2, 0.2), 6, 2.0


def train_style(
    examples: Examples,
    folder: Path,
    *,
    name: str = "style",
    version: int = 1,
    seed: int = 0,
    labels: Sequence[str] | None = None,
    description: str = "How a Korean document is written.",
    data: list[DataSet] | None = None,
    metrics: dict | None = None,
) -> Manifest:
    """Trains on labels (a code, or code -> probability) and writes the model folder. Raises ModelError."""
    return train_labeller(
        examples,
        folder,
        kind="style",
        name=name,
        version=version,
        description=description,
        bits=_BITS,
        group_weights=_GROUP_WEIGHTS,
        epochs=_EPOCHS,
        rate=_RATE,
        labels=labels,
        seed=seed,
        data=data,
        metrics=metrics,
        manner=True,
    )


def trainer(choices: Choices) -> Trainer:
    """Labels are names of styles."""
    train = partial(train_style, seed=choices.seed)
    return Trainer(name_label, train, labels_of, label_figures, str)
