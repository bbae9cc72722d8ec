"""Which of many sorted numbers are among some others: one pass over both."""

import numpy as np

from algok.kernels import kernel


def members(values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Bool per value (uint64, ascending): whether it is among the wanted ones (uint64, ascending, repeated ones allowed).

    >>> members(np.array([1, 1, 5], np.uint64), np.array([1, 7], np.uint64)).tolist()
    [True, True, False]
    """
    found = np.empty(len(values), np.bool_)
    mark_members(values, wanted, found)
    return found


@kernel
def mark_members(values, wanted, found):
    """The loop of `members`. Both are ascending, so no place of either is looked at twice."""
    place = 0
    for i in range(values.size):
        while place < wanted.size and wanted[place] < values[i]:
            place += 1
        found[i] = place < wanted.size and wanted[place] == values[i]
