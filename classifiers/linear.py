"""A linear classifier over the hashed features of `algok.kernels.ngrams`: a table with one small integer per feature and class.

With s_g the sum of a document's table rows in feature group g and n_g their number, the logit of class k is

    bias_k + scale_k · Σ_g weight_g · s_gk / √n_g

Each feature counts once per document, so √n_g is the length of the document's vector, and the division keeps long documents
from being surer than short ones by their length alone.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from algok.classifiers.store import Model
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.ngrams import GROUPS, features, score


@dataclass(frozen=True)
class Linear:
    """`table`: int8, 2**bits × classes; `scale`, `bias`: float32 per class; `weights`: float32 per feature group."""

    table: np.ndarray
    scale: np.ndarray
    bias: np.ndarray
    weights: np.ndarray

    @classmethod
    def load(cls, model: Model, classes: int) -> "Linear":
        """From a model folder with table.npy, scale.npy and bias.npy. Raises ModelError."""
        weights = model.numbers("group_weights", (len(GROUPS),)).astype(np.float32)
        table = model.array("table.npy", np.int8, (None, classes))
        check_hashed(model, table)
        scale, bias = (model.array(name, np.float32, (classes,)) for name in ("scale.npy", "bias.npy"))
        return cls(table, scale, bias, weights)

    def files(self) -> dict[str, np.ndarray]:
        """What `load` reads, by file name; `parameters` holds the rest."""
        return {"table.npy": self.table, "scale.npy": self.scale, "bias.npy": self.bias}

    @property
    def parameters(self) -> dict:
        return {
            "features": "ngrams",
            "bits": int(self.table.shape[0]).bit_length() - 1,
            "groups": list(GROUPS),
            "group_weights": [round(float(weight), 6) for weight in self.weights],
        }

    def logits(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × classes. An empty document has the logits of a document without features: the bias."""
        sums, counts = score(*_features(texts, int(self.table.shape[0]).bit_length() - 1), self.table)
        factors = self.weights / np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        return np.einsum("dgk,dg->dk", sums.astype(np.float32), factors) * self.scale + self.bias


def check_hashed(model: Model, table: np.ndarray) -> None:
    """A table over hashed features has a row for every value of its bits. Raises ModelError."""
    bits = model.numbers("bits")
    if bits not in range(1, 31) or len(table) != 1 << int(bits):
        raise ModelError(
            f"{model.folder}: table.npy has {len(table)} rows, expected 2 to the power of its 'bits' ({bits:g})"
        )


# Models that follow each other on the same texts share the features: the last ones asked for. The texts are kept too, so
# that no others can come to lie at their address.
_last: tuple[tuple, pa.Array, tuple[np.ndarray, np.ndarray]] | None = None


def _features(texts: pa.Array, bits: int) -> tuple[np.ndarray, np.ndarray]:
    global _last
    addresses = tuple(buffer.address for buffer in texts.buffers()[1:] if buffer is not None)
    key = (addresses, texts.offset, len(texts), texts.type, bits)
    last = _last
    if last is None or last[0] != key:
        _last = last = (key, texts, features(*string_buffers(texts), bits))
    return last[2]


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -60, 60)))


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
