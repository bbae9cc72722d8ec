"""From an ARPA file to the packed table: exact where values are few, close where codes must do."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from algok.classifiers.training.ngram_lm import _quantise, pack, read_arpa
from algok.errors import ModelError
from algok.kernels.ngram_lm import log_probs

ARPA = """\\data\\
ngram 1=5
ngram 2=3

\\1-grams:
-1.5\t<unk>\t0
-99\t<s>\t-0.25
-1\t</s>\t0
-0.5\t0\t-0.125
-0.75\t1\t0

\\2-grams:
-0.1\t<s> 0
-0.2\t0 1
-0.3\t1 </s>

\\end\\
"""


def test_reading_and_scoring(tmp_path: Path) -> None:
    path = tmp_path / "tiny.arpa"
    path.write_text(ARPA)
    model = read_arpa(path, 3)
    assert model.order == 2
    assert model.unigrams[2].tolist() == [-1.5, 0]  # an id that the file lacks is unknown
    tables = pack(model, model)
    ids = np.array([0, 1, 0, 1, 2], np.int32)
    first, second = log_probs(ids, np.array([0, 2, 5]), tables)
    np.testing.assert_allclose(first, [-0.1, -0.2, -0.1, -0.2, -1.5], atol=1e-6)
    assert first.tolist() == second.tolist()
    start, _ = log_probs(np.array([1, 1], np.int32), np.array([0, 2]), tables)
    np.testing.assert_allclose(start, [-0.25 - 0.75, -0.75], atol=1e-6)


def test_bad_files(tmp_path: Path) -> None:
    path = tmp_path / "bad.arpa"
    path.write_text("nothing\n")
    with pytest.raises(ModelError, match="not an ARPA file"):
        read_arpa(path, 3)
    path.write_text(ARPA)
    with pytest.raises(ModelError, match="differ"):
        pack(read_arpa(path, 3), read_arpa(path, 4))


@settings(max_examples=100, deadline=None)
@given(arrays(np.float32, st.integers(1, 600), elements=st.floats(-7, 0, width=32)))
def test_codes_are_close(values: np.ndarray) -> None:
    book, codes = _quantise(values)
    assert codes.min() >= 1
    spread = float(values.max() - values.min())
    exact = len(np.unique(values)) <= 255
    assert np.abs(book[codes] - values).max() <= (1e-6 if exact else spread / 127 + 1e-5)
