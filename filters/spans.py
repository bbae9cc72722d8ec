"""Repeated spans: passages of a site's template that stand inside long lines, where line deduplication does not see them.

Pages without line feeds, and notices at the end of a paragraph, hold boilerplate within lines that differ. Long lines are cut
into segments by the words around them (`kernels/spans.py`); the sketch counts, for every key of neighbouring segments, the
documents of each host that hold it. One round adds these up over the corpus, and `act` cuts the segments of keys that stand in
a large share of the documents of their host; see docs/spans.md for the rule and its measurements.

A key is a hash of segments and host, and a host's documents are counted under a key of their own, so that a sketch is one
table of two columns.
"""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.filters.duplicates.tables import hash_range, joined, run_starts, tasks_for
from algok.filters.hosts import filled, groups_of
from algok.kernels import spans as kernels
from algok.kernels.buffers import string_buffers, strings_from_buffers
from algok.step import Bound, Corpus, CorpusStep, Edited, Output, Round, Signal, Sketcher, StepOptions

SLOTS = 1 << 18  # of a new counting table, 16 bytes each
FLUSH = 1 << 21  # distinct keys after which a counting table is sorted away
KEYS = 1 << 22  # keys in one task of the round (about 50 bytes each while it runs)
SAMPLES, SAMPLE_CHARS = 10, 120

_SHARD = np.uint64(32)  # bits of a row's number within its shard


class SpansOptions(StepOptions):
    """A passage that stands in `host_documents` or more documents of a host, which are at least `host_share` of its
    documents, is a template of the host and cut."""

    host_share: float = Field(0.3, gt=0, le=1)
    host_documents: int = Field(10, ge=2)


class _Sketcher:
    """Counts keys in a hash table, which is sorted away whenever it holds `FLUSH` keys: 12 bytes per distinct key of the
    shard, and 64 MB for the table."""

    def __init__(self):
        self._rows = 0
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []
        self._clear(SLOTS)

    def _clear(self, slots: int) -> None:
        self._table = np.zeros((slots, 2), np.uint64)
        self._used = 0

    def add(self, batch: pa.RecordBatch) -> None:
        keys, ends = kernels.span_keys(*string_buffers(filled(batch["text"])), groups_of(batch))
        done = 0
        while True:
            done, self._used = kernels.count_keys(keys, ends, self._rows, done, self._table, self._used)
            if done == len(keys):
                break
            larger = np.zeros((2 * len(self._table), 2), np.uint64)
            kernels.fill_table(*kernels.used_rows(self._table), larger)
            self._table = larger
        self._rows += batch.num_rows
        if self._used > FLUSH:
            self._flush()

    def _flush(self) -> None:
        keys, values = kernels.used_rows(self._table)
        self._clear(len(self._table))
        order = np.argsort(keys)
        self._runs.append((keys[order], (values[order] >> _SHARD).astype(np.uint32)))

    def finish(self) -> dict[str, pa.Table]:
        """`spans`: `key` and `documents`, of spans and of groups."""
        self._flush()
        self._clear(SLOTS)
        keys, documents = self._runs[0]
        if len(self._runs) > 1:
            keys, documents = (np.concatenate(columns) for columns in zip(*self._runs, strict=True))
            order = np.argsort(keys, kind="stable")
            starts, documents = _sums(keys[order], documents[order])
            keys = keys[order][starts]
        return {"spans": pa.table({"key": keys, "documents": documents.astype(np.uint32)})}


def _sums(keys: np.ndarray, documents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the runs of equal keys begin, and the sum of each run's documents (both int64)."""
    starts = run_starts(keys)
    return starts, np.add.reduceat(documents.astype(np.int64), starts) if len(starts) else starts


class Spans(CorpusStep[SpansOptions]):
    """Cuts the repeated passages of a site out of long lines."""

    name = "spans"
    edits_text = True
    loads = "told"
    Options = SpansOptions
    signals: ClassVar[tuple[Signal, ...]] = (
        Signal("spans_removed", pa.int32(), "count", "passages cut as boilerplate of the site"),
        Signal("removed_ratio", pa.float32(), "ratio", "characters of the cut passages / characters; no white space"),
        Signal("chars_left", pa.int32(), "count", "characters left, no white space; null where nothing was cut"),
    )
    default_bounds: ClassVar[dict[str, Bound]] = {"chars_left": Bound(min=50)}

    def sketcher(self) -> Sketcher:
        return _Sketcher()

    def rounds(self) -> list[Round]:
        return [Round("told", _tasks, self._told, ("spans",))]

    def _told(self, corpus: Corpus, partition: int, partitions: int) -> Output:
        """`told`: for every shard (`key`, its first document) those of its keys (`span`) that stand in `host_documents` or
        more `documents` of the corpus."""
        tables = corpus.between("spans", *hash_range(partition, partitions))
        keys, documents, shards = joined(tables, key=np.uint64, documents=np.uint32, shard=np.uint32)
        order = np.argsort(keys, kind="stable")  # merges the sorted runs of the shards
        keys, shards = keys[order], shards[order]
        starts, sums = _sums(keys, documents[order])
        frequent = np.flatnonzero(sums >= self.options.host_documents)
        rows = np.repeat(sums >= self.options.host_documents, np.diff(starts, append=len(keys)))
        sums = np.repeat(sums[frequent], np.diff(starts, append=len(keys))[frequent])
        keys, shards = keys[rows], shards[rows]
        told = ~np.asarray(corpus.reference, bool)[shards]
        keys, shards, sums = keys[told], shards[told].astype(np.uint64), sums[told]
        order = np.argsort(shards, kind="stable")
        columns = {"key": shards[order] << _SHARD, "span": keys[order], "documents": sums[order].astype(np.uint64)}
        return {"told": pa.table(columns)}

    def load(self, corpus: Corpus, shard: int) -> np.ndarray:
        """The shard's frequent keys as a table for `kernels.cut_spans`: 32 to 64 bytes each."""
        tables = corpus.between("told", shard << 32, (shard + 1) << 32)
        keys, documents = joined(tables, span=np.uint64, documents=np.uint64)
        table = np.zeros((1 << max(6, (2 * len(keys)).bit_length()), 2), np.uint64)
        kernels.fill_table(keys, documents, table)
        return table

    def act(self, batch: pa.RecordBatch, first_row: int, resolved: np.ndarray) -> Edited:
        texts = filled(batch["text"])
        data, offsets = string_buffers(texts)
        out, out_offsets = np.empty(offsets[-1] - offsets[0], np.uint8), np.empty(len(offsets), np.int64)
        counts, ranges = np.zeros((batch.num_rows, 3), np.int64), np.zeros((SAMPLES, 2), np.int64)
        share, least = self.options.host_share, self.options.host_documents
        changed, found = kernels.cut_spans(
            data, offsets, groups_of(batch), resolved, share, least, out, out_offsets, counts, ranges
        )
        if changed:
            texts = strings_from_buffers(out[: out_offsets[-1]], out_offsets)
        samples = [("span", _excerpt(data[start:stop])) for start, stop in ranges[:found]]
        return Edited(texts, _signals(counts), samples)


def _tasks(corpus: Corpus) -> int:
    return tasks_for(corpus.count("spans"), KEYS)


def _excerpt(span: np.ndarray) -> str:
    return span[: 4 * SAMPLE_CHARS].tobytes().decode("utf-8", "ignore")[:SAMPLE_CHARS]


def _signals(counts: np.ndarray) -> dict[str, pa.Array]:
    """The signals from the rows (spans, characters, characters cut)."""
    spans, chars, gone = counts.T
    return {
        "spans_removed": pa.array(spans.astype(np.int32)),
        "removed_ratio": pa.array((gone / np.maximum(chars, 1)).astype(np.float32)),
        "chars_left": pa.array((chars - gone).astype(np.int32), mask=spans == 0),
    }
