"""What a piece is said to hold decides which recognisers see it: none that is left out would have found anything."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference.texts import DETAILS, FILES, PERSONAL

from algok.filters.personal.analyzer import analyze
from algok.filters.personal.fold import fold
from algok.filters.personal.scan import holds_of

CASES = [line for line in (Path(__file__).parent / "cases.txt").read_text().splitlines() if line.strip()]


@pytest.mark.parametrize("case", CASES)
def test_cases_need_no_more_recognisers_than_are_asked(case):
    text = fold(case.replace("⟦", "").replace("⟧", "")).text
    assert analyze(text, holds_of(text)) == analyze(text)


@settings(max_examples=1000)
@given(st.one_of(FILES, PERSONAL, DETAILS))
def test_generated_data_needs_no_more_recognisers_than_are_asked(text):
    text = fold(text).text
    assert analyze(text, holds_of(text)) == analyze(text)
