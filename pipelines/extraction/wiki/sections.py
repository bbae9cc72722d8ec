"""The lines of a page: sections without prose are left out, headings without anything under them too."""

from collections.abc import Iterable

_NONE = 99


class Sections:
    """Collects lines. Headings wait until a line follows them."""

    def __init__(self, no_prose: frozenset[str]):
        self.lines: list[str] = []
        self._no_prose = no_prose
        self._waiting: list[tuple[int, str]] = []
        self._left_out = _NONE  # level of the section that is left out

    def heading(self, level: int, text: str) -> None:
        """A heading; it ends the sections of its level and below."""
        if level > self._left_out:
            return
        self._left_out = level if " ".join(text.split()).lower() in self._no_prose else _NONE
        while self._waiting and self._waiting[-1][0] >= level:
            self._waiting.pop()
        if self._left_out == _NONE and text:
            self._waiting.append((level, text))

    def add(self, line: str) -> None:
        if self._left_out != _NONE:
            return
        if self._waiting and line and line.strip("\0 \t-"):
            for _, text in self._waiting:
                self.lines += ["", text, ""]
            self._waiting.clear()
        self.lines.append(line)

    def extend(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.add(line)
