"""Dolma's memory-mapped tokens, as OLMo-core reads them: a raw array (no header, whatever its name says), and beside it
where every document begins and ends."""

import csv
import gzip
import io
from contextlib import ExitStack

import numpy as np

from algok.mixing.formats.writer import Documents, SequenceWriter, Target
from algok.mixing.pack import Sequences


class Dolma(SequenceWriter):
    folder = "dolma"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._type = target.tokenizer.width.newbyteorder("<")
        self._tokens = self.open(f"{target.name}.npy")
        # No time and no name in the header, so that the same mix has the same bytes.
        self._table = gzip.GzipFile(fileobj=self.open(f"{target.name}.csv.gz"), mode="wb", mtime=0, filename="")
        self._start = self._rows = 0

    def append(self, documents: Documents) -> None:
        self._tokens.write(documents.tokens.astype(self._type).tobytes())
        ends = self._start + np.cumsum(documents.lengths)
        self._append_rows(documents.table["id"].to_pylist(), ends - documents.lengths, ends)
        self._start = int(ends[-1])

    def append_sequences(self, sequences: Sequences) -> None:
        """A row per piece: a document that was split has several, padding has none."""
        self._tokens.write(sequences.tokens.astype(self._type).tobytes())
        ends = sequences.starts + sequences.lengths
        self._append_rows(sequences.pieces["id"].to_pylist(), sequences.starts, ends)

    def _append_rows(self, keys: list[str], starts: np.ndarray, ends: np.ndarray) -> None:
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        for key, start, end in zip(keys, starts.tolist(), ends.tolist()):
            rows.writerow([start, end, key, self.target.name, self._rows])
            self._rows += 1
        self._table.write(text.getvalue().encode())

    def close(self) -> None:
        self._tokens.close()
        self._table.close()
