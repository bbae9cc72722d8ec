"""A detector's clear bit is a promise: what it spares the slow tool, the slow tool would have left alone.

Over generated Unicode, without the shared data: texts of fragments that damage and personal data are made of, of any
characters, and of both mixed.
"""

import pyarrow as pa
from hypothesis import example, given, settings
from kernels.reference.texts import DAMAGED

from algok.filters.repair.step import _REPAIRS, repair_text
from algok.kernels import damage
from algok.kernels.buffers import string_buffers


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
