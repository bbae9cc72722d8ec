"""MosaicML's streaming shards (MDS version 2) with columns `id` and `tokens`. `index.json` of a stage lists its shards in
order; it is written when all are there."""

import json
from collections.abc import Iterable
from contextlib import ExitStack

import numpy as np

from algok.mixing.formats.writer import Documents, Target, Writer
from algok.pipelines.storage import Committed

_LIMIT = 1 << 26  # bytes of a shard, as MosaicML's own writer
_SHAPES = (("<u1", 8), ("<u2", 16), ("<u4", 32))


class MDS(Writer):
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
            sample = _sample(key, tokens[end - length : end])
            if self._samples and self._size + len(sample) > _LIMIT:
                self._flush()
            self._samples.append(sample)
            self._size += len(sample) + 4

    def close(self) -> None:
        if self._samples:
            self._flush()

    def _flush(self) -> None:
        config = json.dumps(config_of(self._type), sort_keys=True).encode()
        sizes = np.array([0, *map(len, self._samples)], np.int64)
        offsets = np.cumsum(sizes) + 4 + 4 * len(sizes) + len(config)
        with self.open(f"{self.target.stage}/shard.{self.target.number:05d}.{len(self.files):05d}.mds") as file:
            file.write(np.array([len(self._samples)], "<u4").tobytes() + offsets.astype("<u4").tobytes() + config)
            file.writelines(self._samples)
        self.files[-1].rows = len(self._samples)
        self._samples, self._size = [], 0


def _sample(key: str, tokens: np.ndarray) -> bytes:
    """Sizes of the variable columns, then the columns in the order of their names."""
    shape, code = next((dtype, index) for index, (dtype, bits) in enumerate(_SHAPES) if len(tokens) < 1 << bits)
    name = key.encode()
    array = bytes([1 << 2 | code]) + np.array([len(tokens)], shape).tobytes() + tokens.tobytes()
    return np.array([len(name), len(array)], "<u4").tobytes() + name + array


def config_of(type_: np.dtype) -> dict:
    """What MDS says of every shard."""
    return {
        "column_encodings": ["str", f"ndarray:{type_.name}"],
        "column_names": ["id", "tokens"],
        "column_sizes": [None, None],
        "compression": None,
        "format": "mds",
        "hashes": [],
        "size_limit": _LIMIT,
        "version": 2,
    }


def index(files: Iterable[Committed], type_: np.dtype) -> bytes:
    """The `index.json` of a stage, from its shards in order."""
    shards = [
        {
            **config_of(type_),
            "raw_data": {"basename": file.path.rpartition("/")[2], "bytes": file.bytes, "hashes": {}},
            "samples": file.rows,
            "zip_data": None,
        }
        for file in files
    ]
    return json.dumps({"shards": shards, "version": 2}, sort_keys=True).encode()
