"""From texts to findings: windows that the kernel flags, folded, many at a time through the analyzer, and back to places
in the text."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from algok.filters.personal.analyzer import Holds, analyze
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
# Without these in it a piece holds no digit, no number of six digits or more, or no e-mail address, id or IP, and the rules for
# them are not asked. What can be a digit, in Hangul, letters and signs that hide one; and what stands between two of them.
_DIGITS = re.compile(r"\d|[공영빵일이삼사오육륙칠팔구OoIl](?:[ .\-]?[공영빵일이삼사오육륙칠팔구OoIl01]){2}")
_DIGIT = r"[0-9공영빵일이삼사오육륙칠팔구OoIlxX*●○◯〇■□ØㅇA-Z|]"
_NUMBER = re.compile(rf"{_DIGIT}(?:[^0-9A-Za-z가-힣]{{0,6}}(?:(?:에|다시|국) ?)?{_DIGIT}){{5}}")
_CONTACT = re.compile(
    r"@|%40|골뱅|앳|a(?<!\w.)[tT]\b|A(?<!\w.)[tT]\b|_[aA][tT]_|#|카|톡|쪽지|디엠|작성자|글쓴이|ㅋㅌ|텔|위챗|인스타|인별|디스코드|디코|스카이프|네이트온|라인|트위터|스레드|페북|"
    r"아이?디|\.\d|:[0-9A-Fa-f]{1,4}:|"
    + any_case("id", "kakao", "tele", "insta", "discord", "skype", "chat", "line", r"t\.me")
)


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
    groups: dict[Holds, list[tuple[_Piece, Folded]]] = {}
    sizes: Counter[Holds] = Counter()
    for piece in _pieces(texts):
        folded = fold(piece.text)
        holds = holds_of(folded.text)
        groups.setdefault(holds, []).append((piece, folded))
        sizes[holds] += len(folded.text)
        if sizes[holds] >= _TOGETHER:
            _read(groups.pop(holds), holds, found)
            sizes[holds] = 0
    for holds, group in sorted(groups.items()):
        _read(group, holds, found)
    return {row: _everywhere(texts[row].as_py(), own) for row, own in sorted(found.items())}


def holds_of(text: str) -> Holds:
    """What of a folded text the recognisers may find something in."""
    digit = _DIGITS.search(text) is not None
    number = digit and _NUMBER.search(text) is not None
    return Holds(number, digit, _CONTACT.search(text) is not None)


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
            text = _without_cut_word(text)
        for first in range(0, len(text), PIECE):
            low, last = max(0, first - OVERLAP), first + PIECE
            yield _Piece(document, before + low, text[low : last + OVERLAP], first - low, last - low)


def _without_cut_word(text: str) -> str:
    """Without the Hangul at its end: of a word that the window cuts, three syllables could pass for a name."""
    end = len(text)
    while end and "가" <= text[end - 1] <= "힣":
        end -= 1
    return text[:end]


def _read(group: list[tuple[_Piece, Folded]], holds: Holds, found: dict[int, list[Finding]]) -> None:
    """Adds what the analyzer finds in pieces that hold the same."""
    starts = np.cumsum([0, *(len(folded.text) + len(_WALL) for _, folded in group)])
    for finding in analyze(_WALL.join(folded.text for _, folded in group), holds):
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
