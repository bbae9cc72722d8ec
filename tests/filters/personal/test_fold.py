"""Folding: disguises undone, and every character keeps the place it had."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.personal.fold import fold


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
    assert fold("성명: 배도현 010-0423-8891").starts is None


@given(st.text(alphabet="가1０①\u200b\u1112\u1161&nbsp;<b>-–\U0001f600é ", max_size=60))
def test_places_are_in_order_and_inside(text):
    folded = fold(text)
    if folded.starts is None:
        assert folded.text == text
        return
    assert len(folded.starts) == len(folded.ends) == len(folded.text)
    assert folded.starts == sorted(folded.starts) and all(
        a < b for a, b in zip(folded.starts, folded.ends, strict=True)
    )
    assert not folded.ends or folded.ends[-1] <= len(text)
    for place, (start, end) in enumerate(zip(folded.starts, folded.ends, strict=True)):
        if end == start + 1 and text[start] == folded.text[place]:
            assert folded.span(place, place + 1) == (start, end)
