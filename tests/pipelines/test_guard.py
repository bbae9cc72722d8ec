"""The guard: real processes that die and hang, and the record that killed three of them."""

import subprocess
import sys
import time

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from algok.pipelines.guard import STRIKES, FileGuard, open_guard
from algok.pipelines.storage import Store


def child(folder, code: str, seconds: float = 30.0) -> int:
    """Runs code in a fresh process that has a guard; its exit code."""
    head = (
        "import os, pathlib\nfrom algok.pipelines.guard import FileGuard, arm_watchdog\narm_watchdog()\n"
        f"guard = FileGuard(pathlib.Path({str(folder)!r}), 'task', {seconds})\n"
    )
    return subprocess.run([sys.executable, "-c", head + code], stderr=subprocess.DEVNULL, check=False).returncode


def test_a_record_that_kills_its_worker_three_times_is_refused(tmp_path):
    for _ in range(STRIKES):
        assert child(tmp_path, "assert guard.enter(7)\nos.abort()") < 0
    guard = FileGuard(tmp_path, "task", 1)
    assert not guard.enter(7)
    assert guard.enter(8)


def test_deaths_elsewhere_are_no_strikes(tmp_path):
    for _ in range(STRIKES):
        child(tmp_path, "guard.enter(7)\nguard.leave()\nos.abort()")
    assert FileGuard(tmp_path, "task", 1).enter(7)


def test_different_records_do_not_add_up(tmp_path):
    for offset in range(STRIKES):
        child(tmp_path, f"guard.enter({offset})\nos.abort()")
    guard = FileGuard(tmp_path, "task", 1)
    assert all(guard.enter(offset) for offset in range(STRIKES))


def test_the_watchdog_ends_a_call_that_holds_the_interpreter(tmp_path):
    hang = "guard.enter(3)\nimport re\nre.match('(a+)+$', 'a' * 64 + 'b')"  # exponential, and never yields
    start = time.monotonic()
    assert child(tmp_path, hang, seconds=0.5) == 1
    assert time.monotonic() - start < 20


def test_a_closed_guard_leaves_nothing(tmp_path):
    guard = FileGuard(tmp_path, "task", 1)
    guard.enter(1)
    guard.leave()
    guard.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 3])
def test_notes_cut_off_by_a_crash_are_ignored(tmp_path, content):
    (tmp_path / "task.note").write_bytes(content)
    (tmp_path / "task.json").write_bytes(content)
    assert FileGuard(tmp_path, "task", 1).enter(0)


def test_remote_runs_keep_their_notes_on_the_machine():
    guard = open_guard(Store("memory://some/run"), "task", 1)
    assert guard.enter(0)
    guard.close()


def test_strikes_survive_in_a_file(tmp_path):
    child(tmp_path, "guard.enter(7)\nos.abort()")
    FileGuard(tmp_path, "task", 1)
    assert orjson.loads((tmp_path / "task.json").read_bytes()) == {"7": 1}


def test_a_part_of_a_file_that_kills_its_worker_is_quarantined_and_the_others_are_read(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [str(n) for n in range(9)]}), path, row_group_size=3)
    code = (
        "from algok.pipelines.readers import parquet\n"
        "from algok.pipelines.readers.reader import read_shard\n"
        "from algok.pipelines.readers.inputs import plan_shards\n"
        "from algok.pipelines.readers.spec import InputSpec\n"
        "decoded = parquet._decoded\n"
        "parquet._decoded = lambda file, group, *more: os.abort() if group == 1 else decoded(file, group, *more)\n"
        f"spec = InputSpec(path={str(path)!r})\n"
        "chunks = [chunk for shard in plan_shards([spec]) for chunk in read_shard(shard, spec, guard=guard)]\n"
        "assert sum(chunk.documents for chunk in chunks) == 6\n"
        "rows = [row for chunk in chunks for row in chunk.quarantined]\n"
        "assert [(row['reason'], row['rows'], row['offset']) for row in rows] == [('crashed', 3, 3)]\n"
    )
    for _ in range(STRIKES):
        assert child(tmp_path / "guard", code) < 0
    assert child(tmp_path / "guard", code) == 0
