"""What a document says of itself, as it goes into meta."""

import re
from typing import Any

from algok.filters.personal.coarse import redact

_MASKED_AUTHOR = "<이름>"  # as `pii` writes it; whether there was an author is all that is kept
_DATE = re.compile(r"((?:19|20)\d\d)-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d))?")
_TITLE_CHARS = 300


def description(kind: str, title: str = "", author: str = "", date: str = "") -> dict[str, Any]:
    """Meta of a document: its format, title and date where it has them, and that there is an author, never who."""
    found = {"format": kind, "title": clean_title(title), "date": iso_date(date)}
    found["author"] = _MASKED_AUTHOR if author.strip() else ""
    return {key: value for key, value in found.items() if value}


def clean_title(title: str) -> str:
    """A title in one line, with e-mail addresses and long numbers masked."""
    line = " ".join("".join(c for c in title if c.isprintable() or c.isspace()).split())
    return redact(line[:_TITLE_CHARS])


def iso_date(text: str) -> str:
    """The date at the beginning of a text, in ISO 8601; empty where it has none.

    >>> iso_date("2024-05-01T09:30:00Z"), iso_date("어제")
    ('2024-05-01T09:30:00', '')
    """
    found = _DATE.match(text.strip())
    if found is None or not (1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31):
        return ""
    return f"{found[1]}-{found[2]}-{found[3]}" + (f"T{found[4]}:{found[5]}:{found[6]}" if found[4] else "")
