"""Sequences of one length from a stream of documents, best-fit decreasing: no document is cut that fits into one.

After "Fewer Truncations Improve Language Modeling" (2404.10830). A document that is longer than a sequence is split: it fills
sequences of its own, and its rest is packed like a document. Packing looks at lengths only, in windows of the stream, so
that what lies far apart stays far apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import IO

import numpy as np
import pyarrow as pa

from algok.kernels.packing import arrange, best_fit, copy_pieces, split

_TOKENS = 1 << 20  # tokens of sequences that are written at once


@dataclass(frozen=True)
class Packing:
    """Pieces of documents in the order of the sequences they lie in. A piece is a document, or a part of one that was split."""

    length: int  # tokens of a sequence, padding included
    count: int  # sequences
    documents: np.ndarray  # int32: the number of the document in the stream
    parts: np.ndarray  # int32: which part of it this is, from 0; all but the last have `length` tokens
    sizes: np.ndarray  # int32: tokens
    starts: np.ndarray  # int64: tokens of all sequences before the piece, padding included

    @property
    def sequences(self) -> np.ndarray:
        return self.starts // self.length


def pack(lengths: np.ndarray, length: int, window: int) -> Packing:
    """Documents of so many tokens (int64, at least 1) into sequences of `length` tokens, in windows of `window` tokens.

    >>> found = pack(np.array([6, 8, 2, 4, 13]), 10, 1000)
    >>> found.sequences.tolist(), found.documents.tolist(), found.parts.tolist(), found.sizes.tolist()
    ([0, 0, 1, 1, 2, 3], [0, 3, 1, 2, 4, 4], [0, 0, 0, 0, 0, 1], [6, 4, 8, 2, 10, 3])
    """
    documents, parts, sizes = split(lengths, length)
    windows = (np.cumsum(lengths) - lengths) // window
    sequences, count = np.empty(len(sizes), np.int32), 0
    edges = np.searchsorted(documents, np.flatnonzero(np.diff(windows, prepend=-1))).tolist()
    for begin, end in pairwise([*edges, len(sizes)]):
        found, opened = best_fit(sizes[begin:end], length)
        sequences[begin:end] = found + count
        count += opened
    order, starts = arrange(sizes, sequences, count, length)
    return Packing(length, count, documents[order], parts[order], sizes[order], starts)


@dataclass(frozen=True)
class Sequences:
    """Some packed sequences in order, as writers take them. `pieces`: a row for each, with the columns of its document."""

    pieces: pa.RecordBatch
    part: np.ndarray
    parts: np.ndarray
    lengths: np.ndarray  # of the pieces
    starts: np.ndarray  # of the pieces, in tokens of the shard
    numbers: np.ndarray  # of the pieces' sequences in the shard
    tokens: np.ndarray  # int32, padding included
    length: int

    @property
    def count(self) -> int:
        return len(self.tokens) // self.length

    @property
    def offsets(self) -> np.ndarray:
        """count + 1 numbers: where the pieces of each sequence begin."""
        first = self.numbers[0] if len(self.numbers) else 0
        return np.searchsorted(self.numbers, np.arange(first, first + self.count + 1))


class Spool:
    """The tokens of a shard in a file, so that a worker need not hold them to put them in another order."""

    def __init__(self, file: IO[bytes], padding: int):
        self._file, self._padding = file, padding
        self._lengths: list[np.ndarray] = []
        self._rows: list[pa.RecordBatch] = []

    def append(self, rows: pa.RecordBatch, lengths: np.ndarray, tokens: np.ndarray) -> None:
        """Some documents in the order of the stream: what is known of each, and their tokens (int32)."""
        self._file.write(tokens.astype(np.int32).tobytes())
        self._lengths.append(lengths)
        self._rows.append(rows)

    def sequences(self, length: int, window: int) -> Iterator[Sequences]:
        """All documents packed, some sequences at a time."""
        if not self._rows:
            return
        self._file.flush()
        lengths = np.concatenate(self._lengths)
        (rows,) = pa.Table.from_batches(self._rows).combine_chunks().to_batches()
        packing = pack(lengths, length, window)
        begins = (np.cumsum(lengths) - lengths)[packing.documents] + packing.parts.astype(np.int64) * length
        tokens = np.memmap(self._file, np.int32, "r")
        at_once = max(1, _TOKENS // length)
        for first in range(0, packing.count, at_once):
            last = min(first + at_once, packing.count)
            own = slice(*np.searchsorted(packing.starts, (first * length, last * length)))
            filled = np.full((last - first) * length, self._padding, np.int32)
            copy_pieces(tokens, begins[own], packing.sizes[own], packing.starts[own] - first * length, filled)
            documents = packing.documents[own]
            yield Sequences(
                rows.take(pa.array(documents)),
                packing.parts[own],
                -(-lengths[documents] // length),
                packing.sizes[own],
                packing.starts[own],
                packing.starts[own] // length,
                filled,
                length,
            )
