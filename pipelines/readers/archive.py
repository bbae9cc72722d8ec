"""Archives of files, zip and tar: each member that is a document, a page or a text becomes a document.

Nothing is ever unpacked to disk, so names that point outside and links do nothing. What a member unfolds to is bounded, and
what a whole archive does; archives inside of archives are not opened.
"""

import io
import os
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO, NamedTuple, cast

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.extraction.documents import is_document, type_by_name
from algok.pipelines.readers.collector import (
    EXCERPT_BYTES,
    Chunk,
    Collector,
    Document,
    Guard,
    Ignored,
    Raw,
    RecordError,
    watched,
)
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.pages import Pages, compile_extraction
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged, InputStream, blocks

_PAGES = {".html": "text/html", ".htm": "text/html", ".xhtml": "text/html", ".txt": "text/plain", ".md": "text/plain"}
_FOLD = (
    200  # times its own size that an archive may unfold to; text deflates to a third, tables of zeros to a hundredth
)
_FREE = 1 << 30  # bytes that every archive may unfold to
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    LookupError,
)
_UTF8_NAME = 0x800


class _Member(NamedTuple):
    """A member of an archive; `fault` stands for the data of one that cannot be read, with its reason."""

    number: int
    name: str
    size: int
    data: bytes = b""
    fault: tuple[str, str] | None = None
    ignored: str = ""


class Archive(Reader):
    """A member of a zip or tar archive that is a document, a page of HTML or a text."""

    name = "archive"
    extensions = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; an offset is the number of the member in its archive."""
        compile_extraction()
        collector, pages = Collector(), Pages(guard, limits)
        for file in shard.files:
            with collector.surviving(file.name), InputStream(file.url) as source:
                for member in _members(source, file, limits):
                    raw = Raw(file.name, member.number, member.size, member.data[:EXCERPT_BYTES])
                    collector.take(raw, partial(_document, member, file, spec, pages))
                    if collector.ready:
                        yield from collector.drain()
        yield from collector.finish()


def _document(member: _Member, file: InputFile, spec: InputSpec, pages: Pages) -> tuple[Document, int]:
    if member.ignored:
        raise Ignored(member.ignored)
    if member.fault is not None:
        raise RecordError(*member.fault)
    base = member.name.rpartition("/")[2]
    mime = type_by_name(base) or _PAGES.get(f".{base.lower().rpartition('.')[2]}", "")
    if not mime and not is_document(member.data):
        raise Ignored("no_document")
    try:
        with watched(pages.guard, member.number):
            page = pages.read(member.data, None, mime)
    except RecordError as error:
        raise RecordError(error.reason, f"{member.name}: {error}") from None
    identity = document_id(f"{file.name}\0{member.name}".encode("utf-8", "replace"), member.number, member.data)
    meta = {"file_name": base, "member": member.name, **page.described}
    provenance = spec.provenance or "organic"
    row = Document(
        identity, page.text, None, spec.source, meta.get("date"), provenance, dump_meta(meta), file.name, member.number
    )
    return row, len(page.text.encode())


def _members(source: InputStream, file: InputFile, limits: ReadLimits) -> Iterator[_Member]:
    """The members of an archive in their order; a member that says why stands for the rest where it cannot be read on."""
    head = source.read(4)
    source.seek(0)
    left = max(_FREE, _FOLD * file.size)
    number = 0
    try:
        found = _of_zip(source, limits) if head.startswith(b"PK") else _of_tar(source, limits)
        for number, member in enumerate(found):
            left -= len(member.data)
            if left < 0:
                raise RecordError("too_large", f"unfolds to more than {_FOLD} times its size; the rest is not read")
            yield member._replace(number=number)
    except RecordError as error:
        yield _Member(number + 1, "", 0, fault=(error.reason, str(error)))
    except Damaged as damage:
        yield _Member(number + 1, "", 0, fault=(damage.reason, f"nothing is read behind this: {damage}"))
    except _BROKEN as error:
        reason = "truncated" if "unexpected end" in str(error) else "corrupt"
        message = f"not readable as an archive from here on ({type(error).__name__})"
        yield _Member(number + 1, "", 0, fault=(reason, message))


def _of_zip(source: InputStream, limits: ReadLimits) -> Iterator[_Member]:
    with zipfile.ZipFile(cast(BinaryIO, _Within(source))) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            name, size = _name(info), info.file_size
            if info.flag_bits & 1:
                yield _Member(0, name, size, fault=("encrypted", "the member needs a password"))
                continue
            try:
                with archive.open(info) as member:
                    data = member.read(limits.file_bytes + 1)
            except _BROKEN as error:
                yield _Member(0, name, size, fault=("corrupt", f"the member is damaged ({type(error).__name__})"))
                continue
            yield _bounded(name, size, data, limits)


def _name(info: zipfile.ZipInfo) -> str:
    """The name of a member: archives of Korean Windows have it in CP949, without saying so."""
    if info.flag_bits & _UTF8_NAME:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("cp949")
    except UnicodeError:
        return info.filename


def _of_tar(source: InputStream, limits: ReadLimits) -> Iterator[_Member]:
    stream = Blocks(source)
    with tarfile.open(fileobj=stream, mode="r|", errors="replace") as archive:
        for info in archive:
            if info.isdir():
                continue
            if not info.isreg():
                yield _Member(0, info.name, 0, ignored="link")
                continue
            member = archive.extractfile(info)
            data = member.read(limits.file_bytes + 1) if member is not None else b""
            if len(data) < min(info.size, limits.file_bytes + 1):
                yield _Member(0, info.name, info.size, fault=("truncated", "the archive ends inside of the member"))
                return
            yield _bounded(info.name, info.size, data, limits)
    if stream.tail.strip(b"\0"):  # an archive ends with zeros
        yield _Member(0, "", 0, fault=("truncated", "the archive ends early; members behind this are lost"))


def _bounded(name: str, size: int, data: bytes, limits: ReadLimits) -> _Member:
    if len(data) > limits.file_bytes:
        fault = ("too_large", f"member of {size:,} bytes, limit {limits.file_bytes:,}")
        return _Member(0, name, size, fault=fault)
    return _Member(0, name, len(data), data)


class _Within:
    """A file in which a damaged directory cannot lead before its beginning: that is no failure of its disk."""

    def __init__(self, source: InputStream):
        self.read, self.tell, self.seekable, self._seek = source.read, source.tell, source.seekable, source.seek
        self._size = source.seek(0, os.SEEK_END)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        place = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: self._size}[whence]
        if not 0 <= place < 1 << 62:
            raise OSError("a place outside of the archive")
        return self._seek(place)


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
