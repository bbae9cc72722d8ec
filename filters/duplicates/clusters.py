"""Connected components of similar documents, in tasks that each see the edges of their part of the documents only.

Edges are kept as stars: a document and a lower one that it hangs on. Rounds alternate (large and small stars, after Kiveris and
others 2014): in `large` every document gives those above it the lowest of all its neighbours, in `small` every document joins
what it hangs on, and a task contracts all that it sees at once. Where neither changes anything, every component is one star
around its lowest document. Every round writes at most as many edges as it reads.
"""

from functools import partial

import numpy as np
import pyarrow as pa

from algok.filters.duplicates.tables import hash_range, joined, mixed, run_starts, tasks_for
from algok.kernels import unionfind
from algok.step import Corpus, Output, Round

# Edges in one task (about 100 bytes each while it runs).
EDGES = 1 << 21
# Turns of the two rounds. Copies of pages need one to three; what is not joined after so many is joined in one task.
TURNS = 10


def star_forest(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Documents that are not the lowest of their component, and the lowest, of the edges between `left` and `right`."""
    documents = np.sort(np.concatenate([left, right]))
    documents = documents[run_starts(documents)]  # np.unique hashes first, which takes ten times as long
    parents = unionfind.singletons(len(documents))
    unionfind.unite(parents, np.searchsorted(documents, left), np.searchsorted(documents, right))
    unionfind.flatten(parents)
    hanging = np.flatnonzero(parents != np.arange(len(parents)))
    return documents[hanging], documents[parents[hanging]]


def star_table(documents: np.ndarray, lowest: np.ndarray) -> pa.Table:
    """Edges seen from both ends: `key` (scrambled node), `node`, `other`."""
    return _edge_table(np.concatenate([documents, lowest]), np.concatenate([lowest, documents]))


def rounds() -> list[Round]:
    """All turns; those after the one that changed nothing have no tasks. The last round gives `labels`."""
    turns: list[Round] = []
    for turn in range(TURNS):
        before = "stars" if turn == 0 else f"small{turn - 1}"
        tasks = partial(_tasks, turn)
        turns.append(Round(f"large{turn}", tasks, partial(_large, turn, before), (before,)))
        turns.append(Round(f"small{turn}", tasks, partial(_small, turn), (f"large{turn}",)))
    return [*turns, Round("labels", _label_tasks, _labels, tuple(f"small{turn}" for turn in range(TURNS)))]


def _settled(corpus: Corpus, turn: int) -> bool:
    """Whether a turn changed nothing, or was not needed."""
    return corpus.count(f"large{turn}.moved") + corpus.count(f"small{turn}.moved") == 0


def _tasks(turn: int, corpus: Corpus) -> int:
    if turn and _settled(corpus, turn - 1):
        return 0
    return 1 if turn == TURNS - 1 else tasks_for(corpus.count("stars"), EDGES)


def _label_tasks(corpus: Corpus) -> int:
    return tasks_for(corpus.count("stars"), EDGES)


def _large(turn: int, before: str, corpus: Corpus, partition: int, partitions: int) -> Output:
    """Every document gives those above it the lowest document that it knows."""
    node, other = _edges(corpus, before, partition, partitions)
    starts = run_starts(node)
    lowest = np.minimum(np.minimum.reduceat(other, starts), node[starts]) if len(starts) else node
    lowest = np.repeat(lowest, np.diff(starts, append=len(node)))
    above = other > node
    moved = (lowest[above] != node[above]).any()
    return {f"large{turn}": _edge_table(other[above], lowest[above]), f"large{turn}.moved": _moved(moved)}


def _small(turn: int, corpus: Corpus, partition: int, partitions: int) -> Output:
    """What hangs on one another in this part is joined to the lowest of it."""
    node, other = _edges(corpus, f"large{turn}", partition, partitions)
    documents, lowest = star_forest(node, other)
    order = np.lexsort((other, node))
    moved = not (np.array_equal(node[order], documents) and np.array_equal(other[order], lowest))
    return {f"small{turn}": star_table(documents, lowest), f"small{turn}.moved": _moved(moved)}


def _labels(corpus: Corpus, partition: int, partitions: int) -> Output:
    """`labels`: rows of `key` (document) and `component` (its lowest document)."""
    last = next((turn for turn in range(TURNS) if _settled(corpus, turn)), TURNS - 1)
    node, other = _edges(corpus, f"small{last}", partition, partitions)
    starts = run_starts(node)
    documents = node[starts]
    components = np.minimum(documents, other[starts])  # a star's centre has only higher neighbours
    order = np.argsort(documents)
    return {"labels": pa.table({"key": documents[order], "component": components[order]})}


def _edges(corpus: Corpus, name: str, partition: int, partitions: int) -> tuple[np.ndarray, np.ndarray]:
    """The distinct edges of a part of the nodes, by node."""
    node, other = joined(corpus.between(name, *hash_range(partition, partitions)), node=np.uint64, other=np.uint64)
    order = np.lexsort((other, node))
    node, other = node[order], other[order]
    fresh = run_starts(node, other)
    return node[fresh], other[fresh]


def _edge_table(node: np.ndarray, other: np.ndarray) -> pa.Table:
    keys = mixed(node)
    order = np.argsort(keys, kind="stable")
    return pa.table({"key": keys[order], "node": node[order], "other": other[order]})


def _moved(moved: bool | np.bool_) -> pa.Table:
    """A row where something changed: rows are what the driver counts."""
    return pa.table({"moved": np.ones(int(moved), bool)})
