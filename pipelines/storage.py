"""Files of a run, on any fsspec storage: whole or not there at all.

On a local disk a file is written beside its target, synced and renamed; elsewhere it is written to a local temporary
file and uploaded in one PUT. Readers therefore never see half a file, whatever dies when.
"""

import errno
import fcntl
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import fsspec
import pyarrow as pa
import xxhash
from fsspec.implementations.local import LocalFileSystem

from algok.errors import InputError, OutputError
from algok.pipelines.credentials import problem_of, without_credentials

_TEMPORARY = ".tmp"
_UPLOAD = "algok-upload-"
_FETCHED_AT_ONCE = 1000
# How a file system says that it makes no hard link: another disk, none at all, too many, or not of another's file.
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS}
# Below this folder lie texts in which no personal data is masked yet: only its owner may look inside.
PRIVATE = "work"


# What reading a file may raise whose content was cut, changed or replaced by rubbish.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError)


class DamagedFile(OutputError):
    """A file that algok wrote into a run directory is missing, cut or changed."""


@dataclass
class Committed:
    """One committed file: name below the run directory, size in bytes, rows of a table, and a digest in hex: SHA-256 of
    outputs, which outlive the run; XXH3-128 of intermediate files, which only must not be damaged unnoticed, and are
    hashed twelve times as fast."""

    path: str
    bytes: int = 0
    sha256: str | None = None
    xxh3: str | None = None
    rows: int | None = None

    def as_dict(self) -> dict:
        return {key: value for key, value in asdict(self).items() if value is not None}


class Store:
    """A directory of files below one local path or fsspec URL. Raises OutputError for a URL that holds credentials or that
    no storage takes."""

    def __init__(self, url: str):
        self.url = str(url)
        if problem := problem_of(self.url):
            raise OutputError(problem)
        try:
            # Other processes write here too, so a listing remembered from before may be wrong.
            self.fs, self.root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        except Exception as error:  # every storage raises its own kinds
            raise OutputError(f"{self.url}: no storage takes this address: {_said(error)}") from None
        self.local = isinstance(self.fs, LocalFileSystem)
        self.taken_over = Event()  # set where another driver works in the directory by now

    def path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    def exists(self, name: str) -> bool:
        return self.fs.exists(self.path(name))

    def names(self, folder: str) -> list[str]:
        """Committed files directly in a folder, as names below the root, sorted; none where it is missing."""
        prefix = f"{folder}/" if folder else ""
        return [prefix + name for name in self.listed(folder)]

    def listed(self, folder: str) -> list[str]:
        """The same without the folder in the names."""
        try:
            # fsspec asks the size of every local file even where only names are wanted.
            found = os.listdir(self.path(folder)) if self.local else self.fs.ls(self.path(folder), detail=False)
        except (FileNotFoundError, NotADirectoryError):
            return []
        names = (path.rsplit("/", 1)[-1] for path in found)
        return sorted(name for name in names if not name.endswith(_TEMPORARY))

    def read_bytes(self, name: str) -> bytes:
        return Path(self.path(name)).read_bytes() if self.local else self.fs.cat_file(self.path(name))

    def read_span(self, name: str, start: int, stop: int) -> bytes:
        """The bytes of a file from one place to another; from object storage only these are fetched. Raises DamagedFile where
        it is missing or shorter."""
        with _intact(name):
            data = (
                _read_part(self.path(name), start, stop)
                if self.local
                else self.fs.cat_file(self.path(name), start=start, end=stop)  # by name: s3fs has a version before them
            )
        if len(data) != stop - start:
            raise DamagedFile(f"{name}: cut off")
        return data

    def read_tail(self, name: str, most: int) -> bytes:
        """The last bytes of a file, all of it where it is shorter. Raises DamagedFile where it is missing."""
        with _intact(name):
            if not self.local:
                return self.fs.cat_file(self.path(name), start=-most)
            size = os.path.getsize(self.path(name))
            return _read_part(self.path(name), max(0, size - most), size)

    def read_many(self, names: Sequence[str]) -> Iterator[bytes]:
        """The contents of many small files in order; from object storage many are fetched at once."""
        if self.local:
            yield from (_read_small(self.path(name)) for name in names)
            return
        for start in range(0, len(names), _FETCHED_AT_ONCE):
            paths = [self.path(name) for name in names[start : start + _FETCHED_AT_ONCE]]
            contents = self.fs.cat(paths) if len(paths) > 1 else {paths[0]: self.fs.cat_file(paths[0])}
            yield from (contents[self.fs._strip_protocol(path)] for path in paths)

    def read_present(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """The same of files that may vanish meanwhile: None stands for each that is not there."""
        if self.local:
            yield from (_read_if_there(self.path(name)) for name in names)
            return
        for start in range(0, len(names), _FETCHED_AT_ONCE):
            paths = [self.path(name) for name in names[start : start + _FETCHED_AT_ONCE]]
            # Not recursive, since fsspec would then list below each of them first.
            contents = self.fs.cat(paths, recursive=False, on_error="return")
            yield from (_present(contents[self.fs._strip_protocol(path)]) for path in paths)

    def check_reachable(self) -> None:
        """Raises OutputError where the storage does not answer, for instance without credentials."""
        try:
            self.fs.exists(self.root)
        except Exception as error:  # every storage raises its own kinds
            raise OutputError(
                f"{self.url}: cannot be reached: {_said(error)}. Check address, network and the credentials in the environment."
            ) from None

    def sizes(self, folder: str) -> dict[str, int]:
        """Size in bytes of every committed file directly in a folder, by name below the root."""
        try:
            found = self.fs.ls(self.path(folder), detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return {}
        files = {f"{folder}/{info['name'].rsplit('/', 1)[-1]}": info for info in found}
        return {name: info["size"] for name, info in files.items() if info["type"] == "file"}

    def digest(self, name: str, kind: str) -> str:
        """The digest of a file as a `Committed` record has it; `kind` is sha256 or xxh3."""
        with self.fs.open(self.path(name), "rb") as file:
            return _digest(file, kind)

    def write_bytes(self, name: str, data: bytes) -> Committed:
        with self.write(name) as (path, committed):
            Path(path).write_bytes(data)
        return committed

    def create_bytes(self, name: str, data: bytes) -> None:
        """Writes a file where there is none. Raises FileExistsError where there is one: of two who try at the same moment one
        does, on storage with conditional writes."""
        self.fs.pipe_file(self.path(name), data, mode="create")

    def check_own(self) -> None:
        """Raises OutputError where another driver has taken the directory over (`pipelines/lock.py`)."""
        if self.taken_over.is_set():
            raise OutputError(
                f"{self.url}: another algok run has taken this directory over, since this one did not renew its lock for a "
                "while; see whether the storage was out of reach"
            )

    @contextmanager
    def write(self, name: str, intermediate: bool = False) -> Iterator[tuple[str, Committed]]:
        """A local path to write to. When the block ends well the file is committed and its record filled in; when it
        fails nothing is left."""
        committed = Committed(name)
        kind = "xxh3" if intermediate else "sha256"
        if self.local:
            target = Path(self.path(name))
            self.make_folder(target.parent)
            temporary = str(target.parent / f".{target.name}.{secrets.token_hex(4)}{_TEMPORARY}")
            try:
                yield temporary, committed
                committed.bytes = _sync_and_digest(temporary, kind, committed)
                os.replace(temporary, target)
                _sync_directory(target.parent)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)
        else:
            with _upload_file() as temporary:
                yield temporary, committed
                committed.bytes = _sync_and_digest(temporary, kind, committed)
                self.fs.put_file(temporary, self.path(name))

    def take(self, other: "Store", name: str) -> None:
        """Brings a file of another directory here under the same name, by reference where that is possible: a hard link on one
        disk, a copy within one object storage; else its bytes. It is whole or not there at all, as with `write`."""
        if self.local and other.local and self._link(other.path(name), Path(self.path(name))):
            return
        if not self.local and type(self.fs) is type(other.fs):
            self.fs.cp_file(other.path(name), self.path(name))
            return
        with self.write(name, intermediate=True) as (path, _):
            other.fs.get_file(other.path(name), path)

    def _link(self, source: str, target: Path) -> bool:
        """Whether a hard link to a file could be made; it replaces what was there."""
        self.make_folder(target.parent)
        temporary = target.parent / f".{target.name}.{secrets.token_hex(4)}{_TEMPORARY}"
        try:
            os.link(source, temporary)
            os.replace(temporary, target)
            _sync_directory(target.parent)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            return False
        finally:
            temporary.unlink(missing_ok=True)  # it stays where the target was a link to the same file
        return True

    def make_folder(self, folder: Path) -> None:
        """Makes a local folder, where intermediate files lie one that only its owner may enter."""
        if not folder.is_dir():
            private = Path(self.path(PRIVATE))
            if folder.is_relative_to(private):
                private.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(parents=True, exist_ok=True)

    def make_private(self) -> None:
        """Shuts the folder of intermediate files to others, also one that an earlier version made (local storage)."""
        if self.local and os.path.isdir(self.path(PRIVATE)):
            os.chmod(self.path(PRIVATE), 0o700)

    def read_arrow(self, name: str) -> pa.Table:
        """A table written by `write_arrow`; memory-mapped when local, so that only what is used gets read.

        Raises DamagedFile where it is missing or no such file.
        """
        with _intact(name):
            source = pa.memory_map(self.path(name)) if self.local else pa.BufferReader(self.read_bytes(name))
            return pa.ipc.open_file(source).read_all()

    def open_arrow(self, name: str, xxh3: str) -> pa.ipc.RecordBatchFileReader:
        """An Arrow IPC file to be read batch by batch, one of them in memory (all of them, from remote storage).

        Raises DamagedFile where it is missing or has another digest than the one that was recorded.
        """
        with _intact(name):
            data = None if self.local else self.read_bytes(name)
            found = self.digest(name, "xxh3") if data is None else xxhash.xxh3_128_hexdigest(data)
            if found != xxh3:
                raise DamagedFile(f"{name}: changed or damaged since it was written")
            return pa.ipc.open_file(pa.OSFile(self.path(name)) if data is None else pa.BufferReader(data))

    def write_arrow(self, name: str, table: pa.Table) -> Committed:
        """Commits a table as an uncompressed Arrow IPC file, so that others can memory-map it."""
        with self.write(name, intermediate=True) as (path, committed), pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
        committed.rows = table.num_rows
        return committed

    def write_ranges(self, name: str, table: pa.Table, offsets: Sequence[int]) -> Committed:
        """Commits a table as an uncompressed Arrow IPC file with a record batch for the rows between two offsets each."""
        with self.write(name, intermediate=True) as (path, committed), pa.ipc.new_file(path, table.schema) as writer:
            for start, end in pairwise(offsets):
                own = pa.concat_batches(table.slice(start, end - start).to_batches() or [_no_rows(table.schema)])
                writer.write_batch(own)
        committed.rows = table.num_rows
        return committed

    def read_range(self, name: str, number: int) -> pa.RecordBatch:
        """One range of a file by `write_ranges`. It is read and not mapped: of a mapped file the kernel brings in many times what
        a small range has.

        Raises DamagedFile where the file is missing or damaged.
        """
        with _intact(name):
            source = pa.OSFile(self.path(name)) if self.local else pa.BufferReader(self.read_bytes(name))
            with source, pa.ipc.open_file(source) as reader:
                return reader.get_batch(number)

    def remove(self, folder: str) -> None:
        with suppress(FileNotFoundError):
            self.fs.rm(self.path(folder), recursive=True)

    def remove_files(self, names: Sequence[str]) -> None:
        """Removes files of one folder, and the folder where nothing is left in it (local storage)."""
        if not self.local:
            for start in range(0, len(names), _FETCHED_AT_ONCE):
                self.fs.rm([self.path(name) for name in names[start : start + _FETCHED_AT_ONCE]])
            return
        for name in names:
            Path(self.path(name)).unlink(missing_ok=True)
        for folder in {name.rpartition("/")[0] for name in names}:
            with suppress(OSError):  # another process may just write into it
                os.rmdir(self.path(folder))

    def remove_temporary(self) -> None:
        """Clears what dead tasks left half written (local storage; uploads leave nothing)."""
        if self.local:
            for path in Path(self.root).rglob(f".*{_TEMPORARY}"):
                path.unlink(missing_ok=True)


def _no_rows(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema)


def _said(error: Exception) -> str:
    return without_credentials((str(error) or type(error).__name__).splitlines()[0])


def _read_small(path: str) -> bytes:
    """A small file without Python's own buffering, which takes as long as the file system itself."""
    handle = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while part := os.read(handle, 1 << 16):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(handle)


def _read_part(path: str, start: int, stop: int) -> bytes:
    handle = os.open(path, os.O_RDONLY)
    try:
        parts = []
        while start < stop and (part := os.pread(handle, stop - start, start)):
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(handle)


def _read_if_there(path: str) -> bytes | None:
    try:
        return _read_small(path)
    except FileNotFoundError:
        return None


def _present(content: bytes | Exception) -> bytes | None:
    if isinstance(content, Exception) and not isinstance(content, FileNotFoundError):
        raise content
    return content if isinstance(content, bytes) else None


@contextmanager
def reading_outputs(store: Store) -> Iterator[None]:
    """Raises InputError with the remedy where a table of a run cannot be read."""
    try:
        yield
    except UNREADABLE as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:300]
        raise InputError(
            f"{store.url}: an output is damaged ({reason}); 'algok verify {store.url} --repair' makes it again"
        ) from None


@contextmanager
def _intact(name: str) -> Iterator[None]:
    """Says of an intermediate file that cannot be read that it is damaged."""
    try:
        yield
    except FileNotFoundError:
        raise DamagedFile(f"{name}: missing") from None
    except pa.ArrowException as error:
        raise DamagedFile(f"{name}: damaged ({type(error).__name__})") from None


@contextmanager
def _upload_file() -> Iterator[str]:
    """A file in the machine's temporary folder. It is locked while its process lives, so that `clear_uploads` can tell what
    a killed one left."""
    handle, path = tempfile.mkstemp(suffix=_TEMPORARY, prefix=_UPLOAD)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield path
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)
        os.close(handle)


def clear_uploads() -> None:
    """Removes the temporary files of uploads whose process is gone, of any run of this user on this machine."""
    for path in Path(tempfile.gettempdir()).glob(f"{_UPLOAD}*{_TEMPORARY}"):
        with suppress(OSError):  # another user's, locked by a living process, or removed meanwhile
            handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
            finally:
                os.close(handle)


def _sync_and_digest(path: str, kind: str, committed: Committed) -> int:
    """Syncs a file and notes its digest; its size in bytes."""
    with open(path, "rb") as file:
        setattr(committed, kind, _digest(file, kind))
        os.fsync(file.fileno())
        return file.seek(0, os.SEEK_END)


def _digest(file: Any, kind: str) -> str:
    return hashlib.file_digest(file, xxhash.xxh3_128 if kind == "xxh3" else "sha256").hexdigest()


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
