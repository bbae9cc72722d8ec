"""Step 5: how much a document is worth to a model that learns from it."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.foreign.options import ForeignOptions
from algok.classifiers.quality import open_quality
from algok.step import MODEL, Bound, Signal, SignalStep

_NULL = "; null where the model does not say"


class QualityOptions(ForeignOptions):
    """Which model: a shipped one, a model folder, or a file of fastText, ONNX or skops, whose `labels` mean keep and drop, or a
    quality from 0 to 5."""

    model: str = Field("quality", description=MODEL)


class Quality(SignalStep[QualityOptions]):
    """Probability that a careful reader keeps the document, and the quality from 0 to 5 that the reader would give it.

    Needs `text` without nulls. The classifier sees words and the shapes of lines, see `algok.kernels.ngrams`; the labels'
    meaning and the bound's origin stand in docs/quality.md.
    """

    name = "quality"
    signals = (
        Signal("keep", pa.float32(), "ratio", "calibrated probability that a reader would keep the document" + _NULL),
        Signal("level", pa.float32(), "score", "expected quality, 0 worthless … 3 ordinary … 5 excellent" + _NULL),
        Signal("grade", pa.int8(), "count", "the expected quality, rounded to 0–5" + _NULL),
    )
    Options = QualityOptions
    default_bounds: ClassVar = {"keep": Bound(min=0.5)}
    models: ClassVar = {"model": "quality"}

    def __init__(self, options: QualityOptions | None = None):
        super().__init__(options)
        self._model = open_quality(self.options.model, self.options.labels, self.options.gpus)

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        keep, level = self._model.probabilities(batch.column("text"))
        unsaid = np.isnan(level)
        grade = np.rint(np.clip(np.where(unsaid, 0, level), 0, 5)).astype(np.int8)
        return {
            "keep": pa.array(keep, mask=np.isnan(keep)),
            "level": pa.array(level, mask=unsaid),
            "grade": pa.array(grade, mask=unsaid),
        }
