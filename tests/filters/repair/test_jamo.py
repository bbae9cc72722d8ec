"""Jamo composed to syllables: every syllable survives being taken apart, and jamo that are text stay."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.repair.jamo import (
    compose_conjoining,
    compose_halfwidth,
    compose_ksx1001,
    compose_run,
    compose_spelled,
)

SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=2, max_size=10)
INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


def spell(text):
    """Each syllable as two or three compatibility jamo."""
    out = []
    for c in text:
        i = ord(c) - 0xAC00
        out += [INITIALS[i // 588], chr(0x314F + i // 28 % 21), FINALS[i % 28].strip()]
    return "".join(out)


@given(SYLLABLES)
def test_nfd_and_back(text):
    assert compose_conjoining(unicodedata.normalize("NFD", text))[0] == text
    assert compose_conjoining(text) == (text, 0)


@given(st.text(st.sampled_from("가나다라마바사아자차카타파하거너더러머버서어저처강날담밥"), min_size=2, max_size=10))
def test_spelled_and_back(text):
    assert compose_spelled(spell(text))[0] == text
    assert compose_spelled(text) == (text, 0)


@given(SYLLABLES)
def test_composing_takes_each_jamo_once(text):
    composed, _ = compose_run(spell(text))
    # Double consonants and vowels written as two may come back as one: compare them taken apart.
    apart = str.maketrans({"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ",
                           "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"})  # fmt: skip
    jamo = "".join(spell(c) if c >= "가" else c for c in composed)
    assert jamo.translate(apart) == spell(text).translate(apart)


@pytest.mark.parametrize(
    "text", ["ㅋㅋㅋ", "ㅠㅠ", "ㄱㄴㄷㄹ", "ㅇㅋ", "ㅇㅏ~", "ㅏㅑㅓㅕ", "ㄴㅇㄱ", "ㅇㅅㅇ", "ㅗㅜㅑ"]
)
def test_jamo_that_are_text_stay(text):
    assert compose_spelled(text) == (text, 0)


def test_laughs_around_words():
    assert compose_spelled("ㅋㅋㅎㅐㅈㅣㅁㅏㅋㅋㅋ")[0] == "ㅋㅋ해지마ㅋㅋㅋ"


def test_old_hangul_stays():
    assert compose_conjoining("ᄒᆞᆫᄀᆞᄂᆞᆫ") == ("ᄒᆞᆫᄀᆞᄂᆞᆫ", 0)


def test_halfwidth_and_ksx1001():
    assert compose_halfwidth("\uffa1\uffc2\uffb7\uffb1\uffd3\uffa9 \uffa1\uffa1") == ("강물 ㄱㄱ", 2)
    assert compose_ksx1001("\u3164ㄸㅗㅁ과 \u3164ㅁㅗ\u3164 \u3164") == ("똠과 모 \u3164", 2)
