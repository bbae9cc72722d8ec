"""The upper levels of a JSON text: brackets, commas and colons down to a depth, everything below passed over.

A file of a gigabyte is one object around one list. What is needed of it are the few bytes that say which key holds the list
and where its items end. For `{"id": 1, "data": [{"a": [2]}, {}]}` read at depth 2:

    {            opens depth 1
    : , :        at depth 1
    [            opens depth 2
    {"a": [2]}   below, not seen
    ,            at depth 2
    ] }          close depths 2 and 1
"""

from algok.kernels import kernel


@kernel
def outline(data, deepest, state, out):
    """Writes the places of structural bytes in `data` (uint8) that stand at most `deepest` levels deep to `out` (int64) and
    returns how many there are.

    Brackets count for the level that they open or close, commas and colons for the one that they stand in. `state`
    (`json_items.new_state`) is carried to the next piece of the text. `out` must hold a place per byte of `data`.
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
            if depth <= deepest:
                out[found] = at
                found += 1
        elif byte == 0x7D or byte == 0x5D:
            if depth <= deepest:
                out[found] = at
                found += 1
            depth = max(0, depth - 1)
        elif (byte == 0x2C or byte == 0x3A) and depth <= deepest:
            out[found] = at
            found += 1
    state[0], state[1], state[2] = depth, in_string, escaped
    return found
