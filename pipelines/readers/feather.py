"""Arrow IPC files and streams, Feather (version 2) among them; record batch by record batch."""

from collections.abc import Iterator
from itertools import count, pairwise

import pyarrow as pa

from algok.pipelines.documents import MAX_BATCH_BYTES, MAX_BATCH_ROWS
from algok.pipelines.readers.collector import Chunk, Collector, Guard, RecordError, noted, raise_machine
from algok.pipelines.readers.columnar import Columns
from algok.pipelines.readers.fields import Fields
from algok.pipelines.readers.inputs import InputFile, Range, Shard
from algok.pipelines.readers.lenient import sound_batch
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.pages import Pages
from algok.pipelines.readers.reader import Reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import InputStream, count_read, is_local

_FILE = b"ARROW1"
_STREAM = b"\xff\xff\xff\xff"  # mark of a message, and of a stream's first


class Feather(Reader):
    """A row, a document."""

    name = "feather"
    extensions = (".feather", ".arrow", ".ipc", ".arrows")
    takes_groups = True

    def sniff(self, head: bytes) -> bool:
        return head.startswith((_FILE, _STREAM))

    def split(self, file: InputFile, split_bytes: int) -> list[Range]:
        """Record batches of a file, counted as equal in size; a stream is whole."""
        pieces = -(-file.size // split_bytes)
        if pieces <= 1:
            return [(None, None)]
        try:
            with InputStream(file.url) as source:
                batches = pa.ipc.open_file(pa.PythonFile(source, "r")).num_record_batches
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            return [(None, None)]  # a stream, or reading will say what is wrong with it
        cuts = sorted({batches * piece // pieces for piece in range(pieces + 1)})
        return list(pairwise(cuts)) or [(None, None)]

    def read(self, shard: Shard, spec: InputSpec, limits: ReadLimits, guard: Guard) -> Iterator[Chunk]:
        """Documents of a shard; offsets are row numbers in the file."""
        collector = Collector()
        columns = Columns(Fields.of(spec), limits, Pages(guard, limits), collector)
        for file in shard.files:
            with collector.surviving(file.name):
                for _ in _read_file(file, shard, columns, collector, guard):
                    yield from collector.drain()
        yield from collector.finish()


def _read_file(file: InputFile, shard: Shard, columns: Columns, collector: Collector, guard: Guard) -> Iterator[None]:
    with InputStream(file.url) as source:
        row = 0
        handle = pa.memory_map(file.url) if is_local(file.url) and file.size else pa.PythonFile(source, "r")
        for number, batch in _batches(handle, guard):
            mine = number >= (shard.start or 0) and (shard.end is None or number < shard.end)
            if isinstance(batch, str):
                if mine:
                    collector.quarantine(file.name, row, "arrow", f"record batch {number}: {batch}", size=file.size)
                    yield
                continue
            problem = columns.problem(batch.schema, lambda batch=batch: batch)
            if mine and problem:
                collector.quarantine(file.name, row, "no_text", problem, rows=batch.num_rows)
            elif mine:
                yield from _take(batch, row, file, columns)
            row += batch.num_rows
            if mine and is_local(file.url):
                count_read(batch.nbytes)
            yield


def _batches(handle: pa.NativeFile, guard: Guard) -> Iterator[tuple[int, pa.RecordBatch | str]]:
    """The record batches of a file or a stream, numbered; what is wrong in the place of one that cannot be read. In a
    stream nothing is found behind it."""
    whole = handle.read(len(_FILE)) == _FILE
    handle.seek(0)
    try:
        with noted(guard, 0):
            opened = pa.ipc.open_file(handle) if whole else pa.ipc.open_stream(handle)
    except (pa.ArrowException, OSError, UnicodeDecodeError, RecordError) as error:
        raise_machine(error)
        yield 0, f"not readable as Arrow IPC: {error}"
        return
    for number in range(opened.num_record_batches) if whole else count():
        try:
            with noted(guard, 1 + number):
                batch = sound_batch(opened.get_batch(number) if whole else opened.read_next_batch())
        except StopIteration:
            return
        except (pa.ArrowException, OSError, RecordError) as error:
            raise_machine(error)
            yield number, f"not readable{'' if whole else ', nor is what follows'}: {error}"
            if not whole:
                return
        else:
            yield number, batch


def _take(batch: pa.RecordBatch, row: int, file: InputFile, columns: Columns) -> Iterator[None]:
    """A record batch, which may be of any size, in pieces of about a batch of documents."""
    average = batch.nbytes // max(1, batch.num_rows)
    size = max(1, min(MAX_BATCH_ROWS, MAX_BATCH_BYTES // max(1, average)))
    for start in range(0, batch.num_rows, size):
        columns.take(batch.slice(start, size), row + start, file)
        yield
