"""Tables in ascending order of a key, of which any range of keys can be read without the rest.

A file is the rows as Arrow messages of about a hundred kilobytes each, then an index (of every message its first key, its rows,
its place and its digest), then the length and the digest of the index and a mark. A reader fetches the end of the file and
the messages that overlap its range, which lie together: two reads of any storage that takes byte ranges, none of the whole
file, and a changed byte is noticed where it is read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from algok.pipelines.storage import Committed, DamagedFile, Store

KEY = "key"
ALL_KEYS = 1 << 64
# Most rows and about as many bytes in one message: what a reader fetches beside its range is at most this much at either end.
# Signatures are half a kilobyte each, and of a corpus of 10⁸ documents a task wants some hundred of them from every file.
MESSAGE_ROWS = 4096
MESSAGE_BYTES = 96 << 10
_MARK = b"algok-r1"
_TRAILER = struct.Struct("<QQ8s")
_TAIL = 1 << 16  # bytes that are fetched in the hope that the index is among them
_INDEX = pa.schema([("first", pa.uint64()), ("rows", pa.int64()), ("start", pa.int64()), ("xxh3", pa.uint64())])


def is_sorted_part(table: pa.Table) -> bool:
    """Whether a table can be read by ranges: its first column is the uint64 `key`."""
    return table.num_columns > 0 and table.schema.names[0] == KEY and table.schema.field(0).type == pa.uint64()


def write_sorted(store: Store, name: str, table: pa.Table) -> Committed:
    """Commits a table by ranges. Raises ValueError where its keys are not in ascending order."""
    keys = _keys(table)
    if (keys[1:] < keys[:-1]).any():
        raise ValueError(f"{name}: its keys are not in ascending order")
    index = {column: [] for column in _INDEX.names}
    rows = min(MESSAGE_ROWS, max(1, MESSAGE_BYTES * table.num_rows // max(1, table.nbytes)))
    with store.write(name, intermediate=True) as (path, committed), open(path, "wb") as file:
        for place in range(0, table.num_rows, rows):
            (part,) = table.slice(place, rows).combine_chunks().to_batches()
            data = memoryview(part.serialize())
            for column, value in zip(
                index, (keys[place], len(part), file.tell(), xxh3_64_intdigest(data)), strict=True
            ):
                index[column].append(value)
            file.write(data)
        end = _index(table.schema, index, file.tell())
        file.write(end + _TRAILER.pack(len(end), xxh3_64_intdigest(end), _MARK))
    committed.rows = table.num_rows
    return committed


def read_between(store: Store, name: str, low: int, high: int) -> pa.Table:
    """The rows with low ≤ key < high (high may be 2⁶⁴). Raises DamagedFile for what is missing or no such file."""
    index = _read_index(store, name)
    # A message may begin with keys of the one before, so the range begins in the last one that begins below it.
    begin = max(0, int(np.searchsorted(index.firsts, np.uint64(low))) - 1)
    end = len(index.firsts) if high >= ALL_KEYS else int(np.searchsorted(index.firsts, np.uint64(high)))
    if begin >= end:
        return index.schema.empty_table()
    batches = list(_messages(store, name, index, begin, end))
    return cut(pa.Table.from_batches(batches, index.schema), low, high)


def sample_keys(store: Store, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The first key of every message of a file, and the rows that it stands for."""
    index = _read_index(store, name)
    return index.firsts, index.rows


def cut(table: pa.Table, low: int, high: int) -> pa.Table:
    """The rows of a table in memory with low ≤ key < high."""
    keys = _keys(table)
    start = int(np.searchsorted(keys, np.uint64(low)))
    stop = table.num_rows if high >= ALL_KEYS else int(np.searchsorted(keys, np.uint64(high)))
    return table.slice(start, stop - start)


def _keys(table: pa.Table) -> np.ndarray:
    return table[KEY].to_numpy()


def _index(schema: pa.Schema, columns: dict[str, list], end: int) -> bytes:
    """The index as an Arrow stream, which has the schema of the rows beside it. Its last row is the place where the rows end."""
    last = {"first": 0, "rows": 0, "start": end, "xxh3": 0}
    table = pa.table(
        [[*values, last[name]] for name, values in columns.items()],
        schema=_INDEX.with_metadata({b"rows": schema.serialize().to_pybytes()}),
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@dataclass(frozen=True)
class _Index:
    """The index of a file; `starts` has one place more, where the rows end."""

    schema: pa.Schema
    firsts: np.ndarray
    rows: np.ndarray
    starts: np.ndarray
    digests: np.ndarray


def _read_index(store: Store, name: str) -> _Index:
    tail = store.read_tail(name, _TAIL)
    size, digest, mark = _TRAILER.unpack(tail[-_TRAILER.size :]) if len(tail) >= _TRAILER.size else (0, 0, b"")
    if mark != _MARK:
        raise DamagedFile(f"{name}: damaged (no end)")
    if size + _TRAILER.size > len(tail):
        tail = store.read_tail(name, size + _TRAILER.size)
    data = tail[: -_TRAILER.size][-size:]
    if xxh3_64_intdigest(data) != digest:
        raise DamagedFile(f"{name}: changed or damaged since it was written")
    index = pa.ipc.open_stream(data).read_all()
    schema = pa.ipc.read_schema(pa.py_buffer(index.schema.metadata[b"rows"]))
    firsts, rows, starts, digests = (index[column].to_numpy() for column in _INDEX.names)
    return _Index(schema, firsts[:-1], rows[:-1], starts, digests[:-1])


def _messages(store: Store, name: str, index: _Index, begin: int, end: int) -> Iterator[pa.RecordBatch]:
    """Some messages of a file, fetched together."""
    starts = index.starts[begin : end + 1]
    data = memoryview(store.read_span(name, int(starts[0]), int(starts[-1])))
    for (start, stop), digest in zip(pairwise((starts - starts[0]).tolist()), index.digests[begin:end], strict=True):
        if xxh3_64_intdigest(data[start:stop]) != digest:
            raise DamagedFile(f"{name}: changed or damaged since it was written")
        yield pa.ipc.read_record_batch(pa.py_buffer(data[start:stop]), index.schema)
