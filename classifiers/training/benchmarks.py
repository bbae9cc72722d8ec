"""Items of benchmarks from local files, in the forms in which these are distributed (`classifiers/benchmarks.yaml`)."""

import ast
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator, model_validator

from algok.errors import InputError

KNOWN = Path(__file__).parents[1] / "benchmarks.yaml"
_LONGEST_ID = 200
_ASKS = re.compile(r"(?:[?？]|시오\.?|것은|세요\.?)[\s)\]>점0-9(]*$")  # also: … 것은? (단, …) [3점]


@dataclass(frozen=True)
class Item:
    """A question of a benchmark with what belongs to it."""

    benchmark: str
    id: str
    question: str
    options: tuple[str, ...] = ()
    answer: str = ""
    context: str = ""

    @property
    def name(self) -> str:
        """As evidence names it: `kmmlu:Law-test#17`."""
        return f"{self.benchmark}:{self.id}"


class Layout(BaseModel):
    """Where the rows of a file have what. Each name may be a list of fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    question: list[str] = []
    text: str | None = None
    options: list[str] = []
    answer: list[str] = []
    context: list[str] = []
    id: str | None = None
    keys: list[str] = []
    rows: str = ""

    @field_validator("question", "options", "answer", "context", "keys", mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _some_question(self) -> "Layout":
        if bool(self.question) == (self.text is not None):
            raise ValueError("expected either question or text")
        return self

    @property
    def needed(self) -> set[str]:
        """The fields that a row must have."""
        fields = [*self.question, *self.options, *self.answer, *self.context, *self.keys, self.id, self.text]
        return {field.partition(".")[0] for field in fields if field is not None}


class Benchmark(BaseModel):
    """The forms that the files of a benchmark have."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    words: list[str] = []
    layouts: list[Layout] = Field(min_length=1)


def known_benchmarks(more: Path | None = None) -> dict[str, Benchmark]:
    """The benchmarks of algok, and those of a YAML file like its own, which go first. Raises InputError."""
    own = _load(more) if more is not None else {}
    return {**own, **{name: found for name, found in _load(KNOWN).items() if name not in own}}


def _load(path: Path) -> dict[str, Benchmark]:
    try:
        return TypeAdapter(dict[str, Benchmark]).validate_python(yaml.safe_load(path.read_text("utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: {'.'.join(map(str, first['loc'])) or 'file'}: {first['msg']}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def read_items(path: Path, benchmarks: dict[str, Benchmark], benchmark: str | None = None) -> list[Item]:
    """The items of a file: JSON, JSON Lines, CSV, TSV or Parquet, plain, .gz or .zst.

    Which benchmark it is, its fields and its path say, or the caller. Raises InputError with file and row for what no
    layout fits.
    """
    data = _read(path)
    items: list[Item] = []
    chosen: tuple[str, Layout] | None = None
    for number, row in enumerate(_top(data), 1):
        if chosen is None or not _fits(chosen[1], row):
            chosen = _choose(path, number, row, benchmarks, benchmark)
        name, layout = chosen
        for place, inner in enumerate(_inner(row, layout), 1):
            own = f"{_stem(path)}#{number}" + (f".{place}" if layout.rows else "")
            items.append(_item(name, own, inner, layout))
    if not items:
        raise InputError(f"{path}: has no row")
    return items


def _choose(
    path: Path, number: int, row: dict, benchmarks: dict[str, Benchmark], wanted: str | None
) -> tuple[str, Layout]:
    """The most specific layout that fits a row. Where several benchmarks have it, the path tells which one it is."""
    known = benchmarks if wanted is None else {wanted: benchmarks[wanted], "": benchmarks[""]}
    fitting = [(name, layout) for name, found in known.items() for layout in found.layouts if _fits(layout, row)]
    if not fitting:
        keys = ", ".join(sorted(map(str, row))[:20])
        raise InputError(
            f"{path}: row {number}: no known layout has its fields ({keys}); describe them in a --layouts file"
        )
    most = max(len(layout.needed) for _, layout in fitting)
    best = [(name, layout) for name, layout in fitting if len(layout.needed) == most]
    named = [(name, layout) for name, layout in best if wanted or _said(path, known[name].words)]
    best = named or best
    names = sorted({name for name, _ in best})
    if len(names) > 1:
        raise InputError(f"{path}: its rows may be of {' or '.join(names)}; say which with --benchmark")
    name, layout = best[0]
    return wanted or name or _by_path(path, benchmarks), layout


def _fits(layout: Layout, row: dict) -> bool:
    inner = next(iter(_inner(row, layout)), None)
    return inner is not None and layout.needed <= inner.keys()


def _said(path: Path, words: Sequence[str]) -> bool:
    """Whether the file's name or that of its folder has one of the words."""
    text = "/".join(path.parts[-3:]).lower()
    return any(word in text for word in words)


def _by_path(path: Path, benchmarks: dict[str, Benchmark]) -> str:
    return next((name for name, found in benchmarks.items() if name and _said(path, found.words)), _stem(path).lower())


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def _item(benchmark: str, own: str, row: dict, layout: Layout) -> Item:
    named = [text for text in texts_of(row, layout.id) if text] if layout.id else []
    name = "".join(char for char in (named or [own])[0] if char.isprintable())[:_LONGEST_ID]
    if layout.text is not None:
        return _in_lines(benchmark, name, _joined(row, [layout.text]))
    answer = [] if layout.options else [text for field in layout.answer for text in texts_of(row, field)][:1]
    return Item(
        benchmark,
        name,
        _joined(row, layout.question),
        tuple(text for field in layout.options for text in texts_of(row, field)),
        answer[0] if answer else "",
        _joined(row, layout.context),
    )


def _in_lines(benchmark: str, name: str, text: str) -> Item:
    """An item whose parts stand in one text; all of it is the question where no line asks anything."""
    lines = text.split("\n")
    asking = [place for place, line in enumerate(lines) if _ASKS.search(line)]
    if not asking:
        return Item(benchmark, name, text)
    at = asking[-1]
    return Item(benchmark, name, lines[at], tuple(lines[at + 1 :]), "", "\n".join(lines[:at]))


def _joined(row: dict, fields: list[str]) -> str:
    return "\n".join(text for field in fields for text in texts_of(row, field))


def texts_of(row: Any, path: str) -> list[str]:
    """The texts at a dotted path, which goes through every part of a list; a list that was printed into a text is read.

    >>> texts_of({"answers": [{"text": "한강"}, {"text": "낙동강"}]}, "answers.text")
    ['한강', '낙동강']
    """
    values = [row]
    for key in path.split("."):
        values = [value.get(key) for value in _spread(values) if isinstance(value, dict)]
    return [str(value) for value in _spread(values) if isinstance(value, str | int | float)]


def _spread(values: list) -> Iterator[Any]:
    """The values with the parts of lists in place of these."""
    for value in values:
        if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
            value = _printed(value)
        if isinstance(value, list):
            yield from _spread(value)
        else:
            yield value


def _printed(text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, list) and all(isinstance(part, str) for part in value) else text


def _top(data: Any) -> Iterator[dict]:
    """The outermost rows."""
    for row in data if isinstance(data, list) else [data]:
        if isinstance(row, dict):
            yield row


def _inner(row: dict, layout: Layout) -> Iterator[dict]:
    """The rows of a layout in a row of the file, which is one itself where the layout is flat."""
    rows = [row]
    for key in layout.rows.split(".") if layout.rows else ():
        outer, rows = rows, []
        for around in outer:
            parts = around.get(key)
            rows += [{**around, **part} for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return iter(rows)


def _read(path: Path) -> Any:
    """What a file holds: a list of rows, or one JSON object. Raises InputError."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file")
    suffix = next((part for part in reversed(path.suffixes) if part not in (".gz", ".zst", ".bz2")), "").lower()
    try:
        if suffix == ".parquet":
            return pq.read_table(path).to_pylist()
        with pa.input_stream(str(path), compression="detect") as stream:
            text = stream.read().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, pa.ArrowInvalid) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if suffix in (".csv", ".tsv"):
        csv.field_size_limit(1 << 30)
        return list(csv.DictReader(io.StringIO(text), delimiter="\t" if suffix == ".tsv" else ","))
    return _json(path, text)


def _json(path: Path, text: str) -> Any:
    """One JSON value, or one a line."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                rows.append(orjson.loads(line))
            except orjson.JSONDecodeError as error:
                raise InputError(f"{path}: line {number} is not JSON: {error.msg}") from None
    return rows
