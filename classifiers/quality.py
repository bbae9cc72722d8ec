"""The quality model: is a document worth training on (keep), and how good is it from 0 to 5.

Six logits over the hashed n-grams of `linear.py`: keep, and quality ≥ 1 … ≥ 5. Each is turned into a probability by a line
fitted on documents of hosts that the fitting model had not seen.
"""

import numpy as np
import pyarrow as pa

from algok.classifiers.linear import Linear, sigmoid
from algok.classifiers.store import Model

HEADS = ("keep", "1", "2", "3", "4", "5")


class QualityModel:
    """A loaded quality model."""

    def __init__(self, model: Model):
        self._linear = Linear.load(model, len(HEADS))
        self._slope, self._offset = model.numbers("calibration", (len(HEADS), 2)).astype(np.float32).T

    def probabilities(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """P(keep) (float32) and the expected quality 0–5 (float32, the sum of P(quality ≥ 1 … 5)) of every text."""
        logits = self._linear.logits(texts)
        p = sigmoid(logits * self._slope + self._offset)
        return p[:, 0], p[:, 1:].sum(axis=1)
