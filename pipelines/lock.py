"""One driver per run directory.

On a local disk the operating system locks `run.lock`, and frees it when its process ends, however that happens. Object storage
has no such lock, but can create an object only where none is (a conditional PUT). There a driver creates
`run.lock/<number>.json`, the number after the highest that it finds, renews it every few seconds and removes it at its end. Who
finds one waits whether it is renewed, and takes the next number where it is not: one of any two who try creates it. No clocks
are compared. A driver of which others believed that it had died sees their higher number, and ends.

Storage that ignores the condition still tells both drivers at the next renewal, since the object is then one driver's only.
"""

import fcntl
import logging
import os
import re
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from algok.errors import OutputError
from algok.pipelines.footprint import process_name
from algok.pipelines.storage import UNREADABLE, Store

FOLDER = "run.lock"
_NAME = re.compile(rf"{re.escape(FOLDER)}/[0-9]+\.json")
_RENEWED = 10.0  # seconds between renewals
_SILENT = 45.0  # seconds without a renewal after which a driver counts as dead
_LOOKED = 3.0  # seconds between looks at another's lock


@contextmanager
def locked(store: Store) -> Iterator[None]:
    """Raises OutputError where another driver is at work in the directory, or it cannot be written."""
    with _file_lock(store) if store.local else _object_lock(store):
        yield


@contextmanager
def _file_lock(store: Store) -> Iterator[None]:
    try:
        store.fs.makedirs(store.root, exist_ok=True)
        file = open(store.path(FOLDER), "a")
    except OSError as error:
        raise OutputError(f"{store.url}: cannot be written: {error.strerror or error}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{store.url}: another algok run is at work in this directory") from None
        yield


@contextmanager
def _object_lock(store: Store) -> Iterator[None]:
    store.check_reachable()
    lock = _ObjectLock(store)
    lock.take()
    ended = threading.Event()
    renewing = threading.Thread(target=lock.renew, args=(ended,), daemon=True, name="algok-lock")
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        lock.free()


class _ObjectLock:
    """The lock of this process in a directory on object storage."""

    def __init__(self, store: Store):
        self._store, self._name, self._renewals = store, "", 0
        self._own = {
            "driver": process_name(),
            "place": _place(),
            "began": _began(os.getpid()),
            "key": secrets.token_hex(8),
        }

    def take(self) -> None:
        """Raises OutputError where a living driver holds the directory."""
        dead = self._dead()
        number = 1 + max((int(name[len(FOLDER) + 1 :].partition(".")[0]) for name in dead), default=0)
        self._name = f"{FOLDER}/{number:06d}.json"
        try:
            self._store.create_bytes(self._name, self._content())
        except FileExistsError:
            raise self._busy(self._read(self._name)) from None
        except OSError as error:
            raise OutputError(f"{self._store.url}: cannot be written: {error.strerror or error}") from None
        # Another that found the directory free at the same moment may have another number; then neither goes on.
        if not self._mine() or set(self._names()) - {*dead, self._name}:
            self.free()
            raise self._busy(None)
        for name in dead:
            self._store.remove(name)

    def renew(self, ended: threading.Event) -> None:
        """Renews the lock until the work has ended, or somebody has taken the directory over. A storage that does not answer
        is asked again."""
        while not ended.wait(_RENEWED):
            with suppress(Exception):  # every storage raises its own kinds
                if not self._mine() or self._names()[-1] != self._name:
                    self._store.taken_over.set()
                    return
                self._renewals += 1
                self._store.write_bytes(self._name, self._content())

    def free(self) -> None:
        with suppress(Exception):  # a lock that stays is waited for, once
            if self._mine():
                self._store.remove(self._name)

    def _names(self) -> list[str]:
        return [name for name in self._store.names(FOLDER) if _NAME.fullmatch(name)]

    def _content(self) -> bytes:
        return orjson.dumps({**self._own, "renewals": self._renewals})

    def _mine(self) -> bool:
        found = self._read(self._name)
        return found is not None and found.get("key") == self._own["key"]

    def _read(self, name: str) -> dict[str, Any] | None:
        """What a lock says; None where there is none (any more)."""
        try:
            found = orjson.loads(self._store.read_bytes(name))
        except FileNotFoundError:
            return None
        except UNREADABLE:
            found = {}
        return found if isinstance(found, dict) else {}

    def _dead(self) -> list[str]:
        """The locks that nobody renews. Raises OutputError as soon as one is renewed."""
        first = {name: found for name in self._names() if (found := self._read(name)) is not None}
        until = time.monotonic() + _SILENT
        if unclear := [found for found in first.values() if not _gone(found)]:
            logging.getLogger("algok").warning(
                "%s: there is a lock of %s; waiting up to %d seconds to see whether it is still at work",
                self._store.url,
                unclear[0].get("driver", "another driver"),
                _SILENT,
            )
        while any(not _gone(found) for found in first.values()) and time.monotonic() < until:
            for name, found in list(first.items()):
                now = self._read(name)
                if now is None:  # its driver has ended
                    del first[name]
                elif now != found or _here(now):
                    raise self._busy(now)
            time.sleep(_LOOKED)
        return sorted(first)

    def _busy(self, other: dict[str, Any] | None) -> OutputError:
        who = f" ({other['driver']})" if other and "driver" in other else ""
        return OutputError(f"{self._store.url}: another algok run is at work in this directory{who}")


def _place() -> str:
    """Where process ids mean what they mean here; "" where that is not known."""
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _began(process: int) -> str:
    """When a process began, so that its number is not taken for another's; "" where there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, LookupError):
        return ""


def _seen_from_here(lock: dict[str, Any]) -> bool:
    return bool(_place()) and lock.get("place") == _place()


def _here(lock: dict[str, Any]) -> bool:
    """Whether a lock's process lives on this machine."""
    number = str(lock.get("driver", "")).rpartition(":")[2]
    return _seen_from_here(lock) and number.isdecimal() and _began(int(number)) == lock.get("began")


def _gone(lock: dict[str, Any]) -> bool:
    """Whether a lock's process was on this machine and has ended."""
    return _seen_from_here(lock) and not _here(lock)
