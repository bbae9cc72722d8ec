"""The perplexity model: a clean and a noisy n-gram model over the pieces of one tokenizer."""

from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.files import ModelFile
from algok.classifiers.foreign.kenlm_pair import KenlmPair, Normalize, characters_of
from algok.classifiers.store import Model, open_reference
from algok.classifiers.tokenizer import Tokenizer, load_tokenizer
from algok.errors import ModelError
from algok.kernels.ngram_lm import SUMS, Tables, log_probs, sum_up

# Documents of fewer pieces say too little about themselves: their scores are null.
LEAST_PIECES = 20
_MOST_ORDER = 8
_BITS = np.log2(10)  # bits of a unit of log10


class PerplexityScorer(Protocol):
    def scores(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """The scores of `PerplexityModel.scores`; NaN where the model does not say."""
        ...

    def bucket(self, bits_per_char: np.ndarray) -> np.ndarray | None:
        """0 head, 1 middle, 2 tail; None where the model does not say."""
        ...


def open_perplexity(reference: str, normalize: Normalize = "ccnet") -> PerplexityScorer:
    """The perplexity model of a recipe: ours, or a KenLM file with its SentencePiece model, which sees texts normalised so.

    Raises ModelError.
    """
    opened = open_reference(reference, "perplexity")
    if isinstance(opened, ModelFile):
        return ForeignPerplexity(KenlmPair(opened, normalize))
    return PerplexityModel(opened)


class PerplexityModel:
    """Scores batches. The arrays of the model folder are memory-mapped."""

    def __init__(self, model: Model):
        self.tokenizer = load_tokenizer(model)
        if not {"order", "buckets"} <= model.parameters.keys():
            raise ModelError(f"{model.folder}: its parameters lack order or buckets")
        order = model.numbers("order")
        if order not in range(2, _MOST_ORDER + 1):
            raise ModelError(
                f"{model.folder}/model.json: the parameter 'order' must be a whole number from 2 to {_MOST_ORDER}"
            )
        self.head, self.tail = model.numbers("buckets", (2,)).tolist()
        unigrams = model.array("unigrams.npy", np.float32, (None, 4))
        slots = model.array("slots.npy", np.uint64, (None,))
        if not (slots == 0).any():  # a look-up ends at the first empty slot
            raise ModelError(f"{model.folder}/slots.npy: has no empty slot")
        self.tables = Tables(
            int(order), unigrams, slots, model.array("codes.npy", np.float32, (2, int(order) - 1, 2, 256))
        )
        self._describe(model.folder)

    @classmethod
    def of(cls, tokenizer: Tokenizer, tables: Tables) -> "PerplexityModel":
        """One that lies in memory, without buckets: for training."""
        made = cls.__new__(cls)
        made.tokenizer, made.tables, made.head, made.tail = tokenizer, tables, np.inf, np.inf
        made._describe("this model")
        return made

    def _describe(self, where: Path | str) -> None:
        if len(self.tables.unigrams) != self.tokenizer.size + 1:
            raise ModelError(f"{where}: its language models and its tokenizer are of different sizes")
        self._alone = np.ascontiguousarray(self.tables.unigrams[:, 0])
        self._characters = np.array([characters_of(text) for text in self.tokenizer.texts], np.uint8)

    def scores(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """Per document: `pieces` (int64), and float64 scores, NaN for documents of fewer than LEAST_PIECES pieces.

        `bits_per_char` and `perplexity` in the clean model; `noise`: bits per piece that the noisy model explains the
        document better than the clean one; `worst_noise`: the same of the worst window; `noisy_ratio`: share of
        windows in which the noisy model is better; `context_gain`: bits by which the eojeol before makes the first
        piece of an eojeol more probable (clean model); NaN for a single eojeol; `coherence`: context_gain (0 for a
        single eojeol) - noise, low for shuffled, stuffed, wrongly decoded and unspaced text alike.
        """
        ids, offsets = self.tokenizer.ids(texts)
        first, second = log_probs(ids, offsets, self.tables)
        sums = sum_up(ids, offsets, first, second, self._alone, self._characters, self.tokenizer.pieces.starts)
        column = dict(zip(SUMS, sums.T, strict=True))
        pieces = np.diff(offsets)
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = {
                "bits_per_char": -column["first"] * _BITS / (column["characters"] - 1),
                "perplexity": 10 ** np.minimum(-column["first"] / pieces, 30),
                "noise": (column["second"] - column["first"]) * _BITS / pieces,
                "worst_noise": column["worst"] * _BITS,
                "noisy_ratio": column["noisy"] / column["windows"],
                "context_gain": column["gain"] * _BITS / column["begun"],
            }
        # One eojeol only has no context; what it lacks counts as no gain.
        scores["coherence"] = np.nan_to_num(scores["context_gain"]) - scores["noise"]
        for score in scores.values():
            score[pieces < LEAST_PIECES] = np.nan
        return {"pieces": pieces} | scores

    def bucket(self, bits_per_char: np.ndarray) -> np.ndarray:
        """0 head, 1 middle, 2 tail: thirds of real text by bits per character."""
        return (bits_per_char > self.head).astype(np.int8) + (bits_per_char > self.tail)


class ForeignPerplexity:
    """A KenLM model as a perplexity model: bits per character and perplexity. Everything else compares two models of ours."""

    def __init__(self, pair: KenlmPair):
        self._pair = pair

    def scores(self, texts: pa.Array) -> dict[str, np.ndarray]:
        """`pieces` (int64), and `bits_per_char` and `perplexity` (float64; per piece, the end of the document counted as one, as
        CCNet does), NaN for documents of fewer than LEAST_PIECES pieces; the other scores are NaN."""
        total, pieces, characters = self._pair.log_probs(texts)
        short = pieces < LEAST_PIECES
        unsaid = np.full(len(texts), np.nan)
        bits = -total * _BITS / np.maximum(characters - 1, 1)
        perplexity = 10 ** np.minimum(-total / (pieces + 1), 30)
        return {
            "pieces": pieces,
            "bits_per_char": np.where(short, np.nan, bits),
            "perplexity": np.where(short, np.nan, perplexity),
        } | dict.fromkeys(("noise", "worst_noise", "noisy_ratio", "context_gain", "coherence"), unsaid)

    def bucket(self, bits_per_char: np.ndarray) -> None:
        """Its thirds are not known."""
        return None
