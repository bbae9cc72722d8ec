"""Findings in written cases: every kind in its disguises, and what looks alike but is not personal."""

import re
from pathlib import Path

import pyarrow as pa
import pytest

from algok.filters.personal.kinds import KINDS
from algok.filters.personal.scan import findings

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
