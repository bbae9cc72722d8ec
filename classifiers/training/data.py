"""What `algok train` reads: texts or labelled examples from files, and what the model's card says of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from algok.classifiers.labelled_rows import Examples, field_of, read_examples, read_rows
from algok.classifiers.split import Part, in_part
from algok.classifiers.store import DataSet
from algok.errors import InputError

UNSTATED = "not stated"


class DataSets:
    """Counts rows by file and licence for the card: the licence given for the file, else the row's field `license`."""

    def __init__(self, paths: Sequence[Path], licenses: Sequence[str], use: str = "train"):
        if len(licenses) not in (0, 1, len(paths)):
            raise InputError(
                f"{len(licenses)} licences for {len(paths)} files; give one for all, or one for each in order"
            )
        given = list(licenses) * (len(paths) if len(licenses) == 1 else 1)
        self._given = dict(zip(paths, given, strict=True)) if given else {}
        self._use = use
        self._counts: dict[tuple[str, str], list[int]] = {}

    def count(self, path: Path, row: dict[str, Any]) -> None:
        license_ = self._given.get(path) or str(row.get("license") or UNSTATED)
        counts = self._counts.setdefault((path.name, license_), [0, 0])
        counts[0] += 1
        counts[1] += len(row["text"].encode("utf-8", "surrogatepass"))

    def data(self, part: Part = "all") -> list[DataSet]:
        """A line of the card per file and licence."""
        beside = "" if part == "all" else f" ({part} part)"
        return [
            DataSet(name=name + beside, license=license_, documents=n, megabytes=round(size / 1e6, 3), use=self._use)
            for (name, license_), (n, size) in self._counts.items()
        ]


def read_texts(paths: Sequence[Path], sets: DataSets) -> Iterator[str]:
    """The texts of files. Raises InputError for a row without one."""
    for path in paths:
        for number, row in enumerate(read_rows(path), 1):
            if not isinstance(row.get("text"), str):
                raise InputError(f"{path}: row {number} has no string 'text'")
            sets.count(path, row)
            yield row["text"]


def read_training(
    paths: Sequence[Path], label: str, group: str | None, sets: DataSets, part: Part = "all", second: str | None = None
) -> tuple[Examples, bool]:
    """Labelled examples; with `second`, a label is the pair of both fields (None where a row lacks the second).

    A row without a group is its own group, told by its text; the flag says that there was no group at all. Raises
    InputError.
    """
    parts, grouped = Examples(), False
    for path in paths:
        examples = read_examples([path], label, group)
        grouped |= any(examples.groups)
        chosen = [row for row, name in enumerate(examples.groups) if in_part(name, part)]
        rows = _rows_with(path, label)
        for row, raw in enumerate(rows):
            if second is not None:
                examples.labels[row] = (examples.labels[row], field_of(raw, second))
            if in_part(examples.groups[row], part):
                sets.count(path, raw)
        parts += examples.take(chosen)
    if not len(parts):
        raise InputError(f"{', '.join(map(str, paths))}: no labelled row is in the part '{part}'")
    alone = [name or _own_group(text) for name, text in zip(parts.groups, parts.texts, strict=True)]
    return replace(parts, groups=alone), grouped


def _rows_with(path: Path, label: str) -> Iterator[dict[str, Any]]:
    """The rows that `read_examples` takes, in its order."""
    return (row for row in read_rows(path) if field_of(row, label) is not None)


def _own_group(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
