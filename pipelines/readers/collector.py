"""What every reader shares: chunks and how they are filled, and the guard against records that hang or kill a worker.

Whatever goes wrong with one record ends here, in `Collector.take`: the record is quarantined, and reading goes on.
"""

import re
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from algok.errors import AlgokError
from algok.filters.personal.coarse import MASKED_CHARS, mask, printable, redact_url
from algok.filters.personal.masking import mask_text
from algok.pipelines.documents import QUARANTINE_SCHEMA, BatchBuilder

EXCERPT_BYTES = 1024
_MAX_PENDING = 1024
_SHORTEST_FINDING = 5
# Whose lines of code say nothing to whoever reads of an unexpected error.
_LIBRARIES = re.compile(r"/site-packages/(pyarrow|numpy|numba|fastwarc|resiliparse|pandas|pytz)/")


class Document(NamedTuple):
    """A document, in the order of DOCUMENT_SCHEMA."""

    id: str
    text: str
    url: str | None
    source: str | None
    date: str | None
    provenance: str
    meta: str | None
    file: str
    offset: int


class Raw(NamedTuple):
    """A record as its file holds it: where, of how many bytes, and its beginning for the excerpt in quarantine."""

    file: str
    offset: int
    size: int
    payload: bytes


class RecordError(Exception):
    """A record that is no document: `reason` is a code of docs/inputs.md, the message says what is wrong and what to do."""

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason = reason


class NoMemory(AlgokError, MemoryError):
    """There was no memory for a record. It is no reason to quarantine it yet, since others may have taken the memory."""


class Ignored(Exception):
    """A record that is not a document and not damaged either (a redirect, a request); counted by `reason`."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


class Guard(Protocol):
    """Told about every record before and after its extraction, so that one that hangs or kills a worker is known."""

    def enter(self, offset: int) -> bool:
        """False: this record has killed a worker before and must not be tried again."""
        ...

    def note(self, offset: int) -> bool:
        """As `enter`, for what may crash but may also wait for long."""
        ...

    def renew(self) -> None:
        """The entered record is a long document and goes on: its time begins anew."""
        ...

    def leave(self, struck: bool = False) -> None:
        """`struck`: there was no memory for the record, which counts as if it had ended its worker."""
        ...


class NoGuard:
    """Lets every record through."""

    def enter(self, offset: int) -> bool:
        return True

    def note(self, offset: int) -> bool:
        return True

    def renew(self) -> None:
        pass

    def leave(self, struck: bool = False) -> None:
        pass


@contextmanager
def watched(guard: Guard, key: int) -> Iterator[None]:
    """What runs inside may hang or kill its process; the record under `key` is not tried for ever. Raises RecordError for
    one that has ended its worker before."""
    with _entered(guard, guard.enter(key)):
        yield


@contextmanager
def noted(guard: Guard, part: int) -> Iterator[None]:
    """What runs inside decodes a part of a file, perhaps over a network, and may kill its process: as `watched`, without a
    limit of time. Parts are numbered from 0 and do not meet the keys of records."""
    with _entered(guard, guard.note(-2 - part)):
        yield


@contextmanager
def _entered(guard: Guard, entered: bool) -> Iterator[None]:
    if not entered:
        raise RecordError("crashed", "ended its worker before")
    struck = False
    try:
        yield
    except MemoryError as error:
        struck = True
        raise NoMemory(cause(error)) from error
    finally:
        guard.leave(struck)


@dataclass
class Chunk:
    """A piece of a shard. Summed over the shard: records == documents + quarantined rows + ignored."""

    batch: pa.RecordBatch | None = None
    quarantined: list[dict] = field(default_factory=list)  # rows of QUARANTINE_SCHEMA
    ignored: Counter[str] = field(default_factory=Counter)  # records that are no documents, by reason
    extracted: Counter[str] = field(default_factory=Counter)  # documents whose text was made of HTML in a column
    missing: list[dict] = field(default_factory=list)  # rows of OCR_SCHEMA: pages whose text is not in their file
    ocr: Counter[str] = field(default_factory=Counter)  # results of an OCR: filled pages, unused results
    records: int = 0
    bytes: int = 0  # raw size of the records, decompressed

    @property
    def documents(self) -> int:
        return self.batch.num_rows if self.batch is not None else 0

    @property
    def quarantined_records(self) -> int:
        return sum(row["rows"] for row in self.quarantined)


def quarantine_row(
    file: str, offset: int, reason: str, message: str, *, size: int | None = None, rows: int = 1, payload: bytes = b""
) -> dict:
    """One row of QUARANTINE_SCHEMA; `payload` is the beginning of the record, masked here."""
    beginning = bytes(payload[: 8 * MASKED_CHARS]).decode("utf-8", "replace")
    # Shorter than any name with its context or any number: lines of one bracket must not cost a search each.
    shown = mask_text(beginning) if len(beginning) >= _SHORTEST_FINDING else beginning
    row = (file, offset, reason, printable(redact_url(message)), size, rows, mask(shown))
    return dict(zip(QUARANTINE_SCHEMA.names, row, strict=True))


class Collector:
    """Sorts the records of one shard into documents, quarantined and ignored ones, and cuts them into chunks."""

    def __init__(self) -> None:
        self.ready: list[Chunk] = []
        self._builder = BatchBuilder(self._refuse)
        self._pending = Chunk()
        self._last = 0  # offset of the last record

    @contextmanager
    def surviving(self, file: str) -> Iterator[None]:
        """Reads one file. What a reader did not foresee ends the file with a quarantine record that names the cause; the
        records before it are kept. A failing machine is no broken file, and is raised."""
        self._last = 0
        try:
            yield
        except Exception as error:
            raise_machine(error)
            self.quarantine(file, self._last, "error", f"nothing is read behind the last record: {cause(error)}")

    def take(self, raw: Raw, make: Callable[..., tuple[Document, int]], *arguments: Any) -> None:
        """Makes a document of a record, with a bound on its text in bytes; whatever `make` raises about the record ends in
        quarantine, or in a count of what was ignored."""
        try:
            document, size = make(*arguments)
        except Ignored as ignored:
            self.ignore(ignored.reason, raw.size)
        except RecordError as error:
            self.quarantine(raw.file, raw.offset, error.reason, str(error), size=raw.size, payload=raw.payload)
        except AlgokError:
            raise
        except Exception as error:
            self.quarantine(raw.file, raw.offset, "error", cause(error), size=raw.size, payload=raw.payload)
        else:
            self.document(document, size, raw.size)

    def extracted(self, kind: str) -> None:
        """Notes that the next document's text was extracted from a column."""
        self._pending.extracted[kind] += 1

    def ocr(self, missing: list[dict], counts: Counter[str]) -> None:
        """Lists pages that need an OCR, and counts results of one, of a record that is taken now."""
        self._pending.missing += missing
        self._pending.ocr.update(counts)

    def document(self, row: Document, size: int, raw: int) -> None:
        """A document, a bound on its text in bytes, and the raw size of its record."""
        self._last = row.offset
        self._pending.records += 1
        self._pending.bytes += raw
        batch = self._builder.add(row, size)
        if batch is not None:
            self._close(batch)

    def batch(self, batch: pa.RecordBatch, raw: int) -> None:
        """A finished batch of documents, as columnar formats give it."""
        self._last = batch.column("offset")[-1].as_py()
        self._pending.records += batch.num_rows
        self._pending.bytes += raw
        self._close(batch)

    def quarantine(
        self,
        file: str,
        offset: int,
        reason: str,
        message: str,
        *,
        size: int | None = None,
        rows: int = 1,
        payload: bytes = b"",
    ) -> None:
        """A record that cannot be a document; `size` in bytes where known, `payload` its beginning."""
        self._last = offset
        self._pending.records += rows
        self._pending.bytes += size or 0
        row = quarantine_row(file, offset, reason, message, size=size, rows=rows, payload=payload)
        self._pending.quarantined.append(row)
        if len(self._pending.quarantined) >= _MAX_PENDING:
            self._close(None)

    def _refuse(self, row: tuple, error: Exception) -> None:
        """A document that no Arrow array can hold; it was counted as a record before."""
        document = Document(*row)
        self._pending.records -= 1
        self.quarantine(document.file, document.offset, "error", cause(error))

    def ignore(self, reason: str, raw: int, records: int = 1) -> None:
        self._pending.records += records
        self._pending.bytes += raw
        self._pending.ignored[reason] += records

    def drain(self) -> Iterator[Chunk]:
        """The chunks that are complete."""
        ready, self.ready = self.ready, []
        yield from ready

    def finish(self) -> Iterator[Chunk]:
        """Everything that is left."""
        batch = self._builder.finish()
        if batch is not None or self._pending.records or self._pending.ocr:
            self._close(batch)
        yield from self.drain()

    def _close(self, batch: pa.RecordBatch | None) -> None:
        self._pending.batch = batch
        self.ready.append(self._pending)
        self._pending = Chunk()


def raise_machine(error: Exception) -> None:
    """Raises what is the machine's failure or ours to report (no memory, a failing disk, a missing model) and no record's.
    Arrow's own OSErrors, which tell of broken data, carry no errno."""
    if isinstance(error, AlgokError | MemoryError) or (isinstance(error, OSError) and error.errno):
        raise error


def cause(error: Exception) -> str:
    """Type and place of an unexpected error: the innermost that is no library's. Its message could quote the record."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f.filename.endswith(".py") and not _LIBRARIES.search(f.filename)] or frames
    place = f" at {PurePath(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"{type(error).__name__}{place}; please report it with the record"
