"""Ray core tasks, one per task of the plan, on a local Ray or an existing cluster."""

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from algok.errors import AlgokError
from algok.pipelines.executors import ATTEMPTS
from algok.pipelines.plan import Task
from algok.pipelines.storage import Store
from algok.pipelines.worker import Outcome, run_task

# In flight per CPU: enough that no worker waits for the driver, few enough that a lost driver loses little.
_IN_FLIGHT_PER_CPU = 2


class RayExecutor:
    """Joins the cluster at `address` (or RAY_ADDRESS), or starts a local Ray with `workers` CPUs.

    Tasks are retried here and not by Ray, so that a lost worker and a lost node count alike; only outcomes come back
    through the driver. Raises AlgokError when Ray is not installed or cannot be reached.
    """

    name = "ray"

    def __init__(self, workers: int | None = None, address: str | None = None):
        try:
            import ray
        except ImportError:
            raise AlgokError("the ray executor needs Ray: pip install 'algok[ray]'") from None
        self._ray, self._workers, self._address = ray, workers, address or os.environ.get("RAY_ADDRESS")
        self._remote = ray.remote(num_cpus=1, max_retries=0)(_run_remote)
        self._started = False

    def run(self, root: str, tasks: Iterable[Task], progress) -> Iterator[Outcome]:
        ray = self._ray
        limit = self._connect()
        root = _absolute(root)
        waiting, running, attempts = deque(tasks), {}, Counter()
        try:
            while waiting or running:
                while waiting and len(running) < limit:
                    task = waiting.popleft()
                    running[self._remote.remote(root, task)] = task
                for reference in ray.wait(list(running), num_returns=1)[0]:
                    task = running.pop(reference)
                    outcome, done = self._fetch(reference, task)
                    attempts[task.id] += 1
                    if outcome.transient and attempts[task.id] < ATTEMPTS:
                        waiting.append(task)
                        continue
                    progress(task.id, *done)
                    yield outcome
        finally:
            for reference in running if ray.is_initialized() else ():  # nobody may write on after the driver gave up
                ray.cancel(reference, force=True)

    def close(self) -> None:
        if self._started:
            self._ray.shutdown()

    def _connect(self) -> int:
        """Starts or joins Ray where that has not happened yet; the number of tasks to keep in flight."""
        ray = self._ray
        if not ray.is_initialized():
            address = self._address
            # "local", since without an address Ray would join whatever it finds, such as the dying one of a killed driver.
            local = {"address": "local", "num_cpus": self._workers, "include_dashboard": False}
            options = {"address": address} if address else local
            try:
                ray.init(log_to_driver=False, logging_level="warning", **options)
            except Exception as error:  # Ray raises many kinds, bare ones too
                where = f"the Ray cluster at {address}" if address else "a local Ray"
                reason = (str(error) or type(error).__name__).splitlines()[0]
                raise AlgokError(f"cannot start or join {where}: {reason}") from None
            self._started = True
        cpus = max(
            1, int(ray.cluster_resources().get("CPU", 1))
        )  # a cluster that starts nodes on demand may have none yet
        return self._workers if self._workers and self._workers < cpus else _IN_FLIGHT_PER_CPU * cpus

    def _fetch(self, reference, task: Task) -> tuple[Outcome, tuple[int, int]]:
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except (errors.RayTaskError, errors.RuntimeEnvSetupError) as error:
            return Outcome(task, f"{type(error).__name__}: {error}".splitlines()[0]), (0, 0)
        except errors.RayError as error:  # the worker, its node or its result is gone
            return Outcome(task, f"lost: {type(error).__name__}", transient=True), (0, 0)


def _absolute(root: str) -> str:
    """A local path that means the same in a worker, whose working directory is another."""
    store = Store(root)
    return store.root if store.local else root


def _run_remote(root: str, task: Task) -> tuple[Outcome, tuple[int, int]]:
    """Runs on a Ray worker; gives back the outcome and the documents and bytes done."""
    from algok.pipelines.guard import arm_watchdog

    arm_watchdog()
    done = [0, 0]

    def report(documents: int, size: int) -> None:
        done[0] += documents
        done[1] += size

    return run_task(root, task, report), tuple(done)
