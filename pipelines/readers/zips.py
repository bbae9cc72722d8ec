"""Zip archives of any size: members one by one from the directory, in bounded memory.

The standard library builds an object of about 600 bytes for every member before the first is read, and opens each with several
reads; corpora have archives of nine million members. Here the directory is walked in pieces, and neighbouring members
come out of one read. Also archives that lie inside of another file, or in pieces.
"""

import bz2
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

from algok.pipelines.readers.streams import BLOCK_BYTES, Damaged

_END = struct.Struct("<4s4H2LH")
_END64_PLACE = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL = struct.Struct("<4s2B4HL2L2H")
_LONGEST_COMMENT = 1 << 16
_DIRECTORY_BYTES = 1 << 20
_WINDOW_BYTES = 1 << 20
_SMALL_BYTES = 1 << 18  # packed, of a member that is tried in one piece
_FULL = 0xFFFFFFFF
_UTF8_NAME, _ENCRYPTED = 0x800, 1
_LINK = 0xA000  # in the type bits of a Unix mode
_STORED, _DEFLATED, _BZ2 = 0, 8, 12


class Seekable(Protocol):
    """What an archive is read from."""

    def read(self, size: int = -1, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...


class Entry(NamedTuple):
    """A line of an archive's directory. `place` is where the line stands in the directory, in bytes."""

    place: int
    name: str
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    link: bool


class Section:
    """A stretch of a file, as a file of its own."""

    def __init__(self, file: Seekable, start: int, size: int):
        self._file, self._start, self._size, self._at = file, start, size, 0

    def read(self, size: int = -1, /) -> bytes:
        left = max(0, self._size - self._at)
        wanted = left if size < 0 else min(size, left)
        if not wanted:
            return b""
        self._file.seek(self._start + self._at)
        data = self._file.read(wanted)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = _within(offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at


class Joined:
    """Files that are pieces of one, as that one. Pieces are opened by their owner."""

    def __init__(self, pieces: list[Seekable]):
        self._pieces = pieces
        self._ends: list[int] = []
        for piece in pieces:
            self._ends.append((self._ends[-1] if self._ends else 0) + piece.seek(0, os.SEEK_END))
        self._at = 0

    def read(self, size: int = -1, /) -> bytes:
        left = (self._ends[-1] if size < 0 else self._at + size) - self._at
        found = []
        start = 0
        for piece, end in zip(self._pieces, self._ends, strict=True):
            if left > 0 and start <= self._at < end:
                piece.seek(self._at - start)
                while left > 0 and self._at < end:
                    data = piece.read(min(left, end - self._at))
                    if not data:
                        return b"".join(found)
                    found.append(data)
                    self._at += len(data)
                    left -= len(data)
            start = end
        return b"".join(found)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._at = _within(offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._ends[-1]}[whence])
        return self._at

    def tell(self) -> int:
        return self._at


def _within(place: int) -> int:
    if not 0 <= place < 1 << 62:
        raise Damaged("corrupt", "a place outside of the archive")
    return place


class Zip:
    """An opened archive. Raises Damaged where there is no directory."""

    def __init__(self, file: Seekable):
        self._file = file
        self.size = file.seek(0, os.SEEK_END)
        self._window, self._window_at = b"", 0
        end_place, self.count, length, offset = self._end()
        self._start = end_place - length  # of the directory; where something stands before the archive, not at `offset`
        self._before = self._start - offset
        self.length = length
        if self._start < 0 or self._before < 0:
            raise Damaged("corrupt", "its directory lies outside of the file")

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[Entry]:
        """The members whose lines begin in a stretch of the directory; raises Damaged behind the last sound one."""
        at, held = start, b""
        stop = self.length if end is None else end
        while at < stop:
            if len(held) < _ENTRY.size + 3 * 0xFFFF:
                held += self._at(self._start + at + len(held), min(_DIRECTORY_BYTES, self.length - at - len(held)))
            place = 0
            while at < stop and len(held) - place >= _ENTRY.size:
                entry, size = _entry(held, place, at, self._before)
                if len(held) - place < size:
                    break
                yield entry
                place, at = place + size, at + size
            if not place:
                raise Damaged("truncated", "its directory ends early")
            held = held[place:]

    def cuts(self, bytes_each: int) -> list[int]:
        """Places in the directory between which members of about so many packed bytes lie; the first and last included."""
        places, held = [0], 0
        try:
            for entry in self.entries():
                if held >= bytes_each:
                    places.append(entry.place)
                    held = 0
                held += entry.packed
        except Damaged:
            pass  # reading tells of it
        return [*places, self.length]

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """A member's content, in blocks of at most 1 MiB. Raises Damaged behind what could be read."""
        start = self._data_place(entry)
        small = entry.method == _DEFLATED and entry.packed <= _SMALL_BYTES and entry.size <= BLOCK_BYTES
        if small and (whole := self._small(start, entry)):
            yield whole
            return
        crc = 0
        for block in _unpacked(self._packed(start, entry.packed), entry.method):
            crc = zlib.crc32(block, crc)
            yield block
        if crc != entry.crc:
            raise Damaged("corrupt", "its checksum is another one")

    def _small(self, start: int, entry: Entry) -> bytes | None:
        """A member that is sound and fits into one block, which most are and which needs no streams; None for any other."""
        decoder = zlib.decompressobj(-15)
        try:
            data = decoder.decompress(self._near(start, entry.packed), BLOCK_BYTES)
        except zlib.error:
            return None
        return data if decoder.eof and zlib.crc32(data) == entry.crc else None

    def section(self, entry: Entry) -> Section | None:
        """The content of a member that is stored as it is, to be read in place; None for a packed one."""
        if entry.method != _STORED or entry.flags & _ENCRYPTED:
            return None
        return Section(self._file, self._data_place(entry), entry.packed)

    def _data_place(self, entry: Entry) -> int:
        head = self._near(entry.offset, _LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\3\4"):
            raise Damaged("corrupt", "no member begins where the directory says")
        *_, name_size, extra_size = _LOCAL.unpack(head)
        return entry.offset + _LOCAL.size + name_size + extra_size

    def _packed(self, start: int, size: int) -> Iterator[bytes]:
        at = start
        while size:
            data = self._near(at, min(size, _WINDOW_BYTES))
            if not data:
                raise Damaged("truncated", "the archive ends inside of it")
            yield data
            at, size = at + len(data), size - len(data)

    def _near(self, at: int, size: int) -> bytes:
        """Bytes of the file out of a window of 1 MiB; fewer at its end."""
        place = at - self._window_at
        if not 0 <= place <= len(self._window) - size:
            self._window, self._window_at, place = self._at(at, _WINDOW_BYTES), at, 0
        return self._window[place : place + size]

    def _at(self, place: int, size: int) -> bytes:
        self._file.seek(_within(place))
        return self._file.read(size)

    def _end(self) -> tuple[int, int, int, int]:
        """Where the directory ends, members, its length, and its offset as written."""
        tail_at = max(0, self.size - _END.size - _LONGEST_COMMENT)
        tail = self._at(tail_at, self.size - tail_at)
        found = tail.rfind(b"PK\5\6")
        while found >= 0:
            if found + _END.size <= len(tail):
                _, _, _, _, count, length, offset, comment = _END.unpack_from(tail, found)
                if found + _END.size + comment <= len(tail):
                    return self._end64(tail_at + found, count, length, offset)
            found = tail.rfind(b"PK\5\6", 0, found)
        raise Damaged("truncated", "it has no directory: the file was cut, or it is no zip archive")

    def _end64(self, end: int, count: int, length: int, offset: int) -> tuple[int, int, int, int]:
        if end < _END64_PLACE.size + _END64.size or not (count == 0xFFFF or length == _FULL or offset == _FULL):
            return end, count, length, offset
        place = end - _END64_PLACE.size
        if not self._at(place, 4).startswith(b"PK\6\7"):
            return end, count, length, offset
        record = self._at(place - _END64.size, _END64.size)
        if not record.startswith(b"PK\6\6"):
            raise Damaged("corrupt", "the end of its directory is damaged")
        *_, count, length, offset = _END64.unpack(record)
        return place - _END64.size, count, length, offset


def _entry(data: bytes, at: int, place: int, before: int) -> tuple[Entry, int]:
    """A line of the directory, and its size."""
    (
        sign,
        _,
        system,
        _,
        _,
        flags,
        method,
        _,
        _,
        crc,
        packed,
        size,
        name_size,
        extra_size,
        comment_size,
        _,
        _,
        mode,
        offset,
    ) = _ENTRY.unpack_from(data, at)
    if sign != b"PK\1\2":
        raise Damaged("corrupt", "its directory is damaged")
    name_at = at + _ENTRY.size
    extra_at = name_at + name_size
    if _FULL in (size, packed, offset):
        size, packed, offset = _wide(data[extra_at : extra_at + extra_size], size, packed, offset)
    name = _decoded(data[name_at:extra_at], flags)
    link = system == 3 and (mode >> 16) & 0xF000 == _LINK
    entry = Entry(place, name, flags, method, crc, packed, size, offset + before, link)
    return entry, _ENTRY.size + name_size + extra_size + comment_size


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """The 64-bit numbers of a member, of which only those stand in the extra field that did not fit their place."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            held = extra[at + 4 : at + 4 + length]
            wide = iter(struct.unpack(f"<{len(held) // 8}Q", held[: len(held) // 8 * 8]))
            return tuple(next(wide, value) if value == _FULL else value for value in (size, packed, offset))  # type: ignore[return-value]
        at += 4 + length
    return size, packed, offset


def _decoded(name: bytes, flags: int) -> str:
    return name.decode("utf-8", "replace") if flags & _UTF8_NAME else korean_name(name)


def korean_name(name: bytes) -> str:
    """A name of which nobody says its charset: UTF-8 where it is valid, else the CP949 of Korean Windows."""
    for charset in ("utf-8", "cp949"):
        try:
            return name.decode(charset)
        except UnicodeDecodeError:
            continue
    return name.decode("cp437")


def _unpacked(packed: Iterator[bytes], method: int) -> Iterator[bytes]:
    if method == _STORED:
        yield from packed
        return
    if method not in (_DEFLATED, _BZ2):
        raise Damaged("corrupt", f"it is packed by method {method}; pack it anew with deflate")
    decoder: Any = zlib.decompressobj(-15) if method == _DEFLATED else bz2.BZ2Decompressor()
    try:
        for data in packed:
            while data or not getattr(decoder, "needs_input", True):
                block = decoder.decompress(data, BLOCK_BYTES)
                data = getattr(decoder, "unconsumed_tail", b"")
                if block:
                    yield block
                if decoder.eof:
                    return
        while block := decoder.decompress(b"", BLOCK_BYTES):  # what the limit held back
            yield block
        if decoder.eof:
            return
    except (zlib.error, OSError, EOFError) as error:
        raise Damaged("corrupt", str(error)) from error
    raise Damaged("truncated", "compressed data ends early")


def is_encrypted(entry: Entry) -> bool:
    """Whether a member needs a password."""
    return bool(entry.flags & _ENCRYPTED)
