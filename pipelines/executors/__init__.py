"""Executors run tasks; they know nothing of documents. Every executor calls `worker.run_task` and yields its outcomes."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from algok.pipelines.plan import Task
from algok.pipelines.worker import Outcome

# A task is tried again after its worker died or its machine failed it. More attempts than guard strikes, so that a shard
# with a few poisonous records still gets through.
ATTEMPTS = 12


class Executor(Protocol):
    """Runs tasks in any order and with any parallelism."""

    name: str

    def run(self, root: str, tasks: Iterable[Task], progress) -> Iterator[Outcome]:
        """Yields each task's final outcome as it ends, failed ones included; `progress(task_id, documents, bytes)` may
        be called meanwhile."""
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
