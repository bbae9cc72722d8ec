"""What tests of readers share: reading with its proof of conservation, and records of web archives."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import pyarrow as pa

from algok.pipelines.documents import DOCUMENT_SCHEMA, OCR_SCHEMA, QUARANTINE_SCHEMA
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.spec import InputSpec

SENTENCE = "알곡은 쭉정이를 골라낸 뒤에 남는 낟알이다. "


@dataclass
class Read:
    """Everything that a reading gave."""

    documents: list[dict] = field(default_factory=list)
    quarantined: list[dict] = field(default_factory=list)
    ignored: Counter = field(default_factory=Counter)
    records: int = 0
    bytes: int = 0
    batches: list[pa.RecordBatch] = field(default_factory=list)
    missing: list[dict] = field(default_factory=list)
    ocr: Counter = field(default_factory=Counter)

    @property
    def texts(self) -> list[str]:
        return [document["text"] for document in self.documents]

    @property
    def reasons(self) -> list[str]:
        return [row["reason"] for row in self.quarantined]

    @property
    def meta(self) -> list[dict]:
        return [orjson.loads(document["meta"] or "{}") for document in self.documents]


def read(path, limits: ReadLimits | None = None, guard=None, split_bytes: int = 256 << 20, **options) -> Read:
    """Reads all shards and proves conservation, schemas and order on the way."""
    spec = InputSpec(path=str(path), **options)
    result = Read()
    for shard in plan_shards([spec], split_bytes):
        shard_records = 0
        for chunk in read_shard(shard, spec, limits, guard):
            if chunk.batch is not None:
                assert chunk.batch.schema == DOCUMENT_SCHEMA
                chunk.batch.validate(full=True)
                result.batches.append(chunk.batch)
                result.documents += chunk.batch.to_pylist()
            pa.RecordBatch.from_pylist(chunk.quarantined, QUARANTINE_SCHEMA).validate(full=True)
            result.quarantined += chunk.quarantined
            pa.RecordBatch.from_pylist(chunk.missing, OCR_SCHEMA).validate(full=True)
            result.missing += chunk.missing
            result.ocr.update(chunk.ocr)
            result.ignored += chunk.ignored
            shard_records += chunk.records - chunk.documents - chunk.quarantined_records - chunk.ignored.total()
            result.records += chunk.records
            result.bytes += chunk.bytes
        assert shard_records == 0
    assert len({document["id"] for document in result.documents}) == len(result.documents)
    places = [(document["file"], document["offset"]) for document in result.documents]
    assert len(set(places)) == len(places)
    return result


def write(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def lines(*rows: object) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


def warc_record(
    number: int,
    body: bytes | None = None,
    *,
    kind: str = "response",
    http: bytes | None = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
    length: object = None,
    headers: str = "",
) -> bytes:
    if body is None:
        body = (
            f"<html><head><title>제목 {number}</title></head><body><p>{SENTENCE * 8}{number}</p></body></html>".encode()
        )
    payload = (http or b"") + body
    content_type = "application/http; msgtype=response" if http else "text/plain"
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Date: 2024-01-02T03:04:05Z\r\nWARC-Target-URI: https://example.org/{number}\r\n"
        f"Content-Type: {content_type}\r\n{headers}Content-Length: {len(payload) if length is None else length}\r\n\r\n"
    )
    return head.encode() + payload + b"\r\n\r\n"


def warc(count: int, pack=bytes) -> bytes:
    return b"".join(pack(warc_record(number)) for number in range(count))


def numbers(result: Read) -> list[int]:
    return [int(document["url"].rpartition("/")[2]) for document in result.documents]
