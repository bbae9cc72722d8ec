"""Documents of earlier runs among those of a corpus (`algok run --against`): only those are looked at that new ones meet.

An earlier run has kept what it knew of its documents (`Dedup.remembers`): keys, signatures, components, and the leaders of every
component, which are the documents that it kept. A new document meets an earlier one by an equal key. Where they are similar it
belongs to that one's component, and is compared with the leaders there: as if both runs were one, in which the earlier documents
come first. Their numbers are behind all others, `first` shards of their run behind what they were there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from algok.filters.duplicates.sketches import VALUE, stored_values
from algok.filters.duplicates.tables import (
    ROW_BITS,
    binary,
    document_range,
    joined,
    joined_binary,
    places_of,
    rows_of,
    shard_range,
    shards_of,
    tasks_for,
    to_numpy,
)
from algok.step import Corpus

# Documents of an earlier run that are looked at in one go: whole shards.
DOCUMENTS = 1 << 17
_OWN = np.uint64(1 << 63)


def is_earlier(corpus: Corpus, documents: np.ndarray) -> np.ndarray:
    """Bool per document: of an earlier run."""
    return documents >= np.uint64(len(corpus.rows) << 32)


def in_order(corpus: Corpus, documents: np.ndarray) -> np.ndarray:
    """Numbers (uint64) by which documents are in input order, those of earlier runs first."""
    return np.where(is_earlier(corpus, documents), documents, documents | _OWN)


@dataclass(frozen=True)
class Part:
    """Some shards of a corpus, the one that is resolved or an earlier one. `first` is added to their numbers."""

    corpus: Corpus
    first: int
    shards: range

    @property
    def documents(self) -> tuple[int, int]:
        """The numbers [low, high) of its documents."""
        return document_range(range(self.first + self.shards.start, self.first + self.shards.stop))

    def sketched(self, documents: np.ndarray, width: int) -> dict[str, np.ndarray]:
        """What was sketched of some of its documents: `letters` (uint32), `exact` and `id` (uint8, n × 16), `signature` (as
        `sketches.stored` says)."""
        n = len(documents)
        told = {
            "letters": np.empty(n, np.uint32), "exact": np.empty((n, 16), np.uint8), "id": np.empty((n, 16), np.uint8),
            "signature": np.empty((n, stored_values(width)), VALUE),
        }  # fmt: skip
        of_shard = shards_of(documents)
        for shard in np.unique(of_shard):
            here = np.flatnonzero(of_shard == shard)
            sketch, rows = self.corpus.sketch(int(shard) - self.first, "documents"), rows_of(documents[here])
            for name, values in told.items():
                values[here] = to_numpy(sketch[name]).view(values.dtype)[rows]
        return told

    def components(self, documents: np.ndarray) -> np.ndarray:
        """Of documents of an earlier run the lowest one of the component that each had there; itself where it had none."""
        labels = self.corpus.between("labels", *document_range(self.shards))
        known, components = joined(labels, key=np.uint64, component=np.uint64)
        places = places_of(known + self._shift, documents)
        return np.where(places >= 0, np.append(components, np.uint64(0))[places] + self._shift, documents)

    def leaders(self, documents: np.ndarray, components: np.ndarray, width: int) -> dict[str, np.ndarray]:
        """What must be known of the leaders of earlier components, given documents with the component that each has now: for
        every document that was the lowest of its component, those that led it. `document`, `component` (now), `size` (documents
        of the earlier run that the leader stands for), and as `sketched`."""
        lowest = self.components(documents) == documents
        documents, components = documents[lowest], components[lowest]
        tables = self.corpus.between("leaders", *document_range(self.shards))
        roots, leaders, sizes, letters = joined(
            tables, key=np.uint64, document=np.uint64, size=np.int64, letters=np.uint32
        )
        roots, leaders = roots + self._shift, leaders + self._shift
        places = places_of(documents, roots)
        apart = np.flatnonzero((places >= 0) & (leaders != roots))  # not their component's lowest document
        told = {
            "document": leaders[apart], "component": components[places[apart]], "size": sizes[apart], "letters": letters[apart],
            **{name: joined_binary(tables, name, 16)[apart] for name in ("exact", "id")},
            "signature": joined_binary(tables, "signature", VALUE.itemsize * stored_values(width))[apart].view(VALUE),
        }  # fmt: skip
        alone = np.ones(len(documents), bool)
        alone[places[places >= 0]] = False
        size = np.ones(len(documents), np.int64)
        themselves = (places >= 0) & (leaders == roots)
        size[places[themselves]] = sizes[themselves]
        alone[places[themselves]] = True
        first = {"document": documents[alone], "component": components[alone], "size": size[alone]}
        first |= self.sketched(documents[alone], width)
        return {name: np.concatenate([values, first[name]]) for name, values in told.items()}

    @property
    def _shift(self) -> np.uint64:
        return np.uint64(self.first) << ROW_BITS


def tasks_by_document(corpus: Corpus, each: int) -> int:
    """Tasks that share out the documents of a corpus, and as many for those of earlier runs: few of them are met."""
    own = tasks_for(int(corpus.rows.sum()), each)
    return 2 * own if corpus.earlier else own


def parts_by_document(corpus: Corpus, partition: int, partitions: int, each: int) -> Iterator[Part]:
    """The shards that one of these tasks looks at; none of them are one part too."""
    own = tasks_for(int(corpus.rows.sum()), each)
    if partition < own:
        yield Part(corpus, 0, shard_range(corpus, partition, each))
    else:
        yield from list(_parts_of_earlier(corpus, partition - own, partitions - own)) or [Part(corpus, 0, range(0))]


def _parts_of_earlier(corpus: Corpus, partition: int, partitions: int) -> Iterator[Part]:
    """The shards of earlier runs that one of some tasks looks at (about as many documents each), DOCUMENTS at a time."""
    total = sum(int(earlier.corpus.rows.sum()) for earlier in corpus.earlier)
    low, high, before = total * partition // partitions, total * (partition + 1) // partitions, 0
    for earlier in corpus.earlier:
        rows = earlier.corpus.rows
        begins = before + np.cumsum(rows) - rows
        before += int(rows.sum())
        start, stop = (int(place) for place in np.searchsorted(begins, (low, high)))
        goes = (begins[start:stop] - low) // DOCUMENTS
        cuts = [start, *(start + 1 + np.flatnonzero(np.diff(goes))).tolist(), stop]
        for first, last in pairwise(cuts):
            if first < last:
                yield Part(earlier.corpus, earlier.first, range(first, last))


def leader_table(
    documents: np.ndarray, components: np.ndarray, sizes: np.ndarray, letters: np.ndarray, exact: np.ndarray,
    ids: np.ndarray, signatures: np.ndarray,
) -> pa.Table:  # fmt: skip
    """The leaders of components as a run remembers them: `key` (the component), `document`, `size`, `letters`, `exact`, `id`,
    `signature`; about 500 bytes for each."""
    order = np.argsort(components, kind="stable")
    columns = {"key": components, "document": documents, "size": sizes.astype(np.int32), "letters": letters}
    table = {name: values[order] for name, values in columns.items()}
    blocks = {"exact": exact, "id": ids, "signature": signatures}
    return pa.table(table | {name: binary(values[order]) for name, values in blocks.items()})
