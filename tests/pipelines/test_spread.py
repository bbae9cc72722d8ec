"""Large files that can be read from their beginning only: their records over many shards, as if they were read at once."""

import bz2
import gzip
import io
import lzma
import random
import signal
import subprocess
import sys
import time

import orjson
import pyarrow.parquet as pq
import pytest
from conftest import outputs, prose
from fastwarc.stream_io import ZstdWriter
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.pipelines import run
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.storage import Store

_WHOLE = 1 << 40


def zstd(data: bytes) -> bytes:
    held = io.BytesIO()
    writer = ZstdWriter(held)
    writer.write(data)
    writer.finish()
    return held.getvalue()


PACKED = {".gz": gzip.compress, ".zst": zstd, ".bz2": bz2.compress, ".xz": lzma.compress}


def noise(generator: random.Random, size: int) -> str:
    """Text that does not compress away, so that a small file has many blocks."""
    return "".join(chr(generator.randrange(0xAC00, 0xD7A3)) for _ in range(size))


def records(generator: random.Random, count: int) -> list[dict]:
    return [
        {"id": number, "text": noise(generator, generator.choice((30, 700, 9000))), "url": f"https://a.kr/{number}"}
        for number in range(count)
    ]


def jsonl(generator, rows):
    lines = [orjson.dumps(row) for row in rows]
    lines[len(lines) // 2 : len(lines) // 2] = [b"", b'{"text": broken', b"[1]", b'{"text": "' + b"x" * 40_000 + b'"}']
    return b"\n".join(lines)


def utf16(generator, rows):
    return "\n".join(orjson.dumps(row).decode() for row in rows).encode("utf-16")


def json_array(generator, rows):
    return b"[\n" + b",\n".join(orjson.dumps(row, option=orjson.OPT_INDENT_2) for row in rows) + b"]"


def table(generator, rows):
    cells = [f'{row["id"]},"{row["text"][:20]}\n""{row["text"][20:]}",{row["url"]}' for row in rows]
    return ("번호,text,url\n" + "\n".join([*cells[:9], "1,2,3,4,5", "", *cells[9:]])).encode("cp949", "replace")


def cirrus(generator, rows):
    lines = [
        line
        for row in rows
        for line in (
            orjson.dumps({"index": {"_type": "page", "_id": row["id"]}}),
            orjson.dumps({"namespace": 0, "title": f"제목 {row['id']}", "text": row["text"]}),
        )
    ]
    return b"\n".join(lines)


def wiki(generator, rows):
    pages = [
        f"<page><title>제목 {row['id']}</title><ns>0</ns><id>{row['id']}</id><revision><text>{row['text']}</text>"
        f"</revision></page>"
        for row in rows
    ]
    pages[3] = pages[3].replace("</page>", "")
    return ("<mediawiki>\n" + "\n".join(pages) + "</mediawiki>").encode()


def warc_records(rows):
    for row in rows:
        body = f"<html><body><article><p>{row['text']}</p></article></body></html>".encode()
        page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {row['url']}\r\nContent-Length: {len(page)}\r\n\r\n"
        )
        yield head.encode() + page + b"\r\n\r\n"


def warc(generator, rows):
    return b"".join([*warc_records(rows[:5]), b"no record of any kind\r\n\r\n", *warc_records(rows[5:])])


def arc(generator, rows):
    pieces = [b"filedesc://a.arc 0.0.0.0 20200101000000 text/plain 9\n1 0 algok\n\n"]
    for row in rows:
        page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><body><p>" + row["text"].encode()
        pieces.append(f"{row['url']} 1.2.3.4 20200101000000 text/html {len(page)}\n".encode() + page + b"\n")
    return b"".join(pieces)


FORMATS = {
    "jsonl": jsonl, "utf16.jsonl": utf16, "json": json_array, "csv": table, "cirrus.json": cirrus, "xml": wiki,
    "warc": warc, "arc": arc,
}  # fmt: skip
OF_NAME = {"cirrus.json": "cirrussearch", "xml": "wikipedia", "utf16.jsonl": "jsonl"}


def read(path, format, split_bytes):
    """What all shards of a file give together: documents, quarantined records, and counts; and how many shards there are."""
    spec = InputSpec(path=str(path), format=format)
    documents, quarantined, counts = [], [], [0, 0]
    shards = plan_shards([spec], split_bytes)
    for shard in shards:
        for chunk in read_shard(shard, spec):
            documents += chunk.batch.to_pylist() if chunk.batch is not None else []
            quarantined += chunk.quarantined
            counts = [counts[0] + chunk.records, counts[1] + chunk.ignored.total()]
    return (documents, quarantined, counts), len(shards)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1 << 30), split=st.sampled_from([20_000, 60_000, 200_000]), damage=st.booleans())
def test_pieces_of_a_file_give_what_the_whole_gives(name, seed, split, damage, tmp_path_factory):
    folder = tmp_path_factory.mktemp("spread")
    generator = random.Random(seed)
    data = FORMATS[name](generator, records(generator, 60))
    tails = ["", ".gz", ".zst"] if name in ("warc", "arc") else ["", *PACKED]
    tail = generator.choice(tails)
    packed = bytearray(PACKED[tail](data) if tail else data)
    if damage and tail:
        del packed[generator.randrange(len(packed) // 2, len(packed)) :]
    path = folder / f"a.{name}{tail}"
    path.write_bytes(packed)
    format = OF_NAME.get(name, name)
    whole, one = read(path, format, _WHOLE)
    pieces, many = read(path, format, split)
    assert one == 1 and many >= len(packed) // split
    assert pieces == whole
    assert whole[0] or damage


RECIPE = """
name: spread
inputs: [{{path: {path}}}]
split_bytes: 150000
steps:
  dedup: {{}}
  heuristics: {{chars: {{min: 100}}}}
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """One compressed file of several pieces with copies and broken lines, and what a run makes of it."""
    folder = tmp_path_factory.mktemp("large")
    generator = random.Random(5)
    rows = [{"text": f"{prose(number % 300)} {noise(generator, 300)}"} for number in range(600)]
    rows += [{"text": noise(generator, 500) + prose(number)} for number in (1, 1, 2, 2)] + rows[:20]
    data = b"\n".join(orjson.dumps(row) for row in rows) + b'\n{"text": "broken\n'
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(data, mtime=0))
    (folder / "b.jsonl").write_bytes(orjson.dumps({"text": prose(4)}) + b"\n")
    return folder, outputs_of(folder, folder.parent / f"{folder.name}-run", make_executor("local", 0))


def go(folder, output, executor):
    recipe = recipe_from_text(RECIPE.format(path=folder))
    try:
        return run.execute(recipe, str(output), executor, SilentProgress())
    finally:
        executor.close()


def outputs_of(folder, output, executor):
    go(folder, output, executor)
    assert verify(Store(str(output))) == []
    assert not (output / "work").exists()
    return outputs(output)


def kept_rows(output):
    return sorted((row["id"], row["file"], row["offset"]) for row in pq.read_table(output / "kept").to_pylist())


def test_a_run_over_pieces_keeps_what_a_run_over_the_whole_keeps(large, tmp_path):
    folder, _ = large
    spread = folder.parent / f"{folder.name}-run"
    assert len(list((spread / "kept").iterdir())) == 5
    whole = recipe_from_text(RECIPE.format(path=folder).replace("150000", str(1 << 40)))
    run.execute(whole, str(tmp_path / "run"), make_executor("local", 0), SilentProgress())
    assert len(list((tmp_path / "run" / "kept").iterdir())) == 2
    assert kept_rows(spread) == kept_rows(tmp_path / "run")
    tables = [pq.read_table(where / "quarantine").to_pylist() for where in (spread, tmp_path / "run")]
    assert tables[0] == tables[1] and len(tables[0]) == 1


def test_two_workers_give_the_same_bytes(large, tmp_path):
    folder, expected = large
    assert outputs_of(folder, tmp_path / "run", make_executor("local", 2)) == expected


def test_ray_gives_the_same_bytes(large, tmp_path, ray_session):
    folder, expected = large
    assert outputs_of(folder, tmp_path / "run", make_executor("ray")) == expected


class Died(BaseException):
    """Not caught by anything, like the death of the process."""


@pytest.mark.parametrize("number", [1, 3, 5, 8])
def test_a_run_that_dies_between_pieces_resumes_to_the_same_bytes(large, tmp_path, monkeypatch, number):
    folder, expected = large
    left, original = [number], Store.write

    def dying(self, name, intermediate=False):
        left[0] -= name.startswith(("work/spread", "work/p0"))
        if left[0] < 0:
            raise Died
        return original(self, name, intermediate)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", dying)
        with pytest.raises(Died):
            go(folder, tmp_path / "run", make_executor("local", 0))
    assert outputs_of(folder, tmp_path / "run", make_executor("local", 0)) == expected


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_piece_that_is_lost_before_it_is_read_is_made_again(large, tmp_path, monkeypatch, damage):
    folder, expected = large
    original, damaged = run.run_tasks, []

    def losing(store, work, tasks, stage, *others):
        original(store, work, tasks, stage, *others)
        if stage.startswith("spread") and not damaged:
            piece = sorted((tmp_path / "run" / "work" / "spread").iterdir())[2]
            damaged.append(piece)
            piece.unlink() if damage == "gone" else piece.write_bytes(piece.read_bytes()[:-9])

    monkeypatch.setattr(run, "run_tasks", losing)
    assert outputs_of(folder, tmp_path / "run", make_executor("local", 0)) == expected
    assert damaged


def test_a_lost_output_is_mended_from_the_file(large, tmp_path):
    folder, expected = large
    go(folder, tmp_path / "run", make_executor("local", 0))
    lost = sorted((tmp_path / "run" / "kept").iterdir())[1]
    lost.unlink()
    run.repair(str(tmp_path / "run"), make_executor("local", 0), SilentProgress())
    assert outputs(tmp_path / "run") == expected
    assert verify(Store(str(tmp_path / "run"))) == []


def test_a_killed_driver_leaves_a_run_that_resumes(large, tmp_path):
    folder, expected = large
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(path=folder))
    command = [sys.executable, "-m", "algok", "run", str(tmp_path / "recipe.yaml"), "-o", str(tmp_path / "run")]
    driver = subprocess.Popen([*command, "--workers", "2", "--quiet"], stderr=subprocess.DEVNULL)
    while driver.poll() is None and not list((tmp_path / "run").glob("done/s0/*/*.json")):
        time.sleep(0.01)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    assert outputs_of(folder, tmp_path / "run", make_executor("local", 2)) == expected
