"""Wikitext to text: every construct of Korean articles, and anything at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.extraction.wiki.wikitext import is_disambiguation, is_redirect, wikitext

PROSE = "봄은 한 해의 첫째 철이다. 3월부터 5월까지를 이른다.\n\n날이 풀리면 밭을 간다."


@pytest.mark.parametrize(("source", "text"), [
    # links
    ("[[계절|철]]은 넷이다. [[여름]]철", "철은 넷이다. 여름철"),
    ("[[:분류:계절|계절 분류]]와 [[:en:Spring|영어판]]", "계절 분류와 영어판"),
    ("[[en:Spring]]봄[[wikt:봄|낱말]] [[위키백과:도움말|도움말]]", "봄낱말 도움말"),
    ("[[파일:a.jpg|섬네일|왼쪽|200픽셀|[[봄]]의 {{lang|en|garden}} 모습]]봄이다.", "봄이다."),
    ("[[File:b.png|thumb|a [[b|c]] d]]\n[[그림:c.jpg]]봄", "봄"),
    ("[https://example.org 누리집]과 [https://example.org] 그리고 [1]", "누리집과 그리고 [1]"),
    ("[[닫지 않은 고리가 있다", "닫지 않은 고리가 있다"),
    ("앞글\n[[파일:d.jpg|섬네일|닫지 않은 설명\n뒷글", "앞글\n\n뒷글"),
    # notes
    ("봄이다.<ref name=\"a>\">책 {{웹 인용|제목=가}}</ref><ref name=a /> 꽃<ref group=주>둘</ref>이 핀다.", "봄이다. 꽃이 핀다."),
    ("봄이다.{{주태그|따로 붙인 말}} 꽃", "봄이다. 꽃"),
    ("값은 <ref>닫히지 않은 주", "값은 닫히지 않은 주"),
    ("== 봄 ==\n글\n== 각주 ==\n{{각주}}\n;내용주\n* 하나\n=== 출처 ===\n* 둘\n== 여름 ==\n더위", "봄\n\n글\n\n여름\n\n더위"),
    # templates
    ("'''대한민국'''({{llang|ko-Hani|大韓民國}}, {{llang|en|Korea}})", "대한민국(한국 한자: 大韓民國, 영어: Korea)"),
    ("트랜스포머({{음성|x}})는", "트랜스포머는"),
    ("서울({{좌표|37|N}}, 1394년)과 부산(釜山; {{없는 틀}})", "서울(1394년)과 부산(釜山)"),
    ("함수 main()은 {{없는 틀}} 그대로다.", "함수 main()은 그대로다."),
    ("길이는 {{convert|1234.5|km}}, 키는 {{변환|5|ft|10|in|cm}}", "길이는 1,234.5 km, 키는 5 ft 10 in"),
    ("{{convert|10|-|20|km|mi}}와 {{convert|3|by|4|m}}", "10 – 20 km와 3 × 4 m"),
    ("인구는 {{formatnum:9411260}}명, {{formatnum:1,234|R}}", "인구는 9,411,260명, 1,234"),
    ("{{날짜|2020|1|2}}에 태어나 {{사망일과 나이|2021-03-04|1950|1|1}}에 숨졌다.",
        "2020년 1월 2일에 태어나 2021년 3월 4일에 숨졌다."),
    ("{{출생일과 나이|1990|5}} {{시작 날짜|2001}}", "1990년 5월 2001년"),
    ("{{nihongo|도쿄|東京|Tōkyō}}와 {{lang|ja|大阪}}", "도쿄(일본어: 東京 Tōkyō)와 大阪"),
    ("{{한자|朝鮮}} {{색|red|붉은}} {{nowrap|붙여 쓴 말}}{{!}}", "한국 한자: 朝鮮 붉은 붙여 쓴 말|"),
    ("{{국기|대한민국}}, {{국기그림|일본}}{{JPN}}, {{분수|3|4}}, {{val|5.2|e=6|u=m}}", "대한민국, 일본, 3/4, 5.2×10^6 m"),
    ("{{화학식|H|2|O}}와 {{ubl|가|나}}, {{hlist|다|라}}", "H2O와 가, 나, 다 · 라"),
    ("{{lang|en|{{nowrap|[[a|{{small|b}}]]}}}}", "b"),
    ("{{출처 필요 범위|확인할 말|날짜=2020-1-1}}이다.{{출처}}", "확인할 말이다."),
    ("{{정보상자\n| 이름 = 봄\n| 설명 = {{llang|en|x}} [[여름]]\n}}\n봄이다.", "봄이다."),
    ("{{정보상자\n| 이름 = 닫지 않음\n봄이다.", "정보상자\n봄이다."),
    ("닫기만 }} 있고 {{열기만 있다", "닫기만 있고 열기만 있다"),
    ("{{PAGENAME}}은 {{lc:ABC}}", "봄은 ABC"),
    # elements
    ("넓이 10<sup>6</sup> m<sup>2</sup>, H<sub>2</sub>O, 주<sup>가</sup>", "넓이 10⁶ m², H₂O, 주가"),
    ("식 <math>x^{2}_{n}</math>과 <math display=\"block\">[[a]]</math>", "식 $x^{2}_{n}$과 $$[[a]]$$"),
    ("<nowiki>[[그대로]] {{둔다}}</nowiki> <code>a</code>", "[[그대로]] {{둔다}} a"),
    ("<syntaxhighlight lang=python>\nif a:\n    b = [[1]]\n</syntaxhighlight>", "if a:\n    b = [[1]]"),
    ("<pre>\n  '''a'''\n</pre>", "  '''a'''"),
    ("봄<!-- 숨긴 말 -->이<br/>왔다<!-- 끝까지", "봄이\n왔다"),
    ("앞\n<!-- 줄 -->\n뒤", "앞\n뒤"),
    ("<gallery>\n파일:a.jpg|설명\n</gallery>봄", "봄"),
    ("<div class=\"a\">가</div> a < b 그리고 <이름> &nbsp;&lt;끝&gt;", "가\n a < b 그리고 <이름> <끝>"),
    ("<ruby>漢<rp>(</rp><rt>한</rt><rp>)</rp></ruby>字", "漢字"),
    ("''기운 글'' '''굵은 글''' '''''둘 다''''' __목차숨김__", "기운 글 굵은 글 둘 다"),
    # lines
    ("* 하나\n** 둘\n# 셋\n# 넷\n; 말\n: 풀이\n----\n끝", "- 하나\n  - 둘\n1. 셋\n2. 넷\n말\n풀이\n끝"),
    ("== 빈 절 ==\n=== 빈 아래 절 ===\n== 글 ==\n있다\n== 끝의 빈 절 ==", "글\n\n있다"),
    ("a == b == c\n== 가 = 나 ==\n글", "a == b == c\n\n가 = 나\n\n글"),
])  # fmt: skip
def test_a_construct_becomes_text(source, text):
    assert wikitext(source, "봄").text == text


def test_a_table_is_a_line_for_each_row():
    source = """{| class="wikitable"
|+ style="a" | 도시의 크기
|-
! scope="col" | 도시 !! 인구
|-
| [[서울]]<br>특별시 || align=right | {{formatnum:9411260}}
|-
| 부산
| 340만<ref>통계</ref>
여러 줄
|}
뒷글"""
    assert wikitext(source).text == "도시의 크기\n도시\t인구\n서울 특별시\t9,411,260\n부산\t340만 여러 줄\n뒷글"


def test_tables_inside_of_cells_and_tables_that_are_not_closed():
    nested = "{|\n| 가\n| \n{|\n| 나 || 다\n|-\n| 라\n|}\n|-\n| 마\n|}\n바"
    assert wikitext(nested).text == "가\t나 다 라\n마\n바"
    assert wikitext("{|\n| 가 || 나\n\n== 절 ==\n글").text == "가\t나\n\n절\n\n글"
    assert wikitext("{|" * 3 + "\n| 가").text == "가"


def test_categories_are_told_in_their_order_without_sort_keys():
    page = wikitext("봄\n[[분류:한국의 계절|봄]]\n[[Category:Spring_time]][[분류:한국의 계절]]")
    assert page.categories == ["한국의 계절", "Spring time"] and page.text == "봄"


def test_redirects_and_disambiguation_are_seen():
    assert is_redirect("#넘겨주기 [[봄]]") and is_redirect(" #REDIRECT:[[봄]]") and not is_redirect("# 하나 [[봄]]")
    assert is_disambiguation("{{동음이의}}") and is_disambiguation("봄\n{{동명이인|성=김}}")
    assert is_disambiguation("{{Disambig}}") and not is_disambiguation("{{동음이의 설명|봄}} {{다른 뜻|봄}}")


@pytest.mark.parametrize(
    "piece",
    [
        "{{",
        "}}",
        "[[",
        "]]",
        "{|\n|",
        "<ref>",
        "{{lang|en|",
        "[[a|",
        "{{a|[[b|",
        "==",
        "<!--",
        "'''",
        "|}\n",
        "* ",
        "(",
    ],
)
def test_hostile_nesting_ends_without_an_error(piece):
    for source in (piece * 20_000, piece * 3000 + "봄" + "}}" * 3000 + "]]" * 3000, (piece + "가") * 5000):
        assert "\0" not in wikitext(source).text


@given(st.text(st.sampled_from("{}[]|=*#:;!<>/-'&\n\t \0\x01\x03가a1(),") | st.characters(codec="utf-8"), max_size=80))
def test_any_text_gives_text_without_our_marks(source):
    text = wikitext(source).text
    assert not set("\0\x01\x02\x03\x04\x05\x06") & set(text) and "{{" not in text.replace("{ {", "")


@given(
    st.lists(
        st.sampled_from(
            ["봄이 온다.", "main() 함수", "3,000원(세금 포함)", "", "a < b", "50% 할인", "[1] 번호", "12:30에 만나자"]
        ),
        max_size=8,
    )
)
def test_prose_without_markup_is_left_alone(lines):
    text = "\n".join(lines)
    assert wikitext(text).text == "\n".join(_one_blank(lines))


def _one_blank(lines: list[str]) -> list[str]:
    kept = [line for place, line in enumerate(lines) if line or (place and lines[place - 1])]
    while kept and not kept[0]:
        kept.pop(0)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def test_prose_of_many_paragraphs_is_left_alone():
    assert wikitext(PROSE) == (PROSE, [])
