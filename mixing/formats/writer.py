"""What every format gets: documents in order, and their tokens where it asks for them."""

from abc import ABC, abstractmethod
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from typing import IO, ClassVar

import numpy as np
import pyarrow as pa

from algok.errors import InputError
from algok.mixing.pack import Sequences
from algok.mixing.tokenizers import TrainingTokenizer
from algok.pipelines.storage import Committed, Store


@dataclass(frozen=True)
class Target:
    """An output shard: where it goes, its stage and number, and what its rows mean."""

    store: Store
    stage: str
    number: int
    shards: int
    tokenizer: TrainingTokenizer
    labels: list[str]  # columns that the cells have beside those of a document
    cells: list[dict[str, str]]  # by track: the labels of its cell
    draws: list[str]  # by track: fresh, seen, unseen or any
    packed: bool = False  # whether formats with tokens have sequences of one length

    @property
    def name(self) -> str:
        """Stage and shard, as a file's stem."""
        return f"{self.stage}-{self.number:05d}-of-{self.shards:05d}"


class Documents:
    """Some documents of an output shard, in order."""

    def __init__(self, table: pa.RecordBatch, tokenizer: TrainingTokenizer):
        self.table, self._tokenizer = table, tokenizer
        self.lengths = table["tokens"].to_numpy().astype(np.int64)

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def tokens(self) -> np.ndarray:
        """All their tokens (int32), each document with its end of text.

        Raises InputError where a document has other tokens than were planned.
        """
        flat, offsets = self._tokenizer.ids(self.table["text"])
        counted = np.diff(offsets)
        wrong = np.flatnonzero(counted != self.lengths)
        if wrong.size:
            key, had, planned = self.table["id"][wrong[0]].as_py(), counted[wrong[0]], self.lengths[wrong[0]]
            raise InputError(
                f"document {key} has {had} tokens, {planned} were planned: its corpus changed or counts otherwise"
            )
        return flat


class Writer(ABC):
    """Writes one output shard in one format. Files are committed when the stack closes."""

    folder: ClassVar[str]

    def __init__(self, stack: ExitStack, target: Target):
        self.stack, self.target = stack, target
        self.files: list[Committed] = []

    @abstractmethod
    def append(self, documents: Documents) -> None: ...

    @abstractmethod
    def close(self) -> None:
        """Writes what is pending; called once, before the stack closes."""

    def open(self, name: str) -> IO[bytes]:
        """A new file below the mix's directory, for writing."""
        path, committed = self.stack.enter_context(self.target.store.write(f"{self.folder}/{name}"))
        self.files.append(committed)
        return self.stack.enter_context(open(path, "wb"))


class SequenceWriter(Writer):
    """A format that, in a mix that is packed, gets sequences and no documents."""

    @abstractmethod
    def append_sequences(self, sequences: Sequences) -> None: ...
