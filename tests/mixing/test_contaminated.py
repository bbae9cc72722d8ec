"""Mixes that leave out documents with items of benchmarks: the account, the proof, and why."""

import shutil

import pytest
from corpora import bytes_of, documents, mix_of, run_mix, write_corpus
from questions import ITEMS, index_of, page

from algok.errors import ModelError, OutputError
from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.explain import explain_in_mix
from algok.mixing.mix import plan_only
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.storage import Store

BAD = {f"d{number * 7}": number for number in range(len(ITEMS))}


def rows() -> list[dict]:
    """Documents of which some have a question."""
    made = documents(120)
    for row in made:
        if row["id"] in BAD:
            row["text"] = page(ITEMS[BAD[row["id"]]])
    return made


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A corpus, an index, and the mix of both."""
    folder = tmp_path_factory.mktemp("contaminated")
    index = index_of(folder / "index")
    corpus = write_corpus(folder / "corpus", rows())
    run_mix({"web": corpus}, folder / "mix", write=["parquet", "megatron"], decontaminate=index)
    return corpus, index, folder / "mix"


def test_contaminated_documents_are_in_the_account_and_in_no_shard(places):
    directory = MixDirectory(str(places[2]))
    assert verify_mix(directory) == []
    (use,) = directory.uses()
    assert use.contaminated == len(BAD) == directory.plan.contaminated["web"]
    assert use.kept == 120 == use.used + use.capped + use.unused + use.contaminated
    assert not set(BAD) & {name for _, ledger in directory.ledgers() for name in ledger["id"].to_pylist()}
    evidence = directory.contaminated().to_pylist()
    assert {row["id"]: row["item"] for row in evidence} == {name: f"own:q{number}" for name, number in BAD.items()}
    assert all(row["benchmark"] == "own" and row["coverage"] > 0.9 and row["hits"] == 1 for row in evidence)


def test_a_mix_of_the_other_documents_alone_has_the_same_shards(places, tmp_path):
    clean = write_corpus(tmp_path / "corpus", [row for row in rows() if row["id"] not in BAD])
    run_mix({"web": clean}, tmp_path / "mix", write=["parquet", "megatron"])
    with_index, without = bytes_of(places[2]), bytes_of(tmp_path / "mix")
    shards = [name for name in without if name.startswith(("parquet/", "megatron/", "order/"))]
    assert shards and all(with_index[name] == without[name] for name in shards)


@pytest.mark.parametrize("files", [1, 7])
def test_documents_in_other_files_and_another_order_give_the_same_bytes(places, tmp_path, files):
    corpus = write_corpus(tmp_path / "corpus", rows()[::-1], files)
    run_mix({"web": corpus}, tmp_path / "mix", write=["parquet", "megatron"], decontaminate=places[1])
    assert bytes_of(tmp_path / "mix") == bytes_of(places[2])


def test_explain_says_which_item_keeps_a_document_out(places):
    directory = MixDirectory(str(places[2]))
    (explanation,) = explain_in_mix(directory, "d7")
    assert explanation.contaminated is not None and explanation.contaminated.startswith("own:q1, coverage ")
    for name in ("d6", "d8", "d119"):  # documents before and behind those that were left out
        (other,) = explain_in_mix(directory, name)
        assert other.contaminated is None and len(other.places) == sum(reason.copies for reason in other.reasons)


def test_verify_finds_evidence_that_was_lost_or_changed(places, tmp_path):
    shutil.copytree(places[2], tmp_path / "mix")
    store = Store(str(tmp_path / "mix"))
    plan = store.read_bytes("plan.json").replace(b'"contaminated":{"web":5}', b'"contaminated":{"web":4}')
    store.write_bytes("plan.json", plan)
    assert verify_mix(MixDirectory(str(tmp_path / "mix"))) == [
        "contaminated.parquet: 5 documents of web, 4 in the plan"
    ]
    (tmp_path / "mix" / "contaminated.parquet").unlink()
    assert any("contaminated.parquet" in problem for problem in verify_mix(MixDirectory(str(tmp_path / "mix"))))


def test_a_plan_counts_them_and_another_index_is_another_mix(places, tmp_path):
    corpus, index, output = places
    executor = make_executor("local", 0)
    mix, source = mix_of({"web": corpus}, decontaminate=index)
    assert plan_only(mix, source, str(tmp_path / "plan"), executor, SilentProgress()).contaminated == {"web": len(BAD)}
    other = index_of(tmp_path / "other", ITEMS[:2])
    mix, source = mix_of({"web": corpus}, decontaminate=other)
    assert plan_only(mix, source, str(tmp_path / "plan"), executor, SilentProgress()).contaminated == {"web": 2}
    for changed in (other, None):
        with pytest.raises(OutputError, match="decontaminated with another index"):
            run_mix({"web": corpus}, output, write=["parquet", "megatron"], decontaminate=changed)
    with pytest.raises(ModelError, match="no such folder"):
        run_mix({"web": corpus}, tmp_path / "none", decontaminate="./nowhere")


def test_a_piece_that_is_contaminated_throughout_is_fine(places, tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(60))
    bad = [{**row, "text": page(ITEMS[number % 5]), "source": "exam"} for number, row in enumerate(documents(5, "x"))]
    write_corpus(tmp_path / "corpus" / "more", bad, 1)
    run_mix({"web": corpus, "bad": tmp_path / "corpus" / "more"}, tmp_path / "mix", decontaminate=places[1])
    directory = MixDirectory(str(tmp_path / "mix"))
    assert verify_mix(directory) == []
    assert [(use.corpus, use.kept, use.contaminated) for use in directory.uses()] == [("bad", 5, 5), ("web", 65, 5)]
