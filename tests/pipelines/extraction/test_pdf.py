"""PDF: order, lines, heads, columns, pages without their text, and files that are refused."""

from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import pdf

from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.office.breaks import spaces
from algok.pipelines.extraction.office.fonts import use_boxes
from algok.pipelines.extraction.office.lines import join_pages
from algok.pipelines.extraction.office.pages import figures
from algok.pipelines.extraction.page import ExtractError, ExtractLimits

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "documents"
SENTENCE = "마을 사람들은 봄이 오면 산으로 나물을 캐러 간다"
FULL = "마을 사람들은 봄이 오면 산으로 나물을 캐러 가고 바구니에 가득"  # a line that reaches the margin
WORDS = st.text(st.sampled_from("가나다라마바사 .,1"), max_size=30)


def text_of(pages, **options) -> str:
    return extract(pdf(pages, **options)).text


def refused(data: bytes, limits: ExtractLimits | None = None) -> ExtractError:
    with pytest.raises(ExtractError) as error:
        extract(data, None, limits or ExtractLimits(), "application/pdf")
    return error.value


# Lines


def test_a_line_that_reaches_the_margin_goes_on_in_the_next():
    assert text_of([[FULL, "담아 온다.", "다음 문단이다."]]) == f"{FULL} 담아 온다.\n다음 문단이다."


def test_lines_that_break_inside_of_an_eojeol_are_joined_without_a_space():
    lines = [f"{FULL} ", "담아 오", *[f"{FULL[:-1]} ", "담고", f"{FULL}담", "아서 온다"] * 4]
    assert "담아서 온다" in join_pages(["\r\n".join(lines)])


def test_a_document_that_breaks_lines_both_ways_is_joined_by_what_its_words_are():
    lines = [
        f"{FULL}히",
        "나물을 담아 온다.",
        f"{SENTENCE}고 바구니에",
        "가득 나물을 담았다.",
        f"{SENTENCE}고 저녁이면 마",
        "을로 온다.",
    ]
    text = join_pages(["\r\n".join([*lines, "바구니에 가득 담은 나물을 마을로 들고 온다."])])
    assert "바구니에 가득 나물을" in text and "저녁이면 마을로" in text and "가득히 나물을" in text


def test_breaks_that_no_word_decides_go_as_the_other_breaks_of_the_document():
    known = [("를", "본"), ("은", "그"), ("에", "있")] * 10
    cut = [("습", "니"), ("하", "였"), ("으", "로")] * 10
    assert spaces([*known, ("쁑", "쁗")], [])[-1] and not spaces([*cut, ("쁑", "쁗")], [])[-1]
    assert spaces([*known, ("쁑", "쁗")], ["쁑쁗 쁑쁗 쁑쁗"] * 50)[-1] is False


@given(
    st.lists(st.tuples(st.sampled_from("가나다를은쁑"), st.sampled_from("가나본있쁗"))), st.lists(st.text(max_size=20))
)
def test_every_break_is_decided_whatever_the_lines_hold(breaks, lines):
    assert len(spaces(breaks, lines)) == len(breaks)


def test_rows_of_figures_stay_rows():
    rows = [f"북미 지역 169.7 181.{n} 306.8 320.0 314.6 67.5 (43.8) (7.0) (△31.0)" for n in range(4)]
    assert join_pages(["\r\n".join(rows)]).split("\n") == rows


def test_triangles_of_slides_are_bullets():
    lines = ["I 깔끔한 문서를 만든다.", "I latex 프로그램은 빠르다.", "I 수학에서", "I 여기저기에 쓴다.", "I am here."]
    assert join_pages(["\r\n".join(lines)]).split("\n") == [*(f"• {line[2:]}" for line in lines[:4]), "I am here."]
    assert join_pages(["I 장 들어가며"]) == "I 장 들어가며"


@pytest.mark.parametrize("mark", ["○ ", "1. ", "가. ", "① ", "제3조", "- ", "※ ", "(2) "])
def test_what_begins_an_entry_begins_a_line(mark):
    assert text_of([[FULL, f"{mark}담아 온다."]]) == f"{FULL}\n{mark}담아 온다."


def test_short_lines_stay_lines():
    assert text_of([["이름 가람", "나이 열둘", "사는 곳 서울"]]) == "이름 가람\n나이 열둘\n사는 곳 서울"


def test_a_sentence_goes_on_over_the_end_of_a_page():
    assert (
        text_of([[SENTENCE + ".", FULL], ["담아 온다.", SENTENCE + "."]])
        == f"{SENTENCE}.\n{FULL} 담아 온다.\n{SENTENCE}."
    )


def test_running_heads_stand_once_and_page_numbers_not_at_all():
    pages = [
        [f"봄나물 안내서 {n}", f"{n * 7}번째 {SENTENCE}.", f"{chr(0xAC00 + n * 30)} 글.", f"- {n} -"]
        for n in range(1, 6)
    ]
    text = text_of(pages)
    assert text.count("봄나물 안내서") == 1 and "- 3 -" not in text
    assert all(f"{n * 7}번째 {SENTENCE}." in text for n in range(1, 6))


def test_two_pages_have_numbers_and_no_heads():
    pages = [[f"{SENTENCE} {n}.", "같은 줄이다.", f"- {n + 4} -"] for n in (1, 2)]
    assert text_of(pages).split("\n") == [f"{SENTENCE} 1.", "같은 줄이다.", f"{SENTENCE} 2.", "같은 줄이다."]


def test_numbers_at_the_edge_of_a_page_that_do_not_count_pages_stay():
    pages = [["값", f"{SENTENCE} {n}.", str(n * n + 40)] for n in range(1, 6)]
    assert "65" in text_of(pages).split("\n")


def test_forms_that_follow_each_other_keep_their_first_lines():
    page = ["신청서", "이름", "나이", "사는 곳", "연락할 곳", "하는 일", "바라는 것", "날짜", "서명", "받는 이"]
    assert text_of([page] * 4).split("\n") == page * 4


@given(st.lists(st.lists(WORDS, max_size=12), max_size=6))
def test_joining_loses_no_character_but_heads(pages):
    texts = ["\r\n".join(lines) for lines in pages]
    joined = "".join(join_pages(texts).split())
    given_ = "".join("".join(texts).split())
    assert len(joined) <= len(given_) and set(joined) <= set(given_)
    if len(pages) < 2:
        assert joined == given_


# Fonts


def test_characters_alone_of_a_font_that_is_not_in_the_file_are_read():
    page = [(60.0 + 12 * n, 780.0, character) for n, character in enumerate("봄나물을캔다")]
    assert text_of([page]).replace(" ", "") == "봄나물을캔다"


def test_the_fonts_of_the_machine_say_nothing_of_where_characters_stand():
    use_boxes()
    texts = pypdfium2.PdfDocument(pdf([["봄"]]))
    left, bottom, right, top = texts[0].get_textpage().get_charbox(0)
    assert (round(right - left), round(top - bottom)) == (9, 9)


# Order


def test_columns_that_are_mixed_line_by_line_are_read_one_after_the_other():
    left = [(60.0, 760.0 - 20 * n, f"왼쪽 {n}번째 줄에는 봄나물의 이름이 {n}") for n in range(14)]
    right = [(330.0, 760.0 - 20 * n, f"오른쪽 {n}번째 줄에는 나무의 이름이 {n}") for n in range(14)]
    head = (60.0, 800.0, "두 단 위에 걸친 제목은 이 쪽에서 가장 길어 왼쪽에서 오른쪽까지 이어진다고 한다")
    mixed = [head, *(item for pair in zip(left, right, strict=True) for item in pair)]
    lines = text_of([mixed])
    assert lines.index("왼쪽 13번째") < lines.index("오른쪽 0번째") and lines.startswith("두 단 위에")


def test_a_table_of_two_columns_stays_row_by_row():
    rows = [((60.0, 760.0 - 20 * n, f"이름 {n}"), (330.0, 760.0 - 20 * n, f"{SENTENCE} {n}")) for n in range(14)]
    text = text_of([[item for row in rows for item in row]])
    assert text.index("이름 1") < text.index(f"{SENTENCE} 1") < text.index("이름 2")


def test_characters_that_a_driver_wrote_font_by_font_are_put_in_their_places():
    pages = []
    for number in range(3):
        page = []
        for row in range(8):
            y = 760.0 - 40 * row
            page += [(60.0, y, "날짜"), (230.0, y, "금"), (90.0, y, f"202{number}. 1. {row}.(")]
        pages.append(page)
    lines = text_of(pages).split("\n")
    assert lines[3] == "날짜 2020. 1. 3.( 금"


# Pages without their text


def test_a_drawn_page_is_named_and_a_document_of_them_is_refused():
    shapes = b"".join(b"%d %d m %d %d l S\n" % (n, n, n + 5, n + 9) for n in range(400))
    error = refused(pdf([["1. ( )"]] * 2, extra=shapes))
    assert error.reason == "needs_ocr" and "1, 2" in error.message


def test_a_few_pages_without_text_leave_the_document_and_are_named():
    good = [[SENTENCE + f" {n}."] for n in range(9)]
    shapes = b"".join(b"%d %d m %d %d l S\n" % (n, n, n + 5, n + 9) for n in range(400))
    page = extract(pdf([*good, ["1. ( )"]], extra=shapes))
    assert page.meta["pages"]["needs_ocr"] == [{"page": 10, "reason": "outlines"}]
    assert page.meta["pages"]["count"] == 10 and page.meta["pages"]["chars"][0] == len(SENTENCE.replace(" ", "")) + 2


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        (SENTENCE * 5, ""),
        ("킜킰톁톁킰 킜킰톁톈톂킰킱 킘킷킼 킛킸톁톂 킴킾킺톃킼 킟킾킴킿 킔킰톂킰 킛킸톂 " * 3, "garbled"),
        ("\ue0bc\ue0bd\ue0be " * 20 + "1", "private_use"),
        ("\ufffd\ufffd \x00 1 2 3" * 10, "unmapped"),
        ("This page is written in English and says nothing else to anybody. " * 3, ""),
        ("12,345 67,890 " * 10, ""),
    ],
)
def test_why_the_text_of_a_page_is_missing(text, missing):
    assert figures(text, lambda: (0.0, 3)).missing == missing


def test_a_picture_over_a_page_without_text_is_a_scan():
    assert figures("", lambda: (0.9, 0)).missing == "scanned"
    assert figures("", lambda: (0.0, 0)).missing == ""


# Refused


def test_damaged_files_are_refused():
    whole = pdf([[SENTENCE]])
    assert refused(whole[:200]).reason == "truncated"
    assert refused(b"%PDF-1.7\n%%EOF").reason == "corrupt"
    assert refused(pdf([[SENTENCE]] * 4), ExtractLimits(pages=3)).reason == "too_large"


def test_a_password_is_found():
    lock = b"<</Filter/Standard/V 1/R 2/Length 40/P -4/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">>>"
    locked = pdf([[SENTENCE]]).replace(b"/Info", b"/ID[<00><00>]/Encrypt " + lock + b"/Info")
    assert refused(locked).reason == "encrypted"


def test_a_bomb_of_text_ends_at_the_bound():
    drawn = b"BT /F1 1 Tf 1 0 0 1 9 9 Tm <" + "가나다라".encode("utf-16-be").hex().encode() * 50_000 + b"> Tj ET\n"
    assert refused(pdf([[]], extra=drawn), ExtractLimits(unpacked=10_000)).reason == "too_large"


def test_two_thousand_pages_are_read_and_each_begins_its_time_anew():
    calls = []
    text = extract(pdf([[f"{n * 7}째 쪽에는 {SENTENCE}."] for n in range(2000)]), alive=lambda: calls.append(1)).text
    assert text.count(SENTENCE) == 2000 and len(calls) == 2000


# The documents beside the project


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data sets")
def test_pdfs_whose_hangul_is_drawn_are_found_and_no_others():
    found = set()
    for path in sorted((SHARED / "pdf").glob("*.pdf")):
        try:
            extract(path.read_bytes(), limits=ExtractLimits(bytes=1 << 27))
        except ExtractError as error:
            assert error.reason == "needs_ocr", path.name
            found.add(path.stem.partition("_")[0])
    assert found == {"1741000", "21298295", "21761835", "hwpx", "pdfjs"}
