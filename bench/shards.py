"""What the driver of a run of very many shards takes: seconds to plan, memory, calls of the storage, and lines of its log.

    python bench/shards.py [--shards 20000] [--documents 50000] [--folder /dev/shm]

A run of one document is made first, with a corpus step that resolves in rounds. Then the real driver runs the real plan of
so many shards, each a small file of its own, and a stand-in does the tasks: for every task it puts the files of the first run's
task in place and writes a done record that tells of `--documents` documents per shard, with rows and bytes as measured by
`bench/scale.py`. So the driver sees as many tasks, rounds and merges as in a run of that size, and nothing of the work itself
counts. In a folder in memory the disk has no part in it.
"""

import argparse
import contextlib
import io
import multiprocessing
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

import orjson

from algok.pipelines import resolve
from algok.pipelines.done import done_name, read_done, sealed
from algok.pipelines.executors import Advance, Crew, Outcome, Work, make_executor
from algok.pipelines.plan import Plan, Task
from algok.pipelines.progress import LogProgress, SilentProgress
from algok.pipelines.readers import inputs
from algok.pipelines.recipe import Recipe, validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.run import execute
from algok.pipelines.storage import Store

CALLS = (
    "listed",
    "sizes",
    "exists",
    "read_bytes",
    "read_many",
    "read_present",
    "read_tail",
    "read_span",
    "write_bytes",
)
# Rows per document of the tables that tasks exchange, and bytes per row (`bench/scale.py dedup --documents 10000000`).
ROWS = {
    "documents": (1, 490), "keys": (14, 13), "buckets": (4.6, 24), "signatures": (0.78, 473), "stars": (0.5, 25),
    "large": (0.24, 25), "small": (0.46, 25), "labels": (0.37, 16), "facts": (0.4, 52), "compared": (0.37, 464),
    "decided": (0.36, 36),
}  # fmt: skip
TURNS = 2  # turns of the clusters' rounds that move something


def write_input(file: Path, number: int) -> None:
    text = f"수목원에서는 {number}번째 봄마다 주민을 위한 강좌를 새로 연다. 강좌는 모두 여섯 번이며, 나무의 이름과 쓰임을 배운다."
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(orjson.dumps({"text": text, "url": f"https://a.kr/{number}"}) + b"\n")


def recipe_of(source: Path) -> Recipe:
    return validate(RecipeText({"inputs": [{"path": str(source)}], "steps": {"dedup": {}, "heuristics": {}}}))


def make_models(folder: Path) -> None:
    """Runs one shard, and keeps the record and the files of a task of each kind."""
    resolve.SMALL_CORPUS = 0
    write_input(folder / "in" / "0.jsonl", 0)
    (folder / "saved").mkdir()
    recipe = recipe_of(folder / "in")
    saving = _Saving(folder)
    execute(recipe, str(folder / "model"), saving, SilentProgress())
    found = {"shard": Plan.make(recipe).shard_name(0), "records": saving.records}
    (folder / "models.json").write_bytes(orjson.dumps(found))


def kind_of(task: Task) -> str:
    return task.round.rstrip("0123456789") or f"p{task.phase}"


def saved_name(file: dict) -> str:
    return file["path"].replace("/", "_")


class _Saving:
    """Runs tasks, and keeps a link to what they wrote before the run clears it away."""

    name = "local"

    def __init__(self, folder: Path):
        self.records: dict[str, dict] = {}
        self._folder, self._inside = folder, make_executor("local", 0)

    def run(self, work: Work, tasks: Iterable[Task], progress: Advance) -> Iterator[Outcome]:
        store = Store(str(self._folder / "model"))
        for outcome in self._inside.run(work, tasks, progress):
            record = read_done(store, outcome.task.id)
            for file in record["files"]:
                (self._folder / "saved" / saved_name(file)).hardlink_to(store.path(file["path"]))
            self.records.setdefault(kind_of(outcome.task), record)
            yield outcome

    def crew(self) -> Crew:
        return Crew(0, 0)

    def close(self) -> None: ...


class StandIn:
    """Does tasks by putting in place what the first run's tasks wrote."""

    name = "local"

    def __init__(self, models: Path, store: Store, plan: Plan, documents: int):
        self._saved, found = models / "saved", orjson.loads((models / "models.json").read_bytes())
        self._shard, self._records = found["shard"], found["records"]
        self._store, self._plan, self._documents = store, plan, documents
        self.tasks = 0

    def run(self, work: Work, tasks: Iterable[Task], progress: Advance) -> Iterator[Outcome]:
        for task in tasks:
            self._do(task)
            self.tasks += 1
            progress(task.id, self._documents if task.shard >= 0 else 0, 1000, 1.0)
            yield Outcome(task)

    def crew(self) -> Crew:
        return Crew(0, 0)

    def close(self) -> None: ...

    def _do(self, task: Task) -> None:
        merged = task.round.endswith(".merged")
        record = self._records["buckets" if merged else kind_of(task)]
        files = [{"path": f"work/c0/{task.round}/{task.part:06d}.arrow"}] if merged else record["files"]
        told = [self._file(task, file) for file in files]
        path = Path(self._store.path(done_name(task.id)))
        path.parent.mkdir(parents=True, exist_ok=True)
        moment = {"rows": self._documents, "records": self._documents} if task.shard >= 0 else {}
        path.write_bytes(sealed({**record, **moment, "task": asdict(task), "files": told}))

    def _file(self, task: Task, file: dict) -> dict:
        path = file["path"]
        if task.shard >= 0:
            path = path.replace(self._shard, self._plan.shard_name(task.shard))
            path = path.replace("-000000.json", f"-{task.shard:06d}.json")
        else:
            path = (
                path.replace("large0", task.round).replace("small0", task.round).replace("000000", f"{task.part:06d}")
            )
        saved = self._saved / saved_name(file)
        if "bytes" in file and not os.path.exists(self._store.path(path)):
            os.makedirs(os.path.dirname(self._store.path(path)), exist_ok=True)
            os.link(saved, self._store.path(path))
        return (
            {**file, "path": path, **self._size(task, path)} if path.startswith("work/c0/") else {**file, "path": path}
        )

    def _size(self, task: Task, path: str) -> dict:
        """Rows and bytes of a table as they would be."""
        name = path.split("/")[2]
        if name.endswith(".moved"):
            return {"rows": int(int(task.round[5:]) < TURNS)}
        each, width = ROWS.get(name.rstrip("0123456789"), (0, 1))
        rows = int(each * self._documents * (1 if task.shard >= 0 else len(self._plan.shards) / task.parts))
        return {"rows": rows, "bytes": rows * width}


def count_calls(calls: Counter[str]) -> None:
    """Counts the calls of the driver's storage, by what was asked for."""

    def counted(name: str, method: Callable) -> Callable:
        def call(self: Store, *arguments, **options):
            calls[name] += 1
            return method(self, *arguments, **options)

        return call

    for name in CALLS:
        setattr(Store, name, counted(name, getattr(Store, name)))


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=20_000)
    parser.add_argument("--documents", type=int, default=50_000, help="documents of a shard")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder")
    options = parser.parse_args()
    inputs._MANY_FILES = options.shards  # no file shares a shard
    calls, log = Counter[str](), io.StringIO()
    with tempfile.TemporaryDirectory(dir=options.folder) as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        (folder / "one").mkdir()
        # In a process of its own, so that its memory is not the driver's.
        maker = multiprocessing.get_context("spawn").Process(target=make_models, args=(folder / "one",))
        maker.start()
        maker.join()
        for number in range(options.shards):
            write_input(folder / "in" / f"{number:06d}.jsonl", number)
        print(f"{options.shards:,} shards; begun with {peak():,.0f} MB", flush=True)
        begun = time.process_time()
        plan = Plan.make(recipe_of(folder / "in"))
        print(f"plan: {time.process_time() - begun:.1f} s, {peak():,.0f} MB at most", flush=True)
        output, executor = folder / "run", StandIn(folder / "one", Store(str(folder / "run")), plan, options.documents)
        count_calls(calls)
        begun, clock = time.process_time(), time.perf_counter()
        stack.enter_context(contextlib.redirect_stderr(log))
        execute(recipe_of(folder / "in"), str(output), executor, LogProgress())
        seconds, clock = time.process_time() - begun, time.perf_counter() - clock
        lines = log.getvalue().splitlines()
        print(f"run: {executor.tasks:,} tasks, {seconds:.1f} s of one core ({clock:.0f} s), {peak():,.0f} MB at most")
        print(f"  storage: {', '.join(f'{name} {count:,}' for name, count in sorted(calls.items()))}")
        print(f"  log: {len(lines)} lines, the longest of {max(map(len, lines), default=0)} characters")
        print(f"  {sum(1 for _ in (output / 'done').rglob('*.*')):,} files in done/", flush=True)
        print(log.getvalue())


if __name__ == "__main__":
    main()
