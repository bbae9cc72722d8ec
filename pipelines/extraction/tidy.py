"""The white space of an extracted text."""

import re

_BLANK_LINES = re.compile(r"\n{3,}")
_CELL_GAP = re.compile(r"(?<=\S)\t\t(?=\S)")


def tidy(text: str) -> str:
    """Lines without trailing space, no more than one blank line in a row, none at the ends; cells one tab apart."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = "\n".join([line.rstrip() for line in text.split("\n")])
    if "\t\t" in text:
        text = _CELL_GAP.sub("\t", text)
    return _BLANK_LINES.sub("\n\n", text).strip("\n")
