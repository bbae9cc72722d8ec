"""What the scanners of wiki markup share: text that is set aside from them, and the holes that dropped pieces leave.

A dropped piece leaves a `GAP`, so that brackets and commas around it can go with it, and those that the author wrote
empty (`main()`) stay.
"""

import re

GAP = "\0"  # where something was dropped
BREAK = "\x03"  # a line break that must not end the line of a table
_BEGIN, _END = "\x01", "\x02"  # around the number of a text that was set aside
_PLACE = re.compile(f"{_BEGIN}([0-9]+){_END}")
_OURS = tuple("\0\x01\x02\x03\x04\x05\x06")
_LOOSE = " \t,;·、"  # what only separates
_RUN = re.compile(f"{GAP}[{_LOOSE}{GAP}]*{GAP}")  # gaps with nothing between them
_SPACES = re.compile(r"(?<=\S)  +")
_OPENING, _CLOSING = ("(", "（", "["), (")", "）", "]")


def without_marks(source: str) -> str:
    """The source without the control characters that the scanners use themselves; no text has them."""
    for mark in _OURS:
        if mark in source:
            source = source.replace(mark, "")
    return source


class Aside:
    """Texts in which no markup is looked for (code, formulas): a short mark stands for each until the end."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def put(self, text: str) -> str:
        """The mark that stands for the text."""
        self._texts.append(self.restore(text))
        return f"{_BEGIN}{len(self._texts) - 1}{_END}"

    def restore(self, text: str) -> str:
        """The text with what its marks stand for."""
        if _BEGIN not in text:
            return text
        return _PLACE.sub(lambda mark: self._texts[int(mark[1])], text)


def one_space(text: str) -> str:
    """Runs of spaces inside of a line as one, as a browser shows them."""
    return _SPACES.sub(" ", text) if "  " in text else text


def close_gaps(text: str) -> str:
    """Takes out the gaps, with brackets that hold nothing else and with separators beside them that separate nothing more.

    >>> close_gaps("서울(\\0, 1990년)은 수도(\\0)다."), close_gaps("main() \\0 함수")
    ('서울(1990년)은 수도다.', 'main() 함수')
    """
    if GAP not in text:
        return text
    left, *others = _RUN.sub(GAP, text).split(GAP)
    done = []
    for right in others:
        left, right = _closed(left, right)
        done.append(left)
        left = right
    return "".join([*done, left])


def _closed(left: str, right: str) -> tuple[str, str]:
    """Both sides of a gap."""
    before, behind = left.rstrip(_LOOSE), right.lstrip(_LOOSE)
    if before.endswith(_OPENING) and behind.startswith(_CLOSING):  # nothing else was in the brackets
        word, rest = before[:-1], behind[1:]
        return (word.rstrip(" ") if rest[:1] in ("", " ", "\n", ".", ",") else word), rest
    if before.endswith(_OPENING) or behind.startswith(_CLOSING) or not before or before.endswith("\n"):
        return before, behind
    comma = right[: len(right) - len(behind)]
    if left[len(before) :].strip() and comma.strip():  # a, gap, b
        return left if left.endswith(" ") or not comma.endswith(" ") else f"{left} ", behind
    if left.endswith(" ") and right.startswith((" ", ",", ".", ";", "、")):
        return left.rstrip(" "), right
    return left, right
