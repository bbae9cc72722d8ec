"""Keeps one hostile record from taking a shard down.

Parsers in C can hang or crash, and neither can be caught from inside. So before each such call the worker notes the
record in a small file and arms a watchdog that ends the process when the call takes too long. The next attempt reads the
note: a record under which the worker ended, or had no memory left, three times is quarantined instead of tried again. Three
times, so that a worker killed from outside at any moment changes nothing in the result; and the third time the task ran
alone (`executors/attempts.py`), so that a record is not blamed for the memory of others.
"""

import faulthandler
import mmap
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson

from algok.pipelines.storage import PRIVATE, Store

STRIKES = 3
_watchdog = False
_careful = False


class NeedsWorker(BaseException):
    """A record goes to a parser in C, and this process must outlive it. Nothing that catches a record's errors catches this."""


@contextmanager
def careful() -> Iterator[None]:
    """Guards raise NeedsWorker inside of it, instead of letting a record through."""
    global _careful
    _careful = True
    try:
        yield
    finally:
        _careful = False


def arm_watchdog() -> None:
    """Lets guards of this process end it when a record takes too long; for worker processes only."""
    global _watchdog
    _watchdog = True


class FileGuard:
    """A `readers.Guard` whose notes outlive the process."""

    def __init__(self, folder: Path, task: str, seconds: float):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._seconds = seconds
        self._strikes_file, note = folder / f"{task}.json", folder / f"{task}.note"
        self._strikes = _read_strikes(self._strikes_file, note)
        note.write_bytes(bytes(8))
        self._paths = (self._strikes_file, note)
        with note.open("r+b") as file:
            self._note = mmap.mmap(file.fileno(), 8)

    def enter(self, offset: int) -> bool:
        """False for a record that must not be tried again."""
        entered = self.note(offset)
        if entered:
            self.renew()
        return entered

    def renew(self) -> None:
        if _watchdog:
            faulthandler.dump_traceback_later(self._seconds, exit=True)

    def note(self, offset: int) -> bool:
        """The same for a call that may crash but waits for a network, so that its time says nothing."""
        if _careful:
            raise NeedsWorker
        if self._strikes.get(offset, 0) >= STRIKES:
            return False
        struct.pack_into("<q", self._note, 0, offset + 1)
        return True

    def leave(self, struck: bool = False) -> None:
        if _watchdog:
            faulthandler.cancel_dump_traceback_later()
        if not struck:
            struct.pack_into("<q", self._note, 0, 0)

    def close(self) -> None:
        self._note.close()
        for path in self._paths:
            path.unlink(missing_ok=True)


def open_guard(store: Store, task: str, seconds: float) -> FileGuard:
    """The guard of a task. On remote storage its notes lie in the machine's temporary folder, so that strikes count
    only while a task is retried on the same machine."""
    if store.local:
        folder = Path(store.path(f"{PRIVATE}/guard"))
        store.make_folder(folder)
        return FileGuard(folder, task, seconds)
    key = store.url.rstrip("/").replace("/", "_").replace(":", "_")
    return FileGuard(Path(tempfile.gettempdir()) / f"algok-guard-{key}", task, seconds)


def _read_strikes(file: Path, note: Path) -> dict[int, int]:
    """Strikes so far, the one of the attempt that left a note behind included."""
    strikes: dict[int, int] = {}
    with suppress(FileNotFoundError, orjson.JSONDecodeError):
        strikes = {int(key): value for key, value in orjson.loads(file.read_bytes()).items()}
    try:
        (entered,) = struct.unpack("<q", note.read_bytes())
    except (FileNotFoundError, struct.error):
        return strikes
    if entered:
        strikes[entered - 1] = strikes.get(entered - 1, 0) + 1
        file.write_bytes(orjson.dumps({str(key): value for key, value in strikes.items()}))
    return strikes
