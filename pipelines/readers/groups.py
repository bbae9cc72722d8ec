"""Shards of many small files: read one after the other, their documents in batches as large as those of one file.

Batches of a few documents would cost as much as full ones at every step, and so would a task for every small file.
"""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa

from algok.pipelines.documents import MAX_BATCH_BYTES, MAX_BATCH_ROWS
from algok.pipelines.readers.collector import Chunk, Collector, Guard
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec

_KEYS = 1 << 40  # keys of records in one file; places of files stand above them


class _Within:
    """The guard of the file of a group that is read now: records of different files have different keys."""

    def __init__(self, guard: Guard):
        self._guard, self._first = guard, 0

    def enter_file(self, place: int) -> None:
        self._first = place * _KEYS

    def enter(self, offset: int) -> bool:
        return self._guard.enter(self._first + offset)

    def note(self, offset: int) -> bool:
        return self._guard.note(self._first + offset)

    def renew(self) -> None:
        self._guard.renew()

    def leave(self, struck: bool = False) -> None:
        self._guard.leave(struck)


class _Files(tuple[InputFile, ...]):
    """Files of a group; whoever goes through them tells the guard which is read."""

    guard: _Within

    def __iter__(self) -> Iterator[InputFile]:
        for place, file in enumerate(super().__iter__()):
            self.guard.enter_file(place)
            yield file


def read_group(reader: Reader, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
    """The files of a shard in their order, as `Reader.read` gives each."""
    waiting, within = _Waiting(), _Within(guard)
    chunks = _together if reader.takes_groups else _one_by_one
    for chunk in chunks(reader, shard, spec, limits, within):
        yield from waiting.add(chunk)
    yield from waiting.close()


def _together(reader: Reader, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: _Within) -> Iterator[Chunk]:
    files = _Files(shard.files)
    files.guard = guard
    yield from reader.read(replace(shard, files=files), spec, limits, guard)


def _one_by_one(reader: Reader, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: _Within) -> Iterator[Chunk]:
    for place, file in enumerate(shard.files):
        guard.enter_file(place)
        last = Collector()
        with last.surviving(file.name):
            yield from reader.read(replace(shard, files=(file,)), spec, limits, guard)
        yield from last.finish()


class _Waiting:
    """Chunks that are put together until their documents fill a batch."""

    def __init__(self) -> None:
        self._chunk = Chunk()
        self._batches: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def add(self, chunk: Chunk) -> Iterator[Chunk]:
        batch = chunk.batch
        if batch is not None:
            if self._rows + batch.num_rows > MAX_BATCH_ROWS or self._bytes + chunk.bytes > MAX_BATCH_BYTES:
                yield from self.close()
            self._batches.append(batch)
            self._rows += batch.num_rows
            self._bytes += chunk.bytes  # of the records, which bounds the texts near enough and costs nothing
        own = self._chunk
        own.quarantined += chunk.quarantined
        own.ignored.update(chunk.ignored)
        own.extracted.update(chunk.extracted)
        own.missing += chunk.missing
        own.ocr.update(chunk.ocr)
        own.records += chunk.records
        own.bytes += chunk.bytes
        if len(own.quarantined) >= MAX_BATCH_ROWS:
            yield from self.close()

    def close(self) -> Iterator[Chunk]:
        """What waits, as one chunk."""
        chunk, batches = self._chunk, self._batches
        if batches:
            chunk.batch = batches[0] if len(batches) == 1 else pa.concat_batches(batches)
        self._chunk, self._batches, self._rows, self._bytes = Chunk(), [], 0, 0
        if chunk.records or chunk.ocr:
            yield chunk
