"""CSV and TSV with a line of column names; in any charset that Korean files come in, streamed.

A cell may hold line ends between quotation marks, so files are not cut. TSV is read without quotation marks, unless the
cells that begin with one also end with one: a review that opens with a quotation must not swallow the reviews behind it.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import chain

import orjson

from algok.pipelines.extraction.charset import decode
from algok.pipelines.readers.collector import EXCERPT_BYTES, Chunk, Collector, Document, Guard, Raw, RecordError
from algok.pipelines.readers.fields import Fields, distinct
from algok.pipelines.readers.frames import HEADER, Frame, FramedReader, Frames
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.objects import Objects
from algok.pipelines.readers.pages import Pages, compile_extraction
from algok.pipelines.readers.reader import compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged, InputStream, blocks

_SNIFFED_BYTES = 1 << 20
_SEPARATORS = ",;\t|"
# A cell that begins with a quotation mark; the group is set where one ends it too.
_QUOTED = re.compile(r'(?:^|\t)"(?:((?:[^"]++|"")*+"(?=\t|\r?$))|)', re.MULTILINE)
_REPLACED = "\ufffd"


class Csv(FramedReader):
    """Cells between commas (or semicolons, tabs, bars: whichever the line of column names has most of)."""

    name = "csv"
    extensions = compressed(".csv")
    takes_groups = True

    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Rows as JSON lists of their cells, behind a header with the names of the columns and the encoding; `head` is the
        beginning of a row's text."""
        text = TableText(blocks(source))
        rows = csv.reader(text.lines(limits.line_bytes), strict=False, **self.dialect(text.head))
        csv.field_size_limit(limits.line_bytes)
        named = False
        number = 0
        while True:
            text.taken.clear()
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield _fault(number, "csv", f"row not readable: {error}", text)
                number += 1
                continue
            if row is None:
                break
            if not named:
                named = True
                names = distinct([name.strip() for name in row])
                yield Frame(number, orjson.dumps([names, text.encoding]), 0, kind=HEADER)
                continue
            beginning = "".join(text.taken)[:EXCERPT_BYTES].encode()
            yield Frame(number, orjson.dumps(row), sum(map(len, text.taken)), head=beginning)
            number += 1
        if text.damage is not None:
            yield _fault(number, text.damage.reason, f"not readable from row {number} on: {text.damage}", text)

    def documents(
        self, frames: Frames, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard
    ) -> Iterator[Chunk]:
        """Documents of a shard; offsets are row numbers; the line of column names does not count."""
        collector = Collector()
        compile_extraction()
        objects = Objects(Fields.of(spec), limits, Pages(guard, limits), collector)
        for file in shard.files:
            names: list[str] = []
            encoding = ""
            with collector.surviving(file.name), frames(file) as rows:
                for frame in rows:
                    if frame.kind == HEADER:
                        names, encoding = orjson.loads(frame.data)
                    elif frame.reason is not None:
                        collector.quarantine(
                            file.name, frame.offset, frame.reason, frame.message, size=frame.size, payload=frame.head
                        )
                    else:
                        _take(frame, file, names, encoding, objects, collector)
                    if collector.ready:
                        yield from collector.drain()
        yield from collector.finish()

    def dialect(self, head: str) -> dict:
        """What `csv.reader` is told of a file that begins like this."""
        line = head.partition("\n")[0]
        return {"delimiter": max(_SEPARATORS, key=line.count)}


class Tsv(Csv):
    """Cells between tabs."""

    name = "tsv"
    extensions = compressed(".tsv", ".tab")

    def dialect(self, head: str) -> dict:
        closed = [cell[1] is not None for cell in _QUOTED.finditer(head)]
        quoted = any(closed) and all(closed[:-1])  # what is in sight may end inside of the last one
        quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        return {"delimiter": "\t", "quoting": quoting}


class TableText:
    """The decoded lines of a file's content. Keeps those of the current row in `taken`; damage is kept, not raised."""

    def __init__(self, content: Iterator[bytes]):
        self.damage: Damaged | None = None
        self.taken: list[str] = []
        stream = self._blocks(content)
        first = b""
        for block in stream:
            first += block
            if len(first) >= _SNIFFED_BYTES:
                break
        self.encoding = decode(first).encoding
        self._decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        self.head = self._decoder.decode(first).removeprefix("\ufeff")
        self._stream = stream

    def lines(self, limit: int) -> Iterator[str]:
        """Lines with their ends; one over `limit` characters comes in pieces, for the reader to refuse."""
        held = io.StringIO(newline="")
        for piece in chain([self.head], self._decoded()):
            *whole, rest = _split(piece)
            for line in whole:
                held.write(line)
                yield self._take(held.getvalue())
                held = io.StringIO(newline="")
            held.write(rest)
            if held.tell() > limit:
                yield self._take(held.getvalue())
                held = io.StringIO(newline="")
        if held.tell():
            yield self._take(held.getvalue())

    def _take(self, line: str) -> str:
        self.taken.append(line)
        return line

    def _decoded(self) -> Iterator[str]:
        for block in self._stream:
            yield self._decoder.decode(block)
        yield self._decoder.decode(b"", final=True)

    def _blocks(self, content: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from content
        except Damaged as damage:
            self.damage = damage


def _split(piece: str) -> list[str]:
    """Lines with their line feeds, and what is behind the last one. Only line feeds end a line, whatever Unicode says."""
    *whole, rest = piece.split("\n")
    return [*(f"{line}\n" for line in whole), rest]


def _take(
    frame: Frame, file: InputFile, names: list[str], encoding: str, objects: Objects, collector: Collector
) -> None:
    row = orjson.loads(frame.data)
    raw = Raw(file.name, frame.offset, frame.size, frame.head)
    if row:
        collector.take(raw, partial(_document, objects, names, row, raw, encoding))
    else:
        collector.ignore("blank_line", raw.size)


def _document(objects: Objects, names: list[str], row: list[str], raw: Raw, encoding: str) -> tuple[Document, int]:
    if len(row) > len(names):
        message = f"{len(row)} cells, but {len(names)} column names; a cell with the separator needs quotation marks"
        raise RecordError("csv", message)
    record: dict = dict(zip(names, row, strict=False))
    if not any(record.values()):
        raise RecordError("no_text", "all cells are empty")
    replaced = sum(cell.count(_REPLACED) for cell in row)
    if encoding not in ("utf-8", "ascii"):
        record.setdefault("encoding", encoding)
    if replaced:
        record.setdefault("replaced", replaced)
    return objects.document(record, raw, "\0".join(row).encode())


def _fault(number: int, reason: str, message: str, text: TableText) -> Frame:
    payload = "".join(text.taken)
    return Frame(number, b"", len(payload), reason, message, payload[:EXCERPT_BYTES].encode())
