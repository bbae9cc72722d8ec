"""What the scanners of wikis are made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.extraction.wiki.gaps import GAP, Aside, close_gaps, one_space, without_marks
from algok.pipelines.extraction.wiki.notes import Notes
from algok.pipelines.extraction.wiki.rows import Tables
from algok.pipelines.extraction.wiki.sections import Sections
from algok.pipelines.extraction.wiki.templates import Arguments, known
from algok.pipelines.extraction.wiki.wikitext import is_disambiguation
from algok.pipelines.extraction.wiki.words import DISAMBIGUATION


@pytest.mark.parametrize(("text", "closed"), [
    ("서울(\0)은", "서울은"),
    ("서울 (\0) 은", "서울 은"),
    ("서울(\0, 1394년)", "서울(1394년)"),
    ("서울(1394년, \0)", "서울(1394년)"),
    ("서울(\0; \0 / 가)", "서울(/ 가)"),
    ("가, \0, 나", "가, 나"),
    ("가 \0 나\0.", "가 나."),
    ("가 \0, 나", "가, 나"),
    ("\0, 가", "가"),
    ("가\n\0 나", "가\n나"),
    ("()", "()"),
    ("f() \0", "f() "),
    ("\0", ""),
])  # fmt: skip
def test_gaps_take_what_separates_with_them(text, closed):
    assert close_gaps(text) == closed


@given(st.text(st.sampled_from("\0(),; 가나\n[]."), max_size=40))
def test_closing_gaps_loses_no_word(text):
    closed = close_gaps(text)
    assert GAP not in closed and [c for c in closed if c in "가나\n"] == [c for c in text if c in "가나\n"]
    assert close_gaps(closed) == closed


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_set_aside_comes_back(first, second):
    first, second = without_marks(first), without_marks(second)
    aside = Aside()
    inner = aside.put(first)
    outer = aside.put(f"<{inner}>{second}")
    assert aside.restore(f"{outer} {inner}") == f"<{first}>{second} {first}"
    assert aside.restore(second) == second


def test_spaces_at_the_beginning_of_a_line_stay():
    assert one_space("  - 가   나\n   다  라") == "  - 가 나\n   다 라"


def test_notes_stand_behind_their_line_and_behind_each_other():
    notes = Notes(kept=True)
    inner = notes.put("속의 주")
    outer = notes.put(f"주{inner}")
    assert notes.put("[]") == ""
    assert notes.behind_lines(f"봄{outer}이다.\n다음") == "봄이다.\n주\n속의 주\n다음"
    assert Notes(kept=False).put("주") == ""


def test_tables_deeper_than_the_bound_keep_their_cells():
    tables = Tables()
    for depth in range(60):
        tables.begin()
        tables.cell(str(depth))
    lines = [line for _ in range(60) for line in tables.end()]
    assert " ".join(lines).split() == [str(depth) for depth in range(60)] and not tables.open


def test_headings_wait_for_a_line_of_their_own():
    sections = Sections(frozenset({"각주"}))
    for level, text, lines in (
        (2, "빈 절", []),
        (2, "봄", []),
        (3, "꽃", ["핀다"]),
        (2, "각주", ["하나"]),
        (3, "출처", ["둘"]),
        (2, "끝", ["글"]),
    ):
        sections.heading(level, text)
        sections.extend(lines)
    assert [line for line in sections.lines if line] == ["봄", "꽃", "핀다", "끝", "글"]


def test_arguments_are_told_by_place_and_name():
    arguments = Arguments.of("가| 둘 = 2 |2=나|라=마=바|https://a.example/?b=c")
    assert arguments.plain == ["가", "나", "https://a.example/?b=c"] and arguments.named == {"둘": "2", "라": "마=바"}
    assert arguments.at(9) == "" and len(Arguments.of("|" * 5000).plain) == 200


@pytest.mark.parametrize(
    "name", ["llang", "Lang", "convert", "출생일과 나이", "날짜", "nihongo", "분수", "formatnum:12", "val", "hlist"]
)
@pytest.mark.parametrize("body", ["", "|", "=", "a|b|c|d|e", "1|2|3|4", "|||||", "e=1|u=2"])
def test_templates_take_any_arguments(name, body):
    rule = known(name)
    assert callable(rule) and isinstance(rule(Arguments.of(body)), str)


def test_every_name_of_a_disambiguation_template_is_found():
    assert all(is_disambiguation(f"{{{{{name}}}}}") for name in DISAMBIGUATION)
