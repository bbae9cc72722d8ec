"""The operations of `blocks.py` in plain Python, for debugging with NUMBA_DISABLE_JIT=1."""

import numpy as np

from algok.kernels.blocks import BLOCK


def within(data, i, low, span):
    block = data[i : i + BLOCK].tolist()
    return np.uint64(sum(1 << k for k, byte in enumerate(block) if low <= byte <= low + span))


def load8(data, i):
    return np.uint64(int.from_bytes(data[i : i + 8].tobytes(), "little"))


def trailing_zeros(word):
    word = int(word)
    return (word & -word).bit_length() - 1


def set_bits(word):
    return int(word).bit_count()


def prefetch(data, i):
    pass
