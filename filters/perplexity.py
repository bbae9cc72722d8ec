"""Step 3: how predictable a document is to a model of clean Korean, and how much better a model of damaged text does."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.foreign.kenlm_pair import Normalize
from algok.classifiers.perplexity import LEAST_PIECES, open_perplexity
from algok.step import Bound, Signal, SignalStep, StepOptions

_NULL = f"; null below {LEAST_PIECES} pieces"
_ONLY = _NULL + ", and of a KenLM file"


class PerplexityOptions(StepOptions):
    """`model`: name, name@version or folder of a model of kind perplexity, or a KenLM file with its SentencePiece model beside
    it; `normalize`: what such a file wants done to a text first."""

    added: ClassVar = frozenset({"normalize"})
    model: str = Field("perplexity", description="A shipped model, a model folder, or a KenLM file (.bin, .arpa).")
    normalize: Normalize = Field(
        "ccnet",
        description="For a KenLM file: ccnet (lower case, digits as 0 …) or none. Models of algok have their own.",
    )


class Perplexity(SignalStep[PerplexityOptions]):
    """Scores every document under a clean and a noisy n-gram model of SentencePiece pieces."""

    name = "perplexity"
    Options = PerplexityOptions
    models: ClassVar[dict[str, str]] = {"model": "perplexity"}
    signals = (
        Signal("bits_per_char", pa.float32(), "score", "bits per character, clean model, a space counted" + _NULL),
        Signal("perplexity", pa.float32(), "score", "perplexity per piece, clean model" + _NULL),
        Signal("noise", pa.float32(), "score", "bits per piece by which the noisy model does better" + _ONLY),
        Signal("worst_noise", pa.float32(), "score", "the same, of the worst window of 48 pieces" + _ONLY),
        Signal(
            "noisy_ratio", pa.float32(), "ratio", "windows of 48 pieces in which the noisy model does better" + _ONLY
        ),
        Signal(
            "context_gain", pa.float32(), "score", "bits that the text before tells of an eojeol's first piece" + _ONLY
        ),
        Signal("coherence", pa.float32(), "score", "context_gain - noise: low for damaged text of all kinds" + _ONLY),
        Signal("bucket", pa.string(), "label", "head, middle or tail: thirds of real text by bits_per_char" + _ONLY),
    )
    # From data; docs/perplexity.md says which.
    default_bounds: ClassVar[dict[str, Bound]] = {
        "bits_per_char": Bound(min=0.5, max=8),
        "coherence": Bound(min=0),
    }

    def __init__(self, options: PerplexityOptions | None = None):
        super().__init__(options)
        self._model = open_perplexity(self.options.model, self.options.normalize)

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        scores = self._model.scores(batch["text"])
        bucket = self._model.bucket(scores["bits_per_char"])
        out = {}
        for signal in self.signals:
            if signal.name == "bucket":
                out["bucket"] = _names(bucket, np.isnan(scores["bits_per_char"]))
            else:
                out[signal.name] = pa.array(scores[signal.name], mask=np.isnan(scores[signal.name])).cast(signal.type)
        return out


def _names(bucket: np.ndarray | None, short: np.ndarray) -> pa.Array:
    if bucket is None:
        return pa.nulls(len(short), pa.string())
    return pa.array(np.array(["head", "middle", "tail"])[bucket], pa.string(), mask=short)
