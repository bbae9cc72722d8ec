"""Done records: what a task wrote. A task without a sound record has not been done.

A record holds its own digest, so that one that was cut, garbled or edited counts as missing instead of being believed.

A thousand tasks of one kind are a block. While they are being done each has its record in a file of its own,
`done/<kind>/<block>/<task>.json`. When all of a block are done, the driver writes them as the lines of one file,
`done/<kind>/<block>.jsonl`, and removes the others, so that nobody lists or opens a file for every task of a large run.
A driver that dies between the two leaves both, which say the same. Where they differ, a task was done again, and the
file of its own is the newer record.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import orjson
import xxhash

from algok.errors import OutputError
from algok.pipelines.storage import DamagedFile, Store

FOLDER = "done"
# Tasks of a block. A worker that looks for one record reads the block, which has about a kilobyte for each.
BLOCK = 1000
# Fewer records than these stay as they are: merging them would take longer than it saves.
MERGED_FROM = 64
_ID = re.compile(r"(.+?)-(\d{6,})(?:-.+)?")
Record = dict[str, Any]


@dataclass(frozen=True)
class Block:
    """A block that has records: `folder`, where they have files of their own, or had; `open`: whether there is that folder."""

    folder: str
    open: bool = True

    @property
    def merged(self) -> str:
        """The file of all its records."""
        return f"{self.folder}.jsonl"


def kind_of(task_id: str) -> str:
    """What a task has in common with others, such as the phase.

    >>> kind_of("p0-000017"), kind_of("c0-large1-000003"), kind_of("measure-000002-3f4e")
    ('p0', 'c0-large1', 'measure')
    """
    return _split(task_id)[0]


def block_of(task_id: str) -> str:
    """The folder of a task's record.

    >>> block_of("p0-020017")
    'done/p0/020'
    """
    kind, number = _split(task_id)
    return f"{FOLDER}/{kind}/{number // BLOCK:03d}"


def _split(task_id: str) -> tuple[str, int]:
    found = _ID.fullmatch(task_id)
    if found is None:
        raise ValueError(f"{task_id}: not the id of a task, which has a kind and a number of six digits")
    return found[1], int(found[2])


def done_name(task_id: str) -> str:
    """The file in which a worker leaves the record of a task."""
    return f"{block_of(task_id)}/{task_id}.json"


def write_done(store: Store, task_id: str, record: Record) -> None:
    store.write_bytes(done_name(task_id), sealed(record))


def sealed(record: Record) -> bytes:
    """The record as it is written, with its digest."""
    return orjson.dumps(_with_digest(record), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def parse_done(data: bytes) -> Record:
    """The record as it was written. Raises ValueError for anything else."""
    return _opened(orjson.loads(data))


def _with_digest(record: Record) -> Record:
    return {**record, "digest": _digest(record)}


def _opened(record: Any) -> Record:
    if not isinstance(record, dict) or record.pop("digest", None) != _digest(record):
        raise ValueError("not the done record that was written")
    return record


def _digest(record: Record) -> str:
    return xxhash.xxh3_128_hexdigest(orjson.dumps(record, option=orjson.OPT_SORT_KEYS))


def blocks(store: Store, kinds: Iterable[str] | None = None) -> list[Block]:
    """All blocks that have records, or those of some kinds, in order."""
    known = store.listed(FOLDER)
    if any(name.endswith(".json") for name in known):
        raise OutputError(
            f"{store.url}/{FOLDER}: records of an earlier version of algok stand here as files of their own; read this run with "
            "that version, or run its recipe into another output directory"
        )
    found = []
    for kind in known if kinds is None else sorted(set(kinds) & set(known)):
        names = store.listed(f"{FOLDER}/{kind}")
        open_ = {name for name in names if "." not in name}
        every = sorted(open_ | {name.removesuffix(".jsonl") for name in names}, key=lambda name: (len(name), name))
        found += [Block(f"{FOLDER}/{kind}/{name}", name in open_) for name in every]
    return found


def own_tasks(store: Store, block: Block) -> list[str]:
    """The ids of a block's tasks whose record has a file of its own, sound or not."""
    return [name.removesuffix(".json") for name in store.listed(block.folder)] if block.open else []


def read_block(store: Store, block: Block, wanted: Callable[[str], bool] | None = None) -> dict[str, Record | None]:
    """The records of a block by task, in order of the ids, or those that are `wanted`; None for a file that is damaged. A
    damaged line is passed over, as no record is."""
    own = [task for task in own_tasks(store, block) if wanted is None or wanted(task)]
    files = dict(zip(own, store.read_present([done_name(task) for task in own]), strict=True))
    # Read after the files, since they may just be going into it.
    found: dict[str, Record | None] = dict(_merged(store, block, wanted))
    for task, data in files.items():
        if data is not None:
            found[task] = _parsed(data)
    return dict(sorted(found.items()))


def _parsed(data: bytes) -> Record | None:
    try:
        return parse_done(data)
    except ValueError:
        return None


def _merged(store: Store, block: Block, wanted: Callable[[str], bool] | None = None) -> dict[str, Record]:
    try:
        data = store.read_bytes(block.merged)
    except FileNotFoundError:
        return {}
    found = {}
    for line in data.split(b"\n"):
        with suppress(ValueError, LookupError, TypeError):
            item = orjson.loads(line)
            if wanted is None or wanted(item["id"]):
                found[item["id"]] = _opened(item)["record"]
    return found


def write_block(store: Store, block: Block, records: dict[str, Record]) -> None:
    """Writes the merged file of a block."""
    lines = [
        orjson.dumps(_with_digest({"id": task, "record": record}), option=orjson.OPT_SORT_KEYS) + b"\n"
        for task, record in sorted(records.items())
    ]
    store.write_bytes(block.merged, b"".join(lines))


def scan_records(
    store: Store, kinds: Iterable[str] | None = None, wanted: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, Record | None]]:
    """Every task with a record, or those wanted of some kinds, block by block; see `read_block`."""
    for block in blocks(store, kinds):
        yield from read_block(store, block, wanted).items()


def sound_records(
    store: Store, kinds: Iterable[str] | None = None, wanted: Callable[[str], bool] | None = None
) -> Iterator[tuple[str, Record]]:
    """The same. Raises ValueError where one is damaged."""
    for task, record in scan_records(store, kinds, wanted):
        if record is None:
            raise ValueError(f"{done_name(task)}: damaged")
        yield task, record


def read_records(store: Store, task_ids: Sequence[str]) -> Iterator[Record]:
    """The records of many tasks in their order. Raises DamagedFile for one that is missing or damaged."""
    for folder, group in groupby(task_ids, key=block_of):
        tasks = list(group)
        found = read_block(store, Block(folder), set(tasks).__contains__)
        for task in tasks:
            if (record := found.get(task)) is None:
                raise DamagedFile(f"{done_name(task)}: missing or damaged")
            yield record


def read_done(store: Store, task_id: str) -> Record:
    """Raises DamagedFile for a record that is missing or damaged."""
    block = Block(block_of(task_id))
    (data,) = store.read_present([done_name(task_id)])
    record = _merged(store, block, task_id.__eq__).get(task_id) if data is None else _parsed(data)
    if record is None:
        raise DamagedFile(f"{done_name(task_id)}: missing or damaged")
    return record


def done_tasks(store: Store, kinds: Iterable[str] | None = None) -> list[str]:
    """The ids of all tasks that have a record, or of those of some kinds, in order."""
    return sorted({task for block in blocks(store, kinds) for task in block_tasks(store, block)})


def done_kinds(store: Store) -> list[str]:
    """The kinds of tasks of which some have a record."""
    return store.listed(FOLDER)


def block_tasks(store: Store, block: Block) -> set[str]:
    """The ids of a block's tasks that have a record."""
    own = own_tasks(store, block)
    return {*own, *_merged(store, block)}


def forget(store: Store, task_ids: Iterable[str]) -> None:
    """Takes records away, so that their tasks are done again."""
    of_blocks = defaultdict(set)
    for task in task_ids:
        of_blocks[block_of(task)].add(task)
    for folder, tasks in of_blocks.items():
        block = Block(folder)
        records = _merged(store, block)
        if not tasks.isdisjoint(records):
            write_block(store, block, {task: record for task, record in records.items() if task not in tasks})
        store.remove_files([done_name(task) for task in tasks if task in own_tasks(store, block)])


class Stage:
    """The records of the tasks that a driver runs together: which are there when it begins, and merging them where a block
    is whole."""

    def __init__(self, store: Store, task_ids: Sequence[str]):
        self._store = store
        known = {block.folder: block for block in blocks(store, {kind_of(task) for task in task_ids})}
        folders = dict.fromkeys(map(block_of, task_ids))
        recorded = {task for folder in folders if folder in known for task in block_tasks(store, known[folder])}
        self.done = recorded.intersection(task_ids)
        self._left = Counter(block_of(task) for task in task_ids if task not in self.done)
        for folder in folders:  # what an earlier driver did not come to
            if folder in known and known[folder].open and not self._left[folder]:
                self._merge(folder)

    def note(self, task_id: str) -> None:
        """A task is done now."""
        folder = block_of(task_id)
        self._left[folder] -= 1
        if not self._left[folder]:
            self._merge(folder)

    def _merge(self, folder: str) -> None:
        """Where the storage fails, all stays as it is, which is whole as well."""
        block = Block(folder)
        with suppress(OSError):
            own = own_tasks(self._store, block)
            if len(own) < MERGED_FROM:
                return
            found = read_block(self._store, block)
            records = {task: record for task, record in found.items() if record is not None}
            if len(records) == len(found) and records.keys() >= set(own):
                write_block(self._store, block, records)
                self._store.remove_files([done_name(task) for task in own])
