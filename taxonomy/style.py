"""The style axis: how a document is written, with the confidence of the answer."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.foreign.options import ForeignOptions
from algok.classifiers.labeller import open_labeller
from algok.step import MODEL, Signal, SignalStep


class StyleOptions(ForeignOptions):
    """Which model: a shipped one, a model folder, or a file of fastText, ONNX or skops; its own labels are styles unless `labels`
    calls them otherwise."""

    model: str = Field("style", description=MODEL)


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
        self._model = open_labeller(
            self.options.model, "style", self.options.labels, bool, "the name of a style", self.options.gpus
        )

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        p = self._model.probabilities(batch.column("text"))
        best = p.argmax(axis=1)
        return {
            "label": pa.array(np.array(self._model.labels)[best], pa.string()),
            "confidence": pa.array(p[np.arange(len(p)), best]),
        }
