"""Texts as people hold them: lists, Arrow tables, pandas and polars, each in and out without loss.

Neither pandas nor polars is imported here unless the caller has given one of theirs. Columns that algok does not need
are never converted, so whatever they hold comes back as it was.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from algok.errors import InputError

# The columns that steps look at beside the text, where a table has strings under these names.
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
        items = list(data)
        return _Records(items, text) if items and all(isinstance(item, dict) for item in items) else _Texts(items)
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


class _Records:
    """A list of dictionaries, as of JSON Lines or a Hugging Face dataset."""

    def __init__(self, records: list[dict], text: str):
        self.records, self.text = records, _checked(text, list(records[0]))

    def columns(self) -> dict[str, pa.Array]:
        found = {}
        for name in _BESIDE:
            values = [record.get(name) for record in self.records]
            if any(values) and all(value is None or isinstance(value, str) for value in values):
                found[name] = _strings(values)
        return {**found, "text": _Texts([record.get(self.text) for record in self.records]).columns()["text"]}

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> list[dict]:
        columns = {name: column.to_pylist() for name, column in _named(replaced, self.text).items()}
        chosen = []
        for place, row in enumerate(rows):
            record = self.records[row]
            added = {name: values[place] for name, values in columns.items() if name in record or name not in _BESIDE}
            chosen.append({**record, **added})
        return chosen


class _Arrow:
    def __init__(self, table: pa.Table, text: str):
        self.table, self.text = _without_views(table), _checked(text, table.column_names)

    def columns(self) -> dict[str, pa.Array]:
        return _documents(
            {name: self.table[name] for name in self.table.column_names if name in _BESIDE}, self.table[self.text]
        )

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
        beside = [name for name in _BESIDE if name in self.frame.columns]
        return _documents({name: self._column(name) for name in beside}, self._column(self.text))

    def _column(self, name: str) -> pa.Array:
        try:
            return pa.array(self.frame[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError):
            raise InputError(
                f"column '{name}' holds values of several types, or no Unicode; expected strings"
            ) from None

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> Any:
        import pandas

        frame = self.frame.iloc[rows]
        columns = {
            name: pandas.Series(column.to_pandas().array, index=frame.index, dtype=None)
            for name, column in _named(replaced, self.text).items()
        }
        added = pandas.DataFrame(columns, index=frame.index)
        known = [name for name in added.columns if name in frame.columns]
        frame = frame.copy(deep=False)
        for name in known:
            frame[name] = added[name]
        return pandas.concat([frame, added.drop(columns=known)], axis=1)


class _Polars:
    def __init__(self, frame: Any, text: str):
        self.frame, self.text = frame, _checked(text, frame.columns)

    def columns(self) -> dict[str, pa.Array]:
        beside = {name: self.frame[name].to_arrow() for name in _BESIDE if name in self.frame.columns}
        return _documents(beside, self.frame[self.text].to_arrow())

    def chosen(self, rows: np.ndarray, replaced: dict[str, pa.Array]) -> Any:
        import polars

        added = [polars.Series(name, column) for name, column in _named(replaced, self.text).items()]
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


def _documents(beside: dict[str, Any], text: Any) -> dict[str, pa.Array]:
    """The texts, and those columns beside them that hold strings. Raises InputError if the texts are something else."""
    column = _as_strings(text)
    if column is None:
        raise InputError(f"the column of texts holds {text.type}, expected strings")
    found = {name: _as_strings(values) for name, values in beside.items()}
    return {"text": column, **{name: values for name, values in found.items() if values is not None}}


def _as_strings(column: pa.Array | pa.ChunkedArray) -> pa.Array | None:
    """A column of any type that stands for strings (dictionaries, views, large ones); None for another type."""
    column = _array(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return column.cast(pa.large_string()) if any(kind(column.type) for kind in kinds) else None


def _without_views(table: pa.Table) -> pa.Table:
    """Arrow cannot filter its string views yet, so these become large strings."""
    views = [
        field.with_type(pa.large_string()) if pa.types.is_string_view(field.type) else field for field in table.schema
    ]
    return table.cast(pa.schema(views, table.schema.metadata))


def _array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(combined.chunks)


def _strings(texts: list) -> pa.Array:
    try:
        return pa.array(texts, pa.large_string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        place = next(place for place, text in enumerate(texts) if text is not None and not _is_unicode(text))
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
