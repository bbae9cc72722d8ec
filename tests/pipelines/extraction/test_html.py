"""Extraction: what is kept, what is refused, and that no input is hostile enough."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.page import ExtractError, ExtractLimits

SENTENCE = "이 글은 시험을 위해 새로 쓴 문장이며, 본문이 사라지지 않는지 알아보려고 넉넉하게 길게 적었다."
MENU = "".join(f'<li><a href="/{i}">메뉴 {i}번</a></li>' for i in range(8))


def text_of(markup: str, **options) -> str:
    return extract(markup.encode(), "utf-8", content_type="text/html", **options).text


def article(inner: str) -> str:
    return (
        f"<html><head><title> 제목\n글 </title></head><body><nav><ul>{MENU}</ul></nav>"
        f"<div><div><p>{SENTENCE}</p>{inner}<p>{SENTENCE}</p></div></div><footer>회사 주소</footer></body></html>"
    )


def test_article_without_menu_and_footer():
    page = extract(article("").encode("cp949"), "euc-kr", content_type="text/html")
    assert page.text == f"{SENTENCE}\n\n{SENTENCE}"
    assert (page.title, page.encoding, page.encoding_source, page.replaced) == ("제목 글", "cp949", "http", 0)


def test_particles_after_inline_markup_are_kept():
    inner = "<p><code>x</code>를 <b>y</b>에 <a href=z>z</a>는 <i>가</i> <ruby>漢<rt>한</rt></ruby></p>"
    assert "x를 y에 z는 가 漢" in text_of(article(inner))


def test_icon_fonts_are_still_dropped():
    assert "\ue001" not in text_of(article("<i class=icon>\ue001</i>"))


def test_shallow_content_list_is_kept_and_menu_is_not():
    markup = f"<body><ul>{MENU}</ul><p>{SENTENCE}</p><ul><li>{SENTENCE}</li><li>둘째</li></ul><p>{SENTENCE}</p>"
    text = text_of(markup)
    assert "둘째" in text and "메뉴" not in text


def test_body_after_closed_html():
    text = text_of(f"<html><head><title>t</title></head></html><body><p>{SENTENCE}</p><p>{SENTENCE}</p></body>")
    assert text == f"{SENTENCE}\n\n{SENTENCE}"


def test_fallback_when_the_rules_lose_the_article():
    lost = f'<body><nav><ul>{MENU}</ul></nav><div class="sidebar"><p>{SENTENCE}</p><p>{SENTENCE}</p></div>'
    text = text_of(lost)
    assert text.count(SENTENCE) == 2 and "메뉴" not in text


def test_page_of_landmarks_only_is_not_lost():
    assert SENTENCE in text_of(f"<body><header><p>{SENTENCE}</p></header></body>")


def test_code_keeps_its_lines_without_line_numbers():
    code = "def f(x):\n    if x:\n        return 1\n\n    return 2"
    gutter = '<td class="gutter"><pre>1\n2\n3\n4\n5</pre></td>'
    text = text_of(article(f'<table><tr>{gutter}<td class="code"><pre>{code}</pre></td></tr></table>'))
    assert code in text and "1\n2\n3" not in text


def test_line_numbers_are_known_by_their_structure():
    code = "let x = 1;\nlet y = 2;\nlet z = 3;"
    cells = '<td><div class="nums"><span>1</span><br><span>2</span><br>3</div></td><td><pre>' + code + "</pre></td>"
    text = text_of(article(f"<table><tr>{cells}</tr></table>"))
    assert code in text and "1\n2" not in text


@pytest.mark.parametrize("numbers", ["1", "200 404", "3 2 1", "1 2 쪽"])
def test_cells_of_other_numbers_are_kept(numbers):
    text = text_of(article(f"<table><tr><td>{numbers}</td><td><code>값</code></td><td>뜻</td></tr></table>"))
    assert f"{numbers}\t값\t뜻" in text


def test_code_table_and_quotation_in_a_figure_are_kept():
    code = '<figure class="highlight js"><figcaption>가.js</figcaption><pre>let a = 1;\nlet b = 2;</pre></figure>'
    table = '<figure class="wp-block-table"><table><tr><td>갑</td><td>을</td></tr></table></figure>'
    quotation = "<figure><blockquote>인용한 말</blockquote></figure>"
    picture = "<figure><img src=x><figcaption>사진 설명</figcaption></figure>"
    text = text_of(article(picture + code + picture + table + quotation + picture))
    assert "let a = 1;\nlet b = 2;" in text and "갑\t을" in text and "인용한 말" in text
    assert "사진" not in text
    assert text.endswith(SENTENCE)


def test_unclosed_figure():
    assert text_of(article("<figure><pre>코드</pre>")).startswith(SENTENCE)


@pytest.mark.parametrize(
    ("markup", "tex"),
    [
        ('<script type="math/tex">a < b & c</script>', "$a < b & c$"),
        ('<script type="math/tex; mode=display">x^2</script>', "$$x^2$$"),
        (
            '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>x</mi></mrow>'
            '<annotation encoding="application/x-tex">x_1 &lt; 2</annotation></semantics></math></span>'
            '<span class="katex-html" aria-hidden="true">x1</span></span>',
            "$x_1 < 2$",
        ),
        (
            '<svg role="img" aria-labelledby="MathJax-SVG-1-Title">\n<title id="MathJax-SVG-1-Title">% 주석\nP_i 5%</title>'
            "<g></g></svg>",
            "$P_i 5%$",
        ),
    ],
)
def test_formulas_keep_their_tex(markup, tex):
    assert f"여기서 {tex}는 수이다" in text_of(article(f"<p>여기서 {markup}는 수이다</p>"))


def test_other_scripts_and_images_beside_formulas():
    text = text_of(article('<script>var a;</script><script type="math/tex">n</script><svg><title>그림</title></svg>'))
    assert "$n$" in text and "var a" not in text and "그림" not in text


@pytest.mark.parametrize("sign", ["#", "¶", " § ", "↩", "Skip to main content", "본문 바로가기", "메뉴 건너뛰기"])
def test_links_within_the_page_that_are_no_text(sign):
    inside = text_of(article(f'<h2>머리<a class="x" href="/글#h">{sign}</a></h2>'))
    assert "머리\n" in inside and sign.strip() not in inside


@pytest.mark.parametrize("label", ["#", "Skip to main content", "공식 홈페이지 바로가기"])
def test_the_same_links_to_other_pages_are_kept(label):
    assert f"머리 {label}" in text_of(article(f'<p>머리 <a href="/글">{label}</a></p>'))


def test_links_to_places_in_the_page_with_text_are_kept():
    assert "머리 설치 방법 꼬리" in text_of(article('<p>머리 <a href="#설치">설치 방법</a> 꼬리</p>'))


def test_furniture_of_themes():
    licence = "<div class='article-licensing box'><p>제목</p><p>https://example.kr/1</p></div>"
    furniture = f"<div class=back-to-top><span>0%</span></div>{licence}<div class='appendix-bottom'>Citation</div>"
    assert text_of(article(furniture)) == f"{SENTENCE}\n\n{SENTENCE}"


def test_icon_separates_text():
    assert "7월 12일 5분" in text_of(article("<p>7월 12일<span><svg><path></path></svg>5분</span></p>"))


def test_table_line_break_soft_hyphen_nul():
    table = "<table><tr><td>갑<td>을<tr><td>병<td>정</table>"
    text = text_of(article(f"<p>첫째 줄<br>둘째 줄</p>{table}<p>한\xad글\0 처리</p>"))
    assert "첫째 줄\n둘째 줄" in text
    assert "갑\t을\n병\t정" in text
    assert "한글 처리" in text


def test_white_space():
    text = text_of(article("<pre>a   \n\n\n\nb</pre>"))
    assert "a\n\nb" in text
    assert text == text.strip("\n")


def test_rss():
    feed = (
        '<?xml version="1.0" encoding="euc-kr"?><rss version="2.0"><channel><title>블로그</title>'
        "<description>소개</description>"
        "<item><title><![CDATA[첫 글]]></title><description>짧은 글</description>"
        f"<content:encoded><![CDATA[<p>{SENTENCE}</p><p>x &lt; y ]] </p>]]></content:encoded></item>"
        "<item><title>둘째 글</title><description>&lt;b&gt;굵은&lt;/b&gt; 글 &amp;amp; 끝</description></item>"
        "</channel></rss>"
    )
    page = extract(feed.encode("cp949"), None, content_type="application/rss+xml")
    assert page.title == "블로그"
    assert page.text == f"첫 글\n\n{SENTENCE}\n\nx < y ]]\n\n둘째 글\n\n굵은 글 & 끝"
    assert extract(feed.encode("cp949"), None).text == page.text


def test_atom():
    feed = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>일지</title><entry><title>하루</title>'
        f"<summary/><content type='html'>&lt;p&gt;{SENTENCE}&lt;/p&gt;</content></entry></feed>"
    )
    assert extract(feed.encode(), None, content_type="application/atom+xml").text == f"하루\n\n{SENTENCE}"


def test_plain_text_as_it_is():
    body = "첫 줄  \r\n<b>둘\r\n\r\n\r\n\r\n셋\n".encode("cp949")
    assert extract(body, None, content_type="text/plain").text == "첫 줄\n<b>둘\n\n셋"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{}", "application/json"),
        (b"\x89PNG\r\n", "text/html"),
        (b"\x1f\x8b\x08", None),
        (b"<a><b>x</b></a>", "application/xml"),
        (b"body{}", "text/css"),
    ],
)
def test_what_is_no_text_is_refused(body, content_type):
    with pytest.raises(ExtractError) as refused:
        extract(body, None, content_type=content_type)
    assert refused.value.reason == "not_text"


def test_limits():
    with pytest.raises(ExtractError) as large:
        extract(b"<p>" + b"x" * 100, None, ExtractLimits(bytes=100))
    assert large.value.reason == "too_large"
    with pytest.raises(ExtractError) as deep:
        text_of("<div>" * 200 + "가", limits=ExtractLimits(depth=100))
    assert deep.value.reason == "too_deep"
    assert text_of("<p>가나<b>다</b>" * 200, limits=ExtractLimits(depth=100))
    assert text_of("<font color=red>가" * 200, limits=ExtractLimits(depth=100)).startswith("가가")


def test_undecodable():
    with pytest.raises(ExtractError) as refused:
        extract(b"\xff\x80" * 100, "euc-kr", content_type="text/html")
    assert refused.value.reason == "undecodable"


HOSTILE = {
    "attributes": "<p " + " ".join(f"a{i}=1" for i in range(100_000)) + ">가",
    "body attributes": "".join(f"<body a{i}=1>" for i in range(60_000)),
    "fonts": "".join(f"<font color={i}><p>" for i in range(40_000)),
    "reopened fonts": "".join(f"<font color={i}>" for i in range(500)) + "<p>가" * 100_000,
    "misnested links": "<a><div>" * 9_000 + "</a>" * 9_000,
    "deep then flat": "<div>" * 900 + "<p>가</p>" * 60_000,
    "less than": "<" * 1_000_000,
    "comments": "<!--" * 250_000,
    "ampersands": "&" * 1_000_000,
    "number": "&#" + "9" * 1_000_000 + ";",
    "cdata": "<rss><item><description>" + "<![CDATA[x]]>" * 60_000,
    "metas": "<meta " * 200_000,
    "spaces": ">" + " " * 1_000_000 + "<",
    "svg styles": "<svg><style>" * 100_000,
    "figures": "<figure><pre>" * 70_000 + "</figure>",
    "open figures": "<figure><pre>" * 70_000,
    "formulas": "<math>" * 150_000 + '<annotation encoding="application/x-tex">x',
    "annotations": '<math><annotation encoding="application/x-tex">' * 20_000,
    "tex scripts": "<script type=math/tex>x" * 40_000,
    "line numbers": "<td>1 2 3 4 5 " * 60_000,
    "one cell": "<td>" + "1 <b>" * 150_000,
    "anchors": "<a href=#>" * 90_000,
    "anchor text": "<a href=#>" + "바로가기" * 80_000,
    "select": "<select><style></select>" + "<div>" * 9_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_is_linear(name):
    """A megabyte in seconds: anything quadratic would take minutes here."""
    text_of("<p>warm up")
    start = time.process_time()
    try:
        extract(HOSTILE[name].encode(), None)
        extract(HOSTILE[name].encode(), None, content_type="text/html")
    except ExtractError as error:
        assert error.reason == "too_deep"
    assert time.process_time() - start < 15


TAGS = st.sampled_from(
    ["<p>", "</p>", "<ul><li>", "</ul>", "<b>", "</b>", "<table><tr><td>", "</table>", "<!--", "-->", "<script>",
     "</script>", "<pre>", "<svg>", "<body>", "</body>", "</html>", "<title>", "<plaintext>", "<a href='", ">",
     "가", "는 ", "글", "&amp;", "\0"]
)  # fmt: skip


@settings(max_examples=200)
@given(st.lists(TAGS, max_size=40))
def test_any_markup_gives_text_or_a_typed_error(parts):
    body = "".join(parts).encode()
    try:
        page = extract(body, None, content_type="text/html")
    except ExtractError:
        return
    assert page == extract(body, None, content_type="text/html")
    assert "\ufdd0" not in page.text and "\0" not in page.text
    assert "\n\n\n" not in page.text and all(line == line.rstrip() for line in page.text.split("\n"))


# What a page can be set aside for; bytes can also begin as a document of an office does.
REASONS = {"too_large", "too_deep", "not_text", "undecodable", "parser", "frame_only"}
REASONS |= {"hwp3", "corrupt", "encrypted", "truncated", "needs_ocr"}


@given(st.binary(max_size=300), st.sampled_from([None, "text/html", "text/plain", "text/xml", "application/rss+xml"]))
def test_any_bytes_give_text_or_a_typed_error(body, content_type):
    try:
        extract(body, None, content_type=content_type)
    except ExtractError as error:
        assert error.reason in REASONS


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=60))
def test_hangul_in_an_article_is_never_lost(words):
    assert words in text_of(article(f"<p>{words}</p>"))
