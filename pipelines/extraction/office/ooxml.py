"""DOCX and PPTX: text runs of WordprocessingML and DrawingML, tables, boxes, notes; of tracked changes the final state."""

import posixpath
import re
from collections.abc import Iterable
from typing import Any

from algok.pipelines.extraction.office.describe import description
from algok.pipelines.extraction.office.numbers import Heading, Level, Numbers
from algok.pipelines.extraction.office.package import Package
from algok.pipelines.extraction.office.story import Lines, Story, table_lines
from algok.pipelines.extraction.office.xml import Attributes, elements, walk
from algok.pipelines.extraction.page import ExtractError

_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_LISTS = frozenset({"tc", "txbxContent", "footnote", "endnote", "hdr", "ftr"})
# Deleted and moved text, the second of two alternatives, remarks, formulas of fields, phonetic guides over the words, stops
# of tabs, and what a paragraph was like before a change.
_UNSEEN = frozenset({"del", "moveFrom", "Fallback", "comment", "instrText", "delText", "rt", "tabs", "pPrChange"})
_LEVELS = 10
_PLACE = re.compile(r"%(\d)")
_SHAPES = {
    "decimal": "DIGIT", "decimalEnclosedCircle": "CIRCLED_DIGIT", "upperRoman": "ROMAN_CAPITAL", "lowerRoman": "ROMAN_SMALL",
    "upperLetter": "LATIN_CAPITAL", "lowerLetter": "LATIN_SMALL", "ganada": "HANGUL_SYLLABLE", "chosung": "HANGUL_JAMO",
    "koreanDigital": "HANGUL_PHONETIC", "koreanCounting": "HANGUL_PHONETIC", "ideographDigital": "IDEOGRAPH",
}  # fmt: skip
_NOTES = {"footnoteReference": "footnote", "endnoteReference": "endnote"}


def read_docx(package: Package, limit: int) -> tuple[str, dict[str, Any]]:
    """Text and meta of a DOCX file: headers, text with its notes, footers."""
    story = Story(limit)
    numbers = _numbers(package)
    notes: dict[tuple[str, str], Lines] = {}
    for kind in ("footnote", "endnote"):
        part = f"word/{kind}s.xml"
        if part in package:
            walker = _Walker(Story(limit), notes)
            walker.read(package.blocks(part))
    for part in package.numbered("word/", "header") + package.numbered("word/", "footer"):
        _Walker(story, notes).read(package.blocks(part))
    _Walker(story, notes, numbers).read(package.blocks("word/document.xml"))
    return story.text(), _description(package, "docx")


def read_pptx(package: Package, limit: int) -> tuple[str, dict[str, Any]]:
    """Text and meta of a presentation: its slides in their order, each with the speaker's notes behind it."""
    story = Story(limit)
    slides = _slides(package)
    if not slides:
        raise ExtractError("corrupt", "a presentation without a slide")
    for slide in slides:
        _Walker(story, {}).read(package.blocks(slide))
        for notes in _related(package, slide, "notesSlide").values():
            if notes in package:
                _Walker(story, {}).read(package.blocks(notes))
    return story.text(), {**_description(package, "pptx"), "slides": len(slides)}


def _slides(package: Package) -> list[str]:
    """The slides in the order of the presentation; those that it does not name are not shown."""
    targets = _related(package, "ppt/presentation.xml", "slide")
    listed = elements(package.read("ppt/presentation.xml"), "sldId")
    ordered = [targets.get(attributes.get("r:id", "")) for _, attributes, _ in listed]
    return [slide for slide in ordered if slide and slide in package] or package.numbered("ppt/slides/", "slide")


def _related(package: Package, part: str, kind: str) -> dict[str, str]:
    """Parts that a part refers to, by the reference: those of one kind."""
    folder, _, base = part.rpartition("/")
    data = package.read(f"{folder}/_rels/{base}.rels")
    found = {}
    for _, attributes, _ in elements(data, "Relationship") if data else ():
        if attributes.get("Type", "").endswith(f"/{kind}"):
            target = attributes.get("Target", "")
            found[attributes.get("Id", "")] = posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
    return found


def _description(package: Package, kind: str) -> dict[str, Any]:
    data = package.read("docProps/core.xml")
    found = {name: text for name, _, text in elements(data, "title", "creator", "created")} if data else {}
    return description(kind, found.get("title", ""), found.get("creator", ""), found.get("created", ""))


def _numbers(package: Package) -> Numbers:
    """The numberings of lists; a paragraph names one with a level, which together stand for a shape."""
    numbers, abstract = Numbers(), {}
    data = package.read("word/numbering.xml")
    level = Level("", "DIGIT")
    levels: list[Level] = []
    identity = 0
    for name, attributes, _ in (
        elements(data, "start", "numFmt", "lvlText", "lvl", "abstractNum", "abstractNumId", "num") if data else ()
    ):
        value = attributes.get("val", "")
        if name == "start":
            level = level._replace(start=_value(attributes))
        elif name == "numFmt":
            level = level._replace(shape=_SHAPES.get(value, "DIGIT"))
        elif name == "lvlText":
            level = level._replace(format=_PLACE.sub(r"^\1", value))
        elif name == "lvl":
            levels.append(level)
            level = Level("", "DIGIT")
        elif name == "abstractNum":
            abstract[attributes.get("abstractNumId", "")] = levels
            levels = []
        elif name == "abstractNumId":
            numbers.numberings[len(numbers.numberings) + 1] = abstract.get(value, [])
        else:
            identity = len(numbers.numberings)
            for at in range(_LEVELS):
                numbers.headings[_value(attributes, "w:numId") * _LEVELS + at] = Heading("NUMBER", identity, at)
    return numbers


def _value(attributes: Attributes, name: str = "w:val") -> int:
    value = attributes.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


class _Walker:
    """Fills a story from a part. Notes are collected under their ids first, and put behind the paragraph that names them."""

    def __init__(self, story: Story, notes: dict[tuple[str, str], Lines], numbers: Numbers | None = None):
        self._story, self._notes, self._numbers = story, notes, numbers or Numbers()
        self._level = 0  # of the numbering of the open paragraph
        self._taking = self._unseen = 0
        self._tables: list[list[list[Lines]]] = []
        self._ids: list[str] = []

    def read(self, blocks: Iterable[bytes]) -> None:
        walk(blocks, self._start, self._end, self._text)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name in _UNSEEN or self._unseen:
            self._unseen += 1
        elif name == "p":
            self._story.open_paragraph()
        elif name == "t":
            self._taking += 1
        elif name == "ilvl":
            self._level = _value(attributes)
        elif name == "numId":
            self._story.label(self._numbers.label(_value(attributes) * _LEVELS + self._level))
            self._level = 0
        elif name in _MARKS:
            self._story.add(_MARKS[name])
        elif name == "tbl":
            self._tables.append([])
        elif name == "tr" and self._tables:
            self._tables[-1].append([])
        elif name in _LISTS:
            self._story.open_list()
            self._ids.append(attributes.get("w:id", "") if attributes.get("w:type") is None else "")
        elif name in _NOTES:
            self._story.put(self._notes.get((_NOTES[name], attributes.get("w:id", "")), []))

    def _end(self, name: str) -> None:
        if self._unseen:
            self._unseen -= 1
        elif name == "p":
            self._story.close_paragraph()
        elif name == "t":
            self._taking -= 1
        elif name == "tbl" and self._tables:
            self._story.put(table_lines(self._tables.pop()))
        elif name in _LISTS:
            self._close(name)

    def _close(self, name: str) -> None:
        lines, identity = self._story.close_list(), self._ids.pop()
        if name == "tc" and self._tables and self._tables[-1]:
            self._tables[-1][-1].append(lines)
        elif name in ("footnote", "endnote"):
            if identity:  # separators have a type instead of text
                self._notes[name, identity] = lines
        elif name == "hdr":
            self._story.head(lines)
        elif name == "ftr":
            self._story.foot(lines)
        else:
            self._story.put(lines)

    def _text(self, text: str) -> None:
        if self._taking and not self._unseen:
            self._story.add(text)
