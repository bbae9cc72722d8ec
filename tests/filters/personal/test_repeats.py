"""A value that is found once is found wherever it stands in the document."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.personal.finding import Finding, resolve
from algok.filters.personal.masking import mask_text
from algok.filters.personal.repeats import repeats
from algok.filters.personal.scan import findings

VALUES = [
    ("mobile", "010-0423-8891"),
    ("email", "narae.bae9@naver.com"),
    ("person", "배도현"),
    ("handle", "narae_0423"),
]


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_a_value_far_away_is_found_and_a_part_of_a_longer_word_is_not(kind, value):
    text = f"앞 {value} 사이에 {value}, 그리고 x{value}7 끝"
    start = text.index(value)
    found = list(repeats(text, [Finding(kind, start, start + len(value), 1.0, "rule")]))
    second = text.index(value, start + 1)
    expected = [(second, second + len(value), "repeated")]
    longer = [] if kind != "person" else [(text.rindex(value), text.rindex(value) + len(value), "repeated")]
    assert [(f.start, f.end, f.rule) for f in found] == expected + longer


@given(st.lists(st.sampled_from([*(value for _, value in VALUES), " ", "의 ", "\n", "글", ", "]), max_size=30))
def test_no_mask_leaves_the_number_of_a_masked_text(parts):
    text = f"연락처: 010-0423-8891\n{''.join(parts)}"
    left = mask_text(text)
    spans = findings(pa.array([text], pa.large_string()))[0]
    assert spans == resolve(spans) and left.startswith("연락처: <전화번호>")
    for place in range(len(left)):
        if left.startswith("010-0423-8891", place):  # only as a part of something longer
            around = left[place - 1 : place] + left[place + 13 : place + 14]
            assert any(char.isascii() and char.isalnum() for char in around)
