"""ODT, the text document of OpenDocument: paragraphs, tables, boxes and notes; deleted text of tracked changes left out."""

from collections.abc import Iterable
from typing import Any

from algok.pipelines.extraction.office.describe import description
from algok.pipelines.extraction.office.package import Package
from algok.pipelines.extraction.office.story import Lines, Story, table_lines
from algok.pipelines.extraction.office.xml import Attributes, elements, walk
from algok.pipelines.extraction.page import ExtractError

_PARAGRAPHS = frozenset({"p", "h"})
_LISTS = frozenset({"table-cell", "text-box", "note-body"})
_UNSEEN = frozenset({"tracked-changes", "annotation", "note-citation", "ruby-text", "forms"})
_MOST_SPACES = 100


def read_odt(package: Package, limit: int) -> tuple[str, dict[str, Any]]:
    """Text and meta of an ODT file."""
    if b"encryption-data" in package.read("META-INF/manifest.xml"):
        raise ExtractError("encrypted", "needs a password")
    story = Story(limit)
    _Walker(story).read(package.blocks("content.xml"))
    data = package.read("meta.xml")
    found = {name: text for name, _, text in elements(data, "title", "creator", "creation-date")} if data else {}
    return story.text(), description(
        "odt", found.get("title", ""), found.get("creator", ""), found.get("creation-date", "")
    )


class _Walker:
    """Fills a story from the content of a document."""

    def __init__(self, story: Story):
        self._story = story
        self._paragraphs = self._unseen = 0
        self._tables: list[list[list[Lines]]] = []

    def read(self, blocks: Iterable[bytes]) -> None:
        walk(blocks, self._start, self._end, self._text)

    def _start(self, name: str, attributes: Attributes) -> None:
        if name in _UNSEEN or self._unseen:
            self._unseen += 1
        elif name in _PARAGRAPHS:
            self._paragraphs += 1
            self._story.open_paragraph()
        elif name == "s":
            count = attributes.get("text:c", "1")
            self._text(" " * min(int(count) if count.isdecimal() else 1, _MOST_SPACES))
        elif name in ("tab", "line-break"):
            self._text("\t" if name == "tab" else "\n")
        elif name == "table":
            self._tables.append([])
        elif name == "table-row" and self._tables:
            self._tables[-1].append([])
        elif name in _LISTS:
            self._story.open_list()

    def _end(self, name: str) -> None:
        if self._unseen:
            self._unseen -= 1
        elif name in _PARAGRAPHS:
            self._paragraphs -= 1
            self._story.close_paragraph()
        elif name == "table" and self._tables:
            self._story.put(table_lines(self._tables.pop()))
        elif name in _LISTS:
            lines = self._story.close_list()
            if name == "table-cell" and self._tables and self._tables[-1]:
                self._tables[-1][-1].append(lines)
            else:
                self._story.put(lines)

    def _text(self, text: str) -> None:
        if self._paragraphs and not self._unseen:
            self._story.add(text)
