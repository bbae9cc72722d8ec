"""The text of a document in reading order, which the walkers of all formats fill: paragraphs, tables, boxes and notes.

What hangs on a paragraph (a table, a text box) comes behind it, so that it never tears a sentence apart; footnotes come behind
the whole table in which they are, endnotes behind the text. Headers and footers stand once, before and behind everything,
however many sections and pages repeat them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from algok.pipelines.extraction.office.symbols import readable
from algok.pipelines.extraction.page import ExtractError
from algok.pipelines.extraction.tidy import tidy

_DEEPEST = 200  # lists inside of lists; real documents stay below 20
_LONG_CELL = 240  # characters, above which a cell of several paragraphs is text in a frame and no entry of a table

Lines = list[str]


@dataclass
class _Paragraph:
    label: str = ""
    runs: Lines = field(default_factory=list)
    behind: Lines = field(default_factory=list)  # tables and boxes


class Story:
    """Collects a document. `limit` bounds its characters, so that a bomb of text ends early."""

    def __init__(self, limit: int):
        self._left = limit
        self._lists: list[Lines] = [[]]
        self._paragraphs: list[_Paragraph | None] = [None]  # the open one of each list
        self._notes: Lines = []
        self._ends: Lines = []
        self._heads: dict[str, None] = {}
        self._feet: dict[str, None] = {}

    def open_paragraph(self, label: str = "") -> None:
        """Begins a paragraph, with the number or bullet before it; one that is open ends."""
        self.close_paragraph()
        self._paragraphs[-1] = _Paragraph(label)

    def label(self, label: str) -> None:
        """The number or bullet of the open paragraph, where it is known after its beginning."""
        paragraph = self._paragraphs[-1]
        if paragraph is not None:
            paragraph.label = label

    def add(self, text: str) -> None:
        """More text of the open paragraph."""
        self._count(text)
        paragraph = self._paragraphs[-1]
        if paragraph is None:
            paragraph = self._paragraphs[-1] = _Paragraph()
        paragraph.runs.append(text)

    def reserve(self) -> Callable[[str], None]:
        """A place in the open paragraph for text that is only known later."""
        self.add("")
        paragraph = self._paragraphs[-1]
        assert paragraph is not None
        runs, place = paragraph.runs, len(paragraph.runs) - 1

        def fill(text: str) -> None:
            self._count(text)
            runs[place] = text

        return fill

    def close_paragraph(self) -> None:
        """Ends the open paragraph, if there is one."""
        paragraph, self._paragraphs[-1] = self._paragraphs[-1], None
        if paragraph is not None:
            text = "".join(paragraph.runs)
            self._lists[-1].append(f"{paragraph.label} {text.lstrip()}" if paragraph.label and text.strip() else text)
            self._lists[-1].extend(paragraph.behind)
        if len(self._lists) == 1 and self._notes:
            self._lists[-1].extend(self._notes)
            self._notes.clear()

    def _count(self, text: str) -> None:
        self._left -= len(text)
        if self._left < 0:
            raise ExtractError("too_large", "its text unfolds to more than the limit")

    def open_list(self) -> None:
        """Begins what holds paragraphs of its own: a cell, a box, a note, a header."""
        if len(self._lists) > _DEEPEST:
            raise ExtractError("too_deep", f"more than {_DEEPEST} boxes or tables inside of each other")
        self._lists.append([])
        self._paragraphs.append(None)

    def close_list(self) -> Lines:
        """The lines of the list that was opened last."""
        self.close_paragraph()
        if len(self._lists) == 1:
            return []
        self._paragraphs.pop()
        return self._lists.pop()

    def put(self, lines: Iterable[str]) -> None:
        """Lines behind the open paragraph, or where none is open here."""
        paragraph = self._paragraphs[-1]
        (self._lists[-1] if paragraph is None else paragraph.behind).extend(lines)

    def note(self, lines: Lines) -> None:
        """A footnote of the open paragraph, or of the table that it stands in."""
        self._notes += lines

    def endnote(self, lines: Lines) -> None:
        self._ends += lines

    def head(self, lines: Lines) -> None:
        """The text of a header, or of a page's background."""
        self._put_once(self._heads, lines)

    def foot(self, lines: Lines) -> None:
        self._put_once(self._feet, lines)

    def _put_once(self, parts: dict[str, None], lines: Lines) -> None:
        """Keeps what says something: around a page number often only its dashes are left."""
        text = "\n".join(line for line in lines if line.strip())
        if any(char.isalnum() for char in text):
            parts[text] = None

    def text(self) -> str:
        """The whole document."""
        while len(self._lists) > 1:
            self.put(self.close_list())
        self.close_paragraph()
        return tidy(readable("\n".join([*self._heads, *self._lists[0], *self._ends, *self._feet])))


def table_lines(rows: Iterable[list[Lines]]) -> Lines:
    """A table as text: cells a tab apart, a line for each row. A row with a cell of long text stands as paragraphs, cell
    after cell: such tables are frames for a layout.

    >>> table_lines([[["이름"], ["나이"]], [["가람"], ["열", "살"]]])
    ['이름\\t나이', '가람\\t열 살']
    """
    lines: Lines = []
    for row in rows:
        cells = [filled for cell in row if (filled := [line for line in cell if line.strip()])]
        if len(cells) == 1 or any(len(cell) > 1 and sum(map(len, cell)) > _LONG_CELL for cell in cells):
            lines += [line for cell in cells for line in cell]
        elif cells:
            lines.append("\t".join(" ".join(" ".join(cell).split()) for cell in cells))
    return lines
