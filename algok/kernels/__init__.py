"""Vectorised passes over Arrow string buffers; everything above rests on these and they on nothing of algok but `korean`."""

from collections.abc import Callable

from numba import config, njit

from algok.kernels.cache import located
from algok.kernels.interpreted import interpreted


def kernel(function: Callable) -> Callable:
    """Compiles a function when it is first called: kept on disk, without the GIL, integers that wrap as in C.

    With NUMBA_DISABLE_JIT=1 the function stays Python, for a debugger or `print`.
    """
    return _compiled(function, inlined=False)


def part(function: Callable) -> Callable:
    """The same for a part of a kernel: it has a name to be read and costs no call, since LLVM writes it into its callers."""
    return _compiled(function, inlined=True)


def _compiled(function: Callable, inlined: bool) -> Callable:
    if getattr(config, "DISABLE_JIT"):  # noqa: B009  # numba sets its attributes at run time
        return interpreted(function)
    with located():
        return njit(cache=True, nogil=True, error_model="numpy", forceinline=inlined)(function)
