"""Records of corpora as they are handed out: JSON, XML, CSV and XLSX, in archives, in archives of archives, in folders.

What a record is and what of it is text says a shape (`pipelines/sources/`), found by the keys of each member, so that a folder
needs no configuration. Each member is read, ignored with a reason, or quarantined: none is passed by in silence.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, ClassVar, NamedTuple

import orjson
import xxhash

from algok.filters.personal.coarse import mask
from algok.pipelines.documents import document_id, dump_meta
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
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.json_text import check_text
from algok.pipelines.readers.json_values import Value, can_stream, head_value, parsed, streamed
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.members import PIECE, Member, archive_kind, archives, is_next_piece, members
from algok.pipelines.readers.reader import Reader, compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged, InputStream, wide_encoding
from algok.pipelines.readers.tables import Row, sheets, text_rows
from algok.pipelines.readers.xml_values import xml_head, xml_records
from algok.pipelines.readers.zips import Zip
from algok.pipelines.sources.carried import Named, Shapes, shapes_of
from algok.pipelines.sources.path import Key, placed
from algok.pipelines.sources.shape import Group

WHOLE_BYTES = 8 << 20  # of a member that is parsed at once; larger ones are read item by item
HEAD_BYTES = 1 << 20  # in which the shape of a larger one is looked for
_RECORD_BITS = 28  # of an offset, for the number of a record in its member
_NAMED_KEYS = 8
_SNIFFED_BYTES = 4096

_KINDS = {
    "json": "json", "jsonl": "json", "ndjson": "json", "geojson": "json", "csv": "table", "tsv": "table", "tab": "table",
    "xlsx": "xlsx", "xml": "xml", "sjml": "xml", "txt": "text", "": "text",
}  # fmt: skip
_JSON_LINES = (".jsonl", ".ndjson")
_HANGUL = re.compile("[가-힣]")
_LABEL_SIDE = re.compile(r"라벨|(?:^|[/_.])[TV]L(?=[\d_.\-]|/|$)|labell?ing|labeled", re.IGNORECASE)
_SOURCE_SIDE = re.compile(r"원천|원시|(?:^|[/_.])[TV]S(?=[\d_.\-]|/|$)", re.IGNORECASE)


class _Found(NamedTuple):
    """A record of a member: its value, what is around it (nearest first), its size and what was wrong in reading it; `fault`
    stands for one that cannot be read."""

    value: Any
    above: tuple
    size: int
    notes: dict
    fault: tuple[str, str] | None = None
    beginning: bytes = b""


class Records(Reader):
    """Files and archives of records. Only where a recipe says so: `auto` reads JSON and CSV by their columns."""

    name = "records"
    extensions = (
        *compressed(".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".xml", ".sjml"),
        ".xlsx", ".txt", ".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst",
    )  # fmt: skip
    shares_shards: ClassVar[bool] = True
    declared_only: ClassVar[bool] = True

    def takes(self, base: str) -> bool:
        """Also pieces: `TS1.zip.part0`."""
        piece = PIECE.fullmatch(base)
        return super().takes(piece[1] if piece else base)

    def continues(self, before: InputFile, file: InputFile) -> bool:
        """Pieces of one archive, in the order of their numbers."""
        return is_next_piece(before, file)

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Stretches of a large zip archive's directory, in bytes; other files are whole."""
        if file.size <= split_bytes:
            return [(None, None)]
        with InputStream(file.url) as source:
            if archive_kind(source.read(512)) != "zip":
                return [(None, None)]
            try:
                cuts = Zip(source).cuts(split_bytes)
            except Damaged:
                return [(None, None)]
        return list(pairwise(cuts)) if len(cuts) > 2 else [(None, None)]

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard. An offset is the place of the member in its archive (byte in the directory of a zip, number
        in a tar) times 2^28, plus the number of the record in it."""
        collector = Collector()
        shapes = shapes_of(spec.shape)
        for files in archives(shard.files):
            with collector.surviving(files[0].name):
                reading = MemberReading(files[0].name, spec, limits, guard, collector, shapes)
                for member in members(files, limits, shard.start, shard.end):
                    for _ in reading.member(member):
                        if collector.ready:
                            yield from collector.drain()
                    if collector.ready:
                        yield from collector.drain()
        yield from collector.finish()


@dataclass
class MemberReading:
    """One file that is being read: its members to records, records to documents."""

    file: str
    spec: InputSpec
    limits: ReadLimits
    guard: Guard
    collector: Collector
    shapes: Shapes
    entry: int = -1
    number: int = 0  # of the next record of the entry
    beginning: bytes = b""  # of the member

    def member(self, member: Member) -> Iterator[None]:
        """Takes everything of a member; yields now and then, so that full chunks can go on."""
        if member.entry != self.entry:
            self.entry, self.number = member.entry, 0
        before, self.beginning = self.number, b""
        try:
            if member.fault is not None:
                raise RecordError(*member.fault)
            if member.ignored:
                raise Ignored(member.ignored)
            yield from self._records(member)
            if self.number == before:
                raise Ignored("empty_member")
        except Ignored as ignored:
            self._next()
            self.collector.ignore(ignored.reason, member.size)
        except RecordError as error:
            self._fault(member, (error.reason, str(error)), member.size, self.beginning)
        except Damaged as damage:
            self._fault(member, (damage.reason, f"not readable from here on: {damage}"), member.size, self.beginning)

    def _next(self) -> int:
        self.number += 1
        return (self.entry << _RECORD_BITS) + self.number - 1

    def _fault(self, member: Member, fault: tuple[str, str], size: int, beginning: bytes = b"") -> None:
        message = f"{member.name}: {fault[1]}" if member.name else fault[1]
        self.collector.quarantine(self.file, self._next(), fault[0], message, size=size, payload=beginning)

    def _records(self, member: Member) -> Iterator[None]:
        head = next(member.blocks, b"")
        kind, self.beginning = kind_of(member.name, head), head[:EXCERPT_BYTES]
        if kind == "json":
            yield from self._json(member, head)
        elif kind == "table":
            rows = text_rows(chain([head], member.blocks), member.name, self.limits)
            yield from self._table(member, rows)
        elif kind == "xml":
            yield from self._xml(member, head)
        elif kind == "xlsx":
            for rows in sheets(_whole(head, member.blocks, self.limits.file_bytes), self.limits):
                yield from self._table(member, rows)
        elif not head:
            raise Ignored("empty_member")
        else:
            raise Ignored("no_record")

    def _json(self, member: Member, head: bytes) -> Iterator[None]:
        if member.name.lower().endswith(_JSON_LINES) or _is_line(head):
            yield from self._json_lines(member, head)
            return
        held, ended = _up_to(head, member.blocks, WHOLE_BYTES)
        if not ended:
            root = head_value(held[:HEAD_BYTES])
            shape = self._shape("json", root, member)
            if can_stream(shape.composer.records):
                yield from self._take(member, shape, _items(member, held, shape, self.limits))
                return
            held = _whole(held, member.blocks, self.limits.line_bytes)
        values = parsed(held)
        for value in values:
            yield from self._value(member, value, len(held) // len(values), held[:EXCERPT_BYTES])

    def _value(self, member: Member, value: Value, size: int, beginning: bytes) -> Iterator[None]:
        shape = self._shape("json", value.value, member)
        found = list(placed(shape.composer.records, value.value, ()))
        each = size // max(1, len(found))
        records = (_Found(record, above, each, value.notes, None, beginning) for record, above in found)
        yield from self._take(member, shape, records)

    def _json_lines(self, member: Member, head: bytes) -> Iterator[None]:
        for line in _lines(chain([head], member.blocks), self.limits.line_bytes):
            if isinstance(line, int):
                message = f"a line of more than {self.limits.line_bytes:,} bytes (line_bytes)"
                self._fault(member, ("too_large", message), line)
                continue
            try:
                values = parsed(line)
            except RecordError as error:
                self._fault(member, (error.reason, str(error)), len(line), line[:EXCERPT_BYTES])
                continue
            for value in values:
                try:
                    yield from self._value(member, value, len(line), line[:EXCERPT_BYTES])
                except RecordError as error:
                    self._fault(member, (error.reason, str(error)), len(line), line[:EXCERPT_BYTES])

    def _table(self, member: Member, rows: Iterator[Row]) -> Iterator[None]:
        waiting: list[Row] = []
        for row in rows:
            waiting.append(row)
            if row.fault is None:
                break
        first = next((row.cells for row in waiting if row.fault is None), None)
        if first is None:
            for row in waiting:
                self._fault(member, row.fault or ("csv", ""), row.size)
            return
        shape = self._shape("table", first, member)
        found = (_Found(row.cells, (), row.size, {}, row.fault) for row in chain(waiting, rows))
        yield from self._take(member, shape, found)

    def _xml(self, member: Member, head: bytes) -> Iterator[None]:
        def watch() -> AbstractContextManager[None]:
            key = xxhash.xxh3_64_intdigest(f"{self.file}\0{self.entry}\0{self.number}".encode("utf-8", "replace")) >> 2
            return watched(self.guard, key)

        with watch():
            root = xml_head(head[: 1 << 18], self.limits.line_bytes)
        shape = self._shape("xml", root, member)
        records = xml_records(member.blocks, head, shape.composer.records, self.limits.line_bytes, watch)
        found = (_Found(record.value, (record.around,), record.size, {}, record.fault) for record in records)
        yield from self._take(member, shape, found)

    def _shape(self, kind: str, root: Any, member: Member) -> Named:
        """The shape of a member. Raises RecordError where none fits, Ignored for the side of a set that is not asked for, and
        for what holds no Hangul."""
        shape = self.shapes.fitting(kind, root, f"{self.file}/{member.name}")
        if shape is None:
            if not _HANGUL.search(orjson.dumps(root, default=str, option=orjson.OPT_NON_STR_KEYS).decode()):
                raise Ignored("no_hangul")
            shown = ", ".join(mask(str(key))[:40] for key in keys_of(root)[:_NAMED_KEYS])
            message = (
                f"no shape fits its keys ({shown}); `algok sources inspect` shows what is there and drafts a shape"
            )
            raise RecordError("no_shape", message)
        side = self._side(shape, f"{self.file}/{member.name}")
        if side is not None and self.spec.side not in ("both", side):
            raise Ignored(f"{side}_side")
        return shape

    def _side(self, shape: Named, path: str) -> str | None:
        """The side of a set on which a member stands, where that decides."""
        side = shape.shape.side
        if side != "path":
            return side
        places = {"label": _LABEL_SIDE, "source": _SOURCE_SIDE}
        last = {
            side: max((match.start() for match in found.finditer(path)), default=-1) for side, found in places.items()
        }
        side = max(last, key=lambda key: last[key])
        return side if last[side] >= 0 else None

    def _take(self, member: Member, shape: Named, found: Iterable[_Found]) -> Iterator[None]:
        group = shape.shape.group
        for record in _grouped(found, group, shape, self.limits.line_bytes) if group else found:
            if record.fault is not None:
                self._fault(member, record.fault, record.size, record.beginning)
            else:
                offset = self._next()
                raw = Raw(self.file, offset, record.size, record.beginning)
                self.collector.take(raw, self._document, record, member, shape, offset)
            if self.collector.ready:
                yield

    def _document(self, record: _Found, member: Member, shape: Named, offset: int) -> tuple[Document, int]:
        composed = shape.composer.compose(record.value, record.above)
        text = composed.text
        if text is None:
            raise RecordError(
                "no_text", f"{member.name}: no path of the shape '{shape.name}' leads to text in this record"
            )
        if not text:
            raise Ignored("empty_text")
        if record.notes:
            check_text(text, record.notes)
        data = text.encode()
        if len(data) > self.limits.document_bytes:
            raise RecordError("too_large", f"{member.name}: text longer than {self.limits.document_bytes:,} bytes")
        identity = document_id(self.file.encode(), offset, data)
        meta = {**record.notes, **composed.meta, "member": member.name, "shape": shape.name}
        source = self.spec.source or composed.source
        provenance = self.spec.provenance or composed.provenance
        row = Document(
            identity, text, composed.url, source, composed.date, provenance, dump_meta(meta), self.file, offset
        )
        return row, len(data)


def kind_of(name: str, head: bytes) -> str:
    """What a member holds, by its name and first bytes: json, table, xlsx, xml, or "" for what is no record."""
    base, dot, suffix = name.rpartition("/")[2].rpartition(".")
    kind = _KINDS.get(suffix.lower() if dot and base else "", "")
    if kind in ("", "xlsx") or (kind == "json" and head[:1] in (b"{", b"[") and head[1:2] != b"\0"):
        return kind
    wide = wide_encoding(head[:8])
    start = head[:_SNIFFED_BYTES].decode(wide or "utf-8", "replace").removeprefix("\ufeff").lstrip()
    if kind in ("xml", "table"):
        return kind
    if start.startswith(("{", "[")):
        return "json"
    if start.startswith("<") or start[:1] == "\0" or head[:2] in (b"<\0", b"\0<"):
        return "xml"
    if "\t" in start.partition("\n")[0]:
        return "table"
    return kind if kind == "json" else ""


def _is_line(head: bytes) -> bool:
    """Whether a text begins with a line that is an object of its own, and others follow."""
    line, ended, rest = head.partition(b"\n")
    if not ended or not rest.lstrip().startswith(b"{") or not line.startswith(b"{"):
        return False
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def keys_of(root: Any) -> list:
    """The keys of a root, or of the first of a list of them."""
    while isinstance(root, list):
        root = root[0] if root else None
    return list(root) if isinstance(root, dict) else [type(root).__name__]


def _up_to(head: bytes, content: Iterator[bytes], size: int) -> tuple[bytes, bool]:
    """The beginning of a member, and whether that is all of it."""
    held = [head]
    done = len(head)
    for block in content:
        held.append(block)
        done += len(block)
        if done > size:
            return b"".join(held), False
    return b"".join(held), True


def _whole(head: bytes, content: Iterator[bytes], limit: int) -> bytes:
    """All of a member. Raises RecordError for one over the limit."""
    data, ended = _up_to(head, content, limit)
    if not ended or len(data) > limit:
        raise RecordError("too_large", f"one record, or one file, of more than {limit:,} bytes")
    return data


def _items(member: Member, head: bytes, shape: Named, limits: ReadLimits) -> Iterator[_Found]:
    """The records of a member that is read item by item."""
    steps = shape.composer.records
    first = next(place for place, step in enumerate(steps) if type(step) is not Key)
    for item in streamed(member.blocks, head, steps, limits.line_bytes):
        if item.fault is not None:
            yield _Found(None, (), item.size, {}, item.fault, item.beginning)
            continue
        found = list(placed(steps[first + 1 :], item.value, (item.around,)))
        for value, above in found:
            yield _Found(value, above, item.size // len(found), item.notes)


def _lines(content: Iterator[bytes], limit: int) -> Iterator[bytes | int]:
    """The lines of a text that hold something; of one over the limit only its size."""
    held, size = b"", 0
    for block in content:
        *whole, rest = block.split(b"\n")
        for line in whole:
            size += len(line)
            if size > limit:
                yield size
            elif data := (held + line).strip():
                yield data
            held, size = b"", 0
        size += len(rest)
        held = held + rest if size <= limit else b""
    if size > limit:
        yield size
    elif held.strip():
        yield held.strip()


def _grouped(found: Iterable[_Found], group: Group, shape: Named, limit: int) -> Iterator[_Found]:
    """Records that follow each other as one: those with the same value at `by`, or while `counter` grows."""
    rows: list[_Found] = []
    last: Any = None
    for record in found:
        if record.fault is not None:
            yield record
            continue
        value = shape.composer.group_value(record.value)
        goes_on = value == last if group.by else last is not None and value is not None and value > last
        if rows and (not goes_on or sum(row.size for row in rows) > limit):
            yield _together(rows)
            rows = []
        rows.append(record)
        last = value
    if rows:
        yield _together(rows)


def _together(rows: list[_Found]) -> _Found:
    notes = {key: value for row in rows for key, value in row.notes.items()}
    value = {"rows": [row.value for row in rows]}
    return _Found(value, rows[0].above, sum(row.size for row in rows), notes, None, rows[0].beginning)
