"""JSON Lines, plain or compressed, streamed in blocks; plain files may be read in byte slices."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import orjson

from algok.pipelines.readers.collector import EXCERPT_BYTES, Chunk, Collector, Guard
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.json_text import JsonFile
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.objects import Objects
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import Reader, compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import BLOCK_BYTES, Damaged, InputStream, blocks, compression, wide_encoding


class _Line(NamedTuple):
    """A line without its line feed. `data` is None for one longer than the limit; `size` counts the line feed."""

    offset: int
    data: bytes | None
    size: int
    beginning: bytes = b""
    damage: Damaged | None = None


class Jsonl(Reader):
    """A line, an object. `.json` files of this form are common, so they are looked into."""

    name = "jsonl"
    extensions = compressed(".jsonl", ".ndjson", ".json")
    takes_groups = True

    def sniff(self, head: bytes) -> bool:
        """One object a line: the first line, as far as it is in sight, is an object of its own."""
        line, ended, _ = head.partition(b"\n")
        return line.startswith(b"{") and (not ended or _is_object(line))

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Byte offsets for plain files; compressed ones, and those in UTF-16, are whole."""
        if file.size <= split_bytes:
            return [(None, None)]
        with InputStream(file.url) as source:
            head = source.read(8)
            if compression(head) is not None or wide_encoding(head) is not None:
                return [(None, None)]
        return list(pairwise([*range(0, file.size, split_bytes), file.size]))

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; offsets are bytes in the decompressed stream."""
        collector = Collector()
        objects = self.objects(spec, limits, guard, collector)
        for file in shard.files:
            with collector.surviving(file.name), InputStream(file.url) as source:
                json_file = JsonFile(file.url, file.name)
                for line in _shard_lines(source, shard, limits.line_bytes, json_file):
                    if line.data is None:
                        _quarantine(line, file, limits, collector)
                    else:
                        objects.take_json(json_file, line.offset, line.data, line.size)
                    if collector.ready:
                        yield from collector.drain()
        yield from collector.finish()

    def objects(self, spec: InputSpec, limits: ReadLimits, guard: Guard, collector: Collector) -> Objects:
        """What makes documents of the objects; formats whose objects have a shape of their own bring theirs."""
        return Objects(Fields.of(spec), limits, Pages(guard, limits), collector)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _quarantine(line: _Line, file: InputFile, limits: ReadLimits, collector: Collector) -> None:
    """A line that is too long, or the damage behind which nothing can be read."""
    damage = line.damage
    reason, message = (
        (damage.reason, f"not readable from byte {line.offset} of the decompressed stream on: {damage}")
        if damage
        else ("too_large", f"line of {line.size:,} bytes, limit {limits.line_bytes:,}")
    )
    collector.quarantine(file.name, line.offset, reason, message, size=line.size, payload=line.beginning)


def _shard_lines(source: InputStream, shard: Shard, limit: int, file: JsonFile) -> Iterator[_Line]:
    """The lines that start in the shard's slice."""
    if shard.start is None or shard.end is None:
        yield from _lines(file.blocks(blocks(source)), 0, limit)
        return
    first = _next_line_start(source, shard.start)
    source.seek(first)
    for line in _lines(_plain_blocks(source), first, limit):
        if line.offset >= shard.end:
            return
        yield line


def _next_line_start(source: InputStream, start: int) -> int:
    """Offset of the first line that starts at or after `start`."""
    if start == 0:
        return 0
    at = start - 1
    source.seek(at)
    while block := source.read(64 << 10):
        found = block.find(b"\n")
        if found >= 0:
            return at + found + 1
        at += len(block)
    return at


def _plain_blocks(source: InputStream) -> Iterator[bytes]:
    while block := source.read(BLOCK_BYTES):
        yield block


def _lines(stream: Iterator[bytes], offset: int, limit: int) -> Iterator[_Line]:
    """Cuts blocks into lines; an overlong one passes in bounded memory. Damage becomes the last line."""
    held: list[bytes] = []  # the beginning of a line, from earlier blocks
    size = 0
    try:
        for block in stream:
            first, *others = block.split(b"\n")
            if not others:
                size += len(first)
                held = [*held, first] if size <= limit else held[:1] or [first[:EXCERPT_BYTES]]
                continue
            last = others.pop()
            yield _line(offset, held, first, size + len(first), limit)
            offset += size + len(first) + 1
            for data in others:
                length = len(data)
                yield _Line(offset, data, length + 1) if length <= limit else _line(offset, [], data, length, limit)
                offset += length + 1
            held, size = ([last], len(last)) if last else ([], 0)
    except Damaged as damage:
        yield _Line(offset, None, size, b"".join(held)[:EXCERPT_BYTES], damage)
        return
    if size:
        yield _line(offset, held, b"", size, limit)._replace(size=size)


def _line(offset: int, held: list[bytes], last: bytes, size: int, limit: int) -> _Line:
    if size > limit:
        return _Line(offset, None, size + 1, (held[0] if held else last)[:EXCERPT_BYTES])
    return _Line(offset, b"".join((*held, last)) if held else last, size + 1)
