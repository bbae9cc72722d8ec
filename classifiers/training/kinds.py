"""The kinds of models that are trained from labelled examples: one line each."""

from collections.abc import Callable

from algok.classifiers.training import domain, quality, style, toxicity
from algok.classifiers.training.train import Choices, Trainer

TRAINERS: dict[str, Callable[[Choices], Trainer]] = {
    "quality": quality.trainer,
    "toxicity": toxicity.trainer,
    "domain": domain.trainer,
    "style": style.trainer,
}
