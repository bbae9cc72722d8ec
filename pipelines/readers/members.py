"""The members of archives, archives inside of archives among them, as streams: zip, tar, and a packed single file.

Nothing is unpacked to disk, so names that point outside and links do nothing. An archive in an archive is read in place where it
is stored as it is, else in memory up to `file_bytes`; what all members of a file unfold to is bounded.
"""

import io
import os
import re
import tarfile
import unicodedata
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast

from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.inputs import InputFile
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.streams import BLOCK_BYTES, Damaged, InputStream, blocks, compression
from algok.pipelines.readers.zips import Entry, Joined, Section, Seekable, Zip, is_encrypted, korean_name

PIECE = re.compile(r"(.+)\.part(\d+)", re.DOTALL | re.IGNORECASE)  # what aihubshell calls the pieces of an archive
_ZIP, _TAR_PLACE, _TAR = b"PK\3\4", 257, b"ustar"
_EMPTY_ZIP = b"PK\5\6"
_OFFICE = (b"[Content_Types].xml", b"mimetype")
_DEEPEST = 4  # archives around a member
_FOLD = 200  # times its own size that a file may unfold to
_FREE = 1 << 30  # bytes that every file may unfold to
_HEAD_BYTES = 512
_BROKEN = (tarfile.TarError, zlib.error, EOFError, ValueError, LookupError, NotImplementedError)


@dataclass
class Member:
    """A member: which of the outermost archive it is or stands in, its path, and its content as a stream that is read once.

    `fault` (reason and message) stands for what cannot be read, `ignored` says why a member is none, `whole` that it is the
    file itself, which is no archive."""

    entry: int
    name: str
    size: int = 0
    blocks: Iterator[bytes] = field(default_factory=lambda: iter(()))
    fault: tuple[str, str] | None = None
    ignored: str = ""
    whole: bool = False


class Budget:
    """What a file may still unfold to."""

    def __init__(self, size: int):
        self.left = max(_FREE, _FOLD * size)

    def spend(self, size: int) -> None:
        """Raises RecordError when nothing is left."""
        self.left -= size
        if self.left < 0:
            raise RecordError("too_large", f"unfolds to more than {_FOLD} times its size; the rest is not read")


def members(
    files: tuple[InputFile, ...], limits: ReadLimits, start: int | None = None, end: int | None = None
) -> Iterator[Member]:
    """The members of a file, or of the pieces of one; from a stretch of its directory where it is a zip archive that was cut.

    A failure is the last member: nothing behind it can be read."""
    with ExitStack() as opened:
        streams = [opened.enter_context(InputStream(file.url)) for file in files]
        source: Seekable = streams[0] if len(streams) == 1 else Joined(cast(list[Seekable], streams))
        name = files[0].name.rpartition("/")[2]
        name = PIECE.sub(r"\1", name) if len(files) > 1 else name
        walk = _Walk(Budget(sum(file.size for file in files)), limits)
        yield from walk.outermost(source, name, start, end)


class _Walk:
    """One pass over a file. `entry` is the member of the outermost archive that is being read."""

    def __init__(self, budget: Budget, limits: ReadLimits):
        self._budget, self._limits, self.entry = budget, limits, 0

    def outermost(self, source: Seekable, name: str, start: int | None, end: int | None) -> Iterator[Member]:
        """Everything in a file, which may be no archive itself."""
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        head = source.read(_HEAD_BYTES)
        source.seek(0)
        kind = archive_kind(head)
        try:
            if kind:
                yield from self._archive(source, kind, "", 1, (start, end))
            elif compression(head) and _packs_tar(source):
                yield from self._tar(Blocks(cast(InputStream, source)), "", 1, streamed=True)
            else:
                if PIECE.fullmatch(name):
                    raise Damaged("corrupt", "a piece of an archive whose first piece is not beside it")
                plain = name if not compression(head) else name.rpartition(".")[0]
                yield Member(0, name_of(plain), size, self._counted(blocks(cast(InputStream, source))), whole=True)
        except RecordError as error:
            yield Member(self.entry + 1, "", fault=(error.reason, str(error)))
        except Damaged as damage:
            yield Member(
                self.entry + 1, "", fault=(damage.reason, f"not readable as an archive from here on: {damage}")
            )

    def _archive(
        self, source: Seekable, kind: str, above: str, depth: int, cut: tuple[int | None, int | None] = (None, None)
    ) -> Iterator[Member]:
        if kind == "zip":
            yield from self._zip(Zip(source), above, depth, *cut)
        else:
            bounded = Section(source, 0, source.seek(0, os.SEEK_END))  # a lying header leads nowhere outside
            yield from self._tar(bounded, above, depth, streamed=False)

    def _zip(self, archive: Zip, above: str, depth: int, start: int | None, end: int | None) -> Iterator[Member]:
        for entry in archive.entries(start or 0, end):
            if depth == 1:
                self.entry = entry.place
            if entry.name.endswith(("/", "\\")) and not entry.size:
                continue
            name = above + name_of(entry.name)
            if is_encrypted(entry):
                yield Member(self.entry, name, entry.size, fault=("encrypted", "the member needs a password"))
            elif entry.link:
                yield Member(self.entry, name, ignored="link")
            else:
                yield from self._member(name, entry.size, archive.blocks(entry), depth, _section(archive, entry))

    def _tar(self, source: Any, above: str, depth: int, streamed: bool) -> Iterator[Member]:
        pieces = _Pieces()
        number = -1
        try:
            with tarfile.open(fileobj=source, mode="r|" if streamed else "r:", errors="surrogateescape") as archive:
                for info in archive:
                    setattr(archive, "members", [])  # noqa: B010  # else it holds them all; typeshed does not know of it
                    number += 1
                    if depth == 1:
                        self.entry = number
                    if info.isdir():
                        continue
                    name = above + name_of(korean_name(info.name.encode("utf-8", "surrogateescape")))
                    if not info.isreg():
                        yield Member(self.entry, name, ignored="link")
                        continue
                    if info.issparse():
                        yield Member(
                            self.entry, name, info.size, fault=("corrupt", "a sparse file; pack the archive without")
                        )
                        continue
                    content = archive.extractfile(info) if streamed else Section(source, info.offset_data, info.size)
                    content = cast(Seekable, content)
                    if not streamed and PIECE.fullmatch(name):
                        yield from self._ended(pieces.add(name, content), depth)
                        continue
                    yield from self._ended(pieces.end(), depth)
                    yield from self._member(
                        name, info.size, _content(content, info.size), depth, None if streamed else content
                    )
                yield from self._ended(pieces.end(), depth)
                if _tail(source, streamed).strip(b"\0"):  # an archive ends with zeros
                    raise Damaged("truncated", "the archive ends early; members behind this are lost")
        except _BROKEN as error:
            reason = "truncated" if "unexpected end" in str(error) else "corrupt"
            raise Damaged(reason, f"tar archive, {type(error).__name__}") from error

    def _ended(self, pieces: "tuple[str, Joined] | None", depth: int) -> Iterator[Member]:
        """What pieces inside of a tar archive are together."""
        if pieces is not None:
            name, joined = pieces
            yield from self._member(name, joined.seek(0, os.SEEK_END), _content(joined, None), depth, joined)

    def _member(
        self, name: str, size: int, content: Iterator[bytes], depth: int, place: Seekable | None
    ) -> Iterator[Member]:
        """A member, or what is in it where it is an archive itself."""
        if not name.lower().endswith((".zip", ".tar", ".tgz", ".tar.gz", ".gz", ".bz2", ".xz", ".zst")):
            yield Member(self.entry, name, size, self._counted(content))
            return
        try:
            yield from self._inner(name, size, content, depth, place)
        except RecordError as error:
            if self._budget.left < 0:
                raise
            yield Member(self.entry, name, size, fault=(error.reason, str(error)))
        except Damaged as damage:
            yield Member(self.entry, name, size, fault=(damage.reason, f"not readable from here on: {damage}"))

    def _inner(
        self, name: str, size: int, content: Iterator[bytes], depth: int, place: Seekable | None
    ) -> Iterator[Member]:
        if depth >= _DEEPEST:
            raise RecordError("too_deep", f"an archive in {depth} others is not opened; unpack the outermost")
        if place is None:
            place = self._held(content)
        place.seek(0)
        head = place.read(_HEAD_BYTES)
        place.seek(0)
        kind = archive_kind(head)
        if kind:
            yield from self._archive(place, kind, f"{name}/", depth + 1)
        elif compression(head) and _packs_tar(place):
            yield from self._tar(Blocks(cast(InputStream, place)), f"{name}/", depth + 1, streamed=True)
        elif compression(head):
            yield Member(self.entry, name.rpartition(".")[0], size, self._counted(blocks(cast(InputStream, place))))
        else:
            yield Member(self.entry, name, size, self._counted(_content(place, None)))

    def _held(self, content: Iterator[bytes]) -> BytesIO:
        """A packed archive inside of another, in memory."""
        held = BytesIO()
        for block in content:
            self._budget.spend(len(block))
            held.write(block)
            if held.tell() > self._limits.file_bytes:
                message = f"a packed archive of more than {self._limits.file_bytes:,} bytes in an archive; unpack the outer one"
                raise RecordError("too_large", message)
        return held

    def _counted(self, content: Iterator[bytes]) -> Iterator[bytes]:
        for block in content:
            self._budget.spend(len(block))
            yield block


class _Pieces:
    """Members of a tar archive that follow each other and are pieces of one archive."""

    def __init__(self) -> None:
        self._name, self._pieces = "", []

    def add(self, name: str, content: Seekable) -> tuple[str, Joined] | None:
        """Takes a piece; gives the archive before it where it begins another."""
        match = PIECE.fullmatch(name)
        assert match is not None
        before = self.end() if match[1] != self._name else None
        self._name = match[1]
        self._pieces.append((int(match[2]), content))
        return before

    def end(self) -> tuple[str, Joined] | None:
        """The archive of the pieces taken until now."""
        pieces, self._pieces = sorted(self._pieces, key=lambda piece: piece[0]), []
        return (self._name, Joined([content for _, content in pieces])) if pieces else None


def is_next_piece(before: InputFile, file: InputFile) -> bool:
    """Whether two files that follow each other by their names are pieces of one archive."""
    first, second = PIECE.fullmatch(before.name), PIECE.fullmatch(file.name)
    return bool(first and second and first[1] == second[1])


def archives(files: tuple[InputFile, ...]) -> Iterator[tuple[InputFile, ...]]:
    """Files, those that are pieces of one together."""
    together: list[InputFile] = []
    for file in files:
        if together and not is_next_piece(together[-1], file):
            yield tuple(together)
            together = []
        together.append(file)
    if together:
        yield tuple(together)


def archive_kind(head: bytes) -> str:
    """`zip` or `tar` by the first bytes, "" for anything else; office files, which are zip archives too, are none."""
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return "" if any(head[30:80].startswith(sign) for sign in _OFFICE) else "zip"
    return "tar" if head[_TAR_PLACE : _TAR_PLACE + len(_TAR)] == _TAR else ""


def name_of(name: str) -> str:
    """A member's path as one writes it: composed (macOS takes syllables apart), without what cannot be written."""
    whole = unicodedata.normalize("NFC", name.replace("\\", "/"))
    return whole.encode("utf-8", "replace").decode()


def _tail(source: Any, streamed: bool) -> bytes:
    """The end of a tar archive that was read."""
    if streamed:
        return source.tail
    size = source.seek(0, os.SEEK_END)
    source.seek(max(0, size - _HEAD_BYTES))
    return source.read()


def _packs_tar(source: Seekable) -> bool:
    """Whether compressed data is a tar archive by its beginning."""
    try:
        head = next(blocks(cast(InputStream, source)), b"")
    except Damaged:
        head = b""
    source.seek(0)
    return archive_kind(head[:_HEAD_BYTES]) == "tar"


def _section(archive: Zip, entry: Entry) -> Section | None:
    if not entry.name.lower().endswith((".zip", ".tar")):
        return None
    return archive.section(entry)


def _content(file: Seekable, size: int | None) -> Iterator[bytes]:
    """A file's content from its beginning; raises Damaged where it is shorter than said."""
    read: Callable[[int], bytes] = file.read
    done = 0
    try:
        while block := read(BLOCK_BYTES):
            done += len(block)
            yield block
    except _BROKEN as error:
        raise Damaged("truncated", f"the archive ends inside of it ({type(error).__name__})") from error
    if size is not None and done < size:
        raise Damaged("truncated", "the archive ends inside of it")


class Blocks(io.RawIOBase):
    """A decompressed stream as a file that is read once."""

    def __init__(self, source: InputStream):
        self._blocks = blocks(source)
        self._left = b""
        self.tail = b""  # of what was read

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts, wanted = [], size
        while wanted > 0:
            if not self._left:
                self._left = next(self._blocks, b"")
                if not self._left:
                    break
            parts.append(self._left[:wanted])
            self._left = self._left[wanted:]
            wanted -= len(parts[-1])
        data = b"".join(parts)
        self.tail = data[-512:] or self.tail
        return data
