"""The step pii against labelled spans: what of each kind is found, and what is found beside it."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa

from algok.classifiers.labelled_rows import field_of, read_rows
from algok.errors import InputError
from algok.filters.personal.finding import Finding
from algok.filters.personal.kinds import kind_of
from algok.filters.personal.scan import findings

_BATCH = 2000
# Kinds that one label often means together.
_TOGETHER = ({"mobile", "landline", "main_number"}, {"rrn", "frn"})


def evaluate_pii(paths: Iterable[Path], field: str) -> dict[str, Any]:
    """Figures per kind over the rows that have spans at `field` (a list, perhaps empty): objects with `start` and `end` in
    code points and a kind at `type`, `kind` or `label`.

    A span is found if a finding of its kind covers a part of it; telephones count as one kind, and so do registration
    numbers. `wrong`: findings that touch no span of any kind. Raises InputError with file and row.
    """
    counts: dict[str, Counter] = {}
    documents = characters = 0
    for path in paths:
        for number, rows in _batches(path, field):
            found = findings(pa.array([text for text, _ in rows], pa.large_string()))
            for row, (text, spans) in enumerate(rows):
                documents, characters = documents + 1, characters + len(text.encode("utf-8", "surrogatepass"))
                _count(found.get(row, []), [_span(span, f"{path}: row {number + row}") for span in spans], counts)
    if not documents:
        raise InputError(f"{', '.join(map(str, paths))}: no row has a list at '{field}'")
    return {"documents": documents, "megabytes": round(characters / 1e6, 3), "kinds": _figures(counts)}


def _batches(path: Path, field: str) -> Iterable[tuple[int, list[tuple[str, list]]]]:
    """Texts with their spans, and the row of the first of them."""
    rows: list[tuple[str, list]] = []
    first = 1
    for number, row in enumerate(read_rows(path), 1):
        spans = field_of(row, field)
        if not isinstance(spans, list):
            continue
        if not isinstance(row.get("text"), str):
            raise InputError(f"{path}: row {number} has no string 'text'")
        if not rows:
            first = number
        rows.append((row["text"], spans))
        if len(rows) == _BATCH:
            yield first, rows
            rows = []
    if rows:
        yield first, rows


def _span(span: Any, where: str) -> tuple[str, int, int]:
    if not isinstance(span, dict) or not isinstance(span.get("start"), int) or not isinstance(span.get("end"), int):
        raise InputError(f"{where}: a span must have whole numbers 'start' and 'end'")
    name = str(span.get("type") or span.get("kind") or span.get("label"))
    kind = kind_of(name)
    if kind is None:
        raise InputError(f"{where}: '{name}' is no kind of personal data that algok knows (docs/privacy.md lists them)")
    return kind, span["start"], span["end"]


def _count(found: list[Finding], spans: list[tuple[str, int, int]], counts: dict[str, Counter]) -> None:
    for kind, start, end in spans:
        own = counts.setdefault(kind, Counter())
        touching = [f for f in found if f.start < end and f.end > start]
        own["labelled"] += 1
        own["found"] += any(_same(f.kind, kind) for f in touching)
        own["exact"] += any(_same(f.kind, kind) and (f.start, f.end) == (start, end) for f in touching)
        own["covered"] += bool(touching)
    for finding in found:
        own = counts.setdefault(finding.kind, Counter())
        touched = [kind for kind, start, end in spans if finding.start < end and finding.end > start]
        own["findings"] += 1
        own["wrong"] += not touched
        own["other"] += bool(touched) and not any(_same(finding.kind, kind) for kind in touched)


def _same(kind: str, other: str) -> bool:
    return kind == other or any(kind in together and other in together for together in _TOGETHER)


def _figures(counts: dict[str, Counter]) -> dict[str, dict[str, Any]]:
    figures = {}
    for kind, own in sorted(counts.items()):
        names = ("labelled", "found", "exact", "covered", "findings", "wrong", "other")
        figures[kind] = {name: own[name] for name in names}
        figures[kind]["recall"] = round(own["found"] / own["labelled"], 4) if own["labelled"] else None
        precision = (own["findings"] - own["wrong"] - own["other"]) / own["findings"] if own["findings"] else None
        figures[kind]["precision"] = None if precision is None else round(precision, 4)
    return figures
