"""The files through which a corpus step resolves: sketches per shard, and the outputs of its rounds."""

from functools import lru_cache

import numpy as np
import orjson
import pyarrow as pa

from algok.pipelines.plan import Phase, Plan, Task
from algok.pipelines.storage import Committed, Store
from algok.step import CorpusStep


def corpus_folder(phase: Phase) -> str:
    return f"work/c{phase.index}"


def sketch_name(plan: Plan, phase: Phase, shard: int) -> str:
    return f"{corpus_folder(phase)}/sketch/{plan.shard_name(shard)}.arrow"


class RunCorpus:
    """A `step.Corpus` over a run directory. `corpus.json`, written when every shard is sketched, holds the rows."""

    def __init__(self, store: Store, plan: Plan, phase: Phase):
        self._store, self._plan, self._phase = store, plan, phase
        self._folder = corpus_folder(phase)
        self.rows = np.array(orjson.loads(store.read_bytes(f"{self._folder}/corpus.json"))["rows"], np.int64)
        self.reference = np.array([plan.is_reference(shard) for shard in range(len(self.rows))], bool)

    def sketch(self, shard: int) -> pa.Table:
        return self._store.read_arrow(sketch_name(self._plan, self._phase, shard))

    def round(self, name: str) -> list[pa.Table]:
        return [self._store.read_arrow(file) for file in self._store.names(f"{self._folder}/{name}")]


def save_corpus(store: Store, phase: Phase, rows: list[int]) -> None:
    """Records the documents sketched per shard; from here on the corpus can be resolved."""
    store.write_bytes(f"{corpus_folder(phase)}/corpus.json", orjson.dumps({"rows": rows}))


@lru_cache(maxsize=4)
def open_corpus(root: str, plan: Plan, phase_index: int) -> RunCorpus:
    """The corpus sketched at the end of a phase, once per process."""
    return RunCorpus(Store(root), plan, plan.phases[phase_index])


def run_round(store: Store, plan: Plan, task: Task) -> Committed:
    """One partition of one round of resolving: a table in, a file out."""
    phase = plan.phases[task.phase]
    corpus = open_corpus(store.url, plan, task.phase)
    assert phase.sketches is not None
    step = plan.step(phase.sketches)
    assert isinstance(step, CorpusStep)
    (round_,) = [r for r in step.rounds() if r.name == task.round]
    table = round_.run(corpus, task.part, task.parts)
    return store.write_arrow(f"{corpus_folder(phase)}/{task.round}/{task.part:06d}.arrow", table)
