"""The style axis: how a document is written, with the confidence of the answer."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.labeller import TextLabeller
from algok.classifiers.store import open_model
from algok.step import Signal, SignalStep, StepOptions


class StyleOptions(StepOptions):
    """Which model: the name of a shipped one, name@version, or the path of a model folder."""

    model: str = Field("style", description="A shipped model (name or name@version) or the path of a model folder.")


class Style(SignalStep[StyleOptions]):
    """How a document is written. Needs `text` without nulls."""

    name = "style"
    signals = (
        Signal("label", pa.string(), "label", "code of the style"),
        Signal("confidence", pa.float32(), "ratio", "calibrated probability of the style"),
    )
    Options = StyleOptions
    models: ClassVar = {"model": "style"}

    def __init__(self, options: StyleOptions | None = None):
        super().__init__(options)
        self._model = TextLabeller(open_model(self.options.model, "style"))

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        p = self._model.probabilities(batch.column("text"))
        best = p.argmax(axis=1)
        return {
            "label": pa.array(np.array(self._model.labels)[best], pa.string()),
            "confidence": pa.array(p[np.arange(len(p)), best]),
        }
