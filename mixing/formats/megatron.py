"""Megatron-LM's indexed dataset: `.bin` has the tokens, `.idx` where every document lies. A document is a sequence, and so is
each sequence of a mix that is packed."""

from contextlib import ExitStack

import numpy as np

from algok.mixing.formats.writer import Documents, SequenceWriter, Target
from algok.mixing.pack import Sequences

_MAGIC = b"MMIDIDX\x00\x00"
_VERSION = 1
_CODES = {"uint16": 8, "int32": 4}
_SMALL = 65_500  # vocabularies below this are stored in 16 bits, as Megatron's own tool decides


class Megatron(SequenceWriter):
    folder = "megatron"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._type = np.dtype("<u2" if target.tokenizer.size < _SMALL else "<i4")
        self._bin, self._idx = self.open(f"{target.name}.bin"), self.open(f"{target.name}.idx")
        self._lengths: list[np.ndarray] = []

    def append(self, documents: Documents) -> None:
        self._bin.write(documents.tokens.astype(self._type).tobytes())
        self._lengths.append(documents.lengths)

    def append_sequences(self, sequences: Sequences) -> None:
        self._bin.write(sequences.tokens.astype(self._type).tobytes())
        self._lengths.append(np.full(sequences.count, sequences.length, np.int64))

    def close(self) -> None:
        lengths = np.concatenate([np.zeros(0, np.int64), *self._lengths])
        starts = (np.cumsum(lengths) - lengths) * self._type.itemsize
        self._idx.write(_MAGIC + np.array([_VERSION], "<u8").tobytes() + bytes([_CODES[self._type.name]]))
        self._idx.write(np.array([len(lengths), len(lengths) + 1], "<u8").tobytes())
        self._idx.write(lengths.astype("<i4").tobytes() + starts.astype("<i8").tobytes())
        self._idx.write(np.arange(len(lengths) + 1, dtype="<i8").tobytes())
        self._bin.close()
        self._idx.close()
