"""Parquet in training order: with texts, as Hugging Face `datasets` streams it, or with the tokens of each document."""

from contextlib import ExitStack

import numpy as np
import pyarrow as pa

from algok.mixing.formats.writer import Documents, SequenceWriter, Target, Writer
from algok.mixing.pack import Sequences
from algok.pipelines.recipe import OutputOptions
from algok.pipelines.sinks import ParquetSink

CARRIED = ("url", "source", "date", "provenance", "meta")


class Texts(Writer):
    """`id`, `text`, the columns of a document, the labels that the mix names, `tokens`, `draw` and `copy`.

    Texts are never packed: they stand in the order of the stream.
    """

    folder = "parquet"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._labels = [name for name in target.labels if name not in CARRIED]
        labels = [(name, pa.string()) for name in self._labels]
        self._schema = pa.schema(
            [
                ("id", pa.string()),
                ("text", pa.large_string()),
                *((name, pa.string()) for name in CARRIED),
                *labels,
                ("tokens", pa.int32()),
                ("draw", pa.string()),
                ("copy", pa.int32()),
            ]
        )
        name = f"{self.folder}/{target.name}.parquet"
        self._sink = ParquetSink(stack, target.store, name, self._schema, OutputOptions(), always=True)

    def append(self, documents: Documents) -> None:
        table, tracks = documents.table, documents.table["track"]
        columns = {
            name: pa.array([cell[name] for cell in self.target.cells], pa.string()).take(tracks)
            for name in self._labels
        }
        columns["draw"] = pa.array(self.target.draws, pa.string()).take(tracks)
        for name in ("id", "text", *CARRIED, "tokens", "copy"):
            columns[name] = table[name].cast(self._schema.field(name).type)
        self._sink.append(
            pa.RecordBatch.from_arrays([columns[name] for name in self._schema.names], schema=self._schema)
        )

    def close(self) -> None:
        self._sink.close()
        self.files = self._sink.files


class TokenTable(SequenceWriter):
    """`id` and `input_ids`, a document per row, the end of text included; of packed sequences `input_ids`, and the `lengths` and
    `ids` of their documents. What lies beyond the sum of the lengths is padding."""

    folder = "tokens"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._type = pa.from_numpy_dtype(target.tokenizer.width)
        tokens = ("input_ids", pa.large_list(self._type))
        packed = [tokens, ("lengths", pa.list_(pa.int32())), ("ids", pa.list_(pa.string()))]
        self._schema = pa.schema(packed if target.packed else [("id", pa.string()), tokens])
        name = f"{self.folder}/{target.name}.parquet"
        self._sink = ParquetSink(stack, target.store, name, self._schema, OutputOptions(), always=True)

    def append(self, documents: Documents) -> None:
        offsets = np.concatenate([[0], np.cumsum(documents.lengths)])
        ids = documents.table["id"].cast(pa.string())
        lists = self._lists(offsets, documents.tokens)
        self._sink.append(pa.RecordBatch.from_arrays([ids, lists], schema=self._schema))

    def append_sequences(self, sequences: Sequences) -> None:
        offsets = pa.array(sequences.offsets, pa.int32())
        columns = [
            self._lists(np.arange(sequences.count + 1) * sequences.length, sequences.tokens),
            pa.ListArray.from_arrays(offsets, pa.array(sequences.lengths, pa.int32())),
            pa.ListArray.from_arrays(offsets, sequences.pieces["id"].cast(pa.string())),
        ]
        self._sink.append(pa.RecordBatch.from_arrays(columns, schema=self._schema))

    def _lists(self, offsets: np.ndarray, tokens: np.ndarray) -> pa.LargeListArray:
        flat = pa.array(tokens.astype(self.target.tokenizer.width))
        return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), flat)

    def close(self) -> None:
        self._sink.close()
        self.files = self._sink.files
