"""The driver's part in resolving a corpus step: its rounds in order, and what is merged between them."""

from collections.abc import Iterable

import numpy as np

from algok.pipelines.corpus import WHOLE, RunCorpus, corpus_folder, open_corpus, save_corpus
from algok.pipelines.done import read_records
from algok.pipelines.exchange import MOST_FILES, MOST_FILES_OF_SHARD, SAMPLED_FILES, Exchange, merged_name
from algok.pipelines.executors import Executor
from algok.pipelines.plan import Phase, Plan, Task
from algok.pipelines.ranges import sample_keys
from algok.pipelines.storage import Store
from algok.pipelines.tasks import Progress, run_tasks, worker_root
from algok.pipelines.worker import RunTask
from algok.step import CorpusStep

# Documents of a corpus that one task resolves as a whole: it takes less than starting a task for each round.
SMALL_CORPUS = 1 << 18


def resolve(store: Store, plan: Plan, phase: Phase, executor: Executor, progress: Progress) -> None:
    """Resolves the corpus step that closes a phase, or what is left of it."""
    _Driver(store, plan, phase, executor, progress).run()


class _Driver:
    def __init__(self, store: Store, plan: Plan, phase: Phase, executor: Executor, progress: Progress):
        self._store, self._plan, self._phase = store, plan, phase
        self._executor, self._progress = executor, progress
        assert phase.sketches is not None
        self._name, step = phase.sketches.name, plan.step(phase.sketches)
        assert isinstance(step, CorpusStep)
        self._step = step

    def run(self) -> None:
        corpus = self._open()
        if self._step.loads and int(corpus.rows.sum()) <= SMALL_CORPUS:
            self._round(corpus, WHOLE, 1)
            return
        for round_ in self._step.rounds():
            for name in round_.reads:
                self._merge(corpus, name, MOST_FILES)
            if parts := round_.partitions(corpus):
                self._round(corpus, round_.name, parts)
        if self._step.loads:
            self._merge(corpus, self._step.loads, MOST_FILES_OF_SHARD)

    def _open(self) -> RunCorpus:
        """The corpus with what was sketched of it."""
        rows: list[int] = []
        found = self._exchanges(self._plan.phase_tasks(self._phase), rows)
        save_corpus(self._store, self._phase, rows)
        corpus = open_corpus(self._store.url, self._plan, self._phase.index)
        for name, exchange in found.items():
            corpus.save(name, exchange)
        return corpus

    def _round(self, corpus: RunCorpus, name: str, parts: int) -> None:
        tasks = self._run(name, parts)
        for output, exchange in self._exchanges(tasks).items():
            corpus.save(output, exchange)

    def _run(self, name: str, parts: int) -> list[Task]:
        tasks = self._plan.round_tasks(self._phase, name, parts)
        work, stage = RunTask(worker_root(self._store)), f"{self._name}: {name}"
        run_tasks(self._store, work, tasks, stage, self._executor, self._progress)
        return tasks

    def _merge(self, corpus: RunCorpus, name: str, most: int) -> None:
        """Merges the files of an exchange where there are more than `most`, once."""
        if not corpus.knows(name) or corpus.exchange(name).groups:
            return
        exchange = corpus.exchange(name)
        if not (groups := exchange.groups_for(most)):
            return
        merged = exchange.merged(groups, self._sample(corpus, name, exchange.files))
        corpus.save(name, merged)
        self._run(merged_name(name), merged.merge_tasks)

    def _sample(self, corpus: RunCorpus, name: str, files: int) -> np.ndarray:
        chosen = sorted({place * files // SAMPLED_FILES for place in range(SAMPLED_FILES)})
        return np.concatenate([sample_keys(self._store, corpus.file(name, number))[0] for number in chosen])

    def _exchanges(self, tasks: Iterable[Task], rows: list[int] | None = None) -> dict[str, Exchange]:
        """What tasks wrote for their corpus step, by name. `rows` takes the documents that each has sketched."""
        folder, found = f"{corpus_folder(self._phase)}/", dict[str, Exchange]()
        for record in read_records(self._store, [task.id for task in tasks]):
            if rows is not None:
                rows.append(record["rows"])
            for file in record["files"]:
                if file["path"].startswith(folder):
                    name = file["path"].split("/")[-2]
                    before = found.get(name, Exchange(0, 0, 0, rows is not None))
                    sums = (before.files + 1, before.rows + file["rows"], before.size + file["bytes"])
                    found[name] = Exchange(*sums, before.sketch)
        return found
