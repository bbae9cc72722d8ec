"""From components to decisions: `facts` brings together what must be known of a component's documents, `decided` decides."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from algok.filters.duplicates.earlier import is_earlier, leader_table, parts_by_document, tasks_by_document
from algok.filters.duplicates.pairs import CHUNK, DOCUMENTS
from algok.filters.duplicates.sketches import VALUE, Leaders, Signatures, first_copies, stored_values
from algok.filters.duplicates.tables import (
    binary,
    by_key,
    documents_of,
    hash_range,
    joined,
    joined_binary,
    mixed,
    places_of,
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
        return tasks_by_document(corpus, DOCUMENTS)

    def facts(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`facts`: every document that is in a component or a copy of another one of its shard, and the leaders of components
        of earlier runs; `compared`: signatures of those that are compared. Both by the hash of the component."""
        found: list[tuple[pa.Table, pa.Table]] = []
        for part in parts_by_document(corpus, partition, partitions, DOCUMENTS):
            labels = corpus.between("labels", *part.documents)
            documents, components = joined(labels, key=np.uint64, component=np.uint64)
            order = np.argsort(documents)
            documents, components = documents[order], components[order]
            if part.corpus is corpus:
                found += [_shard_facts(corpus, shard, documents, components) for shard in part.shards]
            else:
                with_own = ~is_earlier(corpus, components)
                leaders = part.leaders(documents[with_own], components[with_own], self.width)
                found.append(_facts_tables(mixed(leaders["component"]), **leaders))
        facts = [facts for facts, _ in found] or [_shard_schema(self.width)[0].empty_table()]
        compared = [compared for _, compared in found] or [_shard_schema(self.width)[1].empty_table()]
        return {"facts": by_key(facts), "compared": by_key(compared)}

    def decided_tasks(self, corpus: Corpus) -> int:
        return tasks_for(corpus.count("facts"), DECIDED)

    def decided(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`decided`: the decision on every document of the partition's components that is in a cluster of two or more.
        `leaders`, where later runs need them: the documents of these components that lead a cluster or are alone."""
        tables = corpus.between("facts", *hash_range(partition, partitions))
        documents, components, letters, sizes = joined(
            tables, document=np.uint64, component=np.uint64, letters=np.uint32, size=np.int64
        )
        reference = corpus.reference[shards_of(documents)]
        length = letters.astype(np.int64) if self.keep == "longest" else np.zeros(len(documents), int)
        order = np.lexsort((documents, -length, ~reference, components))
        documents, components, reference, sizes = documents[order], components[order], reference[order], sizes[order]
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
        decided = _decision_table(documents, ids, exact, reference, kept, similarity, sizes)
        if not corpus.remembered:
            return {"decided": decided}
        signatures = corpus.between("compared", *hash_range(partition, partitions))
        leads = np.flatnonzero(kept == np.arange(len(documents)))
        where = places_of(joined(signatures, document=np.uint64)[0], documents[leads])
        total = np.bincount(kept, sizes, len(documents))[leads]
        leaders = leader_table(
            documents[leads], components[leads], total, letters[order][leads], exact.view(np.uint8)[leads], ids[leads],
            Signatures(signatures, self.width).take(where),
        )  # fmt: skip
        return {"decided": decided, "leaders": leaders}

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
        "letters": to_numpy(sketch["letters"])[members], "size": np.ones(len(members), np.int32), **taken,
    }  # fmt: skip
    signatures = to_numpy(sketch["signature"])[compared]
    return pa.table(facts), pa.table(
        {"key": mixed(component[compared]), "document": own[compared], "signature": binary(signatures)}
    )


def _shard_schema(width: int) -> tuple[pa.Schema, pa.Schema]:
    number = pa.uint64()
    facts = {"key": number, "component": number, "document": number, "letters": pa.uint32(), "size": pa.int32()}
    return (
        pa.schema({**facts, "exact": pa.binary(16), "id": pa.binary(16)}),
        pa.schema({"key": number, "document": number, "signature": pa.binary(stored_values(width) * VALUE.itemsize)}),
    )


def _facts_tables(
    key: np.ndarray, document: np.ndarray, component: np.ndarray, size: np.ndarray, letters: np.ndarray,
    exact: np.ndarray, id: np.ndarray, signature: np.ndarray,
) -> tuple[pa.Table, pa.Table]:  # fmt: skip
    """The same of leaders of an earlier run."""
    facts = {
        "key": key,
        "component": component,
        "document": document,
        "letters": letters,
        "size": size.astype(np.int32),
    }
    return (
        pa.table({**facts, "exact": binary(exact), "id": binary(id)}),
        pa.table({"key": key, "document": document, "signature": binary(signature)}),
    )


def _decision_table(
    documents: np.ndarray, ids: np.ndarray, exact: np.ndarray, reference: np.ndarray, kept: np.ndarray,
    similarity: np.ndarray, sizes: np.ndarray,
) -> pa.Table:  # fmt: skip
    """The documents that share what they are kept as with others. `sizes`: documents that each stands for, itself included."""
    size = np.bincount(kept, sizes, len(documents)).astype(np.int64)[kept]
    clustered = np.flatnonzero(size > 1)
    rank = _ranks(kept[clustered]) + sizes[kept[clustered]] - 1
    rank[kept[clustered] == clustered] = 0
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
