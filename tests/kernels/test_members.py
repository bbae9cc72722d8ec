import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels.members import members

NUMBERS = st.lists(st.integers(0, 12) | st.integers(0, (1 << 64) - 1)).map(lambda n: np.array(sorted(n), np.uint64))


@given(NUMBERS, NUMBERS)
def test_it_is_what_a_set_says(values, wanted):
    known = set(wanted.tolist())
    assert members(values, wanted).tolist() == [value in known for value in values.tolist()]
