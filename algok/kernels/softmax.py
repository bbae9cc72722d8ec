"""One epoch of softmax regression on sparse features, see `classifiers/training/softmax.py`."""

import numpy as np

from algok.kernels import allocating_kernel


@allocating_kernel
def run_epoch(ends, ids, values, targets, sample_weights, order, weights, squares, bias, bias_squares, rate):
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
