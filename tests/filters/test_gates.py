"""A detector's clear bit is a promise: what it spares the slow tool, the slow tool would have left alone.

Over generated Unicode, without the shared data: texts of fragments that damage and personal data are made of, of any
characters, and of both mixed.
"""

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernels.reference.texts import DAMAGED, FILES, PERSONAL, PROSE

from algok.filters.personal.analyzer import analyze
from algok.filters.personal.fold import fold
from algok.filters.repair.step import _REPAIRS, repair_text
from algok.kernels import damage
from algok.kernels.buffers import string_buffers
from algok.kernels.personal import find


@settings(max_examples=1500)
@example("공지\u115f사항")
@example("공지\u1160사항")
@example("오 늘 은 날 씨 가 좋 다\xa0")
@example("\u3000오 늘 은 날 씨 가 좋 다")
@example("\r오 늘 은 날 씨 가 좋 다\x85")
@given(DAMAGED)
def test_no_repair_has_work_where_its_bit_is_clear(text):
    flags = int(damage.scan(*string_buffers(pa.array([text], pa.large_string())))[0][0])
    for kind, bits, repair in _REPAIRS:
        if not flags & bits:
            assert repair(text) == (text, 0), f"{kind}: {text!a}"


@settings(max_examples=300)
@given(DAMAGED)
def test_a_text_without_any_flag_comes_back_as_it_was(text):
    if not damage.scan(*string_buffers(pa.array([text], pa.large_string())))[0][0]:
        assert repair_text(text) == text


def has_window(text):
    return len(find(*string_buffers(pa.array([text], pa.large_string())))[0]) > 0


@settings(max_examples=1500)
@example("강남구길 152")
@example("(印)")
@given(st.one_of(FILES, PERSONAL))
def test_recognisers_find_nothing_where_the_detector_gives_no_window(text):
    assert has_window(text) or analyze(fold(text).text) == []


@settings(max_examples=500)
@given(st.one_of(DAMAGED, PROSE, st.tuples(DAMAGED, PROSE).map("".join)))
def test_recognisers_find_nothing_in_any_text_without_a_window(text):
    assert has_window(text) or analyze(fold(text).text) == []
