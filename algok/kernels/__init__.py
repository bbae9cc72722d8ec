"""Vectorised passes over Arrow string buffers; everything above rests on these and they on nothing of algok."""

from numba import njit

# One decorator for all kernels: compiled once per machine (cache), releases the GIL, wraps integers like C does.
kernel = njit(cache=True, nogil=True, error_model="numpy")
