"""Softmax regression on sparse features with soft targets, in numba: what `labeller.py` trains with.

AdaGrad with one step size per feature row, falling linearly to zero over the epochs; documents in an order drawn from the
seed. Single-threaded float32 arithmetic in a fixed order, so the same input gives the same weights.
"""

import numpy as np

from algok.kernels.softmax import run_epoch


def fit_softmax(
    matrix, targets: np.ndarray, sample_weights: np.ndarray, *, epochs: int = 4, rate: float = 0.5, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (float32, features × classes) and biases (float32) for a CSR matrix of documents.

    `targets`: documents × classes, each row a distribution; `sample_weights`: one factor per document.
    """
    weights = np.zeros((matrix.shape[1], targets.shape[1]), np.float32)
    squares = np.zeros(matrix.shape[1], np.float32)
    bias, bias_squares = np.zeros(targets.shape[1], np.float32), np.zeros(targets.shape[1], np.float32)
    ends, ids = matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64)
    values, targets = matrix.data.astype(np.float32), np.ascontiguousarray(targets, np.float32)
    factors, draw = sample_weights.astype(np.float32), np.random.default_rng(seed)
    for epoch in range(epochs):
        order = draw.permutation(matrix.shape[0])
        now = np.float32(rate * (1 - epoch / epochs))
        run_epoch(ends, ids, values, targets, factors, order, weights, squares, bias, bias_squares, now)
    return weights, bias
