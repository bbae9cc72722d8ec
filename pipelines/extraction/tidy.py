"""The white space of an extracted text."""

import re

_BLANK_LINES = re.compile(r"\n{3,}")
# Editors fill empty paragraphs with characters of no width, which make a line look filled.
_NOTHING_LINE = re.compile(r"^[\s\u200b-\u200d\u2060\ufeff]+$", re.MULTILINE)
_CELL_GAP = re.compile(r"(?<=\S)\t\t(?=\S)")


def tidy(text: str) -> str:
    """Lines without trailing space, no more than one blank line in a row, none at the ends; cells one tab apart."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "\n".join([line.rstrip() for line in text.split("\n")])
    if "\u200b" in text or "\ufeff" in text or "\u2060" in text or "\u200d" in text or "\u200c" in text:
        text = _NOTHING_LINE.sub(lambda line: "\n" * line[0].count("\n"), text)
    if "\t\t" in text:
        text = _CELL_GAP.sub("\t", text)
    return _BLANK_LINES.sub("\n\n", text).strip("\n")
