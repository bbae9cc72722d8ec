"""Whole mixes: the same bytes from everything, an account that adds up, and an order that is fair."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest
from corpora import SOURCES, bytes_of, documents, mix_of, run_mix, write_corpus

from algok.errors import InputError, OutputError
from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.explain import explain_in_mix
from algok.mixing.mix import Driver, plan_only
from algok.mixing.table import compare
from algok.pipelines.done import done_tasks
from algok.pipelines.executors import make_executor
from algok.pipelines.executors.ray import RayExecutor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.storage import Store

ALL = ["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """A corpus and its mix in every format, made inside this process."""
    folder = tmp_path_factory.mktemp("reference")
    corpus = write_corpus(folder / "corpus", documents(300))
    run_mix({"web": corpus}, folder / "mix", write=ALL)
    return corpus, folder / "mix"


def ledger_rows(output) -> list[dict]:
    tables = MixDirectory(str(output)).ledgers()
    return [{**row, "stage": name.split("-")[0]} for name, table in tables for row in table.to_pylist()]


def test_the_account_adds_up(reference):
    _, output = reference
    directory = MixDirectory(str(output))
    assert verify_mix(directory) == []
    (use,) = directory.uses()
    assert use.kept == 300 == use.used + use.capped + use.unused
    assert len({row["id"] for row in ledger_rows(output)}) == use.used + use.capped


def test_the_manifest_says_where_every_stage_and_shard_begins_in_tokens(reference):
    directory = MixDirectory(str(reference[1]))
    start = 0
    ledgers = directory.ledgers()
    for stage in directory.manifest["stages"]:
        assert stage["start"] == start
        for shard in stage["shards"]:
            name, ledger = next(ledgers)
            assert name.startswith(stage["name"]) and shard["start"] == start
            start += sum(ledger["tokens"].to_pylist())
        assert stage["start"] + stage["tokens"] == start


def test_workers_give_the_same_bytes(reference, tmp_path):
    corpus, output = reference
    run_mix({"web": corpus}, tmp_path / "mix", make_executor("local", 2), write=ALL)
    assert bytes_of(tmp_path / "mix") == bytes_of(output)


def test_ray_gives_the_same_bytes(reference, tmp_path, ray_session):
    corpus, output = reference
    run_mix({"web": corpus}, tmp_path / "mix", RayExecutor(2), write=ALL)
    assert bytes_of(tmp_path / "mix") == bytes_of(output)


@pytest.mark.parametrize(("files", "split"), [(1, 1024), (1, 1 << 26), (5, 1024), (40, 1 << 26)])
def test_documents_in_other_files_and_another_order_give_the_same_bytes(reference, tmp_path, files, split):
    rows = documents(300)
    random.Random(files).shuffle(rows)
    corpus = write_corpus(tmp_path / "corpus", rows, files)
    run_mix({"web": corpus}, tmp_path / "mix", write=ALL, split_bytes=split)
    assert bytes_of(tmp_path / "mix") == bytes_of(reference[1])


def test_parts_of_any_size_give_the_same_bytes(reference, tmp_path, monkeypatch):
    monkeypatch.setattr("algok.mixing.order._COPIES_PER_PART", 7)
    run_mix({"web": reference[0]}, tmp_path / "mix", write=ALL)
    assert len(list((tmp_path / "mix" / "done").rglob("order-*"))) >= 8
    assert bytes_of(tmp_path / "mix") == bytes_of(reference[1])


def test_a_mix_that_is_killed_at_random_ends_with_the_same_bytes(reference, tmp_path):
    mix, _ = mix_of({"web": reference[0]}, write=ALL)
    (tmp_path / "mix.yaml").write_text(mix.to_yaml())
    options = [str(tmp_path / "mix.yaml"), "-o", str(tmp_path / "mix"), "--workers", "2", "--quiet"]
    command = [sys.executable, "-m", "algok", "mix", *options]
    rng, killed = random.Random(5), 0
    for _ in range(4):
        further = len(done_tasks(Store(str(tmp_path / "mix")))) + rng.randint(
            1, 3
        )  # by the clock, a fast machine is done before
        process = subprocess.Popen(
            command, start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        while process.poll() is None and len(done_tasks(Store(str(tmp_path / "mix")))) < further:
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
    assert subprocess.run(command, capture_output=True).returncode == 0 and killed
    assert bytes_of(tmp_path / "mix") == bytes_of(reference[1])


def test_what_a_killed_worker_was_writing_is_not_in_the_finished_mix(reference, tmp_path):
    mix, source = mix_of({"web": reference[0]}, write=ALL)
    driver = Driver(mix, source, Store(str(tmp_path / "mix")), make_executor("local", 0), SilentProgress())
    driver.begin()
    for step in (driver.measure, driver.plan, driver.pick, driver.order, driver.place, driver.write):
        step()
    half = driver.store.write("parquet/half.parquet")
    path, _ = half.__enter__()  # and never left, as by a worker that is killed
    Path(path).write_bytes(b"half")
    left = [file for file in (tmp_path / "mix" / "parquet").iterdir() if "half" in file.name]
    driver.finish()
    assert left and not left[0].exists()
    assert bytes_of(tmp_path / "mix") == bytes_of(reference[1])


def test_the_same_command_again_does_nothing_and_another_mix_is_refused(reference):
    corpus, output = reference
    before = bytes_of(output)
    assert not run_mix({"web": corpus}, output, write=ALL).fresh
    with pytest.raises(OutputError, match="another mix"):
        run_mix({"web": corpus}, output, seed=5)
    assert bytes_of(output) == before


def test_a_directory_that_is_only_planned_takes_another_plan_and_measures_nothing_again(reference, tmp_path):
    def planned(**keys):
        mix, source = mix_of({"web": reference[0]}, write=ALL, **keys)
        return plan_only(mix, source, str(tmp_path / "mix"), make_executor("local", 0), SilentProgress())

    stages = [
        {
            "name": "first",
            "tokens": 400,
            "shares": {"source=law": 0.5},
            "order": {"signal": "quality.level", "strength": 1},
        }
    ]
    planned(stages=stages)
    measured = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "mix" / "work" / "measure").iterdir()}
    again = planned()
    assert {
        path.name: path.stat().st_mtime_ns for path in (tmp_path / "mix" / "work" / "measure").iterdir()
    } == measured
    assert again.as_dict() == MixDirectory(str(reference[1])).plan.as_dict()
    run_mix({"web": reference[0]}, tmp_path / "mix", write=ALL)
    assert bytes_of(tmp_path / "mix") == bytes_of(reference[1])


def test_another_seed_takes_other_documents(reference, tmp_path):
    run_mix({"web": reference[0]}, tmp_path / "mix", seed=1)
    chosen = [
        {row["id"] for row in ledger_rows(where) if row["draw"] == "fresh"}
        for where in (reference[1], tmp_path / "mix")
    ]
    assert chosen[0] != chosen[1]


def test_a_later_stage_leaves_the_files_of_earlier_ones_alone(reference, tmp_path):
    stages = [*mix_of({"web": reference[0]})[0].model_dump(mode="json")["stages"], {"name": "third", "tokens": 500}]
    run_mix({"web": reference[0]}, tmp_path / "mix", write=ALL, stages=stages)
    before, after = bytes_of(reference[1]), bytes_of(tmp_path / "mix")
    same = [name for name in before if name not in ("plan.json", "manifest.json")]
    assert same and all(after[name] == before[name] for name in same)


def test_texts_and_labels_are_those_of_the_corpus(reference):
    _, output = reference
    known = {row["id"]: row for row in documents(300)}
    read = [row for path in sorted((output / "parquet").glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
    assert [row["id"] for row in read] == [row["id"] for row in ledger_rows(output)]
    assert all(row["text"] == known[row["id"]]["text"] and row["source"] == known[row["id"]]["source"] for row in read)
    assert {row["draw"] for row in read} == {"fresh", "seen"}


def test_a_replay_is_spread_over_its_stage_and_takes_documents_of_the_earlier_one(reference):
    rows = ledger_rows(reference[1])
    first = {row["id"] for row in rows if row["stage"] == "first"}
    second = [row for row in rows if row["stage"] == "second"]
    replayed = [row for row in second if row["draw"] == "seen"]
    assert replayed and {row["id"] for row in replayed} <= first
    longest = max(row["tokens"] for row in rows)
    assert abs(sum(row["tokens"] for row in replayed) - 600) <= len(SOURCES) * longest / 2  # 20 % of 3,000
    half = sum(row["draw"] == "seen" for row in second[: len(second) // 2])
    assert abs(half - len(replayed) / 2) <= 2


def test_nobody_comes_again_before_all_of_its_cell_have_come(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(60))
    stages = [{"name": "a", "tokens": 3000}, {"name": "b", "tokens": 4000}]
    run_mix({"web": corpus}, tmp_path / "mix", stages=stages, cells=["source"])
    sizes = {source: sum(row["source"] == source for row in documents(60)) for source in SOURCES}
    rows = ledger_rows(tmp_path / "mix")
    for source in SOURCES:
        own = [row["id"] for row in rows if row["cell"].endswith(source)]
        for start in range(0, len(own), sizes[source]):
            stretch = own[start : start + sizes[source]]
            assert len(set(stretch)) == len(stretch)


def test_every_window_is_fairer_than_half_of_a_random_order(tmp_path):
    rows = [{"id": f"{k}", "text": "가나다라 " * (3 + k % 5), "source": f"s{k % 20}"} for k in range(4000)]
    corpus = write_corpus(tmp_path / "corpus", rows, 1)
    stages = [{"name": "a", "tokens": 30_000}]
    run_mix({"web": corpus}, tmp_path / "mix", stages=stages, cells=["source"], shards=1, split_bytes=1 << 26)
    ledger = ledger_rows(tmp_path / "mix")
    worst = _worst_window(ledger)
    shuffled = [_worst_window(random.Random(seed).sample(ledger, len(ledger))) for seed in range(5)]
    assert worst <= np.mean(shuffled) / 2


def test_along_a_ramp_shares_go_evenly_from_one_mixture_to_the_other(tmp_path):
    rows = [{"id": f"{k}", "text": "가나다라 " * 4, "source": "ab"[k % 2]} for k in range(3000)]
    corpus = write_corpus(tmp_path / "corpus", rows, 1)
    stages = [
        {"name": "before", "tokens": 2000, "shares": {"source=a": 0.1}},
        {"name": "ramp", "tokens": 10_000, "shares": {"source=a": 0.9}, "ramp": "linear"},
    ]
    run_mix({"web": corpus}, tmp_path / "mix", stages=stages, split_bytes=1 << 26)
    own = np.array([row["cell"].endswith("a") for row in ledger_rows(tmp_path / "mix") if row["stage"] == "ramp"])
    tenths = [part.mean() for part in np.array_split(own, 10)]
    assert np.allclose(tenths, 0.1 + 0.8 * (np.arange(10) + 0.5) / 10, atol=0.04)


def _worst_window(rows: list[dict], size: int = 200) -> float:
    """The largest error of a cell's share in any window of so many documents."""
    cells, tokens = np.array([row["cell"] for row in rows]), np.array([row["tokens"] for row in rows])
    worst = 0.0
    for cell in np.unique(cells):
        own = np.where(cells == cell, tokens, 0)
        share = own.sum() / tokens.sum()
        windows = [np.add.reduceat(values, np.arange(0, len(values), size)) for values in (own, tokens)]
        worst = max(worst, float(abs(windows[0] / windows[1] - share).max()))
    return worst


def test_a_soft_order_moves_the_best_towards_the_end_but_does_not_sort(tmp_path):
    corpus = write_corpus(tmp_path / "corpus", documents(300))
    quality = {row["id"]: row["quality.level"] for row in documents(300)}
    correlations = []
    for number, strength in enumerate((0.0, 0.4, 1.0)):
        stages = [{"name": "a", "tokens": 20_000, "order": {"signal": "quality.level", "strength": strength}}]
        run_mix({"web": corpus}, tmp_path / str(number), stages=stages, cells=["source"], max_epochs={"default": 1})
        values = [quality[row["id"]] for row in ledger_rows(tmp_path / str(number))]
        correlations.append(np.corrcoef(values, np.arange(len(values)))[0, 1])
    assert abs(correlations[0]) < 0.2 and 0.3 < correlations[1] < 0.95 and correlations[2] > 0.97


@pytest.mark.parametrize("damage", ["file", "ledger", "extra", "copies"])
def test_verify_finds_what_does_not_add_up(reference, tmp_path, damage):
    run_mix({"web": reference[0]}, tmp_path / "mix")
    output, manifest = tmp_path / "mix", tmp_path / "mix" / "manifest.json"
    data = orjson.loads(manifest.read_bytes())
    if damage == "file":
        path = next((output / "parquet").glob("*"))
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    if damage == "extra":
        (output / "parquet" / "more.parquet").write_bytes(b"")
    if damage == "copies":
        data["copies"][0][2] -= 1
    if damage == "ledger":
        plan = orjson.loads((output / "plan.json").read_bytes())
        plan["shares"][0][0]["taken"] += 1
        (output / "plan.json").write_bytes(orjson.dumps(plan))
    manifest.write_bytes(orjson.dumps(data))
    assert verify_mix(MixDirectory(str(output)))


def test_a_document_is_explained(reference):
    directory = MixDirectory(str(reference[1]))
    rows = ledger_rows(reference[1])
    twice = next(row["id"] for row in rows if row["draw"] == "seen")
    (shown,) = explain_in_mix(directory, twice)
    assert (
        len(shown.places) == sum(row["id"] == twice for row in rows) == sum(reason.copies for reason in shown.reasons)
    )
    absent = next(row["id"] for row in documents(300) if row["id"] not in {r["id"] for r in rows})
    (shown,) = explain_in_mix(directory, absent)
    assert not shown.places and all(reason.copies == 0 and reason.why for reason in shown.reasons)
    assert explain_in_mix(directory, "nobody") == []


def test_two_mixes_are_compared(reference, tmp_path):
    run_mix({"web": reference[0]}, tmp_path / "mix", max_epochs={"default": 2, "source=law": 0.5})
    plans = [MixDirectory(str(where)).plan for where in (reference[1], tmp_path / "mix")]
    assert compare(plans[0], plans[0]) == [] and compare(*plans)


def test_a_mix_that_is_not_finished_is_refused(tmp_path):
    with pytest.raises(InputError, match="no mix"):
        MixDirectory(str(tmp_path))


def test_corpora_join_and_constant_labels_hold(tmp_path):
    organic = write_corpus(tmp_path / "organic", documents(100))
    synthetic = write_corpus(tmp_path / "synthetic", [{"key": row["id"], "body": row["text"]} for row in documents(50)])
    places = {
        "web": {"path": str(organic)},
        "rewrites": {
            "path": str(synthetic),
            "columns": {"id": "key", "text": "body"},
            "labels": {"provenance": "synthetic"},
        },
    }
    stages = [{"name": "a", "tokens": 2000, "shares": {"provenance=synthetic": 0.143}}]
    run_mix({}, tmp_path / "mix", places=places, stages=stages, shards=1)
    rows = pq.read_table(next((tmp_path / "mix" / "parquet").glob("*"))).to_pylist()
    share = sum(row["tokens"] for row in rows if row["provenance"] == "synthetic") / sum(row["tokens"] for row in rows)
    assert abs(share - 0.143) < 0.1 and {row["provenance"] for row in rows} == {"organic", "synthetic"}
    assert verify_mix(MixDirectory(str(tmp_path / "mix"))) == []
