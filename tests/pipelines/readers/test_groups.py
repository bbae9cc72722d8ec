"""Many small files share shards: the same documents in the same order, in full batches, each record known to the guard."""

from pathlib import Path

import orjson
import pytest

from algok.pipelines.documents import document_id
from algok.pipelines.readers import inputs
from algok.pipelines.readers.collector import Collector, Document, NoGuard
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import Reader, read_shard
from algok.pipelines.readers.spec import InputSpec

PAGE = "<!DOCTYPE html><html><body><p>봄이 와서 꽃이 피었고 사람들은 산책을 나왔다.</p></body></html>"


def write(folder, files: int, rows: int = 2, suffix: str = ".jsonl"):
    folder.mkdir()
    for number in range(files):
        lines = [orjson.dumps({"text": f"{number}번째 파일의 {row}번째 글", "url": f"u{row}"}) for row in range(rows)]
        lines += [b"broken"] if number % 7 == 0 else []
        (folder / f"part{number}{suffix}").write_bytes(b"\n".join(lines))
    return InputSpec(path=str(folder))


def read(spec: InputSpec, guard=None):
    shards = plan_shards([spec])
    chunks = [chunk for shard in shards for chunk in read_shard(shard, spec, ReadLimits(), guard or NoGuard())]
    rows = [row for chunk in chunks if chunk.batch is not None for row in chunk.batch.to_pylist()]
    return shards, chunks, rows


def test_a_group_gives_the_documents_of_its_files_in_order_and_their_ids(tmp_path, monkeypatch):
    spec = write(tmp_path / "many", 300)
    shards, chunks, rows = read(spec)
    assert len(shards) == 1 and len(chunks) == 1 and len(rows) == 600
    monkeypatch.setattr(inputs, "_MANY_FILES", 1000)
    alone, others, expected = read(spec)
    assert len(alone) == 300 and rows == expected
    quarantined = [row for chunk in chunks for row in chunk.quarantined]
    assert quarantined == [row for chunk in others for row in chunk.quarantined] and len(quarantined) == 43
    assert sum(chunk.records for chunk in chunks) == sum(chunk.records for chunk in others) == 643


def test_batches_of_a_group_are_as_large_as_those_of_a_file(tmp_path):
    _, chunks, rows = read(write(tmp_path / "many", 400, rows=9))
    assert [chunk.documents for chunk in chunks] == [1024, 1024, 1024, 528] and len(rows) == 3600


def test_few_files_and_large_ones_keep_a_shard_each(tmp_path, monkeypatch):
    assert len(read(write(tmp_path / "few", 12))[0]) == 12
    monkeypatch.setattr(inputs, "_SMALL_BYTES", 100)
    spec = write(tmp_path / "mixed", 50, rows=1)
    (tmp_path / "mixed" / "part20.jsonl").write_bytes(orjson.dumps({"text": "긴 글 " * 50}))
    shards, _, rows = read(spec)
    assert [len(shard.files) for shard in shards] == [20, 1, 29]
    assert [row["file"] for row in rows] == [f"part{number}.jsonl" for number in range(50)]


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_every_record_of_a_group_has_a_key_of_its_own(tmp_path, suffix):
    class Keys(NoGuard):
        def __init__(self):
            self.seen: list[int] = []

        def enter(self, offset: int) -> bool:
            self.seen.append(offset)
            return True

    (tmp_path / "many").mkdir()
    for number in range(60):
        (tmp_path / "many" / f"{number}{suffix}").write_bytes(orjson.dumps({"text": PAGE}) + b"\n")
    keys = Keys()
    _, _, rows = read(InputSpec(path=str(tmp_path / "many")), keys)
    assert len(rows) == 60 == len(set(keys.seen))


class First(Reader):
    """Of another package: reads the first file of a shard only, as it may where it declares nothing, and fails at some."""

    name, extensions = "first", (".first",)

    def read(self, shard, spec, limits, guard):
        file = shard.files[0]
        text = Path(file.url).read_text()
        if text.startswith("bad"):
            raise ValueError(text)
        collector = Collector()
        row = Document(
            document_id(file.name.encode(), 0, text.encode()), text, None, None, None, "organic", None, file.name, 0
        )
        collector.document(row, len(text), len(text))
        yield from collector.finish()


def test_a_reader_that_declares_nothing_is_given_one_file_at_a_time_and_loses_none(tmp_path):
    for number in range(60):
        (tmp_path / f"{number}.first").write_text("bad" if number in (7, 20) else f"{number}번째 글")
    shards, chunks, rows = read(InputSpec(path=str(tmp_path), format=f"{__name__}:First"))
    assert len(shards) == 1
    assert [row["file"] for row in rows] == [f"{number}.first" for number in range(60) if number not in (7, 20)]
    assert [row["file"] for chunk in chunks for row in chunk.quarantined] == ["7.first", "20.first"]
