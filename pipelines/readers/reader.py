"""The contract of a reader: a format of input files, each in a file of its own and in a line of the registry.

A reader says which files it takes, where they can be cut, and turns a shard into chunks of documents. It accounts for
every record: over a shard, records == documents + quarantined + ignored. `algok.testing.check_reader` holds it to that.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, cast

from algok.pipelines.readers.collector import Chunk, Guard
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.spec import InputSpec

if TYPE_CHECKING:
    from algok.pipelines.readers.frames import FramedReader, Frames

COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")


class Reader(ABC):
    """A format. Instances hold no state, so that one serves every shard of a process."""

    name: ClassVar[str]  # what a recipe calls the format
    extensions: ClassVar[tuple[str, ...]]  # of its files, in lower case with their dot
    by_content: ClassVar[bool] = False  # the extensions say too little (.xml): the first bytes must say it too
    shares_shards: ClassVar[bool] = False  # whether it reads shards of many files itself; for one document per file
    # Whether `read` goes through the files of a group in their order and survives what ends one of them; where not, it is
    # given one file of the group at a time.
    takes_groups: ClassVar[bool] = False
    # Whether the records of a large file that `split` leaves whole can be spread over shards (`readers/frames.py`).
    spreads: ClassVar[bool] = False
    takes_ocr: ClassVar[bool] = False  # whether pages of its documents can come from an OCR (`readers/ocr.py`)
    declared_only: ClassVar[bool] = False  # `auto` never takes its files: others read them too

    def takes(self, base: str) -> bool:
        """Whether a file may be of this format by its name, in lower case and without folders."""
        return base.endswith(self.extensions)

    def continues(self, before: InputFile, file: InputFile) -> bool:
        """Whether a file is the next piece of the one before it, so that both must be read as one."""
        return False

    def sniff(self, head: bytes) -> bool:
        """Whether a file is of this format by its first 4096 decompressed bytes (fewer where it is shorter, without a
        byte order mark and white space before the first character)."""
        return False

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Ranges (start, end) of about `split_bytes`, in a unit of the reader's own; (None, None) is the whole file."""
        return [(None, None)]

    @abstractmethod
    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """The shard in bounded memory, documents in order of their offsets.

        Raises InputError only for a source that cannot be read at all (network, permissions), which is tried again;
        broken data is quarantined. What calls a parser in C on hostile data does so under `collector.watched`.
        """


def compressed(*extensions: str) -> tuple[str, ...]:
    """The extensions, plain and with that of a compression behind."""
    return tuple(f"{extension}{tail}" for extension in extensions for tail in ("", *COMPRESSIONS))


def read_shard(
    shard: Shard,
    spec: InputSpec,
    limits: ReadLimits | None = None,
    guard: Guard | None = None,
    frames: "Frames | None" = None,
) -> Iterator[Chunk]:
    """Streams one shard of the input `spec` (the one with index `shard.input`); `frames` has its records where they were cut
    out before.

    Over the shard, records == documents + quarantined + ignored, and documents come in order of their offsets. Raises
    InputError only for a source that cannot be read at all; broken data is quarantined.
    """
    from algok.pipelines.readers.collector import Collector, NoGuard
    from algok.pipelines.readers.groups import read_group
    from algok.pipelines.readers.registry import reader

    chosen, limits, guard = reader(shard.format), limits or ReadLimits(), guard or NoGuard()
    last = Collector()
    with last.surviving(shard.files[0].name):  # for readers of other packages: ours survive what ends a file themselves
        if frames is not None:
            yield from cast("FramedReader", chosen).documents(frames, shard, spec, limits, guard)
        elif len(shard.files) > 1 and not chosen.shares_shards:
            yield from read_group(chosen, shard, spec, limits, guard)
        else:
            yield from chosen.read(shard, spec, limits, guard)
    yield from last.finish()
