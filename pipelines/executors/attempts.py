"""Which tasks wait, and which are tried again: the same for every executor."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from algok.pipelines.executors import Outcome

# A task is tried again after its worker died or its machine failed it. More attempts than guard strikes, so that a shard
# with a few poisonous records still gets through.
ATTEMPTS = 12
# After so many attempts under which a process ended or had no memory left, a task is tried while no other runs: what kills
# it then is no neighbour that takes the memory.
_DEATHS = 2


class Attempts:
    """Tasks in the order in which they should be tried; those that must be alone come last. False when none waits."""

    def __init__(self, tasks: Iterable[Any]):
        self._waiting = deque(tasks)
        self._lone: deque[Any] = deque()
        self._tried: Counter[str] = Counter()
        self._deaths: Counter[str] = Counter()
        self._running, self._is_alone = 0, False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._lone)

    @property
    def ready(self) -> bool:
        """Whether a task may begin now."""
        return not self._is_alone and (bool(self._waiting) or self.lone)

    @property
    def lone(self) -> bool:
        """Whether a task may begin now that must be alone."""
        return bool(self._lone) and not self._waiting and not self._running

    def next(self) -> Any:
        """The task to try now, where one is `ready`."""
        self._is_alone = self.lone
        task = (self._lone if self._is_alone else self._waiting).popleft()
        self._running += 1
        return task

    def give_back(self, task: Any) -> None:
        """A task that was not tried after all."""
        self._running -= 1
        self._waiting.appendleft(task)

    def judged(self, outcome: Outcome) -> Outcome:
        """The outcome, which says now whether the task is tried again; if so, it waits behind the others."""
        task, self._is_alone = outcome.task, False
        self._running -= 1
        self._tried[task.id] += 1
        self._deaths[task.id] += outcome.died
        if outcome.transient and self._tried[task.id] < ATTEMPTS:
            (self._lone if self._deaths[task.id] >= _DEATHS else self._waiting).append(task)
            return replace(outcome, again=True)
        return outcome
