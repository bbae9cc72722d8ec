"""Ranks of values within groups, looked up by place and by search."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.mixing import ranks
from algok.mixing.ranks import Ranks, rank

values = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, (1 << 32) - 1), st.integers(1, 9)), min_size=0, max_size=40
)


def columns(rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    groups, signal, tokens = np.array(rows, np.int64).reshape(-1, 3).T
    return groups.astype(np.int32), signal.astype(np.uint32), tokens


@given(values, st.integers(0, 40))
def test_a_rank_is_the_middle_of_the_values_stretch_of_its_groups_tokens(rows, cut):
    found = rank([columns(rows[:cut]), columns(rows[cut:])])
    groups, signal, tokens = columns(rows)
    wanted = []
    for group, value in zip(groups, signal >> 16):
        own, leading = tokens[groups == group], (signal >> 16)[groups == group]
        same = own[leading == value].sum()
        wanted.append((own[leading < value].sum() + same / 2) / own.sum())
    assert np.allclose(found.of(groups, signal), wanted)


@given(values)
def test_looking_up_by_place_finds_what_a_search_finds(rows):
    found, largest = rank([columns(rows)]), ranks._LARGEST
    groups, signal, _ = columns(rows)
    by_place = found.of(groups, signal)
    try:
        ranks._LARGEST = -1
        by_search = Ranks(found.codes, found.ranks).of(groups, signal)
    finally:
        ranks._LARGEST = largest
    assert found._direct is not None and (by_place == by_search).all()
