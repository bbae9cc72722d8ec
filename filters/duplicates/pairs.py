"""From keys to similar pairs, in three rounds of which none reads more than its part.

`buckets`: documents with equal keys form a bucket. Buckets of the same documents (near copies share most of their bands) are
one. `signatures`: every document of a bucket gets its signature, shard by shard. `pairs`: in input order each document of a
bucket is compared with the bucket's leaders, and similar ones are joined into stars.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from algok.filters.duplicates.clusters import star_forest, star_table
from algok.filters.duplicates.sketches import VALUE, Leaders, Signatures
from algok.filters.duplicates.tables import (
    binary,
    document_range,
    documents_of,
    hash_range,
    joined,
    mixed,
    rows_of,
    run_starts,
    shard_range,
    shards_of,
    tasks_for,
    to_numpy,
)
from algok.step import Corpus, Output

# Keys in one task of "buckets" (up to 80 bytes each while it runs), documents in one task of "signatures" (whole shards), and
# signatures in one task of "pairs".
KEYS = 1 << 22
DOCUMENTS = 1 << 18
COMPARED = 1 << 18
# Documents of a bucket that are compared in one go; of a larger one each such part begins with its first documents.
BUCKET = 1 << 16
# Leaders that a document is compared with in one bucket. They bound the work on hostile corpora to a multiple of their size.
LEADERS = 8
# Signatures held at once while documents are compared (28 MB).
CHUNK = 1 << 16


@dataclass(frozen=True)
class Pairs:
    """The three rounds for signatures of `width` values, of which a share of `threshold` must agree."""

    width: int
    threshold: float

    def buckets_tasks(self, corpus: Corpus) -> int:
        return tasks_for(corpus.count("keys"), KEYS)

    def buckets(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`buckets`: rows of `key` (document), `home` and `bucket` (hashes of the bucket's first and of all its documents)."""
        tables = corpus.between("keys", *hash_range(partition, partitions))
        keys, rows, shards = joined(tables, key=np.uint64, row=np.uint32, shard=np.uint32)
        order = np.argsort(keys, kind="stable")  # merges the shards' sorted runs, documents staying in order
        starts, documents = run_starts(keys[order]), documents_of(shards, rows)[order]
        del keys, rows, shards, order
        return {"buckets": _bucket_table(*_shared(documents, starts))}

    def signatures_tasks(self, corpus: Corpus) -> int:
        return tasks_for(int(corpus.rows.sum()), DOCUMENTS)

    def signatures(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`signatures`: rows of `key` (the bucket's home), `bucket`, `document`, `signature`."""
        shards = shard_range(corpus, partition, DOCUMENTS)
        tables = corpus.between("buckets", *document_range(shards))
        documents, homes, buckets = joined(tables, key=np.uint64, home=np.uint64, bucket=np.uint64)
        order = np.lexsort((documents, buckets, homes))
        documents, homes, buckets = documents[order], homes[order], buckets[order]
        fresh = run_starts(homes, buckets, documents)  # the same bucket may come from several keys
        documents, homes, buckets = documents[fresh], homes[fresh], buckets[fresh]
        signatures = np.empty((len(documents), 2 * self.width + 2), VALUE)
        of_shard = shards_of(documents)
        for shard in np.unique(of_shard):
            here = np.flatnonzero(of_shard == shard)
            known = to_numpy(corpus.sketch(int(shard), "documents")["signature"]).view(VALUE)
            signatures[here] = known[rows_of(documents[here])]
        columns = {"key": homes, "bucket": buckets, "document": documents, "signature": binary(signatures)}
        return {"signatures": pa.table(columns)}

    def pairs_tasks(self, corpus: Corpus) -> int:
        return tasks_for(corpus.count("signatures"), COMPARED)

    def pairs(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`stars`: the similar documents of the partition's buckets, each with the lowest that it is joined to."""
        tables = corpus.between("signatures", *hash_range(partition, partitions))
        homes, buckets, documents = joined(tables, key=np.uint64, bucket=np.uint64, document=np.uint64)
        order = np.lexsort((documents, buckets, homes))
        homes, buckets, documents = homes[order], buckets[order], documents[order]
        groups = np.zeros(len(order), np.uint64)
        groups[run_starts(homes, buckets)] = 1
        groups = np.cumsum(groups)
        leaders, signatures = Leaders(LEADERS, self.width, self.threshold), Signatures(tables, self.width)
        leader = np.empty_like(documents)
        for start in range(0, len(order), CHUNK):
            part = slice(start, start + CHUNK)
            leader[part], _ = leaders.assign(groups[part], documents[part], signatures.take(order[part]))
        joins = leader != documents
        return {"stars": star_table(*star_forest(leader[joins], documents[joins]))}


def _shared(documents: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Only the runs of two and more documents, and where they start. Runs of more than BUCKET are cut, and each part but the
    first begins with the first few documents, so that copies of them still meet them."""
    sizes = np.diff(starts, append=len(documents))
    keep = np.repeat((sizes > 1) & (sizes <= BUCKET), sizes)
    parts, counts = [documents[keep]], [sizes[(sizes > 1) & (sizes <= BUCKET)]]
    for run in np.flatnonzero(sizes > BUCKET):
        members = documents[starts[run] : starts[run] + sizes[run]]
        heads = members[: LEADERS // 2]
        for start in range(0, len(members), BUCKET):
            part = members[start : start + BUCKET]
            parts.append(part if start == 0 else np.concatenate([heads, part]))
            counts.append(np.array([len(parts[-1])]))
    every = np.concatenate(counts)
    return np.concatenate(parts), np.cumsum(every) - every


def _bucket_table(documents: np.ndarray, starts: np.ndarray) -> pa.Table:
    """The buckets, each once, by document."""
    sizes = np.diff(starts, append=len(documents))
    if len(starts):
        homes = mixed(documents[starts])
        buckets = np.add.reduceat(mixed(documents ^ np.uint64(0x9E3779B97F4A7C15)), starts)
    else:
        homes = buckets = np.empty(0, np.uint64)
    order = np.lexsort((buckets, homes))
    once = np.zeros(len(starts), bool)
    once[order[run_starts(homes[order], buckets[order])]] = True
    documents, sizes = documents[np.repeat(once, sizes)], sizes[once]
    homes, buckets = np.repeat(homes[once], sizes), np.repeat(buckets[once], sizes)
    order = np.argsort(documents, kind="stable")
    return pa.table({"key": documents[order], "home": homes[order], "bucket": buckets[order]})
