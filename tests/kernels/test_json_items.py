"""The scan for items of a JSON text agrees with a plain twin, however the text is cut."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels.json_items import boundaries, new_state


def plainly(text: str, base: int) -> list[int]:
    """Places of commas at depth `base` and of brackets that close down to depth 0, outside of strings."""
    found, depth, in_string, escaped = [], 0, False, False
    for place, character in enumerate(text):
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth = max(0, depth - 1)
            if depth == 0:
                found.append(place)
        elif character == "," and depth == base:
            found.append(place)
    return found


def scanned(pieces: list[bytes], base: int) -> list[int]:
    state, found, done = new_state(), [], 0
    for piece in pieces:
        places = np.empty(len(piece), np.int64)
        count = boundaries(np.frombuffer(piece, np.uint8), base, state, places)
        found += (places[:count] + done).tolist()
        done += len(piece)
    return found


@given(st.text('{}[]",\\ a', max_size=60), st.integers(0, 1), st.lists(st.integers(0, 60), max_size=4))
def test_any_text_and_any_cut_agree_with_the_plain_twin(text, base, cuts):
    data = text.encode()
    bounds = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(bounds)]
    assert scanned(pieces, base) == plainly(text, base)


@pytest.mark.parametrize("indent", [None, 2])
@given(items=st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), min_size=1, max_size=6))
def test_items_of_an_array_stand_between_boundaries(indent, items):
    text = json.dumps(items, indent=indent)
    places = plainly(text, 1)
    starts = [1, *(place + 1 for place in places[:-1])]
    assert [json.loads(text[start:end]) for start, end in zip(starts, places, strict=True)] == items
