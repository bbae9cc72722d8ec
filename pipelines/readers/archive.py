"""Archives of files, zip and tar, and archives inside of them: each member that is a document, a page or a text becomes one.

Nothing is ever unpacked to disk. What a member unfolds to is bounded, and what a whole archive does, and how deep archives
lie in archives (`members.py`).
"""

from collections.abc import Iterator
from functools import partial
from itertools import chain
from typing import ClassVar

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
from algok.pipelines.readers.members import PIECE, Member, archives, is_next_piece, members
from algok.pipelines.readers.ocr import Ocr, Place
from algok.pipelines.readers.pages import Pages, compile_extraction
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged

_PAGES = {".html": "text/html", ".htm": "text/html", ".xhtml": "text/html", ".txt": "text/plain", ".md": "text/plain"}


class Archive(Reader):
    """A member of a zip or tar archive, or of an archive in it, that is a document, a page of HTML or a text."""

    name = "archive"
    extensions = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
    shares_shards: ClassVar[bool] = True
    takes_ocr: ClassVar[bool] = True

    def takes(self, base: str) -> bool:
        """Also pieces: `문서.zip.part0`."""
        piece = PIECE.fullmatch(base)
        return super().takes(piece[1] if piece else base)

    def continues(self, before: InputFile, file: InputFile) -> bool:
        """Pieces of one archive, in the order of their numbers."""
        return is_next_piece(before, file)

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; an offset is the number of the member in its archive, those of inner archives counted too."""
        compile_extraction()
        collector = Collector()
        ocr = Ocr(shard, collector)
        pages = Pages(guard, limits, ocr)
        for place, files in enumerate(archives(shard.files)):
            with collector.surviving(files[0].name):
                for number, member in enumerate(members(files, limits)):
                    reading = _Reading(files[0].name, number, (place << 32) + number, member)
                    reading.take(collector, limits, spec, pages)
                    if collector.ready:
                        yield from collector.drain()
        ocr.close()
        yield from collector.finish()


class _Reading:
    """A member that is being read. `key` tells it from all others of the shard to the guard."""

    def __init__(self, file: str, number: int, key: int, member: Member):
        self._file, self._number, self._key, self._member = file, number, key, member

    def take(self, collector: Collector, limits: ReadLimits, spec: InputSpec, pages: Pages) -> None:
        """Makes a document of it, or says why it is none."""
        data, fault = b"", self._member.fault
        try:
            data = b"" if fault or self._member.ignored else self._content(limits.file_bytes)
        except RecordError as error:
            fault = (error.reason, str(error))
        except Damaged as damage:
            fault = (damage.reason, f"the member is damaged: {damage}")
        raw = Raw(self._file, self._number, len(data) or self._member.size, data[:EXCERPT_BYTES])
        collector.take(raw, partial(self._document, data, fault, spec, pages))

    def _content(self, limit: int) -> bytes:
        """All of the member, or its beginning where that is no document's. Raises RecordError for one over the limit."""
        head = next(self._member.blocks, b"")
        if not _type(self._member.name) and not is_document(head):
            return head
        held, size = [], 0
        for block in chain([head], self._member.blocks):
            held.append(block)
            size += len(block)
            if size > limit:
                raise RecordError("too_large", f"member of {max(size, self._member.size):,} bytes, limit {limit:,}")
        return b"".join(held)

    def _document(
        self, data: bytes, fault: tuple[str, str] | None, spec: InputSpec, pages: Pages
    ) -> tuple[Document, int]:
        name = self._member.name
        if self._member.ignored:
            raise Ignored(self._member.ignored)
        if fault is not None:
            raise RecordError(fault[0], f"{name}: {fault[1]}" if name else fault[1])
        mime = _type(name)
        if not mime and not is_document(data):
            if self._member.whole:
                raise RecordError("corrupt", "neither an archive nor a document by its first bytes")
            raise Ignored("no_document")
        try:
            with watched(pages.guard, self._key):
                page = pages.read(data, None, mime, Place(self._file, self._number, name))
        except RecordError as error:
            raise RecordError(error.reason, f"{name}: {error}") from None
        identity = document_id(f"{self._file}\0{name}".encode("utf-8", "replace"), self._number, data)
        meta = {"file_name": name.rpartition("/")[2], "member": name, **page.described}
        provenance, date = spec.provenance or "organic", meta.get("date")
        row = Document(
            identity, page.text, None, spec.source, date, provenance, dump_meta(meta), self._file, self._number
        )
        return row, len(page.text.encode())


def _type(name: str) -> str:
    """The MIME type that a member's name says, or nothing."""
    base = name.rpartition("/")[2]
    return type_by_name(base) or _PAGES.get(f".{base.lower().rpartition('.')[2]}", "")
