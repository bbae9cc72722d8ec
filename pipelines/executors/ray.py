"""Ray core tasks, one per task of the plan, on a local Ray or an existing cluster."""

import os
from collections.abc import Iterable, Iterator

from algok.errors import AlgokError
from algok.pipelines.executors import Advance, Outcome, Task, Work
from algok.pipelines.executors.attempts import Attempts

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
        self._remote = ray.remote(max_retries=0)(_run_remote)
        self._started = False

    def run(self, work: Work, tasks: Iterable[Task], progress: Advance) -> Iterator[Outcome]:
        ray = self._ray
        limit = self._connect()
        attempts, running = Attempts(tasks), {}
        try:
            while attempts or running:
                while attempts and len(running) < limit:
                    task = attempts.next()
                    needs = {"num_cpus": task.resources.cpus, "num_gpus": task.resources.gpus}
                    running[self._remote.options(**needs).remote(work, task)] = task
                for reference in ray.wait(list(running), num_returns=1)[0]:
                    task = running.pop(reference)
                    outcome, done = self._fetch(reference, task)
                    outcome = attempts.judged(outcome)
                    if not outcome.again:
                        progress(task.id, *done, 1.0)
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
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]  # what comes before is Ray's trace
            return Outcome(task, f"not run: {reason}"), (0, 0)
        except errors.RayError as error:  # the worker, its node or its result is gone
            return Outcome(task, f"lost: {type(error).__name__}", transient=True), (0, 0)


def _run_remote(work: Work, task: Task) -> tuple[Outcome, tuple[int, int]]:
    """Runs on a Ray worker; gives back the outcome and the documents and bytes done."""
    work.prepare()
    done = [0, 0]

    def report(documents: int, size: int, share: float) -> None:
        done[0] += documents
        done[1] += size

    return work(task, report), (done[0], done[1])
