"""Masking of excerpts and rejects: too much rather than too little, linear, and JSON stays JSON."""

import time

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.personal.coarse import excerpt, mask, redact, redact_column, redact_json, redact_url


@pytest.mark.parametrize(
    "text",
    [
        "010-0000-1234", "010 - 0000 - 1234", "010.0000.1234", "010/0000/1234", "010·0000·1234", "010_0000_1234",
        "(02) 000-1234", "０１０-００００-１２３４", "991332-1234567", "010\n0000\n1234", "12341234",
    ],
)  # fmt: skip
def test_long_numbers_lose_every_digit(text):
    assert not any(char.isdigit() for char in redact(f"전화는 {text} 입니다"))


@pytest.mark.parametrize(
    "text",
    ["gil.dong@example.com", "gil+dong@example", "길동@한국.한국", "gil%40example.com",
     "gil＠example．com", "g" * 300 + "@example.com"],
)  # fmt: skip
def test_addresses_are_masked_and_their_neighbours_stay(text):
    assert redact(f"문의: {text}, 감사합니다") == "문의: <이메일>, 감사합니다"


@pytest.mark.parametrize("text", ["2023년 5월 3일 12시 30분", "제3조 제2항, 15000원", "@홍길동 안녕", "3.14"])
def test_short_numbers_stay(text):
    assert redact(text) == text


@given(st.text(alphabet="0123456789-@. ab가\n", max_size=60))
def test_masking_is_idempotent_and_a_column_is_masked_like_its_texts(text):
    assert redact(redact(text)) == redact(text)
    assert redact_column(pa.array(["", text, None], pa.large_string())).to_pylist() == ["", redact(text), None]


_json = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


@given(_json)
def test_masked_json_is_json(value):
    text = orjson.dumps(value).decode()
    (masked,) = redact_column(pa.array([text]), redact_json).to_pylist()
    orjson.loads(masked)
    assert redact_json(masked) == redact_json(redact_json(masked))


def test_masked_json_keeps_its_shape():
    meta = {"phone": 1000001234, "lines": "\nfoo@example.com", "ratio": 0.5, "list": ["010-0000-1234", True]}
    masked = {"phone": "##########", "lines": "\n<이메일>", "ratio": 0.5, "list": ["###-####-####", True]}
    assert orjson.loads(redact_json(orjson.dumps(meta).decode())) == masked


@pytest.mark.parametrize("unit", ["a", "1-1-1-1-가", "a@", "%", "1----"])
def test_hostile_texts_take_linear_time(unit):
    """Twenty times the text may take sixty times as long (noise), not four hundred."""

    def seconds(length: int) -> float:
        text = unit * (length // len(unit)) + "@"
        start = time.process_time()  # a busy machine changes it less than the clock
        redact(text)
        return time.process_time() - start

    assert min(seconds(400_000) for _ in range(2)) < 60 * max(min(seconds(20_000) for _ in range(3)), 1e-3)


def test_an_excerpt_is_one_masked_line_without_control_characters():
    shown = excerpt("\x1b[31m빨강\u202e\n010-0000-1234 " + "가" * 500)
    assert shown.isprintable() and shown.startswith("\\u001b[31m빨강\\u202e ###-####-####")


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        (
            "https://n.example.org/local/2024031201?id=1700000000000",
            "https://n.example.org/local/2024031201?id=1700000000000",
        ),
        ("https://a.example.com/?tel=010-0000-1234", "https://a.example.com/?tel=###-####-####"),
        (
            "https://a.example.com/?tel=01000001234&mail=gil%40example.com",
            "https://a.example.com/?tel=###########&mail=<이메일>",
        ),
        ("https://a.example.com/991332-1234567.html", "https://a.example.com/######-#######.html"),
    ],
)
def test_addresses_lose_what_is_personal_and_keep_their_article_numbers(url, masked):
    assert redact_url(url) == masked


@given(st.text())
def test_masked_text_is_short_and_without_digits_or_control_characters(text):
    masked = mask(text)
    assert len(masked) <= 120 and masked.isprintable()
    # Digits may come back only as part of an escape.
    assert text.isprintable() is False or not any(c.isdecimal() for c in masked)


def test_mask_hides_addresses_and_numbers():
    assert mask("a.b+c@example.co.kr, ０１０-1234-5678\n") == "@, ###-####-####\\n"
