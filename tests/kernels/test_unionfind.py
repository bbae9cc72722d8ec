import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algok.kernels import unionfind

COUNT = 30
edges = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=60)


def roots(pairs: list[tuple[int, int]], count: int = COUNT) -> list[int]:
    parents = unionfind.singletons(count)
    left, right = np.array(pairs, np.int64).reshape(-1, 2).T
    unionfind.unite(parents, np.ascontiguousarray(left), np.ascontiguousarray(right))
    unionfind.flatten(parents)
    return parents.tolist()


def by_flooding(pairs: list[tuple[int, int]]) -> list[int]:
    label = list(range(COUNT))
    changed = True
    while changed:
        changed = False
        for x, y in pairs:
            low = min(label[x], label[y])
            changed |= label[x] != low or label[y] != low
            label[x] = label[y] = low
    return label


@given(edges)
def test_root_is_the_lowest_node_of_the_component(pairs):
    assert roots(pairs) == by_flooding(pairs)


@given(edges, st.randoms(use_true_random=False))
def test_order_and_direction_of_edges_do_not_matter(pairs, rng):
    other = [(y, x) for x, y in pairs]
    rng.shuffle(other)
    assert roots(pairs) == roots(other)


def test_a_long_chain_given_backwards_is_one_component():
    count = 300_000
    chain = [(i, i + 1) for i in range(count - 1)][::-1]
    assert set(roots(chain, count)) == {0}
