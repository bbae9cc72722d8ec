"""Progress on stderr: a bar with documents/s, MB/s and time left on a terminal, plain lines in a log."""

import sys
import time

# A log gets a line at most this often, in seconds.
_LOG_EVERY = 10.0


def make_progress(quiet: bool = False):
    """The progress that fits where stderr goes."""
    if quiet:
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LogProgress()


class SilentProgress:
    """Notes only: what they say matters where nobody watches, too."""

    def note(self, text: str) -> None:
        print(f"algok: {text}", file=sys.stderr, flush=True)

    def start(self, stage: str, weights: dict[str, int], done: int) -> None: ...

    def advance(self, task_id: str, documents: int, size: int) -> None: ...

    def task_done(self, task_id: str) -> None: ...

    def end(self) -> None: ...


class LogProgress:
    """A line when a stage starts, every ten seconds, and when it ends."""

    def note(self, text: str) -> None:
        self._say(text)

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        self._stage, self._tasks, self._done = stage, len(weights) + done, done
        self._documents = self._bytes = 0
        self._begin = self._last = time.monotonic()
        resumed = f" ({done} done before)" if done else ""
        self._say(f"{stage}: {self._tasks} tasks{resumed}")

    def advance(self, task_id: str, documents: int, size: int) -> None:
        self._documents += documents
        self._bytes += size
        if time.monotonic() - self._last >= _LOG_EVERY:
            self._last = time.monotonic()
            self._say(f"{self._stage}: {self._done}/{self._tasks} tasks, {self._speed()}")

    def task_done(self, task_id: str) -> None:
        self._done += 1

    def end(self) -> None:
        speed = f", {self._speed()}" if self._documents else ""
        self._say(f"{self._stage}: {self._done}/{self._tasks} tasks{speed}, {time.monotonic() - self._begin:.1f} s")

    def _speed(self) -> str:
        seconds = max(time.monotonic() - self._begin, 1e-9)
        return f"{self._documents:,} documents, {self._documents / seconds:,.0f}/s, {self._bytes / seconds / 1e6:,.1f} MB/s"

    @staticmethod
    def _say(line: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


class BarProgress:
    """One bar per stage; it advances when a task ends, by the size of its shard."""

    def __init__(self):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[tasks]} tasks · {task.fields[speed]} ·"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(stderr=True),
        )

    def note(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        self._weights, self._tasks, self._done = weights, len(weights) + done, done
        self._documents = self._bytes = 0
        self._begin = time.monotonic()
        self._progress.start()
        total = sum(weights.values())
        self._bar = self._progress.add_task(stage, total=total, tasks=f"{done}/{self._tasks}", speed="…")

    def advance(self, task_id: str, documents: int, size: int) -> None:
        self._documents += documents
        self._bytes += size
        self._show()

    def task_done(self, task_id: str) -> None:
        self._done += 1
        self._progress.advance(self._bar, self._weights[task_id])
        self._show()

    def end(self) -> None:
        self._progress.stop()

    def _show(self) -> None:
        seconds = max(time.monotonic() - self._begin, 1e-9)
        speed = f"{self._documents / seconds:,.0f} documents/s · {self._bytes / seconds / 1e6:,.1f} MB/s"
        self._progress.update(self._bar, tasks=f"{self._done}/{self._tasks}", speed=speed)
