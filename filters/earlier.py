"""What sketches of earlier runs have in common with those of a corpus that is compared with them.

An earlier run may have a hundred times the rows. They are passed over once, in order and some at a time, and only those are
taken whose key the new documents have too.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from algok.kernels.members import members
from algok.step import Corpus

# Rows of an earlier run that are held at once, up to 32 bytes each.
ROWS = 1 << 22


def met(corpus: Corpus, name: str, low: int, high: int, wanted: np.ndarray) -> list[pa.Table]:
    """The rows of a sketched table of the earlier runs with low ≤ key < high and a key that is among the wanted ones (uint64,
    ascending). The keys must be hashes. Column `shard` has the number by which the corpus knows the shard."""
    found = []
    for earlier in corpus.earlier:
        for start, stop in _pieces(low, high, earlier.corpus.count(name)):
            own = wanted[
                np.searchsorted(wanted, np.uint64(start)) : np.searchsorted(wanted, np.uint64(stop - 1), "right")
            ]
            if len(own):
                tables = earlier.corpus.between(name, start, stop)
                found += [_renumbered(_chosen(table, own), earlier.first) for table in tables]
    return found


def _pieces(low: int, high: int, rows: int) -> Iterator[tuple[int, int]]:
    """Equal parts of a range of hashes, each with about ROWS rows at most of a table with so many."""
    parts = max(1, -(-rows * (high - low) // (ROWS << 64)))
    for part in range(parts):
        yield low + (high - low) * part // parts, low + (high - low) * (part + 1) // parts


def _chosen(table: pa.Table, wanted: np.ndarray) -> pa.Table:
    keys = table["key"].to_numpy()
    return table.take(pa.array(np.flatnonzero(members(keys, wanted))))


def _renumbered(table: pa.Table, first: int) -> pa.Table:
    shards = pa.array(table["shard"].to_numpy() + np.uint32(first))
    return table.set_column(table.schema.get_field_index("shard"), "shard", shards)
