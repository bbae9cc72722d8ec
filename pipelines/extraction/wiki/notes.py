"""Footnotes of a page: taken out of their sentence, and put behind the line that they hang on."""

import re
from collections.abc import Iterable, Iterator

_BEGIN, _END = "\x04", "\x05"  # around the number of a note
_PLACE = re.compile(f"{_BEGIN}([0-9]+){_END}")


class Notes:
    """The notes of one page; without `kept` they are dropped."""

    def __init__(self, kept: bool):
        self._kept = kept
        self._texts: list[str] = []

    def put(self, text: str) -> str:
        """The mark that stands for a note in its sentence."""
        if not self._kept or not any(map(str.isalnum, text)):
            return ""
        self._texts.append(text.strip())
        return f"{_BEGIN}{len(self._texts) - 1}{_END}"

    def behind_lines(self, text: str) -> str:
        """The text with the notes of each line behind it, and the notes of a note behind that."""
        return "\n".join(self._with_notes(text.split("\n"))) if self._texts else text

    def _with_notes(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            if _BEGIN not in line:
                yield line
                continue
            waiting = [line]
            while waiting:
                text = waiting.pop()
                waiting += [self._texts[int(place)] for place in reversed(_PLACE.findall(text))]
                yield _PLACE.sub("", text)
