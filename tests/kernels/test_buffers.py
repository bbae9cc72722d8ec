"""Arrow strings as numpy buffers: zero-copy, slices and chunks included, and back."""

import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels.buffers import string_buffers, strings_from_buffers


def texts_in(data: np.ndarray, offsets: np.ndarray) -> list[str]:
    return [data[start:end].tobytes().decode() for start, end in itertools.pairwise(offsets)]


@given(st.lists(st.text(max_size=20), max_size=8), st.integers(0, 4), st.sampled_from([pa.string(), pa.large_string()]))
def test_any_slice_of_any_string_type_comes_through_and_back(texts, start, kind):
    array = pa.array(texts, kind).slice(min(start, len(texts)))
    data, offsets = string_buffers(array)
    assert offsets.dtype == np.int64
    assert texts_in(data, offsets) == array.to_pylist()
    assert strings_from_buffers(data, np.ascontiguousarray(offsets)).to_pylist() == array.to_pylist()


def test_chunks_are_joined():
    chunked = pa.chunked_array([["가"], [], ["나다", ""]], pa.large_string())
    assert texts_in(*string_buffers(chunked)) == ["가", "나다", ""]


def test_nothing_is_copied():
    array = pa.array(["가나다", "라"], pa.large_string())
    data, _ = string_buffers(array.slice(1))
    assert data.ctypes.data == array.buffers()[2].address


def test_nulls_are_refused():
    with pytest.raises(ValueError, match="nulls"):
        string_buffers(pa.array(["a", None], pa.large_string()))
