"""What the words of a text say about its topic: a lexicon in which every word has a share of every label.

Weighted mean of the shares plus weighted sum of their logarithms: the mean is steady in long texts, the sum in short ones.
"""

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from algok.classifiers.store import Model
from algok.kernels.buffers import string_buffers
from algok.kernels.topic_words import compile_words, gates_of, key_of, occurrences, sums

_WORD = re.compile(r"[가-힣]{2,7}|[a-z][a-z+#.]*[a-z+#]")  # others never stand in a text as the kernel reads it

# Scales of the mean and of the logarithms, and the power of a word's inverse document frequency: by trial on the labelled
# documents (docs/taxonomy.md, "Training").
_MEAN, _LOGS, _RARITY = 25.0, 0.5, 1.5
_LEAST, _EVEN = 0.01, 0.06  # logarithms are of (share + _LEAST) / _EVEN


class TopicWords:
    """Files: `words.npy` (uint64 keys), `gates.npy`, `shares.npy` (uint8, words × labels, 255 is one), `weights.npy`
    (float32), `prior.npy` (float32, the mean logits over the background)."""

    def __init__(self, files: Mapping[str, np.ndarray]):
        self._files = files
        self._tables = compile_words(files["words.npy"], files["gates.npy"])
        self._weights = files["weights.npy"].astype(np.float64)
        self._shares = files["shares.npy"].astype(np.float64) / 255
        self._logs = np.log((self._shares + _LEAST) / _EVEN)
        self._prior = files["prior.npy"].astype(np.float64)

    @classmethod
    def load(cls, model: Model, classes: int) -> "TopicWords":
        """From a model folder. Raises ModelError."""
        words = model.array("words.npy", np.uint64, (None,))
        others = {
            "gates.npy": model.array("gates.npy", np.uint16, (None,)),
            "shares.npy": model.array("shares.npy", np.uint8, (len(words), classes)),
            "weights.npy": model.array("weights.npy", np.float32, (len(words),)),
            "prior.npy": model.array("prior.npy", np.float32, (classes,)),
        }
        return cls({"words.npy": words, **others})

    @classmethod
    def of(cls, shares: Mapping[str, np.ndarray], background: pa.Array) -> "TopicWords":
        """From every word's shares of the labels; `background` texts tell how rare words are and what is usual."""
        shares = {word: share for word, share in shares.items() if _WORD.fullmatch(word)}
        words = list(shares)
        files = {
            "words.npy": np.array([key_of(word) for word in words], np.uint64),
            "gates.npy": gates_of(words),
            "shares.npy": np.rint(255 * np.array(list(shares.values()))).astype(np.uint8),
            "weights.npy": np.ones(len(words), np.float32),
            "prior.npy": np.zeros(next(iter(shares.values())).shape, np.float32),
        }
        data, offsets = string_buffers(background)
        found = occurrences(data, offsets, compile_words(files["words.npy"], files["gates.npy"]), len(words))
        files["weights.npy"] = (np.log((len(background) + 1) / (found + 1)) ** _RARITY).astype(np.float32)
        files["prior.npy"] = cls(files).logits(background).mean(axis=0).astype(np.float32)
        return cls(files)

    def files(self) -> dict[str, np.ndarray]:
        """What `load` reads, by file name."""
        return dict(self._files)

    def logits(self, texts: pa.Array) -> np.ndarray:
        """float64, documents × labels: over the background every label has the mean 0, and so have texts without words."""
        both = sums(*string_buffers(texts), self._tables, self._weights, self._shares, self._logs)
        classes = both.shape[1] // 2
        logits = _MEAN * both[:, :classes] + _LOGS * both[:, classes:]
        logits[both.any(axis=1)] -= self._prior
        return logits
