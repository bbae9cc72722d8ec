"""Step 6: hate, insult, sexual content, threats and illegal promotion."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.foreign.options import ForeignOptions
from algok.classifiers.toxicity import open_toxicity
from algok.step import MODEL, Bound, Signal, SignalStep

_MEAN = "probability of {} per window, averaged over the document's windows by length"
_UNSAID = "; null where the model does not say"


class ToxicityOptions(ForeignOptions):
    """Which model: a shipped one, a model folder, or a file of fastText, ONNX or skops, whose `labels` mean clean, toxic, or a
    class."""

    model: str = Field("toxicity", description=MODEL)


class Toxicity(SignalStep[ToxicityOptions]):
    """How toxic a document is, from its windows (runs of sentences, about as long as a comment).

    Needs `text` without nulls (ValueError); a document without letters has zeros. Windows, undisguising and lexicon:
    `algok.kernels.toxic`; classes, bounds and their origin: docs/toxicity.md.
    """

    name = "toxicity"
    signals = (
        Signal("max", pa.float32(), "ratio", "largest probability that a window is toxic, of whatever class"),
        Signal("share", pa.float32(), "ratio", "share of the text, by length, in windows that are toxic"),
        Signal("mean", pa.float32(), "ratio", _MEAN.format("being toxic")),
        Signal("hate", pa.float32(), "ratio", _MEAN.format("hate against a group") + _UNSAID),
        Signal("insult", pa.float32(), "ratio", _MEAN.format("insult or profanity") + _UNSAID),
        Signal("sexual", pa.float32(), "ratio", _MEAN.format("sexual talk or adult advertising") + _UNSAID),
        Signal("threat", pa.float32(), "ratio", _MEAN.format("a threat or a call for violence") + _UNSAID),
        Signal(
            "illegal",
            pa.float32(),
            "ratio",
            _MEAN.format("promotion of gambling, drugs, illegal loans and the like") + _UNSAID,
        ),
        Signal("lexicon_hits", pa.int32(), "count", "terms of the lexicon, spelling undisguised" + _UNSAID),
        Signal("windows", pa.int32(), "count", "windows with letters"),
    )
    Options = ToxicityOptions
    default_bounds: ClassVar = {"mean": Bound(max=0.3), "sexual": Bound(max=0.04), "illegal": Bound(max=0.008)}
    models: ClassVar = {"model": "toxicity"}

    def __init__(self, options: ToxicityOptions | None = None):
        super().__init__(options)
        self._model = open_toxicity(self.options.model, self.options.labels, self.options.gpus)

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        columns = self._model.documents(batch.column("text"))
        return {signal.name: _column(columns[signal.name], signal) for signal in self.signals}


def _column(values: np.ndarray, signal: Signal) -> pa.Array:
    unsaid = np.isnan(values)
    known = np.where(unsaid, 0, values).astype(np.int32 if signal.unit == "count" else np.float32)
    return pa.array(known, mask=unsaid)
