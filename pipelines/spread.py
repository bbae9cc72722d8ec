"""Large files that can be read from their beginning only, as pieces for many tasks.

A task reads such a file once and writes its records, cut out and not looked into, to a file for each of its shards. The tasks of
the first phase take them from there instead of from the input. What they find is what reading the input itself would give.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pyarrow as pa

from algok.pipelines.done import read_done
from algok.pipelines.executors import Report
from algok.pipelines.plan import Plan, Task, spread_task_id
from algok.pipelines.readers.collector import cause, raise_machine
from algok.pipelines.readers.frames import HEADER, Frame, FramedReader, Frames, placed
from algok.pipelines.readers.inputs import InputFile
from algok.pipelines.readers.registry import reader
from algok.pipelines.readers.streams import InputStream, count_read
from algok.pipelines.storage import Committed, Store

FOLDER = "work/spread"
_SCHEMA = pa.schema(
    [
        ("offset", pa.int64()),
        ("data", pa.large_binary()),
        ("size", pa.int64()),
        ("reason", pa.string()),
        ("message", pa.string()),
        ("head", pa.binary()),
        ("kind", pa.int8()),
    ]
)
_BATCH_ROWS = 4096
_BATCH_BYTES = 4 << 20


def piece_name(plan: Plan, shard: int) -> str:
    return f"{FOLDER}/{plan.shard_name(shard)}.arrow"


def spread_file(store: Store, plan: Plan, task: Task, report: Report) -> list[Committed]:
    """Writes the pieces of one file, one after the other; each is committed when the next begins."""
    first = plan.shards[task.shard]
    (file,) = first.files
    count = plan.spread_shards(task.shard)
    ends = [plan.shards[task.shard + number].end or 0 for number in range(count)]
    files: list[Committed] = []
    header: Frame | None = None
    with ExitStack() as stack, InputStream(file.url) as source:
        piece = stack.enter_context(_piece(store, piece_name(plan, task.shard), files))
        for place, frame in placed(_frames(plan, task, source), source, file.size):
            if frame.kind == HEADER:
                header = frame
            while place >= ends[len(files) - 1]:
                stack.close()
                piece = stack.enter_context(_piece(store, piece_name(plan, task.shard + len(files)), files))
                if header is not None:
                    piece.add(header)
                report(0, 0, place / file.size)
            piece.add(frame)
        while len(files) < count:
            stack.close()
            piece = stack.enter_context(_piece(store, piece_name(plan, task.shard + len(files)), files))
        stack.close()
    return files


def _frames(plan: Plan, task: Task, source: InputStream) -> Iterator[Frame]:
    """The frames of a file; what its reader did not foresee is the last one, as it ends a file that is read at once."""
    shard = plan.shards[task.shard]
    framed = reader(shard.format)
    assert isinstance(framed, FramedReader)
    last = 0
    try:
        for frame in framed.frames(source, shard.files[0], shard, plan.recipe.limits):
            last = frame.offset
            yield frame
    except Exception as error:
        raise_machine(error)
        message = f"nothing is read behind the last record: {cause(error)}"
        yield Frame(last, b"", 0, "error", message)


class _Piece:
    """An Arrow file of frames that is being written."""

    def __init__(self, writer: pa.RecordBatchFileWriter):
        self._writer = writer
        self._frames: list[Frame] = []
        self._bytes = 0

    def add(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._bytes += len(frame.data) + len(frame.head)
        if len(self._frames) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._frames:
            columns = zip(*self._frames, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
            self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA))
            self._frames, self._bytes = [], 0


@contextmanager
def _piece(store: Store, name: str, files: list[Committed]) -> Iterator[_Piece]:
    """LZ4 on every storage: a stream that unfolds a hundred times must not fill the disk."""
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with store.write(name, intermediate=True) as (path, committed):
        files.append(committed)
        with pa.ipc.new_file(path, _SCHEMA, options=options) as writer:
            piece = _Piece(writer)
            yield piece
            piece.flush()


def open_frames(store: Store, plan: Plan, shard: int) -> Frames:
    """The frames of a shard from its piece. Raises DamagedFile where that is not there as it was written."""
    name = piece_name(plan, shard)
    files = read_done(store, spread_task_id(plan.spread_first(shard)))["files"]
    piece = store.open_arrow(name, next(file["xxh3"] for file in files if file["path"] == name))
    size = plan.shard_bytes[shard]

    @contextmanager
    def opened(_: InputFile) -> Iterator[Iterator[Frame]]:
        yield _read(piece, size)

    return opened


def _read(piece: pa.RecordBatchFileReader, size: int) -> Iterator[Frame]:
    """`size` bytes of the input count as read by and by."""
    for number in range(piece.num_record_batches):
        batch = piece.get_batch(number)
        yield from map(Frame._make, zip(*(column.to_pylist() for column in batch.columns), strict=True))
        count_read(size // piece.num_record_batches)
