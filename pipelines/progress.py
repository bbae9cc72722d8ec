"""Progress on stderr: a bar with documents/s, MB/s and time left on a terminal, plain lines or JSON Lines in a log.

How far a stage is goes by bytes: a task counts as its part of the input files, and by the share of it that is done.
"""

import logging
import sys
import time
from datetime import UTC, datetime

import orjson

# A log gets a line at most this often, in seconds.
_LOG_EVERY = 10.0


def make_progress(quiet: bool = False):
    """The progress that fits where stderr goes."""
    if logs_json():
        return JsonProgress(quiet)
    if quiet:
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LogProgress()


class SilentProgress:
    """Notes only: what they say matters where nobody watches, too."""

    def note(self, text: str) -> None:
        print(f"algok: {text}", file=sys.stderr, flush=True)

    def start(self, stage: str, weights: dict[str, int], done: int) -> None: ...

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None: ...

    def task_done(self, task_id: str) -> None: ...

    def end(self) -> None: ...


class Meter:
    """What is known of a stage while it runs."""

    def __init__(self, stage: str, weights: dict[str, int], done: int):
        self.stage, self.total = stage, sum(weights.values())
        self._weights, self._shares, self._completed = weights, dict.fromkeys(weights, 0.0), 0.0
        self._open = len(weights)
        self._tasks, self._ended = len(weights) + done, done
        self._documents = self._bytes = 0
        self._begin = time.monotonic()

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None:
        """A task did so much more, and is done to this share; one that is tried again does not go back."""
        self._documents += documents
        self._bytes += size
        self._reach(task_id, share)

    def task_done(self, task_id: str) -> None:
        self._ended += 1
        self._reach(task_id, 1.0)

    def _reach(self, task_id: str, share: float) -> None:
        if share > self._shares[task_id]:
            self._completed += self._weights[task_id] * (share - self._shares[task_id])
            self._shares[task_id] = share
            self._open -= share >= 1.0

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self._begin, 1e-9)

    @property
    def completed(self) -> float:
        """The part of `total` that is done; added up on the way, since a bar asks after each of very many tasks."""
        return min(self._completed, float(self.total)) if self._open else float(self.total)

    @property
    def tasks(self) -> str:
        return f"{self._ended}/{self._tasks}"

    @property
    def figures(self) -> dict[str, str | int | float]:
        """The same as numbers: tasks, documents and bytes of this stage so far, seconds since it began, and how much of
        it is done (0 to 1)."""
        return {
            "stage": self.stage,
            "tasks": self._tasks,
            "tasks_done": self._ended,
            "documents": self._documents,
            "bytes": self._bytes,
            "seconds": round(self.seconds, 3),
            "share": round(self.completed / self.total, 4) if self.total else 0.0,
        }

    @property
    def speed(self) -> str:
        """Empty where a stage has no documents of its own."""
        if not self._documents:
            return ""
        rates = f"{self._documents / self.seconds:,.0f}/s, {self._bytes / self.seconds / 1e6:,.1f} MB/s"
        return f"{self._documents:,} documents, {rates}"

    @property
    def left(self) -> str:
        """Share done and time left, by what was done until now; empty before anything is."""
        share = self.completed / self.total if self.total else 0.0
        if not 0 < share < 1:
            return ""
        return f"{share:.0%} done, {_duration(self.seconds * (1 - share) / share)} left"


def _duration(seconds: float) -> str:
    """
    >>> _duration(42), _duration(754), _duration(9000)
    ('42 s', '12 min 34 s', '2 h 30 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class LogProgress:
    """A line when a stage starts, every ten seconds, and when it ends."""

    def note(self, text: str) -> None:
        self._say(text)

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        self._meter = Meter(stage, weights, done)
        self._last = time.monotonic()
        resumed = f" ({done} done before)" if done else ""
        self._say(f"{stage}: {len(weights) + done} tasks{resumed}")

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None:
        self._meter.advance(task_id, documents, size, share)
        if time.monotonic() - self._last >= _LOG_EVERY:
            self._last = time.monotonic()
            self._line(self._meter.left)

    def task_done(self, task_id: str) -> None:
        self._meter.task_done(task_id)

    def end(self) -> None:
        self._line(f"{self._meter.seconds:.1f} s")

    def _line(self, last: str) -> None:
        parts = (f"{self._meter.tasks} tasks", self._meter.speed, last)
        self._say(f"{self._meter.stage}: {', '.join(filter(None, parts))}")

    @staticmethod
    def _say(line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


class JsonProgress:
    """The lines of LogProgress as objects, for what collects logs. Each has `time` (UTC), `level` and `event`."""

    def __init__(self, quiet: bool = False):
        self._quiet = quiet

    def note(self, text: str) -> None:
        write_json("note", {"message": text})

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        self._meter = Meter(stage, weights, done)
        self._last = time.monotonic()
        self._write("stage_started")

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None:
        self._meter.advance(task_id, documents, size, share)
        if time.monotonic() - self._last >= _LOG_EVERY:
            self._last = time.monotonic()
            self._write("progress")

    def task_done(self, task_id: str) -> None:
        self._meter.task_done(task_id)

    def end(self) -> None:
        self._write("stage_ended")

    def _write(self, event: str) -> None:
        if not self._quiet:
            write_json(event, self._meter.figures)


def log_json(wanted: bool) -> None:
    """From now on stderr gets JSON Lines only: progress, notes, failures, and what the logger `algok` says. Or no longer."""
    logger = logging.getLogger("algok")
    logger.handlers = [handler for handler in logger.handlers if not isinstance(handler, _JsonHandler)]
    logger.propagate = not wanted
    if wanted:
        logger.addHandler(_JsonHandler())


def logs_json() -> bool:
    """Whether `log_json` was called for."""
    return any(isinstance(handler, _JsonHandler) for handler in logging.getLogger("algok").handlers)


def write_json(event: str, data: dict, level: str = "info") -> None:
    """One object on stderr, in one line."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = orjson.dumps({"time": moment, "level": level, "event": event, **data}).decode()
    print(line, file=sys.stderr, flush=True)


class _JsonHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        write_json("log", {"message": record.getMessage()}, record.levelname.lower())


class BarProgress:
    """One bar per stage."""

    def __init__(self):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("· {task.fields[tasks]} tasks · {task.fields[speed]} ·"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
        )

    def note(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        self._meter = Meter(stage, weights, done)
        self._progress.start()
        self._bar = self._progress.add_task(stage, total=self._meter.total, tasks=self._meter.tasks, speed="…")

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None:
        self._meter.advance(task_id, documents, size, share)
        self._show()

    def task_done(self, task_id: str) -> None:
        self._meter.task_done(task_id)
        self._show()

    def end(self) -> None:
        self._progress.stop()

    def _show(self) -> None:
        meter = self._meter
        self._progress.update(self._bar, completed=meter.completed, tasks=meter.tasks, speed=meter.speed)
