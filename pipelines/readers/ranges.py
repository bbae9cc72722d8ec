"""Ranges of bytes of files below a folder or URL, many at once where the storage can; a busy server is asked again."""

import errno
import time
from typing import Any

import fsspec

from algok.errors import InputError
from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.index_rows import Entry
from algok.pipelines.readers.streams import count_read

_PAUSES = (1.0, 5.0, 20.0)  # seconds before what a busy server refused is asked for again
_NO_FILE = frozenset({errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG})


class Ranges:
    """The records of an index, below the place that it names files from. Raises InputError for a storage that is not known."""

    def __init__(self, base: str):
        self._base = base.rstrip("/") or "/"
        self._proved = False  # whether the storage was seen to give ranges
        try:
            self._files, root = fsspec.core.url_to_fs(self._base)
        except Exception as error:  # every storage raises its own kinds, one that is not installed ImportError
            raise InputError(f"{base}: {error}. Check the input's base, and that its storage is installed.") from error
        self._root = root.rstrip("/")

    def fetch(self, entries: list[Entry]) -> dict[int, bytes | RecordError]:
        """The bytes of each entry's record, or why there are none, by row. Raises InputError where the storage cannot be read."""
        found: dict[int, bytes | RecordError] = {}
        for pause in (*_PAUSES, None):
            failed: list[tuple[Entry, Exception]] = []
            for entry, answer in zip(entries, self._answers(entries), strict=True):
                if isinstance(answer, bytes) or _is_beyond(answer):
                    found[entry.row] = _whole(entry, answer if isinstance(answer, bytes) else b"")
                elif _is_missing(answer):
                    found[entry.row] = RecordError("missing", f"{shown(entry)}: no such file below the base")
                else:
                    failed.append((entry, answer))
            if not failed:
                break
            for entry, error in failed:
                if pause is None or isinstance(error, PermissionError | ImportError) or _status(error) in (401, 403):
                    where = f"{self._base}/{entry.file}"
                    advice = "Check the input's base, permissions and network."
                    raise InputError(f"{where}: cannot be read: {error}. {advice}") from error
            time.sleep(pause or 0)
            entries = [entry for entry, _ in failed]
        return found

    def _answers(self, entries: list[Entry]) -> list[Any]:
        """Bytes or an exception for each entry. Until a range has come it is one alone: of a server that knows no ranges, as
        many whole files would come as are asked for."""
        answers: list[Any] = []
        for entry in entries if not self._proved else ():
            answers += self._ask([entry])
            if isinstance(answers[-1], bytes):
                if len(answers[-1]) > entry.length:
                    raise InputError(f"{self._base}: the server gives whole files and no ranges; use another base")
                self._proved = True
                break
        return answers + self._ask(entries[len(answers) :])

    def _ask(self, entries: list[Entry]) -> list[Any]:
        if not entries:
            return []
        paths = [f"{self._root}/{entry.file}" for entry in entries]
        starts = [entry.offset for entry in entries]
        ends = [entry.offset + entry.length for entry in entries]
        try:
            return self._files.cat_ranges(paths, starts, ends, on_error="return")
        except Exception as error:
            return [error] * len(entries)


def shown(entry: Entry) -> str:
    """What a message calls a record."""
    return f"bytes {entry.offset}-{entry.offset + entry.length - 1} of {entry.file}"


def _whole(entry: Entry, content: bytes) -> bytes | RecordError:
    count_read(len(content))
    if len(content) < entry.length:
        return RecordError("range", f"{shown(entry)}: the file ends before the record should")
    return content


def _is_missing(error: Exception) -> bool:
    return getattr(error, "errno", None) in _NO_FILE or isinstance(error, FileNotFoundError) or _status(error) == 404


def _is_beyond(error: Exception) -> bool:
    """Whether a storage says that a range begins behind the end of its file."""
    return _status(error) == 416 or any(word in str(error) for word in ("InvalidRange", "not satisfiable"))


def _status(error: Exception) -> int | None:
    """What an HTTP server answered."""
    return getattr(error, "status", None)
