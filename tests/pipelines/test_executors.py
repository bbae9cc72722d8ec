"""Executors: every task ends once, whatever its worker does, and nobody is left behind."""

import errno
import os
import signal
import time
from pathlib import Path

import pytest

from algok.pipelines.executors import ATTEMPTS, make_executor
from algok.pipelines.executors.local import InlineExecutor, LocalExecutor
from algok.pipelines.plan import Task

TASKS = [Task(f"p0-{number:06d}", "none", 0, shard=number) for number in range(3)]


@pytest.fixture
def executor():
    executor = LocalExecutor(2)
    yield executor
    executor.close()


def outcomes(executor, root) -> dict[str, str]:
    return {outcome.task.id: outcome.error for outcome in executor.run(str(root), TASKS, lambda *_: None)}


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_every_task_has_one_outcome_also_when_it_fails(executor, tmp_path):
    """There is no plan in the directory, so every task fails; that is an outcome and no crash."""
    found = outcomes(executor, tmp_path)
    assert sorted(found) == [task.id for task in TASKS]
    assert all("FileNotFoundError" in error for error in found.values())


def test_workers_that_die_idle_are_replaced(executor, tmp_path):
    outcomes(executor, tmp_path)
    killed = [worker.process for worker in executor._workers]
    for process in killed:
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    found = outcomes(executor, tmp_path)
    assert sorted(found) == [task.id for task in TASKS]
    assert all("FileNotFoundError" in error for error in found.values())


def test_closing_ends_every_worker_also_in_the_middle(executor, tmp_path):
    running = executor.run(str(tmp_path), TASKS, lambda *_: None)
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


def test_a_failing_machine_is_tried_again_and_then_reported(executor, tmp_path, monkeypatch):
    """The answers come from a worker whose every attempt meets a dead network disk."""
    from algok.pipelines.worker import Outcome

    attempts = []

    def receive(worker, progress):
        worker.connection.recv()
        task, worker.task = worker.task, None
        attempts.append(task.id)
        return Outcome(task, os.strerror(errno.ESTALE), transient=True)

    monkeypatch.setattr(executor, "_receive", receive)
    found = list(executor.run(str(tmp_path), TASKS[:1], lambda *_: None))
    assert [outcome.error for outcome in found] == [os.strerror(errno.ESTALE)]
    assert len(attempts) == ATTEMPTS
