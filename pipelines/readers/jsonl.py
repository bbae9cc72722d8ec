"""JSON Lines, plain or compressed, streamed in blocks; plain files may be read in byte slices."""

from collections.abc import Iterator
from typing import NamedTuple

import orjson

from algok.pipelines.documents import document_id
from algok.pipelines.readers.base import Chunk, Collector, ReadLimits
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.inputs import InputFile, InputSpec, Shard
from algok.pipelines.readers.streams import BLOCK_BYTES, Damaged, InputStream, blocks

_BOM = b"\xef\xbb\xbf"
_EXCERPT_BYTES = 1024


class _Line(NamedTuple):
    """A line without its line feed. `data` is None for one longer than the limit; `size` counts the line feed."""

    offset: int
    data: bytes | None
    size: int
    beginning: bytes = b""
    damage: Damaged | None = None


def read_jsonl(shard: Shard, spec: InputSpec, limits: ReadLimits) -> Iterator[Chunk]:
    """Documents of a JSONL shard; offsets are bytes in the decompressed stream."""
    collector = Collector()
    fields = Fields.of(spec)
    for file in shard.files:
        with InputStream(file.url) as source:
            for line in _shard_lines(source, shard, limits.line_bytes):
                _read_line(line, file, fields, limits, collector)
                if collector.ready:
                    yield from collector.drain()
    yield from collector.finish()


def _shard_lines(source: InputStream, shard: Shard, limit: int) -> Iterator[_Line]:
    """The lines that start in the shard's slice."""
    if shard.start is None:
        yield from _lines(blocks(source), 0, limit)
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
                held = [*held, first] if size <= limit else held[:1] or [first[:_EXCERPT_BYTES]]
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
        yield _Line(offset, None, size, b"".join(held)[:_EXCERPT_BYTES], damage)
        return
    if size:
        yield _line(offset, held, b"", size, limit)._replace(size=size)


def _line(offset: int, held: list[bytes], last: bytes, size: int, limit: int) -> _Line:
    if size > limit:
        return _Line(offset, None, size + 1, (held[0] if held else last)[:_EXCERPT_BYTES])
    return _Line(offset, b"".join((*held, last)) if held else last, size + 1)


def _read_line(line: _Line, file: InputFile, fields: Fields, limits: ReadLimits, collector: Collector) -> None:
    offset, data, size, beginning, damage = line
    if data is None:
        reason, message = (
            (damage.reason, f"not readable from byte {offset} of the decompressed stream on: {damage}")
            if damage
            else ("too_large", f"line of {size:,} bytes, limit {limits.line_bytes:,}")
        )
        collector.quarantine(file.name, offset, reason, message, size=size, payload=beginning)
        return
    try:
        record = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if not data.strip():
            collector.ignore("blank_line", size)
            return
        if offset == 0 and data.startswith(_BOM):
            _read_line(line._replace(data=data[len(_BOM) :]), file, fields, limits, collector)
            return
        reason = "utf8" if "UTF-8" in str(error) or "surrogate" in str(error) else "json"
        collector.quarantine(file.name, offset, reason, str(error), size=size, payload=data)
        return
    if type(record) is not dict:
        message = f"a line must be a JSON object, this is a {type(record).__name__}"
        collector.quarantine(file.name, offset, "not_object", message, size=size, payload=data)
        return
    text = fields.take(record, "text")
    if type(text) is not str:
        record = orjson.loads(data)
        strings = [key for key in record if isinstance(record[key], str)]
        message = fields.no_text(list(record), max(strings, key=lambda key: len(record[key]), default=None))
        collector.quarantine(file.name, offset, "no_text", message, size=size, payload=data)
        return
    if size > limits.document_bytes and len(text.encode()) > limits.document_bytes:
        message = f"text longer than {limits.document_bytes:,} bytes"
        collector.quarantine(file.name, offset, "too_large", message, size=size, payload=data)
        return
    url, source, date, provenance, meta = fields.describe(record)
    identity = document_id(file.name.encode(), offset, data)
    # JSON never writes a text shorter than its UTF-8, so the line's size bounds the text's.
    row = (identity, text, url, source, date, provenance, meta, file.name, offset)
    collector.document(row, size, size)
