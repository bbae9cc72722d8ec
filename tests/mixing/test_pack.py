"""Packed sequences: nothing lost, nothing cut that fits, and every format has the same."""

import csv
import gzip
import shutil
from collections import defaultdict

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from corpora import bytes_of, documents, mix_of, run_mix, write_corpus
from hypothesis import given
from hypothesis import strategies as st
from test_formats import read_megatron

from algok.errors import RecipeError
from algok.mixing.account import MixDirectory, _check_packed, verify_mix
from algok.mixing.pack import pack
from algok.mixing.recipe import TokenizerOptions, mix_from_text
from algok.mixing.tokenizers import of_options

LENGTH = 48
PACK = {"length": LENGTH, "window": 1000}
WRITE = ["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"]

streams = st.lists(st.integers(1, 90), max_size=80)


@given(streams, st.integers(2, 40), st.integers(40, 500))
def test_every_token_lies_in_one_sequence_and_only_the_longer_are_split(lengths, length, window):
    found = pack(np.array(lengths, np.int64), length, window)
    pieces = defaultdict(list)
    for document, part, size in zip(found.documents.tolist(), found.parts.tolist(), found.sizes.tolist()):
        pieces[document].append((part, size))
    assert sorted(pieces) == list(range(len(lengths)))
    for document, rows in pieces.items():
        rows.sort()
        assert [part for part, _ in rows] == list(range(-(-lengths[document] // length)))
        assert all(size == length for _, size in rows[:-1]) and sum(size for _, size in rows) == lengths[document]


@given(streams, st.integers(2, 40), st.integers(40, 500))
def test_pieces_stand_one_after_the_other_in_their_sequences(lengths, length, window):
    found = pack(np.array(lengths, np.int64), length, window)
    assert sorted(set(found.sequences.tolist())) == list(range(found.count))
    for number in range(found.count):
        own = found.sequences == number
        ends = np.cumsum(found.sizes[own])
        assert (found.starts[own] == number * length + ends - found.sizes[own]).all() and ends[-1] <= length
        assert (np.diff(found.documents[own]) > 0).all()


@given(streams, st.integers(40, 500))
def test_a_window_is_packed_as_if_it_were_alone(lengths, window):
    lengths = np.array(lengths, np.int64)
    whole, count = pack(lengths, 40, window), 0
    windows = (np.cumsum(lengths) - lengths) // window
    for number in np.unique(windows):
        own = np.flatnonzero(windows == number)
        alone = pack(lengths[own], 40, 10**9)
        here = np.isin(whole.documents, own)
        assert (whole.sequences[here] - count == alone.sequences).all()
        assert (whole.documents[here] == own[alone.documents]).all()
        count += alone.count
    assert count == whole.count


def test_best_fit_leaves_hardly_any_padding():
    lengths = np.minimum(np.random.default_rng(0).lognormal(6, 1, 20_000), 4096).astype(np.int64) + 1
    found = pack(lengths, 4097, 1 << 22)
    assert 1 - lengths.sum() / (found.count * 4097) < 2e-3


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    corpus = write_corpus(folder / "corpus", documents(200))
    run_mix({"web": corpus}, folder / "mix", write=WRITE, pack=PACK)
    return folder / "mix"


@pytest.fixture(scope="module")
def sequences(output) -> list[list[int]]:
    """The sequences of the first stage, made from its texts and its ledger."""
    tokenizer, made = of_options(TokenizerOptions()), []
    for name, ledger in MixDirectory(str(output)).ledgers():
        if not name.startswith("first"):
            continue
        table = pq.read_table(output / "parquet" / f"{name}.parquet")
        flat, offsets = tokenizer.ids(table["text"].combine_chunks())
        keys = zip(table["id"].to_pylist(), table["copy"].to_pylist())
        texts = {key: flat[a:b] for key, a, b in zip(keys, offsets, offsets[1:])}
        tokens = np.full((ledger["sequence"][-1].as_py() + 1) * LENGTH, tokenizer.end)
        for row in ledger.to_pylist():
            own = texts[row["id"], row["copy"]][row["part"] * LENGTH :][: row["tokens"]]
            tokens[row["start"] : row["start"] + row["tokens"]] = own
        made += tokens.reshape(-1, LENGTH).tolist()
    return made


def names(output) -> list[str]:
    return [name for name, _ in MixDirectory(str(output)).ledgers() if name.startswith("first")]


def test_a_packed_mix_adds_up(output):
    assert verify_mix(MixDirectory(str(output))) == []
    parts = {row["parts"] for _, ledger in MixDirectory(str(output)).ledgers() for row in ledger.to_pylist()}
    assert 1 in parts and max(parts) > 1


def test_the_manifest_counts_padding_where_stages_begin(output):
    manifest, start = MixDirectory(str(output)).manifest, 0
    for stage in manifest["stages"]:
        assert stage["start"] == start
        for shard in stage["shards"]:
            assert shard["start"] == start and shard["tokens"] <= shard["sequences"] * LENGTH
            start += shard["sequences"] * LENGTH


def test_megatron_and_token_tables_have_the_sequences(output, sequences):
    assert [one for n in names(output) for one in read_megatron(output / "megatron" / f"{n}.bin")] == sequences
    tables = [pq.read_table(output / "tokens" / f"{name}.parquet") for name in names(output)]
    assert [one for table in tables for one in table["input_ids"].to_pylist()] == sequences
    for table, (_, ledger) in zip(tables, MixDirectory(str(output)).ledgers()):
        lengths, ids = table["lengths"].to_pylist(), table["ids"].to_pylist()
        assert [n for own in lengths for n in own] == ledger["tokens"].to_pylist()
        assert [key for own in ids for key in own] == ledger["id"].to_pylist()
        assert [len(own) for own in lengths] == np.bincount(ledger["sequence"].to_numpy()).tolist()


def test_mds_has_the_sequences(output, sequences):
    index, read = orjson.loads((output / "mds" / "first" / "index.json").read_bytes()), []
    for shard in index["shards"]:
        assert shard["column_names"] == ["lengths", "tokens"]
        data = (output / "mds" / "first" / shard["raw_data"]["basename"]).read_bytes()
        offsets = np.frombuffer(data, np.uint32, shard["samples"] + 1, 4)
        for begin in offsets[:-1].tolist():
            first, second = np.frombuffer(data, np.uint32, 2, begin).tolist()
            lengths = np.frombuffer(data, np.int32, (first - 2) // 4, begin + 8 + 2)
            assert lengths.sum() <= LENGTH and data[begin + 9] == len(lengths)
            read.append(np.frombuffer(data, np.uint16, LENGTH, begin + 8 + first + second - 2 * LENGTH).tolist())
    assert read == sequences


def test_dolma_and_nanotron_have_the_sequences_and_the_ends_of_documents(output, sequences):
    flat, number = np.concatenate(sequences).tolist(), 0
    raw = [np.fromfile(output / "dolma" / f"{name}.npy", np.uint16) for name in names(output)]
    assert np.concatenate(raw).tolist() == flat
    ledgers = dict(MixDirectory(str(output)).ledgers())
    for number, name in enumerate(names(output)):
        ledger = ledgers[name]
        starts, tokens = ledger["start"].to_numpy(), ledger["tokens"].to_numpy()
        with gzip.open(output / "dolma" / f"{name}.csv.gz", "rt") as file:
            rows = [[int(row[0]), int(row[1]), row[2]] for row in csv.reader(file)]
        assert rows == [[a, b, key] for a, b, key in zip(starts, starts + tokens, ledger["id"].to_pylist())]
        path = output / "nanotron" / "first" / f"{number:05d}_first.ds"
        assert np.fromfile(path, np.uint16).tolist() == raw[number].tolist()
        ends = set(np.fromfile(f"{path}.index", np.uint64).tolist())
        assert ends == set((starts + tokens).tolist()) | set(range(LENGTH, len(raw[number]) + 1, LENGTH))


def test_packing_changes_no_document_and_does_not_depend_on_files(output, tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(200), 5)
    run_mix({"web": corpus}, tmp_path / "again", write=WRITE, pack=PACK, split_bytes=1 << 26)
    assert bytes_of(tmp_path / "again") == bytes_of(output)
    run_mix({"web": corpus}, tmp_path / "plain")
    packed, plain = (
        {n: h for n, h in bytes_of(x).items() if n.startswith("parquet/")} for x in (output, tmp_path / "plain")
    )
    assert packed == plain


def test_verify_sees_a_document_that_is_cut(output, tmp_path):
    shutil.copytree(output, tmp_path / "mix")
    directory = MixDirectory(str(tmp_path / "mix"))
    name, ledger = next(directory.ledgers())
    row = ledger["part"].to_pylist().index(1)
    changed = ledger.set_column(ledger.schema.get_field_index("parts"), "parts", [[1] * len(ledger)])
    assert row and _packed_problems(name, changed, directory)
    assert not _packed_problems(name, ledger, directory)


def _packed_problems(name, ledger, directory) -> list[str]:
    count = directory.manifest["stages"][0]["shards"][0]["sequences"]
    return _check_packed(name, ledger, count, LENGTH)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("pack: {length: 4096}", "texts are not packed"),
        ("pack: {length: 4096, window: 100}\nwrite: [megatron]", "smaller than a sequence"),
        ("pack: {length: 1}\nwrite: [megatron]", "greater than or equal to 2"),
    ],
)
def test_packs_that_cannot_be_are_refused_with_their_line(keys, message):
    text = f"corpora: {{web: {{path: x}}}}\nstages: [{{name: a, tokens: 5}}]\n{keys}\n"
    with pytest.raises(RecipeError, match=message) as caught:
        mix_from_text(text)
    assert "mix.yaml:3" in str(caught.value)


def test_a_packed_mix_is_another_mix(output):
    assert mix_of({"web": output}, write=WRITE, pack=PACK)[0].digest != mix_of({"web": output}, write=WRITE)[0].digest
