"""Text as recognisers read it: disguises undone, every character with the place it had.

Digits of any script become ASCII, dashes `-`, signs of full width their ASCII ones, conjoining jamo syllables; entities are
decoded, tags and characters of no width vanish. The text itself is never changed by this.
"""

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

_DASHES = "‐‑‒–—―−﹘﹣－ーㅡ─"
_DOTS = "·・･．。ㆍ•∙"
_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_NO_WIDTH = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
# What Unicode normalisation does not give as it is meant.
_OTHERS = {"ⓐ": "@", "⓪": "0", "⓿": "0", "🄋": "0", "🄌": "0"}
_PLAIN = re.compile(r"[\x00-\x25\x27-\x3b\x3d-\x7f가-힣]*")
_PIECE = re.compile(
    r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
    # <blue@daum.net> and the target of a link stay
    r"|</?[A-Za-z](?![^<>]{0,60}(?:@|%40|\d{7}|\d-\d{3,4}-))[^<>]{0,60}>"
    r"|[\u1100-\u11ff]+|[^\x00-\x7f가-힣]"
)


class Folded(NamedTuple):
    """`text`, and of every piece that got another length where it begins and ends, in `text` and in the original
    (code points)."""

    text: str
    resized: Sequence[tuple[int, int, int, int]] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the folded characters from `start` to `end` (at least one) stand in the original."""
        if not self.resized:
            return start, end
        return self._place(start)[0], self._place(end - 1)[1]

    def _place(self, at: int) -> tuple[int, int]:
        """Where the original of one folded character begins and ends."""
        before = bisect_right(self.resized, at, key=itemgetter(0)) - 1
        if before < 0:
            return at, at + 1
        _, folded_end, start, end = self.resized[before]
        if at < folded_end:
            return start, end
        shifted = at - folded_end + end
        return shifted, shifted + 1


def fold(text: str) -> Folded:
    """The text as recognisers read it."""
    if _PLAIN.fullmatch(text):
        return Folded(text)
    parts: list[str] = []
    resized: list[tuple[int, int, int, int]] = []
    at = longer = 0  # the end of the piece before, and by how much the folded text is longer so far
    for match in _PIECE.finditer(text):
        start, end = match.span()
        piece = _folded(match[0])
        parts += (text[at:start], piece)
        if len(piece) != 1 or end - start != 1:
            begin = start + longer
            resized.append((begin, begin + len(piece), start, end))
            longer += len(piece) - (end - start)
        at = end
    parts.append(text[at:])
    return Folded("".join(parts), resized)


@lru_cache(10_000)  # few characters are most of them
def _folded(piece: str) -> str:
    if len(piece) > 1:
        if piece[0] == "&":
            char = html.unescape(piece)
            return _folded(char) if len(char) == 1 else char
        if piece[0] == "<":
            return " " if piece[1:3].lower() in ("br", "p>", "td", "tr", "li", "/p", "/t", "/l", "di", "/d") else ""
        return unicodedata.normalize("NFC", piece)
    if "가" <= piece <= "힣" or piece <= "\x7f":
        return piece
    if piece in _DASHES:
        return "-"
    if piece in _DOTS:
        return "."
    if piece in _SPACES:
        return " "
    if piece in _NO_WIDTH:
        return ""
    if piece in _OTHERS:
        return _OTHERS[piece]
    if "\u3131" <= piece <= "\u318e":  # jamo that stand alone
        return piece
    normal = unicodedata.normalize("NFKC", piece)
    if len(normal) == 1 or normal.isdigit():
        return normal
    # ⑴ ⒈ ➀ and other digits with something around them
    digit = unicodedata.digit(piece, None)
    return piece if digit is None else str(digit)
