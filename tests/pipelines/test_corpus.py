"""What a corpus step sees: rows and sketches per shard, the outputs of rounds in partition order."""

import pyarrow as pa
import pytest
from conftest import write_jsonl

from algok.pipelines.corpus import RunCorpus, run_round, save_corpus, sketch_name
from algok.pipelines.plan import Plan
from algok.pipelines.recipe import load_recipe
from algok.pipelines.storage import Store


@pytest.fixture
def sketched(tmp_path):
    """Three shards, the last one of an earlier corpus, all with the sketches of empty shards."""
    for name in ("in/0", "in/1", "old/0"):
        write_jsonl(tmp_path / f"{name}.jsonl", [{"text": "가"}])
    inputs, against = ([{"path": str(tmp_path / name)}] for name in ("in", "old"))
    config = Plan.make(load_recipe("web", inputs=inputs, against=against))
    store, phase = Store(str(tmp_path / "run")), config.phases[0]
    empty = config.step(phase.sketches).sketcher().finish()
    for shard in range(3):
        store.write_arrow(sketch_name(config, phase, shard), empty)
    save_corpus(store, phase, [0, 0, 0])
    return store, config, phase


def test_rows_and_references_are_known_by_shard(sketched):
    corpus = RunCorpus(*sketched)
    assert corpus.rows.tolist() == [0, 0, 0] and corpus.reference.tolist() == [False, False, True]
    assert corpus.sketch(2).num_rows == 0


def test_rounds_come_in_partition_order(sketched):
    store, config, phase = sketched
    for part in (10, 2, 0):
        store.write_arrow(f"work/c0/pairs/{part:06d}.arrow", pa.table({"part": [part]}))
    assert [table["part"][0].as_py() for table in RunCorpus(store, config, phase).round("pairs")] == [0, 2, 10]


def test_a_corpus_without_documents_resolves_to_nothing(sketched):
    store, config, phase = sketched
    corpus, step = RunCorpus(*sketched), config.step(phase.sketches)
    for round_ in step.rounds():
        for task in config.round_tasks(phase, round_.name, round_.partitions(corpus)):
            assert run_round(store, config, task).rows == 0
    assert step.act(_no_documents(), 0, step.load(corpus, 0)).text.to_pylist() == []


def _no_documents() -> pa.RecordBatch:
    from algok.pipelines.documents import DOCUMENT_SCHEMA

    return pa.RecordBatch.from_pylist([], DOCUMENT_SCHEMA)
