"""Mixes that cannot be: what is said, that nothing is written, and that a mended mix goes on in the same directory."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl
from corpora import documents, mix_of, run_mix, write_corpus

from algok.errors import InputError, OutputError, RecipeError, TaskError
from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.corpora import open_inputs
from algok.mixing.tokenizers import open_tokenizer
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute

NOBODY = "there is no document to take"


def stage(**keys) -> dict:
    return {"name": "only", "tokens": 3000, **keys}


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"stages": [stage(shares={"source=law": ">= 0.6", "source=news": ">= 0.5"})]},
            ["source=law >= 0.6", "source=news >= 0.5", "any one of these changes is enough", "source=law >= 0.5"],
        ),
        (
            {"stages": [stage(tokens=10**9)], "max_epochs": {"default": 2}},
            ["1,000,000,000 tokens, of which max_epochs leaves", "tokens: ", "max_epochs larger by"],
        ),
        (
            {"stages": [stage(shares={"source=law": 0.9})], "max_epochs": {"default": 1}},
            ["source=law", "any one of these changes is enough"],
        ),
        (
            {
                "stages": [stage(), {"name": "more", "tokens": 1000, "replay": {"of": "only", "share": 0.5}}],
                "max_epochs": {"default": 1},
            },
            ["(replay)", "a replay repeats a document once at most"],
        ),
    ],
)
def test_what_cannot_be_met_is_said_with_a_change_and_a_mended_mix_goes_on(tmp_path, keys, said):
    corpus = write_corpus(tmp_path / "corpus", documents(100))
    with pytest.raises(RecipeError) as caught:
        run_mix({"web": corpus}, tmp_path / "mix", cells=["source"], **keys)
    assert not [part for part in said if part not in str(caught.value)]
    assert not any((tmp_path / "mix" / name).exists() for name in ("parquet", "order", "plan.json", "manifest.json"))
    run_mix({"web": corpus}, tmp_path / "mix", cells=["source"], stages=[stage()])
    assert verify_mix(MixDirectory(str(tmp_path / "mix"))) == []


@pytest.mark.parametrize(
    "keys",
    [
        {"stages": [stage(where="source=law & provenance=translated")]},  # both labels exist, no document has both
        {"stages": [stage(weights={"source=law|news|web": 0})]},
        {"stages": [stage()], "max_epochs": {"default": 0}},
        {"stages": [stage(where="source=law")], "max_epochs": {"default": 4, "source=law": 0}},
        {"stages": [stage(), stage(name="b", replay={"of": "only", "share": 0.5, "where": "provenance=translated"})]},
    ],
)
def test_a_mix_that_means_no_document_is_refused_with_its_stage(tmp_path, keys):
    rows = [row | {"provenance": "organic"} for row in documents(60)]
    rows.append({**rows[1], "id": "t", "source": "news", "provenance": "translated", "text": "가"})
    corpus = write_corpus(tmp_path / "corpus", rows)
    with pytest.raises(RecipeError) as caught:
        run_mix({"web": corpus}, tmp_path / "mix", cells=["source", "provenance"], **keys)
    assert NOBODY in str(caught.value) or "cannot be met together" in str(caught.value)
    assert "stage '" in str(caught.value) and not (tmp_path / "mix" / "parquet").exists()


def test_files_without_rows_are_refused_alone_and_add_nothing_beside_others(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    types = {"id": pa.string(), "text": pa.string(), "source": pa.string()}
    pq.write_table(pa.table({name: pa.array([], type_) for name, type_ in types.items()}), empty / "none.parquet")
    with pytest.raises(RecipeError, match=NOBODY):
        run_mix({"web": empty}, tmp_path / "alone", stages=[stage()])
    full = write_corpus(tmp_path / "full", documents(60))
    run_mix({"web": full, "none": empty}, tmp_path / "mix", stages=[stage()])
    assert verify_mix(MixDirectory(str(tmp_path / "mix"))) == []


def test_a_corpus_of_one_document_is_a_mix_of_it_and_its_copies(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(1), 1)
    run_mix({"web": corpus}, tmp_path / "mix", stages=[stage(tokens=1)], max_epochs={"default": 1})
    with pytest.raises(RecipeError, match="cannot be met together"):
        run_mix({"web": corpus}, tmp_path / "more", stages=[stage(tokens=10**6)])
    (tokens,) = {cell.tokens for cell in MixDirectory(str(tmp_path / "mix")).plan.cells}
    run_mix({"web": corpus}, tmp_path / "three", stages=[stage(tokens=3 * tokens)])
    directory = MixDirectory(str(tmp_path / "three"))
    ledger = pa.concat_tables(table for _, table in directory.ledgers())
    assert verify_mix(directory) == [] and ledger["copy"].to_pylist() == [0, 1, 2]


def word_level(path, *words: str) -> str:
    tokenizers = pytest.importorskip("tokenizers")
    vocabulary = {word: number for number, word in enumerate(["[UNK]", "</s>", *words])}
    tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]")).save(str(path))
    return str(path)


def run(folder, steps: str):
    folder.mkdir()
    write_jsonl(folder / "in.jsonl", [{"text": prose(k), "url": f"https://a.example.com/{k}"} for k in range(9)])
    recipe = recipe_from_text(f"inputs: [{{path: {folder / 'in.jsonl'}, source: news}}]\nsteps: {steps}\n")
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return folder / "run"


def test_runs_counted_by_different_tokenizers_are_mixed_in_tokens_of_one(tmp_path):
    other = word_level(tmp_path / "other.json")
    ours, theirs = run(tmp_path / "a", "{tokens: {}}"), run(tmp_path / "b", f"{{tokens: {{tokenizer: {other}}}}}")
    places = {"ours": {"run": str(ours)}, "theirs": {"run": str(theirs)}}
    mix, source = mix_of({}, places, stages=[stage(tokens=900, shares={"corpus=ours": 0.5})])
    assert {name: corpus.counted for name, corpus in open_inputs(mix, source).corpora.items()} == {
        "ours": True,
        "theirs": False,
    }
    run_mix({}, tmp_path / "mix", places=places, stages=mix.model_dump()["stages"], write=["parquet", "tokens"])
    directory = MixDirectory(str(tmp_path / "mix"))
    assert verify_mix(directory) == []
    by_corpus = {cell.labels["corpus"]: cell.tokens for cell in directory.plan.cells}
    assert by_corpus["ours"] == by_corpus["theirs"]  # the same texts, whoever counted them before


def test_a_mix_does_not_go_on_with_another_tokenizer_under_the_same_name(tmp_path):
    corpus, path = write_corpus(tmp_path / "corpus", documents(40)), tmp_path / "t.json"
    keys = {"tokenizer": {"file": word_level(path)}, "stages": [stage(tokens=100)], "write": ["parquet", "tokens"]}
    run_mix({"web": corpus}, tmp_path / "mix", **keys)
    word_level(path, "가", "나")
    open_tokenizer.cache_clear()  # as in a new process
    with pytest.raises(OutputError, match="a mix for another tokenizer"):
        run_mix({"web": corpus}, tmp_path / "mix", **keys)


@pytest.mark.parametrize("damage", ["shorter", "more", "missing"])
def test_a_run_that_is_not_what_its_manifest_says_is_refused(tmp_path, damage):
    place = run(tmp_path / "a", "{tokens: {}}")
    (file,) = (place / "kept").glob("*.parquet")
    if damage == "shorter":
        file.write_bytes(file.read_bytes()[:-9])
    elif damage == "more":
        shutil.copy(file, place / "kept" / "another.parquet")
    else:
        file.unlink()
    with pytest.raises(InputError, match=r"not what its manifest says; see 'algok verify"):
        run_mix({}, tmp_path / "mix", places={"web": {"run": str(place)}}, stages=[stage(tokens=100)])


@pytest.mark.parametrize("kind", ["run", "mix"])
def test_a_file_that_changed_since_it_was_written_is_refused_before_a_shard_is_written(tmp_path, kind):
    if kind == "run":
        place = run(tmp_path / "a", "{tokens: {}}")
        (file,) = (place / "kept").glob("*.parquet")
    else:
        place, corpus = tmp_path / "first", write_corpus(tmp_path / "corpus", documents(40))
        run_mix({"web": corpus}, place, stages=[stage()], shards=1)
        (file,) = (place / "parquet").glob("*.parquet")
    changed = file.read_bytes().replace(b"parquet-cpp-arrow", b"parquet-cpp-arroW")  # as long, and still a table
    file.write_bytes(changed)
    with pytest.raises(TaskError, match="its SHA-256 is not the manifest's"):
        run_mix({}, tmp_path / "mix", places={"web": {kind: str(place)}}, stages=[stage(tokens=100)])
    assert not (tmp_path / "mix" / "parquet").exists()


def test_a_file_is_hashed_once_however_many_pieces_it_has(tmp_path):
    place, corpus = tmp_path / "first", write_corpus(tmp_path / "corpus", documents(200))
    run_mix({"web": corpus}, place, stages=[stage(tokens=9000)], shards=1)
    mix, source = mix_of({}, {"web": {"mix": str(place)}}, stages=[stage()])
    pieces = open_inputs(mix, source).pieces
    assert sum(bool(piece.sha256) for piece in pieces) == len({piece.url for piece in pieces}) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(40), 1)
    (file,) = corpus.glob("*.parquet")
    data = bytearray(file.read_bytes())
    data[4:40] = bytes(36)  # the header of the first page
    file.write_bytes(data)
    with pytest.raises(TaskError, match=r"part0.parquet: cannot be read as Parquet"):
        run_mix({"web": corpus}, tmp_path / "mix", stages=[stage(tokens=100)])
