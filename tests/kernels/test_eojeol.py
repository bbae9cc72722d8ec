"""Weighted forms at the beginning, at the end and for the whole of an eojeol."""

import numpy as np
import pyarrow as pa
import pytest

from algok.kernels.buffers import string_buffers
from algok.kernels.eojeol import compile_lexicons, score

FIRST = {("^", "력사"): 3.0, ("^", "력사관"): 5.0, ("$", "니라"): 2.0}
SECOND = {("=", "가로되"): 1.0}


def scores(text: str, steady: int = 100) -> tuple[list[float], list[int], int]:
    data, offsets = string_buffers(pa.array([text], pa.large_string()))
    lexicons = tuple(compile_lexicons([FIRST, SECOND]))
    found, distinct, eojeol = score(data, offsets[:-1], offsets[1:], np.ones(1, bool), lexicons, 2, steady)
    return found[0].tolist(), distinct[0].tolist(), int(eojeol[0])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("력사는 길다", [3.0, 0.0]),
        ("력사관은", [5.0, 0.0]),  # the longest form only
        ("그력사", [0.0, 0.0]),
        ("력사하니라", [5.0, 0.0]),  # beginning and end
        ("가로되", [0.0, 1.0]),
        ("가로되도", [0.0, 0.0]),
        ("力력사,가로되.", [3.0, 1.0]),
        ("", [0.0, 0.0]),
    ],
)
def test_forms(text: str, found: list[float]):
    assert scores(text)[0] == found


def test_a_form_counts_once_per_stretch():
    assert scores("력사 " * 9)[0] == [3.0, 0.0]
    assert scores("력사 " * 9, steady=4)[0] == [9.0, 0.0]
    assert scores("력사 " * 9)[1:] == ([1, 0], 9)


@pytest.mark.parametrize("form", ["가", "가나다라마", "ab", "漢字"])
def test_wrong_forms(form: str):
    with pytest.raises(ValueError, match="a form is"):
        compile_lexicons([{("^", form): 1.0}])
