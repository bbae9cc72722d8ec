"""Documents of a mix that have items of benchmarks: they are taken out before anything is planned, and their evidence is kept."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.classifiers.contamination import ContaminationIndex
from algok.mixing.corpora import OpenCorpus

FILE = "contaminated.parquet"
SCHEMA = pa.schema(
    [
        ("corpus", pa.string()),
        ("id", pa.string()),
        ("benchmark", pa.string()),
        ("item", pa.string()),  # benchmark:id
        ("coverage", pa.float32()),
        ("hits", pa.int32()),  # items that the document has
    ]
)
# Where the document stands in its piece, while the mix is made.
_ROW = pa.field("row", pa.int64())


class Screen:
    """Takes the contaminated documents of a piece out of its batches, which must have the corpus's text."""

    def __init__(self, index: ContaminationIndex, corpus: OpenCorpus):
        self._index, self._corpus = index, corpus
        self._row, self._parts = 0, [_nothing()]

    @property
    def column(self) -> str:
        """What the files call the text."""
        return self._corpus.columns["text"]

    def clean(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch without them."""
        found = self._index.find(pc.fill_null(batch[self.column].cast(pa.large_string()), ""))
        hit = found.hits > 0
        if hit.any():
            coverage, _ = self._index.coverage(found)
            benchmarks, items = self._index.named(found)
            part = {
                "row": self._row + np.arange(len(hit)),
                "corpus": [self._corpus.name] * len(hit),
                "id": batch[self._corpus.columns["id"]].cast(pa.string()),
                "benchmark": pa.array(benchmarks, pa.string()),
                "item": pa.array(items, pa.string()),
                "coverage": coverage.astype(np.float32),
                "hits": found.hits,
            }
            self._parts.append(pa.table(part, schema=_nothing().schema).filter(pa.array(hit)))
        self._row += len(hit)
        return batch.filter(pa.array(~hit)) if hit.any() else batch

    def table(self) -> pa.Table:
        """The documents that were taken out so far: `row`, and the columns of SCHEMA."""
        return pa.concat_tables(self._parts).combine_chunks()


def _nothing() -> pa.Table:
    return pa.schema([_ROW, *SCHEMA]).empty_table()


def evidence(tables: Iterable[pa.Table]) -> pa.Table:
    """The evidence of all pieces in an order that no cut of the files changes."""
    parts = [table.select(SCHEMA.names) for table in tables]
    return pa.concat_tables([SCHEMA.empty_table(), *parts]).sort_by([("corpus", "ascending"), ("id", "ascending")])


def by_corpus(table: pa.Table) -> dict[str, int]:
    """How many documents each corpus has of a table with SCHEMA's columns."""
    counts = pc.value_counts(table["corpus"].combine_chunks())
    return {count["values"]: count["counts"] for count in sorted(counts.to_pylist(), key=lambda count: count["values"])}


def clean_rows(table: pa.Table, clean: int) -> np.ndarray:
    """Where the `clean` documents of a piece that were not taken out stand in it (int64)."""
    rows = table["row"].to_numpy()
    return np.setdiff1d(np.arange(clean + len(rows)), rows, assume_unique=True)
