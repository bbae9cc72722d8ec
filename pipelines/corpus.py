"""The files through which a corpus step resolves: sketches per shard, and the outputs of its rounds.

Below `work/c<phase>/` every table of a sketch or a round has a folder of its own. `corpus.json` has the documents of every
shard, `<name>.json` how many files and rows there are of a table, so that nobody lists a folder.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import orjson
import pyarrow as pa

from algok.errors import InputError
from algok.pipelines.done import read_done
from algok.pipelines.exchange import Exchange, merged_name
from algok.pipelines.memory import Resolving, named, with_shard
from algok.pipelines.plan import EarlierRun, Phase, Plan, Task, phase_task_id, read_plan
from algok.pipelines.ranges import is_sorted_part, read_between, write_sorted
from algok.pipelines.storage import Committed, DamagedFile, Store
from algok.step import CorpusStep, Earlier, Output

# The task that resolves a small corpus as a whole.
WHOLE = "resolve"
_FETCHES = 16  # at once, from storage that must be waited for


def corpus_folder(phase: Phase) -> str:
    return f"work/c{phase.index}"


def sketch_name(plan: Plan, phase: Phase, shard: int, name: str = "sketch") -> str:
    return f"{corpus_folder(phase)}/{name}/{plan.shard_name(shard)}.arrow"


def write_sketch(store: Store, plan: Plan, phase: Phase, shard: int, sketch: Output) -> list[Committed]:
    return _write(store, sketch, "sketch", lambda name: sketch_name(plan, phase, shard, name))


def _write(store: Store, output: Output, simple: str, place: Callable[[str], str]) -> list[Committed]:
    """Commits every table of an output: by ranges those that have keys."""
    ranged = isinstance(output, dict)
    return [
        (write_sorted if ranged and is_sorted_part(table) else Store.write_arrow)(store, place(name), table)
        for name, table in named(output, simple).items()
    ]


class RunCorpus:
    """A `step.Corpus` over a run directory."""

    def __init__(self, store: Store, plan: Plan, phase: Phase):
        self._store, self._plan, self._phase = store, plan, phase
        self._folder = corpus_folder(phase)
        self.rows = np.array(orjson.loads(store.read_bytes(f"{self._folder}/corpus.json"))["rows"], np.int64)
        self.remembered = "sketches" in plan.recipe.keep
        # Behind the corpus's own shards those of earlier runs, which are as little its own as references are.
        known = len(self.rows) + sum(run.shards for run in plan.earlier)
        self.reference = np.array([plan.is_reference(shard) for shard in range(known)], bool)
        self._exchanges: dict[str, Exchange] = {}

    @property
    def earlier(self) -> Sequence[Earlier]:
        assert self._phase.sketches is not None
        first, found = len(self.rows), []
        for run in self._plan.earlier:
            found.append(Earlier(first, open_earlier(run, self._phase.sketches.name)))
            first += run.shards
        return found

    def sketch(self, shard: int, name: str = "sketch") -> pa.Table:
        return self._store.read_arrow(sketch_name(self._plan, self._phase, shard, name))

    def round(self, name: str) -> list[pa.Table]:
        return [self.part(name, partition) for partition in range(self.exchange(name).files)]

    def part(self, name: str, partition: int) -> pa.Table:
        return self._store.read_arrow(self.file(name, partition))

    def between(self, name: str, low: int, high: int) -> list[pa.Table]:
        exchange = self.exchange(name)
        if not exchange.groups:
            return self.fetch(name, range(exchange.files), low, high)
        places = [(group, part) for group in range(exchange.groups) for part in exchange.overlapping(low, high)]
        files = [f"{self._folder}/{merged_name(name)}/{exchange.merged_part(*place):06d}.arrow" for place in places]
        tables = self._each(lambda file: read_between(self._store, file, low, high), files)
        per_group = len(tables) // exchange.groups
        return [pa.concat_tables(tables[at : at + per_group]) for at in range(0, len(tables), per_group)]

    def fetch(self, name: str, files: Iterable[int], low: int, high: int) -> list[pa.Table]:
        """The same from some of the files, as sketching or the round wrote them."""
        sketches = self.exchange(name).sketch

        def one(number: int) -> pa.Table:
            table = read_between(self._store, self.file(name, number), low, high)
            return with_shard(table, number) if sketches else table

        return self._each(one, list(files))

    def count(self, name: str) -> int:
        return self.exchange(name).rows if self.knows(name) else 0

    def knows(self, name: str) -> bool:
        """Whether a sketch or a round has given a table of that name."""
        return name in self._exchanges or self._store.exists(f"{self._folder}/{name}.json")

    def exchange(self, name: str) -> Exchange:
        """The files of a name that the corpus knows."""
        if name not in self._exchanges:
            self._exchanges[name] = Exchange.from_json(self._store.read_bytes(f"{self._folder}/{name}.json"))
        return self._exchanges[name]

    def save(self, name: str, exchange: Exchange) -> None:
        self._store.write_bytes(f"{self._folder}/{name}.json", exchange.to_json())
        self._exchanges[name] = exchange

    def file(self, name: str, number: int) -> str:
        if self.exchange(name).sketch:
            return sketch_name(self._plan, self._phase, number, name)
        return f"{self._folder}/{name}/{number:06d}.arrow"

    def _each(self, read: Callable, arguments: list) -> list[pa.Table]:
        if self._store.local or len(arguments) < 2:
            return [read(argument) for argument in arguments]
        with ThreadPoolExecutor(_FETCHES) as pool:
            return list(pool.map(read, arguments))


class _EarlierCorpus(RunCorpus):
    """The corpus of a finished run, as far as that remembers it. What is not there as it was written is an InputError."""

    def __init__(self, run: EarlierRun, step: str):
        self._url = run.run
        with self._intact():
            store = Store(run.run)
            if store.digest("manifest.json", "sha256") != run.manifest:
                raise DamagedFile("manifest.json: changed since the run began that is compared with it")
            plan = read_plan(store)
            (phase,) = [phase for phase in plan.phases if phase.sketches and phase.sketches.name == step]
            super().__init__(store, plan, phase)

    @property
    def earlier(self) -> Sequence[Earlier]:
        return ()  # its tables have the documents of these runs that its own ones are copies of

    def sketch(self, shard: int, name: str = "sketch") -> pa.Table:
        path = sketch_name(self._plan, self._phase, shard, name)
        with self._intact():
            files = read_done(self._store, phase_task_id(self._phase.index, shard))["files"]
            xxh3 = next(file["xxh3"] for file in files if file["path"] == path)
            if not self._store.local:
                return self._store.open_arrow(path, xxh3).read_all()
            if self._store.digest(path, "xxh3") != xxh3:
                raise DamagedFile(f"{path}: changed or damaged since it was written")
            return self._store.read_arrow(path)

    def between(self, name: str, low: int, high: int) -> list[pa.Table]:
        with self._intact():
            return super().between(name, low, high)

    @contextmanager
    def _intact(self) -> Iterator[None]:
        try:
            yield
        except (DamagedFile, FileNotFoundError, ValueError) as error:
            raise InputError(
                f"{self._url}: {error}; this run is compared with that one, and needs its files as they were written"
            ) from None


@lru_cache(maxsize=16)
def open_earlier(run: EarlierRun, step: str) -> RunCorpus:
    """The corpus of a step in an earlier run, once per process. Raises InputError where it is not there any more."""
    return _EarlierCorpus(run, step)


def save_corpus(store: Store, phase: Phase, rows: list[int]) -> None:
    """Records the documents sketched per shard; from here on the corpus can be resolved."""
    store.write_bytes(f"{corpus_folder(phase)}/corpus.json", orjson.dumps({"rows": rows}))


@lru_cache(maxsize=4)
def open_corpus(root: str, plan: Plan, phase_index: int) -> RunCorpus:
    """The corpus sketched at the end of a phase, once per process."""
    return RunCorpus(Store(root), plan, plan.phases[phase_index])


def run_round(store: Store, plan: Plan, task: Task) -> list[Committed]:
    """One partition of one round of resolving: a file for every table of its output."""
    phase = plan.phases[task.phase]
    corpus = open_corpus(store.url, plan, task.phase)
    assert phase.sketches is not None
    step = plan.step(phase.sketches)
    assert isinstance(step, CorpusStep)
    if task.round == WHOLE:
        return _resolve_whole(store, phase, step, corpus)
    if task.round.endswith(merged_name("")):
        return [_merge(store, phase, corpus, task)]
    (round_,) = [r for r in step.rounds() if r.name == task.round]
    output = round_.run(corpus, task.part, task.parts)
    return _write(store, output, task.round, lambda name: f"{corpus_folder(phase)}/{name}/{task.part:06d}.arrow")


def _resolve_whole(store: Store, phase: Phase, step: CorpusStep, corpus: RunCorpus) -> list[Committed]:
    """All rounds of a small corpus; only what `load` and later runs read is written."""
    here = Resolving(corpus)
    here.resolve(step)
    names = dict.fromkeys([step.loads, *(name for name in step.remembers if corpus.remembered and here.knows(name))])
    return [
        write_sorted(store, f"{corpus_folder(phase)}/{name}/{part:06d}.arrow", table)
        for name in names
        for part, table in enumerate(here.round(name))
    ]


def _merge(store: Store, phase: Phase, corpus: RunCorpus, task: Task) -> Committed:
    """One range of keys of a group of files as one file; equal keys stay in the order of the files."""
    name = task.round.removesuffix(merged_name(""))
    exchange = corpus.exchange(name)
    files, (low, high) = exchange.group_files(task.part), exchange.merged_range(task.part)
    table = pa.concat_tables(corpus.fetch(name, files, low, high))
    order = np.argsort(table["key"].to_numpy(), kind="stable")
    file = f"{corpus_folder(phase)}/{task.round}/{task.part:06d}.arrow"
    return write_sorted(store, file, table.take(pa.array(order)))
