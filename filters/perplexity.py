"""Step 3: how predictable a document is to a model of clean Korean, and how much better a model of damaged text does."""

from typing import ClassVar

import numpy as np
import pyarrow as pa

from algok.classifiers.perplexity import LEAST_PIECES, PerplexityModel
from algok.classifiers.store import open_model
from algok.step import Bound, Signal, SignalStep, StepOptions

_NULL = f"; null below {LEAST_PIECES} pieces"


class PerplexityOptions(StepOptions):
    """`model`: name, name@version or folder of a model of kind perplexity."""

    model: str = "perplexity"


class Perplexity(SignalStep[PerplexityOptions]):
    """Scores every document under a clean and a noisy n-gram model of SentencePiece pieces."""

    name = "perplexity"
    Options = PerplexityOptions
    models: ClassVar[dict[str, str]] = {"model": "perplexity"}
    signals = (
        Signal("bits_per_char", pa.float32(), "score", "bits per character, clean model, a space counted" + _NULL),
        Signal("perplexity", pa.float32(), "score", "perplexity per piece, clean model" + _NULL),
        Signal("noise", pa.float32(), "score", "bits per piece by which the noisy model does better" + _NULL),
        Signal("worst_noise", pa.float32(), "score", "the same, of the worst window of 48 pieces" + _NULL),
        Signal(
            "noisy_ratio", pa.float32(), "ratio", "windows of 48 pieces in which the noisy model does better" + _NULL
        ),
        Signal(
            "context_gain", pa.float32(), "score", "bits that the text before tells of an eojeol's first piece" + _NULL
        ),
        Signal("coherence", pa.float32(), "score", "context_gain - noise: low for damaged text of all kinds" + _NULL),
        Signal("bucket", pa.string(), "label", "head, middle or tail: thirds of real text by bits_per_char" + _NULL),
    )
    # From data; docs/perplexity.md says which.
    default_bounds: ClassVar[dict[str, Bound]] = {
        "bits_per_char": Bound(min=0.5, max=8),
        "coherence": Bound(min=0),
    }

    def __init__(self, options: PerplexityOptions | None = None):
        super().__init__(options)
        self._model = PerplexityModel(open_model(self.options.model, "perplexity"))

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        scores = self._model.scores(batch["text"])
        scores["bucket"] = np.array(["head", "middle", "tail"])[self._model.bucket(scores["bits_per_char"])]
        short = np.isnan(scores["bits_per_char"])
        out = {}
        for signal in self.signals:
            values = scores[signal.name]
            mask = short if signal.name == "bucket" else np.isnan(values)
            out[signal.name] = pa.array(values, mask=mask).cast(signal.type)
        return out
