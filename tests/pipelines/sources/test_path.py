"""Paths into records: what they reach, how lists are joined, and what is no path."""

import pytest

from algok.pipelines.sources.path import alternatives, getter, items, leads, origin, parse, placed

RECORD = {
    "title": " 봄 ",
    "Meta(Acqusition)": {"doc_name": "이름"},
    "a.b": "점",
    "text": [[{"sentence": "하나."}, {"sentence": "둘."}], [{"sentence": "셋."}]],
    "rows": [{"text": "가"}, {"text": None}, {"text": "나"}, 3, {}],
    "talk": {"HS01": "안녕", "SS01": "", "HS02": {"say": "응"}},
    "number": 3,
    "none": None,
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("title", "봄"),
        ("Meta(Acqusition).doc_name", "이름"),
        ("'a.b'", "점"),
        ("text[][].sentence", "하나. 둘.\n셋."),
        ("text[0][1].sentence", "둘."),
        ("rows[].text", "가 나"),
        ("rows.text", "가 나"),
        ("talk.*.@value", "안녕"),
        ("number", "3"),
        ("none", ""),
        ("nothing", None),
        ("title.deeper", None),
        ("text[7]", None),
    ],
)
def test_a_path_reads_text(path, text):
    assert getter(parse(path), " ")(RECORD) == text


def test_a_thing_where_a_list_is_expected_stands_for_itself():
    assert getter(parse("a[].b"))({"a": {"b": "봄"}}) == "봄"
    assert list(items(parse("a[]").steps, {"a": {"b": 1}})) == [{"b": 1}]


def test_values_know_their_keys():
    found = list(items(parse("talk.*").steps, RECORD))
    assert found[0] == {"@key": "HS01", "@value": "안녕"} and found[2] == {"say": "응", "@key": "HS02"}


def test_a_record_knows_what_is_around_it():
    root = {"id": 1, "data": [{"title": "책", "paragraphs": [{"context": "글"}]}]}
    ((record, above),) = placed(parse("data[].paragraphs[]").steps, root, ())
    assert origin(parse("^title"), record, above)["title"] == "책"
    assert origin(parse("/id"), record, above)["id"] == origin(parse("^^id"), record, above)["id"] == 1
    assert origin(parse("^^^id"), record, above) is None


def test_a_root_that_is_a_list_of_roots_is_read_like_one():
    root = [{"data": [1, 2]}, {"data": [3]}]
    assert list(items(parse("data[]").steps, root)) == [1, 2, 3]
    assert leads(parse("data[]").steps, root) and not leads(parse("date[]").steps, root)


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[x]", "'a", "a]", "a[]b"])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(ValueError, match="is no path"):
        parse(path)


def test_alternatives_are_parted_by_a_bar():
    assert [way.steps for way in alternatives("orginal_text | original_text")] == [
        ("orginal_text",),
        ("original_text",),
    ]
