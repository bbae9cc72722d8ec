"""JSON Lines, plain or compressed, streamed in blocks; plain files may be read in byte slices."""

from collections.abc import Iterator
from itertools import pairwise

import orjson

from algok.pipelines.readers.collector import EXCERPT_BYTES, Chunk, Collector, Guard
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.frames import Frame, FramedReader, Frames
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.json_text import JsonFile
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.objects import Objects
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import BLOCK_BYTES, Damaged, InputStream, blocks, compression, wide_encoding


class Jsonl(FramedReader):
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

    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Lines; `head` names the encoding of a file in UTF-16 or UTF-32, whose lines are UTF-8 by now."""
        if shard.start is not None and shard.end is not None and not shard.spread:
            yield from _sliced(source, shard.start, shard.end, limits.line_bytes)
            return
        json_file = JsonFile(file.url, file.name)
        for frame in _lines(json_file.blocks(blocks(source)), 0, limits.line_bytes):
            yield frame if json_file.wide is None else frame._replace(head=json_file.wide.encode())

    def documents(
        self, frames: Frames, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard
    ) -> Iterator[Chunk]:
        """Documents of a shard; offsets are bytes in the decompressed stream."""
        collector = Collector()
        objects = self.objects(spec, limits, guard, collector)
        for file in shard.files:
            with collector.surviving(file.name), frames(file) as lines:
                json_file = JsonFile(file.url, file.name)
                for line in lines:
                    objects.take_frame(json_file, line)
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


def _sliced(source: InputStream, start: int, end: int, limit: int) -> Iterator[Frame]:
    """The lines that start in a slice of a plain file."""
    first = _next_line_start(source, start)
    source.seek(first)
    for line in _lines(_plain_blocks(source), first, limit):
        if line.offset >= end:
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


def _lines(stream: Iterator[bytes], offset: int, limit: int) -> Iterator[Frame]:
    """Cuts blocks into lines without their line feeds, which their sizes count; an overlong one passes in bounded memory.
    Damage becomes the last line."""
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
                yield Frame(offset, data, length + 1) if length <= limit else _line(offset, [], data, length, limit)
                offset += length + 1
            held, size = ([last], len(last)) if last else ([], 0)
    except Damaged as damage:
        message = f"not readable from byte {offset} of the decompressed stream on: {damage}"
        yield Frame(offset, b"".join(held)[:EXCERPT_BYTES], size, damage.reason, message)
        return
    if size:
        yield _line(offset, held, b"", size, limit, ended=0)


def _line(offset: int, held: list[bytes], last: bytes, size: int, limit: int, ended: int = 1) -> Frame:
    """`ended`: bytes of the line feed."""
    if size > limit:
        message = f"line of {size + ended:,} bytes, limit {limit:,}"
        return Frame(offset, (held[0] if held else last)[:EXCERPT_BYTES], size + ended, "too_large", message)
    return Frame(offset, b"".join((*held, last)) if held else last, size + ended)
