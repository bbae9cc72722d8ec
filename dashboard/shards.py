"""Figures per shard, and which shard is unlike the others, and in what."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.pipelines.task_table import COUNTS

# A shard is marked where a figure is further from the median than this many spreads. The spread is the usual one of the
# shards (1.4826 × median absolute deviation), but never less than chance gives a shard of so many documents, nor than FLOOR.
OUTLYING = 5.0
FLOOR = 0.02
_DROPPED = "dropped."


@dataclass(frozen=True)
class ShardTable:
    """A row per shard in input order, as columns. `dropped` is int64[shards, steps]; `seconds` are of one core over all
    tasks of the shard, `peak_bytes` the most memory of one of them, `failed` the attempts that failed before they were done;
    `why` names the figure in which a shard is most unlike the others ("" where it is like them), and
    `odd` says by how many spreads."""

    names: list[str]
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

    @property
    def kept_share(self) -> np.ndarray:
        return self.kept / np.maximum(self.documents, 1)

    @property
    def pace(self) -> np.ndarray:
        """Seconds per MB of text."""
        return self.seconds / np.maximum(self.text_bytes / 1e6, 1e-6)


def shard_table(tasks: pa.Table, shards: int) -> ShardTable:
    """The shards of a run, of which there are so many, from its table of tasks (`pipelines/task_table.py`); zeros where no
    task is done."""
    own = tasks.filter(pc.is_valid(tasks["shard"]))
    rows = own["shard"].to_numpy()

    def summed(column: str) -> np.ndarray:
        values = pc.fill_null(own[column], 0).to_numpy()
        sums = np.zeros(shards, values.dtype if values.dtype.kind == "f" else np.int64)
        np.add.at(sums, rows, values)
        return sums

    peak = np.zeros(shards, np.int64)
    np.maximum.at(peak, rows, pc.fill_null(own["peak_bytes"], 0).to_numpy())
    dropped = [name for name in own.column_names if name.startswith(_DROPPED)]
    table = ShardTable(
        names=_names(own, shards),
        steps=[name.removeprefix(_DROPPED) for name in dropped],
        **{key: summed(key) for key in COUNTS},
        dropped=np.stack([summed(name) for name in dropped], axis=1),
        seconds=summed("seconds"),
        peak_bytes=peak,
        failed=summed("failed"),
        why=[],
        odd=np.zeros(shards),
    )
    return _judged(table)


def _names(own: pa.Table, shards: int) -> list[str]:
    """What a shard is called: its first file, with its number where several shards have the same. One that is not read yet has
    its number only."""
    read = own.select(["shard", "input"]).filter(pc.is_valid(own["input"]))
    names = [""] * shards
    for shard, name in zip(read["shard"].to_pylist(), read["input"].to_pylist(), strict=True):
        names[shard] = name
    times = Counter(names)
    return [name if times[name] == 1 and name else f"{name} @{shard}".strip() for shard, name in enumerate(names)]


def _judged(table: ShardTable) -> ShardTable:
    """With the outliers marked. Shares are compared with what chance gives; the pace by its logarithm."""
    records = table.documents + table.quarantined
    figures = {
        "kept": _share_spreads(table.kept, table.documents),
        "quarantine": _share_spreads(table.quarantined, records),
    }
    for index, step in enumerate(table.steps):
        figures[step] = _share_spreads(table.dropped[:, index], table.documents)
    busy = table.text_bytes > 0
    figures["seconds"] = _spreads(np.log2(np.maximum(table.pace, 1e-6)), np.full(len(table), 0.5), busy)
    names, spreads = list(figures), np.array(list(figures.values()))
    worst = spreads.argmax(axis=0) if len(table) else np.zeros(0, int)
    odd = spreads.max(axis=0) if len(table) else np.zeros(0)
    why = [names[place] if far > OUTLYING else "" for place, far in zip(worst, odd, strict=True)]
    return ShardTable(**{**vars(table), "why": why, "odd": odd})


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
