"""The detector of personal data: what it flags, as its plain twin says, that windows are whole and apart, and any bytes."""

import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernels.reference import personal as twin
from kernels.reference.jit import machine_code
from kernels.reference.texts import DETAILS, FILES, TEXTS

from algok.kernels.buffers import string_buffers
from algok.kernels.personal import MARGIN, characters_before, find


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


def ranges(*texts: str) -> list[list[tuple[int, int]]]:
    """Windows of every text, counted from its first byte."""
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    found, ends = find(data, offsets)
    return [
        [(int(a - offsets[d]), int(b - offsets[d])) for a, b in found[ends[d] : ends[d + 1]]] for d in range(len(texts))
    ]


# Of each limit a text that just opens a window, and one that just does not. Letters b open nothing.
BORDERS = [
    # signs between digits, groups, and their shapes
    ("010---1234---5678", "010----1234---5678"),
    ("012345678", "112345678"),
    ("1234567890", "12345678901234567"),
    ("3146-1316", "2024-1316"),
    ("1588 0000", "1788 0000"),
    ("02 123 4567", "12 123 4567"),
    ("1234 5678 1234 5678", "1234 5678 123 5678"),
    ("123456 1 123456", "123456 1 12345"),
    ("12-34-56-78-90", "12-34-56-78-9"),
    ("1934-2024-123-15", "1934-2024-1-15"),
    ("1 2 3 4 5 6 7 8 9 0", "1 2 3 4 5 6 7 8 9"),
    ("203.0.114.7", "2030.0.114.7"),
    ("①②③ 45 67 89", "①② 345 67 89"),
    ("1234567●●", "123456●●"),
    ("123456●●●", "12345●●●●"),
    ("공일공에 1234에 5678", "공일에 1234에 5678"),
    # what does not count between digits
    ("010<b a=123456>12345678", "010<b a=1234567>12345678"),
    (f"010<{'b' * 38}>12345678", f"010<{'b' * 39}>12345678"),
    ("010&bcdefgh;12345678", "010&bcdefghj;12345678"),
    # passports, plates, addresses
    ("M12345678", "N12345678"),
    ("M123A4567", "M123A456"),
    ("123가4567", "1234가4567"),
    ("12가4567", "12가45678"),
    ("대구 달서구 마 6550", "대구 달서구달 마 6550"),
    (f"강남구{'b' * 177}로 12", f"강남구{'b' * 178}로 12"),
    ("강남구 가로 12", "강남구 으로 12"),
    ("강남구 로지하 12", "강남구 로지하  12"),
    ("그는 동 12-3 앞", "그는 동 12 앞"),
    ("1동 12호", "힣동 12호"),
    (f"1동 1{'-' * 38}2호", f"1동 1{'-' * 39}2호"),
    (f"1{'b' * 29}-ro", f"1{'b' * 30}-ro"),
    # words and what must stand beside them
    ("성    명 배도현", "성     명 배도현"),
    ("성 명 배도현", "본 인 배도현"),
    (f"성명{' ' * 16}배도현", f"성명{' ' * 17}배도현"),
    (f"성명 분{' ' * 16}배도현", f"성명 분{' ' * 17}배도현"),
    ("성명 배   도   현", "성명 배    도   현"),
    ("이름: 배도현", "이름 배도현"),
    ("배도 올림", "힣배도 올림"),
    ("배도현  올림", "배도현   올림"),
    (f"배도현 고객{'b' * 10}님", f"배도현 고객{'b' * 11}님"),
    ("텔가나다라마:b", "텔가나다라마바:b"),
    (f"텔{' ' * 9}b", f"텔{' ' * 10}b"),
    (f"주소{' ' * 11}: 9", f"주소{' ' * 12}: 9"),
    (f"주소:{' ' * 188}9", f"주소:{' ' * 189}9"),
    (f"여권{' ' * 47}{'1b' * 7}", f"여권{' ' * 48}{'1b' * 7}"),
    (f"계좌{' ' * 41}{'1b' * 10}", f"계좌{' ' * 42}{'1b' * 10}"),
    # e-mail and messengers in Latin letters
    (f"b#b{'b' * 38}.kr", f"b#b{'b' * 39}.kr"),
    ("b @ b", "b  @ b"),
    ("b( at )", "b( at  )"),
    ("b at b.kr", "b at bkr"),
    (f"id{' ' * 10}b1", f"id{' ' * 11}b1"),
    ("2a01:4f8:", "2a01:4f8c2:"),
    # lists, classes, chats, births, numbers of members
    (f"명단{' ' * 149}배도현", f"명단{' ' * 150}배도현"),
    ("명단: 배도현님", "명단: 배도현이"),
    ("명단 b 배도현, b", "명단 b 배도현 b"),
    (f"학년{' ' * 39}배도현", f"학년{' ' * 40}배도현"),
    ("배도현님이 나갔", "배도현님은 나갔"),
    ("오후 4:11, b", "오후 4:11 b"),
    (f"생일{' ' * 56}1999", f"생일{' ' * 57}1999"),
    (f"학번{' ' * 36}1999", f"학번{' ' * 37}1999"),
    ("회원 번호 1999", "회원의 수 1999"),
    ("톡(b", "톡"),
    ("홍보@한빛.한국", "홍보@한빛"),
    ("ㅇㅇ(118.235)", "가(118.235)"),
    ("가(118.235) 21", "가(118.235) 2"),
    ("12가 34 56", "12가 34  56"),
]


@pytest.mark.parametrize(("inside", "outside"), BORDERS)
def test_a_limit_lies_where_the_plain_twin_says(inside, outside):
    assert (bool(ranges(inside)[0]), bool(ranges(outside)[0])) == (True, False)
    assert [ranges(text)[0] for text in (inside, outside)] == [twin.windows(inside), twin.windows(outside)]


@settings(max_examples=1500, deadline=None)
@example("동12-3 앞", "")
@example("그는 동 12-3 앞", "서울 강남구")
@example("010-1234-5678" + "<a href=1234567890123456789012345678>" * 20 + "&#64; ", "")
@example("o1 2A4567 M123O4567 M123A4567", "M")
@example("주민 " + "가" * 18 + "1234567", "")
@example("주 민" + "가" * 18 + "1234567", "")
@example("2a01:4f8:c2c:1::1 12a01:4f8: 118.90.xxx.33", "1")
@example("991231-3****** 991231-3●●●●●● 공일공에 1234에 5678", "")
@given(st.one_of(DETAILS, FILES, TEXTS, st.tuples(DETAILS, FILES, DETAILS).map("".join)), DETAILS)
def test_a_text_has_the_windows_of_the_plain_twin_whatever_lies_beside_it(text, other):
    assert ranges(other, text, other)[1] == twin.windows(text)


@given(st.lists(st.one_of(DETAILS, FILES), max_size=5), st.text(max_size=9))
@settings(deadline=None)
def test_characters_before_a_window_are_those_of_its_document(texts, filler):
    texts = [(filler + text) * 40 for text in texts]
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    windows, ends = find(data, offsets)
    documents = np.repeat(np.arange(len(texts)), np.diff(ends))
    expected = [len(bytes(data[offsets[d] : start]).decode()) for d, (start, _) in zip(documents, windows, strict=True)]
    assert characters_before(data, offsets, windows, ends).tolist() == expected


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
