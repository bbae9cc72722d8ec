"""Invisible characters out, except where they do something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.repair.invisible import plain_line_ends, plain_spaces, remove_invisible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("가\u200b나\ufeff다\xad라\u2060마", "가나다라마"),
        ("가\u200d나 \u200d", "가나 "),
        ("\x1b[31m빨강\x1b[0m", "빨강"),
        ("가\u202e나\u202c", "가나"),
        ("가\U000e0049\U000e0067나", "가나"),
        ("ㄱ\u115f \u1160ㄴ", "ㄱ ㄴ"),
    ],
)
def test_removed(text, expected):
    cleaned, count = remove_invisible(text)
    assert cleaned == expected and count > 0


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d💻 👨\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "می\u200cروم",
        "क्\u200dष",
        "ไทย\u200bไทย",
        "\u200fשלום\u200e 123",
        "\u115fᅡ ᄀ\u1160",
    ],
)
def test_kept(text):
    assert remove_invisible(text) == (text, 0)


@given(
    st.text(
        st.sampled_from("가a \n\u200b\u200c\u200d\u200e\u202e\ufeff\x00\x1b[m👩💻ش\U000e0041🏴\u115fᄀ"), max_size=30
    )
)
def test_once_is_enough_and_only_invisible_goes(text):
    cleaned, count = remove_invisible(text)
    assert [c for c in cleaned if c in "가a \n👩💻ش🏴ᄀ"] == [c for c in text if c in "가a \n👩💻ش🏴ᄀ"]
    assert (count == 0) == (cleaned == text)


def test_spaces_and_line_ends():
    assert plain_spaces("가\xa0나\u3000다\u3164라\u2009마") == ("가 나 다 라 마", 4)
    assert plain_line_ends("가\r\n나\r다\u2028라\x0b마\x85") == ("가\n나\n다\n라\n마\n", 5)
