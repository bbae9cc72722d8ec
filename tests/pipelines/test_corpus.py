"""What a corpus step sees: rows and sketches per shard, the outputs of rounds in partition order."""

import numpy as np
import pyarrow as pa
import pytest
from conftest import write_jsonl

from algok.pipelines import exchange as exchanges
from algok.pipelines.corpus import RunCorpus, run_round, save_corpus, write_sketch
from algok.pipelines.exchange import Exchange, merged_name
from algok.pipelines.plan import Plan
from algok.pipelines.ranges import write_sorted
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
        write_sketch(store, config, phase, shard, empty)
    save_corpus(store, phase, [0, 0, 0])
    for name in empty:
        RunCorpus(store, config, phase).save(name, Exchange(3, 0, 0, sketch=True))
    return store, config, phase


def test_rows_and_references_are_known_by_shard(sketched):
    corpus = RunCorpus(*sketched)
    assert corpus.rows.tolist() == [0, 0, 0] and corpus.reference.tolist() == [False, False, True]
    assert corpus.sketch(2, "documents").num_rows == 0


def test_rounds_come_in_partition_order(sketched):
    store, config, phase = sketched
    for part in (2, 0, 1):
        store.write_arrow(f"work/c0/pairs/{part:06d}.arrow", pa.table({"part": [part]}))
    corpus = RunCorpus(store, config, phase)
    assert not corpus.knows("pairs") and corpus.count("pairs") == 0
    corpus.save("pairs", Exchange(3, 3, 99, sketch=False))
    assert [table["part"][0].as_py() for table in corpus.round("pairs")] == [0, 1, 2]
    assert corpus.part("pairs", 1)["part"].to_pylist() == [1] and corpus.count("pairs") == 3


def test_merged_files_give_the_same_rows_in_the_same_order(sketched, monkeypatch):
    """Merged or not, a reader gets the rows of its range; equal keys stay in the order of the files."""
    store, config, phase = sketched
    corpus, random = RunCorpus(store, config, phase), np.random.default_rng(1)
    for part in range(10):
        keys = np.sort(random.integers(0, 1 << 64, 30, np.uint64) & ~np.uint64((1 << 59) - 1))  # many equal ones
        write_sorted(store, f"work/c0/x/{part:06d}.arrow", pa.table({"key": keys, "from": [part] * 30}))
    corpus.save("x", Exchange(10, 300, 30_000, sketch=False))
    ranges = [(0, 1 << 64), (0, 1 << 61), (1 << 61, 5 << 61), (5 << 61, 1 << 64), (7, 8)]
    before = [_by_key(corpus.between("x", *ends)) for ends in ranges]
    monkeypatch.setattr(exchanges, "MERGED_BYTES", 2000)
    plain = corpus.exchange("x")
    merged = plain.merged(plain.groups_for(4), keys)
    assert merged.groups == 4 and len(merged.bounds) > 2
    corpus.save("x", merged)
    for task in config.round_tasks(phase, merged_name("x"), merged.merge_tasks):
        run_round(store, config, task)
    fresh = RunCorpus(store, config, phase)
    assert all(len(fresh.between("x", *ends)) == 4 for ends in ranges)
    assert [_by_key(fresh.between("x", *ends)) for ends in ranges] == before
    assert sum(len(rows) for rows in before[1:4]) == len(before[0]) == 300


def _by_key(tables: list[pa.Table]) -> list[tuple]:
    rows = [tuple(row.values()) for table in tables for row in table.to_pylist()]
    return sorted(rows, key=lambda row: row[0])


def test_a_corpus_without_documents_resolves_to_nothing(sketched):
    store, config, phase = sketched
    (task,) = config.round_tasks(phase, "resolve", 1)
    assert [file.rows for file in run_round(store, config, task)] == [0]
    corpus, step = RunCorpus(*sketched), config.step(phase.sketches)
    corpus.save("decided", Exchange(1, 0, 0, sketch=False))
    assert step.act(_no_documents(), 0, step.load(corpus, 0)).text.to_pylist() == []


def _no_documents() -> pa.RecordBatch:
    from algok.pipelines.documents import DOCUMENT_SCHEMA

    return pa.RecordBatch.from_pylist([], DOCUMENT_SCHEMA)
