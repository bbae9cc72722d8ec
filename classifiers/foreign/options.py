"""Options of the steps that take classifiers of other libraries."""

from typing import ClassVar

from pydantic import Field

from algok.classifiers.foreign.answers import Labels
from algok.step import Resources, StepOptions


class ForeignOptions(StepOptions):
    """`labels`: what the labels of a fastText, ONNX or skops model mean to the step; `gpus`: graphics cards that a task takes,
    for an ONNX model (0.5: two tasks share one)."""

    added: ClassVar = frozenset({"labels", "gpus"})
    labels: Labels = None
    gpus: float = Field(0, ge=0, description="Graphics cards of a task, for an ONNX model; 0.5: two tasks share one.")

    def takes(self) -> Resources | None:
        """A card, where one is asked for."""
        return Resources(gpus=self.gpus) if self.gpus else None
