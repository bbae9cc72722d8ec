"""Vectorised passes over Arrow string buffers; everything above rests on these and they on nothing of algok but `korean`."""

from collections.abc import Callable

from numba import njit

from algok.kernels.cache import located


def kernel(function: Callable) -> Callable:
    """Compiles a function when it is first called: kept on disk, without the GIL, integers that wrap as in C."""
    with located():
        return njit(cache=True, nogil=True, error_model="numpy")(function)
