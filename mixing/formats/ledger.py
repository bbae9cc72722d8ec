"""The ledger of an output shard: a row per document in order, without text. It is always written.

Where a mix is packed it has a row per piece, in the order of the sequences: a document that was split has several.

It says where every copy lies and why it is there, maps tokens to documents, and is what `verify` adds up.
"""

from contextlib import ExitStack

import numpy as np
import pyarrow as pa

from algok.mixing.formats.writer import Documents, SequenceWriter, Target
from algok.mixing.pack import Sequences
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
PACKED = pa.schema(
    [
        *SCHEMA,  # tokens: of the piece; start: with the padding of the sequences before
        ("sequence", pa.int64()),
        ("part", pa.int32()),  # which part of its document this is, from 0
        ("parts", pa.int32()),  # how many its document has; 1 where it is whole
    ]
)


def cell_name(labels: dict[str, str]) -> str:
    """A cell as tables and ledgers name it."""
    return " & ".join(f"{column}={label}" for column, label in labels.items())


class Ledger(SequenceWriter):
    folder = "order"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._schema = PACKED if target.packed else SCHEMA
        self._sink = ParquetSink(
            stack, target.store, f"{self.folder}/{target.name}.parquet", self._schema, OutputOptions(), always=True
        )
        self._start = 0
        self._columns = {
            "corpus": [labels["corpus"] for labels in target.cells],
            "cell": [cell_name(labels) for labels in target.cells],
            "draw": target.draws,
        }

    def append(self, documents: Documents) -> None:
        ends = np.cumsum(documents.lengths)
        starts = self._start + ends - documents.lengths
        self._append(documents.table, tokens=documents.lengths, start=starts)
        self._start += int(ends[-1])

    def append_sequences(self, sequences: Sequences) -> None:
        self._append(
            sequences.pieces,
            tokens=sequences.lengths,
            start=sequences.starts,
            sequence=sequences.numbers,
            part=sequences.part,
            parts=sequences.parts,
        )

    def _append(self, rows: pa.RecordBatch, **numbers: np.ndarray) -> None:
        columns: dict[str, pa.Array] = {
            name: pa.DictionaryArray.from_arrays(rows["track"], pa.array(values, pa.string()))
            for name, values in self._columns.items()
        }
        columns |= {name: rows[name].cast(self._schema.field(name).type) for name in ("id", "copy")}
        columns |= {name: pa.array(values, self._schema.field(name).type) for name, values in numbers.items()}
        names = self._schema.names
        self._sink.append(pa.RecordBatch.from_arrays([columns[name] for name in names], schema=self._schema))

    def close(self) -> None:
        self._sink.close()
        self.files = self._sink.files
