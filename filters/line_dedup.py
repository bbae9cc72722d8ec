"""Step 7: line deduplication. Lines that stand in many documents of the corpus, or of one site, are removed as
boilerplate, unless their context says that they are content.

The sketch counts, for every line of a shard, the documents of each host it stands in, and the documents of each host. Three
rounds add these up over the corpus: `shared` finds the lines of several documents, `sizes` the sizes of the hosts whose size
matters for one of them, `verdicts` a verdict for every line and host of every shard. `act` looks each line up and decides by
colour and context; see docs/line-deduplication.md for the rule, its measurements and its memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.filters.earlier import met
from algok.filters.hosts import filled, groups_of
from algok.kernels import lines as kernels
from algok.kernels.buffers import string_buffers, strings_from_buffers
from algok.step import Bound, Corpus, CorpusStep, Edited, Round, Signal, Sketcher, StepOptions

# Park et al. 2025, Pattern-aware Line-level Deduplication (arXiv 2510.24139), for Korean: a line in more than 50
# documents is red, in 4 to 50 yellow, in 3 or fewer green.
RED = 50
YELLOW = 4
# A line of more than 50 documents that stands in fewer than this share of the documents of its hosts is running text or
# a common heading; asked only where its hosts have SPREAD_DOCUMENTS documents or more together.
SPREAD = 0.1
SPREAD_DOCUMENTS = 50

_VERDICTS = pa.schema([("key", pa.uint64()), ("entry", pa.uint64())])

_SLOTS = 1 << 16  # of a new counting table, 32 bytes each
_FLUSH = 1 << 21  # distinct lines after which a counting table is sorted away
_PARTITION_ROWS = 1 << 22  # sketch rows that one task of a round should see
_SAMPLES = 10
_SAMPLE_CHARS = 120


class LineDedupOptions(StepOptions):
    """`rule`: `context` is the default described in docs/line-deduplication.md, `published` that of arXiv 2510.24139 on
    corpus counts alone. With `context`, a line in `host_documents` or more documents of a host that are at least
    `host_share` of its documents is a template of the host."""

    rule: Literal["context", "published"] = "context"
    host_share: float = Field(0.3, gt=0, le=1)
    host_documents: int = Field(5, ge=2)


def _sorted_sum(lines: np.ndarray, groups: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows sorted by (line, group), equal ones added up."""
    lines, groups, counts = kernels.sort_rows(lines, groups, counts)
    n = kernels.sum_sorted(lines, groups, counts)
    return lines[:n], groups[:n], counts[:n]


def _counting_table(slots: int) -> np.ndarray:
    """Zeros (uint64, slots × 4) that begin at a multiple of 64 bytes, so that no slot lies across two cache lines."""
    words = np.zeros(4 * slots + 8, np.uint64)
    skipped = -words.ctypes.data % 64 // 8
    return words[skipped : skipped + 4 * slots].reshape(slots, 4)


class _LineSketcher:
    """Counts lines in a hash table, which is sorted away whenever it holds `_FLUSH` lines: 20 bytes per distinct line
    and host of the shard, and about 130 MB for the table."""

    def __init__(self, fold: bool):
        self._fold = fold
        self._rows = 0
        self._runs: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._clear(_SLOTS)

    def _clear(self, slots: int) -> None:
        self._table = _counting_table(slots)
        self._used = 0

    def add(self, batch: pa.RecordBatch) -> None:
        data, offsets = string_buffers(filled(batch["text"]))
        groups = groups_of(batch)
        document, byte = 0, -1
        while True:
            document, byte, self._used = kernels.count_lines(
                data, offsets, groups, self._fold, self._rows, document, byte, self._table, self._used
            )
            if document == len(groups):
                break
            larger = _counting_table(2 * len(self._table))
            kernels.rehash(self._table, larger)
            self._table = larger
        self._rows += batch.num_rows
        if self._used > _FLUSH:
            self._flush()

    def _flush(self) -> None:
        rows = kernels.used_rows(self._table, self._used)
        self._clear(len(self._table))
        self._runs.append(_sorted_sum(*rows))

    def finish(self) -> dict[str, pa.Table]:
        """`lines`: `key` (line), `group`, `documents`; `hosts`: `key` (group), `documents`."""
        self._flush()
        self._clear(_SLOTS)
        rows = self._runs[0]
        if len(self._runs) > 1:
            rows = _sorted_sum(*(np.concatenate(columns) for columns in zip(*self._runs, strict=True)))
        lines, groups, documents = rows
        hosts = int(np.searchsorted(lines, np.uint64(1)))  # counted as line 0
        return {
            "lines": pa.table({"key": lines[hosts:], "group": groups[hosts:], "documents": documents[hosts:]}),
            "hosts": pa.table({"key": groups[:hosts], "documents": documents[:hosts]}),
        }


def _partitions(corpus: Corpus) -> int:
    return max(1, -(-corpus.count("lines") // _PARTITION_ROWS))


def _size_partitions(corpus: Corpus) -> int:
    """Far fewer, so that those who read the sizes open few files."""
    return max(1, -(-(corpus.count("hosts") + corpus.count("wanted")) // _PARTITION_ROWS))


def _bounds(partition: int, partitions: int) -> tuple[int, int]:
    """The range of hashes [low, high) of one of equal partitions."""
    return (partition << 64) // partitions, ((partition + 1) << 64) // partitions


def _joined(tables: Sequence[pa.Table], **types: type) -> list[np.ndarray]:
    """Columns of tables one under the other, as arrays of the given types; empty ones of no tables."""
    return [
        np.concatenate([np.empty(0, kind), *(table[name].to_numpy() for table in tables)]).astype(kind, copy=False)
        for name, kind in types.items()
    ]


def _sums(counts: np.ndarray, *keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the runs of equal keys of sorted rows begin, and the sum of each run's counts (both int64)."""
    fresh = np.ones(len(counts), bool)
    fresh[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    starts = np.flatnonzero(fresh)
    return starts, np.add.reduceat(counts.astype(np.int64), starts) if len(starts) else starts


@dataclass(frozen=True)
class _Lookup:
    """The verdicts that one shard needs: an open-addressing table of entries behind a bitmap."""

    slots: np.ndarray
    bits: np.ndarray

    @classmethod
    def of(cls, entries: np.ndarray) -> "_Lookup":
        size = 1 << max(6, (2 * len(entries)).bit_length())
        slots, bits = np.zeros(size, np.uint64), np.zeros(size, np.uint8)
        kernels.build_table(entries, slots, bits)
        return cls(slots, bits)


class LineDedup(CorpusStep[LineDedupOptions]):
    """Removes lines that are boilerplate of the corpus or of a site."""

    name = "lines"
    edits_text = True
    loads = "verdicts"
    remembers = ("lines", "hosts")
    Options = LineDedupOptions
    signals: ClassVar[tuple[Signal, ...]] = (
        Signal("lines_total", pa.int32(), "count", "lines that are not blank"),
        Signal("lines_removed", pa.int32(), "count", "lines removed as boilerplate"),
        Signal("removed_ratio", pa.float32(), "ratio", "characters of the removed lines / characters; no white space"),
        Signal("red", pa.int32(), "count", "lines of many documents: boilerplate"),
        Signal("yellow", pa.int32(), "count", "lines of some documents: boilerplate or content by their neighbours"),
        Signal("green", pa.int32(), "count", "lines of few documents: content"),
        Signal("chars_left", pa.int32(), "count", "characters left, no white space; null where no line was removed"),
    )
    default_bounds: ClassVar[dict[str, Bound]] = {"chars_left": Bound(min=50)}

    def sketcher(self) -> Sketcher:
        return _LineSketcher(self._fold)

    def rounds(self) -> list[Round]:
        return [
            Round("shared", _partitions, self._shared, ("lines",)),
            Round("sizes", _size_partitions, self._sizes, ("hosts", "wanted")),
            Round("verdicts", _partitions, self._verdicts, ("sizes",)),
        ]

    @property
    def _published(self) -> bool:
        return self.options.rule == "published"

    @property
    def _fold(self) -> bool:
        return not self._published

    def _shared(self, corpus: Corpus, partition: int, partitions: int) -> dict[str, pa.Table]:
        """`shared`: the rows of the partition's lines that are not green, by line and group. `wanted`: which groups' sizes their
        verdicts depend on, as `key` (group) and `line`."""
        low, high = _bounds(partition, partitions)
        tables = corpus.between("lines", low, high)
        if corpus.earlier:
            own = np.sort(_joined(tables, key=np.uint64)[0])
            tables += met(corpus, "lines", low, high, own)
        lines, groups, counts, shards = _joined(
            tables, key=np.uint64, group=np.uint64, documents=np.uint32, shard=np.uint32
        )
        order = np.argsort(lines, kind="stable")  # merges the sorted runs of the shards
        starts, totals = _sums(counts[order], lines[order])
        totals = np.repeat(totals, np.diff(starts, append=len(lines)))
        order, totals = order[totals >= YELLOW], totals[totals >= YELLOW]
        again = np.lexsort((groups[order], lines[order]))  # of the few lines that are left
        order, totals = order[again], totals[again]
        lines, groups, counts, shards = lines[order], groups[order], counts[order], shards[order]
        shared = pa.table({"line": lines, "group": groups, "documents": counts, "shard": shards})
        starts, here = _sums(counts, lines, groups)
        asked = starts[(here >= self.options.host_documents) | (totals[starts] > RED)]
        asked = asked[:0] if self._published else asked
        asked = asked[np.argsort(groups[asked], kind="stable")]
        return {"shared": shared, "wanted": pa.table({"key": groups[asked], "line": lines[asked]})}

    def _sizes(self, corpus: Corpus, partition: int, partitions: int) -> dict[str, pa.Table]:
        """`sizes`: `key` (line), `group` and its documents, of the wanted groups that are large enough for a template."""
        low, high = _bounds(partition, partitions)
        wanted, lines = _joined(corpus.between("wanted", low, high), key=np.uint64, line=np.uint64)
        tables = corpus.between("hosts", low, high) + met(corpus, "hosts", low, high, np.sort(wanted))
        groups, counts = _joined(tables, key=np.uint64, documents=np.uint32)
        order = np.argsort(groups, kind="stable")
        starts, documents = _sums(counts[order], groups[order])
        large = documents >= self.options.host_documents
        hosts, documents = groups[order][starts][large], documents[large]
        places = np.searchsorted(hosts, wanted)
        known = np.flatnonzero(places < len(hosts))
        known = known[hosts[places[known]] == wanted[known]]
        known = known[np.argsort(lines[known], kind="stable")]
        sizes = {"key": lines[known], "group": wanted[known], "documents": documents[places[known]]}
        return {"sizes": pa.table(sizes)}

    def _verdicts(self, corpus: Corpus, partition: int, partitions: int) -> dict[str, pa.Table]:
        """`verdicts`: for every shard (`key`, its first document) the entries of its lines that are not green."""
        rows = corpus.part("shared", partition)
        groups, documents = _joined(
            corpus.between("sizes", *_bounds(partition, partitions)), group=np.uint64, documents=np.int64
        )
        groups, first = np.unique(groups, return_index=True)
        lines, of_lines, counts, shards = (column.to_numpy() for column in rows.columns)
        verdicts = kernels.judge(
            lines,
            of_lines,
            counts,
            groups,
            documents[first],
            RED,
            YELLOW,
            self.options.host_share,
            0 if self._published else self.options.host_documents,
            SPREAD,
            SPREAD_DOCUMENTS,
        )
        told = (verdicts > 0) & ~np.asarray(corpus.reference, bool)[shards]
        entries = kernels.pack_entries(lines[told], of_lines[told], verdicts[told])
        keys = shards[told].astype(np.uint64) << np.uint64(32)
        order = np.lexsort((entries, keys))
        return {"verdicts": pa.table([keys[order], entries[order]], schema=_VERDICTS)}

    def load(self, corpus: Corpus, shard: int) -> _Lookup:
        """The verdicts on the shard's lines: 24 to 48 bytes per line and host that is not green."""
        (entries,) = _joined(corpus.between("verdicts", shard << 32, (shard + 1) << 32), entry=np.uint64)
        return _Lookup.of(entries)

    def act(self, batch: pa.RecordBatch, first_row: int, resolved: _Lookup) -> Edited:
        texts = filled(batch["text"])
        data, offsets = string_buffers(texts)
        n = batch.num_rows
        out = np.empty(offsets[-1] - offsets[0], np.uint8)
        out_offsets = np.empty(n + 1, np.int64)
        counts = np.zeros((n, 7), np.int64)
        ranges = np.zeros((_SAMPLES, 2), np.int64)
        changed, found = kernels.edit_lines(
            data,
            offsets,
            groups_of(batch),
            self._fold,
            self._published,
            resolved.slots,
            resolved.bits,
            out,
            out_offsets,
            counts,
            ranges,
        )
        if changed:
            texts = strings_from_buffers(out[: out_offsets[-1]], out_offsets)
        samples = [("line", _excerpt(data[start:stop])) for start, stop in ranges[:found]]
        return Edited(texts, _signals(counts), samples)


def _excerpt(line: np.ndarray) -> str:
    return line[: 4 * _SAMPLE_CHARS].tobytes().decode("utf-8", "ignore")[:_SAMPLE_CHARS]


def _signals(counts: np.ndarray) -> dict[str, pa.Array]:
    """The signals from the rows (lines, removed, red, yellow, green, characters, characters removed)."""
    lines, removed, red, yellow, green, chars, gone = counts.T
    ratio = (gone / np.maximum(chars, 1)).astype(np.float32)
    counted = {"lines_total": lines, "lines_removed": removed, "red": red, "yellow": yellow, "green": green}
    signals = {name: pa.array(values.astype(np.int32)) for name, values in counted.items()}
    signals["removed_ratio"] = pa.array(ratio)
    signals["chars_left"] = pa.array((chars - gone).astype(np.int32), mask=removed == 0)
    return signals
