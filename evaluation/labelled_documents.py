"""Labelled files as the engine sees documents: batches of the document schema, and beside them the labels."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.labelled_rows import GROUP_FIELDS, field_of, read_rows
from algok.classifiers.split import Part, in_part
from algok.errors import InputError
from algok.pipelines.documents import PROVENANCES, BatchBuilder

# What can be labelled, and where a row has it unless the caller names a field; the first that it has counts.
LABELS = {name: (f"labels.{name}", f"meta.{name}") for name in ("keep", "quality", "toxicity", "domain", "style")}
_LARGEST = {"keep": 1, "quality": 5, "toxicity": 3}
# From this severity on (of 0–3) a document is toxic: hate, abuse, adult or gambling promotion.
TOXIC = 2


@dataclass(frozen=True)
class LabelledDocuments:
    """Documents in file order. `labels`: keep, quality and toxicity as float64 (NaN: not labelled), domain and style as
    objects (None: not labelled). `groups` are what splits and intervals go by; `slices` has a value per document for
    every field asked for."""

    batches: list[pa.RecordBatch]
    labels: dict[str, np.ndarray]
    groups: list[str]
    slices: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.groups)


def read_labelled_documents(
    paths: Iterable[Path | str],
    *,
    fields: Mapping[str, str] | None = None,
    group: str | None = None,
    part: Part = "all",
    by: Sequence[str] = (),
    source: str | None = None,
) -> LabelledDocuments:
    """The rows that have a text and any label.

    `fields` names other fields than LABELS (`{"domain": "topic"}`; dots reach into objects). `source` replaces the rows'
    own source label, which chooses the bounds. The group of a row is the field `group`, or the first of `group`, `host`
    and `source` that it has. Raises InputError with file and row.
    """
    where = {name: (fields[name],) if fields and name in fields else places for name, places in LABELS.items()}
    builder, batches = BatchBuilder(), []
    labels: dict[str, list] = {name: [] for name in LABELS}
    groups: list[str] = []
    slices: dict[str, list[str]] = {name: [] for name in by}
    for path in map(Path, paths):
        for number, row in enumerate(read_rows(path), 1):
            found = {name: _first(row, places) for name, places in where.items()}
            if all(value is None for value in found.values()):
                continue
            own = str(_first(row, (group,) if group else GROUP_FIELDS) or "")
            if not in_part(own, part):
                continue
            for name, value in found.items():
                labels[name].append(_checked(name, value, f"{path}: row {number}"))
            groups.append(own)
            for name, values in slices.items():
                value = _first(row, (name,))
                values.append("(none)" if value is None else str(value))
            document = _document(row, f"{path}: row {number}", source, str(path), number)
            if full := builder.add(document, len(document[1]) * 3):
                batches.append(full)
    if last := builder.finish():
        batches.append(last)
    if not groups:
        looked = ", ".join(place for places in where.values() for place in places)
        beside = "" if part == "all" else f" in the part '{part}'"
        raise InputError(f"{', '.join(map(str, paths))}: no row{beside} has a label at any of {looked}")
    return LabelledDocuments(batches, {name: _column(name, values) for name, values in labels.items()}, groups, slices)


def _document(row: dict[str, Any], where: str, source: str | None, file: str, number: int) -> tuple:
    text = row.get("text")
    if not isinstance(text, str):
        raise InputError(f"{where} has no string 'text'")
    own, url, date, provenance = (_string(row, name) for name in ("source", "url", "date", "provenance"))
    identity = str(row.get("id") or number)
    return (
        identity,
        text,
        url,
        source or own,
        date,
        provenance if provenance in PROVENANCES else "organic",
        None,
        file,
        number,
    )


def _string(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def _checked(name: str, value: Any, where: str) -> Any:
    """The label as a number or a name. Raises InputError."""
    if name in ("domain", "style"):
        if value is not None and not isinstance(value, str):
            raise InputError(f"{where}: the {name} label must be a name")
        return value
    if value is None:
        return np.nan
    if name == "toxicity" and isinstance(value, bool | list):
        return float(TOXIC if value else 0)
    largest = _LARGEST[name]
    if not isinstance(value, int | float) or not 0 <= value <= largest:
        raise InputError(f"{where}: the {name} label must be a number from 0 to {largest}")
    if name == "keep" and value not in (0, 1):
        raise InputError(f"{where}: the keep label must be 0 or 1")
    return float(value)


def _column(name: str, values: list) -> np.ndarray:
    return np.array(values, object if name in ("domain", "style") else np.float64)


def _first(row: dict[str, Any], places: Sequence[str]) -> Any:
    return next((value for place in places if (value := field_of(row, place)) not in (None, "")), None)
