"""Training of `linear.Linear`: sparse features, logistic regression, and the table of small integers. Needs the extra `train`."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from algok.classifiers.linear import Linear
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.ngrams import features

# Of a class's weights, the largest 1 in 10,000 are cut, so that the small integers resolve the others.
_CLIP = 0.9999


def vectors(texts: Sequence[str], bits: int, weights: Sequence[float]):
    """The documents as a scipy CSR matrix, float32, documents × 2**bits: weight_g / √n_g where a document has a feature."""
    from scipy.sparse import csr_matrix

    ids, bounds = features(*string_buffers(pa.array(texts, pa.large_string())), bits)
    starts = np.concatenate([[0], bounds[:-1, -1]]) if len(bounds) else np.zeros(0, np.int64)
    lengths = np.diff(np.column_stack([starts, bounds]), axis=1)
    values = np.asarray(weights, np.float32) / np.sqrt(np.maximum(lengths, 1)).astype(np.float32)
    data = np.repeat(values.ravel(), lengths.ravel()).astype(np.float32)
    row_ends = np.concatenate([[0], bounds[:, -1]]) if len(bounds) else np.zeros(1, np.int64)
    return csr_matrix((data, ids.astype(np.int32), row_ends), shape=(len(texts), 1 << bits))


def fit(matrix, labels: np.ndarray, c: float, sample_weight: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Logistic regression (L2, inverse strength `c`) on `vectors`. Gives weights (float32, rows × classes) and biases.

    `labels` are 0 … K − 1; two classes give one column, the logit of class 1. Deterministic: L-BFGS from zero.
    """
    LogisticRegression, threadpool_limits = _libraries()
    model = LogisticRegression(C=c, max_iter=1000, tol=1e-4)  # 1e-3 stopped too early: quality lost 0.007 of AUC
    with threadpool_limits(1):  # sums in one order, and no threads that wait for each other over small matrices
        model.fit(matrix, labels, sample_weight=sample_weight)
    return model.coef_.T.astype(np.float32), np.asarray(model.intercept_, np.float32)


def quantise(weights: np.ndarray, bias: np.ndarray, group_weights: Sequence[float]) -> Linear:
    """The classifier with its weights as int8, each class with a scale of its own."""
    largest = np.maximum(np.quantile(np.abs(weights), _CLIP, axis=0), 1e-9)
    scale = (largest / 127).astype(np.float32)
    table = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    return Linear(table, scale, bias.astype(np.float32), np.asarray(group_weights, np.float32))


def _libraries():
    try:
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits
    except ImportError:
        raise ModelError("training needs scikit-learn; install it with: pip install 'algok[train]'") from None
    return LogisticRegression, threadpool_limits
