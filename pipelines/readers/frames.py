"""Records as they stand in a file, cut out and not looked into: what lets one large stream be shared out among tasks.

Some files cannot be begun in their middle: a compressed stream, an array of JSON, a table whose cells hold line ends. Cutting
their records out is cheap, making documents of them is not. So a reader of such a format does these two one after the other,
and between them the records of a large file may be written down in pieces (`pipelines/spread.py`).

A record belongs to the piece in which the reader stands in the file when it has the whole record. That depends on the file
alone, so the cuts do too.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import ClassVar, NamedTuple

from algok.pipelines.readers.collector import Chunk, Guard
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream

RECORD, FOLLOWER, HEADER = range(
    3
)  # kinds: a record; one that needs the record before it; what every piece begins with


class Frame(NamedTuple):
    """A record: its offset, its bytes (of one that cannot be read its beginning) and its size in the file.

    `reason` and `message` say why a record cannot be read; `head` is for what else its format must know of it."""

    offset: int
    data: bytes
    size: int
    reason: str | None = None
    message: str = ""
    head: bytes = b""
    kind: int = RECORD


Frames = Callable[[InputFile], AbstractContextManager[Iterator[Frame]]]  # opens the frames of one file of a shard


class FramedReader(Reader):
    """A format whose files are shared out, record by record, where they are large and cannot be begun in their middle."""

    spreads: ClassVar[bool] = True

    @abstractmethod
    def frames(self, source: InputStream, file: InputFile, shard: Shard, limits: ReadLimits) -> Iterator[Frame]:
        """Everything in a file, or in the slice of it that `shard` is, in order. Runs no parser that may hang or crash."""

    @abstractmethod
    def documents(
        self, frames: Frames, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard
    ) -> Iterator[Chunk]:
        """What becomes of the frames; as `read`."""

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        @contextmanager
        def opened(file: InputFile) -> Iterator[Iterator[Frame]]:
            with InputStream(file.url) as source:
                frames = self.frames(source, file, shard, limits)
                yield _own(frames, source, file, shard) if shard.spread else frames

        return self.documents(opened, shard, spec, limits, guard)


def placed(frames: Iterator[Frame], source: InputStream, size: int) -> Iterator[tuple[int, Frame]]:
    """Frames, each with the place in the file of `size` bytes that says to which piece it belongs; places never go back."""
    place = 0
    for frame in frames:
        if frame.kind == RECORD:
            place = max(place, min(source.tell(), size - 1))
        yield place, frame


def _own(frames: Iterator[Frame], source: InputStream, file: InputFile, shard: Shard) -> Iterator[Frame]:
    """The frames of one piece, found by going through the file from its beginning."""
    assert shard.start is not None and shard.end is not None
    for place, frame in placed(frames, source, file.size):
        if place >= shard.end:
            return
        if place >= shard.start or frame.kind == HEADER:
            yield frame
