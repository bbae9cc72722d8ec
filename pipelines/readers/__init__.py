"""Readers: a shard in, chunks of documents out, in bounded memory, every record accounted for."""

from collections.abc import Iterator
from functools import cache

from algok.pipelines.extraction.html import extract
from algok.pipelines.readers.base import Chunk, Guard, NoGuard, ReadLimits
from algok.pipelines.readers.inputs import InputSpec, Shard
from algok.pipelines.readers.jsonl import read_jsonl
from algok.pipelines.readers.parquet import read_parquet
from algok.pipelines.readers.text import read_text
from algok.pipelines.readers.warc import read_warc

__all__ = ["Chunk", "Guard", "NoGuard", "ReadLimits", "read_shard"]


def read_shard(
    shard: Shard, spec: InputSpec, limits: ReadLimits | None = None, guard: Guard | None = None
) -> Iterator[Chunk]:
    """Streams one shard of the input `spec` (the one with index `shard.input`).

    Over the shard, records == documents + quarantined + ignored, and documents come in order of their offsets. Raises
    InputError only for a source that cannot be read at all; broken data is quarantined.
    """
    limits = limits or ReadLimits()
    if shard.format == "jsonl":
        return read_jsonl(shard, spec, limits)
    if shard.format == "parquet":
        return read_parquet(shard, spec, limits)
    _compile_extraction()
    read = read_text if shard.format == "text" else read_warc
    return read(shard, spec, limits, guard or NoGuard())


@cache
def _compile_extraction() -> None:
    """Compiles the kernels of charset detection and extraction before a guard counts the seconds of a record."""
    extract(b"<p>\xb0\xa1", None)
