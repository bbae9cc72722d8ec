"""What every reader shares: limits, the guard against records that kill a worker, chunks and how they are filled."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from algok.pipelines.documents import BatchBuilder, quarantine_row

_MAX_PENDING = 1024


class ReadLimits(BaseModel):
    """What one record may cost. Larger or slower records go to quarantine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    document_bytes: int = Field(8 << 20, ge=1 << 10, le=16 << 20, description="Raw page, or text of one row, in bytes.")
    page_bytes: int = Field(
        4 << 20, ge=1 << 10, le=16 << 20, description="One page of HTML; parsing takes up to 130 times that."
    )
    line_bytes: int = Field(16 << 20, ge=1 << 10, le=256 << 20, description="One line of JSONL, in bytes.")
    nesting: int = Field(10_000, ge=16, le=100_000, description="Depth of open HTML elements.")
    seconds: float = Field(
        30, gt=0, le=86_400, description="Time to extract one document; enforced by the engine's watchdog."
    )


class Guard(Protocol):
    """Told about every record before and after its extraction, so that one that hangs or kills a worker is known."""

    def enter(self, offset: int) -> bool:
        """False: this record has killed a worker before and must not be tried again."""
        ...

    def leave(self) -> None: ...


class NoGuard:
    """Lets every record through."""

    def enter(self, offset: int) -> bool:
        return True

    def leave(self) -> None:
        pass


@dataclass
class Chunk:
    """A piece of a shard. Summed over the shard: records == documents + quarantined rows + ignored."""

    batch: pa.RecordBatch | None = None
    quarantined: list[dict] = field(default_factory=list)  # rows of QUARANTINE_SCHEMA
    ignored: Counter[str] = field(default_factory=Counter)  # records that are no documents, by reason
    records: int = 0
    bytes: int = 0  # raw size of the records, decompressed

    @property
    def documents(self) -> int:
        return self.batch.num_rows if self.batch is not None else 0

    @property
    def quarantined_records(self) -> int:
        return sum(row["rows"] for row in self.quarantined)


class Collector:
    """Sorts the records of one shard into documents, quarantined and ignored ones, and cuts them into chunks."""

    def __init__(self) -> None:
        self.ready: list[Chunk] = []
        self._builder = BatchBuilder()
        self._pending = Chunk()

    def document(self, row: tuple, size: int, raw: int) -> None:
        """A document: its row in schema order, a bound on its text in bytes, and the raw size of its record."""
        self._pending.records += 1
        self._pending.bytes += raw
        batch = self._builder.add(row, size)
        if batch is not None:
            self._close(batch)

    def batch(self, batch: pa.RecordBatch, raw: int) -> None:
        """A finished batch of documents, as columnar formats give it."""
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
        self._pending.records += rows
        self._pending.bytes += size or 0
        self._pending.quarantined.append(
            quarantine_row(file, offset, reason, message, size=size, rows=rows, payload=payload)
        )
        if len(self._pending.quarantined) >= _MAX_PENDING:
            self._close(None)

    def ignore(self, reason: str, raw: int) -> None:
        self._pending.records += 1
        self._pending.bytes += raw
        self._pending.ignored[reason] += 1

    def drain(self) -> Iterator[Chunk]:
        """The chunks that are complete."""
        ready, self.ready = self.ready, []
        yield from ready

    def finish(self) -> Iterator[Chunk]:
        """Everything that is left."""
        batch = self._builder.finish()
        if batch is not None or self._pending.records:
            self._close(batch)
        yield from self.drain()

    def _close(self, batch: pa.RecordBatch | None) -> None:
        self._pending.batch = batch
        self.ready.append(self._pending)
        self._pending = Chunk()
