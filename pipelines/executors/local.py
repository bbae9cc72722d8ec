"""Processes of this machine. Nothing to start, and a worker that dies is replaced and its task tried again."""

import multiprocessing
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from algok.pipelines.executors import Advance, Crew, Outcome, Task, Work
from algok.pipelines.executors.attempts import Attempts
from algok.pipelines.footprint import process_name
from algok.pipelines.progress import log_json, logs_json

# Below this many bytes of input, starting other processes takes longer than the work.
_SMALL = 2 << 20


class InlineExecutor:
    """Runs tasks one after the other inside this process: for debugging and for tests."""

    name = "local"

    def run(self, work: Work, tasks: Iterable[Task], progress: Advance) -> Iterator[Outcome]:
        attempts = Attempts(tasks)
        while attempts:
            task = attempts.next()
            outcome = work(task, lambda *done, task=task: progress(task.id, *done))
            yield attempts.judged(outcome)

    def crew(self) -> Crew:
        return Crew(0, 0)

    def close(self) -> None:
        pass


class _Worker:
    """A child process and the pipe to it."""

    def __init__(self, context):
        self.connection, child = context.Pipe()
        self.process = context.Process(target=_serve, args=(child, logs_json()), daemon=True)
        self.process.start()
        child.close()
        self.task: Task | None = None

    def give(self, work: Work, task: Task) -> None:
        self.task = task
        with suppress(OSError):  # it died while idle; waiting for its answer finds that out
            self.connection.send((work, task))

    def stop(self) -> None:
        self.connection.close()
        self.process.join(timeout=5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


class LocalExecutor:
    """A fixed number of worker processes, by default one per core. They start clean (spawn): numba, Arrow and Kiwi hold
    threads, which do not survive a fork.

    Where nobody asked for a number, a small input is worked on inside this process, until a task needs another."""

    name = "local"

    def __init__(self, workers: int | None = None):
        self._context = multiprocessing.get_context("spawn")
        self._count = workers or len(os.sched_getaffinity(0))
        self._chosen, self._inside = workers is not None, False
        self._workers: list[_Worker] = []

    def expect(self, size: int) -> None:
        self._inside = not self._chosen and size <= _SMALL

    def run(self, work: Work, tasks: Iterable[Task], progress: Advance) -> Iterator[Outcome]:
        attempts = Attempts(tasks)
        while self._inside and attempts:
            task = attempts.next()
            outcome = work.harmless(task, lambda *done, task=task: progress(task.id, *done))
            if outcome is None:
                self._inside = False
                attempts.give_back(task)
            else:
                yield attempts.judged(outcome)
        yield from self._run(work, attempts, progress)

    def _run(self, work: Work, attempts: Attempts, progress: Advance) -> Iterator[Outcome]:
        """The tasks in worker processes."""
        try:
            while attempts or any(worker.task for worker in self._workers):
                self._hand_out(work, attempts)
                busy = [worker for worker in self._workers if worker.task]
                ready = set(wait([worker.connection for worker in busy]))
                for worker in busy:
                    if worker.connection in ready:
                        outcome = self._receive(worker, progress)
                        if outcome is not None:
                            yield attempts.judged(outcome)
        finally:
            if any(worker.task for worker in self._workers):
                self._kill()

    def crew(self) -> Crew:
        workers = list(self._workers)
        return Crew(len(workers), sum(worker.task is not None for worker in workers))

    def close(self) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers = []

    def _hand_out(self, work: Work, attempts: Attempts) -> None:
        if attempts.lone:
            self.close()  # what idle ones hold of the memory is free meanwhile
        while attempts.ready and (worker := self._idle()):
            worker.give(work, attempts.next())

    def _idle(self) -> _Worker | None:
        """A worker without a task, a new one where there may be more of them."""
        idle = next((worker for worker in self._workers if worker.task is None), None)
        if idle is None and len(self._workers) < self._count:
            idle = _Worker(self._context)
            self._workers.append(idle)
        return idle

    def _receive(self, worker: _Worker, progress) -> Outcome | None:
        """A message of a worker: progress (None), the task's outcome, or the outcome of its death."""
        try:
            message = worker.connection.recv()
        except (EOFError, OSError):
            return self._bury(worker)
        if isinstance(message, Outcome):
            worker.task = None
            return message
        assert worker.task is not None  # an idle worker says nothing
        progress(worker.task.id, *message)
        return None

    def _bury(self, worker: _Worker) -> Outcome:
        worker.process.join()
        self._workers.remove(worker)
        reason = f"its worker process died {_manner(worker.process.exitcode)}"
        return Outcome(worker.task, reason, transient=True, died=True, worker=process_name(worker.process.pid))

    def _kill(self) -> None:
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()
        self._workers = []


def _manner(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"({signal.Signals(-exitcode).name})"
    return f"(exit code {exitcode})"


def _serve(connection: Connection, json: bool) -> None:
    """A worker's life: tasks in, outcomes out, until the driver is gone; `json`: it logs as the driver does."""
    _die_with_parent()
    _die_before_others()
    log_json(json)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prepared = False
    while True:
        try:
            work, task = connection.recv()
            if not prepared:
                work.prepare()
                prepared = True
            connection.send(work(task, lambda *done: connection.send(done)))
        except (EOFError, BrokenPipeError):
            return


def _die_with_parent() -> None:
    """Asks Linux to end this process with its parent, so that no worker writes after the driver was killed."""
    import ctypes

    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _die_before_others() -> None:
    """Asks Linux to end this process rather than the driver or anybody else where memory runs out."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
