"""The run directories that a dashboard shows: found, summed up and cached. It reads them and never writes or locks."""

import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import orjson

from algok.dashboard.tasks import TaskFigures, task_figures
from algok.errors import AlgokError
from algok.mixing.recipe import mix_from_text
from algok.pipelines.done import Block, Record, block_of, block_tasks, blocks, read_block
from algok.pipelines.failures import Failed, failed_tasks, read_failures
from algok.pipelines.plan import Outline, read_description, read_outline
from algok.pipelines.run_directory import Run
from algok.pipelines.stats import Stats, tally
from algok.pipelines.storage import UNREADABLE, Store
from algok.pipelines.summary import RunSummary, own_place, summarize
from algok.pipelines.task_table import Rows, TaskRows

_DEPTH = 3
_LISTED_FOR = 5.0  # seconds that a listing of directories holds
_READ_AT_ONCE = 5000  # done records that one look at a running run merges
_FAILURES_READ = 1000  # records of failed attempts that one look reads
_WATCHED = 120.0  # seconds that the speed is taken over
T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """One run in the index. Figures are None while nothing is counted; `done` of `tasks` are tasks over shards. `failed`
    counts tasks with failed attempts that are not done, `retries` failed attempts at tasks that are."""

    id: str
    url: str
    recipe: str
    mode: str
    state: str  # finished, going or damaged
    started: str
    shards: int
    done: int
    tasks: int
    failed: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    documents: int | None = None
    kept: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    text_bytes: int | None = None
    peak_bytes: int | None = None
    retries: int | None = None


@dataclass(frozen=True)
class MixEntry:
    """One mix in the index. Tokens are over all stages: asked for, and written (so far); `done` of `tasks` are output
    shards."""

    id: str
    url: str
    mix: str
    state: str  # planned, going, finished or damaged
    stages: int = 0
    done: int = 0
    tasks: int = 0
    asked: int | None = None
    written: int | None = None
    labels: dict[str, str] = field(default_factory=dict)


AnyEntry = TypeVar("AnyEntry", Entry, MixEntry)


def chosen(entries: list[AnyEntry], words: str, label: str) -> list[AnyEntry]:
    """The entries whose id, recipe or mix has the words, and that have the label `key=value` ("": any)."""
    key, _, value = label.partition("=")
    return [
        entry
        for entry in entries
        if (not label or entry.labels.get(key) == value)
        and words in f"{entry.id} {entry.recipe if isinstance(entry, Entry) else entry.mix}"
    ]


class Cache:
    """The last results of costly reads, each with what it was made of; the oldest go."""

    def __init__(self, size: int):
        self._size, self._lock = size, Lock()
        self._held: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()

    def get(self, key: Hashable, made_of: Hashable, make: Callable[[], T]) -> T:
        """The result held for a key, made anew where it was made of something else, or where nobody knows (None)."""
        if made_of is None:
            return make()
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
        self._outlines = Cache(20)
        self._counts = Cache(20_000)  # blocks of records
        self._tasks = Cache(100)
        self._live = Cache(20)
        self._found: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self._listed, self._lock = 0.0, Lock()

    def urls(self) -> dict[str, str]:
        """Id → URL of every run directory."""
        return self._listing()[0]

    def mix_urls(self) -> dict[str, str]:
        """Id → URL of every directory of a mix."""
        return self._listing()[1]

    def _listing(self) -> tuple[dict[str, str], dict[str, str]]:
        with self._lock:
            if time.monotonic() - self._listed > _LISTED_FOR:
                found = list(_find(self.directories))
                runs, mixes = ({key: url for key, url, mix in found if mix is kind} for kind in (False, True))
                self._found, self._listed = (runs, mixes), time.monotonic()
            return self._found

    def entries(self) -> list[Entry]:
        """Every run, the latest first."""
        found = [self.entry(key) for key in self.urls()]
        return sorted(found, key=lambda entry: (entry.started, entry.id), reverse=True)

    def measured(self) -> list[Entry]:
        """Every run; of those that are going, with the figures of what is done."""
        return [self._with_figures(entry) if entry.state == "going" else entry for entry in self.entries()]

    def mixes(self) -> list[MixEntry]:
        """Every mix, by id."""
        return [self.mix(key) for key in sorted(self.mix_urls())]

    def entry(self, key: str) -> Entry:
        """Raises KeyError for an unknown id."""
        url = self.urls()[key]
        store = Store(url)
        mark = fingerprint(store, "manifest.json")
        if mark is None:
            return self._going(key, store)
        return self._entries.get(key, mark, lambda: _entry(key, url))

    def mix(self, key: str) -> MixEntry:
        """Raises KeyError for an unknown id."""
        url = self.mix_urls()[key]
        store = Store(url)
        mark = [fingerprint(store, name) for name in ("manifest.json", "plan.json", "mix.json")]
        done = sum(self._done(key, store, block) for block in blocks(store))
        return self._entries.get(key, (*mark, done), lambda: _mix_entry(key, url))

    def live(self, key: str) -> "Live":
        """What is known of a run that is going, brought up to date."""
        url = self.urls()[key]
        mark = fingerprint(Store(url), "run.json")  # the directory may hold another run by now
        live = self._live.get(key, mark, lambda: Live(url, read_outline(Store(url))))
        live.look()
        return live

    def _with_figures(self, entry: Entry) -> Entry:
        try:
            summary = self.live(entry.id).summary()
        except (AlgokError, *UNREADABLE):
            return entry
        return replace(entry, **_figures(summary))

    def _going(self, key: str, store: Store) -> Entry:
        try:
            described = read_description(store)
            outline = self._outlines.get(key, fingerprint(store, "run.json"), lambda: read_outline(store))
            failed = self._unfinished(key, store)
            kinds = {f"p{phase.index}" for phase in outline.phases}
            done = sum(self._done(key, store, block) for block in blocks(store, kinds))
        except (AlgokError, *UNREADABLE):
            return Entry(key, store.url, "?", "?", "damaged", "", 0, 0, 0)
        tasks = len(outline.phases) * outline.shards
        return Entry(
            key,
            store.url,
            outline.recipe.name,
            outline.recipe.mode,
            "going",
            str(described.get("started", "")),
            outline.shards,
            min(done, tasks),
            tasks,
            failed,
            _labels(described),
        )

    def _done(self, key: str, store: Store, block: Block) -> int:
        """How many tasks of a block are done; counted again where it has changed, as far as its storage knows."""
        return self._counts.get((key, block.folder), block_mark(store, block), lambda: len(block_tasks(store, block)))

    def _unfinished(self, key: str, store: Store) -> int:
        """How many tasks with failed attempts are not done, of the first of them."""
        of_blocks = defaultdict[str, set[str]](set)
        for task in failed_tasks(store, _FAILURES_READ):
            of_blocks[block_of(task)].add(task)
        left = 0
        for folder, tasks in of_blocks.items():
            block = Block(folder)
            done = self._tasks.get((key, folder), block_mark(store, block), partial(block_tasks, store, block))
            left += len(tasks - done)
        return left


def _find(directories: list[str]) -> Iterator[tuple[str, str, bool]]:
    """Id and URL of every run and mix, and whether it is a mix."""
    for number, directory in enumerate(directories):
        store = Store(directory)
        for path, mix in _below(store, store.root, _DEPTH):
            below = path.removeprefix(store.root).strip("/")
            yield f"{number}/{below}" if below else f"{number}", f"{directory.rstrip('/')}/{below}".rstrip("/"), mix


def _below(store: Store, folder: str, depth: int) -> Iterator[tuple[str, bool]]:
    for name, mix in (("run.json", False), ("mix.json", True)):
        if store.fs.exists(f"{folder}/{name}"):
            yield folder, mix
            return
    if not depth:
        return
    try:
        listed = store.fs.ls(folder, detail=True)
    except (FileNotFoundError, PermissionError):
        return
    for item in sorted(listed, key=lambda item: item["name"]):
        if item["type"] == "directory" and not item.get("islink"):
            yield from _below(store, item["name"].rstrip("/"), depth - 1)


def block_mark(store: Store, block: Block) -> tuple | None:
    """What changes when a record comes into a block; None where its storage knows no such thing."""
    merged, folder = fingerprint(store, block.merged), fingerprint(store, block.folder) if block.open else None
    return None if folder is not None and folder[1] == "None" else (merged, folder)


def fingerprint(store: Store, name: str) -> tuple | None:
    """Size and time of a file, as far as its storage knows; None where it is missing."""
    try:
        info = store.fs.info(store.path(name))
    except FileNotFoundError:
        return None
    return tuple(str(info.get(key)) for key in ("size", "mtime", "LastModified", "ETag", "created"))


def _entry(key: str, url: str) -> Entry:
    try:
        run = Run.open(url)
        summary = run.summary
    except (AlgokError, OSError):
        return Entry(key, url, "?", "?", "damaged", "", 0, 0, 0)
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
        labels=_labels(run.description),
        **_figures(summary),
    )


def _figures(summary: RunSummary) -> dict[str, Any]:
    account = summary.account
    return {
        "documents": account.documents,
        "kept": account.kept,
        "tokens": account.kept_tokens,
        "seconds": sum(step.seconds for step in summary.steps) + sum(summary.seconds.values()),
        "text_bytes": account.text_bytes,
        "peak_bytes": summary.peak_bytes or None,
        "retries": summary.retries,
    }


def _labels(described: dict[str, Any]) -> dict[str, str]:
    found = described.get("labels")
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _mix_entry(key: str, url: str) -> MixEntry:
    from algok.dashboard.mixes import read_mix  # brings scipy, which runs do not need

    try:
        if not Store(url).exists("plan.json"):  # its corpora are being measured
            return MixEntry(key, url, mix_from_text(Store(url).read_bytes("mix.yaml").decode()).name, "going")
        found = read_mix(url)
    except (AlgokError, *UNREADABLE):
        return MixEntry(key, url, "?", "damaged")
    return MixEntry(
        key,
        url,
        found.name,
        found.state,
        len(found.stages),
        found.done,
        found.tasks,
        found.asked,
        found.written,
        found.labels,
    )


class Live:
    """A run that is going: its statistics and tasks as far as they are done, each file read once, and its speed. Of very many
    tasks only numbers are kept."""

    def __init__(self, url: str, outline: Outline):
        self.store, self.outline = Store(url), outline
        self.failures: list[Failed] = []
        self._stats, self._seconds = Stats(), dict[str, float]()
        self._failed: dict[str, int] = {}
        self._rows = TaskRows(outline, self._failed)
        self._seen = np.zeros((len(outline.phases), outline.shards), bool)
        self._others: set[str] = set()  # tasks seen that have no statistics
        self._history: deque[tuple[float, int, int, int]] = deque(maxlen=1000)
        self._marks: dict[str, tuple] = {}  # what every block of records was when all that it held was seen
        self._lock = Lock()

    def look(self, most: int = _READ_AT_ONCE) -> bool:
        """Merges what was done since the last look, up to so many tasks. Whether there may be more."""
        with self._lock:
            self.failures = read_failures(self.store, failed_tasks(self.store, _FAILURES_READ))
            self._failed.update((failure.task, failure.attempts) for failure in self.failures)
            left = most
            for block in blocks(self.store):
                left -= self._look_at(block, left)
            read = self._stats.read
            self._history.append((time.monotonic(), self._done, read.documents, read.text_bytes))
            return left == 0

    def catch_up(self) -> None:
        """Merges all that is done now; the records of one block are in memory at a time."""
        while self.look():
            pass

    def summary(self) -> RunSummary:
        with self._lock:
            done = dict(enumerate(self._seen.sum(axis=1).tolist()))
            known = (self._rows.peak_bytes, self._rows.retries)
            return summarize(self.outline, self._stats, self._seconds, done, False, known)

    def tasks(self) -> Rows:
        """A row per task that is done."""
        with self._lock:
            return self._rows.rows()

    def figures(self) -> TaskFigures:
        return task_figures(self.tasks(), self.outline, self.failures)

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
            "left": int((~self._seen).sum()) / tasks,
        }

    @property
    def _done(self) -> int:
        return int(self._seen.sum()) + len(self._others)

    def _knows(self, task: str) -> bool:
        place = own_place(self.outline, task)
        return task in self._others if place is None else bool(self._seen[place])

    def _look_at(self, block: Block, most: int) -> int:
        """Merges what was done in a block since the last look, `most` so many tasks; where the storage knows that nothing was,
        nothing is listed. How many that were."""
        mark = block_mark(self.store, block)
        if not most or (mark is not None and self._marks.get(block.folder) == mark):
            return 0
        new = list(read_block(self.store, block, lambda task: not self._knows(task)).items())[:most]
        own = [task for task, _ in new if own_place(self.outline, task)]
        parts = dict(zip(own, self.store.read_present([f"stats/{task}.json" for task in own]), strict=True))
        added = [self._add(task, record, parts.get(task)) for task, record in new]
        if mark is not None and all(added) and len(new) < most:
            self._marks[block.folder] = mark
        return len(new)

    def _add(self, task: str, record: Record | None, part: bytes | None) -> bool:
        """A record that is damaged or just being replaced is none: its task is not done, and is asked again at the next look."""
        place = own_place(self.outline, task)
        try:
            counted = None if place is None else orjson.loads(part or b"")
        except ValueError:
            return False
        if record is None:
            return False
        if place is None:
            self._others.add(task)
            self._rows.add(task, record)
        else:
            self._seen[place] = True
            self._stats.add(counted or {})
            self._rows.add(task, record, place[1], counted)
        tally(self._seconds, record["seconds"].items())
        return True
