"""Byte streams: one source for local and remote files, and decompression that says where damage begins.

Two kinds of failure are kept apart. A source that cannot be read (network, permissions) raises InputError, and the task
is tried again. Data that is broken raises Damaged, and ends in quarantine.
"""

import bz2
import codecs
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import fsspec
from fastwarc.stream_io import ZstdReader

from algok.errors import InputError

BLOCK_BYTES = 1 << 20
_FEED_BYTES = 64 << 10
_ZSTD_MAGIC = (b"\x28\xb5\x2f\xfd", *(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60)))
_XZ_MEMORY = 256 << 20
_FIRST = "\ufeff{[ \t\r\n"  # what JSON begins with
_WIDE = {  # 32 first: each of its texts begins like one of 16
    codec: tuple(character.encode(codec) for character in _FIRST)
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
}


class Damaged(Exception):
    """Compressed data cannot be read further: `reason` is "truncated" or "corrupt"."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


_read = [0]


def bytes_read() -> int:
    """Bytes of input files that this process has read until now: tells how far a long task is."""
    return _read[0]


def count_read(size: int) -> None:
    """Counts what was read past InputStream, in a file that is mapped into memory."""
    _read[0] += size


class InputStream:
    """A seekable binary file whose failures are InputError; plain unbuffered I/O when local."""

    def __init__(self, url: str, content: bytes | None = None):
        """Opens the file, or takes its content where it was fetched before."""
        self.url = url
        self._file: BinaryIO = self._try(lambda: _open(url) if content is None else io.BytesIO(content))

    def read(self, size: int = -1) -> bytes:
        data = self._try(lambda: self._file.read(size))
        count_read(len(data))
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._try(lambda: self._file.seek(offset, whence))

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    @property
    def closed(self) -> bool:
        return self._file.closed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def flush(self) -> None:
        pass

    def __enter__(self) -> "InputStream":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _try(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except Exception as error:
            raise InputError(f"{self.url}: cannot be read: {error}. Check path, permissions and network.") from error


def is_local(url: str) -> bool:
    """Whether a planned url is an absolute local path."""
    return url.startswith("/")


def _open(url: str) -> BinaryIO:
    if is_local(url):
        return open(url, "rb", buffering=0)
    filesystem, path = fsspec.core.url_to_fs(url)
    return filesystem.open(path, "rb")


def compression(head: bytes) -> str | None:
    """Compression by magic number: gzip, zstd, bz2, xz or None. Names lie more often than first bytes."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(_ZSTD_MAGIC):
        return "zstd"
    if head.startswith(b"BZh"):
        return "bz2"
    return "xz" if head.startswith(b"\xfd7zXZ\0") else None


def wide_encoding(head: bytes) -> str | None:
    """UTF-16 or UTF-32 by the first bytes of a JSON text, which are ASCII characters or a byte order mark; else None."""
    return next((codec for codec, beginnings in _WIDE.items() if head.startswith(beginnings)), None)


def as_utf8(stream: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The blocks of a text in another encoding, as UTF-8; what fits no character becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for block in stream:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def gzip_decoder() -> Any:
    return zlib.decompressobj(wbits=31)


def blocks(source: InputStream) -> Iterator[bytes]:
    """The decompressed content from the source's current position, in blocks of at most 1 MiB.

    Raises Damaged after everything that could be read.
    """
    start = source.tell()
    kind = compression(source.read(8))
    source.seek(start)
    if kind is None:
        while block := source.read(BLOCK_BYTES):
            yield block
    elif kind == "zstd":
        yield from _zstd_blocks(source, start)
    elif kind == "gzip":
        yield from _member_blocks(source, gzip_decoder)
    elif kind == "bz2":
        yield from _member_blocks(source, bz2.BZ2Decompressor)
    else:
        yield from _member_blocks(source, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY))


def _member_blocks(source: InputStream, new_decoder: Callable[[], Any]) -> Iterator[bytes]:
    """Decompresses concatenated members; zero padding between and after them is legal (tape blocks, xz streams)."""
    data = b""
    while True:
        while not data:
            block = source.read(_FEED_BYTES)
            if not block:
                return
            data = block.lstrip(b"\0")
        decoder = new_decoder()
        yield from decompress(decoder, lambda: source.read(_FEED_BYTES), data)
        data = decoder.unused_data.lstrip(b"\0")


def decompress(decoder: Any, feed: Callable[[], bytes], data: bytes = b"") -> Iterator[bytes]:
    """One member through a zlib, bz2 or lzma decoder, in blocks of at most 1 MiB; raises Damaged."""
    ended = False
    while not decoder.eof:
        if not data and getattr(decoder, "needs_input", True) and not ended:
            data = feed()
            ended = not data
        try:
            block = decoder.decompress(data, BLOCK_BYTES)
        except (zlib.error, OSError, EOFError, lzma.LZMAError, MemoryError) as error:
            raise Damaged("corrupt", str(error)) from error
        data = getattr(decoder, "unconsumed_tail", b"")
        if block:
            yield block
        elif ended and not decoder.eof:
            raise Damaged("truncated", "compressed data ends early")


def _zstd_blocks(source: InputStream, start: int) -> Iterator[bytes]:
    reader = ZstdReader(source)
    done = 0
    while True:
        try:
            block = reader.read(BLOCK_BYTES)
        except OSError as error:
            source.seek(start)
            yield from _zstd_rest(source, done)
            truncated = "incomplete" in str(error)
            raise Damaged("truncated" if truncated else "corrupt", str(error)) from error
        if not block:
            return
        done += len(block)
        yield block


def _zstd_rest(source: InputStream, done: int) -> Iterator[bytes]:
    """What a failed read still held: the reader gives whole reads or nothing, so the last MiB is read in small ones."""
    reader = ZstdReader(source)
    rest = bytearray()
    try:
        while done:
            done -= len(reader.read(min(done, BLOCK_BYTES)))
        while piece := reader.read(1):
            rest += piece
    except OSError:
        yield bytes(rest)
