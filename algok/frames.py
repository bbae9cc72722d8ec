"""Texts as people hold them: lists, Arrow tables, pandas and polars, each in and out without loss.

Neither pandas nor polars is imported here unless the caller has given one of theirs. Columns that algok does not need
are never converted, so whatever they hold comes back as it was.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from algok.errors import InputError

# The columns that steps look at beside the text, where a table has them under these names.
_BESIDE = ("url", "source", "date", "meta")


class Frame(Protocol):
    """Rows with a text each."""

    def columns(self) -> dict[str, pa.Array]:
        """Text, and what the table has of url, source, date and meta; Raises InputError for what is no text."""
        ...

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> Any:
        """These rows (int64, in order) in the kind that was given, with columns replaced or added (one value a row)."""
        ...


def frame_of(data: Any, text: str) -> Frame:
    """The data as a Frame; `text` names the column of texts in a table. Raises InputError for what holds no texts."""
    module = type(data).__module__.partition(".")[0]
    if isinstance(data, str | bytes):
        raise InputError("one text was given where texts are expected; put it into a list: [text]")
    name = type(data).__name__
    if module == "pandas" and name == "DataFrame":
        return _Pandas(data, text)
    if module == "polars" and name in ("DataFrame", "LazyFrame"):
        return _Polars(data.collect() if name == "LazyFrame" else data, text)
    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if isinstance(data, pa.Table):
        return _Arrow(data, text)
    if module in ("pandas", "polars") or isinstance(data, pa.Array | pa.ChunkedArray):
        return _Texts(_list(data))
    if hasattr(data, "__arrow_c_stream__"):
        return _Arrow(pa.table(data), text)
    if isinstance(data, dict):
        return _Arrow(pa.table(data), text)
    if isinstance(data, Sequence) or hasattr(data, "__iter__"):
        return _Texts(list(data))
    raise InputError(
        f"{type(data).__name__}: holds no texts; expected a list of strings, an Arrow table, or a pandas or polars DataFrame"
    )


class _Texts:
    def __init__(self, texts: list):
        for place, item in enumerate(texts):
            if not isinstance(item, str):
                raise InputError(
                    f"text {place}: is {type(item).__name__}, expected a string; leave it out or convert it"
                )
        self.texts = texts

    def columns(self) -> dict[str, pa.Array]:
        return {"text": _strings(self.texts)}

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> Any:
        """Without columns to add a list of texts; with them an Arrow table."""
        return replaced["text"].to_pylist() if list(replaced) == ["text"] else pa.table(replaced)


class _Arrow:
    def __init__(self, table: pa.Table, text: str):
        self.table, self.text = table, _checked(text, table.column_names)

    def columns(self) -> dict[str, pa.Array]:
        names = {"text": self.text, **{name: name for name in _BESIDE if name in self.table.column_names}}
        return {role: _as_text(self.table[name].combine_chunks(), name) for role, name in names.items()}

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> pa.Table:
        keep = np.zeros(self.table.num_rows, bool)
        keep[rows] = True
        table = self.table.filter(pa.array(keep))
        for name, column in _named(replaced, self.text).items():
            at = table.column_names.index(name) if name in table.column_names else -1
            table = table.append_column(name, column) if at < 0 else table.set_column(at, name, column)
        return table


class _Pandas:
    def __init__(self, frame: Any, text: str):
        self.frame, self.text = frame, _checked(text, list(frame.columns))

    def columns(self) -> dict[str, pa.Array]:
        names = {"text": self.text, **{name: name for name in _BESIDE if name in self.frame.columns}}
        return {role: _as_text(pa.array(self.frame[name], from_pandas=True), name) for role, name in names.items()}

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> Any:
        import pandas

        frame = self.frame.iloc[rows]
        columns = {
            name: pandas.Series(column.to_pandas().array, index=frame.index, dtype=None)
            for name, column in _named(replaced, self.text).items()
        }
        added = pandas.DataFrame(columns, index=frame.index)
        known = [name for name in added.columns if name in frame.columns]
        frame = frame.assign(**{name: added[name] for name in known})
        return pandas.concat([frame, added.drop(columns=known)], axis=1)


class _Polars:
    def __init__(self, frame: Any, text: str):
        self.frame, self.text = frame, _checked(text, frame.columns)

    def columns(self) -> dict[str, pa.Array]:
        names = {"text": self.text, **{name: name for name in _BESIDE if name in self.frame.columns}}
        return {role: _as_text(_array(self.frame[name].to_arrow()), name) for role, name in names.items()}

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> Any:
        import polars

        added = [polars.from_arrow(column).alias(name) for name, column in _named(replaced, self.text).items()]
        return self.frame[rows].with_columns(added)


def _named(replaced: dict[str, pa.Array], text: str) -> dict[str, pa.Array]:
    """The columns under the table's own name for the text."""
    return {text if name == "text" else name: column for name, column in replaced.items()}


def _checked(text: str, names: Sequence[str]) -> str:
    if text not in names:
        raise InputError(
            f"no column '{text}'; name the one that holds the texts: text=… out of {', '.join(map(str, names))}"
        )
    return text


def _as_text(column: pa.Array, name: str) -> pa.Array:
    """A column as strings; whatever stands for strings in Arrow (dictionaries, views, large ones) is taken."""
    column = _array(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type):
        return column.cast(pa.large_string())
    if not (
        pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type)
    ):
        if name == "date":
            return column.cast(pa.large_string())
        raise InputError(f"column '{name}' holds {column.type}, expected strings")
    return column.cast(pa.large_string())


def _array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def _strings(texts: list[str]) -> pa.Array:
    try:
        return pa.array(texts, pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        place = next(place for place, text in enumerate(texts) if not _is_unicode(text))
        raise InputError(
            f"text {place}: holds a lone surrogate, so it cannot be UTF-8; decode it with errors='replace'"
        ) from None


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _list(data: Any) -> list:
    return data.to_pylist() if isinstance(data, pa.Array | pa.ChunkedArray) else data.to_list()

