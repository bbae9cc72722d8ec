"""JSON documents: an array of objects, one object, or objects that follow each other over several lines; streamed.

Items are cut by counting brackets (`kernels/json_items.py`) and parsed one by one, so that a file of any size passes in
bounded memory and a broken item costs only itself, unless its brackets or quotation marks do not match.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from algok.kernels.json_items import boundaries, new_state
from algok.pipelines.readers.collector import EXCERPT_BYTES, Chunk, Collector, Guard
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.frames import Frame, FramedReader, Frames
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.json_text import JsonFile
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.objects import Objects
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import compressed
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged, InputStream, blocks

_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class _Item(NamedTuple):
    """The bytes between two boundaries. `data` is the beginning only where `size` is over the limit."""

    offset: int
    data: bytes
    size: int


class Json(FramedReader):
    """A file that is an array, an object, or objects one after another without a line each."""

    name = "json"
    extensions = compressed(".json")
    takes_groups = True

    def sniff(self, head: bytes) -> bool:
        return head.startswith((b"{", b"["))

    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Items; `head` names the encoding of a file in UTF-16 or UTF-32, whose items are UTF-8 by now."""
        json_file, limit = JsonFile(file.url, file.name), limits.line_bytes
        try:
            for item in _items(json_file.blocks(blocks(source)), limit):
                head = json_file.wide.encode() if json_file.wide else b""
                if item.size > limit:
                    message = f"object of {item.size:,} bytes, limit {limit:,} (line_bytes)"
                    yield Frame(item.offset, item.data, item.size, "too_large", message, head)
                else:
                    yield Frame(item.offset, item.data, item.size, head=head)
        except _Unclosed as end:
            yield Frame(end.item.offset, end.item.data, end.item.size, end.reason, end.message)

    def documents(
        self, frames: Frames, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard
    ) -> Iterator[Chunk]:
        """Documents of a shard; offsets are bytes in the decompressed stream."""
        collector = Collector()
        objects = self.objects(spec, limits, guard, collector)
        for file in shard.files:
            with collector.surviving(file.name), frames(file) as items:
                json_file = JsonFile(file.url, file.name)
                for item in items:
                    objects.take_frame(json_file, item)
                    if collector.ready:
                        yield from collector.drain()
        yield from collector.finish()

    def objects(self, spec: InputSpec, limits: ReadLimits, guard: Guard, collector: Collector) -> Objects:
        """What makes documents of the objects; formats whose objects have a shape of their own bring theirs."""
        return Objects(Fields.of(spec), limits, Pages(guard, limits), collector)


class _Unclosed(Exception):
    """The file ends, or cannot be read further, inside an item."""

    def __init__(self, item: _Item, reason: str, message: str):
        super().__init__(message)
        self.item, self.reason, self.message = item, reason, message


def _items(stream: Iterator[bytes], limit: int) -> Iterator[_Item]:
    """The items of a JSON text, white space and commas around them left out. Raises _Unclosed behind the last one where
    something is left."""
    state, places = new_state(), np.empty(0, np.int64)
    held, size, offset, base = b"", 0, 0, -1
    damage: Damaged | None = None
    try:
        for block in stream:
            start = 0
            if base < 0:
                if not block.removeprefix(_BOM).strip(_BLANK):
                    offset += len(block)
                    continue
                start = len(block) - len(block.removeprefix(_BOM).lstrip(_BLANK))
                base = 1 if block[start : start + 1] == b"[" else 0
                if base:
                    start += 1
                    state[0] = 1
                offset += start
            places = places if places.size >= len(block) else np.empty(len(block), np.int64)
            view = np.frombuffer(block, np.uint8)[start:]
            at = start
            for place in places[: boundaries(view, base, state, places)].tolist():
                place += start
                end = place + 1 if base == 0 and block[place] != 0x2C else place
                yield from _item(held, block[at:end], size + end - at, offset, limit)
                offset += size + place + 1 - at
                held, size, at = b"", 0, place + 1
            rest = block[at:]
            size += len(rest)
            held = held + rest if size <= limit else (held + rest)[:EXCERPT_BYTES]
    except Damaged as error:
        damage = error
    left = held.strip(_BLANK + b",")
    if damage is not None:
        message = f"not readable from byte {offset} of the decompressed stream on: {damage}"
        raise _Unclosed(_Item(offset, held, size), damage.reason, message)
    if left:
        message = "the JSON text ends inside an item; brackets or quotation marks do not match"
        raise _Unclosed(_Item(offset, held, size), "truncated", message)


def _item(held: bytes, rest: bytes, size: int, offset: int, limit: int) -> Iterator[_Item]:
    data = held + rest
    blank = len(data) - len(data.lstrip(_BLANK))
    data = data.strip(_BLANK)
    if data:
        yield _Item(
            offset + blank, data if size <= limit else data[:EXCERPT_BYTES], len(data) if size <= limit else size
        )
