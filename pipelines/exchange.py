"""How the tables that tasks exchange are merged where there are very many: groups of files, ranges of keys.

A task that reads one range of keys opens every file of an exchange. With files × tasks beyond some number the slices become
so small that opening is all that is done. Then a task for each group of files and each of some coarse ranges writes what it
finds as one file, and a reader opens one file per group. All rows are read and written once more, in pieces of useful size.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np
import orjson

from algok.pipelines.ranges import ALL_KEYS

# Files that a task of a round may have to open before they are merged, and files that a shard may have to open for its decisions.
MOST_FILES = 512
MOST_FILES_OF_SHARD = 16
# Bytes in one task that merges; it holds about three times as many.
MERGED_BYTES = 64 << 20
# Files whose keys are looked at to choose ranges.
SAMPLED_FILES = 64


def merged_name(name: str) -> str:
    """The folder of the merged files, and the name of the round that makes them."""
    return f"{name}.merged"


@dataclass(frozen=True)
class Exchange:
    """The files of one table: of a sketch one per shard, of a round one per partition. With `groups`, they are merged: in as
    many groups of consecutive files, cut where the ranges of keys begin that `bounds` names."""

    files: int
    rows: int
    size: int  # bytes
    sketch: bool
    groups: int = 0
    bounds: tuple[int, ...] = ()

    @classmethod
    def from_json(cls, data: bytes) -> "Exchange":
        found = orjson.loads(data)
        return cls(**{**found, "bounds": tuple(found["bounds"])})

    def to_json(self) -> bytes:
        return orjson.dumps(asdict(self))

    def groups_for(self, most: int) -> int:
        """In how many groups its files are merged so that there are `most` at most; 0 where they are so few already."""
        return 0 if self.files <= most else -(-self.files // -(-self.files // most))

    def merged(self, groups: int, keys: np.ndarray) -> "Exchange":
        """The same to be merged; `keys` (uint64) are a fair sample, by which the ranges get about as many rows each."""
        ranges = max(1, -(-self.size // (groups * MERGED_BYTES)))
        keys = np.sort(keys)
        starts = np.unique(keys[np.arange(1, ranges) * len(keys) // ranges]) if len(keys) else keys
        return replace(self, groups=groups, bounds=(0, *(start for start in starts.tolist() if start)))

    @property
    def merge_tasks(self) -> int:
        return self.groups * len(self.bounds)

    def merged_part(self, group: int, part: int) -> int:
        return group * len(self.bounds) + part

    def group_files(self, task: int) -> range:
        group, size = task // len(self.bounds), -(-self.files // self.groups)
        return range(group * size, min((group + 1) * size, self.files))

    def merged_range(self, task: int) -> tuple[int, int]:
        """The keys [low, high) of a task that merges."""
        part = task % len(self.bounds)
        return self.bounds[part], [*self.bounds, ALL_KEYS][part + 1]

    def overlapping(self, low: int, high: int) -> range:
        """The coarse ranges that have keys from low to high (excluded)."""
        starts = np.array(self.bounds, np.uint64)
        first = int(np.searchsorted(starts, np.uint64(low), "right")) - 1
        last = len(starts) if high >= ALL_KEYS else int(np.searchsorted(starts, np.uint64(high)))
        return range(first, max(last, first + 1))
