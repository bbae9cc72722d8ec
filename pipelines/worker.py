"""What executors do for a run: one task, from its inputs to its done record."""

import errno
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import orjson
import pyarrow as pa

from algok.errors import AlgokError
from algok.filters.personal.coarse import excerpt
from algok.pipelines.corpus import run_round
from algok.pipelines.executors import Outcome, Report
from algok.pipelines.guard import NeedsWorker, arm_watchdog, careful
from algok.pipelines.phase import PhaseTask
from algok.pipelines.plan import Task, load_plan
from algok.pipelines.storage import Store

# Errors of the machine rather than of the task: worth another attempt, perhaps elsewhere.
_TRANSIENT = {
    errno.EIO,
    errno.EAGAIN,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ECONNRESET,
    errno.ETIMEDOUT,
    errno.ESTALE,
}
_FATAL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
}


@dataclass(frozen=True)
class RunTask:
    """The work of a run, for any executor: the tasks of the plan in the run directory `root`."""

    root: str

    def prepare(self) -> None:
        arm_watchdog()
        pa.set_cpu_count(1)  # one core per worker, as the speeds in the docs are stated

    def __call__(self, task: Task, report: Report) -> Outcome:
        return run_task(self.root, task, report)

    def harmless(self, task: Task, report: Report) -> Outcome | None:
        try:
            with careful():
                return run_task(self.root, task, report)
        except NeedsWorker:
            return None


def done_name(task_id: str) -> str:
    return f"done/{task_id}.json"


def run_task(root: str, task: Task, report: Report = lambda documents, size, share: None) -> Outcome:
    """Runs one task and commits it; never raises for what a document or a disk can do."""
    try:
        _execute(root, task, report)
        return Outcome(task)
    except AlgokError as error:
        return Outcome(task, str(error))
    except OSError as error:
        reason = _FATAL.get(error.errno or 0)
        return Outcome(task, reason or _describe(error), transient=error.errno in _TRANSIENT, fatal=reason is not None)
    except Exception as error:  # a bug, or a library's own error: named, with its place in the code, and reported
        return Outcome(task, _describe(error))


def _execute(root: str, task: Task, report: Report) -> None:
    store, run = Store(root), load_plan(root, task.plan)
    start = time.perf_counter()
    if task.round:
        files = [run_round(store, run, task)]
        config = run.phases[task.phase].sketches
        assert config is not None
        record = {"seconds": {config.name: time.perf_counter() - start}}
    else:
        with ExitStack() as stack:
            phase_task = PhaseTask(store, run, task, stack, report)
            files = phase_task.execute()
        stats = phase_task.stats
        record = {
            "shard": run.shards[task.shard].id,
            "rows": phase_task.rows,
            "seconds": dict(phase_task.seconds),
            "records": stats.read.records,
            "quarantined": stats.read.all_quarantined,
        }
    record |= {"task": asdict(task), "files": [file.as_dict() for file in files]}
    store.write_bytes(done_name(task.id), orjson.dumps(record, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def _describe(error: Exception) -> str:
    """The error with its innermost place in our code; its message is masked, since libraries quote data."""
    place, trace = "", error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if "algok" in frame.f_globals.get("__name__", ""):
            place = f" at {frame.f_globals['__name__']}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}: {excerpt(str(error), 300)}"
