"""Dolma's memory-mapped tokens, as OLMo-core reads them: a raw array (no header, whatever its name says), and beside it
where every document begins and ends."""

import csv
import gzip
import io
from contextlib import ExitStack

import numpy as np

from algok.mixing.formats.writer import Documents, Target, Writer


class Dolma(Writer):
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
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        keys = documents.table["id"].to_pylist()
        for end, length, key in zip(ends.tolist(), documents.lengths.tolist(), keys):
            rows.writerow([end - length, end, key, self.target.name, self._rows])
            self._rows += 1
        self._table.write(text.getvalue().encode())
        self._start = int(ends[-1])

    def close(self) -> None:
        self._tokens.close()
        self._table.close()
