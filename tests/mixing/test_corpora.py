"""Which corpora a mix takes, whose counts it trusts, and what it refuses before any document is read."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl
from corpora import documents, mix_of, run_mix, write_corpus

from algok.errors import InputError, ModelError, RecipeError
from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.corpora import open_inputs
from algok.mixing.measure import combinations, measure
from algok.mixing.recipe import TokenizerOptions
from algok.mixing.tokenizers import of_options
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute

STAGES = [{"name": "only", "tokens": 900}]


def run(folder, steps: str, mode: str = "filter"):
    write_jsonl(folder / "in.jsonl", [{"text": prose(k), "url": f"https://a.example.com/{k}"} for k in range(9)])
    recipe = recipe_from_text(
        f"mode: {mode}\ninputs: [{{path: {folder / 'in.jsonl'}, source: news}}]\nsteps: {steps}\n"
    )
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return {"web": {"run": str(folder / "run")}}


def opened(places: dict, **keys):
    mix, source = mix_of({}, places, stages=STAGES, **keys)
    return open_inputs(mix, source)


def test_a_runs_counts_are_used_when_the_same_tokenizer_made_them_last(tmp_path):
    places = run(tmp_path, "{repair: {}, tokens: {}}")
    assert opened(places).corpora["web"].counted
    run_mix({}, tmp_path / "mix", places=places, stages=STAGES, write=["parquet", "tokens"], cells=["source"])
    assert verify_mix(MixDirectory(str(tmp_path / "mix"))) == []


@pytest.mark.parametrize("steps", ["{repair: {}}", "{tokens: {}, repair: {}}"])
def test_they_are_counted_again_where_there_are_none_or_the_text_was_edited_afterwards(tmp_path, steps):
    assert not opened(run(tmp_path, steps)).corpora["web"].counted


def test_counts_of_another_tokenizer_are_not_used(tmp_path):
    other = tmp_path / "other.json"
    tokenizers = pytest.importorskip("tokenizers")
    tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0, "</s>": 1}, unk_token="[UNK]")).save(str(other))
    rows = [{"id": "a", "text": "가 나", "n": 2}]
    corpus = {"path": str(write_corpus(tmp_path / "c", rows, 1)), "columns": {"tokens": "n"}, "counted_by": str(other)}
    assert not opened({"web": corpus}).corpora["web"].counted
    assert opened({"web": corpus}, tokenizer={"file": str(other)}).corpora["web"].counted


def test_counts_that_are_wrong_are_found_while_writing(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    path = tmp_path / "t.json"
    tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0, "</s>": 1}, unk_token="[UNK]")).save(str(path))
    rows = [{"id": f"{k}", "text": "가나다", "n": 7} for k in range(20)]
    corpus = {"path": str(write_corpus(tmp_path / "c", rows, 1)), "columns": {"tokens": "n"}, "counted_by": str(path)}
    with pytest.raises(Exception, match="has 2 tokens, 8 were planned"):
        keys = {"tokenizer": {"file": str(path)}, "stages": [{"name": "a", "tokens": 40}], "write": ["megatron"]}
        run_mix({}, tmp_path / "mix", places={"web": corpus}, **keys)


def test_an_annotated_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="redecide"):
        opened(run(tmp_path, "{tokens: {}}", "annotate"))


def test_a_run_that_is_not_finished_or_has_lost_files_is_refused(tmp_path):
    places = run(tmp_path, "{tokens: {}}")
    next((tmp_path / "run" / "kept").glob("*.parquet")).rename(tmp_path / "lost.parquet")
    with pytest.raises(InputError, match="not what its manifest says"):
        opened(places)
    (tmp_path / "run" / "manifest.json").unlink()
    with pytest.raises(InputError, match="not finished"):
        opened(places)


@pytest.mark.parametrize(
    ("corpus", "keys", "error", "message"),
    [
        (
            {"columns": {"text": "txet"}},
            {},
            InputError,
            "columns.text: its files have no column 'txet'; did you mean 'text'",
        ),
        ({}, {"cells": ["soruce"]}, RecipeError, "no corpus has a column 'soruce'; did you mean 'source'"),
        ({}, {"tokenizer": {"file": "nowhere.json"}}, ModelError, "there is no such file"),
        ({}, {"tokenizer": {"end_of_text": "<end>"}}, ModelError, "has no token '<end>'"),
        ({"columns": {"tokens": "n"}, "counted_by": "nowhere"}, {}, InputError, "there is no file 'nowhere'"),
    ],
)
def test_what_is_wrong_is_said_before_any_document_is_read(tmp_path, corpus, keys, error, message):
    place = {"path": str(write_corpus(tmp_path / "c", documents(3), 1)), **corpus}
    with pytest.raises(error) as caught:
        opened({"web": place}, **keys)
    assert message in str(caught.value)


def test_documents_are_measured_in_order_with_their_labels(tmp_path):
    rows = [{"id": k, "text": "가 " * k, "domain": None if k % 2 else "stem"} for k in range(1, 8)]
    corpus = {"path": str(write_corpus(tmp_path / "c", rows, 1)), "columns": {"domain.major": "domain"}}
    inputs = opened({"web": corpus}, cells=["domain.major"])
    tokenizer = of_options(TokenizerOptions())
    (piece,) = inputs.pieces
    table = measure(piece, inputs.corpora["web"], ["corpus", "domain.major"], [], 0, tokenizer)
    assert table["tokens"].to_pylist() == tokenizer.counts(pa.array([row["text"] for row in rows])).tolist()
    found = combinations(table.schema)
    labels = [found[code].labels[1] for code in table["combination"].to_pylist()]
    assert labels == ["none" if k % 2 else "stem" for k in range(1, 8)]
    assert sum(one.tokens for one in found) == sum(table["tokens"].to_pylist()) and found[1].documents == 3


def test_a_document_without_id_or_in_a_file_without_the_columns_is_refused(tmp_path):
    folder = write_corpus(tmp_path / "c", documents(5), 1)
    pq.write_table(
        pa.table({"id": pa.array([None], pa.string()), "text": ["가"], "source": ["law"]}), folder / "part1.parquet"
    )
    with pytest.raises(Exception, match="a document has no id"):
        run_mix({"web": folder}, tmp_path / "mix", stages=STAGES)
    pq.write_table(pa.table({"id": ["x"]}), folder / "part1.parquet")
    with pytest.raises(Exception, match="no column 'text', which the first file of the corpus has"):
        run_mix({"web": folder}, tmp_path / "other", stages=STAGES)


def test_an_earlier_mix_is_a_corpus_of_the_documents_that_it_used(tmp_path):
    corpus = write_corpus(tmp_path / "c", documents(60))
    stages = [{"name": "a", "tokens": 5000}, {"name": "b", "tokens": 4000, "replay": {"of": "a", "share": 0.3}}]
    run_mix({"web": corpus}, tmp_path / "first", stages=stages)
    used = {row["id"] for _, ledger in MixDirectory(str(tmp_path / "first")).ledgers() for row in ledger.to_pylist()}
    new = write_corpus(tmp_path / "new", documents(40, "n"))
    places = {"before": {"mix": str(tmp_path / "first")}, "new": {"path": str(new)}}
    assert opened(places).corpora["before"].counted
    replay = [{"name": "c", "tokens": 3000, "shares": {"corpus=before": 0.2}}]
    run_mix(
        {}, tmp_path / "second", places=places, stages=replay, write=["parquet", "tokens"], max_epochs={"default": 1}
    )
    directory = MixDirectory(str(tmp_path / "second"))
    rows = [row for _, ledger in directory.ledgers() for row in ledger.to_pylist()]
    replayed = [row for row in rows if row["corpus"] == "before"]
    assert verify_mix(directory) == [] and {row["id"] for row in replayed} <= used
    assert sum(use.kept for use in directory.uses() if use.corpus == "before") == len(used)
    assert 0.1 < sum(row["tokens"] for row in replayed) / sum(row["tokens"] for row in rows) < 0.3


def test_a_mix_without_texts_is_refused_as_a_corpus(tmp_path):
    run_mix({"web": write_corpus(tmp_path / "c", documents(60))}, tmp_path / "first", stages=STAGES, write=["megatron"])
    with pytest.raises(InputError, match="has no texts"):
        opened({"before": {"mix": str(tmp_path / "first")}})
    with pytest.raises(InputError, match="no finished mix"):
        opened({"before": {"mix": str(tmp_path)}})
