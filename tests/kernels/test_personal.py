"""The detector of personal data: what it flags, that windows are whole and apart, and that it survives any bytes."""

import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference.jit import machine_code

from algok.kernels.buffers import string_buffers
from algok.kernels.personal import MARGIN, find


def windows(*texts: str) -> list[list[str]]:
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    found, ends = find(data, offsets)
    return [[data[a:b].tobytes().decode() for a, b in found[ends[d] : ends[d + 1]]] for d in range(len(texts))]


@pytest.mark.parametrize(
    "text",
    ["010-0423-8891", "01004238891", "공일공 공사이삼 팔팔구일", "０１０－０４２３－８８９１", "991231-3042711", "991231-3******",
     "a@b.kr", "a @ b.kr", "a [at] b", "12가3456",
        "서울 강남구 테헤란로 99152", "성명: 배도현", "예금주 배도현", "성  명 : 배도현",
     "배도현 올림", "배도현 고객님", "카톡 아이디: abc", "텔레그램 @abc",
        "여권 M00012345", "M00012345", "주소: 테헤란로 9",
     "농협 0001 0234 5678 91", "203.0.114.7", "신청인 배 도 현", "배도현 (인)"],
)  # fmt: skip
def test_flagged(text):
    assert windows(f"앞의 문장이다.\n{text}\n뒤의 문장이다.")[0]


@pytest.mark.parametrize(
    "text",
    ["2024-01-15 14:30:22", "2023.12.30, 2024.1.15, 2024.2.20", "1,234,567원에서 2,345,678원으로", "아이가 이름을 불렀다",
     "고객을 모신다", "회원 가입", "주소를 옮긴다", "서울에서 3시간", "경기도로 넘어갔다",
        "@app.route", "제12조 제3항",
     "신청한 경우에는", "3.14159", "인스턴스 abc", "**①** 2024.6.19 **②**", "99999999999999999999"],
)  # fmt: skip
def test_not_flagged(text):
    assert windows(f"앞의 문장이다.\n{text}\n뒤의 문장이다.") == [[]]


def test_a_window_has_its_margin_and_windows_that_touch_are_one():
    far = "가" * (MARGIN + 40)
    [[one]] = windows(f"{far}010-0423-8891{far}")
    assert "010-0423-8891" in one and len(one.encode()) >= 2 * MARGIN
    assert len(windows(f"010-0423-8891{far * 3}010-0519-7723")[0]) == 2
    assert len(windows("010-0423-8891 그리고 010-0519-7723")[0]) == 1


@given(
    st.lists(
        st.text(alphabet="0123456789-. 가나다라공일이성명로길시구@a()&;<>*\u200b\U0001f600é\n", max_size=400),
        max_size=5,
    )
)
@settings(max_examples=100, deadline=None)
def test_windows_are_whole_characters_apart_and_inside_their_documents(texts):
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    found, ends = find(data, offsets)
    for d in range(len(texts)):
        own = found[ends[d] : ends[d + 1]]
        assert all(offsets[d] <= a < b <= offsets[d + 1] for a, b in own)
        assert all(own[k][1] < own[k + 1][0] for k in range(len(own) - 1))
        for a, b in own:
            data[a:b].tobytes().decode()


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_survived(raw):
    found, ends = find(np.frombuffer(raw, np.uint8), np.array([0, len(raw) // 2, len(raw)], np.int64))
    assert ends[-1] == len(found)


@machine_code
@pytest.mark.parametrize("unit", ["1", "1-", "가 ", "서울 로 1", "@a", "<b>", "&#1;", "성명", "12가"])
def test_hostile_documents_take_linear_time(unit):
    data, offsets = string_buffers(pa.array([unit * (2_000_000 // len(unit))], pa.large_string()))
    find(data[:9], np.array([0, 9], np.int64))
    start = time.process_time()
    find(data, offsets)
    assert time.process_time() - start < 2
