"""Figures per shard, and which shard is unlike the others, and in what."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.pipelines.task_table import COUNTS, Rows

# A shard is marked where a figure is further from the median than this many spreads. The spread is the usual one of the
# shards (1.4826 × median absolute deviation), but never less than chance gives a shard of so many documents, nor than FLOOR.
OUTLYING = 5.0
FLOOR = 0.02
_DROPPED = "dropped."
# Sums of a shard that its documents do not bound; counts of documents are int32, since dashboards hold very many shards.
_TYPES = {"text_bytes": np.int64, "tokens": np.int64, "seconds": np.float64, "peak_bytes": np.int64}


@dataclass(frozen=True)
class ShardTable:
    """A row per shard in input order, as columns. `names` are strings; `dropped` is int32[shards, steps]; `seconds` are of one
    core over all tasks of the shard, `peak_bytes` the most memory of one of them, `failed` the attempts that failed before
    they were done; `why` names the figure in which a shard is most unlike the others ("" where it is like them), and `odd` says
    by how many spreads."""

    names: pa.Array
    steps: list[str]
    documents: np.ndarray
    quarantined: np.ndarray
    kept: np.ndarray
    text_bytes: np.ndarray
    tokens: np.ndarray
    dropped: np.ndarray
    seconds: np.ndarray
    peak_bytes: np.ndarray
    failed: np.ndarray
    why: list[str]
    odd: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def name(self, row: int) -> str:
        return self.names[row].as_py()

    @property
    def kept_share(self) -> np.ndarray:
        return self.kept / np.maximum(self.documents, 1)

    @property
    def pace(self) -> np.ndarray:
        """Seconds per MB of text."""
        return self.seconds / np.maximum(self.text_bytes / 1e6, 1e-6)


def shard_table(tasks: Rows, shards: int) -> ShardTable:
    """The shards of a run, of which there are so many, from its rows of tasks (`pipelines/task_table.py`); zeros where no
    task is done."""
    sums = {key: np.zeros(shards, _TYPES.get(key, np.int32)) for key in (*COUNTS, "seconds", "peak_bytes", "failed")}
    steps, dropped = list[str](), np.zeros((shards, 0), np.int32)
    places, inputs = np.full(shards, -1, np.int32), [pa.array([], pa.string())]
    for batch in tasks.to_batches():
        own = batch.filter(pc.is_valid(batch.column("shard")))
        rows = own.column("shard").to_numpy()
        for key, summed in sums.items():
            (np.maximum if key == "peak_bytes" else np.add).at(summed, rows, _filled(own, key))
        if not steps:
            steps = [name.removeprefix(_DROPPED) for name in own.schema.names if name.startswith(_DROPPED)]
            dropped = np.zeros((shards, len(steps)), np.int32)
        for index, step in enumerate(steps):
            np.add.at(dropped[:, index], rows, _filled(own, _DROPPED + step))
        read = pc.is_valid(own.column("input"))
        named = rows[read.to_numpy(zero_copy_only=False)]
        places[named] = np.arange(len(named)) + sum(map(len, inputs))
        inputs.append(own.column("input").filter(read))
    names = _names(pa.concat_arrays(inputs), places)
    table = ShardTable(names, steps, **sums, dropped=dropped, why=[], odd=np.zeros(shards))
    return _judged(table)


def _filled(batch: pa.RecordBatch, column: str) -> np.ndarray:
    return pc.fill_null(batch.column(column), 0).to_numpy()


def _names(inputs: pa.Array, places: np.ndarray) -> pa.Array:
    """What shards are called: each its first file, which stands at its place (-1: it is not read yet), with its number where
    several shards have the same. One that is not read yet has its number only."""
    names = inputs.take(pa.array(places, mask=places < 0))
    numbers = pc.cast(pa.array(np.arange(len(places))), pa.string())
    numbered = pc.binary_join_element_wise(pc.fill_null(names, ""), numbers, " @")
    return pc.if_else(_unique(names), names, pc.utf8_ltrim_whitespace(numbered))


def _unique(names: pa.Array) -> pa.Array:
    """Which of the names no other shard has; null where there is none. Sorting takes a fifth of the memory of counting."""
    order = pc.array_sort_indices(names)
    ordered = names.take(order)
    like_next = pc.equal(ordered[1:], ordered[:-1]).fill_null(False).to_numpy(zero_copy_only=False)
    unique = np.ones(len(names), bool)
    unique[order.to_numpy()[1:]] &= ~like_next
    unique[order.to_numpy()[:-1]] &= ~like_next
    return pa.array(unique & names.is_valid().to_numpy(zero_copy_only=False))


def _judged(table: ShardTable) -> ShardTable:
    """With the outliers marked."""
    names, worst, odd = [], np.zeros(len(table), int), np.zeros(len(table))
    for name, spreads in _figures(table):
        worst[spreads > odd] = len(names)
        names.append(name)
        np.maximum(odd, spreads, out=odd)
    why = [names[place] if far > OUTLYING else "" for place, far in zip(worst, odd, strict=True)]
    return replace(table, why=why, odd=odd)


def _figures(table: ShardTable) -> Iterator[tuple[str, np.ndarray]]:
    """What shards are compared in, one figure at a time. Shares are compared with what chance gives; the pace by its
    logarithm."""
    yield "kept", _share_spreads(table.kept, table.documents)
    yield "quarantine", _share_spreads(table.quarantined, table.documents + table.quarantined)
    for index, step in enumerate(table.steps):
        yield step, _share_spreads(table.dropped[:, index], table.documents)
    busy = table.text_bytes > 0
    yield "seconds", _spreads(np.log2(np.maximum(table.pace, 1e-6)), np.full(len(table), 0.5), busy)


def _share_spreads(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    share = part.sum() / max(whole.sum(), 1)
    chance = np.sqrt(share * (1 - share) / np.maximum(whole, 1))
    return _spreads(part / np.maximum(whole, 1), np.maximum(chance, FLOOR), whole > 0)


def _spreads(values: np.ndarray, least: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How many spreads each value lies from the median of the known ones; 0 for unknown ones, and among fewer than five."""
    if known.sum() < 5:
        return np.zeros(len(values))
    median = np.median(values[known])
    usual = 1.4826 * np.median(np.abs(values[known] - median))
    return np.where(known, np.abs(values - median) / np.maximum(usual, least), 0.0)
