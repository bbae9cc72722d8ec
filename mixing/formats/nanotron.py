"""nanotron's (datatrove's) tokenised folder: `.ds` tokens, `.ds.index` ends of documents, `.ds.metadata`. A stage is a folder."""

from contextlib import ExitStack

import numpy as np

from algok.mixing.formats.writer import Documents, Target, Writer


class Nanotron(Writer):
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

    def close(self) -> None:
        lines = [f"{self.target.tokenizer.name}|{self._type.itemsize}", str(self._total), f"{self._total / 1e9:.3g} GT"]
        self._metadata.write("\n".join(lines).encode())
        for file in (self._tokens, self._index, self._metadata):
            file.close()
