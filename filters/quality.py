"""Step 5: how much a document is worth to a model that learns from it."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.quality import QualityModel
from algok.classifiers.store import open_model
from algok.step import Bound, Signal, SignalStep, StepOptions


class QualityOptions(StepOptions):
    """Which model: the name of a shipped one, name@version, or the path of a model folder."""

    model: str = Field("quality", description="A shipped model (name or name@version) or the path of a model folder.")


class Quality(SignalStep[QualityOptions]):
    """Probability that a careful reader keeps the document, and the quality from 0 to 5 that the reader would give it.

    Needs `text` without nulls. The classifier sees words and the shapes of lines, see `algok.kernels.ngrams`; the labels'
    meaning and the bound's origin stand in docs/quality.md.
    """

    name = "quality"
    signals = (
        Signal("keep", pa.float32(), "ratio", "calibrated probability that a reader would keep the document"),
        Signal("level", pa.float32(), "score", "expected quality, 0 worthless … 3 ordinary prose … 5 excellent"),
        Signal("grade", pa.int8(), "count", "the expected quality, rounded to 0–5"),
    )
    Options = QualityOptions
    default_bounds: ClassVar = {"keep": Bound(min=0.5)}
    models: ClassVar = {"model": "quality"}

    def __init__(self, options: QualityOptions | None = None):
        super().__init__(options)
        self._model = QualityModel(open_model(self.options.model, "quality"))

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        keep, level = self._model.probabilities(batch.column("text"))
        grade = np.rint(np.clip(level, 0, 5)).astype(np.int8)
        return {"keep": pa.array(keep), "level": pa.array(level), "grade": pa.array(grade)}
