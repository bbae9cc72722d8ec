"""The tasks of a run: which took longest, what every worker did and held, and which attempts failed, and why."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.pipelines.failures import Failed
from algok.pipelines.plan import Outline
from algok.pipelines.task_table import Rows

SLOWEST = 15
MOST_WORKERS = 30
MOST_FAILURES = 30
_SHOWN = ["task", "phase", "shard", "seconds", "peak_bytes", "worker", "failed"]


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


def task_figures(rows: Rows, outline: Outline, failures: list[Failed]) -> TaskFigures:
    """The figures of a run's table of tasks (`pipelines/task_table.py`) and its failed attempts."""
    known, wanted = _Workers(), pa.array([failure.task for failure in failures], pa.string())
    slowest: list[dict[str, Any]] = []
    done: set[str] = set()
    for batch in rows.to_batches():
        known.add(batch)
        slowest = _slower(slowest, batch)
        if failures:
            tasks = batch.column("task")
            done.update(tasks.filter(pc.is_in(tasks, wanted)).to_pylist())
    workers, judged = known.sorted(), _judged(done, failures)
    return TaskFigures(
        slowest=[_done_task(row, outline) for row in slowest],
        workers=workers[:MOST_WORKERS],
        all_workers=len(workers),
        failures=judged[:MOST_FAILURES],
        all_failures=len(judged),
    )


def _slower(slowest: list[dict[str, Any]], batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """The slowest rows of these and a batch; of equal ones the first."""
    order = np.argsort(-batch.column("seconds").to_numpy(), kind="stable")[:SLOWEST]
    rows = batch.select(_SHOWN).take(pa.array(order)).to_pylist()
    return sorted([*slowest, *rows], key=lambda row: -row["seconds"])[:SLOWEST]


def _done_task(row: dict[str, Any], outline: Outline) -> DoneTask:
    known = 0 <= row["phase"] < len(outline.phases)
    steps = tuple(step.name for step in outline.phases[row["phase"]].all_steps) if known else ()
    return DoneTask(row["task"], steps, *(row[key] for key in _SHOWN[2:]))


class _Workers:
    """Adds up what every worker did."""

    def __init__(self) -> None:
        self._found: dict[str, Worker] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        # Threads of Arrow may outlive a process that ends, and bring it down.
        table = pa.Table.from_batches([batch]).select(["worker", "seconds", "peak_bytes"])
        sums = table.group_by("worker", use_threads=False).aggregate(
            [([], "count_all"), ("seconds", "sum"), ("peak_bytes", "max")]
        )
        for row in sums.to_pylist():
            if (name := row["worker"]) is not None:
                old = self._found.get(name, Worker(name, 0, 0.0, 0))
                peak = max(old.peak_bytes, row["peak_bytes_max"] or 0)
                self._found[name] = Worker(name, old.tasks + row["count_all"], old.seconds + row["seconds_sum"], peak)

    def sorted(self) -> list[Worker]:
        """Those that held most memory first."""
        return sorted(self._found.values(), key=lambda worker: (-worker.peak_bytes, worker.name))


def _judged(done: set[str], failures: list[Failed]) -> list[FailedTask]:
    """Tasks that are not done first, then by attempts."""
    judged = [
        FailedTask(failure, "done" if failure.task in done else "waiting" if failure.again else "failed")
        for failure in failures
    ]
    ranks = {"failed": 0, "waiting": 1, "done": 2}
    return sorted(judged, key=lambda item: (ranks[item.state], -item.failed.attempts, item.failed.task))
