"""Done records: what a task wrote, in `done/<task>.json`. A task without a sound record has not been done.

A record holds its own digest, so that one that was cut, garbled or edited counts as missing instead of being believed.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import xxhash

from algok.pipelines.storage import DamagedFile, Store

FOLDER = "done"


def done_name(task_id: str) -> str:
    return f"{FOLDER}/{task_id}.json"


def write_done(store: Store, task_id: str, record: dict[str, Any]) -> None:
    store.write_bytes(done_name(task_id), sealed(record))


def sealed(record: dict[str, Any]) -> bytes:
    """The record as it is written, with its digest."""
    return orjson.dumps({**record, "digest": _digest(record)}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def parse_done(data: bytes) -> dict[str, Any]:
    """The record as it was written. Raises ValueError for anything else."""
    record = orjson.loads(data)
    if not isinstance(record, dict) or record.pop("digest", None) != _digest(record):
        raise ValueError("not the done record that was written")
    return record


def read_done(store: Store, task_id: str) -> dict[str, Any]:
    """Raises DamagedFile for a record that is missing or damaged."""
    try:
        return parse_done(store.read_bytes(done_name(task_id)))
    except (FileNotFoundError, ValueError) as error:
        raise DamagedFile(f"{done_name(task_id)}: missing or damaged ({error})") from None


def read_records(store: Store, task_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The same of many tasks in their order; from object storage many are fetched at once."""
    names = [done_name(task) for task in task_ids]
    for name, data in zip(names, store.read_present(names), strict=True):
        try:
            yield parse_done(data or b"")
        except ValueError as error:
            raise DamagedFile(f"{name}: missing or damaged ({error})") from None


def done_tasks(store: Store) -> list[str]:
    """The ids of tasks that have a record, sound or not."""
    return [name.removesuffix(".json") for name in store.listed(FOLDER)]


def scan_done_tasks(store: Store) -> Iterator[str]:
    """The same one by one and in no order; see `Store.scanned`."""
    return (name.removesuffix(".json") for name in store.scanned(FOLDER))


def _digest(record: dict[str, Any]) -> str:
    return xxhash.xxh3_128_hexdigest(orjson.dumps(record, option=orjson.OPT_SORT_KEYS))
