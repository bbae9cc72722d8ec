"""Folding: disguises undone, and every character keeps the place it had."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.personal.fold import _PIECE, _folded, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("０１０－０４２３", "010-0423"), ("⓪①②", "012"), ("010–0423—88", "010-0423-88"), ("010&nbsp;0423", "010 0423"),
        ("010<b>0423</b>", "0100423"), ("a<br/>b", "a b"), ("０1\u200b0", "010"), ("ㄱ", "ㄱ"), ("²³", "23"), ("漢字", "漢字"),
        (unicodedata.normalize("NFD", "성명"), "성명"), ("&#48;1", "01"), ("a\tb", "a\tb"), ("1 < 2 & 3", "1 < 2 & 3"),
    ],
)  # fmt: skip
def test_disguises(text, folded):
    assert fold(text).text == folded


def test_plain_text_is_itself():
    assert fold("성명: 배도현 010-0423-8891") == ("성명: 배도현 010-0423-8891", ())


def places(text: str) -> list[tuple[int, int]]:
    """The plain twin: where the original of every folded character begins and ends, told character by character."""
    found, at = [], 0
    for match in _PIECE.finditer(text):
        found += [(place, place + 1) for place in range(at, match.start())]
        found += [match.span()] * len(_folded(match[0]))
        at = match.end()
    return found + [(place, place + 1) for place in range(at, len(text))]


@given(st.text(alphabet="가1０①½\u200b\u1112\u1161&nbsp;<b>-–\U0001f600é ", max_size=60))
def test_every_character_keeps_its_place(text):
    folded, expected = fold(text), places(text)
    assert len(folded.text) == len(expected)
    for place, (start, end) in enumerate(expected):
        assert folded.span(place, place + 1) == (start, end)
        assert folded.span(0, place + 1) == (expected[0][0], end)
