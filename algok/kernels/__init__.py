"""Vectorised passes over Arrow string buffers; everything above rests on these and they on nothing of algok but `korean`."""

from collections.abc import Callable
from typing import Any

from numba import config, njit

from algok.kernels.cache import located
from algok.kernels.interpreted import interpreted


def kernel(function: Callable) -> Callable:
    """Compiles a function when it is first called: kept on disk, without the GIL, integers that wrap as in C.

    It makes no array and gives none back. numba then counts no references: a call with five arrays and an early return would
    raise and lower ten counters atomically, which costs more than what most kernels do for a character (67 ns instead of 10
    in a look at one syllable). With NUMBA_DISABLE_JIT=1 the function stays Python, for a debugger or `print`.
    """
    return _compiled(function, inlined=False, counts_references=False)


def part(function: Callable) -> Callable:
    """The same for a part of a kernel: it has a name to be read and costs no call, since LLVM writes it into its callers."""
    return _compiled(function, inlined=True, counts_references=False)


def allocating_kernel(function: Callable) -> Callable:
    """The same for a function that makes arrays or gives them back: for the outer loop, not for each character."""
    return _compiled(function, inlined=False, counts_references=True)


def _compiled(function: Callable, inlined: bool, counts_references: bool) -> Callable:
    if getattr(config, "DISABLE_JIT"):  # noqa: B009  # numba sets its attributes at run time
        return interpreted(function)
    with located():
        # The counter's name is `_nrt`; the stubs of numba leave the option out.
        options: dict[str, Any] = {"forceinline": inlined, "_nrt": counts_references}
        return njit(cache=True, nogil=True, error_model="numpy", **options)(function)
