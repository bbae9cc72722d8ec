"""The ledger of an output shard: a row per document in order, without text. It is always written.

It says where every copy lies and why it is there, maps tokens to documents, and is what `verify` adds up.
"""

from contextlib import ExitStack

import numpy as np
import pyarrow as pa

from algok.mixing.formats.writer import Documents, Target, Writer
from algok.pipelines.recipe import OutputOptions
from algok.pipelines.sinks import ParquetSink

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("corpus", pa.dictionary(pa.int32(), pa.string())),
        ("cell", pa.dictionary(pa.int32(), pa.string())),
        ("draw", pa.dictionary(pa.int32(), pa.string())),
        ("copy", pa.int32()),  # how often the document came before, by the same kind of draw
        ("tokens", pa.int64()),
        ("start", pa.int64()),  # tokens of the shard before this document
    ]
)


def cell_name(labels: dict[str, str]) -> str:
    """A cell as tables and ledgers name it."""
    return " & ".join(f"{column}={label}" for column, label in labels.items())


class Ledger(Writer):
    folder = "order"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._sink = ParquetSink(
            stack, target.store, f"{self.folder}/{target.name}.parquet", SCHEMA, OutputOptions(), always=True
        )
        self._start = 0
        self._columns = {
            "corpus": [labels["corpus"] for labels in target.cells],
            "cell": [cell_name(labels) for labels in target.cells],
            "draw": target.draws,
        }

    def append(self, documents: Documents) -> None:
        tracks, ends = documents.table["track"], np.cumsum(documents.lengths)
        columns = {
            name: pa.DictionaryArray.from_arrays(tracks, pa.array(values, pa.string()))
            for name, values in self._columns.items()
        }
        columns |= {name: documents.table[name].cast(SCHEMA.field(name).type) for name in ("id", "copy", "tokens")}
        columns["start"] = pa.array(self._start + ends - documents.lengths)
        self._sink.append(pa.RecordBatch.from_arrays([columns[name] for name in SCHEMA.names], schema=SCHEMA))
        self._start += int(ends[-1])

    def close(self) -> None:
        self._sink.close()
        self.files = self._sink.files
