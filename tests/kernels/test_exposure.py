import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels import exposure

words = st.integers(0, 2**64 - 1)


@given(st.lists(words, unique=True, max_size=50), words)
def test_scattering_loses_no_value_and_depends_on_the_salt(values, salt):
    keys = np.array(values, np.uint64)
    scattered = exposure.scatter(keys, np.full(len(keys), salt, np.uint64))
    assert len(set(scattered.tolist())) == len(values)
    other = exposure.scatter(keys, np.full(len(keys), salt ^ 1, np.uint64))
    assert (scattered != other).all()


def test_scattered_numbers_are_even():
    keys = exposure.scatter(np.arange(100_000, dtype=np.uint64), np.zeros(100_000, np.uint64))
    counts = np.bincount((keys >> np.uint64(56)).astype(int), minlength=256)
    assert abs(counts / (100_000 / 256) - 1).max() < 0.2


@given(
    st.lists(st.tuples(st.integers(-1, 2), words, st.integers(0, 99)), max_size=60),
    st.integers(0, 3),
    st.integers(1, 4),
)
def test_sums_are_those_of_a_loop(rows, known, bits):
    groups, keys, tokens = (
        np.array([row[k] for row in rows], t) for k, t in enumerate((np.int32, np.uint64, np.int64))
    )
    prefixes = np.zeros(3, np.uint64)
    sums, counts = np.zeros((3, 1 << bits), np.int64), np.zeros((3, 1 << bits), np.int64)
    exposure.add_tokens(groups, keys, tokens, prefixes, known, bits, sums, counts)
    expected = np.zeros_like(sums)
    for group, key, count in rows:
        if group >= 0 and key >> (64 - known) == 0:
            expected[group, key >> (64 - known - bits) & ((1 << bits) - 1)] += count
    assert (sums == expected).all()
