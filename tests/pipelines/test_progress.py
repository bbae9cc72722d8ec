"""Progress goes by bytes: one large file is seen to advance, and the time left is told."""

import io
import sys
import time

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import prose
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines import progress
from algok.pipelines.executors.local import InlineExecutor
from algok.pipelines.progress import LogProgress, Meter
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute


class Watch:
    """A progress that remembers what it was told."""

    def __init__(self):
        self.shares: dict[str, list[float]] = {}

    def start(self, stage, weights, done):
        self.weights = weights

    def advance(self, task_id, documents, size, share):
        self.shares.setdefault(task_id, []).append(share)

    def task_done(self, task_id): ...

    def end(self): ...


def write(path, rows: int):
    texts = [prose(row % 50) * 5 for row in range(rows)]
    if path.suffix == ".parquet":
        pq.write_table(pa.table({"text": texts}), path, row_group_size=500)
        return
    data = b"".join(orjson.dumps({"text": text}) + b"\n" for text in texts)
    if path.suffix == ".zst":
        with pa.CompressedOutputStream(str(path), "zstd") as out:
            out.write(data)
    else:
        path.write_bytes(data)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.zst", "a.parquet"])
def test_one_large_file_advances_in_both_phases(tmp_path, name):
    write(tmp_path / name, 4000)
    recipe = recipe_from_text(f"inputs: [{{path: {tmp_path / name}}}]\nsteps: {{dedup: {{}}, repair: {{}}}}")
    watch = Watch()
    execute(recipe, str(tmp_path / "run"), InlineExecutor(), watch)
    read, act = watch.shares["p0-000000"], watch.shares["p1-000000"]
    assert len(read) >= 4 and read == sorted(read) and 0 < read[0] < 1 and 0.9 <= read[-1] <= 1
    assert act == sorted(act) and act[-1] == 1


def test_the_parts_of_a_split_file_weigh_as_much_as_the_file(tmp_path):
    write(tmp_path / "a.jsonl", 400)
    recipe = recipe_from_text(f"inputs: [{{path: {tmp_path}}}]\nsplit_bytes: 100000\nsteps: {{repair: {{}}}}")
    watch = Watch()
    execute(recipe, str(tmp_path.parent / "split-run"), InlineExecutor(), watch)
    size = (tmp_path / "a.jsonl").stat().st_size
    assert len(watch.weights) > 3 and size * 0.99 <= sum(watch.weights.values()) <= size
    assert all(shares[-1] > 0.8 for shares in watch.shares.values())


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1)), max_size=30))
def test_a_meter_never_goes_back_and_ends_at_its_total(reports):
    meter = Meter("stage", {"a": 5, "b": 0, "c": 1000}, 2)
    last = 0.0
    for task, share in reports:
        meter.advance(task, 1, 1, share)
        assert last <= meter.completed <= meter.total
        last = meter.completed
    for task in "abc":
        meter.task_done(task)
    assert meter.completed == meter.total and meter.tasks == "5/5" and meter.left == ""


def test_a_log_tells_the_share_and_the_time_left(monkeypatch):
    monkeypatch.setattr(progress, "_LOG_EVERY", 0.0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    log = LogProgress()
    log.start("read", {"a": 1000}, 0)
    time.sleep(0.02)
    log.advance("a", 10, 5000, 0.25)
    line = sys.stderr.getvalue().splitlines()[-1]
    assert "0/1 tasks" in line and "25% done" in line and line.endswith("left")
