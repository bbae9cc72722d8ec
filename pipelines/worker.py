"""What executors do for a run: one task, from its inputs to its done record."""

import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import pyarrow as pa

from algok.pipelines.corpus import run_round
from algok.pipelines.done import write_done
from algok.pipelines.executors import Outcome, Report
from algok.pipelines.footprint import footprint, own_process
from algok.pipelines.guard import NeedsWorker, arm_watchdog, careful
from algok.pipelines.phase import PhaseTask
from algok.pipelines.plan import REUSED, SPREAD, Task, load_plan
from algok.pipelines.spread import spread_file
from algok.pipelines.storage import Store, clear_uploads
from algok.pipelines.take_over import take_shard
from algok.pipelines.tasks import attempt


@dataclass(frozen=True)
class RunTask:
    """The work of a run, for any executor: the tasks of the plan in the run directory `root`."""

    root: str

    def prepare(self) -> None:
        arm_watchdog()
        own_process()
        clear_uploads()
        pa.set_cpu_count(1)  # one core per worker, as the speeds in the docs are stated

    def __call__(self, task: Task, report: Report) -> Outcome:
        return run_task(self.root, task, report)

    def harmless(self, task: Task, report: Report) -> Outcome | None:
        try:
            with careful():
                return run_task(self.root, task, report)
        except NeedsWorker:
            return None


def run_task(root: str, task: Task, report: Report = lambda documents, size, share: None) -> Outcome:
    """Runs one task and commits it; never raises for what a document or a disk can do."""
    return attempt(task, lambda: _execute(root, task, report))


def _execute(root: str, task: Task, report: Report) -> None:
    store, run = Store(root), load_plan(root, task.plan)
    start = time.perf_counter()
    if task.round == REUSED:
        take_shard(store, run, task)
        return
    if task.round == SPREAD:
        files = spread_file(store, run, task, report)
        record = {
            "shard": run.shards[task.shard].id,
            "input": run.shards[task.shard].files[0].name,
            "seconds": {"read": time.perf_counter() - start},
        }
    elif task.round:
        files = run_round(store, run, task)
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
            "input": run.shards[task.shard].files[0].name,
            "rows": phase_task.rows,
            "seconds": dict(phase_task.seconds),
            "records": stats.read.records,
            "quarantined": stats.read.all_quarantined + stats.failed,
        }
    record |= {"task": asdict(task), "files": [file.as_dict() for file in files], **footprint()}
    write_done(store, task.id, record)
