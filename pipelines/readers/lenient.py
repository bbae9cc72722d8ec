"""Arrow columns that break their own rules: what can be read of them, and a mark for what cannot.

Files hold strings that are no UTF-8 and times that no day has. Arrow refuses a whole batch for one of them, also where it
stands in a column that nobody asked for.
"""

from contextlib import suppress

import pyarrow as pa

_MARK = "_unreadable"


def sound_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with every column valid: as it is, as bytes and numbers, or marked as unreadable."""
    names = [name_of(batch.schema.field(place), place) for place in range(batch.num_columns)]
    batch = batch.rename_columns(names)
    try:
        batch.validate(full=True)
        return batch
    except pa.ArrowException:
        columns = [_sound(column) for column in batch.columns]
    names = [name if column is not None else name + _MARK for name, column in zip(names, columns, strict=True)]
    arrays = [column if column is not None else _marks(batch.num_rows) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=names)


def name_of(field: pa.Field, place: int) -> str:
    """The name of a column, or its place where the name is no UTF-8."""
    try:
        return field.name
    except UnicodeDecodeError:
        return f"column{place}"


def with_marks(batch: pa.RecordBatch, lost: list[str]) -> pa.RecordBatch:
    """The batch with a mark for every column that could not be read; it travels in meta."""
    arrays = [*batch.columns, *(_marks(batch.num_rows) for _ in lost)]
    return pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, *(name + _MARK for name in lost)])


def _marks(rows: int) -> pa.Array:
    return pa.repeat(pa.scalar(True), rows)


def _sound(column: pa.Array) -> pa.Array | None:
    """A column that passes validation, None where there is none to be had."""
    try:
        column.validate()  # lengths and buffers: Arrow ends the process when a part of a column is asked for that is not there
        for plain in (lambda array: array, _plain):
            candidate = plain(column)
            with suppress(pa.ArrowException):
                candidate.validate(full=True)
                return candidate
    except (pa.ArrowException, TypeError):
        pass
    return None


def _plain(column: pa.Array) -> pa.Array:
    """The column with strings as bytes and times as numbers, inside of lists, structs and dictionaries too."""
    kind = column.type
    if pa.types.is_string(kind):
        return column.view(pa.binary())
    if pa.types.is_large_string(kind):
        return column.view(pa.large_binary())
    if pa.types.is_time(kind) or pa.types.is_date64(kind):
        return column.view(pa.int32() if kind.bit_width == 32 else pa.int64())
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(column.indices, _plain(column.dictionary))
    if pa.types.is_struct(kind):
        names = [name_of(field, place) for place, field in enumerate(kind)]
        parts = [_plain(column.field(place)) for place in range(len(names))]
        return pa.StructArray.from_arrays(parts, names=names, mask=column.is_null())
    if pa.types.is_map(kind):
        entries = pa.StructArray.from_arrays([_plain(column.keys), _plain(column.items)], names=["key", "value"])
        return _list(pa.list_(entries.type), column, entries)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items = _plain(column.values)
        return _list(pa.list_(items.type) if pa.types.is_list(kind) else pa.large_list(items.type), column, items)
    return column


def _list(kind: pa.DataType, column: pa.Array, items: pa.Array) -> pa.Array:
    return pa.Array.from_buffers(kind, len(column), column.buffers()[:2], offset=column.offset, children=[items])
