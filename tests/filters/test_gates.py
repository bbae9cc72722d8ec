"""A detector's clear bit is a promise: what it spares the slow tool, the slow tool would have left alone.

Over generated Unicode, without the shared data: texts of fragments that damage and personal data are made of, of any
characters, and of both mixed.
"""

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from algok.filters.repair.step import _REPAIRS, repair_text
from algok.kernels import damage
from algok.kernels.buffers import string_buffers

_ANY = st.characters(exclude_categories=["Cs"])
# Every block in which a repair finds work, at its borders, and the neighbours that make it keep or remove a character.
_CHARACTERS = st.one_of(
    st.sampled_from(
        "\u115f\u1160\u3164\uffa0\u200b\u200c\u200d\u200e\u202e\u2066\u2060\ufeff\u180e\xad\x1b\x0e\x0f\x07\x85"
    ),
    st.sampled_from("\U0001f3f4\U000e0067\U000e007f\U0001f468\u2764\ufe0f\ufff9\U000e0001"),
    st.sampled_from("\r\n\t \xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\x0b\x0c"),
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
    st.characters(min_codepoint=0x3130, max_codepoint=0x318F),
    st.characters(min_codepoint=0xA960, max_codepoint=0xA97F),
    st.characters(min_codepoint=0xD7B0, max_codepoint=0xD7FF),
    st.characters(min_codepoint=0xFF01, max_codepoint=0xFFDC),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.characters(min_codepoint=0x80, max_codepoint=0x17F),
    st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    st.characters(min_codepoint=0x600, max_codepoint=0x1AFF),
    _ANY,
)
_ESCAPES = st.sampled_from(
    [
        "&",
        "&#",
        "&amp;",
        "&nbsp",
        "&#50504;",
        "\\u",
        "\\uac00",
        "\\uD83D",
        "%",
        "%EA%B0%80",
        "+",
        "+xUix-",
        "\x1b$)C",
        "?",
        "¾È³ç",
        "ì•ˆ",
        "ë…•",
        "Ã«",
        "?덈",
        "뀞?",
        "섏꽭",
        "안 녕 ",
        "ㅇㅏㄴ",
        "\x1b[0m",
        "\\x",
        "$)C",
    ]
)
_DAMAGED = st.lists(st.one_of(_CHARACTERS, _ESCAPES), max_size=24).map("".join)


@settings(max_examples=1500)
@example("공지\u115f사항")
@example("공지\u1160사항")
@given(_DAMAGED)
def test_no_repair_has_work_where_its_bit_is_clear(text):
    flags = int(damage.scan(*string_buffers(pa.array([text], pa.large_string())))[0][0])
    for kind, bits, repair in _REPAIRS:
        if not flags & bits:
            assert repair(text) == (text, 0), f"{kind}: {text!a}"


@settings(max_examples=300)
@given(_DAMAGED)
def test_a_text_without_any_flag_comes_back_as_it_was(text):
    if not damage.scan(*string_buffers(pa.array([text], pa.large_string())))[0][0]:
        assert repair_text(text) == text
