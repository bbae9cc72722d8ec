"""Cuts of sorted tokens without sorting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.mixing import circle
from algok.mixing.circle import Keyed, cut

words = st.one_of(st.integers(0, 2**64 - 1), st.integers(0, 20), st.integers(2**63, 2**63 + 3))
documents = st.lists(st.tuples(st.integers(-1, 2), words, st.integers(1, 50)), max_size=40)


def parts_of(rows, pieces):
    return [
        Keyed(
            *(np.array([row[k] for row in rows[i::pieces]], t) for k, t in enumerate((np.int32, np.uint64, np.int64)))
        )
        for i in range(pieces)
    ]


@given(documents, st.lists(st.integers(0, 500), min_size=3, max_size=3), st.integers(1, 4))
def test_no_other_cut_is_nearer_to_the_target(rows, targets, pieces):
    found = cut(lambda: parts_of(rows, pieces), np.array(targets), len(rows))
    for group in range(3):
        own = [(key, tokens) for g, key, tokens in rows if g == group and targets[group]]
        taken = sum(tokens for key, tokens in own if found.any[group] and key <= found.limits[group])
        possible = {0, *(sum(t for k, t in own if k <= key) for key, _ in own)}
        assert taken == found.tokens[group] and taken in possible
        assert (
            abs(taken - targets[group]) == min(abs(other - targets[group]) for other in possible) or not targets[group]
        )


@given(documents, st.lists(st.integers(0, 500), min_size=3, max_size=3))
def test_more_passes_over_bits_find_the_same_as_sorting(rows, targets):
    sorted_at_once = cut(lambda: parts_of(rows, 2), np.array(targets), len(rows))
    before = circle._SORTED, circle._BINS
    try:
        circle._SORTED, circle._BINS = 0, 16
        by_bits = cut(lambda: parts_of(rows, 2), np.array(targets), len(rows))
    finally:
        circle._SORTED, circle._BINS = before
    for name in ("limits", "any", "tokens"):
        assert (getattr(sorted_at_once, name) == getattr(by_bits, name)).all()
