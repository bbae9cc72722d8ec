"""What recording progress, memory, workers and the table of tasks costs a run, and what a dashboard that looks on costs it.

    python bench/recording.py INPUT [--pairs 5] [--workers 1] [--watched]
    python bench/recording.py RUN --parts

The same run (recipe web) is made with all of it and with none, in turn, each in a fresh process; the first of each is left out.
Processor seconds are those of the run and its workers. With `--watched`, every other run is asked for by a dashboard's live page,
report, shards and metrics each second instead. `--parts` times each thing that is recorded by itself, on the first
task of a finished RUN.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

PORT = 8796
PAGES = ("", "metrics", "runs/0/run/live", "runs/0/run", "runs/0/run/shards?sort=odd", "api/runs/0/run/tasks.json")


def record_nothing() -> None:
    """Takes out of this process what a run records beside its outputs, statistics and done records."""
    from algok.pipelines import account, tasks, worker
    from algok.pipelines.task_table import TaskRows

    worker.footprint = dict
    tasks.begin_peak = lambda: None
    TaskRows.add = lambda *row: None
    account.table_bytes = lambda table: b""
    call = worker.RunTask.__call__
    worker.RunTask.__call__ = lambda self, task, report: call(self, task, lambda *done: None)


if "--bare" in sys.argv:  # in workers too, which import this file
    record_nothing()


def child(source: str, output: str, workers: int, bare: bool) -> None:
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import LogProgress, SilentProgress
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.run import execute

    recipe = load_recipe("web", inputs=[{"path": source, "source": "web"}])
    execute(recipe, output, make_executor("local", workers), SilentProgress() if bare else LogProgress())


def measure(source: Path, workers: int, bare: bool, watched: bool) -> float:
    """Processor seconds of one run and its workers."""
    with tempfile.TemporaryDirectory() as folder, looked_at(folder) if watched else nullcontext():
        command = [sys.executable, __file__, str(source), "--child", f"{folder}/run", "--workers", str(workers)]
        with subprocess.Popen(command + ["--bare"] * bare, stderr=subprocess.DEVNULL) as run:
            _, status, used = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        assert run.returncode == 0
        return used.ru_utime + used.ru_stime


@contextmanager
def looked_at(folder: str):
    """A dashboard over the folder that somebody looks at each second."""
    ended, answers = threading.Event(), []

    def look() -> None:
        while not ended.wait(1):
            for page in PAGES:
                with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{page}") as answer:
                    answers.append(answer.status)

    command = [sys.executable, "-m", "algok", "dashboard", folder, "--port", str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        looking = threading.Thread(target=look)
        looking.start()
        try:
            yield
        finally:
            ended.set()
            looking.join()
            server.terminate()
    print(f"    {len(answers)} pages were looked at meanwhile", flush=True)


def parts(run_directory: str) -> None:
    from multiprocessing import Pipe

    import orjson

    from algok.pipelines import footprint
    from algok.pipelines.done import read_done
    from algok.pipelines.run_directory import Run
    from algok.pipelines.task_table import TaskRows

    run, task = Run.open(run_directory), "p0-000000"
    record, counted = read_done(run.store, task), orjson.loads(run.store.read_bytes(f"stats/{task}.json"))
    rows, (end, other) = TaskRows(run.outline, {}), Pipe()
    footprint.own_process()

    def message() -> None:
        end.send((100, 100_000, 0.5))
        other.recv()

    for name, call in {
        "per task: the peak begins anew": footprint.begin_peak,
        "per task: worker and peak": footprint.footprint,
        "per task: a row of the table": lambda: rows.add(task, record, 0, counted),
        "per batch: a message of progress, both ends": message,
    }.items():
        call()
        start = time.process_time()
        for _ in range(5000):
            call()
        print(f"{name}: {(time.process_time() - start) / 5000 * 1e6:.1f} µs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--watched", action="store_true")
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.parts:
        parts(str(given.input))
        return
    if given.child:
        child(str(given.input), given.child, given.workers, given.bare)
        return
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(given.pairs + 1):
        for first in (True, False):
            bare, watched = (False, first) if given.watched else (not first, False)
            seconds[first].append(measure(given.input, given.workers, bare, watched))
            print(f"  {'with' if first else 'without'}: {seconds[first][-1]:.2f} s", flush=True)
    with_it, without = (statistics.median(seconds[key][1:]) for key in (True, False))
    print(
        f"median of {given.pairs} pairs, {'a dashboard' if given.watched else 'recording'}: with {with_it:.2f} s, "
        f"without {without:.2f} s of one core: {with_it / without - 1:+.2%}"
    )


if __name__ == "__main__":
    main()
