"""How a text is written: the kernel counts what the plain twin counts, and what each count means."""

import pyarrow as pa
import pytest
from conftest import prose
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference import manner as reference
from kernels.reference.texts import TEXTS

from algok.kernels.buffers import string_buffers
from algok.kernels.manner import COUNTS, PAIRS, READ, counts

_WORDS = "다. 니다 요 요. 했다 함 임. 것 • : . !? 「 # @ 😀 ㅋㅋ 2024-05-01 2024년 12원 10:30 제3조 말했"
_OTHERS = ["Q. ", "A: ", "가영: ", "1) ", "12. ", "- ", "3천 원", "9 원", "저는 ", "할인 ", "a" * 61, "가" * 101]
_PIECES = st.sampled_from([*_WORDS.split(), *_OTHERS, "\n", "\n\n", " ", "\t", "\u3000"])
MIXED = st.lists(_PIECES, max_size=40).map("".join)


def rows(texts: list[str]) -> list[list[int]]:
    return counts(*string_buffers(pa.array(texts, pa.large_string()))).tolist()


@settings(max_examples=600)
@given(st.lists(st.one_of(TEXTS, MIXED), min_size=1, max_size=3))
def test_counts_are_those_of_the_plain_twin(texts):
    assert rows(texts) == [reference.counts(text) for text in texts]


@pytest.mark.parametrize("size", [READ - 1, READ, READ + 1, 3 * READ])
def test_only_the_beginning_of_a_long_text_is_read(size):
    text = (prose(1) * 40)[:size]
    assert rows([text])[0] == reference.counts(text) and rows([text])[0][COUNTS.index("chars")] == min(size, READ)


def test_an_empty_text_has_nothing():
    assert rows([""]) == [[0] * (len(COUNTS) + len(PAIRS))]
