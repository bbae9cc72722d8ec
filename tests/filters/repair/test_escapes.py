"""Escapes decoded in prose, left alone in code and where the text is about them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.repair import escapes
from algok.korean.syllables import COMMON_SYLLABLES

WORDS = st.text(st.sampled_from(COMMON_SYLLABLES[:800]), min_size=2, max_size=12)


@given(WORDS)
def test_words_in_every_escape(word):
    numeric = "".join(f"&#{ord(c)};" for c in word)
    assert escapes.decode_entities(f"앞 {numeric} 뒤")[0] == f"앞 {word} 뒤"
    assert escapes.decode_unicode_escapes("앞 " + "".join(f"\\u{ord(c):04x}" for c in word))[0] == f"앞 {word}"
    percent = "".join(f"%{b:02X}" for b in word.encode())
    assert escapes.decode_percent(f"앞 {percent}")[0] == f"앞 {word}"
    assert escapes.decode_utf7("앞 " + word.encode("utf-7").decode())[0] == f"앞 {word}"
    shifted = "".join(chr(b & 0x7F) for b in word.encode("euc-kr"))
    assert escapes.decode_iso2022kr(f"ab \x0e{shifted}\x0f cd")[0] == f"ab {word} cd"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A &amp; B &gt; C", "A & B > C"),
        ("설정 &gt; `a &gt; b` &gt; 끝", "설정 > `a &gt; b` > 끝"),
        ("`열기만 한 &lt;따옴표", "`열기만 한 <따옴표"),
        ("<li>재무 &amp; 회계 &lt;표&gt;</li>", "<li>재무 & 회계 &lt;표&gt;</li>"),
        ("q = &sum; &unknown;", "q = &sum; &unknown;"),
        ("&unknown; &#0; &#xD800; &#1114112;", "&unknown; &#0; &#xD800; &#1114112;"),
        ("줄임표&hellip;", "줄임표…"),
        ("웃음 &#55357;&#56832; &#xD83D;&#xDE00; &#55357; &#56832;&#55357;", "웃음 😀 😀 &#55357; &#56832;&#55357;"),
        ("```\n&lt;\n```\n&lt;", "```\n&lt;\n```\n<"),
    ],
)
def test_entities(text, expected):
    assert escapes.decode_entities(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "/wiki/%EB%AC%BC%EA%B2%B0",
        "https://example.com/?q=%EB%AC%BC%EA%B2%B0",
        "index.html#%EB%AC%BC%EA%B2%B0",
        "100%25%25",
        "`%EB%AC%BC%EA%B2%B0`",
    ],
)
def test_urls_and_code_stay(text):
    assert escapes.decode_percent(text) == (text, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"8\uc6d4 \ubb3c\uacb0 \u2018\uac12\u2019 \ud83d\ude00", "8월 물결 ‘값’ 😀"),
        (r"\ubb3c\uacb0 [\uac00-\ud7a3] \uac12", r"물결 [\uac00-\ud7a3] \uac12"),
        (r"\ubb3c\uacb0 그리고 \ud83d \u0007", r"물결 그리고 \ud83d \u0007"),
        (r"\uac12 하나", r"\uac12 하나"),
    ],
)
def test_short_escapes_beside_long_ones(text, expected):
    assert escapes.decode_unicode_escapes(text)[0] == expected
    assert escapes.decode_unicode_escapes(expected)[1] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8%EC%9B%94 %EB%AC%BC%EA%B2%B0%20%E2%80%9C%EA%B0%92%E2%80%9D", "8월 물결 “값”"),
        ("%B9%B0%B0%E1 %B0%AA %C0%B8", "물결 값 으"),
        ("%EB%AC%BC%EA%B2%B0 %E6%9D%B1%E6%B5%B7", "물결 東海"),
        ("%EA%B0%92 하나", "%EA%B0%92 하나"),
        ("%EB%AC%BC%EA%B2%B0 /wiki/%EA%B0%92", "물결 /wiki/%EA%B0%92"),
    ],
)
def test_short_percent_encoded_words_beside_long_ones(text, expected):
    assert escapes.decode_percent(text)[0] == expected
    assert escapes.decode_percent(expected)[1] == 0


@pytest.mark.parametrize("text", ["1+1", "a+b-c", "+82-10-0000-0000", "base64 +abcdEFGH/xyz0123==", "C++"])
def test_pluses_stay(text):
    assert escapes.decode_utf7(text) == (text, 0)


def test_bare_iso2022kr_leaves_english():
    text = "Subject: HELLO WORLD 2024\nBest regards"
    assert escapes.decode_iso2022kr("$)C\n" + text)[0].endswith(text)
