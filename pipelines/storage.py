"""Files of a run, on any fsspec storage: whole or not there at all.

On a local disk a file is written beside its target, synced and renamed; elsewhere it is written to a local temporary
file and uploaded in one PUT. Readers therefore never see half a file, whatever dies when.
"""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import fsspec
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

_TEMPORARY = ".tmp"
_FETCHED_AT_ONCE = 1000


@dataclass
class Committed:
    """One committed file: name below the run directory, size in bytes, SHA-256 in hex (outputs only), rows of a table."""

    path: str
    bytes: int = 0
    sha256: str | None = None
    rows: int | None = None

    def as_dict(self) -> dict:
        return {key: value for key, value in asdict(self).items() if value is not None}


class Store:
    """A directory of files below one local path or fsspec URL."""

    def __init__(self, url: str):
        self.url = str(url)
        # Other processes write here too, so a listing remembered from before may be wrong.
        self.fs, self.root = fsspec.core.url_to_fs(self.url, use_listings_cache=False)
        self.local = isinstance(self.fs, LocalFileSystem)

    def path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    def exists(self, name: str) -> bool:
        return self.fs.exists(self.path(name))

    def names(self, folder: str) -> list[str]:
        """Committed files directly in a folder, as names below the root, sorted; none where it is missing."""
        try:
            found = self.fs.ls(self.path(folder), detail=False)
        except FileNotFoundError:
            return []
        names = (path.rsplit("/", 1)[-1] for path in found)
        prefix = f"{folder}/" if folder else ""
        return sorted(prefix + name for name in names if not name.endswith(_TEMPORARY))

    def read_bytes(self, name: str) -> bytes:
        return Path(self.path(name)).read_bytes() if self.local else self.fs.cat_file(self.path(name))

    def read_many(self, names: Sequence[str]) -> Iterator[bytes]:
        """The contents of many small files in order; from object storage many are fetched at once."""
        if self.local:
            yield from (_read_small(self.path(name)) for name in names)
            return
        for start in range(0, len(names), _FETCHED_AT_ONCE):
            paths = [self.path(name) for name in names[start : start + _FETCHED_AT_ONCE]]
            contents = self.fs.cat(paths) if len(paths) > 1 else {paths[0]: self.fs.cat_file(paths[0])}
            yield from (contents[self.fs._strip_protocol(path)] for path in paths)

    def write_bytes(self, name: str, data: bytes) -> Committed:
        with self.write(name) as (path, committed):
            Path(path).write_bytes(data)
        return committed

    @contextmanager
    def write(self, name: str, digest: bool = True) -> Iterator[tuple[str, Committed]]:
        """A local path to write to. When the block ends well the file is committed and its record filled in; when it
        fails nothing is left. Intermediate files need no digest."""
        committed = Committed(name)
        if self.local:
            target = Path(self.path(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = str(target.parent / f".{target.name}.{secrets.token_hex(4)}{_TEMPORARY}")
        else:
            handle, temporary = tempfile.mkstemp(suffix=_TEMPORARY, prefix="algok-")
            os.close(handle)
        try:
            yield temporary, committed
            committed.bytes, committed.sha256 = _sync_and_digest(temporary, digest)
            if self.local:
                os.replace(temporary, target)
                _sync_directory(target.parent)
            else:
                self.fs.put_file(temporary, self.path(name))
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)

    def read_arrow(self, name: str) -> pa.Table:
        """A table written by `write_arrow`; memory-mapped when local, so that only what is used gets read."""
        source = pa.memory_map(self.path(name)) if self.local else pa.BufferReader(self.read_bytes(name))
        return pa.ipc.open_file(source).read_all()

    def open_arrow(self, name: str) -> pa.ipc.RecordBatchFileReader:
        """An Arrow IPC file to be read batch by batch, one of them in memory (all of them, from remote storage)."""
        return pa.ipc.open_file(pa.OSFile(self.path(name)) if self.local else pa.BufferReader(self.read_bytes(name)))

    def write_arrow(self, name: str, table: pa.Table) -> Committed:
        """Commits a table as an uncompressed Arrow IPC file, so that others can memory-map it."""
        with self.write(name, digest=False) as (path, committed), pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
        committed.rows = table.num_rows
        return committed

    def remove(self, folder: str) -> None:
        with suppress(FileNotFoundError):
            self.fs.rm(self.path(folder), recursive=True)

    def remove_temporary(self) -> None:
        """Clears what dead tasks left half written (local storage; uploads leave nothing)."""
        if self.local:
            for path in Path(self.root).rglob(f".*{_TEMPORARY}"):
                path.unlink(missing_ok=True)


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


def _sync_and_digest(path: str, digest: bool) -> tuple[int, str | None]:
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest() if digest else None
        os.fsync(file.fileno())
        return file.seek(0, os.SEEK_END), sha256


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
