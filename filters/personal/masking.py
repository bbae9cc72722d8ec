"""Text for places where the value is not needed – rejects, samples, diffs – with every finding masked."""

from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from algok.filters.personal.coarse import redact_url
from algok.filters.personal.kinds import KINDS, KindName, Policy
from algok.filters.personal.policies import replace
from algok.filters.personal.scan import findings
from algok.kernels.buffers import string_buffers
from algok.kernels.personal import find

_ALL: dict[KindName, Policy] = dict.fromkeys(KINDS, "mask")


def mask_column(texts: pa.Array) -> pa.Array:
    """The column (no nulls: ValueError) with tokens for all findings, whatever a recipe keeps."""
    found = findings(texts)
    if not found:
        return texts
    masked = texts.to_pylist()
    for row, own in found.items():
        masked[row] = replace(masked[row], own, _ALL)
    return pa.array(masked, texts.type)


def mask_text(text: str) -> str:
    """One text with tokens for all findings."""
    return mask_column(pa.array([text], pa.large_string()))[0].as_py()


@lru_cache(maxsize=4096)
def mask_label(label: str) -> str:
    """A short value of a record that stands for many documents, such as its source: findings and contacts masked, but
    dates and other numbers left as they are."""
    return redact_url(mask_text(label))


def mask_label_column(labels: pa.Array) -> pa.Array:
    """A column of such values, each masked once; null stays null."""
    masked = {label: mask_label(label) for label in labels.unique().drop_null().to_pylist()}
    if all(label == own for label, own in masked.items()):
        return labels
    return pa.array([masked.get(label) for label in labels.to_pylist()], labels.type)


def mask_json_column(column: pa.Array) -> pa.Array:
    """A column of JSON objects (null: none) with tokens for all findings in their strings; keys and numbers stay."""
    filled = column.fill_null("")
    _, ends = find(*string_buffers(filled))
    rows = np.flatnonzero(np.diff(ends))
    if not len(rows):
        return column
    values = column.to_pylist()
    objects = [orjson.loads(values[row]) for row in rows]
    strings: list[str] = []
    _strings(objects, strings)
    masked = iter(mask_column(pa.array(strings, pa.large_string())).to_pylist())
    for row, value in zip(rows, objects, strict=True):
        values[row] = orjson.dumps(_replaced(value, masked), option=orjson.OPT_SORT_KEYS).decode()
    return pa.array(values, column.type)


def _strings(value: Any, found: list[str]) -> None:
    if isinstance(value, str):
        found.append(value)
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _strings(inner, found)


def _replaced(value: Any, masked: Any) -> Any:
    """The same value with its strings, in the order of `_strings`, from an iterator."""
    if isinstance(value, str):
        return next(masked)
    if isinstance(value, dict):
        return {key: _replaced(inner, masked) for key, inner in value.items()}
    return [_replaced(inner, masked) for inner in value] if isinstance(value, list) else value
