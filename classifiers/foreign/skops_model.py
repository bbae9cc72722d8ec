"""Pipelines of scikit-learn, saved with skops: what a file holds is built again from a description, and no code in it runs."""

import warnings
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.foreign.files import ModelFile
from algok.classifiers.foreign.libraries import library
from algok.errors import ModelError

# Parts of CalibratedClassifierCV that skops does not list.
_OF_SKLEARN = ["sklearn.calibration._CalibratedClassifier", "sklearn.calibration._SigmoidCalibration"]


class SkopsModel:
    """A loaded pipeline that takes texts: a classifier gives probabilities of its classes, a regressor a score.

    Only types that skops itself trusts are built (scikit-learn's, numpy's, scipy's); a function of one's own in a pipeline is
    not. A batch goes through the pipeline together; the sums of a document go over its own sparse row.
    """

    def __init__(self, file: ModelFile):
        self._path = file.path
        self._pipeline = _load(file)
        self._score = not hasattr(self._pipeline, "classes_")
        if not self._score and not hasattr(self._pipeline, "predict_proba"):
            raise ModelError(
                f"{file.path}: gives no probabilities (predict_proba); wrap the classifier in CalibratedClassifierCV, or take "
                "one that has them"
            )
        classes = [] if self._score else list(self._pipeline.classes_)
        self.labels: tuple[str, ...] = tuple(map(str, classes))
        self.exclusive = True

    def outputs(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × classes: probabilities; documents × 1: what a regressor predicts."""
        if not len(texts):
            return np.zeros((0, max(1, len(self.labels))), np.float32)
        given = texts.to_pylist()
        if self._score:
            return np.asarray(self._pipeline.predict(given), np.float32).reshape(len(given), -1)
        return np.minimum(np.asarray(self._pipeline.predict_proba(given), np.float32), 1)

    def best(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest class of every text."""
        p = self.outputs(texts)
        columns = p.argmax(axis=1)
        return columns, p[np.arange(len(p)), columns]


def _load(file: ModelFile) -> Any:
    skops = library("skops.io", "sklearn", file.path)
    from sklearn.exceptions import InconsistentVersionWarning

    strange = sorted(set(skops.get_untrusted_types(file=str(file.path))) - set(_OF_SKLEARN))
    if strange:
        raise ModelError(
            f"{file.path}: holds {', '.join(strange[:5])}; algok builds scikit-learn's own types only, so leave others out of "
            "the pipeline"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", InconsistentVersionWarning)
        try:
            return skops.load(str(file.path), trusted=_OF_SKLEARN)
        except InconsistentVersionWarning as warning:
            raise ModelError(
                f"{file.path}: saved with scikit-learn {warning.original_sklearn_version}, here is "
                f"{warning.current_sklearn_version}, which may give other numbers; save it again, or install that version"
            ) from None
