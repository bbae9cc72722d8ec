"""Our recognisers in Presidio's engine find what a run finds."""

from pathlib import Path

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.filters.personal.analyzer import analyze
from algok.filters.personal.finding import Finding, resolve
from algok.filters.personal.fold import fold
from algok.filters.personal.presidio import analyzer

CASES = [line for line in (Path(__file__).parent / "cases.txt").read_text().splitlines() if line.strip()]


def by_presidio(text: str) -> list[tuple]:
    results = analyzer().analyze(text, language="ko")
    return [f[:4] for f in resolve(Finding(r.entity_type, r.start, r.end, r.score, "") for r in results)]


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_found_alike(case):
    text = fold(case).text
    assert [finding[:4] for finding in analyze(text)] == by_presidio(text)


@settings(max_examples=60)
@given(st.lists(st.sampled_from(CASES), min_size=1, max_size=5))
def test_several_in_one_text_are_found_alike(cases):
    text = fold(" ".join(cases)).text
    assert [finding[:4] for finding in analyze(text)] == by_presidio(text)


def test_generated_sentences_are_found_alike(shared_data):
    data = pa.input_stream(str(shared_data / "pii" / "pii_synthetic.jsonl.zst"), compression="zstd").read()
    for line in data.splitlines()[:400]:
        text = fold(orjson.loads(line)["text"]).text
        assert [finding[:4] for finding in analyze(text)] == by_presidio(text)
