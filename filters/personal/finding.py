"""What a recogniser gives, and which of several stands where they overlap."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from algok.filters.personal.kinds import KindName


class Finding(NamedTuple):
    """Characters `start` to `end` are personal data of a kind, with a score in 0–1 and the rule that says so."""

    kind: KindName
    start: int
    end: int
    score: float
    rule: str


Recogniser = Callable[[str], Iterator[Finding]]


def resolve(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that do not overlap, in order: of those that do, the surest stands, of equally sure ones the longest."""
    chosen: list[tuple[int, Finding]] = []
    for finding in sorted(findings, key=lambda f: (-f.score, f.start - f.end, f.start, f.kind)):
        at = bisect_left(chosen, (finding.start,))
        free = at == 0 or chosen[at - 1][1].end <= finding.start
        if free and (at == len(chosen) or finding.end <= chosen[at][0]):
            chosen.insert(at, (finding.start, finding))
    return [finding for _, finding in chosen]
