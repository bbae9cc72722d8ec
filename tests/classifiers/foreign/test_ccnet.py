"""CCNet's normalisation against its definition, character by character."""

import unicodedata

import pytest
from foreign_models import lines
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.classifiers.foreign.ccnet import _PUNCTUATION, normalized


def plainly(text: str) -> str:
    """In the order of the rules: white space at the ends, case, accents, digits, punctuation, control characters."""
    out = []
    for character in unicodedata.normalize("NFD", text.strip().lower()):
        if unicodedata.category(character) == "Mn":
            continue
        if unicodedata.category(character) == "Nd":
            character = "0"
        for plain in _PUNCTUATION.get(character, character):
            if not (ord(plain) < 32 or 127 <= ord(plain) < 160):
                out.append(plain)
    return "".join(out)


@pytest.mark.parametrize("text", lines())
def test_real_lines_are_as_defined(text):
    assert normalized(text) == plainly(text)


_MARKS = st.lists(st.sampled_from([*_PUNCTUATION, "１", "가", "é", "İ", "\n", " ", "\u0301"])).map("".join)


@settings(max_examples=500)
@given(st.one_of(st.text(max_size=40), _MARKS))
def test_any_text_is_as_defined(text):
    assert normalized(text) == plainly(text)


_HANGUL = st.lists(st.sampled_from([*"가각한글 읽어", "\u1100", "\u1161", "\u11a8", "é", "e\u0301", "が", "①"])).map(
    "".join
)


@settings(max_examples=500)
@given(st.one_of(st.text(max_size=40), _MARKS, _HANGUL))
def test_whole_syllables_differ_from_letters_only_in_being_whole(text):
    whole, apart = normalized(text, syllables=True), normalized(text)
    assert whole in (apart, unicodedata.normalize("NFC", apart)) and unicodedata.normalize("NFD", whole) == apart


def test_examples_by_hand():
    assert normalized("  ‘2024’년 ８월 “Café”…\n끝。 ") == unicodedata.normalize("NFD", '‘0000\'년 0월 "cafe"...끝.')
    assert normalized("") == normalized(" \n") == ""
