"""What pages of unseen sites showed: titles, lists, frames, and what stands around an article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.extraction.edges import trim_edges
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError
from algok.pipelines.extraction.tidy import tidy

SENTENCE = "봄이 오면 마을 사람들은 도서관 앞마당에 모여 책을 읽고 이야기를 나누었다. 해가 지면 저마다 집으로 돌아갔다."
TEXT = f"<p>{SENTENCE * 3}</p>"


def text(body: str, head: str = "") -> str:
    return extract(f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()).text


def lines(body: str) -> list[str]:
    return [line.strip() for line in text(body).splitlines() if line.strip() and SENTENCE not in line]


@pytest.mark.parametrize(
    "readings", ["<rt>계</rt>節<rt>절</rt>", "<rp>(</rp><rt>계</rt><rp>)</rp>節<rp>(</rp><rt>절</rt><rp>)</rp>"]
)
def test_readings_are_not_mixed_into_the_words(readings):
    assert text(f"<p><ruby>季{readings}</ruby>이 바뀐다</p>") == "季節이 바뀐다"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<ol class="x" start="3"><li>셋</li><li>넷</li></ol><ol><li>하나</li></ol>', ["3. 셋", "4. 넷", "1. 하나"]),
        ("<ol start=0><li>영<li>일</ol>", ["0. 영", "1. 일"]),
        ("<ol start=-1><li>전<li>영</ol>", ["-1. 전", "0. 영"]),
        ('<ol start="999999"><li>끝</li></ol>', ["999999. 끝"]),
        ("<ol><li>하나</li><li value=5>다섯</li><li>여섯</li></ol>", ["1. 하나", "5. 다섯", "6. 여섯"]),
        ("<ol reversed><li>셋</li><li>둘</li><li>하나</li></ol>", ["3. 셋", "2. 둘", "1. 하나"]),
        ('<ol reversed start="10"><li>열</li><li>아홉</li></ol>', ["10. 열", "9. 아홉"]),
        ('<ol type="A"><li>가</li><li>나</li></ol>', ["A. 가", "B. 나"]),
        ("<ol type=i start=4><li><p>넷</p></li><li><b>다섯</b></li></ol>", ["iv. 넷", "v. 다섯"]),
        ("<ol type=1><li>하나</li></ol>", ["1. 하나"]),
        (
            "<OL START=2><li>둘<ol type=a><li>가</li><li>나</li></ol></li><li>셋<ul><li>점</li></ul></li></OL>",
            ["2. 둘", "a. 가", "b. 나", "3. 셋", "• 점"],
        ),
        ('<ol start="x"><li>하나</li></ol>', ["1. 하나"]),
    ],
)
def test_ordered_lists_are_numbered_as_the_page_numbers_them(markup, expected):
    assert lines(f"<article>{TEXT}{markup}{TEXT}</article>") == expected


def test_marks_of_a_hostile_page_take_no_text_with_them():
    page = f"<article>{TEXT}<ol start=2><li>\ufdd1둘 글\ufdd2 끝</li></ol><p>\ufdd1 줄의 나머지</p>{TEXT}</article>"
    assert lines(page) == ["2. 둘 글 끝", "줄의 나머지"]


def test_many_lists_that_begin_late_cost_no_memory():
    page = "<ol start=999><li>가</li></ol>" * 20_000
    assert len(text(page)) < 3 * len(page)


def test_empty_paragraphs_of_an_editor_are_one_blank_line():
    empty = "<p>\u200b</p><p>&nbsp;</p><p>\ufeff<br></p>" * 4
    assert text(f"<article>{TEXT}{empty}<p>끝.</p></article>").endswith("돌아갔다.\n\n끝.")


@given(st.text("가 \n\u200b\ufeff\t", max_size=40))
def test_tidy_is_idempotent_and_keeps_letters(given_text):
    tidied = tidy(given_text)
    assert tidy(tidied) == tidied and tidied.count("가") == given_text.count("가") and "\n\n\n" not in tidied


@pytest.mark.parametrize(
    "body",
    [
        "<script>f()</script><iframe id=mainFrame src='/PostView?id=1'></iframe>",
        "<frameset cols=20,80><frame src='/PostView?id=1'><noframes>프레임을 지원하지 않습니다.</noframes></frameset>",
    ],
)
def test_a_page_that_only_shows_a_frame_names_it(body):
    with pytest.raises(ExtractError) as caught:
        extract(f"<html>{body}</html>".encode())
    assert caught.value.reason == "frame_only" and "/PostView?id=1" in str(caught.value)


def test_the_article_in_the_data_of_a_page_is_taken():
    article = SENTENCE * 4
    linked = f'<script type="application/ld+json">{{"@graph": [{{"articleBody": "{article}"}}]}}</script>'
    assert text(f"<div id=root></div>{linked}") == article
    drawn = f'<script id="__NEXT_DATA__" type="application/json">{{"props": {{"articleBody": "<p>{article}</p>"}}}}</script>'
    assert text(f"<div id=__next></div>{drawn}") == article
    assert article not in text(f"<article>{TEXT}</article>" + linked.replace("봄이", "겨울이"))
    assert text('<p>짧다</p><script type="application/ld+json">{"articleBody": broken</script>') == "짧다"


@pytest.mark.parametrize("name", ["", "post-header", "entry-header", "page-header", "header", "article__header banner"])
def test_a_title_in_the_header_of_an_article_is_kept_once(name):
    header = f'<header class="{name}"><h1>글의 제목</h1></header>'
    assert lines(f"<main><article>{header}{TEXT}</article></main>") == ["글의 제목"]
    assert lines(f"<main><h1>글의 제목</h1><article>{header}{TEXT}</article></main>") == ["글의 제목"]


def test_signs_before_subtitles_go():
    body = f"<h2><a href='#a' class=anchor><span>#</span></a>소제목</h2>{TEXT}<h3># 둘째</h3>{TEXT}<h3>C# 언어</h3>"
    assert lines(f"<article>{TEXT}{body}{TEXT}</article>") == ["소제목", "둘째", "C# 언어"]


@pytest.mark.parametrize(
    "hidden",
    [
        "(<a href='mailto:a@example.com'></a>)",
        "[<script>write('a')</script>]",
        '(<a class="__cf_email__" data-cfemail="ab">[email&#160;protected]</a>)',
        '&lt;<span class="__cf_email__" data-cfemail="ab">[email&nbsp;protected]</span>&gt;',
    ],
)
def test_brackets_of_hidden_addresses_go(hidden):
    assert lines(f"<article>{TEXT}<p>홍길동 기자 {hidden} 씀</p>{TEXT}</article>") == ["홍길동 기자 씀"]
    assert "print()" in text(f"<article>{TEXT}<p><code>print()</code>를 부른다.</p></article>")


def test_warnings_authors_and_neighbours_go_from_the_edges():
    around = "<p>이 브라우저는 더 이상 지원하지 않습니다. 업데이트하세요.</p>"
    behind = "<div class='author-box'>글쓴이 홍길동</div><p><a href=/1>← 이전 글: 겨울</a></p><p><a href=/2>다음 글 여름</a></p>"
    assert lines(f"{around}<article>{TEXT}</article>{behind}") == []


def test_edges_leave_articles_about_such_things_alone():
    article = "\n\n".join(
        [
            "자바스크립트",
            *[f"{n}번째 문단이다. {SENTENCE}" for n in range(9)],
            "다음 글에서는 배열을 배운다. 기대해 주세요.",
        ]
    )
    kept = trim_edges(article)
    assert kept.startswith("자바스크립트\n") and "8번째 문단" in kept


@given(
    st.lists(
        st.sampled_from(["봄", "이전 글: 겨울", "다음 글", "꽃이 피었다.", "", "JavaScript를 활성화하세요"]),
        max_size=12,
    )
)
def test_trimming_never_empties_a_text_and_only_takes_lines(given_lines):
    before = tidy("\n".join(given_lines))
    after = trim_edges(before)
    assert set(after.split("\n")) <= {*before.split("\n"), ""}
    assert "꽃이 피었다." not in before or "꽃이 피었다." in after
