"""An index of benchmarks: hashes of what their items say, and which item each is of. It holds no text."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import orjson
import pyarrow as pa

from algok.classifiers.store import Model, find_folder, open_model, read_manifest
from algok.errors import ModelError
from algok.kernels.contamination import VERSION, Found, Tables, find

KIND = "benchmarks"
WEIGHT = 1000  # what a shingle is worth that one item alone has and no background


class ContaminationIndex:
    """Looks for the items of an index in documents."""

    def __init__(self, model: Model):
        self.model, self.digest = model, model.manifest.digest
        if model.parameter("version") != VERSION:
            raise ModelError(
                f"{model.folder}: was built for another version of the kernel ({model.parameter('version')}, not {VERSION}); "
                "build it again with 'algok decontaminate build'"
            )
        shingles = model.array("shingles.npy", np.uint64, (None,))
        weights = model.array("weights.npy", np.int32, (len(shingles),))
        firsts = model.array("firsts.npy", np.int64, (len(shingles) + 1,))
        postings = model.array("postings.npy", np.int32, (None,))
        entries = model.array("entries.npy", np.int64, (None, 4))
        self.items = self._items()
        self._check(shingles, weights, firsts, postings, entries)
        items, totals, needed, asked = np.ascontiguousarray(entries.T)
        gap = int(model.numbers("gap"))
        self.tables = Tables.of(shingles, weights, firsts, postings, items.astype(np.int32), totals, needed, asked, gap)

    def _items(self) -> list[tuple[str, str]]:
        """Benchmark and id of every item."""
        try:
            return [(str(benchmark), str(name)) for benchmark, name in orjson.loads(self.model.text("items.json"))]
        except (orjson.JSONDecodeError, TypeError, ValueError):
            raise ModelError(f"{self.model.folder}/items.json: not a list of benchmarks and ids") from None

    def _check(self, shingles, weights, firsts, postings, entries) -> None:
        """Numbers that point outside of the arrays would make the kernel read there."""
        sound = (
            (shingles[1:] > shingles[:-1]).all()
            and (weights > 0).all()
            and firsts[0] == 0
            and firsts[-1] == len(postings)
            and (firsts[1:] >= firsts[:-1]).all()
            and _within(postings, 2 * len(entries))
            and _within(entries[:, 0], len(self.items))
            and (entries[:, 1:3] > 0).all()
        )
        if not sound:
            raise ModelError(f"{self.model.folder}: its arrays contradict each other; build the index again")

    def find(self, texts: pa.Array | pa.ChunkedArray) -> Found:
        return find(texts, self.tables)

    def coverage(self, found: Found) -> tuple[np.ndarray, np.ndarray]:
        """Of the nearest entry of every document: its coverage, and by how much this is above what a hit needs (float64); below 0
        where there is no hit. 0 and -1 where a document has nothing of any entry."""
        known = found.entry >= 0
        if not known.any():
            return np.zeros(len(known)), np.full(len(known), -1.0)
        entry = np.where(known, found.entry, 0)
        coverage = np.where(known, found.worth / self.tables.totals[entry], 0.0)
        return coverage, np.where(known, found.margin, -1.0)

    def named(self, found: Found) -> tuple[Sequence[str | None], Sequence[str | None]]:
        """Benchmark and item of every document with a hit."""
        items = [self.items[self.tables.items[e]] if hits else None for e, hits in zip(found.entry, found.hits)]
        return [item and item[0] for item in items], [item and f"{item[0]}:{item[1]}" for item in items]


def _within(numbers: np.ndarray, count: int) -> bool:
    return not len(numbers) or bool(numbers.min() >= 0 and numbers.max() < count)


@lru_cache(maxsize=4)
def _opened(reference: str, digest: str) -> ContaminationIndex:
    return ContaminationIndex(open_model(reference, KIND))


def open_index(reference: str) -> ContaminationIndex:
    """The index in a folder, once per process as long as it stays the same. Raises ModelError."""
    return _opened(reference, read_manifest(find_folder(reference)).digest)
