"""Step 1: exact and near deduplication over the whole corpus (see docs/deduplication.md).

Every document is sketched by MinHash. Documents that share the key of a band are candidates; pairs that also have
similar signatures are edges; inside each connected component every document is compared with the documents kept so far.
So a removed document is always similar to one that is kept, which is named.

A document is known as `shard << 32 | row` (uint64). Sketch table, one row per document:

* `id` fixed_size_binary(16): the document's id
* `exact` fixed_size_binary(16): hash of the text, whitespace folded and ASCII lower-cased; zeros when blank
* `letters` uint32: letters and digits
* `signature` fixed_size_binary(4 · bands · rows): MinHash values, uint32 little-endian
* `keys`, `key_rows` fixed_size_list<uint64 | uint32>[bands + 1]: the shard's band and exact keys in ascending order and
  the row each belongs to, so that a task reads its range of keys as one slice of each shard. The lists are storage only:
  a list belongs to no particular document. Rows without a key have key 2^64 − 1, at the end.

664 bytes per document with the default 14 bands of 8 rows.
"""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.kernels import minhash, unionfind
from algok.kernels.buffers import string_buffers, strings_from_buffers
from algok.kernels.duplicates import NO_KEY, assign_leaders, band_keys
from algok.step import Bound, Corpus, CorpusStep, Edited, Round, Signal, Sketcher, StepOptions

# Keys in one task of "pairs" (up to 80 bytes each while it runs: 340 MB), and documents in one task of "decide".
PAIR_KEYS = 1 << 22
DECIDE_DOCUMENTS = 1 << 22
# Signatures held at once while candidates are compared (28 MB).
_CHUNK = 1 << 16
# Leaders that a document is compared with in one bucket of equal keys, and in one component. They bound the work on
# hostile corpora to a multiple of their size; what resembles none of them is kept.
_BUCKET_LEADERS = 8
_COMPONENT_LEADERS = 128

_DECISIONS = pa.schema({
    "document": pa.uint64(), "kept": pa.binary(16), "rank": pa.int32(), "size": pa.int32(), "similarity": pa.float32(),
    "exact": pa.bool_(),
})  # fmt: skip
_ROW_BITS = np.uint64(32)


class DedupOptions(StepOptions):
    """Near duplicates share a band with probability 1 − (1 − s^rows)^bands at Jaccard similarity s."""

    ngram: int = Field(5, ge=1, le=minhash.MAX_NGRAM, description="units (syllables, thirds of a word) in a shingle")
    bands: int = Field(14, ge=1, le=64)
    rows: int = Field(8, ge=1, le=32)
    threshold: float = Field(0.75, gt=0, le=1, description="least estimated Jaccard similarity of duplicates")
    keep: Literal["longest", "first"] = Field("longest", description="which document of a cluster is kept")


class Dedup(CorpusStep[DedupOptions]):
    """Marks exact and near duplicates, each with the kept document it repeats."""

    name: ClassVar[str] = "dedup"
    compares_with_earlier = True
    requires: ClassVar[frozenset[str]] = frozenset({"id", "text"})
    Options: ClassVar[type[StepOptions]] = DedupOptions
    options: DedupOptions
    default_bounds: ClassVar[dict[str, Bound]] = {"duplicate_rank": Bound(max=0)}
    signals: ClassVar[tuple[Signal, ...]] = (
        Signal("duplicate_rank", pa.int32(), "count", "place in the cluster by the keep rule; 0 is kept or alone"),
        Signal("cluster", pa.string(), "opaque", "id of the cluster's kept document; null when alone"),
        Signal("cluster_size", pa.int32(), "count", "documents in the cluster, the kept one included; 1 when alone"),
        Signal(
            "similarity", pa.float32(), "ratio", "estimated Jaccard similarity to the kept document; null when alone"
        ),
        Signal("duplicate_of", pa.string(), "opaque", "id of the kept document that this one repeats; null when kept"),
        Signal("exact", pa.bool_(), "flag", "equal to the kept document but for whitespace and ASCII case"),
    )

    def sketcher(self) -> Sketcher:
        return _Sketcher(self.options)

    def rounds(self) -> list[Round]:
        return [
            Round("pairs", self._pair_partitions, self._pairs),
            Round("clusters", lambda corpus: 1, _clusters),
            Round("decide", _decide_partitions, self._decide),
        ]

    def load(self, corpus: Corpus, shard: int) -> "ShardDecisions":
        return ShardDecisions(_of_shard(corpus.round("decide"), shard))

    def act(self, batch: pa.RecordBatch, first_row: int, resolved: "ShardDecisions") -> Edited:
        return Edited(batch.column("text"), resolved.signals(first_row, batch.num_rows))

    @property
    def _keys_per_document(self) -> int:
        return self.options.bands + 1

    def _pair_partitions(self, corpus: Corpus) -> int:
        return max(1, -(-int(corpus.rows.sum()) * self._keys_per_document // PAIR_KEYS))

    def _pairs(self, corpus: Corpus, partition: int, partitions: int) -> pa.Table:
        """Edges `left`, `right` (uint64 documents) between verified candidates whose key is in the partition's range."""
        keys, documents = _candidates(corpus, partition, partitions)
        leaders = _Leaders(_BUCKET_LEADERS, self.options)
        lefts, rights = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
        for part in _chunks(len(keys)):
            leader, _ = leaders.assign(keys[part], documents[part], _signatures(corpus, documents[part]))
            edge = leader != documents[part]
            lefts.append(leader[edge])
            rights.append(documents[part][edge])
        left, right = np.concatenate(lefts), np.concatenate(rights)
        order = np.lexsort((right, left))
        left, right = left[order], right[order]
        fresh = np.ones(len(left), bool)  # a pair may share several bands
        fresh[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
        return pa.table({"left": left[fresh], "right": right[fresh]})

    def _decide(self, corpus: Corpus, partition: int, partitions: int) -> pa.Table:
        """The decision on every document of the partition's components that is in a cluster of two or more."""
        documents, components = _components(corpus.round("clusters")[0], partition, partitions)
        if not len(documents):
            return _DECISIONS.empty_table()
        facts = _gather(corpus, documents, ("id", "exact", "letters"))
        reference = corpus.reference[(documents >> _ROW_BITS).astype(np.int64)]
        length = facts["letters"].astype(np.int64) if self.options.keep == "longest" else np.zeros(len(documents), int)
        order = np.lexsort((documents, -length, ~reference, components))
        documents, components, reference = documents[order], components[order], reference[order]
        ids, exact = facts["id"][order], facts["exact"].view(np.uint64)[order]

        # Copies follow their first copy, so only the first copies are compared; earlier corpora's documents are all kept.
        first = _first_copies(components, exact)
        place = np.arange(len(documents))
        first[reference] = place[reference]
        compared = np.flatnonzero(first == place)
        kept, similarity = place.copy(), np.ones(len(documents), np.float32)
        leaders = _Leaders(_COMPONENT_LEADERS, self.options)
        for part in _chunks(len(compared)):
            here = compared[part]
            signatures = _signatures(corpus, documents[here])
            groups, places = components[here], here.astype(np.uint64)
            kept[here], similarity[here] = leaders.assign(groups, places, signatures, reference[here])
        kept, similarity = kept[first], similarity[first]

        size = np.bincount(kept, minlength=len(documents))[kept]
        clustered = np.flatnonzero(size > 1)
        rank = _ranks(kept[clustered])
        rank[reference[clustered]] = 0
        clustered, rank = _sorted_by(documents[clustered], clustered, rank)
        kept = kept[clustered]
        columns = (
            documents[clustered], _binary(ids[kept]), rank.astype(np.int32), size[clustered].astype(np.int32),
            similarity[clustered], (rank > 0) & (exact[clustered] == exact[kept]).all(axis=1),
        )  # fmt: skip
        return pa.table(list(columns), schema=_DECISIONS)


class _Sketcher:
    """Collects a shard's sketch; holds 664 bytes per document with the default options."""

    def __init__(self, options: DedupOptions):
        self._options = options
        self._ids: list[np.ndarray] = []
        self._sketches: list[minhash.Sketches] = []

    def add(self, batch: pa.RecordBatch) -> None:
        options = self._options
        ids = _id_bytes(batch.column("id"))
        self._sketches.append(minhash.sketch(batch.column("text"), options.ngram, options.bands * options.rows))
        self._ids.append(ids)

    def finish(self) -> pa.Table:
        width = self._options.bands * self._options.rows
        sketches = minhash.Sketches(
            np.concatenate([np.empty((0, width), np.uint32), *(s.signatures for s in self._sketches)]),
            np.concatenate([np.empty((0, 2), np.uint64), *(s.exact for s in self._sketches)]),
            np.concatenate([np.empty(0, np.uint32), *(s.letters for s in self._sketches)]),
        )
        return sketch_table(np.concatenate([np.empty((0, 16), np.uint8), *self._ids]), sketches, self._options.bands)


def sketch_table(ids: np.ndarray, sketches: minhash.Sketches, bands: int) -> pa.Table:
    """The sketch table of one shard from its ids (uint8, n × 16) and sketches."""
    keys = band_keys(sketches.signatures, sketches.exact, bands)
    # A later copy is matched to the first one by the exact key. It would match no document that the first copy does not match.
    copies = _first_copies(np.zeros(len(ids), np.int64), sketches.exact) < np.arange(len(ids))
    keys[copies, :bands] = NO_KEY
    keys = keys.reshape(-1)
    order = np.argsort(keys, kind="stable")
    rows = (order // (bands + 1)).astype(np.uint32)
    return pa.table({
        "id": _binary(ids),
        "exact": _binary(sketches.exact),
        "letters": sketches.letters,
        "signature": _binary(sketches.signatures),
        "keys": pa.FixedSizeListArray.from_arrays(keys[order], bands + 1),
        "key_rows": pa.FixedSizeListArray.from_arrays(rows, bands + 1),
    })  # fmt: skip


class ShardDecisions:
    """One shard's rows of the rounds' last output (about 46 bytes per clustered document), and signals made from them."""

    def __init__(self, decided: pa.Table):
        self._decided = decided.combine_chunks()
        self._rows = (_numpy(decided["document"]) & np.uint64(0xFFFFFFFF)).astype(np.int64)

    def signals(self, first_row: int, count: int) -> dict[str, pa.Array]:
        """The signals of rows `first_row` to `first_row + count` of the shard."""
        start, stop = np.searchsorted(self._rows, (first_row, first_row + count))
        decided, rows = self._decided.slice(start, stop - start), self._rows[start:stop] - first_row
        alone = np.ones(count, bool)
        alone[rows] = False
        place = np.zeros(count, np.int64)
        place[rows] = np.arange(len(rows))
        rank = _spread(rows, _numpy(decided["rank"]), np.zeros(count, np.int32))
        kept = _hex(_numpy(decided["kept"]))
        return {
            "duplicate_rank": pa.array(rank),
            "cluster": kept.take(pa.array(place, mask=alone)),
            "cluster_size": pa.array(_spread(rows, _numpy(decided["size"]), np.ones(count, np.int32))),
            "similarity": pa.array(
                _spread(rows, _numpy(decided["similarity"]), np.ones(count, np.float32)), mask=alone
            ),
            "duplicate_of": kept.take(pa.array(place, mask=rank == 0)),
            "exact": pa.array(_spread(rows, _numpy(decided["exact"]), np.zeros(count, bool))),
        }


class _Leaders:
    """Assigns documents, given group by group and in order, to the most similar of their group's leaders.

    A document that is similar to none becomes a leader itself. Of more than `most` leaders the first half and the latest
    are compared with. The open group's leaders are kept between calls, so that a group may span many.
    """

    def __init__(self, most: int, options: DedupOptions):
        width = options.bands * options.rows
        self._need = max(1, int(np.ceil(options.threshold * width - 1e-9)))
        self._signatures = np.empty((most, width), np.uint32)
        self._documents = np.empty(most, np.uint64)
        self._state = np.zeros(2, np.uint64)  # the open group, and how many leaders it has had

    def assign(
        self, groups: np.ndarray, documents: np.ndarray, signatures: np.ndarray, forced: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Each document's leader (itself, when alone or leading) and the estimated Jaccard similarity to it (float32).

        `forced` documents are never assigned to another document.
        """
        forced = np.zeros(len(groups), bool) if forced is None else forced
        leader, equal = documents.copy(), np.full(len(groups), signatures.shape[1], np.int64)
        assign_leaders(
            groups, documents, signatures, forced, self._need,
            self._signatures, self._documents, self._state, leader, equal,
        )  # fmt: skip
        return leader, (equal / signatures.shape[1]).astype(np.float32)


def _clusters(corpus: Corpus, partition: int, partitions: int) -> pa.Table:
    """Connected components: `document`, and as `component` its lowest document, ordered by component and document.

    Takes up to 48 bytes of memory per document that occurs in an edge, besides one partition's edges.
    """
    documents = _endpoints(corpus.round("pairs"))
    parents = unionfind.singletons(len(documents))
    for edges in corpus.round("pairs"):
        left, right = (np.searchsorted(documents, _numpy(edges[name])) for name in ("left", "right"))
        unionfind.unite(parents, left, right)
    unionfind.flatten(parents)
    order = np.argsort(parents, kind="stable")
    return pa.table({"document": documents[order], "component": documents[parents[order]]})


def _endpoints(tables: list[pa.Table]) -> np.ndarray:
    """The distinct documents of all edges in ascending order, merged whenever as many new as known ones have come."""
    known, fresh, waiting = np.empty(0, np.uint64), [], 0
    for edges in tables:
        for name in ("left", "right"):
            fresh.append(np.unique(_numpy(edges[name])))
            waiting += len(fresh[-1])
        if waiting > len(known):
            known, fresh, waiting = np.unique(np.concatenate([known, *fresh])), [], 0
    return np.unique(np.concatenate([known, *fresh]))


def _decide_partitions(corpus: Corpus) -> int:
    return max(1, -(-int(corpus.rows.sum()) // DECIDE_DOCUMENTS))


def _candidates(corpus: Corpus, partition: int, partitions: int) -> tuple[np.ndarray, np.ndarray]:
    """The keys in the partition's range that two or more documents share, and those documents, by key and document."""
    low, high = (np.uint64(min((p << 64) // partitions, int(NO_KEY))) for p in (partition, partition + 1))
    keys, documents = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)]
    for shard in range(len(corpus.rows)):
        sketch = corpus.sketch(shard)
        shard_keys = _numpy(sketch["keys"])
        start, stop = np.searchsorted(shard_keys, (low, high))
        keys.append(shard_keys[start:stop])
        documents.append(_numpy(sketch["key_rows"])[start:stop].astype(np.uint64) | np.uint64(shard) << _ROW_BITS)
    merged = np.concatenate(keys)
    order = np.argsort(merged, kind="stable")  # merges the shards' sorted runs, documents staying in order
    merged = merged[order]
    shared = np.zeros(len(merged), bool)
    shared[1:] = merged[1:] == merged[:-1]
    shared[:-1] |= shared[1:]
    return merged[shared], np.concatenate(documents)[order[shared]]


def _components(clusters: pa.Table, partition: int, partitions: int) -> tuple[np.ndarray, np.ndarray]:
    """The partition's documents and their components: an even share, moved so that no component is cut."""
    components = _numpy(clusters["component"])
    count = len(components)
    start, stop = (
        int(np.searchsorted(components, components[p * count // partitions])) if p < partitions and count else count
        for p in (partition, partition + 1)
    )
    return _numpy(clusters["document"])[start:stop], components[start:stop]


def _first_copies(components: np.ndarray, exact: np.ndarray) -> np.ndarray:
    """For each place the first place in the same component with the same exact hash (int64)."""
    order = np.lexsort((exact[:, 0], exact[:, 1], components))
    fresh = np.ones(len(order), bool)
    fresh[1:] = (components[order[1:]] != components[order[:-1]]) | (exact[order[1:]] != exact[order[:-1]]).any(axis=1)
    first = np.empty(len(order), np.int64)
    first[order] = order[fresh][np.cumsum(fresh) - 1]  # lexsort is stable: a run's first is its lowest place
    return first


def _ranks(kept: np.ndarray) -> np.ndarray:
    """How many earlier places have the same kept place (int64)."""
    order = np.argsort(kept, kind="stable")
    starts = np.flatnonzero(np.diff(kept[order], prepend=-1))
    ranks = np.empty(len(kept), np.int64)
    ranks[order] = np.arange(len(kept)) - np.repeat(starts, np.diff(starts, append=len(kept)))
    return ranks


def _sorted_by(key: np.ndarray, *columns: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(key)
    return [column[order] for column in columns]


def _of_shard(tables: list[pa.Table], shard: int) -> pa.Table:
    """One shard's decisions in row order; every table is ordered by document, so only its slice is read."""
    slices = []
    for table in tables:
        start, stop = np.searchsorted(_numpy(table["document"]), np.array([shard << 32, (shard + 1) << 32], np.uint64))
        slices.append(table.slice(start, stop - start))
    return pa.concat_tables(slices).sort_by("document")


def _signatures(corpus: Corpus, documents: np.ndarray) -> np.ndarray:
    return _gather(corpus, documents, ("signature",))["signature"].view(np.uint32)


def _gather(corpus: Corpus, documents: np.ndarray, columns: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Sketch columns of the given documents, in their order; each shard is opened once."""
    shards, rows = (documents >> _ROW_BITS).astype(np.int64), (documents & np.uint64(0xFFFFFFFF)).astype(np.int64)
    order = np.argsort(shards, kind="stable")
    starts = np.flatnonzero(np.diff(shards[order], prepend=-1))
    gathered: dict[str, np.ndarray] = {}
    for places in np.split(order, starts[1:]):
        sketch = corpus.sketch(int(shards[places[0]]))
        for name in columns:
            values = _numpy(sketch[name])
            if name not in gathered:
                gathered[name] = np.empty((len(documents), *values.shape[1:]), values.dtype)
            gathered[name][places] = values[rows[places]]
    return gathered


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, count, _CHUNK))


def _numpy(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """A column without nulls as numpy: lists flat, fixed-width binary as uint8 (n, width); zero-copy for one chunk."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_fixed_size_binary(array.type):
        width = array.type.byte_width
        data = np.frombuffer(array.buffers()[1] or b"", np.uint8)
        return data[array.offset * width : (array.offset + len(array)) * width].reshape(-1, width)
    if pa.types.is_fixed_size_list(array.type):
        array = array.flatten()
    return array.to_numpy(zero_copy_only=False)


def _binary(values: np.ndarray) -> pa.FixedSizeBinaryArray:
    """Rows of a contiguous two-dimensional array as one fixed-width binary value each."""
    values = np.ascontiguousarray(values)
    width = values.shape[1] * values.itemsize
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), len(values), [None, pa.py_buffer(values)])


_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


def _id_bytes(ids: pa.Array) -> np.ndarray:
    """Ids of 32 lower-case hexadecimal digits as uint8 (n, 16)."""
    data, offsets = string_buffers(ids)
    nibbles = _NIBBLES[data[offsets[0] : offsets[-1]]]
    if (np.diff(offsets) != 32).any() or (nibbles == 255).any():
        raise ValueError("document ids must be 32 lower-case hexadecimal digits")
    return (nibbles[0::2] << 4 | nibbles[1::2]).reshape(-1, 16)


def _hex(ids: np.ndarray) -> pa.Array:
    """The inverse of `_id_bytes`."""
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = digits[np.stack([ids >> 4, ids & 15], axis=2).reshape(-1)]
    return strings_from_buffers(text, np.arange(0, text.size + 1, 32)).cast(pa.string())


def _spread(rows: np.ndarray, values: np.ndarray, filled: np.ndarray) -> np.ndarray:
    filled[rows] = values
    return filled
