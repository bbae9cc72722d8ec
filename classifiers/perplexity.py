"""The perplexity model: a clean and a noisy n-gram model over the pieces of one tokenizer."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.classifiers.store import Model
from algok.classifiers.tokenizer import Tokenizer, load_tokenizer
from algok.errors import ModelError
from algok.kernels.ngram_lm import SUMS, Tables, log_probs, sum_up

# Documents of fewer pieces say too little about themselves: their scores are null.
LEAST_PIECES = 20
_MOST_ORDER = 8
_BITS = np.log2(10)  # bits of a unit of log10


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
        self._characters = np.array([_characters(text) for text in self.tokenizer.texts], np.uint8)

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


def _characters(piece: str) -> int:
    """Characters of a piece with the space before it; of a byte piece, 1 for a byte that begins a character."""
    if len(piece) == 6 and piece.startswith("<0x"):
        return 0 if 0x80 <= int(piece[3:5], 16) < 0xC0 else 1
    return len(piece)
