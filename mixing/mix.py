"""The driver of a mix: measure, plan, pick, order, place, write, and the account. It touches no document itself."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

import algok
from algok.classifiers.contamination import open_index
from algok.errors import OutputError
from algok.mixing import contaminated
from algok.mixing.bins import rank_bins, refined
from algok.mixing.clusters import allowances, divided
from algok.mixing.corpora import Inputs, open_inputs
from algok.mixing.formats import mds
from algok.mixing.planner import Plan, make_plan
from algok.mixing.population import Population
from algok.mixing.recipe import Mix
from algok.mixing.removal import count_removed
from algok.mixing.tokenizers import of_options
from algok.mixing.work import (
    ALLOWANCES,
    Bench,
    MixTask,
    MixWork,
    bins_name,
    measure_keys,
    ranks_name,
    sum_before,
)
from algok.pipelines.done import done_kinds, read_records
from algok.pipelines.executors import Executor
from algok.pipelines.lock import locked
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.storage import Committed, Store
from algok.pipelines.tasks import Progress, run_tasks, worker_root

_BEGUN = {"run.lock", "mix.yaml", "plan.json", "work", "done", "failed", "bins"}
_VERSION = 1  # raised whenever the same mix of the same documents would give other bytes


@dataclass(frozen=True)
class Mixed:
    """A finished mix: where it is, and whether this call did any of it."""

    url: str
    fresh: bool


def execute(mix: Mix, source: RecipeText, output: str, executor: Executor, progress: Progress) -> Mixed:
    """Writes a mix into a directory, or what is left of it. The same command goes on after any crash.

    Raises RecipeError, InputError, ModelError before a document is read; OutputError, TaskError.
    """
    store = Store(output)
    with locked(store):
        driver = Driver(mix, source, store, executor, progress)
        if store.exists("manifest.json"):
            driver.check_same()
            store.remove("work")
            return Mixed(output, fresh=False)
        driver.begin()
        for step in (driver.measure, driver.plan, driver.pick, driver.order, driver.place, driver.write, driver.finish):
            step()
    return Mixed(output, fresh=True)


def plan_only(mix: Mix, source: RecipeText, output: str, executor: Executor, progress: Progress) -> Plan:
    """Measures and plans; no text is read unless tokens must be counted, and none is written. `execute` goes on from it."""
    store = Store(output)
    with locked(store):
        driver = Driver(mix, source, store, executor, progress)
        if store.exists("manifest.json"):
            driver.check_same()
        else:
            driver.begin()
            driver.measure()
            driver.plan()
        return Plan.from_dict(orjson.loads(store.read_bytes("plan.json")))


class Driver:
    """The steps of a mix in their order. Each does what is left of it."""

    def __init__(self, mix: Mix, source: RecipeText, store: Store, executor: Executor, progress: Progress):
        self.mix, self.source, self.store = mix, source, store
        self._executor, self._progress = executor, progress
        self._inputs = open_inputs(mix, source)
        self._description = _describe(mix, self._inputs)

    def begin(self) -> None:
        """Records the mix in an empty directory, or checks that the directory holds this very mix."""
        if self.store.exists("mix.json"):
            if self._only_planned() and self._recorded() != self._description:
                self._forget_plan()
            else:
                self.check_same()
                self.store.remove_temporary()
                return
        if {name.rpartition("/")[2] for name in self.store.names("")} - _BEGUN:
            raise OutputError(f"{self.store.url}: not empty and not a mix; choose another output directory")
        self.store.write_bytes("mix.yaml", self.mix.to_yaml().encode())
        self.store.write_bytes("work/inputs.json", orjson.dumps(self._inputs.as_dict(), option=orjson.OPT_INDENT_2))
        self.store.write_bytes("mix.json", orjson.dumps(self._description, option=orjson.OPT_INDENT_2))

    def _recorded(self) -> dict[str, Any]:
        return orjson.loads(self.store.read_bytes("mix.json"))

    def _only_planned(self) -> bool:
        return "pick" not in done_kinds(self.store)

    def _forget_plan(self) -> None:
        """Another plan may take the place of one that nothing was written from; what was measured stays. The record goes
        first, so that a crash on the way leaves no old record beside a new mix."""
        for name in ("mix.json", "plan.json", "bins", "work/ranks"):
            self.store.remove(name)

    def check_same(self) -> None:
        recorded = self._recorded()
        for key, what in (
            ("mix_digest", "another mix (see its mix.yaml)"),
            ("tokenizer", "a mix for another tokenizer"),
            ("index", "a mix decontaminated with another index, or with none"),
            ("inputs_digest", "a mix of other corpora; files were added, removed or rewritten since it began"),
            ("version", "a mix begun by another version of algok"),
        ):
            if recorded.get(key) != self._description[key]:
                raise OutputError(f"{self.store.url}: holds {what}; choose another output directory")

    def measure(self) -> None:
        self._run("measure", len(self._inputs.pieces), [piece.size for piece in self._inputs.pieces])

    def plan(self) -> None:
        if self.store.exists("plan.json"):
            return
        measured = self._bench().measured()
        for name, ranks in rank_bins(self.mix, measured).items():
            self.store.write_arrow(bins_name(name), ranks.as_table())
        population = refined(measured, self.mix, self._bench().bin_ranks)
        if self.mix.max_per_cluster:
            found = allowances(self.mix, population)
            self.store.write_arrow(ALLOWANCES, found.as_table())
            population = divided(self.mix, population, found)
        plan = make_plan(self.mix, population, self.source, count_removed(self.mix))
        plan.contaminated = contaminated.by_corpus(self._contaminated())
        self._rank(population)
        self.store.write_bytes("plan.json", orjson.dumps(plan.as_dict(), option=orjson.OPT_SORT_KEYS))

    def pick(self) -> None:
        self._run("pick", len(self._inputs.pieces))
        sum_before(self._bench())

    def order(self) -> None:
        self._run("order", self._bench().layout.parts)

    def place(self) -> None:
        self._run("place", len(self._inputs.pieces), [piece.size for piece in self._inputs.pieces])

    def write(self) -> None:
        self._run("write", len(self.mix.stages) * self.mix.shards)

    def finish(self) -> None:
        """Writes the index of each stage and the manifest, which marks the mix finished, and clears the intermediate files."""
        files = [Committed(**file) for record in self._records("write") for file in record["files"]]
        files += self._indexes(files) + self._evidence()
        counts: dict[tuple[int, int], int] = defaultdict(int)
        for record in self._records("pick"):
            for cell, times, count in record["copies"]:
                counts[cell, times] += count
        data = {
            "algok": algok.__version__,
            **{key: self._description[key] for key in ("mix", "mix_digest", "tokenizer", "version")},
            "stages": self._stages(),
            "files": [file.as_dict() for file in sorted(files, key=lambda file: file.path)],
            "copies": [[cell, times, count] for (cell, times), count in sorted(counts.items())],
        }
        self.store.remove_temporary()  # what workers that died were writing
        self.store.write_bytes("manifest.json", orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        self.store.remove("work")

    def _stages(self) -> list[dict[str, Any]]:
        """Where every stage and shard begins, in tokens of the whole stream: what a schedule of learning rates goes by. The
        padding of packed sequences counts there, and not as their tokens."""
        stages, start, pack = [], 0, self.mix.pack
        records = list(self._records("write"))
        for number, stage in enumerate(self.mix.stages):
            shards = []
            for record in records[number * self.mix.shards : (number + 1) * self.mix.shards]:
                shard = {"start": start, **{key: record[key] for key in ("tokens", "documents")}}
                start += record["tokens"]
                if pack:
                    shard["sequences"] = record["sequences"]
                    start = shard["start"] + record["sequences"] * pack.length
                shards.append(shard)
            tokens = sum(shard["tokens"] for shard in shards)
            stages.append({"name": stage.name, "start": shards[0]["start"], "tokens": tokens, "shards": shards})
        return stages

    def _indexes(self, files: list[Committed]) -> list[Committed]:
        """`index.json` of every stage that was written as MDS."""
        if "mds" not in self.mix.write:
            return []
        width = of_options(self.mix.tokenizer).width
        made = []
        for stage in self.mix.stages:
            own = [file for file in files if file.path.startswith(f"mds/{stage.name}/")]
            made.append(
                self.store.write_bytes(f"mds/{stage.name}/index.json", mds.index(own, width, self.mix.pack is not None))
            )
        return made

    def _contaminated(self) -> pa.Table:
        """The evidence of every document that was left out."""
        bench = self._bench()
        pieces = range(len(self._inputs.pieces)) if bench.index else ()
        return contaminated.evidence(bench.contaminated(number) for number in pieces)

    def _evidence(self) -> list[Committed]:
        """The file of it, of a mix with an index."""
        if self.mix.decontaminate is None:
            return []
        buffer = pa.BufferOutputStream()
        pq.write_table(self._contaminated(), buffer, compression="zstd")
        return [self.store.write_bytes(contaminated.FILE, buffer.getvalue().to_pybytes())]

    def _rank(self, population: Population) -> None:
        """Commits the ranks of a signal within every cell, for the stages that have an order."""
        for stage in self.mix.stages:
            if stage.order is not None:
                own = np.arange(len(population.cells), dtype=np.int32)
                ranks = population.ranks(own, stage.order.signal, lacking=True)
                self.store.write_arrow(ranks_name(stage.name), ranks.as_table())

    def _bench(self) -> Bench:
        return Bench(self.store, self.mix)

    def _tasks(self, kind: str, count: int | None = None) -> list[MixTask]:
        if count is None:
            count = len(self._inputs.pieces) if kind == "pick" else len(self.mix.stages) * self.mix.shards
        told = self._description
        digests = (told["mix_digest"], told["inputs_digest"], told["tokenizer"]["digest"], told["index"] or "")
        key = "".join(digest[:16] for digest in digests)
        names = [f"{number:06d}" for number in range(count)]
        if kind == "measure":
            names = measure_keys(self.mix, self._inputs, told["tokenizer"]["digest"], told["index"])
        return [MixTask(f"{kind}-{name}", kind, number, key) for number, name in enumerate(names)]

    def _run(self, kind: str, count: int, sizes: list[int] | None = None) -> None:
        work = MixWork(worker_root(self.store))
        run_tasks(self.store, work, self._tasks(kind, count), kind, self._executor, self._progress, sizes)

    def _records(self, kind: str) -> Iterator[dict[str, Any]]:
        return read_records(self.store, [task.id for task in self._tasks(kind)])


def _describe(mix: Mix, inputs: Inputs) -> dict[str, Any]:
    tokenizer = of_options(mix.tokenizer)
    files = [[p.corpus, p.name, p.start, p.end, p.fingerprint] for p in inputs.pieces]
    return {
        "algok": algok.__version__,
        "version": _VERSION,
        "mix": mix.name,
        "mix_digest": mix.digest,
        "tokenizer": {
            "name": tokenizer.name,
            "digest": tokenizer.digest,
            "vocabulary": tokenizer.size,
            "end": tokenizer.end,
        },
        "index": open_index(mix.decontaminate).digest if mix.decontaminate else None,
        "inputs_digest": hashlib.sha256(orjson.dumps(files)).hexdigest(),
        "counted": {name: "as stored" if corpus.counted else "again" for name, corpus in inputs.corpora.items()},
    }
