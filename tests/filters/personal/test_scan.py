"""Findings in written cases: every kind in its disguises, and what looks alike but is not personal."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from algok.filters.personal.kinds import KINDS
from algok.filters.personal.scan import findings
from algok.filters.pii import Pii, PiiOptions

_MARK = re.compile(r"⟦(\w+)\|([^⟧]*)⟧")
LINES = (Path(__file__).parent / "cases.txt").read_text(encoding="utf-8").splitlines()
CASES = [line.replace("⏎", "\n") for line in LINES if line and not line.startswith("#")]


def unmarked(case: str) -> tuple[str, list[tuple[str, int, int]]]:
    """The text without marks, and what they mark."""
    parts, spans, at, length = [], [], 0, 0
    for match in _MARK.finditer(case):
        parts += (case[at : match.start()], match[2])
        start = length + match.start() - at
        length = start + len(match[2])
        spans.append((match[1], start, length))
        at = match.end()
    return "".join([*parts, case[at:]]), spans


@pytest.fixture(scope="module")
def found() -> dict[str, list]:
    texts = [unmarked(case)[0] for case in CASES]
    by_row = findings(pa.array(texts, pa.large_string()))
    return {case: by_row.get(row, []) for row, case in enumerate(CASES)}


@pytest.mark.parametrize("case", CASES)
def test_case(case, found):
    text, expected = unmarked(case)
    got = [(f.kind, f.start, f.end) for f in found[case] if KINDS[f.kind].policy != "keep"]
    shown = [(kind, text[start:end]) for kind, start, end in got]
    assert got == expected, shown


def test_masking_twice_changes_nothing():
    step, texts = Pii(), [unmarked(case)[0] for case in CASES]
    once = edited(step, texts)
    assert edited(step, once) == once


def edited(step: Pii, texts: list[str]) -> list[str]:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    return step.edit(batch).text.to_pylist()


@pytest.mark.parametrize("kind", ["birth_date", "member_number"])
def test_nobody_can_have_a_surrogate_of_the_new_kinds(kind):
    step = Pii(PiiOptions.model_validate({"policies": {kind: "surrogate"}}))
    texts = [unmarked(case)[0] for case in CASES if f"⟦{kind}|" in case]
    once = edited(step, texts)
    assert all(text != other for text, other in zip(texts, once, strict=True))
    for text, own in findings(pa.array(once, pa.large_string())).items():
        assert not [f for f in own if f.kind == kind], once[text]
