"""Kernels as plain Python (NUMBA_DISABLE_JIT=1): the same numbers as compiled, thousands of times slower."""

from collections.abc import Callable
from functools import wraps

import numpy as np


class _Bytes(np.ndarray):
    """A byte array whose items are integers: machine code computes with 64 bits, a NumPy byte would overflow."""

    def __getitem__(self, index):
        item = super().__getitem__(index)
        return int(item) if isinstance(item, np.integer) else item

    def __iter__(self):
        return iter(self.tolist())


def _widened(argument):
    return argument.view(_Bytes) if isinstance(argument, np.ndarray) and argument.dtype == np.uint8 else argument


def interpreted(function: Callable) -> Callable:
    """The function itself, on such arrays. From now on integers that overflow wrap without a warning, as in machine code."""
    np.seterr(over="ignore")

    @wraps(function)
    def call(*arguments):
        return function(*map(_widened, arguments))

    return call
