"""Plain text and Markdown: one document per file."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from algok.pipelines.documents import document_id, dump_meta
from algok.pipelines.extraction.charset import decode
from algok.pipelines.readers.base import Chunk, Collector, Guard, ReadLimits
from algok.pipelines.readers.inputs import InputFile, InputSpec, Shard
from algok.pipelines.readers.streams import InputStream

_EXCERPT_BYTES = 1024
_MARKDOWN = (".md", ".markdown")
_FRONT_MATTER_CHARS = 16_384
_BRACKETS = 200  # PyYAML takes quadratic time over nested ones
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)


def read_text(shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
    """One document per file. The guard knows a file by its place in the shard, since every offset is 0."""
    collector = Collector()
    for place, file in enumerate(shard.files):
        with InputStream(file.url) as source:
            data = source.read(limits.document_bytes + 1)
            while len(data) <= limits.document_bytes and (more := source.read(limits.document_bytes + 1 - len(data))):
                data += more
        if len(data) > limits.document_bytes:
            message = f"file of {file.size:,} bytes, limit {limits.document_bytes:,}"
            collector.quarantine(file.name, 0, "too_large", message, size=file.size, payload=data[:_EXCERPT_BYTES])
        elif not guard.enter(place):
            collector.quarantine(file.name, 0, "crashed", "ended its worker before", size=len(data))
        else:
            _document(data, file, spec, collector)
            guard.leave()
        yield from collector.drain()
    yield from collector.finish()


def _document(data: bytes, file: InputFile, spec: InputSpec, collector: Collector) -> None:
    decoded = decode(data, None)
    text = decoded.text.removeprefix("\ufeff")
    meta: dict[str, Any] = {"file_name": file.name.rpartition("/")[2], "encoding": decoded.encoding}
    if decoded.replaced:
        meta["replaced"] = decoded.replaced
    if file.name.lower().endswith(_MARKDOWN):
        front_matter, text = _split_front_matter(text)
        if front_matter is not None:
            meta["front_matter"] = front_matter
    provenance = spec.provenance or "organic"
    identity = document_id(file.name.encode(), 0, data)
    row = (identity, text, None, spec.source, None, provenance, dump_meta(meta), file.name, 0)
    collector.document(row, len(text.encode()), len(data))


def _split_front_matter(text: str) -> tuple[dict | None, str]:
    """YAML front matter and the text after it; what is no mapping, too long or hostile stays in the text."""
    match = _FRONT_MATTER.match(text[:_FRONT_MATTER_CHARS]) if text.startswith("---") else None
    if match is None or match[1].count("[") + match[1].count("{") > _BRACKETS:
        return None, text
    try:
        front_matter = yaml.load(match[1], _PlainLoader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError):
        return None, text
    return (front_matter, text[match.end() :]) if isinstance(front_matter, dict) else (None, text)


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases: they could unfold a small text into a huge object."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)
