"""OLE files, the container of HWP 5 and of old and of encrypted office files, over olefile."""

import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import olefile

from algok.pipelines.extraction.page import ExtractError

MAGIC = olefile.MAGIC
_TITLE, _AUTHOR, _CREATED, _SAVED = 2, 4, 12, 13  # properties of a summary
_WRITTEN = 20  # Hangul's own: the date as text
_KOREAN_DATE = re.compile(r"((?:19|20)\d\d)\s*년\s*(\d{1,2})\s*월\s*(\d{1,2})\s*일")


class Properties(NamedTuple):
    """What a summary says."""

    title: str = ""
    author: str = ""
    date: str = ""


class OleFile:
    """The streams of an OLE file by name. `unpacked` bounds the bytes of all that is read or inflated."""

    def __init__(self, data: bytes, unpacked: int):
        self.left = self._limit = unpacked
        self._file = _sound(lambda: olefile.OleFileIO(io.BytesIO(data)))
        self._names = {"/".join(path) for path in _sound(lambda: self._file.listdir())}

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def count(self, size: int) -> None:
        """Counts what came out of the file. Raises ExtractError over the bound."""
        self.left -= size
        if self.left < 0:
            raise ExtractError("too_large", f"unfolds to more than {self._limit:,} bytes")

    def read(self, name: str) -> bytes:
        """A stream; empty where there is none of that name. Raises ExtractError where it cannot be read."""
        if name not in self:
            return b""
        self.count(_sound(lambda: self._file.get_size(name)))
        return _sound(lambda: self._file.openstream(name).read())

    def numbered(self, folder: str, stem: str) -> list[str]:
        """The streams `folder/stem0`, `folder/stem1`, … in order of their numbers."""
        start = f"{folder}/{stem}"
        numbers = [name.removeprefix(start) for name in self._names if name.startswith(start)]
        return [f"{start}{number}" for number in sorted((n for n in numbers if n.isdecimal()), key=int)]

    def properties(self, name: str) -> Properties:
        """The summary in a stream; empty where there is none or it is damaged, since the text does not need it."""
        if name not in self:
            return Properties()
        try:
            found = self._file.getproperties(name, convert_time=True)
        except Exception:  # olefile's parser of summaries raises anything on damaged ones
            return Properties()
        written = _KOREAN_DATE.search(_text(found.get(_WRITTEN)))
        date = f"{written[1]}-{int(written[2]):02}-{int(written[3]):02}" if written else ""
        times = [found[key] for key in (_CREATED, _SAVED) if isinstance(found.get(key), datetime)]
        date = date or next((time.isoformat(timespec="seconds") for time in times if time.year > 1980), "")
        return Properties(_text(found.get(_TITLE)), _text(found.get(_AUTHOR)), date)


def _text(value: Any) -> str:
    """A string property; olefile takes Hangul's lengths for twice what they are, so it ends at its zero character."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "ignore")
    return value.partition("\0")[0] if isinstance(value, str) else ""


def _sound(read: Callable[[], Any]) -> Any:
    """What `read` gives; whatever olefile raises on damaged data as ExtractError."""
    try:
        return read()
    except MemoryError:
        raise
    except Exception as error:
        cut = "incomplete" in str(error) or "truncated" in str(error)
        message = "its container ends early" if cut else f"its container is damaged ({type(error).__name__})"
        raise ExtractError("truncated" if cut else "corrupt", message) from None
