"""Numbers and bullets of paragraphs, which are not in the text of a document but computed from shapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import (
    control_mark,
    docx,
    hwp,
    hwp_control,
    hwp_numbering,
    hwp_paragraph,
    hwp_shape,
    hwpx,
    record,
)

from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.office.numbers import SHAPES, Heading, Level, Numbers

FORMATS = [("^1.", 0), ("^2.", 8), ("^1.^2.^3)", 0), ("(^4)", 1), ("^n", 0), ("^6", 2), ("^7", 5)]
NAMES = ("NONE", "OUTLINE", "NUMBER", "BULLET")
# (kind of head, numbering or bullet, level) of each shape
PARAGRAPH_SHAPES = [(0, 0, 0), (2, 1, 0), (2, 1, 1), (2, 1, 2), (3, 1, 0), (1, 0, 0), (2, 2, 0)]


def header() -> str:
    numberings = "".join(
        f"<hh:numbering id='{identity}'>"
        + "".join(
            f"<hh:paraHead level='{n}' start='1' numFormat='{SHAPES[shape]}'>{text}</hh:paraHead>"
            for n, (text, shape) in enumerate(FORMATS, 1)
        )
        + "</hh:numbering>"
        for identity in (1, 2)
    )
    shapes = "".join(
        f"<hh:paraPr id='{n}'><hh:heading type='{NAMES[kind]}' idRef='{identity}' level='{level}'/></hh:paraPr>"
        for n, (kind, identity, level) in enumerate(PARAGRAPH_SHAPES)
    )
    return f"<hh:head xmlns:hh='h'>{numberings}<hh:bullets><hh:bullet id='1' char='&#xF06C;'/></hh:bullets>{shapes}</hh:head>"


def read(paragraphs: list[tuple[int, str]]) -> list[str]:
    """The lines of a document with paragraphs of these shapes: of HWP, and of HWPX, which must be the same."""
    info = hwp_numbering(FORMATS) * 2 + record(24, 0, bytes(12) + "\uf06c".encode("utf-16-le"))
    info += b"".join(hwp_shape(*shape) for shape in PARAGRAPH_SHAPES)
    section = hwp_control("secd", 1, data=bytes(14) + b"\x01\0")
    body = hwp_paragraph(control_mark(2, "secd") + "첫 글", controls=section)
    body += b"".join(hwp_paragraph(text, shape=shape) for shape, text in paragraphs)
    xml = "<hp:p><hp:run><hp:secPr outlineShapeIDRef='1'/><hp:t>첫 글</hp:t></hp:run></hp:p>" + "".join(
        f"<hp:p paraPrIDRef='{shape}'><hp:run><hp:t>{text}</hp:t></hp:run></hp:p>" for shape, text in paragraphs
    )
    binary = extract(hwp(body, info=info)).text
    assert binary == extract(hwpx(xml, {"Contents/header.xml": header()})).text
    return binary.split("\n")[1:]


def test_levels_count_on_and_begin_anew_below_the_next_higher_one():
    shapes = [1, 2, 2, 3, 1, 2, 0, 2]
    assert read([(shape, "글") for shape in shapes]) == [
        "1. 글", "가. 글", "나. 글", "1.나.1) 글", "2. 글", "가. 글", "글", "나. 글",
    ]  # fmt: skip


def test_lists_and_headings_count_apart():
    assert read([(1, "글"), (6, "글"), (5, "글"), (1, "글"), (5, "글")]) == [
        "1. 글",
        "1. 글",
        "1. 글",
        "2. 글",
        "2. 글",
    ]


def test_bullets_stand_before_their_text_and_nothing_before_empty_lines():
    assert read([(4, "글"), (4, ""), (4, "글")]) == ["● 글", "", "● 글"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [("DIGIT", "27"), ("CIRCLED_DIGIT", "(27)"), ("ROMAN_CAPITAL", "XXVII"), ("ROMAN_SMALL", "xxvii"), ("LATIN_SMALL", "aa"),
     ("HANGUL_SYLLABLE", "파파"), ("CIRCLED_HANGUL_JAMO", "(27)"), ("unknown", "27")],
)  # fmt: skip
def test_numbers_have_many_shapes(shape, expected):
    numbers = Numbers()
    numbers.numberings[1] = [Level("^1", shape)]
    numbers.headings[0] = Heading("NUMBER", 1, 0)
    assert [numbers.label(0) for _ in range(27)][-1] == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(SHAPES)), max_size=60), st.text(max_size=8))
def test_no_sequence_of_levels_breaks_the_count(steps, text):
    numbers = Numbers()
    for level, shape in steps:
        numbers.numberings[1] = [Level(f"^{n}{text}", shape, n) for n in range(1, 8)]
        numbers.headings[level] = Heading("NUMBER", 1, level)
        assert isinstance(numbers.label(level), str)


def test_docx_numbers_its_lists_by_format_and_level():
    numbering = (
        "<w:numbering xmlns:w='w'><w:abstractNum w:abstractNumId='3'>"
        "<w:lvl w:ilvl='0'><w:start w:val='1'/><w:numFmt w:val='decimal'/><w:lvlText w:val='제%1조'/></w:lvl>"
        "<w:lvl w:ilvl='1'><w:start w:val='1'/><w:numFmt w:val='ganada'/><w:lvlText w:val='%2.'/></w:lvl></w:abstractNum>"
        "<w:abstractNum w:abstractNumId='4'><w:lvl w:ilvl='0'><w:numFmt w:val='bullet'/><w:lvlText w:val='&#xF0B7;'/></w:lvl>"
        "</w:abstractNum><w:num w:numId='1'><w:abstractNumId w:val='3'/></w:num><w:num w:numId='2'><w:abstractNumId w:val='4'/>"
        "</w:num></w:numbering>"
    )

    def paragraph(text: str, identity: int, level: int) -> str:
        shape = f"<w:numPr><w:ilvl w:val='{level}'/><w:numId w:val='{identity}'/></w:numPr>"
        return f"<w:p><w:pPr>{shape}<w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"

    body = (
        paragraph("목적", 1, 0)
        + paragraph("하나", 1, 1)
        + paragraph("둘", 1, 1)
        + paragraph("기간", 1, 0)
        + paragraph("점", 2, 0)
    )
    lines = extract(docx(body, {"word/numbering.xml": numbering})).text.split("\n")
    assert lines == ["제1조 목적", "가. 하나", "나. 둘", "제2조 기간", "• 점"]
