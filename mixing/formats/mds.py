"""MosaicML's streaming shards (MDS version 2) with columns `id` and `tokens`, or of packed sequences `lengths` and `tokens`.
`index.json` of a stage lists its shards in order; it is written when all are there."""

import json
from collections.abc import Iterable
from contextlib import ExitStack

import numpy as np

from algok.mixing.formats.writer import Documents, SequenceWriter, Target
from algok.mixing.pack import Sequences
from algok.pipelines.storage import Committed

_LIMIT = 1 << 26  # bytes of a shard, as MosaicML's own writer
_SHAPES = (("<u1", 8), ("<u2", 16), ("<u4", 32))


class MDS(SequenceWriter):
    folder = "mds"

    def __init__(self, stack: ExitStack, target: Target):
        super().__init__(stack, target)
        self._samples: list[bytes] = []
        self._size = 0
        self._type = target.tokenizer.width.newbyteorder("<")

    def append(self, documents: Documents) -> None:
        tokens = documents.tokens.astype(self._type)
        ends = np.cumsum(documents.lengths)
        for key, end, length in zip(documents.table["id"].to_pylist(), ends.tolist(), documents.lengths.tolist()):
            self._append(_sample(key.encode(), _array(tokens[end - length : end])))

    def append_sequences(self, sequences: Sequences) -> None:
        tokens = sequences.tokens.astype(self._type).reshape(-1, sequences.length)
        lengths = np.split(sequences.lengths.astype("<i4"), sequences.offsets[1:-1])
        for own, row in zip(lengths, tokens, strict=True):
            self._append(_sample(_array(own), _array(row)))

    def _append(self, sample: bytes) -> None:
        if self._samples and self._size + len(sample) > _LIMIT:
            self._flush()
        self._samples.append(sample)
        self._size += len(sample) + 4

    def close(self) -> None:
        if self._samples:
            self._flush()

    def _flush(self) -> None:
        config = json.dumps(config_of(self._type, self.target.packed), sort_keys=True).encode()
        sizes = np.array([0, *map(len, self._samples)], np.int64)
        offsets = np.cumsum(sizes) + 4 + 4 * len(sizes) + len(config)
        with self.open(f"{self.target.stage}/shard.{self.target.number:05d}.{len(self.files):05d}.mds") as file:
            file.write(np.array([len(self._samples)], "<u4").tobytes() + offsets.astype("<u4").tobytes() + config)
            file.writelines(self._samples)
        self.files[-1].rows = len(self._samples)
        self._samples, self._size = [], 0


def _sample(*columns: bytes) -> bytes:
    """Sizes of the variable columns, then the columns in the order of their names."""
    return np.array([len(column) for column in columns], "<u4").tobytes() + b"".join(columns)


def _array(values: np.ndarray) -> bytes:
    """Values in one dimension as MDS encodes them: the number of dimensions with the width of a size, the size, the values."""
    shape, code = next((dtype, index) for index, (dtype, bits) in enumerate(_SHAPES) if len(values) < 1 << bits)
    return bytes([1 << 2 | code]) + np.array([len(values)], shape).tobytes() + values.tobytes()


def config_of(type_: np.dtype, packed: bool) -> dict:
    """What MDS says of every shard."""
    tokens = f"ndarray:{type_.name}"
    return {
        "column_encodings": ["ndarray:int32", tokens] if packed else ["str", tokens],
        "column_names": ["lengths" if packed else "id", "tokens"],
        "column_sizes": [None, None],
        "compression": None,
        "format": "mds",
        "hashes": [],
        "size_limit": _LIMIT,
        "version": 2,
    }


def index(files: Iterable[Committed], type_: np.dtype, packed: bool) -> bytes:
    """The `index.json` of a stage, from its shards in order."""
    shards = [
        {
            **config_of(type_, packed),
            "raw_data": {"basename": file.path.rpartition("/")[2], "bytes": file.bytes, "hashes": {}},
            "samples": file.rows,
            "zip_data": None,
        }
        for file in files
    ]
    return json.dumps({"shards": shards, "version": 2}, sort_keys=True).encode()
