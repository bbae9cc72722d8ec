"""Marks of transcribers: what of them stays, on clean text nothing happens, and again changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.sources.marks import MARKS, stripped

CLEAN = "어제 산 책 3권을 읽었다. 값은 (세금 포함) 12,000원이고, 서울/부산 어디서나 A/S를 받는다. 1+1=2 & 3*3=9…"
ALL = tuple(MARKS)


@pytest.mark.parametrize(
    ("text", "names", "found"),
    [
        ("(3개)/(세 개) 샀어", "dual", "3개 샀어"),
        ("(70%)/(칠십 퍼센트)와 (1)/ (일)", "dual", "70%와 1"),
        ("n/ 그래서 b/ 왔어 o/", "noise", "그래서 왔어"),
        ("b/n/ 네", "noise", "네"),
        ("음/ 그/ 저기", "noise", "음 그 저기"),
        ("그+ 그래서 알아듣기* 힘들다", "stammer", "그 그래서 알아듣기 힘들다"),
        ("네 {laughing} 그래요 {share:photo}", "braces", "네 그래요"),
        ("((xx)) 저는 ((아마)) (()) 갔어요", "unclear", "저는 아마 갔어요"),
        ("&name1&이 &tel-num2&로 &party&에", "hidden", "<이름>이 <전화번호>로 <비식별>에"),
        ("name1하고 address2에서 rename3", "hidden", "<이름>하고 <주소>에서 rename3"),
        ("#@이름#아 #@시스템#사진# 봐 #@이모티콘#", "sns", "<이름>아 봐"),
        ("제1조<br/>제2조 <b>굵게</b> 가 &lt; 나&amp;다", "html", "제1조\n제2조 굵게 가 < 나&다"),
        ("밝혔다. . . 글로벌", "dots", "밝혔다.\n글로벌"),
    ],
)
def test_a_mark_goes_and_the_text_stays(text, names, found):
    assert stripped(text, (names,)) == found


@pytest.mark.parametrize("name", ALL)
def test_clean_text_is_left_alone(name):
    assert stripped(CLEAN, (name,)) == CLEAN


PIECES = [
    "(", ")", "/", "n/", "b", "음/", "{", "}", "x", "&", "name1", "#@", "이름", "#", "<br>", "&lt;", "&gt;", ". .", ".", "+",
    "*", " ", "\n", "가", "1", "<", ">", "a",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from([*((name,) for name in ALL), ALL]))
def test_again_changes_nothing(text, names):
    once = stripped(text, names)
    assert stripped(once, names) == once


def test_hostile_nesting_is_left_as_it_is():
    text = "(" * 3000 + "a" + ")/(b)" * 3000
    assert stripped(text, ("dual",)) == text
