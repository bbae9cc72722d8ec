"""Labelled files: JSON Lines (plain, .gz or .zst) or Parquet with a text, a label, and what it must be split by."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from algok.errors import InputError

# Where the group of a row stands if the caller names no field: rows of one group never lie on both sides of a split.
GROUP_FIELDS = ("group", "host", "source")


@dataclass
class Examples:
    """Rows of one or more labelled files, in their order."""

    texts: list[str] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.texts)

    def add(self, text: str, label: Any, group: str = "", weight: float = 1.0) -> None:
        self.texts.append(text)
        self.labels.append(label)
        self.groups.append(group)
        self.weights.append(weight)

    def take(self, rows: Iterable[int]) -> "Examples":
        rows = list(rows)
        return Examples(
            [self.texts[row] for row in rows],
            [self.labels[row] for row in rows],
            [self.groups[row] for row in rows],
            [self.weights[row] for row in rows],
        )

    def __add__(self, other: "Examples") -> "Examples":
        return Examples(
            self.texts + other.texts,
            self.labels + other.labels,
            self.groups + other.groups,
            self.weights + other.weights,
        )

    @property
    def megabytes(self) -> float:
        return sum(len(text.encode("utf-8", "surrogatepass")) for text in self.texts) / 1e6


def read_examples(paths: Iterable[Path | str], label: str, group: str | None = None) -> Examples:
    """Rows with a text and the label at the dotted path `label` (`labels.keep`); rows without that label are left out.

    The group is the field `group`, or the first of GROUP_FIELDS that a row has; `weight` counts a row more or less. Raises
    InputError with file and line for what is no such row, and if no row has the label.
    """
    examples = Examples()
    for path in map(Path, paths):
        for line, row in enumerate(read_rows(path), 1):
            value = field_of(row, label)
            if value is None:
                continue
            text = row.get("text")
            if not isinstance(text, str):
                raise InputError(f"{path}: row {line} has no string 'text'")
            fields = (group,) if group else GROUP_FIELDS
            found = next((str(row[name]) for name in fields if row.get(name)), "")
            weight = row.get("weight", 1.0)
            if not isinstance(weight, (int, float)) or not 0 <= weight < np.inf:
                raise InputError(f"{path}: row {line}: 'weight' must be a number of at least 0")
            examples.add(text, value, found, float(weight))
    if not len(examples):
        raise InputError(f"no row of {', '.join(map(str, paths))} has a label at '{label}'")
    return examples


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSON Lines or Parquet file. Raises InputError."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    try:
        if path.suffix == ".parquet":
            for batch in pq.ParquetFile(path).iter_batches():
                yield from batch.to_pylist()
            return
        with pa.input_stream(str(path), compression="detect") as stream:
            yield from _json_rows(path, stream)
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _json_rows(path: Path, stream: pa.NativeFile) -> Iterator[dict[str, Any]]:
    rest, number = b"", 0
    while True:
        block = stream.read(1 << 22)
        lines = (rest + block).split(b"\n")
        rest = lines.pop() if block else b""
        for line in lines:
            number += 1
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise InputError(f"{path}: line {number} is not JSON: {error.msg}") from None
            if not isinstance(row, dict):
                raise InputError(f"{path}: line {number} is not a JSON object")
            yield row
        if not block:
            return


def field_of(row: dict[str, Any], path: str) -> Any:
    """The value at a dotted path of a row (`labels.keep`), or None."""
    value: Any = row
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def folds(groups: list[str], number: int, seed: int) -> np.ndarray:
    """A fold (0 … number − 1) for every row; all rows of a group are in one fold, and the folds are about equally large."""
    names, counts = np.unique(np.array(groups, dtype=object).astype(str), return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order], kind="stable")]
    sizes, fold_of = np.zeros(number), {}
    for index in order:
        smallest = int(sizes.argmin())
        fold_of[names[index]] = smallest
        sizes[smallest] += counts[index]
    return np.array([fold_of[str(group)] for group in groups])
