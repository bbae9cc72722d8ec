"""Figures per shard, and which shard is unlike the others, and in what."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import orjson

from algok.pipelines.run_directory import Run

# A shard is marked where a figure is further from the median than this many spreads. The spread is the usual one of the
# shards (1.4826 × median absolute deviation), but never less than chance gives a shard of so many documents, nor than FLOOR.
OUTLYING = 5.0
FLOOR = 0.02


@dataclass(frozen=True)
class ShardTable:
    """A row per shard in input order, as columns. `dropped` is int64[shards, steps]; `seconds` are of one core over all
    tasks of the shard; `why` names the figure in which a shard is most unlike the others ("" where it is like them), and
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


def read_shards(run: Run) -> ShardTable:
    """The table of a run directory, from its statistics and done records; zeros where a task is not done."""
    plan = run.plan
    steps = [config.name for config in plan.recipe.steps]
    shards = len(plan.own)
    columns = {key: np.zeros(shards, np.int64) for key in ("documents", "quarantined", "kept", "text_bytes", "tokens")}
    dropped, seconds = np.zeros((shards, len(steps)), np.int64), np.zeros(shards)
    done = [name for name in run.store.names("done") if _shard(name, shards) is not None]
    for name, record in zip(done, run.store.read_many(done), strict=True):
        seconds[_own(name)] += sum(orjson.loads(record)["seconds"].values())
    tasks = [name.replace("done/", "stats/") for name in done]
    for name, part in zip(tasks, run.store.read_many(tasks), strict=True):
        _add(orjson.loads(part), _own(name), columns, dropped, steps)
    names = [plan.shards[shard].files[0].name for shard in range(shards)]
    split = {name for name, count in Counter(names).items() if count > 1}
    names = [f"{name} @{plan.shards[i].index}" if name in split else name for i, name in enumerate(names)]
    return _judged(ShardTable(names, steps, **columns, dropped=dropped, seconds=seconds, why=[], odd=np.zeros(shards)))


def _own(name: str) -> int:
    return int(name.rpartition("-")[2].removesuffix(".json"))


def _shard(name: str, shards: int) -> int | None:
    """The shard of a phase task's file; None for rounds of corpus steps and for earlier corpora."""
    return shard if name.startswith("done/p") and (shard := _own(name)) < shards else None


def _add(data: dict, shard: int, columns: dict[str, np.ndarray], dropped: np.ndarray, steps: list[str]) -> None:
    read = data.get("read", {})
    columns["documents"][shard] += read.get("documents", 0)
    columns["quarantined"][shard] += sum(read.get("quarantined", {}).values())
    columns["kept"][shard] += read.get("kept", 0)
    columns["text_bytes"][shard] += read.get("text_bytes", 0)
    columns["tokens"][shard] += read.get("kept_tokens", 0)
    for name, step in data.get("steps", {}).items():
        dropped[shard, steps.index(name)] += step.get("dropped", 0)


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
