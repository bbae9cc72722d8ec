"""What a document is: the schema of documents and of quarantined records, their ids, and the batches they travel in."""

from collections.abc import Callable

import orjson
import pyarrow as pa
import xxhash

DOCUMENT_SCHEMA = pa.schema(
    [
        ("id", pa.string()),  # 32 hex digits, see document_id
        ("text", pa.large_string()),
        ("url", pa.string()),
        ("source", pa.string()),
        ("date", pa.string()),  # ISO 8601 where the input had a date
        ("provenance", pa.string()),  # one of PROVENANCES
        ("meta", pa.string()),  # a JSON object with sorted keys, or null
        ("file", pa.string()),  # name of the input file in the plan
        ("offset", pa.int64()),  # where the record starts in its file
    ]
)

QUARANTINE_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("offset", pa.int64()),
        ("reason", pa.string()),  # short stable code, listed in docs/inputs.md
        ("message", pa.string()),
        ("bytes", pa.int64()),  # size of the raw record, null where unknown
        ("rows", pa.int64()),  # records that this row stands for; 1 except for whole Parquet row groups
        ("excerpt", pa.string()),  # masked beginning of the record
    ]
)

OCR_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("offset", pa.int64()),  # of the document in its file, as in the documents' own columns
        ("member", pa.string()),  # its path in an archive, else null
        ("page", pa.int32()),  # from 1
        ("pages", pa.int32()),  # of the document
        ("reason", pa.string()),  # why the page's text is missing, see docs/documents.md
        ("width", pa.float32()),  # of the page, in points of 1/72 inch
        ("height", pa.float32()),
        ("bytes", pa.int64()),  # size of the document
    ]
)

PROVENANCES = ("organic", "synthetic", "translated")

MAX_BATCH_ROWS = 1024
MAX_BATCH_BYTES = 8 << 20

TOO_DEEP = "(nested too deep to be kept)"  # what meta says in the place of such a value

_JSON = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def document_id(name: bytes, offset: int, payload: bytes | memoryview) -> str:
    """32 hex digits of XXH3-128 over input name, offset and raw payload.

    Depends on nothing else, so it survives other splits, other workers and a corpus that moved.
    """
    return xxhash.xxh3_128_hexdigest(b"%b\0%d\0%b" % (name, offset, payload))


def dump_meta(meta: dict) -> str | None:
    """A meta object as JSON text with sorted keys; None when empty. What JSON cannot express becomes text."""
    if not meta:
        return None
    try:
        return orjson.dumps(meta, default=_as_text, option=_JSON).decode()
    except orjson.JSONEncodeError:
        # Integers beyond 64 bits, lone surrogates, more than 254 levels: kept as text, key by key.
        return orjson.dumps({_escaped(str(k)): _dumpable(v) for k, v in meta.items()}, option=_JSON).decode()


def _as_text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _dumpable(value: object) -> object:
    try:
        return orjson.Fragment(orjson.dumps(value, default=_as_text, option=_JSON))
    except orjson.JSONEncodeError:
        try:
            return _escaped(str(value))
        except RecursionError:
            return TOO_DEEP


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


class BatchBuilder:
    """Collects documents and cuts them into batches of at most 1024 rows and 8 MiB of text (a single larger document
    is a batch of its own). The cuts depend only on the sequence of documents.

    `refuse` is told of a row that Arrow cannot hold, with the error; without it the error is raised.
    """

    def __init__(self, refuse: Callable[[tuple, Exception], None] | None = None) -> None:
        self._refuse = refuse
        self._rows: list[tuple] = []
        self._bytes = 0

    def add(self, row: tuple, size: int) -> pa.RecordBatch | None:
        """Adds one row in schema order; `size` bounds its text in bytes. Gives the batch that had to close first."""
        full = len(self._rows) >= MAX_BATCH_ROWS or (self._rows and self._bytes + size > MAX_BATCH_BYTES)
        batch = self.finish() if full else None
        self._rows.append(row)
        self._bytes += size
        return batch

    def finish(self) -> pa.RecordBatch | None:
        """The rows collected so far, or None."""
        rows, self._rows, self._bytes = self._rows, [], 0
        try:
            return _batch(rows)
        except Exception:
            if self._refuse is None:
                raise
        return _batch([row for row in rows if self._fits(row)])

    def _fits(self, row: tuple) -> bool:
        try:
            _batch([row])
        except Exception as error:
            assert self._refuse is not None
            self._refuse(row, error)
            return False
        return True


def _batch(rows: list[tuple]) -> pa.RecordBatch | None:
    """Rows in schema order as a batch; None where there are none."""
    if not rows:
        return None
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, DOCUMENT_SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=DOCUMENT_SCHEMA)
