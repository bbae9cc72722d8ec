"""Work for executors that is no recipe: workers import it from here."""

import errno
import logging
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from algok.pipelines.executors import Outcome
from algok.step import ONE_CORE, Resources


@dataclass(frozen=True)
class Number:
    """A task."""

    id: str
    value: int
    resources: Resources = ONE_CORE


@dataclass(frozen=True)
class Warn:
    """A work that says something to the logger, as kernels do that must be compiled."""

    def prepare(self) -> None:
        logging.getLogger("algok").warning("a word from a worker")

    def __call__(self, task: Number, report) -> Outcome:
        return Outcome(task)

    def harmless(self, task: Number, report) -> Outcome | None:
        return None


@dataclass(frozen=True)
class WriteSquare:
    """Writes the square of a number; kills its worker the first `deaths` times, and then meets a dead network disk
    `failures` times."""

    folder: str
    deaths: int = 0
    failures: int = 0

    def prepare(self) -> None:
        (Path(self.folder) / f"prepared-{os.getpid()}").touch()

    def __call__(self, task: Number, report) -> Outcome:
        tries = Path(self.folder) / f"{task.id}.tries"
        tried = len(tries.read_text()) if tries.exists() else 0
        tries.write_text("x" * (tried + 1))
        if tried < self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        if tried < self.deaths + self.failures:
            return Outcome(task, os.strerror(errno.ESTALE), transient=True)
        report(1, task.value, 0.5)
        return self._write(task)

    def harmless(self, task: Number, report) -> Outcome | None:
        """As a task that needs a process of its own, unless nothing is to happen to it."""
        return None if self.deaths or self.failures else self(task, report)

    def _write(self, task: Number) -> Outcome:
        (Path(self.folder) / task.id).write_text(str(task.value**2))
        return Outcome(task)
