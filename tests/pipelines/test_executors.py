"""Executors: every task ends once, whatever its worker does, and nobody is left behind."""

import os
import signal
import time
from pathlib import Path

import orjson
import pytest
from works import Number, Warn, WriteSquare

from algok.pipelines import executors
from algok.pipelines.executors import make_executor
from algok.pipelines.executors.attempts import ATTEMPTS
from algok.pipelines.executors.local import InlineExecutor, LocalExecutor
from algok.pipelines.plan import Task
from algok.pipelines.progress import log_json
from algok.pipelines.worker import RunTask

TASKS = [Task(f"p0-{number:06d}", "none", 0, shard=number) for number in range(3)]


@pytest.fixture
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close()


def outcomes(executor, root) -> dict[str, str]:
    return {outcome.task.id: outcome.error for outcome in executor.run(RunTask(str(root)), TASKS, lambda *_: None)}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_every_task_has_one_outcome_also_when_it_fails(executor, tmp_path):
    """There is no plan in the directory, so every task fails; that is an outcome and no crash."""
    found = outcomes(executor, tmp_path)
    assert sorted(found) == [task.id for task in TASKS]
    assert all("recipe.yaml: missing" in error for error in found.values())


def test_workers_that_die_idle_are_replaced(executor, tmp_path):
    outcomes(executor, tmp_path)
    killed = [worker.process for worker in executor._workers]
    for process in killed:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    found = outcomes(executor, tmp_path)
    assert sorted(found) == [task.id for task in TASKS]
    assert all("recipe.yaml: missing" in error for error in found.values())


def test_closing_ends_every_worker_also_in_the_middle(executor, tmp_path):
    running = executor.run(RunTask(str(tmp_path)), TASKS, lambda *_: None)
    next(running)
    pids = [worker.process.pid for worker in executor._workers]
    running.close()
    executor.close()
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pids and not any(map(alive, pids))


@pytest.mark.parametrize("name", ["local", "ray"])
def test_no_workers_means_inside_this_process(name):
    assert isinstance(make_executor(name, 0), InlineExecutor)


def squares(executor, work: WriteSquare) -> tuple[list[str | None], list[tuple]]:
    """The outcomes of three numbers, and what was reported meanwhile."""
    reported: list[tuple] = []
    tasks = [Number(f"n{value}", value) for value in (2, 3, 4)]
    found = executor.run(work, tasks, lambda *report: reported.append(report))
    outcomes = {outcome.task.id: outcome.error for outcome in found}
    return [outcomes[task.id] for task in tasks], sorted(reported)


def check_squares(folder, outcomes, reported) -> None:
    assert outcomes == [None] * 3
    assert [report[:3] for report in reported] == [("n2", 1, 2), ("n3", 1, 3), ("n4", 1, 4)]
    assert {report[3] for report in reported} <= {0.5, 1.0}
    assert [(folder / f"n{value}").read_text() for value in (2, 3, 4)] == ["4", "9", "16"]


@pytest.mark.parametrize(("deaths", "failures"), [(0, 0), (2, 0), (0, 3), (1, 1)])
def test_any_work_is_done_whatever_happens_to_its_workers(executor, tmp_path, deaths, failures):
    check_squares(tmp_path, *squares(executor, WriteSquare(str(tmp_path), deaths, failures)))
    assert list(tmp_path.glob("prepared-*"))


def test_inside_this_process_nothing_is_prepared(tmp_path):
    check_squares(tmp_path, *squares(InlineExecutor(), WriteSquare(str(tmp_path), failures=1)))
    assert not list(tmp_path.glob("prepared-*"))


@pytest.mark.parametrize("deaths", [0, 1])
def test_a_small_input_is_worked_on_in_this_process_until_a_task_needs_another(tmp_path, deaths):
    executor = LocalExecutor()
    executor.expect(1000)
    try:
        check_squares(tmp_path, *squares(executor, WriteSquare(str(tmp_path), deaths)))
        assert bool(executor._workers) == bool(deaths)
    finally:
        executor.close()


def test_a_large_input_and_a_number_of_workers_mean_worker_processes(tmp_path):
    for executor, size in ((LocalExecutor(), 1 << 30), (LocalExecutor(1), 1000)):
        executor.expect(size)
        try:
            check_squares(tmp_path, *squares(executor, WriteSquare(str(tmp_path))))
            assert executor._workers
        finally:
            executor.close()


def test_ray_does_any_work_and_tries_again(ray_session, tmp_path):
    from algok.pipelines.executors.ray import RayExecutor

    check_squares(tmp_path, *squares(RayExecutor(), WriteSquare(str(tmp_path), deaths=1, failures=1)))


def test_a_failing_machine_is_tried_again_and_then_reported(executor, tmp_path):
    outcomes, _ = squares(executor, WriteSquare(str(tmp_path), failures=ATTEMPTS))
    assert outcomes == ["Stale file handle"] * 3
    assert (tmp_path / "n2.tries").read_text() == "x" * ATTEMPTS


def test_executors_know_no_recipes():
    folder = Path(executors.__file__).parent
    for path in folder.glob("*.py"):
        text = path.read_text()
        assert not any(f"pipelines.{name}" in text for name in ("plan", "worker", "recipe", "phase", "guard")), path


def test_a_worker_logs_as_its_driver_does(capfd):
    executor = LocalExecutor(1)
    log_json(True)
    try:
        assert [outcome.error for outcome in executor.run(Warn(), [Number("a", 1)], lambda *done: None)] == [None]
    finally:
        executor.close()
        log_json(False)
    (line,) = [orjson.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert (line["event"], line["level"], line["message"]) == ("log", "warning", "a word from a worker")
