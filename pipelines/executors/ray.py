"""Ray core tasks, one per task of the plan, on a local Ray or an existing cluster."""

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from algok.errors import AlgokError
from algok.pipelines.executors import Advance, Crew, Outcome, Task, Work
from algok.pipelines.executors.attempts import Attempts
from algok.pipelines.executors.reports import Address, Heard, Listener, Teller

# In flight per CPU: enough that no worker waits for the driver, few enough that a lost driver loses little.
_IN_FLIGHT_PER_CPU = 2
# And on any cluster so many, since an autoscaler starts nodes for what waits: none for a cluster that shows no demand.
_IN_FLIGHT = 64
_LOOK = 1.0  # seconds after which the driver looks at reports where no task ends
_COUNTED_FOR = 5.0  # seconds that the cluster's CPUs are taken for the same


@dataclass
class _Attempt:
    """An attempt at a task that is in flight, and what was heard of it."""

    number: int
    task: Task
    documents: int = 0
    size: int = 0

    def more(self, documents: int, size: int) -> tuple[int, int]:
        """What came since the last time."""
        new = documents - self.documents, size - self.size
        self.documents, self.size = documents, size
        return new


class RayExecutor:
    """Joins the cluster at `address` (or RAY_ADDRESS), or starts a local Ray with `workers` CPUs. On a cluster that is joined,
    `workers` bounds how many tasks are in flight. Nodes may come and go meanwhile.

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
        self._numbers = count()
        self._running: dict[Any, _Attempt] = {}
        self._cpus, self._counted = 0, float("-inf")

    def run(self, work: Work, tasks: Iterable[Task], progress: Advance) -> Iterator[Outcome]:
        ray = self._ray
        self._connect()
        attempts, running, listener = Attempts(tasks), self._running, Listener(ray.util.get_node_ip_address())
        try:
            while attempts or running:
                while attempts.ready and len(running) < self._limit():
                    self._submit(work, attempts, listener.address)
                ended = ray.wait(list(running), num_returns=1, timeout=_LOOK)[0]
                self._tell(listener.heard(), progress)
                for reference in ended:
                    attempt = running.pop(reference)
                    outcome, done = self._fetch(reference, attempt)
                    outcome = attempts.judged(outcome)
                    if not outcome.again:
                        progress(attempt.task.id, *attempt.more(*done), 1.0)
                    yield outcome
        finally:
            listener.close()
            for reference in running if ray.is_initialized() else ():  # nobody may write on after the driver gave up
                ray.cancel(reference, force=True)
            running.clear()

    def crew(self) -> Crew:
        """The CPUs of the cluster, and on how many of them a task is in flight."""
        return Crew(self._cpus, min(len(self._running), self._cpus))

    def close(self) -> None:
        if self._started:
            self._ray.shutdown()

    def _submit(self, work: Work, attempts: Attempts, address: Address) -> None:
        lone, task = attempts.lone, attempts.next()
        options = {"num_cpus": task.resources.cpus, "num_gpus": task.resources.gpus}
        if lone:
            options |= {"scheduling_strategy": self._roomiest(task)}
        attempt = _Attempt(next(self._numbers), task)
        self._running[self._remote.options(**options).remote(work, task, address, attempt.number)] = attempt

    def _roomiest(self, task: Task) -> Any:
        """The node with the most memory, or another where it goes away. All lone attempts at a task meet on one machine, where
        each finds what the one before noted."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        needs = {"CPU": task.resources.cpus, "GPU": task.resources.gpus}
        nodes = [
            (node["Resources"].get("memory", 0), node["NodeID"])
            for node in self._ray.nodes()
            if node["Alive"] and all(node["Resources"].get(key, 0) >= needed for key, needed in needs.items())
        ]
        return NodeAffinitySchedulingStrategy(max(nodes)[1], soft=True) if nodes else "DEFAULT"

    def _connect(self) -> None:
        """Starts or joins Ray where that has not happened yet."""
        ray = self._ray
        if ray.is_initialized():
            return
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

    def _limit(self) -> int:
        """The number of tasks to keep in flight, by the nodes that are there now."""
        if time.monotonic() - self._counted > _COUNTED_FOR:
            self._cpus, self._counted = int(self._ray.cluster_resources().get("CPU", 0)), time.monotonic()
        return self._workers if self._workers and self._address else max(_IN_FLIGHT, _IN_FLIGHT_PER_CPU * self._cpus)

    def _tell(self, heard: dict[int, Heard], progress: Advance) -> None:
        for attempt in self._running.values() if heard else ():
            if attempt.number in heard:
                documents, size, share = heard[attempt.number]
                progress(attempt.task.id, *attempt.more(documents, size), share)

    def _fetch(self, reference: Any, attempt: _Attempt) -> tuple[Outcome, tuple[int, int]]:
        errors, nothing = self._ray.exceptions, (attempt.documents, attempt.size)
        try:
            return self._ray.get(reference)
        except (errors.RayTaskError, errors.RuntimeEnvSetupError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[-1]  # what comes before is Ray's trace
            return Outcome(attempt.task, f"not run: {reason}"), nothing
        except (errors.OutOfMemoryError, errors.WorkerCrashedError) as error:
            return Outcome(attempt.task, f"lost: {type(error).__name__}", transient=True, died=True), nothing
        except errors.RayError as error:  # its node or its result is gone
            return Outcome(attempt.task, f"lost: {type(error).__name__}", transient=True), nothing


def _run_remote(work: Work, task: Task, address: Address, attempt: int) -> tuple[Outcome, tuple[int, int]]:
    """Runs on a Ray worker; gives back the outcome and the documents and bytes done."""
    work.prepare()
    report = Teller(address, attempt)
    return work(task, report), (report.documents, report.size)
