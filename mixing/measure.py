"""The one pass over the columns of a piece: what planning needs of every document, in 16 to 24 bytes.

No text is read, but where a corpus has no counts of the training's tokenizer: then its tokens are counted here; and where the
mix names an index of benchmarks: then the documents that have any of its items are left out here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from algok.errors import InputError
from algok.kernels.buffers import string_buffers
from algok.kernels.lines import hash_strings
from algok.mixing.contaminated import Screen
from algok.mixing.corpora import NONE, OpenCorpus, Piece, read_piece
from algok.mixing.recipe import CLUSTER
from algok.mixing.tokenizers import TrainingTokenizer

_TABLE = b"combinations"  # key of the schema's metadata


def place_salt(seed: int, corpus: str) -> np.uint64:
    """What makes the places of a corpus on the circles: other for every seed and corpus."""
    return np.uint64(xxhash.xxh3_64_intdigest(f"{seed}\0{corpus}".encode()))


def measure(
    piece: Piece,
    corpus: OpenCorpus,
    labels: list[str],
    signals: list[str],
    seed: int,
    tokenizer: TrainingTokenizer,
    screen: Screen | None = None,
    clusters: bool = False,
) -> pa.Table:
    """A row per document of the piece, in its order: number of its combination of labels, place, tokens, signals; and a hash of
    its cluster, or where it has none of its id, if asked for.

    With a screen, a row per document that is not contaminated. The combinations stand in the schema's metadata, sorted, with
    the documents and tokens of each. Raises InputError.
    """
    salt = place_salt(seed, corpus.name)
    wanted = {
        name: corpus.columns[name]
        for name in (*labels, *signals)
        if name in corpus.columns and name not in corpus.labels
    }
    extra = {
        "id": corpus.columns["id"],
        **({"tokens": corpus.columns["tokens"]} if corpus.counted else {"text": corpus.columns["text"]}),
    }
    cluster = corpus.columns.get(CLUSTER)
    copied = [cluster] if clusters and cluster else []
    screened = [screen.column] if screen else []
    columns = list(dict.fromkeys([*extra.values(), *wanted.values(), *copied, *screened]))
    coder = _Combinations(labels, corpus)
    places, tokens, codes = [], [], []
    keys: dict[str, list[np.ndarray]] = {name: [] for name in signals}
    for whole in read_piece(piece, columns, 65536 if corpus.counted and screen is None else 1024):
        batch = screen.clean(whole) if screen else whole
        try:
            places.append(hash_strings(*string_buffers(batch[extra["id"]].cast(pa.large_string())), salt))
        except ValueError:
            raise InputError(f"{piece.url}: a document has no id") from None
        tokens.append(_tokens(batch, extra, corpus, tokenizer, piece))
        codes.append(coder.codes(batch, wanted))
        if clusters:
            keys.setdefault(CLUSTER, []).append(_cluster_hashes(batch, extra["id"], cluster))
        for name in signals:
            keys[name].append(
                signal_keys(batch[wanted[name]]) if name in wanted else np.zeros(batch.num_rows, np.uint32)
            )
    return _as_table(coder, codes, places, tokens, keys)


def _cluster_hashes(batch: pa.RecordBatch, key: str, cluster: str | None) -> np.ndarray:
    names = batch[key].cast(pa.large_string())
    if cluster is not None:
        names = pc.coalesce(batch[cluster].cast(pa.large_string()), names)
    return hash_strings(*string_buffers(names), np.uint64(0))


def _tokens(
    batch: pa.RecordBatch, extra: dict[str, str], corpus: OpenCorpus, tokenizer: TrainingTokenizer, piece: Piece
):
    if corpus.counted:
        counts = batch[extra["tokens"]]
        if counts.null_count:
            raise InputError(f"{piece.url}: a document has no count of tokens")
        return counts.cast(pa.int64()).to_numpy() + corpus.ends
    return tokenizer.counts(pc.fill_null(batch[extra["text"]].cast(pa.large_string()), ""))


def signal_keys(values: pa.Array) -> np.ndarray:
    """Numbers (uint32) in the order of the signal's values as float32; 0 for null and NaN."""
    numbers = values.cast(pa.float32(), safe=False)
    missing = pc.fill_null(pc.is_null(numbers, nan_is_null=True), True).to_numpy(zero_copy_only=False)
    bits = pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False).astype(np.float32) + np.float32(0)  # -0 is 0
    bits = np.ascontiguousarray(bits).view(np.uint32)
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return np.where(missing, np.uint32(0), ordered).astype(np.uint32)


class _Combinations:
    """Numbers for combinations of labels in the order in which they first come."""

    def __init__(self, labels: list[str], corpus: OpenCorpus):
        self._labels, self._corpus = labels, corpus
        self._numbers: dict[tuple[str, ...], int] = {}

    def codes(self, batch: pa.RecordBatch, wanted: dict[str, str]) -> np.ndarray:
        code, values = np.zeros(batch.num_rows, np.int64), []
        for name in self._labels:
            numbers, found = self._column(batch, name, wanted)
            code = code * len(found) + numbers
            values.append(found)
        distinct, inverse = np.unique(code, return_inverse=True)
        known = np.array([self._number(int(c), values) for c in distinct], np.int32)
        return known[inverse.reshape(-1)] if len(known) else np.zeros(0, np.int32)

    def _column(self, batch: pa.RecordBatch, name: str, wanted: dict[str, str]) -> tuple[np.ndarray | int, list[str]]:
        if name == "corpus":
            return 0, [self._corpus.name]
        if name not in wanted:
            return 0, [self._corpus.labels.get(name, NONE)]
        encoded = pc.fill_null(batch[wanted[name]].cast(pa.string()), NONE).dictionary_encode()
        return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist() or [NONE]

    def _number(self, code: int, values: list[list[str]]) -> int:
        labels = []
        for found in reversed(values):
            code, at = divmod(code, len(found))
            labels.append(found[at])
        return self._numbers.setdefault(tuple(reversed(labels)), len(self._numbers))

    def sorted(self) -> tuple[list[tuple[str, ...]], np.ndarray]:
        """All combinations in order, and for every number given so far its place there."""
        ordered = sorted(self._numbers)
        places = np.zeros(len(ordered), np.int32)
        for index, labels in enumerate(ordered):
            places[self._numbers[labels]] = index
        return ordered, places


def _as_table(coder: _Combinations, codes: list, places: list, tokens: list, keys: dict[str, list]) -> pa.Table:
    ordered, renumbered = coder.sorted()
    code = renumbered[np.concatenate(codes)] if codes else np.zeros(0, np.int32)
    counts = np.concatenate(tokens) if tokens else np.zeros(0, np.int64)
    documents = np.bincount(code, minlength=len(ordered))
    sums = np.zeros(len(ordered), np.int64)
    np.add.at(sums, code, counts)
    table = [[*labels, int(d), int(t)] for labels, d, t in zip(ordered, documents, sums)]
    columns = {
        "combination": code,
        "place": np.concatenate(places) if places else np.zeros(0, np.uint64),
        "tokens": counts.astype(np.int32 if not len(counts) or counts.max() < 1 << 31 else np.int64),
        **{name: np.concatenate(parts) if parts else np.zeros(0, np.uint32) for name, parts in keys.items()},
    }
    made = pa.table(columns)
    return made.replace_schema_metadata({_TABLE: orjson.dumps(table)})


@dataclass(frozen=True)
class Combination:
    """Documents with the same labels in every column that the mix names."""

    labels: tuple[str, ...]
    documents: int
    tokens: int


def combinations(schema: pa.Schema) -> list[Combination]:
    return [Combination(tuple(row[:-2]), row[-2], row[-1]) for row in orjson.loads((schema.metadata or {})[_TABLE])]


@dataclass(frozen=True)
class Measured:
    """What planning knows of the documents of one piece, as arrays in their order."""

    combinations: np.ndarray
    places: np.ndarray
    tokens: np.ndarray
    signals: dict[str, np.ndarray]


def measured(table: pa.Table) -> Iterator[Measured]:
    """A measured table as arrays, batch by batch; small ones, so that what is computed from a batch stays in the cache."""
    for batch in table.to_batches(max_chunksize=1 << 16):
        arrays = {name: batch[name].to_numpy(zero_copy_only=False) for name in batch.schema.names}
        fixed = ("combination", "place", "tokens")
        signals = {name: array for name, array in arrays.items() if name not in fixed}
        yield Measured(arrays["combination"], arrays["place"], arrays["tokens"].astype(np.int64), signals)
