"""Attempts at tasks that failed, in `failed/<task>.json`: how many, and the last ones with their reasons.

The driver alone writes them. They stay when the task is done later, so that a finished run still tells its retries. A
task has one file whatever happens, so that a failing disk leaves no more files than there are tasks.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from algok.filters.personal.coarse import excerpt
from algok.pipelines.executors import Outcome
from algok.pipelines.storage import Store

FOLDER = "failed"
_LAST = 5  # attempts of a task that are kept with their reasons
_REASON_CHARS = 300
_UNREADABLE = "the record of this failure is damaged"


@dataclass(frozen=True)
class Failed:
    """The failed attempts at one task: their number, and of the last one the time (ISO 8601), the worker ("" where nobody
    knows) and the masked reason. `again`: whether the driver went on to try the task again."""

    task: str
    attempts: int
    at: str = ""
    worker: str = ""
    reason: str = ""
    again: bool = False


def note_failure(store: Store, outcome: Outcome) -> None:
    """Adds a failed attempt to the record of its task. A disk that fails the task may fail this too; the driver reports the
    task in any case."""
    name = f"{FOLDER}/{outcome.task.id}.json"
    with suppress(OSError):
        attempts, last = _parsed(store.read_bytes(name)) if store.exists(name) else (0, [])
        attempt = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "worker": outcome.worker,
            "reason": excerpt(outcome.error or "", _REASON_CHARS),
            "again": outcome.again,
        }
        record = {"attempts": attempts + 1, "last": [*last, attempt][-_LAST:]}
        store.write_bytes(name, orjson.dumps(record, option=orjson.OPT_INDENT_2))


def failed_tasks(store: Store, most: int | None = None) -> list[str]:
    """The ids of tasks with failed attempts, in order, so many `most`."""
    return [name.removesuffix(".json") for name in store.listed(FOLDER)[:most]]


def read_failures(store: Store, tasks: list[str]) -> list[Failed]:
    """The failed attempts of these tasks. Of a damaged record only that there was one is known."""
    parts = store.read_many([f"{FOLDER}/{task}.json" for task in tasks])
    return [_failed(task, *_parsed(part)) for task, part in zip(tasks, parts, strict=True)]


def _failed(task: str, attempts: int, last: list[dict[str, Any]]) -> Failed:
    latest = last[-1] if last else {}
    texts = (str(latest.get(key, "")) for key in ("at", "worker", "reason"))
    return Failed(task, attempts, *texts, again=latest.get("again") is True)


def _parsed(data: bytes) -> tuple[int, list[dict[str, Any]]]:
    try:
        record = orjson.loads(data)
        attempts, last = record["attempts"], record["last"]
    except (ValueError, LookupError, TypeError):
        return 1, [{"reason": _UNREADABLE}]
    sound = isinstance(attempts, int) and isinstance(last, list) and all(isinstance(item, dict) for item in last)
    return (attempts, last) if sound else (1, [{"reason": _UNREADABLE}])
