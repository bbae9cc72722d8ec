"""Classifiers of fastText: `.bin` and quantised `.ftz` files of `fasttext supervised`."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.classifiers.foreign.fasttext_file import check_fasttext
from algok.classifiers.foreign.files import ModelFile
from algok.classifiers.foreign.libraries import library


class FastTextModel:
    """A loaded model. fastText reads a line, so a document is folded into one: every line break becomes a space."""

    def __init__(self, file: ModelFile):
        fasttext = library("fasttext", "fasttext", file.path)
        head = check_fasttext(file.path)
        self._model = fasttext.load_model(str(file.path))
        self.labels: tuple[str, ...] = tuple(self._model.labels)
        self.exclusive = head.loss != "ova"
        self._column = {label: column for column, label in enumerate(self.labels)}

    def outputs(self, texts: pa.Array) -> np.ndarray:
        """float32, documents × labels. fastText adds 0.00001 to probabilities before it takes their logarithm, so that they can
        come out above 1; they are cut there. Labels that it leaves out are less probable than that."""
        out = np.zeros((len(texts), len(self.labels)), np.float32)
        for row, (labels, values) in enumerate(zip(*self._model.predict(folded(texts), k=-1), strict=True)):
            out[row, [self._column[label] for label in labels]] = values
        return np.minimum(out, 1)

    def best(self, texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
        """The likeliest label alone: with two thousand languages, asking for all takes most of the time."""
        labels, values = self._model.predict(folded(texts), k=1)
        columns = np.fromiter((self._column[found[0]] for found in labels), np.int64, len(texts))
        return columns, np.minimum(np.fromiter((found[0] for found in values), np.float32, len(texts)), 1)


def folded(texts: pa.Array) -> list[str]:
    """Every text as one line."""
    return pc.replace_substring(texts, "\n", " ").to_pylist()
