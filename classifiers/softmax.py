"""Softmax regression on sparse features with soft targets, in numba: what `labelled_text.py` trains with.

AdaGrad with one step size per feature row, falling linearly to zero over the epochs; documents in an order drawn from the
seed. Single-threaded float32 arithmetic in a fixed order, so the same input gives the same weights.
"""

import numpy as np

from algok.kernels import kernel


@kernel
def _epoch(ends, ids, values, targets, sample_weights, order, weights, squares, bias, bias_squares, rate):
    classes = weights.shape[1]
    gradient = np.empty(classes, np.float32)
    for document in order:
        for k in range(classes):
            gradient[k] = bias[k]
        for e in range(ends[document], ends[document + 1]):
            row = weights[ids[e]]
            for k in range(classes):
                gradient[k] += values[e] * row[k]
        highest, total = gradient.max(), np.float32(0)
        for k in range(classes):
            gradient[k] = np.exp(gradient[k] - highest)
            total += gradient[k]
        norm = np.float32(0)
        for k in range(classes):
            gradient[k] = (gradient[k] / total - targets[document, k]) * sample_weights[document]
            norm += gradient[k] * gradient[k]
            bias_squares[k] += gradient[k] * gradient[k]
            bias[k] -= np.float32(0.1) * rate * gradient[k] / np.sqrt(bias_squares[k] + np.float32(1e-6))
        for e in range(ends[document], ends[document + 1]):
            i = ids[e]
            squares[i] += values[e] * values[e] * norm
            step = rate * values[e] / np.sqrt(squares[i] + np.float32(1e-8))
            row = weights[i]
            for k in range(classes):
                row[k] -= step * gradient[k]


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
        _epoch(ends, ids, values, targets, factors, order, weights, squares, bias, bias_squares, now)
    return weights, bias
