"""Executors run work over tasks, here or on a cluster. They know nothing of recipes and documents.

Work is a picklable object that is called with a task and gives an `Outcome`. Tasks have an `id` and the `resources` that
one of them takes; the rest of a task is the work's own business.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from algok.step import Resources

Report = Callable[[int, int, float], None]  # documents and bytes done since the last report; share of the task done
Advance = Callable[[str, int, int, float], None]  # the same, behind the id of the task


class Task(Protocol):
    """What an executor must know of a task."""

    @property
    def id(self) -> str: ...

    @property
    def resources(self) -> Resources: ...


@dataclass(frozen=True)
class Outcome:
    """What an executor learns of a task: done, or why not. Small, since it travels through the driver."""

    task: Any
    error: str | None = None
    transient: bool = False  # another attempt may succeed
    fatal: bool = False  # no other task can succeed either
    damaged: bool = False  # what another task wrote is not there any more as it was written
    worker: str = ""  # the process that ended so, of failures, where it is known
    died: bool = False  # its process ended, or had no memory left: perhaps of what the task did
    again: bool = False  # the task is tried again: another outcome of it follows


class Crew(NamedTuple):
    """Worker processes of an executor (of a cluster, its CPUs), and how many of them have a task just now."""

    workers: int
    busy: int


class Work(Protocol):
    """What is done with every task. It is sent to the workers, so it must be picklable and small."""

    def prepare(self) -> None:
        """Called before the first task in a process that belongs to the executor; never in the caller's process."""
        ...

    def __call__(self, task: Any, report: Report) -> Outcome:
        """Does the task; raises nothing that a task can cause."""
        ...

    def harmless(self, task: Any, report: Report) -> Outcome | None:
        """Does the task in the caller's own process if nothing in it can hang or kill a process; else None, as if it had not
        been tried."""
        ...


@runtime_checkable
class Sized(Protocol):
    """An executor that runs a small input at less cost."""

    def expect(self, size: int) -> None:
        """Told the bytes of input before a run."""
        ...


class Executor(Protocol):
    """Runs tasks in any order and with any parallelism."""

    name: str

    def run(self, work: Work, tasks: Iterable[Any], progress: Advance) -> Iterator[Outcome]:
        """Yields how every attempt at a task ended, failed ones included; the last of a task is not `again`.
        `progress(task_id, documents, bytes, share)` may be called meanwhile."""
        ...

    def crew(self) -> Crew:
        """Who works just now; asked by other threads."""
        ...

    def close(self) -> None: ...


def make_executor(name: str, workers: int | None = None, address: str | None = None) -> Executor:
    """`local` or `ray`; with 0 workers everything runs inside this process."""
    if workers == 0:
        from algok.pipelines.executors.local import InlineExecutor

        return InlineExecutor()
    if name == "ray":
        from algok.pipelines.executors.ray import RayExecutor

        return RayExecutor(workers, address)
    from algok.pipelines.executors.local import LocalExecutor

    return LocalExecutor(workers)
