"""The reader `subtitles`: a SubRip file (.srt), one document of its spoken lines."""

import re
from collections.abc import Iterator

from algok.pipelines.documents import document_id
from algok.pipelines.extraction.charset import decode
from algok.pipelines.readers.collector import Chunk, Collector, Document, Guard, Raw, RecordError
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream

_NUMBER_AND_TIMES = re.compile(r"^\d+\s*\n\d\d:\d\d:\d\d[,.]\d{3} --> .*\n", re.MULTILINE)


class Subtitles(Reader):
    """A file, a document. Small files share a shard."""

    name = "subtitles"
    extensions = (".srt",)
    shares_shards = True

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard. Whatever `_document` raises about a file puts that file into quarantine, and no other."""
        collector = Collector()
        for file in shard.files:
            with InputStream(file.url) as source:
                data = source.read(limits.document_bytes + 1)
            raw = Raw(file.name, 0, len(data), data[:1024])
            collector.take(raw, lambda data=data, file=file: _document(data, file, spec, limits))
            yield from collector.drain()
        yield from collector.finish()


def _document(data: bytes, file: InputFile, spec: InputSpec, limits: ReadLimits) -> tuple[Document, int]:
    if len(data) > limits.document_bytes:
        raise RecordError("too_large", f"file of {file.size:,} bytes, limit {limits.document_bytes:,}")
    text = decode(data, None).text.removeprefix("\ufeff").replace("\r\n", "\n")
    if not _NUMBER_AND_TIMES.search(text):
        raise RecordError("subtitles", "no subtitle in the file: a number, a line of times and the spoken lines")
    spoken = _NUMBER_AND_TIMES.sub("", text)
    text = "\n".join(line.strip() for line in spoken.split("\n") if line.strip())
    identity = document_id(file.name.encode(), 0, data)
    provenance = spec.provenance or "organic"
    return Document(identity, text, None, spec.source, None, provenance, None, file.name, 0), len(text.encode())
