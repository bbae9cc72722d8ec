"""nanotron's (datatrove's) tokenised folder: `.ds` tokens, `.ds.index` ends of documents, `.ds.metadata`. A stage is a folder."""

from contextlib import ExitStack

import numpy as np

from algok.mixing.formats.writer import Documents, SequenceWriter, Target
from algok.mixing.pack import Sequences


class Nanotron(SequenceWriter):
    folder = "nanotron"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._type = target.tokenizer.width.newbyteorder("<")
        name = f"{target.stage}/{target.number:05d}_{target.stage}.ds"
        self._tokens, self._index, self._metadata = (self.open(name + end) for end in ("", ".index", ".metadata"))
        self._total = 0

    def append(self, documents: Documents) -> None:
        self._tokens.write(documents.tokens.astype(self._type).tobytes())
        ends = self._total + np.cumsum(documents.lengths)
        self._index.write(ends.astype("<u8").tobytes())
        self._total = int(ends[-1])

    def append_sequences(self, sequences: Sequences) -> None:
        """Documents end where pieces end, and padding ends with its sequence, so that it is a document of its own."""
        self._tokens.write(sequences.tokens.astype(self._type).tobytes())
        bounds = (self._total // sequences.length + np.arange(1, sequences.count + 1)) * sequences.length
        ends = np.union1d(sequences.starts + sequences.lengths, bounds)
        self._index.write(ends.astype("<u8").tobytes())
        self._total += len(sequences.tokens)

    def close(self) -> None:
        lines = [f"{self.target.tokenizer.name}|{self._type.itemsize}", str(self._total), f"{self._total / 1e9:.3g} GT"]
        self._metadata.write("\n".join(lines).encode())
        for file in (self._tokens, self._index, self._metadata):
            file.close()
