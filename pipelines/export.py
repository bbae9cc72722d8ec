"""The kept documents of a run as one file or stream: JSON Lines, plain text, CSV, TSV or Parquet.

Documents are written batch by batch in the run's order, so that a large run needs no memory. A file appears whole or not
at all.
"""

import bz2
import csv
import gzip
import io
import lzma
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from algok.pipelines.storage import Store

# What a file for people holds of a document: its place in the input and the signals stay in the run directory.
COLUMNS = ("id", "text", "url", "source", "date", "provenance", "meta")
_ROWS = 1024


def export_format(name: str) -> tuple[str, str] | None:
    """Format and compression (or "") that a file's name asks for, or None for a name that asks for none.

    >>> export_format("out/kept.jsonl.zst"), export_format("out.txt"), export_format("runs/web")
    (('jsonl', '.zst'), ('txt', ''), None)
    """
    path = Path(name.lower())
    compression = path.suffix if path.suffix in _STREAMS else ""
    kind = Path(path.stem if compression else path.name).suffix.removeprefix(".")
    kind = "jsonl" if kind == "ndjson" else kind
    if kind not in FORMATS or (kind == "parquet" and compression):
        return None
    return kind, compression


def export_file(run: Store, target: Path, kind: str, compression: str) -> int:
    """Writes the kept documents of a run directory to a file and gives their number."""
    with _replacing(target) as temporary, _compressor(temporary, compression) as out:
        return export_stream(run, out, kind)


def export_stream(run: Store, out: BinaryIO, kind: str) -> int:
    """Writes the kept documents of a run directory to an open binary stream and gives their number."""
    if kind == "parquet":
        return _write_parquet(run, out)
    count, encode = 0, _ENCODERS[kind]
    if kind in _DELIMITERS:
        out.write(_rows([COLUMNS], _DELIMITERS[kind]))
    for batch in _batches(run, list(COLUMNS)):
        out.write(encode(batch))
        count += batch.num_rows
    return count


def _batches(run: Store, columns: list[str]) -> Iterator[pa.RecordBatch]:
    for name in run.names("kept"):
        with run.fs.open(run.path(name), "rb") as file:
            yield from pq.ParquetFile(file).iter_batches(_ROWS, columns=columns)


def _jsonl(batch: pa.RecordBatch) -> bytes:
    """A JSON object per line; meta is an object in it."""
    rows = batch.to_pylist()
    for row in rows:
        row["meta"] = orjson.Fragment(row["meta"]) if row["meta"] else None
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _txt(batch: pa.RecordBatch) -> bytes:
    """The texts, an empty line behind each. Empty lines inside a text are left out: they would look like its end."""
    texts = ([line for line in text.split("\n") if line.strip()] for text in batch.column("text").to_pylist())
    return "".join("\n".join(lines) + "\n\n" for lines in texts).encode()


def _separated(batch: pa.RecordBatch, delimiter: str) -> bytes:
    """A row per document; meta is JSON text, and what is missing is empty."""
    return _rows(zip(*(column.to_pylist() for column in batch.columns), strict=True), delimiter)


def _rows(rows: Iterable[Sequence], delimiter: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


_DELIMITERS = {"csv": ",", "tsv": "\t"}
_ENCODERS: dict[str, Callable[[pa.RecordBatch], bytes]] = {
    "jsonl": _jsonl,
    "txt": _txt,
    **{kind: partial(_separated, delimiter=delimiter) for kind, delimiter in _DELIMITERS.items()},
}
FORMATS = (*_ENCODERS, "parquet")


def _write_parquet(run: Store, out: BinaryIO) -> int:
    """All columns of `kept/`, the signals too."""
    names, count = run.names("kept"), 0
    with pq.ParquetWriter(out, _schema(run, names[0]), compression="zstd") as writer:
        for batch in _batches(run, writer.schema.names):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def _schema(run: Store, name: str) -> pa.Schema:
    with run.fs.open(run.path(name), "rb") as file:
        return pq.read_schema(file)


@contextmanager
def _compressor(path: Path, compression: str) -> Iterator[BinaryIO]:
    """A new file that compresses what is written to it; the same bytes for the same documents."""
    with path.open("wb") as file, _STREAMS[compression](file) as out:
        yield cast(BinaryIO, out)


_STREAMS: dict[str, Callable[[BinaryIO], Any]] = {
    "": nullcontext,
    ".gz": lambda file: gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0),
    ".zst": lambda file: pa.CompressedOutputStream(file, "zstd"),
    ".bz2": lambda file: bz2.BZ2File(file, "wb"),
    ".xz": lambda file: lzma.LZMAFile(file, "wb"),
}


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A path beside the target that takes its place when the block ends well, and is gone when it fails."""
    temporary = target.parent / f".{target.name}.{secrets.token_hex(4)}.tmp"
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()
