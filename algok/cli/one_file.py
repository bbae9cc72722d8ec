"""Documents of a file that a command names, or of standard input."""

import sys
from collections.abc import Iterator

import pyarrow as pa

from algok.errors import InputError
from algok.pipelines.credentials import problem_of
from algok.pipelines.readers.collector import Chunk
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.spec import InputSpec


def read_stdin(source: str | None) -> pa.RecordBatch:
    """The text on standard input as one document."""
    from algok.pipelines.documents import DOCUMENT_SCHEMA
    from algok.pipelines.extraction.charset import decode

    text = decode(sys.stdin.buffer.read()).text
    row = {"id": "-", "text": text, "source": source, "provenance": "organic", "file": "-", "offset": 0}
    return pa.RecordBatch.from_pylist([row], DOCUMENT_SCHEMA)


def read_chunks(target: str, source: str | None, limits) -> Iterator[Chunk]:
    """What the readers make of a file, directory or URL, in order. Raises InputError, too for a URL with credentials."""
    if problem := problem_of(target):
        raise InputError(problem)
    spec = InputSpec(path=target, source=source)
    for shard in plan_shards([spec]):
        yield from read_shard(shard, spec, limits)
