"""Every format, read back by readers that were written from the layouts alone, has the documents and tokens of the others."""

import csv
import gzip
import json
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from corpora import documents, run_mix, write_corpus
from hypothesis import given
from hypothesis import strategies as st

from algok.mixing.formats.mds import _array, _sample
from algok.mixing.recipe import TokenizerOptions
from algok.mixing.tokenizers import of_options

STAGE, SHARDS = "first", 2
NAMES = [f"{STAGE}-{number:05d}-of-{SHARDS:05d}" for number in range(SHARDS)]


@pytest.fixture(scope="module")
def output(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("formats")
    run_mix(
        {"web": write_corpus(folder / "c", documents(200))},
        folder / "mix",
        write=["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"],
    )
    return folder / "mix"


@pytest.fixture(scope="module")
def expected(output) -> list[tuple[str, list[int]]]:
    """Id and tokens of every document of the stage in order, from its text."""
    tokenizer = of_options(TokenizerOptions())
    found = []
    for name in NAMES:
        table = pq.read_table(output / "parquet" / f"{name}.parquet")
        flat, offsets = tokenizer.ids(table["text"].combine_chunks())
        found += [(key, flat[a:b].tolist()) for key, a, b in zip(table["id"].to_pylist(), offsets, offsets[1:])]
    assert all(tokens[-1] == tokenizer.end and tokenizer.end not in tokens[:-1] for _, tokens in found)
    return found


def tokens_of(expected) -> list[list[int]]:
    return [tokens for _, tokens in expected]


def test_token_tables_have_the_tokens(output, expected):
    read = []
    for name in NAMES:
        table = pq.read_table(output / "tokens" / f"{name}.parquet")
        read += list(zip(table["id"].to_pylist(), table["input_ids"].to_pylist()))
    assert read == expected


def read_megatron(path: Path) -> list[list[int]]:
    data = path.with_suffix(".idx").read_bytes()
    assert data[:9] == b"MMIDIDX\x00\x00"
    version, code, sequences, documents = struct.unpack_from("<QBQQ", data, 9)
    assert version == 1 and documents == sequences + 1
    dtype = {8: np.uint16, 4: np.int32}[code]
    lengths = np.frombuffer(data, np.int32, sequences, 34)
    pointers = np.frombuffer(data, np.int64, sequences, 34 + 4 * sequences)
    ends = np.frombuffer(data, np.int64, documents, 34 + 12 * sequences)
    assert len(data) == 34 + 12 * sequences + 8 * documents and ends.tolist() == list(range(documents))
    raw = path.with_suffix(".bin").read_bytes()
    return [np.frombuffer(raw, dtype, length, pointer).tolist() for length, pointer in zip(lengths, pointers)]


def test_megatron_has_the_tokens(output, expected):
    assert [doc for name in NAMES for doc in read_megatron(output / "megatron" / f"{name}.bin")] == tokens_of(expected)


def test_dolma_has_the_tokens_and_says_where_documents_are(output, expected):
    read = []
    for name in NAMES:
        array = np.memmap(output / "dolma" / f"{name}.npy", np.uint16, mode="r")
        with gzip.open(output / "dolma" / f"{name}.csv.gz", "rt") as file:
            rows = list(csv.reader(file))
        assert [int(row[0]) for row in rows[1:]] == [int(row[1]) for row in rows[:-1]] and int(rows[-1][1]) == len(
            array
        )
        assert [int(row[4]) for row in rows] == list(range(len(rows))) and {row[3] for row in rows} == {name}
        read += [(row[2], array[int(row[0]) : int(row[1])].tolist()) for row in rows]
    assert read == expected


def read_mds(folder: Path) -> list[tuple[str, list[int]]]:
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    read = []
    for shard in index["shards"]:
        data = (folder / shard["raw_data"]["basename"]).read_bytes()
        assert len(data) == shard["raw_data"]["bytes"] and shard["column_names"] == ["id", "tokens"]
        count = struct.unpack_from("<I", data)[0]
        offsets = struct.unpack_from(f"<{count + 1}I", data, 4)
        assert count == shard["samples"] and offsets[-1] == len(data)
        assert json.loads(data[4 + 4 * (count + 1) : offsets[0]])["column_encodings"] == shard["column_encodings"]
        read += [
            read_sample(data[begin:end], shard["column_encodings"][1].partition(":")[2])
            for begin, end in pairwise(offsets)
        ]
    return read


def read_sample(data: bytes, dtype: str) -> tuple[str, list[int]]:
    first, second = struct.unpack_from("<2I", data)
    array = data[8 + first : 8 + first + second]
    assert array[0] >> 2 == 1
    width = 1 << (array[0] & 3)
    length = int.from_bytes(array[1 : 1 + width], "little")
    tokens = np.frombuffer(array, dtype, length, 1 + width)
    assert 1 + width + tokens.nbytes == len(array) and 8 + first + second == len(data)
    return data[8 : 8 + first].decode(), tokens.tolist()


def test_mds_has_the_tokens(output, expected):
    assert read_mds(output / "mds" / STAGE) == expected


@given(st.text(max_size=40), st.integers(1, 70_000))
def test_an_mds_sample_reads_back_whatever_its_length(key, length):
    tokens = np.arange(length, dtype=np.uint32).astype("<u2")
    encodable = key.encode("utf-8", "replace").decode()
    assert read_sample(_sample(encodable.encode(), _array(tokens)), "uint16") == (encodable, tokens.tolist())


def test_nanotron_has_the_tokens_and_the_ends_of_documents(output, expected):
    read = []
    for number in range(SHARDS):
        path = output / "nanotron" / STAGE / f"{number:05d}_{STAGE}.ds"
        tokens, ends = np.fromfile(path, np.uint16), np.fromfile(f"{path}.index", np.uint64).astype(int)
        name, total, human = Path(f"{path}.metadata").read_text().split("\n")
        assert name.endswith("|2") and int(total) == len(tokens) == ends[-1] and human.endswith("GT")
        read += [tokens[a:b].tolist() for a, b in zip([0, *ends[:-1]], ends)]
    assert read == tokens_of(expected)


def test_hugging_face_streams_the_texts_in_order(output, expected):
    datasets = pytest.importorskip("datasets")
    files = [str(output / "parquet" / f"{name}.parquet") for name in NAMES]
    stream = datasets.load_dataset("parquet", data_files=files, split="train", streaming=True)
    assert [row["id"] for row in stream] == [key for key, _ in expected]


def test_a_large_vocabulary_takes_wider_integers(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    words = {f"w{number}": number for number in range(70_000)} | {"[UNK]": 70_000, "<eos>": 70_001}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    made.save(str(tmp_path / "tokenizer.json"))
    rows = [{"id": f"{k}", "text": f"w{k} w{69_999 - k} other"} for k in range(40)]
    options = {"tokenizer": {"file": str(tmp_path / "tokenizer.json")}, "stages": [{"name": "first", "tokens": 80}]}
    write = ["parquet", "megatron", "dolma", "mds", "nanotron"]
    run_mix({"web": write_corpus(tmp_path / "c", rows)}, tmp_path / "mix", write=write, shards=1, **options)
    name = "first-00000-of-00001"
    ids = [int(key) for key in pq.read_table(tmp_path / "mix" / "parquet" / f"{name}.parquet")["id"].to_pylist()]
    expected = [[k, 69_999 - k, 70_000, 70_001] for k in ids]
    assert read_megatron(tmp_path / "mix" / "megatron" / f"{name}.bin") == expected
    assert (
        np.fromfile(tmp_path / "mix" / "dolma" / f"{name}.npy", np.uint32).tolist()
        == np.array(expected).ravel().tolist()
    )
    assert [tokens for _, tokens in read_mds(tmp_path / "mix" / "mds" / "first")] == expected
