"""Rows of tables inside of archives: CSV and TSV in any charset, and the sheets of an XLSX file.

XLSX is a zip archive of XML, of which only the cells' values are needed: they are read as a stream, without a library that builds
styles, charts and formulas.
"""

import csv
import re
from collections.abc import Iterator
from io import BytesIO
from typing import NamedTuple

from algok.pipelines.extraction.office.xml import elements
from algok.pipelines.extraction.page import ExtractError
from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.csv import Csv, TableText, Tsv
from algok.pipelines.readers.fields import distinct
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.streams import Damaged
from algok.pipelines.readers.xml_values import Parser
from algok.pipelines.readers.zips import Entry, Zip

_REPLACED = "\ufffd"
_COLUMN = re.compile(r"([A-Z]{1,3})\d*")
_MOST_COLUMNS = 16_384
_SHARED = "xl/sharedStrings.xml"


class Row(NamedTuple):
    """A row by its column names, and its size in bytes (near enough); `fault` stands for one that cannot be read."""

    cells: dict[str, str]
    size: int
    fault: tuple[str, str] | None = None


def text_rows(content: Iterator[bytes], name: str, limits: ReadLimits) -> Iterator[Row]:
    """The rows of a CSV or TSV text behind its line of column names."""
    text = TableText(content)
    line = text.head.partition("\n")[0]
    of_tabs = name.lower().endswith((".tsv", ".tab", ".txt")) or ("\t" in line and "," not in line)
    dialect = (Tsv() if of_tabs else Csv()).dialect(text.head)
    rows = csv.reader(text.lines(limits.line_bytes), strict=False, **dialect)
    csv.field_size_limit(limits.line_bytes)
    names: list[str] | None = None
    while True:
        text.taken.clear()
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Row({}, sum(map(len, text.taken)), ("csv", f"row not readable: {error}"))
            continue
        if row is None:
            break
        if not row:
            continue
        if names is None:
            names = distinct([cell.strip().removeprefix("\ufeff") for cell in row])
            continue
        yield _row(names, row, sum(map(len, text.taken)))
    if text.damage is not None:
        yield Row({}, 0, (text.damage.reason, f"not readable from here on: {text.damage}"))


def _row(names: list[str], row: list[str], size: int) -> Row:
    while len(row) > len(names) and not row[-1]:
        row.pop()
    if len(row) > len(names):
        message = f"{len(row)} cells, but {len(names)} column names; a cell with the separator needs quotation marks"
        return Row({}, size, ("csv", message))
    if any(_REPLACED in cell for cell in row):
        return Row({}, size, ("utf8", "a cell is valid in no charset; write the table anew as UTF-8"))
    return Row(dict(zip(names, row, strict=False)), size)


def sheets(data: bytes, limits: ReadLimits) -> Iterator[Iterator[Row]]:
    """The rows of every sheet of an XLSX file, in the order in which the workbook names the sheets. Raises RecordError for what
    is no such file, or unfolds to more than `unpacked_bytes`."""
    book = _Book(data, limits)
    try:
        for path in book.sheets():
            yield book.rows(path)
    except (ExtractError, Damaged, RecordError) as error:
        raise RecordError(error.reason, str(error)) from None


class _Book:
    """An opened XLSX file."""

    def __init__(self, data: bytes, limits: ReadLimits):
        self._left = limits.unpacked_bytes
        self._limit = limits.line_bytes
        try:
            self._zip = Zip(BytesIO(data))
            self._entries: dict[str, Entry] = {entry.name: entry for entry in self._zip.entries()}
        except Damaged as damage:
            raise RecordError(damage.reason, f"no readable XLSX file: {damage}") from None
        self._strings: list[str] | None = None

    def sheets(self) -> list[str]:
        """The paths of the sheets."""
        targets = {
            attributes.get("Id", ""): attributes.get("Target", "")
            for _, attributes, _ in elements(self._whole("xl/_rels/workbook.xml.rels"), "Relationship")
        }
        named = [
            targets.get(attributes.get("r:id", attributes.get("id", "")), "")
            for _, attributes, _ in elements(self._whole("xl/workbook.xml"), "sheet")
        ]
        paths = [target.lstrip("/") if target.startswith("/") else f"xl/{target}" for target in named if target]
        return [path for path in paths if path in self._entries]

    def rows(self, path: str) -> Iterator[Row]:
        """The rows of a sheet behind the first, which names the columns; formulas have the value that was stored."""
        names: list[str] | None = None
        try:
            for cells in self._cells(path):
                row = [cells.get(column, "") for column in range(max(cells, default=-1) + 1)]
                if not any(row):
                    continue
                if names is None:
                    names = distinct([cell.strip() for cell in row])
                else:
                    yield _row(names, row, sum(len(cell.encode()) for cell in row))
        except (ExtractError, Damaged, RecordError) as error:
            yield Row({}, 0, (error.reason, f"sheet not readable from here on: {error}"))

    def _cells(self, path: str) -> Iterator[dict[int, str]]:
        """Each row's values by the number of their column."""
        sheet = _Sheet(self._shared())
        for block in self._blocks(path):
            sheet.parser.feed(block)
            yield from sheet.drain()

    def _shared(self) -> list[str]:
        """The texts that cells name by their number."""
        if self._strings is None:
            strings = _Strings()
            if _SHARED in self._entries:
                for block in self._blocks(_SHARED):
                    strings.parser.feed(block)
            self._strings = strings.found
        return self._strings

    def _whole(self, path: str) -> bytes:
        return b"".join(self._blocks(path))

    def _blocks(self, path: str) -> Iterator[bytes]:
        if path not in self._entries:
            raise Damaged("corrupt", f"XLSX without {path}")
        for block in self._zip.blocks(self._entries[path]):
            self._left -= len(block)
            if self._left < 0:
                raise Damaged("too_large", "unfolds to more than unpacked_bytes")
            yield block


class _Strings:
    """The list of shared texts; readings above Chinese characters (rPh) are none of the text."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.parser = Parser(self._start, self._end, self._text)
        self._texts: list[str] = []
        self._in_text = self._in_reading = False

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._texts = []
        self._in_reading = self._in_reading or name == "rPh"
        self._in_text = name == "t"

    def _end(self, name: str) -> None:
        self._in_text = False
        if name == "rPh":
            self._in_reading = False
        elif name == "si":
            self.found.append("".join(self._texts))

    def _text(self, text: str) -> None:
        if self._in_text and not self._in_reading:
            self._texts.append(text)


class _Sheet:
    """The rows of a sheet as its XML is read."""

    def __init__(self, shared: list[str]):
        self.parser = Parser(self._start, self._end, self._text)
        self._shared = shared
        self._rows: list[dict[int, str]] = []
        self._row: dict[int, str] = {}
        self._column, self._kind, self._texts = -1, "", []
        self._reads = False

    def drain(self) -> list[dict[int, str]]:
        rows, self._rows = self._rows, []
        return rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row, self._column = {}, -1
        elif name == "c":
            self._column = _column(attributes.get("r", ""), self._column + 1)
            self._kind, self._texts = attributes.get("t", "n"), []
        self._reads = name in ("v", "t")

    def _end(self, name: str) -> None:
        self._reads = False
        if name == "c" and self._column < _MOST_COLUMNS:
            self._row[self._column] = self._value("".join(self._texts))
        elif name == "row":
            self._rows.append(self._row)

    def _text(self, text: str) -> None:
        if self._reads:
            self._texts.append(text)

    def _value(self, text: str) -> str:
        if self._kind == "s":
            number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
            return self._shared[number] if 0 <= number < len(self._shared) else ""
        return "" if self._kind == "e" else text


def _column(place: str, following: int) -> int:
    """The number of a column by the place of its cell (`AB12`), or the one that follows."""
    match = _COLUMN.match(place)
    if match is None:
        return following
    number = 0
    for letter in match[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1
