"""RTF: control words that stand for text or for a place, bytes of the document's code page, groups that hold no text skipped."""

import re
from typing import Any

from algok.pipelines.extraction.office.describe import description
from algok.pipelines.extraction.office.story import Story
from algok.pipelines.extraction.page import ExtractError

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\", re.IGNORECASE
)
_SKIPPED = frozenset(
    {
        b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"themedata", b"colorschememapping", b"datastore",
        b"listtable", b"listoverridetable", b"rsidtbl", b"generator", b"latentstyles", b"fldinst", b"xmlnstbl", b"annotation",
        b"atnid", b"atnauthor", b"filetbl", b"revtbl", b"bkmkstart", b"bkmkend", b"nonshppict", b"pgptbl", b"deleted",
    }
)  # fmt: skip
_WORDS = {
    b"tab": "\t", b"cell": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"emspace": " ", b"enspace": " ",
}  # fmt: skip
_BREAKS = frozenset({b"par", b"row", b"sect", b"page"})
_DEEPEST = 10_000


def read_rtf(data: bytes, limit: int) -> tuple[str, dict[str, Any]]:
    """Text and meta of an RTF file."""
    reader = _Reader(limit)
    for token in _TOKEN.finditer(data):
        reader.take(token)
    if reader.depth > 0:
        raise ExtractError("truncated", "ends inside of a group")
    return reader.text(), description("rtf")


class _Reader:
    """Follows the groups of a document: whether they are skipped, and how many bytes stand in for a Unicode character."""

    def __init__(self, limit: int):
        self._story = Story(limit)
        self._bytes = bytearray()  # of the code page, not decoded yet: a syllable has two
        self._codec = "cp1252"
        self._groups: list[tuple[bool, int]] = []
        self._skipped, self._fallback, self._left_out = False, 1, 0
        self._high = ""

    @property
    def depth(self) -> int:
        return len(self._groups)

    def text(self) -> str:
        self._flush()
        return self._story.text()

    def take(self, token: re.Match[bytes]) -> None:
        word, number, code, symbol, brace, plain = token.groups()
        if brace:
            self._group(brace)
        elif word:
            self._word(word, number)
        elif code and not self._passed():
            self._bytes.append(int(code, 16))
        elif symbol:
            self._symbol(symbol)
        elif plain:
            self._plain(plain)

    def _group(self, brace: bytes) -> None:
        self._flush()
        if brace == b"{":
            if len(self._groups) >= _DEEPEST:
                raise ExtractError("too_deep", f"more than {_DEEPEST:,} groups inside of each other")
            self._groups.append((self._skipped, self._fallback))
        elif self._groups:
            self._skipped, self._fallback = self._groups.pop()

    def _word(self, word: bytes, number: bytes | None) -> None:
        value = int(number) if number else 0
        if word == b"ansicpg":
            self._codec = {949: "cp949", 65001: "utf-8", 1361: "johab"}.get(value, f"cp{value}")
        elif word == b"uc":
            self._fallback = min(max(value, 0), 8)
        elif word in _SKIPPED:
            self._skipped = True
        elif word == b"u" and not self._skipped:
            self._flush()
            self._unicode(value & 0xFFFF)
            self._left_out = self._fallback
        elif word in _BREAKS and not self._skipped:
            self._flush()
            self._story.close_paragraph()
        elif word in _WORDS and not self._skipped:
            self._flush()
            self._story.add(_WORDS[word])

    def _unicode(self, unit: int) -> None:
        if 0xD800 <= unit < 0xDC00:
            self._high = chr(unit)
            return
        pair = (self._high + chr(unit)).encode("utf-16-le", "surrogatepass")
        self._high = ""
        self._story.add(pair.decode("utf-16-le", "replace"))

    def _symbol(self, symbol: bytes) -> None:
        if symbol == b"*":
            self._skipped = True
        elif not self._passed():
            self._bytes += {b"~": b" ", b"_": b"-", b"-": b"", b"\n": b"\n", b"\r": b"\n"}.get(symbol, symbol)

    def _plain(self, plain: bytes) -> None:
        gone = min(self._left_out, len(plain))
        self._left_out -= gone
        if not self._skipped:
            self._bytes += plain[gone:]

    def _passed(self) -> bool:
        """Whether a byte is left out: in a skipped group, or in place of a Unicode character that was read."""
        if self._left_out:
            self._left_out -= 1
            return True
        return self._skipped

    def _flush(self) -> None:
        if self._bytes:
            try:
                text = self._bytes.decode(self._codec, "replace")
            except LookupError:
                text = self._bytes.decode("cp1252", "replace")
            self._bytes.clear()
            self._story.add(text)
