"""Namumark to text: every construct of Namuwiki's pages, and anything at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.extraction.wiki.namumark import is_disambiguation, is_redirect, namumark


@pytest.mark.parametrize(("source", "text"), [
    # links and macros
    ("[[계절|철]]은 [[봄(계절)]]이다. [[나무위키#s-3|절]] [[나무위키#역사]] [[C#]]", "철은 봄(계절)이다. 절 나무위키 C#"),
    ("[[파일:a.png|width=100]][[분류:계절]]봄[[https://a.example]] [[https://a.example|곳]][[https://a.example|#]]", "봄 곳"),
    ("[[위키백과:봄]] [[/역사]] [[#둘째|아래]] [[#s-1]]끝", "봄 역사 아래 끝"),
    ("[[a|[[파일:b.png]]]]봄[[닫지 않은|고리", "봄고리"),
    ("[include(틀:상세, 문서=[[봄]])]\n[목차]\n[[봄]]이다.[youtube(a__b--c)][clearfix]", "봄이다."),
    ("데뷔 [dday(2015-09-15)]일'''째''', 나이 [age(1990-01-01)]세는 [date]", "데뷔, 나이 는"),
    ("첫 줄[br]둘째 줄 [ruby(漢字, ruby=한자)]", "첫 줄\n둘째 줄 漢字"),
    ("식 [math(x^{2}_{n} \\frac{a}{b})]와 <math>[[a]]</math>", "식 $x^{2}_{n} \\frac{a}{b}$와 $[[a]]$"),
    ("\\[목차\\] \\'\\'\\'그대로\\'\\'\\'", "[목차] '''그대로'''"),
    # style
    ("'''굵게''' ''기울여'' __밑줄__ 10^^6^^ m^^2^^ H,,2,,O ~~농담~~이다 --지움--끝", "굵게 기울여 밑줄 10⁶ m² H₂O 이다 끝"),
    ("2010~2020년, 가--나, 우와~~, ---", "2010~2020년, 가--나, 우와~~, ---"),
    ("{{{#red 붉은}}} {{{#fff,#000 흰}}} {{{+2 큰 '''굵은'''}}} {{{-1 {{{#blue 겹친}}}}}}", "붉은 흰 큰 굵은 겹친"),
    ("{{{[[그대로]] '''둔다'''}}} {{{닫지 않은", "[[그대로]] '''둔다''' 닫지 않은"),
    ("{{{#!syntax python\nif a:\n    b = '''c'''\n}}}", "if a:\n    b = '''c'''"),
    ("{{{#!wiki style=\"margin:0\"\n꾸민 글}}} {{{#!html <b>a</b>}}}끝", "\n꾸민 글 끝"),
    ("{{{#!folding [ 펼치기 · 접기 ]\n접힌 글}}}", "접힌 글"),
    ("{{{#!folding 줄거리\n접힌 글}}}", "줄거리\n접힌 글"),
    # notes
    ("봄이다.[* 3월부터 [[5월]]까지.] 꽃[*A 이름 있는 주[* 속의 주]]이 핀다.[*A]",
        "봄이다. 꽃이 핀다.\n3월부터 5월까지.\n이름 있는 주\n속의 주"),
    ("[1] 번호와 [보이스] 말[* [1]과 같다]", "[1] 번호와 [보이스] 말\n[1]과 같다"),
    ("봄[* 닫지 않은 주", "봄 닫지 않은 주"),
    # lines
    ("= 큰 제목 =\n글\n==# 접은 제목 #==\n글\n== 관련 문서 ==\n * [[봄]]\n== 빈 절 ==", "큰 제목\n\n글\n\n접은 제목\n\n글"),
    (" * 하나\n  * 둘\n 1. 셋\n 1. 넷\n a. 다섯\n> 인용\n>> 겹친 인용\n----\n끝",
        "- 하나\n  - 둘\n1. 셋\n2. 넷\n3. 다섯\n인용\n겹친 인용\n\n끝"),
    ("## 숨긴 말\n글\n#!noheadline\n#숫자", "글\n\n#숫자"),
    # tables
    ("||<tablealign=center><#fff><-2> '''제목''' ||\n||<|2><width=10%> 가 || 나[br]다 ||\n|| 라 ||", "제목\n가\t나 다\n라"),
    ("|표의 이름| 가 || 나 ||\n글", "표의 이름\n가\t나\n글"),
    ("||<bgcolor=#fff>\n * 여러\n * 줄 || 둘째\n칸 ||\n글", "- 여러 - 줄\t둘째 칸\n글"),
    ("|| '''{{{#!wiki style=\"a\"\n{{{#fff 랭크}}}}}}''' || <신의 탑> ||", "랭크\t<신의 탑>"),
    ("|| 닫지 않은 || 줄\n글\n== 절 ==\n글", "닫지 않은 줄\n글\n\n절\n\n글"),
    ("|| 가[* 칸의 주] || 나 ||", "가\t나\n칸의 주"),
])  # fmt: skip
def test_a_construct_becomes_text(source, text):
    assert namumark(source).text == text.strip("\n")


def test_what_is_struck_through_and_notes_go_by_policy():
    source = "봄은 ~~춥다~~ 따뜻하다.[* 대체로.]"
    assert namumark(source, struck=True).text == "봄은 춥다 따뜻하다.\n대체로."
    assert namumark(source, notes=False).text == "봄은 따뜻하다."


def test_categories_redirects_and_disambiguation_are_seen():
    assert namumark("[[분류:봄#blur]][[분류:여름]]").categories == ["봄", "여름"]
    assert is_redirect("#redirect 봄") and is_redirect("#넘겨주기 봄") and not is_redirect("#제목 봄")
    assert is_disambiguation("[[분류:동음이의어]]") and not is_disambiguation("[include(틀:다른 뜻)]")


@pytest.mark.parametrize(
    "piece",
    [
        "{{{",
        "}}}",
        "{{{#red ",
        "{{{#!wiki a\n",
        "[[",
        "[* ",
        "]",
        "||",
        "||\n",
        "~~",
        "--",
        "[math(",
        "^^",
        " * ",
        "[include(",
        "[[a|",
    ],
)
def test_hostile_nesting_ends_without_an_error(piece):
    for source in (piece * 20_000, piece * 3000 + "봄" + "}}}" * 3000 + "]]" * 3000, (piece + "가") * 5000):
        assert "\0" not in namumark(source).text


@given(st.text(st.sampled_from("{}[]|=*#>~-_^,'\\&\n \0\x01\x06가a1.()") | st.characters(codec="utf-8"), max_size=80))
def test_any_text_gives_text_without_our_marks(source):
    assert not set("\0\x01\x02\x03\x04\x05\x06") & set(namumark(source).text)


@given(
    st.lists(
        st.sampled_from(
            ["봄이 온다.", "main() 함수", "3,000원(세금 포함)", "2010~2020년", "a < b", "[1] 번호", "C++과 C#"]
        ),
        max_size=8,
    )
)
def test_prose_without_markup_is_left_alone(lines):
    text = "\n".join(lines)
    assert namumark(text).text == text
