"""From components to decisions: `facts` brings together what must be known of a component's documents, `decided` decides."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from algok.filters.duplicates.pairs import CHUNK, DOCUMENTS
from algok.filters.duplicates.sketches import VALUE, Leaders, Signatures, first_copies
from algok.filters.duplicates.tables import (
    binary,
    document_range,
    documents_of,
    hash_range,
    joined,
    joined_binary,
    mixed,
    places_of,
    shard_range,
    shards_of,
    tasks_for,
    to_numpy,
)
from algok.step import Corpus, Output

# Documents in one task of "decided"; a component is never cut.
DECIDED = 1 << 18
# Leaders that a document is compared with in one component; what resembles none of them is kept.
LEADERS = 128

_DECIDED = pa.schema({
    "key": pa.uint64(), "kept": pa.binary(16), "rank": pa.int32(), "size": pa.int32(), "similarity": pa.float32(),
    "exact": pa.bool_(),
})  # fmt: skip


@dataclass(frozen=True)
class Decisions:
    """The two rounds for signatures of `width` values, of which a share of `threshold` must agree."""

    width: int
    threshold: float
    keep: str

    def facts_tasks(self, corpus: Corpus) -> int:
        return tasks_for(int(corpus.rows.sum()), DOCUMENTS)

    def facts(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`facts`: every document that is in a component or a copy of another one of its shard; `compared`: signatures of
        those that are compared. Both by the hash of the component."""
        shards = shard_range(corpus, partition, DOCUMENTS)
        labels = corpus.between("labels", *document_range(shards))
        documents, components = joined(labels, key=np.uint64, component=np.uint64)
        order = np.argsort(documents)
        documents, components = documents[order], components[order]
        of_shard = [_shard_facts(corpus, shard, documents, components) for shard in shards]
        facts = [facts for facts, _ in of_shard] or [_shard_schema(self.width)[0].empty_table()]
        compared = [compared for _, compared in of_shard] or [_shard_schema(self.width)[1].empty_table()]
        return {"facts": _by_key(facts), "compared": _by_key(compared)}

    def decided_tasks(self, corpus: Corpus) -> int:
        return tasks_for(corpus.count("facts"), DECIDED)

    def decided(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`decided`: the decision on every document of the partition's components that is in a cluster of two or more."""
        tables = corpus.between("facts", *hash_range(partition, partitions))
        documents, components, letters = joined(tables, document=np.uint64, component=np.uint64, letters=np.uint32)
        if not len(documents):
            return {"decided": _DECIDED.empty_table()}
        reference = corpus.reference[shards_of(documents)]
        length = letters.astype(np.int64) if self.keep == "longest" else np.zeros(len(documents), int)
        order = np.lexsort((documents, -length, ~reference, components))
        documents, components, reference = documents[order], components[order], reference[order]
        ids, exact = (joined_binary(tables, name, 16)[order] for name in ("id", "exact"))
        exact = exact.view(np.uint64)

        # Copies follow their first copy, so only the first copies are compared; earlier corpora's documents are all kept.
        first = first_copies(components, exact)
        first[reference] = np.flatnonzero(reference)
        compared = np.flatnonzero(first == np.arange(len(documents)))
        kept, similarity = np.arange(len(documents)), np.ones(len(documents), np.float32)
        kept[compared], similarity[compared] = self._lead(
            corpus, partition, partitions, documents[compared], components[compared], compared, reference[compared]
        )
        kept, similarity = kept[first], similarity[first]
        return {"decided": _decision_table(documents, ids, exact, reference, kept, similarity)}

    def _lead(
        self, corpus: Corpus, partition: int, partitions: int, documents: np.ndarray, components: np.ndarray,
        places: np.ndarray, reference: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """For each compared document, given by component in keep order, the place of the one it is kept as, and the
        similarity."""
        tables = corpus.between("compared", *hash_range(partition, partitions))
        (known,) = joined(tables, document=np.uint64)
        # What has no signature here is compared with nothing: the only text of its component.
        where = places_of(known, documents)
        groups = np.cumsum(np.diff(components, prepend=components[:1]) != 0).astype(np.uint64) + np.uint64(1)
        leaders, signatures = Leaders(LEADERS, self.width, self.threshold), Signatures(tables, self.width)
        kept, similarity = np.empty(len(documents), np.int64), np.empty(len(documents), np.float32)
        for start in range(0, len(documents), CHUNK):
            part = slice(start, start + CHUNK)
            kept[part], similarity[part] = leaders.assign(
                groups[part], places[part].astype(np.uint64), signatures.take(where[part]), reference[part]
            )
        return kept, similarity


def _shard_facts(corpus: Corpus, shard: int, labelled: np.ndarray, labels: np.ndarray) -> tuple[pa.Table, pa.Table]:
    """What must be known of a shard's documents, and signatures of those that have to be compared; unordered."""
    sketch = corpus.sketch(shard, "documents")
    first = to_numpy(sketch["first"]).astype(np.int64)
    start, stop = np.searchsorted(labelled, np.array([shard << 32, (shard + 1) << 32], np.uint64))
    own = documents_of(np.full(len(first), shard), np.arange(len(first)))
    component, joins = own.copy(), np.zeros(len(first), bool)
    rows = (labelled[start:stop] - np.uint64(shard << 32)).astype(np.int64)
    component[rows], joins[rows] = labels[start:stop], True
    component, joins = component[first], joins[first]
    copies = first != np.arange(len(first))
    members = joins | copies
    members[first[copies]] = True
    compared = joins & (~copies | bool(corpus.reference[shard]))
    members, compared = np.flatnonzero(members), np.flatnonzero(compared)
    taken = {name: binary(to_numpy(sketch[name])[members]) for name in ("exact", "id")}
    facts = {
        "key": mixed(component[members]), "component": component[members], "document": own[members],
        "letters": to_numpy(sketch["letters"])[members], **taken,
    }  # fmt: skip
    signatures = to_numpy(sketch["signature"])[compared]
    return pa.table(facts), pa.table(
        {"key": mixed(component[compared]), "document": own[compared], "signature": binary(signatures)}
    )


def _shard_schema(width: int) -> tuple[pa.Schema, pa.Schema]:
    number = pa.uint64()
    facts = {"key": number, "component": number, "document": number, "letters": pa.uint32()}
    return (
        pa.schema({**facts, "exact": pa.binary(16), "id": pa.binary(16)}),
        pa.schema({"key": number, "document": number, "signature": pa.binary((2 * width + 2) * VALUE.itemsize)}),
    )


def _by_key(tables: list[pa.Table]) -> pa.Table:
    table = pa.concat_tables(tables).combine_chunks()
    return table.take(pa.array(np.argsort(to_numpy(table["key"]), kind="stable")))


def _decision_table(
    documents: np.ndarray, ids: np.ndarray, exact: np.ndarray, reference: np.ndarray, kept: np.ndarray,
    similarity: np.ndarray,
) -> pa.Table:  # fmt: skip
    """The documents that share what they are kept as with others."""
    size = np.bincount(kept, minlength=len(documents))[kept]
    clustered = np.flatnonzero(size > 1)
    rank = _ranks(kept[clustered])
    rank[reference[clustered]] = 0
    order = np.argsort(documents[clustered])
    clustered, rank = clustered[order], rank[order]
    kept = kept[clustered]
    columns = (
        documents[clustered], binary(ids[kept]), rank.astype(np.int32), size[clustered].astype(np.int32),
        similarity[clustered], (rank > 0) & (exact[clustered] == exact[kept]).all(axis=1),
    )  # fmt: skip
    return pa.table(list(columns), schema=_DECIDED)


def _ranks(kept: np.ndarray) -> np.ndarray:
    """How many earlier places have the same kept place (int64)."""
    order = np.argsort(kept, kind="stable")
    starts = np.flatnonzero(np.diff(kept[order], prepend=-1))
    ranks = np.empty(len(kept), np.int64)
    ranks[order] = np.arange(len(kept)) - np.repeat(starts, np.diff(starts, append=len(kept)))
    return ranks
