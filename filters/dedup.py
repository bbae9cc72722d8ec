"""Step 1: exact and near deduplication over the whole corpus (see docs/deduplication.md).

Every document is sketched by MinHash, and so is its core: its prose without the menus and links around it. Documents that
share the key of a band are candidates; those whose texts or cores have similar signatures are joined; inside each connected
component every document is compared with the documents kept so far. So a removed document is always similar to one that is
kept, which is named. `filters/duplicates/` has a file for each of these parts.
"""

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.filters.duplicates import clusters
from algok.filters.duplicates.decisions import Decisions
from algok.filters.duplicates.pairs import Pairs
from algok.filters.duplicates.sketches import sketch_tables
from algok.filters.duplicates.tables import rows_of, to_numpy
from algok.kernels import minhash
from algok.kernels.buffers import string_buffers, strings_from_buffers
from algok.step import Bound, Corpus, CorpusStep, Edited, Round, Signal, Sketcher, StepOptions


class DedupOptions(StepOptions):
    """Near duplicates share a band with probability 1 − (1 − s^rows)^bands at Jaccard similarity s."""

    ngram: int = Field(5, ge=1, le=minhash.MAX_NGRAM, description="units (syllables, thirds of a word) in a shingle")
    bands: int = Field(14, ge=1, le=64)
    rows: int = Field(8, ge=1, le=32)
    threshold: float = Field(
        0.75, gt=0, le=1, description="least estimated Jaccard similarity of duplicates or of their cores"
    )
    keep: Literal["longest", "first"] = Field("longest", description="which document of a cluster is kept")


class Dedup(CorpusStep[DedupOptions]):
    """Marks exact and near duplicates, each with the kept document it repeats."""

    name: ClassVar[str] = "dedup"
    version = 2  # compares the cores of texts too
    loads = "decided"
    remembers = ("documents", "keys", "labels", "leaders")
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
            "similarity",
            pa.float32(),
            "ratio",
            "estimated Jaccard similarity to the kept document, of the texts or their cores; null when alone",
        ),
        Signal("duplicate_of", pa.string(), "opaque", "id of the kept document that this one repeats; null when kept"),
        Signal("exact", pa.bool_(), "flag", "equal to the kept document but for whitespace and ASCII case"),
    )

    def sketcher(self) -> Sketcher:
        return _Sketcher(self.options)

    def rounds(self) -> list[Round]:
        options = self.options
        width = options.bands * options.rows
        pairs = Pairs(width, options.threshold)
        decisions = Decisions(width, options.threshold, options.keep)
        return [
            Round("buckets", pairs.buckets_tasks, pairs.buckets, ("keys",)),
            Round("signatures", pairs.signatures_tasks, pairs.signatures, ("buckets",)),
            Round("pairs", pairs.pairs_tasks, pairs.pairs, ("signatures",)),
            *clusters.rounds(),
            Round("facts", decisions.facts_tasks, decisions.facts, ("labels",)),
            Round("decided", decisions.decided_tasks, decisions.decided, ("facts", "compared")),
        ]

    def load(self, corpus: Corpus, shard: int) -> "ShardDecisions":
        return ShardDecisions(pa.concat_tables(corpus.between("decided", shard << 32, (shard + 1) << 32)))

    def act(self, batch: pa.RecordBatch, first_row: int, resolved: "ShardDecisions") -> Edited:
        return Edited(batch.column("text"), resolved.signals(first_row, batch.num_rows))


class _Sketcher:
    """Collects a shard's sketch; holds 940 bytes per document with the default options."""

    def __init__(self, options: DedupOptions):
        self._options = options
        self._ids: list[np.ndarray] = []
        self._sketches: list[minhash.Sketches] = []

    def add(self, batch: pa.RecordBatch) -> None:
        options = self._options
        ids = _id_bytes(batch.column("id"))
        self._sketches.append(minhash.sketch(batch.column("text"), options.ngram, options.bands * options.rows))
        self._ids.append(ids)

    def finish(self) -> dict[str, pa.Table]:
        width = self._options.bands * self._options.rows
        sketches = minhash.Sketches(
            np.concatenate([np.empty((0, width), np.uint32), *(s.signatures for s in self._sketches)]),
            np.concatenate([np.empty((0, width), np.uint32), *(s.cores for s in self._sketches)]),
            np.concatenate([np.empty((0, 2), np.uint64), *(s.exact for s in self._sketches)]),
            np.concatenate([np.empty(0, np.uint32), *(s.letters for s in self._sketches)]),
            np.concatenate([np.empty((0, 2), np.uint32), *(s.sizes for s in self._sketches)]),
        )
        return sketch_tables(np.concatenate([np.empty((0, 16), np.uint8), *self._ids]), sketches, self._options.bands)


class ShardDecisions:
    """One shard's rows of the rounds' last output (about 46 bytes per clustered document), and signals made from them."""

    def __init__(self, decided: pa.Table):
        self._decided = decided.sort_by("key").combine_chunks()
        self._rows = rows_of(to_numpy(self._decided["key"]))

    def signals(self, first_row: int, count: int) -> dict[str, pa.Array]:
        """The signals of rows `first_row` to `first_row + count` of the shard."""
        start, stop = np.searchsorted(self._rows, (first_row, first_row + count))
        decided, rows = self._decided.slice(start, stop - start), self._rows[start:stop] - first_row
        alone = np.ones(count, bool)
        alone[rows] = False
        place = np.zeros(count, np.int64)
        place[rows] = np.arange(len(rows))
        rank = _spread(rows, to_numpy(decided["rank"]), np.zeros(count, np.int32))
        kept = _hex(to_numpy(decided["kept"]))
        return {
            "duplicate_rank": pa.array(rank),
            "cluster": kept.take(pa.array(place, mask=alone)),
            "cluster_size": pa.array(_spread(rows, to_numpy(decided["size"]), np.ones(count, np.int32))),
            "similarity": pa.array(
                _spread(rows, to_numpy(decided["similarity"]), np.ones(count, np.float32)), mask=alone
            ),
            "duplicate_of": kept.take(pa.array(place, mask=rank == 0)),
            "exact": pa.array(_spread(rows, to_numpy(decided["exact"]), np.zeros(count, bool))),
        }


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
