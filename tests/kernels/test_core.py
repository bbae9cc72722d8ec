"""The kernel that finds the core of a text, against its definition in regular expressions."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.kernels.buffers import string_buffers
from algok.kernels.core import CORE_BYTES, core, core_range

PARAGRAPH = "나무를 심는 사람들은 봄마다 언덕에 모여 구덩이를 파고 물을 길어 왔다. " * 8
LINES = ["홈", "로그인", PARAGRAPH, PARAGRAPH * 3, "긴 줄이지만 마침표가 없다 " * 9, "a" * 120, "끝 3.5 " * 30]
LINES += [
    '그는 "간다!") 했다' + " 가" * 60,
    "성명: 홍길동",
    "주소 :\t서울",
    "시간 12:30",
    "https://a.kr",
    "",
    "값:",
    ": 값",
]
LINES += ["a: b: c", " x (y): z ", "\r"]


def found(text: str) -> str:
    data, offsets = string_buffers(pa.array(["앞\n", text, "\n뒤"], pa.large_string()))
    first, end = core_range(data, offsets[1], offsets[2])
    return data[first:end].tobytes().decode()


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(max_size=150)), max_size=14))
def test_the_core_is_that_of_the_definition(lines):
    text = "\n".join(lines)
    assert found(text) == core(text)


@settings(max_examples=100, deadline=None)
@given(st.text(st.sampled_from("가a.!?\"')] \n3:"), min_size=CORE_BYTES, max_size=3 * CORE_BYTES))
def test_the_core_of_any_marks(text):
    assert found(text) == core(text)


def test_menus_go_and_what_lies_between_prose_stays():
    body = f"{PARAGRAPH * 2}\n사진 = 기자\n{PARAGRAPH * 2}"
    assert found(f"홈\n로그인\n{body}\nⓒ 알곡") == body


@pytest.mark.parametrize(
    "text",
    [
        f"홈\n{PARAGRAPH}\nⓒ 알곡",  # too little prose
        "\n".join(["짧은 줄"] * 900 + [PARAGRAPH * 3]),  # less than half of the text
        "\n".join(f"항목{k}: 값" for k in range(5)) + "\n" + PARAGRAPH * 4,  # a form
        "\n".join(["해는 저물고"] * 400),
        "",
    ],
)
def test_other_texts_are_their_own_core(text):
    assert found(text) == text


def test_the_example_of_the_module_is_what_it_says():
    body = f"{'가' * 232}다.\n사진 = 기자\n{'가' * 298}다. a"
    assert [len(line.encode()) for line in body.split("\n")] == [700, 15, 900]
    assert found(f"홈\n로그인\n{body}\nⓒ 알곡") == body


@pytest.mark.parametrize("piece", [".", "가.", "a: ", "\n", "가" * 40 + ".\n", ":" * 9])
def test_hostile_texts(piece):
    text = piece * (10**6 // len(piece.encode()))
    assert len(found(text)) <= len(text)
    data = np.frombuffer(text.encode(), np.uint8)
    first, end = core_range(data, 0, len(data))
    assert 0 <= first <= end <= len(data)
