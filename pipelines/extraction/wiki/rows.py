"""Tables of wikis while they are read: rows of cells, tables inside of cells, the lines that come of them."""

from algok.pipelines.extraction.office.story import Lines, table_lines
from algok.pipelines.extraction.wiki.gaps import BREAK, GAP, close_gaps

_DEEPEST = 20  # tables inside of each other; what is deeper joins the cell around it


class Tables:
    """The open tables, the innermost last."""

    def __init__(self) -> None:
        self.open: list[list[list[Lines]]] = []
        self._too_deep = 0

    def begin(self) -> None:
        if len(self.open) < _DEEPEST:
            self.open.append([[]])
        else:
            self._too_deep += 1

    def row(self) -> None:
        self.open[-1].append([])

    def cell(self, text: str) -> None:
        """A new cell."""
        self.open[-1][-1].append([plain_cell(text)])

    def more(self, text: str) -> None:
        """More text of the last cell; text before the first cell belongs to no table."""
        row = self.open[-1][-1]
        if row:
            row[-1].append(plain_cell(text))

    def end(self) -> Lines:
        """Ends the innermost table; gives its lines where it stands in no other."""
        if self._too_deep:
            self._too_deep -= 1
            return []
        lines = table_lines(self.open.pop())
        if not self.open:
            return lines
        row = self.open[-1][-1]
        if not row:
            row.append([])
        row[-1].extend(lines)
        return []

    def end_all(self) -> Lines:
        lines: Lines = []
        self._too_deep = 0
        while self.open:
            lines = self.end()
        return lines


def plain_cell(text: str) -> str:
    """A cell's text in one line, its gaps closed."""
    if GAP in text:
        text = close_gaps(text)
    return text.replace(BREAK, " ").strip()
