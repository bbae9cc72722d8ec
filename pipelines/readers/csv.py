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

from algok.pipelines.extraction.charset import decode
from algok.pipelines.readers.collector import EXCERPT_BYTES, Chunk, Collector, Document, Guard, Raw, RecordError
from algok.pipelines.readers.fields import Fields, distinct
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.objects import Objects
from algok.pipelines.readers.pages import Pages, compile_extraction
from algok.pipelines.readers.reader import Reader, compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged, InputStream, blocks

_SNIFFED_BYTES = 1 << 20
_SEPARATORS = ",;\t|"
# A cell that begins with a quotation mark; the group is set where one ends it too.
_QUOTED = re.compile(r'(?:^|\t)"(?:((?:[^"]++|"")*+"(?=\t|\r?$))|)', re.MULTILINE)
_REPLACED = "\ufffd"


class Csv(Reader):
    """Cells between commas (or semicolons, tabs, bars: whichever the line of column names has most of)."""

    name = "csv"
    extensions = compressed(".csv")
    takes_groups = True

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; offsets are row numbers; the line of column names does not count."""
        collector = Collector()
        compile_extraction()
        objects = Objects(Fields.of(spec), limits, Pages(guard, limits), collector)
        for file in shard.files:
            with collector.surviving(file.name), InputStream(file.url) as source:
                for _ in self._rows(source, file, limits, objects, collector):
                    yield from collector.drain()
        yield from collector.finish()

    def dialect(self, head: str) -> dict:
        """What `csv.reader` is told of a file that begins like this."""
        line = head.partition("\n")[0]
        return {"delimiter": max(_SEPARATORS, key=line.count)}

    def _rows(
        self, source: InputStream, file: InputFile, limits: ReadLimits, objects: Objects, collector: Collector
    ) -> Iterator[None]:
        text = TableText(blocks(source))
        rows = csv.reader(text.lines(limits.line_bytes), strict=False, **self.dialect(text.head))
        csv.field_size_limit(limits.line_bytes)
        names: list[str] | None = None
        number = 0
        while True:
            text.taken.clear()
            try:
                row = next(rows, None)
            except csv.Error as error:
                _quarantine(file, number, "csv", f"row not readable: {error}", text, collector)
                number += 1
                continue
            if row is None:
                break
            if names is None:
                names = distinct([name.strip() for name in row])
                continue
            raw = Raw(file.name, number, sum(map(len, text.taken)), "".join(text.taken)[:EXCERPT_BYTES].encode())
            if row:
                collector.take(raw, partial(_document, objects, names, row, raw, text.encoding))
            else:
                collector.ignore("blank_line", raw.size)
            number += 1
            if collector.ready:
                yield
        if text.damage is not None:
            message = f"not readable from row {number} on: {text.damage}"
            _quarantine(file, number, text.damage.reason, message, text, collector)


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


def _quarantine(file: InputFile, number: int, reason: str, message: str, text: TableText, collector: Collector) -> None:
    payload = "".join(text.taken)
    collector.quarantine(
        file.name, number, reason, message, size=len(payload), payload=payload[:EXCERPT_BYTES].encode()
    )
