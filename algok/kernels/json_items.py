"""Where the items of a JSON text end: brackets are counted outside of strings, nothing else is looked at.

Items of an array stand at depth 1, objects that follow each other at depth 0 (`base`). For `[{"a": "}"}, {}]` read at base
1, bytes and what the scan does at them:

    [            depth 1
    {            depth 2
    "a": "}"     in strings, so the bracket in the second one is not seen
    }            depth 1
    ,            a boundary, at depth 1
    {} ]         depth 2, 1, then 0: the closing bracket is the last boundary
"""

import numpy as np

from algok.kernels import kernel

# Indices of the state.
DEPTH, IN_STRING, ESCAPED = 0, 1, 2


def new_state() -> np.ndarray:
    """The state before the first byte: int64 of DEPTH, IN_STRING (0 or 1) and ESCAPED (0 or 1)."""
    return np.zeros(3, np.int64)


@kernel
def boundaries(data, base, state, out):
    """Writes the places of boundaries in `data` (uint8) to `out` (int64) and returns how many there are.

    A boundary is a comma at depth `base`, or a bracket that closes down to depth 0. `state` is carried to the next piece
    of the text. `out` must hold a place per byte of `data`.
    """
    depth, in_string, escaped = state[0], state[1], state[2]
    found = 0
    for at in range(data.size):
        byte = data[at]
        if in_string:
            if escaped:
                escaped = 0
            elif byte == 0x5C:
                escaped = 1
            elif byte == 0x22:
                in_string = 0
        elif byte == 0x22:
            in_string = 1
        elif byte == 0x7B or byte == 0x5B:
            depth += 1
        elif byte == 0x7D or byte == 0x5D:
            depth -= 1
            if depth <= 0:
                depth = 0
                out[found] = at
                found += 1
        elif byte == 0x2C and depth == base:
            out[found] = at
            found += 1
    state[0], state[1], state[2] = depth, in_string, escaped
    return found
