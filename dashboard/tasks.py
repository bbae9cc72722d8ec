"""The tasks of a run: which took longest, what every worker did and held, and which attempts failed, and why."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.pipelines.failures import Failed
from algok.pipelines.plan import Outline

SLOWEST = 15
MOST_WORKERS = 30
MOST_FAILURES = 30


@dataclass(frozen=True)
class DoneTask:
    """A task that is done. `steps` are those of its phase, `shard` the number of its shard (None where it has none of the
    run's own), `failed` the attempts before; the worker and the peak in bytes are None in runs of earlier versions."""

    task: str
    steps: tuple[str, ...]
    shard: int | None
    seconds: float
    peak_bytes: int | None
    worker: str | None
    failed: int


@dataclass(frozen=True)
class Worker:
    """A process: the tasks that it did, their seconds, and the most memory that it held during one, in bytes."""

    name: str
    tasks: int
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class FailedTask:
    """A task with failed attempts: `state` is done (a later attempt went well), waiting (it is tried again) or failed."""

    failed: Failed
    state: str


@dataclass(frozen=True)
class TaskFigures:
    """What tables of tasks show. Lists hold the first of so many: `all_workers`, `all_failures`."""

    slowest: list[DoneTask]
    workers: list[Worker]
    all_workers: int
    failures: list[FailedTask]
    all_failures: int


def task_figures(table: pa.Table, outline: Outline, failures: list[Failed]) -> TaskFigures:
    """The figures of a run's table of tasks (`pipelines/task_table.py`) and its failed attempts."""
    workers = _workers(table)
    judged = _judged(table, failures)
    return TaskFigures(
        slowest=_slowest(table, outline),
        workers=workers[:MOST_WORKERS],
        all_workers=len(workers),
        failures=judged[:MOST_FAILURES],
        all_failures=len(judged),
    )


def _slowest(table: pa.Table, outline: Outline) -> list[DoneTask]:
    order = np.argsort(-table["seconds"].to_numpy(), kind="stable")[:SLOWEST]
    columns = ["task", "phase", "shard", "seconds", "peak_bytes", "worker", "failed"]
    return [
        DoneTask(
            row["task"],
            tuple(step.name for step in outline.phases[row["phase"]].all_steps)
            if 0 <= row["phase"] < len(outline.phases)
            else (),
            *(row[key] for key in columns[2:]),
        )
        for row in table.select(columns).take(order).to_pylist()
    ]


def _workers(table: pa.Table) -> list[Worker]:
    """Those that held most memory first."""
    known = table.select(["worker", "seconds", "peak_bytes"]).filter(pc.is_valid(table["worker"]))
    # Threads of Arrow may outlive a process that ends, and bring it down.
    grouped = known.set_column(0, "worker", known["worker"].cast(pa.string())).group_by("worker", use_threads=False)
    sums = grouped.aggregate([([], "count_all"), ("seconds", "sum"), ("peak_bytes", "max")])
    found = [
        Worker(row["worker"], row["count_all"], row["seconds_sum"], row["peak_bytes_max"] or 0)
        for row in sums.to_pylist()
    ]
    return sorted(found, key=lambda worker: (-worker.peak_bytes, worker.name))


def _judged(table: pa.Table, failures: list[Failed]) -> list[FailedTask]:
    """Tasks that are not done first, then by attempts."""
    if not failures:
        return []
    known = pc.is_in(table["task"], pa.array([failure.task for failure in failures], pa.string()))
    done = set(table["task"].filter(known).to_pylist())
    judged = [
        FailedTask(failure, "done" if failure.task in done else "waiting" if failure.again else "failed")
        for failure in failures
    ]
    ranks = {"failed": 0, "waiting": 1, "done": 2}
    return sorted(judged, key=lambda item: (ranks[item.state], -item.failed.attempts, item.failed.task))
