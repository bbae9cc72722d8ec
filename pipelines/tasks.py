"""Tasks with done records, for every driver: what has no record yet goes to an executor, and an outcome says how it ended."""

import errno
from collections.abc import Callable, Sequence
from typing import Protocol

from algok.errors import AlgokError, TaskError
from algok.filters.personal.coarse import excerpt
from algok.pipelines.done import Stage
from algok.pipelines.executors import Executor, Outcome, Task, Work
from algok.pipelines.failures import note_failure
from algok.pipelines.footprint import begin_peak, process_name
from algok.pipelines.storage import DamagedFile, Store

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


class Progress(Protocol):
    """What a driver tells whoever watches."""

    def note(self, text: str) -> None:
        """Something that one should know even where no progress is shown."""
        ...

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        """A stage begins: the tasks still to do with their relative sizes, and how many were done before."""
        ...

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None:
        """A task did so many more documents and bytes, and is done to this share."""
        ...

    def task_done(self, task_id: str) -> None: ...

    def end(self) -> None: ...


def worker_root(store: Store) -> str:
    """The directory as workers are told it: absolute, since their working directory may be another."""
    return store.root if store.local else store.url


def attempt(task: Task, work: Callable[[], None]) -> Outcome:
    """Does the work of one task; its outcome names what a document, a disk or a bug did, and nothing is raised."""
    begin_peak()
    try:
        work()
        return Outcome(task)
    except DamagedFile as error:
        return Outcome(task, str(error), damaged=True, worker=process_name())
    except MemoryError as error:
        return Outcome(task, f"no memory left: {_describe(error)}", transient=True, died=True, worker=process_name())
    except AlgokError as error:
        return Outcome(task, str(error), worker=process_name())
    except OSError as error:
        reason, transient = _FATAL.get(error.errno or 0), error.errno in _TRANSIENT
        said = reason or _describe(error)
        return Outcome(task, said, transient=transient, fatal=reason is not None, worker=process_name())
    except Exception as error:  # a bug, or a library's own error: named, with its place in the code, and reported
        return Outcome(task, _describe(error), worker=process_name())


def run_tasks(
    store: Store,
    work: Work,
    tasks: Sequence[Task],
    stage: str,
    executor: Executor,
    progress: Progress,
    sizes: list[int] | None = None,
) -> None:
    """Runs what has no done record yet. Raises TaskError after everything else has ended, at once if nothing can;
    DamagedFile where a task did not find what an earlier one wrote."""
    records = Stage(store, [task.id for task in tasks])
    waiting = [task for task in tasks if task.id not in records.done]
    if not waiting:
        return
    weights = dict(zip((task.id for task in tasks), sizes or [1] * len(tasks), strict=True))
    progress.start(stage, {task.id: weights[task.id] for task in waiting}, len(tasks) - len(waiting))
    failures: list[Outcome] = []
    try:
        for outcome in executor.run(work, waiting, progress.advance):
            store.check_own()
            if outcome.error:
                note_failure(store, outcome)
            if outcome.again:
                continue
            progress.task_done(outcome.task.id)
            if outcome.error:
                failures.append(outcome)
            else:
                records.note(outcome.task.id)
            if outcome.fatal:
                break
    finally:
        progress.end()
    if failures:
        lost = any(outcome.damaged for outcome in failures)
        raise (DamagedFile if lost else TaskError)(_failure_message(failures, store))


def _failure_message(failures: list[Outcome], store: Store) -> str:
    shown = [f"  {outcome.task.id}: {outcome.error}" for outcome in failures[:10]]
    more = [f"  … and {len(failures) - 10} more"] if len(failures) > 10 else []
    return "\n".join(
        [
            f"{len(failures)} task(s) failed; mend the cause and run the same command again to go on in {store.url}",
            *shown,
            *more,
        ]
    )


def _describe(error: Exception) -> str:
    """The error with its innermost place in our code; its message is masked, since libraries quote data."""
    place, trace = "", error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if "algok" in frame.f_globals.get("__name__", ""):
            place = f" at {frame.f_globals['__name__']}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{place}: {excerpt(str(error), 300)}"
