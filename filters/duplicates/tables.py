"""Columns as numpy arrays and back, and how documents and hashes are shared out among tasks.

A document is known as `shard << 32 | row` (uint64).
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from algok.step import Corpus

ROW_BITS = np.uint64(32)
_ROW_MASK = np.uint64(0xFFFFFFFF)


def documents_of(shards: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return shards.astype(np.uint64) << ROW_BITS | rows.astype(np.uint64)


def shards_of(documents: np.ndarray) -> np.ndarray:
    return (documents >> ROW_BITS).astype(np.int64)


def rows_of(documents: np.ndarray) -> np.ndarray:
    return (documents & _ROW_MASK).astype(np.int64)


def mixed(values: np.ndarray) -> np.ndarray:
    """A one-to-one scrambling of uint64 values (the end of SplitMix64), so that equal ranges of it have about equally many."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def tasks_for(count: int, each: int) -> int:
    """Tasks of about `each` things, one at least."""
    return max(1, -(-count // each))


def hash_range(partition: int, partitions: int) -> tuple[int, int]:
    """The keys [low, high) of one of equal ranges of uint64 hashes."""
    return (partition << 64) // partitions, ((partition + 1) << 64) // partitions


def shard_range(corpus: Corpus, partition: int, each: int) -> range:
    """The shards of one of the tasks that share the documents out by whole shards: those whose first document has a number
    from `partition * each` on, up to the next task's."""
    first = np.cumsum(corpus.rows) - corpus.rows
    start, stop = np.searchsorted(first, (partition * each, (partition + 1) * each))
    return range(int(start), int(stop))


def document_range(shards: range) -> tuple[int, int]:
    """The documents [low, high) of some shards."""
    return shards.start << 32, shards.stop << 32


def joined(tables: Sequence[pa.Table], **types: type) -> list[np.ndarray]:
    """Columns of tables one under the other, as arrays of the given types; empty ones of no tables."""
    return [
        np.concatenate([np.empty(0, kind), *(to_numpy(table[name]) for table in tables)]).astype(kind, copy=False)
        for name, kind in types.items()
    ]


def joined_binary(tables: Sequence[pa.Table], name: str, width: int) -> np.ndarray:
    """The same of a fixed-width binary column: uint8 (n, width)."""
    return np.concatenate([np.empty((0, width), np.uint8), *(to_numpy(table[name]) for table in tables)])


def by_key(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables one under the other, by their keys."""
    table = pa.concat_tables(tables).combine_chunks()
    return table.take(pa.array(np.argsort(to_numpy(table["key"]), kind="stable")))


def to_numpy(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """A column without nulls as numpy: fixed-width binary as uint8 (n, width); zero-copy for one chunk."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_fixed_size_binary(array.type):
        width = array.type.byte_width
        data = np.frombuffer(array.buffers()[1] or b"", np.uint8)
        return data[array.offset * width : (array.offset + len(array)) * width].reshape(-1, width)
    return array.to_numpy(zero_copy_only=False)


def binary(values: np.ndarray) -> pa.FixedSizeBinaryArray:
    """Rows of a contiguous two-dimensional array as one fixed-width binary value each."""
    values = np.ascontiguousarray(values)
    width = values.shape[1] * values.itemsize
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(values)])


def run_starts(*columns: np.ndarray) -> np.ndarray:
    """Where a sorted table's runs of rows that agree in all columns begin (int64)."""
    fresh = np.ones(len(columns[0]), bool)
    fresh[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(fresh)


def places_of(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Where values stand in an array of distinct ones (int64); -1 for those that do not."""
    order = np.argsort(known)
    places = np.full(len(wanted), -1)
    if len(known):
        found = order[np.minimum(np.searchsorted(known[order], wanted), len(known) - 1)]
        places = np.where(known[found] == wanted, found, -1)
    return places
