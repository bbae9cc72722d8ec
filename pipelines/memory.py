"""A corpus in memory: what corpus steps see where there is no run directory."""

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa

from algok.pipelines.ranges import cut
from algok.step import Corpus, CorpusStep, Earlier, Output


def named(output: Output, name: str) -> dict[str, pa.Table]:
    """The tables of an output by name; the one table of a simple output is called `name`."""
    return output if isinstance(output, dict) else {name: output}


class Resolving:
    """An `algok.step.Corpus` whose rounds are held in memory, over the sketches of another corpus."""

    def __init__(self, sketches: Corpus):
        self._sketches, self.rows, self.reference = sketches, sketches.rows, sketches.reference
        self.earlier, self.remembered = sketches.earlier, sketches.remembered
        self._rounds: dict[str, list[pa.Table]] = {}

    def resolve(self, step: CorpusStep, partitions: Callable[[int], int] = int) -> None:
        """Does all rounds of a step, partition by partition. `partitions` may change how many there are."""
        for round_ in step.rounds():
            parts = partitions(round_.partitions(self))
            for part in range(parts):
                for name, table in named(round_.run(self, part, parts), round_.name).items():
                    self._rounds.setdefault(name, []).append(table)

    def knows(self, name: str) -> bool:
        """Whether a round has given a table of that name."""
        return name in self._rounds

    def sketch(self, shard: int, name: str = "sketch") -> pa.Table:
        return self._sketches.sketch(shard, name)

    def round(self, name: str) -> list[pa.Table]:
        return self._rounds[name]

    def part(self, name: str, partition: int) -> pa.Table:
        return self._rounds[name][partition]

    def between(self, name: str, low: int, high: int) -> list[pa.Table]:
        if name not in self._rounds:
            return self._sketches.between(name, low, high)
        return [cut(table, low, high) for table in self._rounds[name]]

    def count(self, name: str) -> int:
        if name not in self._rounds:
            return self._sketches.count(name)
        return sum(table.num_rows for table in self._rounds[name])


class _Sketches:
    """An `algok.step.Corpus` before any round, whose sketches are held in memory."""

    def __init__(
        self,
        sketches: list[Output],
        rows: list[int],
        reference: list[bool],
        earlier: Sequence[Earlier],
        remembered: bool,
    ):
        self.rows = np.array(rows, np.int64)
        known = max([len(rows), *(run.first + len(run.corpus.reference) for run in earlier)])
        self.reference = np.array(reference + [True] * (known - len(rows)), bool)
        self.earlier, self.remembered = earlier, remembered
        self._sketches = [named(sketch, "sketch") for sketch in sketches]

    def sketch(self, shard: int, name: str = "sketch") -> pa.Table:
        return self._sketches[shard][name]

    def round(self, name: str) -> list[pa.Table]:
        raise KeyError(name)

    def part(self, name: str, partition: int) -> pa.Table:
        raise KeyError(name)

    def between(self, name: str, low: int, high: int) -> list[pa.Table]:
        return [with_shard(cut(sketch[name], low, high), shard) for shard, sketch in enumerate(self._sketches)]

    def count(self, name: str) -> int:
        return sum(sketch[name].num_rows for sketch in self._sketches if name in sketch)


def with_shard(table: pa.Table, shard: int) -> pa.Table:
    """The rows of one shard's sketch with the number of the shard."""
    return table.append_column("shard", pa.array(np.full(table.num_rows, shard, np.uint32)))


class MemoryCorpus(Resolving):
    """A corpus whose sketches and rounds are held in memory. `rows` has the documents of every shard; `earlier` resolved corpora
    that this one is compared with; those must be `remembered`."""

    def __init__(
        self,
        sketches: list[Output],
        rows: list[int],
        reference: list[bool] | None = None,
        earlier: Sequence[Corpus] = (),
        remembered: bool = False,
    ):
        firsts = np.cumsum([len(rows), *(len(corpus.reference) for corpus in earlier)]).tolist()
        runs = [Earlier(first, corpus) for first, corpus in zip(firsts, earlier, strict=False)]
        super().__init__(_Sketches(sketches, rows, reference or [False] * len(rows), runs, remembered))

    @classmethod
    def of(
        cls,
        step: CorpusStep,
        shards: list[list[pa.RecordBatch]],
        reference: list[bool] | None = None,
        earlier: Sequence[Corpus] = (),
        remembered: bool = False,
    ) -> "MemoryCorpus":
        """Sketches every shard, given as its batches, and resolves the corpus."""
        sketches = []
        for batches in shards:
            sketcher = step.sketcher()
            for batch in batches:
                sketcher.add(batch)
            sketches.append(sketcher.finish())
        rows = [sum(batch.num_rows for batch in batches) for batches in shards]
        corpus = cls(sketches, rows, reference, earlier, remembered)
        corpus.resolve(step)
        return corpus
