"""HWPX, the XML format of Hangul (KS X 6101), and HWPML, its older sister in one file of XML.

Text stands in `hp:t`, with elements inside of it (tabs, spaces of fixed width, marks). Of tracked changes the final state is
read: what is marked as deleted is left out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from algok.pipelines.extraction.office.describe import description
from algok.pipelines.extraction.office.numbers import Numbers, numbers_of_hwpx
from algok.pipelines.extraction.office.package import Package
from algok.pipelines.extraction.office.story import Lines, Story, table_lines
from algok.pipelines.extraction.office.symbols import equation
from algok.pipelines.extraction.office.xml import Attributes, elements, walk
from algok.pipelines.extraction.page import ExtractError

_TEXTS = frozenset({"t", "mainText", "subText"})
_IN_TEXT = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}
_LISTS = frozenset({"tc", "caption", "drawText", "header", "footer", "footNote", "endNote", "masterPage"})
_UNSEEN = frozenset({"hiddenComment", "fieldBegin"})  # remarks of editors; a field's begin holds memos and parameters
_BELOW = frozenset({"BOTTOM", "RIGHT"})
_COUNTED = frozenset({"PICTURE", "TABLE", "EQUATION"})  # numbers of captions; notes are numbered by their order

# HWPML has the same elements in capitals.
_HWPML = {
    "P": "p", "CHAR": "t", "TABLE": "tbl", "ROW": "tr", "CELL": "tc", "CAPTION": "caption", "DRAWTEXT": "drawText",
    "HEADER": "header", "FOOTER": "footer", "FOOTNOTE": "footNote", "ENDNOTE": "endNote", "SCRIPT": "script", "TAB": "tab",
    "LINEBREAK": "lineBreak", "NBSPACE": "nbSpace", "FWSPACE": "fwSpace", "HYPHEN": "hyphen", "HIDDENCOMMENT": "hiddenComment",
    "FIELDBEGIN": "fieldBegin", "MASTERPAGE": "masterPage", "MAINTEXT": "mainText", "SUBTEXT": "subText",
}  # fmt: skip


def read_hwpx(package: Package, limit: int) -> tuple[str, dict[str, Any]]:
    """Text and meta of an HWPX file."""
    manifest = package.read("META-INF/manifest.xml")
    if b"encryption-data" in manifest:
        raise ExtractError("encrypted", "needs a password")
    sections = package.numbered("Contents/", "section")
    if not sections:
        raise ExtractError("corrupt", "an HWPX archive without a section")
    story, header = Story(limit), "Contents/header.xml"
    numbers = numbers_of_hwpx(package.blocks(header)) if header in package else Numbers()
    for part in package.numbered("Contents/", "masterpage") + sections:
        _Walker(story, numbers=numbers).read(package.blocks(part))
    return story.text(), _description(package)


def read_hwpml(data: bytes, limit: int) -> tuple[str, dict[str, Any]]:
    """Text and meta of an HWPML file."""
    story = Story(limit)
    _Walker(story, _HWPML).read([data])
    found = {name: text for name, _, text in elements(data, "TITLE", "AUTHOR", "DATE")}
    return story.text(), description("hwpml", found.get("TITLE", ""), found.get("AUTHOR", ""), found.get("DATE", ""))


def _description(package: Package) -> dict[str, Any]:
    found: dict[str, str] = {}
    data = package.read("Contents/content.hpf")
    for name, attributes, text in elements(data, "title", "meta") if data else ():
        found[attributes.get("name", "") if name == "meta" else name] = text
    return description("hwpx", found.get("title", ""), found.get("creator", ""), found.get("CreatedDate", ""))


@dataclass
class _Table:
    rows: list[list[Lines]] = field(default_factory=list)
    below: Lines = field(default_factory=list)  # its caption, where that stands below


class _Walker:
    """Fills a story from the elements of a section."""

    def __init__(self, story: Story, names: dict[str, str] | None = None, numbers: Numbers | None = None):
        self._story, self._names, self._numbers = story, names, numbers or Numbers()
        self._taking = 0  # depth of elements whose text counts
        self._unseen = 0
        self._deleted = False
        self._script: list[str] | None = None  # of an open equation
        self._tables: list[_Table] = []
        self._sides: list[str] = []  # of open captions: where they stand

    def read(self, blocks: Iterable[bytes]) -> None:
        walk(blocks, self._start, self._end, self._text)

    def _start(self, name: str, attributes: Attributes) -> None:
        if self._names is not None:
            name = self._names.get(name, "")
        if name in _UNSEEN or self._unseen:
            self._unseen += 1
        elif name == "p":
            shape = attributes.get("paraPrIDRef", "")
            self._story.open_paragraph(self._numbers.label(int(shape)) if shape.isdecimal() else "")
        elif name in _TEXTS:
            self._taking += 1
            if name == "subText":
                self._story.add("(")
        elif name == "script":
            self._script = []
        elif self._taking and name in _IN_TEXT:
            self._text(_IN_TEXT[name])
        elif name == "tr" and self._tables:
            self._tables[-1].rows.append([])
        elif name == "tbl":
            self._tables.append(_Table())
        elif name in _LISTS:
            if name == "caption":
                self._sides.append(attributes.get("side", attributes.get("Side", "")).upper())
            self._story.open_list()
        elif name == "secPr":
            outline = attributes.get("outlineShapeIDRef", "")
            self._numbers.outline = int(outline) if outline.isdecimal() else 0
        elif name in ("deleteBegin", "deleteEnd"):
            self._deleted = name == "deleteBegin"
        elif name == "autoNum" and attributes.get("numType") in _COUNTED:
            self._story.add(attributes.get("num", ""))
        elif name == "compose":
            self._story.add(attributes.get("composeText", ""))

    def _end(self, name: str) -> None:
        if self._names is not None:
            name = self._names.get(name, "")
        if self._unseen:
            self._unseen -= 1
        elif name == "p":
            self._story.close_paragraph()
        elif name in _TEXTS:
            self._taking -= 1
            if name == "subText":
                self._story.add(")")
        elif name == "script" and self._script is not None:
            self._story.add(equation("".join(self._script)))
            self._script = None
        elif name == "tbl" and self._tables:
            table = self._tables.pop()
            self._story.put([*table_lines(table.rows), *table.below])
        elif name in _LISTS:
            self._close(name)

    def _close(self, name: str) -> None:
        lines = self._story.close_list()
        if name == "tc" and self._tables and self._tables[-1].rows:
            self._tables[-1].rows[-1].append(lines)
        elif name in ("header", "masterPage"):
            self._story.head(lines)
        elif name == "footer":
            self._story.foot(lines)
        elif name == "footNote":
            self._story.note(lines)
        elif name == "endNote":
            self._story.endnote(lines)
        elif name == "caption" and self._sides.pop() in _BELOW and self._tables and not self._tables[-1].rows:
            self._tables[-1].below = lines
        else:
            self._story.put(lines)

    def _text(self, text: str) -> None:
        if self._script is not None:
            self._script.append(text)
        elif self._taking and not self._deleted and not self._unseen:
            self._story.add(text)
