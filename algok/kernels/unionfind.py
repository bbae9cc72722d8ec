"""Connected components of a graph given as edge lists, in 8 bytes per node.

A node's parent never has a higher number than the node, so a component's root is its lowest node, whatever the order of
the edges. Paths are halved on every look-up, which makes unions almost linear.
"""

import numpy as np

from algok.kernels import kernel


def singletons(count: int) -> np.ndarray:
    """The parents (int64) of `count` nodes that no edge has touched."""
    return np.arange(count, dtype=np.int64)


@kernel
def unite(parents, left, right):
    """Join the components of `left[i]` and `right[i]` (int64 node numbers) for every i, in place."""
    for i in range(left.size):
        x, y = left[i], right[i]
        while parents[x] != x:
            parents[x] = parents[parents[x]]
            x = parents[x]
        while parents[y] != y:
            parents[y] = parents[parents[y]]
            y = parents[y]
        if x < y:
            parents[y] = x
        else:
            parents[x] = y


@kernel
def flatten(parents):
    """Point every node straight at its root, in place: parents precede their children, so one pass does."""
    for i in range(parents.size):
        parents[i] = parents[parents[i]]
