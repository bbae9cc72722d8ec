"""From texts to findings: windows that the kernel flags, folded, many at a time through the analyzer, and back to places
in the text."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from algok.filters.personal.analyzer import analyze
from algok.filters.personal.digits import any_case
from algok.filters.personal.finding import Finding, resolve
from algok.filters.personal.fold import Folded, fold
from algok.filters.personal.repeats import repeats
from algok.kernels.buffers import string_buffers
from algok.kernels.personal import characters_before, find

PIECE, OVERLAP = 4000, 200  # characters of a window that are read at once, and that its neighbours see
_TOGETHER = 8000  # characters of pieces that go through the analyzer in one call
# Between pieces: farther than any rule looks.
_WALL = "\n" + "\x01" * 80 + "\n"
# Without these in it a piece holds no number, or no e-mail address, id or IP, and the rules for them are not asked.
_DIGITS = re.compile(r"\d|[공영빵일이삼사오육륙칠팔구OoIl](?:[ .\-]?[공영빵일이삼사오육륙칠팔구OoIl01]){2}")
_CONTACT = re.compile(
    r"@|%40|골뱅|앳|a(?<!\w.)[tT]\b|A(?<!\w.)[tT]\b|_[aA][tT]_|#|카|톡|쪽지|디엠|작성자|글쓴이|ㅋㅌ|텔|위챗|인스타|인별|디스코드|디코|스카이프|네이트온|라인|트위터|스레드|페북|"
    r"아이?디|\.\d|:[0-9A-Fa-f]{1,4}:|"
    + any_case("id", "kakao", "tele", "insta", "discord", "skype", "chat", "line", r"t\.me")
)


# A word that a window's end may cut: three syllables of it could pass for a name.
_CUT = re.compile("[가-힣]+$")


class _Piece(NamedTuple):
    """Characters from `start` of a document; findings that begin from `first` to `last` of it count."""

    document: int
    start: int
    text: str
    first: int
    last: int


def findings(texts: pa.Array) -> dict[int, list[Finding]]:
    """By row of the column (nulls are ValueError) its findings in code points, apart from one another and in order."""
    found: dict[int, list[Finding]] = {}
    groups: dict[tuple[bool, bool], list[tuple[_Piece, Folded]]] = {}
    sizes: Counter[tuple[bool, bool]] = Counter()
    for piece in _pieces(texts):
        folded = fold(piece.text)
        holds = _DIGITS.search(folded.text) is not None, _CONTACT.search(folded.text) is not None
        groups.setdefault(holds, []).append((piece, folded))
        sizes[holds] += len(folded.text)
        if sizes[holds] >= _TOGETHER:
            _read(groups.pop(holds), holds, found)
            sizes[holds] = 0
    for holds, group in sorted(groups.items()):
        _read(group, holds, found)
    return {row: _everywhere(texts[row].as_py(), own) for row, own in sorted(found.items())}


def _everywhere(text: str, own: list[Finding]) -> list[Finding]:
    """The findings of a text, and every other place of their values."""
    sure = resolve(own)
    return resolve([*sure, *repeats(text, sure)])


def _pieces(texts: pa.Array) -> Iterator[_Piece]:
    data, offsets = string_buffers(texts)
    windows, ends = find(data, offsets)
    documents = np.repeat(np.arange(len(offsets) - 1), np.diff(ends)).tolist()
    characters = characters_before(data, offsets, windows, ends).tolist()
    for document, before, (start, end) in zip(documents, characters, windows.tolist(), strict=True):
        text = data[start:end].tobytes().decode("utf-8", "replace")
        if end < offsets[document + 1]:
            text = _CUT.sub("", text)
        for first in range(0, len(text), PIECE):
            low, last = max(0, first - OVERLAP), first + PIECE
            yield _Piece(document, before + low, text[low : last + OVERLAP], first - low, last - low)


def _read(group: list[tuple[_Piece, Folded]], holds: tuple[bool, bool], found: dict[int, list[Finding]]) -> None:
    """Adds what the analyzer finds in the pieces, which hold digits, contact data, both or neither."""
    starts = np.cumsum([0, *(len(folded.text) + len(_WALL) for _, folded in group)])
    for finding in analyze(_WALL.join(folded.text for _, folded in group), *holds):
        which = int(np.searchsorted(starts, finding.start, "right")) - 1
        piece, folded = group[which]
        own = _placed(finding, int(starts[which]), folded, piece)
        if own:
            found.setdefault(piece.document, []).append(own)


def _placed(finding: Finding, shift: int, folded: Folded, piece: _Piece) -> Finding | None:
    """The finding in its document's characters, unless a neighbour of the piece is to tell it."""
    start, end = folded.span(finding.start - shift, min(finding.end - shift, len(folded.text)))
    if not piece.first <= start < piece.last:
        return None
    return finding._replace(start=piece.start + start, end=piece.start + end)
