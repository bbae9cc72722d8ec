"""A corpus in memory: what corpus steps see where there is no run directory."""

import numpy as np
import pyarrow as pa

from algok.step import CorpusStep


class MemoryCorpus:
    """An `algok.step.Corpus` whose sketches and rounds are held in memory. `rows` has the documents of every shard."""

    def __init__(self, sketches: list[pa.Table], rows: list[int]):
        self.rows, self.reference = np.array(rows, np.int64), np.zeros(len(rows), bool)
        self._sketches = sketches
        self._rounds: dict[str, list[pa.Table]] = {}

    @classmethod
    def of(cls, step: CorpusStep, shards: list[list[pa.RecordBatch]]) -> "MemoryCorpus":
        """Sketches every shard, given as its batches, and resolves the corpus."""
        sketches = []
        for batches in shards:
            sketcher = step.sketcher()
            for batch in batches:
                sketcher.add(batch)
            sketches.append(sketcher.finish())
        corpus = cls(sketches, [sum(batch.num_rows for batch in batches) for batches in shards])
        for round_ in step.rounds():
            parts = round_.partitions(corpus)
            corpus._rounds[round_.name] = [round_.run(corpus, part, parts) for part in range(parts)]
        return corpus

    def sketch(self, shard: int) -> pa.Table:
        return self._sketches[shard]

    def round(self, name: str) -> list[pa.Table]:
        return self._rounds[name]
