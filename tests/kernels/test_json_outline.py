"""The scan of the upper levels of a JSON text agrees with a plain twin, however the text is cut."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels.json_items import new_state
from algok.kernels.json_outline import outline


def plainly(text: str, deepest: int) -> list[int]:
    """Places of brackets, commas and colons outside of strings, at most `deepest` levels deep."""
    found, depth, in_string, escaped = [], 0, False, False
    for place, character in enumerate(text):
        if in_string:
            in_string = escaped or character != '"'
            escaped = character == "\\" and not escaped
            continue
        if character == '"':
            in_string = True
            continue
        depth += character in "{["
        if character in "{}[],:" and depth <= deepest:
            found.append(place)
        depth = max(0, depth - (character in "}]"))
    return found


@given(st.text('{}[]",:\\ a', max_size=60), st.integers(0, 4), st.lists(st.integers(0, 60), max_size=4))
def test_any_text_and_any_cut_agree_with_the_plain_twin(text, deepest, cuts):
    data, state, found = text.encode(), new_state(), []
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    for start, end in pairwise(bounds):
        places = np.empty(end - start, np.int64)
        count = outline(np.frombuffer(data[start:end], np.uint8), deepest, state, places)
        found += (places[:count] + start).tolist()
    assert found == plainly(text, deepest)
