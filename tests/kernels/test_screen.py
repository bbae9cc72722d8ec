"""Counting what in bytes may be Korean: against patterns, on text of every encoding, at every place of a block."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from kernels.reference import screen as twin

from algok.kernels.screen import count

KOREAN = "봄이 오니 꽃이 핀다"
_PIECES = [
    b"&#44032;", b"&#55203;", b"&#55204;", b"&#x000AC00;", b"&#XD7a3", b"&#xAC0", b"&#", b"&#x", b"&#000044032;", b"&&#",
    b"\\uAC00", b"\\ud7a3", b"\\uD7A4", b"\\u00e9", b"\\u", b"\\u1", b"%EA%B0%80",
    b"%ed%9e%a3", b"%ED%9E%A4", b"%E3%81%82",
    b"%EA%B0", b"%E", b"%EA%B0%80%EA", b"%EA%70%80", b"\0", b"\x1b$)C", b"\xe1\x84\x80", b"\xe3\x84\xb1", b"\xe3\x86\x8f",
    b"\xed\x9e\xbf",
    b"\xea\xaf\xbf", b"\xc0", b"\xf5", b"\xf0\x9f\x98\x80", b"\xf0\x9f", b"\xe3", b"\xc3\xaa\xc2\xb0",
    b"\xc2\xb0\xc2\xa1\xc2\xb3\xc2\xaa",
    *(KOREAN.encode(codec) for codec in ("utf-8", "cp949", "johab", "utf-16")),
    *("봄 ㅋㅋ été 日本語 текст".encode(codec, "ignore") for codec in ("utf-8", "latin-1", "cp1251", "shift_jis", "gb18030")),
]  # fmt: skip
BODIES = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=8) | st.integers(0, 70).map(b"x".__mul__), max_size=20)


@given(BODIES.map(b"".join))
@example(b"")
@example(b"x" * 31 + "봄".encode())
@example(b"x" * 62 + "봄".encode()[:2])
def test_every_count_is_what_its_definition_says(body):
    assert count(body) == twin.count(body)


@pytest.mark.parametrize("shift", range(66))
def test_a_syllable_counts_wherever_it_stands_in_a_block(shift):
    for piece in (b"&#xAC00;", b"\\uAC00", b"%EA%B0%80", "가".encode(), "가".encode("cp949"), b"\xc3\xaa\xc2\xb0"):
        for body in (b"-" * shift + piece, b"-" * shift + piece + b"-" * 100):
            assert count(body) == twin.count(body)


def test_korean_in_each_encoding_leaves_its_trace():
    syllables = 8
    assert count(KOREAN.encode()).hangul == syllables and not count(KOREAN.encode()).errors
    assert count(unicodedata.normalize("NFD", KOREAN).encode()).jamo >= 2 * syllables
    assert count("".join(f"&#{ord(char)};" for char in KOREAN).encode()).referenced == syllables
    assert count("".join(f"\\u{ord(char):04x}" for char in KOREAN).encode()).escaped == syllables
    cp949 = count(KOREAN.encode("cp949"))
    assert cp949.pairs >= syllables and cp949.errors
    assert count(KOREAN.encode().decode("latin-1").encode()).broken >= syllables
    assert count(KOREAN.encode("cp949").decode("latin-1").encode()).latin == 4  # one for each word of two syllables
    assert count("사람들이".encode("cp949").decode("latin-1").encode()).latin == 5
    assert count(KOREAN.encode("iso2022_kr")).escapes == 1 and count(KOREAN.encode("utf-16-le")).zeros == 3


def test_sound_utf8_of_any_script_has_no_errors_but_the_one_that_is_cut():
    text = "봄 été 日本語 текст 😀 العربية ไทย".encode()
    assert count(text).errors == 0 and count(text).high == sum(byte > 127 for byte in text)
    assert count("가".encode()[:2]).errors == 1 and count("😀".encode()[:1]).errors == 3
