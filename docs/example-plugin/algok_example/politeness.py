"""The step `politeness`: which share of a text's sentences ends in a polite form."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from algok.step import Bound, Signal, SignalStep, StepOptions

# A sentence ends with a full stop, a question mark or an exclamation mark behind 다, 요, 까 and the like.
_SENTENCE = r"[가-힣][.?!]"
_POLITE = r"(?:니다|니까|요|죠)[.?!]"


class PolitenessOptions(StepOptions):
    """Options of the step; a recipe writes them beside the bounds."""

    min_sentences: int = Field(
        default=3, ge=1, description="Sentences that a text needs for its share to say anything."
    )


class Politeness(SignalStep[PolitenessOptions]):
    """Share of polite sentences. A null share, of a text with too few sentences, breaks no bound."""

    name = "politeness"
    Options = PolitenessOptions
    signals = (
        Signal("sentences", pa.int32(), "count", "Hangul syllables before a full stop, question or exclamation mark"),
        Signal("polite_ratio", pa.float32(), "ratio", "sentences that end in a polite form / sentences"),
    )
    default_bounds: ClassVar = {"polite_ratio": Bound()}

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        """Both signals, in two passes of Arrow over the whole batch."""
        texts = batch.column("text")
        sentences = pc.count_substring_regex(texts, _SENTENCE).cast(pa.int32())
        polite = pc.count_substring_regex(texts, _POLITE).to_numpy(zero_copy_only=False)
        counts = sentences.to_numpy(zero_copy_only=False)
        ratios = (polite / np.maximum(counts, 1)).astype(np.float32)
        few = counts < self.options.min_sentences
        return {"sentences": sentences, "polite_ratio": pa.array(ratios, mask=few)}
