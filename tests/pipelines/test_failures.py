"""Failed attempts are recorded with worker and masked reason, whatever becomes of the task, and change no output."""

import os
import platform
import subprocess
import sys

import orjson
import pytest
from conftest import outputs, prose, write_jsonl
from works import Number, WriteSquare

from algok.errors import TaskError
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.executors.attempts import ATTEMPTS
from algok.pipelines.failures import failed_tasks, read_failures
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store
from algok.pipelines.tasks import attempt, run_tasks


def go(folder, work, workers=1):
    executor = make_executor("local", workers)
    try:
        run_tasks(Store(str(folder / "run")), work, [Number("n0-000002", 2)], "squares", executor, SilentProgress())
    finally:
        executor.close()


def failed(folder):
    store = Store(str(folder))
    return read_failures(store, failed_tasks(store))


@pytest.mark.parametrize(("deaths", "failures"), [(1, 0), (0, 3), (1, 1)])
def test_attempts_that_failed_are_counted_and_the_last_is_told(tmp_path, deaths, failures):
    go(tmp_path, WriteSquare(str(tmp_path), deaths, failures))
    (found,) = failed(tmp_path / "run")
    assert (found.task, found.attempts, found.again) == ("n0-000002", deaths + failures, True)
    assert found.reason == ("Stale file handle" if failures else "its worker process died (SIGKILL)")
    assert failures or found.worker.startswith(f"{platform.node()}:")
    assert (tmp_path / "n0-000002").read_text() == "4"


def test_a_task_that_failed_for_good_says_so_and_keeps_few_reasons(tmp_path):
    with pytest.raises(TaskError):
        go(tmp_path, WriteSquare(str(tmp_path), failures=ATTEMPTS), workers=0)
    (found,) = failed(tmp_path / "run")
    assert found.attempts == ATTEMPTS and not found.again
    assert len(orjson.loads((tmp_path / "run" / "failed" / "n0-000002.json").read_bytes())["last"]) < ATTEMPTS


class Quotes(WriteSquare):
    """Fails with an error that quotes a document."""

    def __call__(self, task, report):
        def work():
            raise TaskError("hong@example.com, 010-1234-5678 \x1b[31m" + "가" * 1000)

        return attempt(task, work)


def test_what_an_error_quotes_is_masked_and_cut(tmp_path):
    with pytest.raises(TaskError):
        go(tmp_path, Quotes(str(tmp_path)), workers=0)
    text = (tmp_path / "run" / "failed" / "n0-000002.json").read_text()
    assert "hong" not in text and "1234" not in text and "\x1b" not in text and len(text) < 1500
    assert f"{platform.node()}:{os.getpid()}" in text


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"attempts": "x", "last": []}', b'{"attempts": 2, "last": [1]}']
)
def test_a_damaged_record_is_one_failure_of_which_nothing_else_is_known(tmp_path, content):
    Store(str(tmp_path)).write_bytes("failed/n0-000002.json", content)
    (found,) = failed(tmp_path)
    assert found.attempts == 1 and "damaged" in found.reason


class FailsOnce:
    """An executor whose first outcome is that a worker died."""

    name = "local"

    def __init__(self):
        self._inner = make_executor("local", 0)

    def run(self, work, tasks, progress):
        from algok.pipelines.executors import Outcome

        yield Outcome(tasks[0], "its worker process died (SIGKILL)", transient=True, worker="m:1", again=True)
        yield from self._inner.run(work, tasks, progress)

    def close(self):
        pass


def test_a_run_with_failures_gives_the_same_bytes_and_tells_its_retries(tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl", [{"text": prose(i)} for i in range(3)])
    recipe = load_recipe("web", inputs=[{"path": str(source)}])
    execute(recipe, str(tmp_path / "a"), make_executor("local", 0), SilentProgress())
    execute(recipe, str(tmp_path / "b"), FailsOnce(), SilentProgress())
    smooth, rough = (Run.open(tmp_path / name) for name in ("a", "b"))
    assert outputs(tmp_path / "a") == outputs(tmp_path / "b")
    failures = rough.failures()
    assert smooth.summary.retries == 0 < rough.summary.retries == len(failures)
    assert {row["task"] for row in rough.tasks().to_pylist() if row["failed"]} == {f.task for f in failures}
    assert [verify(run.store) for run in (smooth, rough)] == [[], []]


PEAKS = """
import numpy as np
from algok.pipelines.footprint import begin_peak, footprint, own_process
if {own}:
    own_process()
np.ones(40_000_000).sum()
before = footprint()["peak_bytes"]
begin_peak()
print(before, footprint()["peak_bytes"])
"""


@pytest.mark.parametrize("own", [True, False])
def test_the_peak_is_that_of_the_task_in_workers_and_left_alone_elsewhere(own):
    done = subprocess.run([sys.executable, "-c", PEAKS.format(own=own)], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert before > 320_000_000
    if own and not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("this machine does not let a peak begin anew")
    assert (after < 200_000_000) == own
