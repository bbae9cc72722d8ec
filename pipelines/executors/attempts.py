"""Which tasks wait, and which are tried again: the same for every executor."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from algok.pipelines.executors import Outcome

# A task is tried again after its worker died or its machine failed it. More attempts than guard strikes, so that a shard
# with a few poisonous records still gets through.
ATTEMPTS = 12


class Attempts:
    """Tasks in the order in which they should be tried. False when none waits."""

    def __init__(self, tasks: Iterable[Any]):
        self._waiting = deque(tasks)
        self._tried: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self) -> Any:
        """The task to try now. Raises IndexError when none waits."""
        return self._waiting.popleft()

    def give_back(self, task: Any) -> None:
        """A task that was not tried after all."""
        self._waiting.appendleft(task)

    def judged(self, outcome: Outcome) -> Outcome:
        """The outcome, which says now whether the task is tried again; if so, it waits behind the others."""
        self._tried[outcome.task.id] += 1
        if outcome.transient and self._tried[outcome.task.id] < ATTEMPTS:
            self._waiting.append(outcome.task)
            return replace(outcome, again=True)
        return outcome
