"""Training of domain models: what a text is about."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from algok.classifiers.labelled_rows import Examples
from algok.classifiers.store import DataSet, Manifest
from algok.classifiers.topic_words import TopicWords
from algok.classifiers.training.labeller import label_figures, labels_of, name_label, train_labeller
from algok.classifiers.training.train import Choices, Trainer

# Words say what a text is about; the shapes of lines tell lists and adverts. Epochs and rate by trial (docs/taxonomy.md).
_BITS, _GROUP_WEIGHTS, _EPOCHS, _RATE = 17, (1.0, 0.15, 0.15), 4, 0.5


def train_domain(
    examples: Examples,
    folder: Path,
    *,
    name: str = "domain",
    version: int = 1,
    seed: int = 0,
    labels: Sequence[str] | None = None,
    description: str = "What a Korean document is about.",
    data: list[DataSet] | None = None,
    metrics: dict | None = None,
    words: TopicWords | None = None,
) -> Manifest:
    """Trains on labels (a code, or code -> probability) and writes the model folder; `words` is a lexicon whose labels
    are `labels`. Raises ModelError."""
    return train_labeller(
        examples,
        folder,
        kind="domain",
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
        words=words,
    )


def trainer(choices: Choices) -> Trainer:
    """Labels are domains, of `names` where they are given."""
    train = partial(train_domain, seed=choices.seed)
    return Trainer(partial(name_label, known=choices.names), train, labels_of, label_figures, str)
