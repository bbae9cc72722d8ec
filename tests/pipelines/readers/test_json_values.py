"""JSON of members: what is wrong with it and still read, and large lists item by item as if they were read whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.json_values import head_value, parsed, streamed
from algok.pipelines.readers.mend import mended
from algok.pipelines.readers.streams import Damaged
from algok.pipelines.sources.path import Key, parse, placed

KOREAN = '{"글": "어제 산 책을 오늘 다 읽었다. 내일은 다른 책을 산다."}'
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text('a,"{}[]:\\가', max_size=5))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abd"), inner, max_size=3)
)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (KOREAN.encode(), None),
        (b"\xef\xbb\xbf" + KOREAN.encode(), None),
        (KOREAN.encode("cp949"), "cp949"),
        (KOREAN.encode("utf-16"), "utf-16-le"),
        (KOREAN.encode("utf-16-be"), "utf-16-be"),
        (KOREAN.encode("utf-32"), "utf-32-le"),
    ],
)
def test_json_of_any_encoding_is_read(data, encoding):
    (found,) = parsed(data)
    assert found.value == json.loads(KOREAN) and found.notes.get("encoding") == encoding


@pytest.mark.parametrize(
    ("text", "value", "wrong"),
    [
        ('{"id": (반사회적용어), "글": "봄"}', {"id": "(반사회적용어)", "글": "봄"}, ["value without quotation marks"]),
        ('{"id": (가, 나), "글": "봄"}', {"id": "(가, 나)", "글": "봄"}, ["value without quotation marks"]),
        ('{"글": ["봄", "가을",], }', {"글": ["봄", "가을"]}, ["trailing comma"]),
        ('{"글": "봄", "수": NaN}', {"글": "봄", "수": None}, ["NaN"]),
        ('{"글": "봄,]}", "수": NaN, }', {"글": "봄,]}", "수": None}, ["NaN", "trailing comma"]),
        ('{"글": "첫 줄\n둘째 줄"}', {"글": "첫 줄\n둘째 줄"}, ["control character"]),
    ],
)
def test_known_slips_are_mended_and_noted(text, value, wrong):
    (found,) = parsed(text.encode())
    assert found.value == value and found.notes["not_json"] == wrong


def test_what_cannot_be_mended_is_refused_with_its_place():
    with pytest.raises(RecordError, match=r"^at byte 9: "):
        parsed('{"가": 1] '.encode())


def test_several_values_behind_each_other_are_all_read():
    assert [one.value for one in parsed(b'{"a": 1}\n{"a": 2}\n\n[3]')] == [{"a": 1}, {"a": 2}, [3]]
    assert parsed(b"\xef\xbb\xbf \n") == []


@given(VALUES)
def test_sound_json_stays_as_it_is(value):
    text = json.dumps(value, ensure_ascii=False)
    assert mended(text) == (text, set())


@given(VALUES)
def test_mending_again_changes_nothing(value):
    text = (
        json.dumps({"id": 0, "b": value}, ensure_ascii=False)
        .replace('"id": 0', '"id": (반사회적용어),')
        .replace("]", ",]")
    )
    once, _ = mended(text)
    assert mended(once) == (once, set())


def items_of(data: bytes, path: str, size: int, limit: int = 1 << 20) -> list:
    steps = parse(path).steps
    first = next(place for place, step in enumerate(steps) if type(step) is not Key)
    blocks = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    found = []
    for item in streamed(iter(blocks[1:]), blocks[0], steps, limit):
        assert item.fault is None, item.fault
        found += [(record, above[-1]) for record, above in placed(steps[first + 1 :], item.value, (item.around,))]
    return found


@pytest.mark.parametrize("indent", [None, 1])
@given(
    before=VALUES,
    records=st.lists(VALUES.filter(lambda value: value is not None), max_size=4),
    after=VALUES,
    size=st.integers(1, 60),
)
def test_items_of_a_list_are_those_of_the_whole(indent, before, records, after, size):
    document = {"a": before, "data": {"list": records}, "z": after, "list": [1]}
    data = json.dumps(document, ensure_ascii=False, indent=indent).encode()
    found = items_of(data, "data.list[]", size)
    assert [record for record, _ in found] == records
    assert all(root == {"a": before, "data": {"list": []}} for _, root in found)


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("[]", [1, {"a": 2}, [3]]),
        ("data[]", [{"id": 1, "data": [1, 2]}, {"data": []}, {"data": [3]}, {"q": 1}]),
        ("document[]", {"id": 1, "document": {"a": [1, {"b": 2}]}, "x": 1}),
        ("a.b[].c[]", {"b": [9], "a": {"q": 1, "b": [{"c": [1, 2]}, {"c": [3]}]}}),
        ("data.*", {"data": {"k1": {"t": 1}, "k2": "나"}}),
    ],
)
def test_roots_of_every_kind_are_read_item_by_item(path, document, size):
    data = json.dumps(document, ensure_ascii=False).encode()
    assert [record for record, _ in items_of(data, path, size)] == [
        record for record, _ in placed(parse(path).steps, document, ())
    ]


def test_an_item_over_the_limit_costs_only_itself():
    data = json.dumps({"data": [{"a": "나" * 100}, {"a": "다"}, {"a": "라" * 9000}, {"a": "마"}]}).encode()
    found = list(streamed(iter([data[9:]]), data[:9], parse("data[]").steps, 4096))
    assert [item.fault[0] if item.fault else item.value["a"][0] for item in found] == ["나", "다", "too_large", "마"]


def test_a_text_that_ends_early_says_so_behind_its_items():
    def cut():
        yield b'1}, {"b"'
        raise Damaged("truncated", "ends early")

    sound, lost = streamed(cut(), b'{"data": [{"a": ', parse("data[]").steps, 4096)
    assert sound.value == {"a": 1} and lost.fault[0] == "truncated"
    *_, lost = streamed(iter([]), b'{"data": [{"a": 1}, {"b"', parse("data[]").steps, 4096)
    assert lost.fault[0] == "truncated" and lost.beginning == b' {"b"'


@given(VALUES, st.integers(0, 200))
def test_a_beginning_holds_what_stands_in_it(value, size):
    data = json.dumps({"k": value, "글": "봄"}, ensure_ascii=False).encode()
    found = head_value(data[:size])
    assert found is None or set(found) <= {"k", "글"}
    assert head_value(data) == {"k": value, "글": "봄"}
