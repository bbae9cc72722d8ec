"""The parts of a fastText file (format version 12), walked before the library loads it: the library believes every number in a
file, so that one cut short by a broken download hangs it, fills the memory or kills the process."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from algok.errors import ModelError

MAGIC, _VERSION, _SUPERVISED, _CENTROIDS = 793712314, 12, 3, 256
_LABEL, _MOST = 1, 10**15  # the type of a label, and what no count reaches
_LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}


@dataclass(frozen=True)
class FastTextFile:
    """What the head of a sound file says. With the loss `ova` every label is an answer of its own, else one of them holds."""

    labels: int
    loss: str


def check_fasttext(path: Path) -> FastTextFile:
    """Walks the file from end to end. Raises ModelError for one that is damaged or no classifier."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        try:
            return _Walk(data, path).run()
        except (struct.error, OverflowError):
            raise ModelError(f"{path}: ends too early for a fastText model; copy the file again") from None


class _Walk:
    def __init__(self, data: mmap, path: Path):
        self._data, self._path, self._at = data, path, 0

    def run(self) -> FastTextFile:
        magic, version, dim, *_, loss, model, bucket, _, _, _ = self._take("14i")
        self._take("d")
        self._expect(magic == MAGIC and version == _VERSION, f"is no fastText file of version {_VERSION}")
        self._expect(model == _SUPERVISED, "holds word vectors; a classifier is needed (fasttext supervised)")
        words, labels, pruned = self._dictionary()
        self._expect(loss in _LOSSES and labels > 0 and dim > 0, "its numbers make no sense")
        (quantised,) = self._take("B")
        rows = words + (bucket if pruned < 0 else pruned)
        self._matrix(bool(quantised), rows, dim)
        (quantised_output,) = self._take("B")
        self._matrix(bool(quantised and quantised_output), labels, dim)
        self._expect(self._at == len(self._data), "does not end where its numbers say")
        return FastTextFile(labels, _LOSSES[loss])

    def _take(self, layout: str) -> tuple:
        found = struct.unpack_from("<" + layout, self._data, self._at)
        self._at += struct.calcsize("<" + layout)
        return found

    def _skip(self, size: int) -> None:
        self._expect(0 <= size <= len(self._data) - self._at, "ends before its numbers say")
        self._at += size

    def _expect(self, sound: bool, what: str) -> None:
        if not sound:
            raise ModelError(f"{self._path}: {what}; is it damaged?")

    def _dictionary(self) -> tuple[int, int, int]:
        """Words, labels, and how many buckets were kept (below 0: all)."""
        size, words, labels, _, pruned = self._take("3i2q")
        # An entry has ten bytes at least.
        self._expect(0 <= words <= size == words + labels <= len(self._data) // 10, "its dictionary makes no sense")
        find: Callable = self._data.find
        at = self._at
        for entry in range(size):
            at = find(b"\0", at) + 10  # the end of a word, its count and its type
            if at < 10 or at > len(self._data):
                break
            if entry >= words:  # labels stand last; hierarchical softmax makes a tree of their counts
                count, type_ = struct.unpack_from("<qB", self._data, at - 9)
                self._expect(type_ == _LABEL and 0 <= count < _MOST, "its labels make no sense")
        self._expect(self._at <= at <= len(self._data), "ends within its dictionary")
        self._at = at
        self._skip(8 * max(0, pruned))
        return words, labels, pruned

    def _matrix(self, quantised: bool, rows: int, columns: int) -> None:
        norms = bool(quantised and self._take("B")[0])
        found = self._take("2q")
        self._expect(found == (rows, columns), f"holds a matrix of {found}, expected {(rows, columns)}")
        if not quantised:
            self._skip(4 * rows * columns)
            return
        (codes,) = self._take("i")
        self._skip(codes)
        self._quantizer(columns)
        if norms:
            self._skip(rows)
            self._quantizer(1)

    def _quantizer(self, columns: int) -> None:
        dim, parts, size, last = self._take("4i")
        sound = dim == columns and parts > 0 and size > 0 and 0 < last <= size and (parts - 1) * size + last == dim
        self._expect(sound, "its codes make no sense")
        self._skip(4 * dim * _CENTROIDS)
