"""The run directories that a dashboard shows: found, summed up and cached. It reads them and never writes or locks."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

import orjson

from algok.errors import AlgokError
from algok.pipelines.plan import Plan, read_plan
from algok.pipelines.run_directory import Run
from algok.pipelines.stats import Stats
from algok.pipelines.storage import Store
from algok.pipelines.summary import RunSummary, own_tasks, summarize

_DEPTH = 3
_LISTED_FOR = 5.0  # seconds that a listing of directories holds
_READ_AT_ONCE = 5000  # done records that one look at a running run merges
_WATCHED = 120.0  # seconds that the speed is taken over
T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """One run in the index. Figures are None while nothing is counted; `done` of `tasks` are tasks over shards."""

    id: str
    url: str
    recipe: str
    mode: str
    state: str  # finished, going or damaged
    started: str
    shards: int
    done: int
    tasks: int
    documents: int | None = None
    kept: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    text_bytes: int | None = None


class Cache:
    """The last results of costly reads, each with what it was made of; the oldest go."""

    def __init__(self, size: int):
        self._size, self._lock = size, Lock()
        self._held: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()

    def get(self, key: Hashable, made_of: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            held = self._held.get(key)
            if held and held[0] == made_of:
                self._held.move_to_end(key)
                return held[1]
        made = make()
        with self._lock:
            self._held[key] = (made_of, made)
            self._held.move_to_end(key)
            while len(self._held) > self._size:
                self._held.popitem(last=False)
        return made


class Index:
    """The runs below some directories. An id is a directory's number and the path below it, so that nothing outside is
    reached: only what was found there has one."""

    def __init__(self, directories: list[str]):
        self.directories = directories
        self._entries = Cache(5000)
        self._plans = Cache(20)
        self._counts = Cache(100)
        self._live: dict[str, Live] = {}
        self._found: dict[str, str] = {}
        self._listed, self._lock = 0.0, Lock()

    def urls(self) -> dict[str, str]:
        """Id → URL of every run directory."""
        with self._lock:
            if time.monotonic() - self._listed > _LISTED_FOR:
                self._found = dict(_find(self.directories))
                self._listed = time.monotonic()
            return self._found

    def entries(self) -> list[Entry]:
        """Every run, the latest first."""
        found = [self.entry(key) for key in self.urls()]
        return sorted(found, key=lambda entry: (entry.started, entry.id), reverse=True)

    def entry(self, key: str) -> Entry:
        """Raises KeyError for an unknown id."""
        url = self.urls()[key]
        store = Store(url)
        mark = fingerprint(store, "manifest.json")
        if mark is None:
            return self._going(key, store)
        return self._entries.get(key, mark, lambda: _entry(key, url))

    def plan(self, key: str) -> Plan:
        store = Store(self.urls()[key])
        return self._plans.get(key, fingerprint(store, "plan.json"), lambda: read_plan(store))

    def live(self, key: str) -> "Live":
        """What is known of a run that is going, brought up to date."""
        plan = self.plan(key)
        with self._lock:
            live = self._live.setdefault(key, Live(self._found[key], plan))
        live.look()
        return live

    def _going(self, key: str, store: Store) -> Entry:
        try:
            described, plan = orjson.loads(store.read_bytes("run.json")), self.plan(key)
        except (AlgokError, ValueError, KeyError, OSError):
            return Entry(key, store.url, "?", "?", "damaged", "", 0, 0, 0)
        tasks = len(plan.phases) * len(plan.own)
        done = self._done(key, store)
        return Entry(
            key,
            store.url,
            plan.recipe.name,
            plan.recipe.mode,
            "going",
            described.get("started", ""),
            len(plan.own),
            min(done, tasks),
            tasks,
        )

    def _done(self, key: str, store: Store) -> int:
        """How many tasks over shards are done; counted again where the folder has changed, as far as its storage knows."""

        def count() -> int:
            return sum(name.startswith("done/p") for name in store.names("done"))

        mark = fingerprint(store, "done")
        return count() if mark is None or mark[1] == "None" else self._counts.get(key, mark, count)


def _find(directories: list[str]) -> Iterator[tuple[str, str]]:
    for number, directory in enumerate(directories):
        store = Store(directory)
        for path in _runs_below(store, store.root, _DEPTH):
            below = path.removeprefix(store.root).strip("/")
            yield f"{number}/{below}" if below else f"{number}", f"{directory.rstrip('/')}/{below}".rstrip("/")


def _runs_below(store: Store, folder: str, depth: int) -> Iterator[str]:
    if store.fs.exists(f"{folder}/run.json"):
        yield folder
        return
    if not depth:
        return
    try:
        listed = store.fs.ls(folder, detail=True)
    except (FileNotFoundError, PermissionError):
        return
    for item in sorted(listed, key=lambda item: item["name"]):
        if item["type"] == "directory" and not item.get("islink"):
            yield from _runs_below(store, item["name"].rstrip("/"), depth - 1)


def fingerprint(store: Store, name: str) -> tuple | None:
    """Size and time of a file, as far as its storage knows; None where it is missing."""
    try:
        info = store.fs.info(store.path(name))
    except FileNotFoundError:
        return None
    return tuple(str(info.get(key)) for key in ("size", "mtime", "LastModified", "ETag"))


def _entry(key: str, url: str) -> Entry:
    try:
        run = Run.open(url)
        summary = run.summary
    except (AlgokError, OSError):
        return Entry(key, url, "?", "?", "damaged", "", 0, 0, 0)
    account = summary.account
    seconds = sum(step.seconds for step in summary.steps) + sum(summary.seconds.values())
    done, tasks = (sum(getattr(stage, name) for stage in summary.stages) for name in ("done", "tasks"))
    return Entry(
        key,
        url,
        summary.recipe,
        summary.mode,
        "finished",
        run.description.get("started", ""),
        summary.shards,
        done,
        tasks,
        account.documents,
        account.kept,
        account.kept_tokens,
        seconds,
        account.text_bytes,
    )


class Live:
    """A run that is going: its statistics as far as tasks are done, each file read once, and its speed."""

    def __init__(self, url: str, plan: Plan):
        self.store, self.plan = Store(url), plan
        self.stats, self.seconds, self.seen = Stats(), dict[str, float](), set[str]()
        self._waiting = {task for phase in plan.phases for task in own_tasks(plan, phase.index)}
        self._history: deque[tuple[float, int, int, int]] = deque(maxlen=1000)
        self._lock = Lock()

    def look(self) -> None:
        """Merges what was done since the last look."""
        with self._lock:
            new = [name for name in self.store.names("done") if name not in self.seen][:_READ_AT_ONCE]
            for record in self.store.read_many(new):
                for step, spent in orjson.loads(record)["seconds"].items():
                    self.seconds[step] = self.seconds.get(step, 0.0) + spent
            tasks = [name.removeprefix("done/").removesuffix(".json") for name in new]
            counted = [task for task in tasks if task in self._waiting]
            self._waiting.difference_update(counted)
            for part in self.store.read_many([f"stats/{task}.json" for task in counted]):
                self.stats.add(orjson.loads(part))
            self.seen.update(new)
            read = self.stats.read
            self._history.append((time.monotonic(), len(self.seen), read.documents, read.text_bytes))

    def summary(self) -> RunSummary:
        with self._lock:
            tasks = {name.removeprefix("done/").removesuffix(".json") for name in self.seen}
            return summarize(self.plan, self.stats, self.seconds, tasks, finished=False)

    def speed(self) -> dict[str, float | None]:
        """Tasks, documents and MB of text per second over the last two minutes that somebody looked, and seconds left at
        that pace; None while it is not known."""
        now = self._history[-1]
        before = next((past for past in self._history if now[0] - past[0] <= _WATCHED), now)
        spent = now[0] - before[0]
        if spent < 1 or now[1] == before[1]:
            return {"tasks": None, "documents": None, "mb": None, "left": None}
        tasks = (now[1] - before[1]) / spent
        return {
            "tasks": tasks,
            "documents": (now[2] - before[2]) / spent,
            "mb": (now[3] - before[3]) / spent / 1e6,
            "left": len(self._waiting) / tasks,
        }
