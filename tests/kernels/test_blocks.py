"""Block operations against plain Python, and at every place of a buffer."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels import kernel
from algok.kernels.blocks import BLOCK, load8, prefetch, set_bits, trailing_zeros, within


@kernel
def masks(data, i):
    return within(data, i, 10, 0), within(data, i, 0xE2, 1), within(data, i, 0, 31), within(data, i, 48, 9)


@kernel
def counted(word):
    return trailing_zeros(word), set_bits(word)


@kernel
def loaded(data, i):
    prefetch(data, i)
    return load8(data, i)


def bits(flags):
    return sum(int(flag) << k for k, flag in enumerate(flags))


@given(st.binary(min_size=BLOCK, max_size=3 * BLOCK), st.data())
def test_within_marks_the_bytes_of_a_range(text, chosen):
    data = np.frombuffer(text, np.uint8)
    i = chosen.draw(st.integers(0, len(text) - BLOCK))
    block = data[i : i + BLOCK]
    expected = [block == 10, (block == 0xE2) | (block == 0xE3), block < 32, (block >= 48) & (block < 58)]
    assert list(masks(data, i)) == [bits(flags) for flags in expected]


def test_within_tells_all_bytes_apart():
    data = np.tile(np.arange(256, dtype=np.uint8), 2)
    found = np.array([[mask & 1 for mask in masks(data, i)] for i in range(256)], bool).T
    assert [np.flatnonzero(row).tolist() for row in found] == [[10], [0xE2, 0xE3], [*range(32)], [*range(48, 58)]]


@given(st.integers(1, (1 << 64) - 1))
def test_bits_are_counted(word):
    assert counted(np.uint64(word)) == ((word & -word).bit_length() - 1, word.bit_count())


@given(st.binary(min_size=8, max_size=20), st.data())
def test_eight_bytes_are_one_little_endian_integer(text, chosen):
    i = chosen.draw(st.integers(0, len(text) - 8))
    assert loaded(np.frombuffer(text, np.uint8), i) == int.from_bytes(text[i : i + 8], "little")
