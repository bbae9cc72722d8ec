"""The table of tasks: true to the records, stored with a finished run, and proven by verify. Labels stand in run.json."""

import shutil

import pyarrow.compute as pc
import pytest
from conftest import prose, write_jsonl

from algok.errors import InputError, RecipeError
from algok.pipelines.account import verify
from algok.pipelines.done import done_tasks, read_done
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute, repair
from algok.pipelines.run_directory import Run
from algok.pipelines.task_table import FILE, TaskRows


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tasks")
    for part in range(2):
        write_jsonl(folder / "in" / f"{part}.jsonl", [{"text": prose(part * 5 + i)} for i in range(5)] + [{"text": 1}])
    recipe = load_recipe("web", ["labels.team=search"], inputs=[{"path": str(folder / "in")}])
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return Run.open(folder / "run")


def test_a_row_per_task_says_what_its_record_says(finished):
    rows = {row["task"]: row for row in finished.tasks().to_pylist()}
    assert set(rows) == set(done_tasks(finished.store))
    for task, row in rows.items():
        record = read_done(finished.store, task)
        assert row["worker"] == record["worker"] and row["peak_bytes"] == record["peak_bytes"] > 1 << 20
        assert row["seconds"] == pytest.approx(sum(record["seconds"].values())) and row["failed"] == 0
        assert (row["shard"] is None) == task.startswith("c")
    assert [rows[f"p0-{shard:06d}"]["input"] for shard in (0, 1)] == ["0.jsonl", "1.jsonl"]


def test_it_adds_up_to_the_account(finished):
    table, account = finished.tasks(), finished.summary.account
    sums = {name: pc.sum(table[name]).as_py() for name in ("documents", "quarantined", "kept", "tokens", "text_bytes")}
    assert sums == {
        "documents": account.documents,
        "quarantined": account.quarantined,
        "kept": account.kept,
        "tokens": account.kept_tokens,
        "text_bytes": account.text_bytes,
    }
    for step in finished.summary.steps:
        assert (pc.sum(table[f"dropped.{step.name}"]).as_py() or 0) == step.dropped
    assert finished.summary.peak_bytes == pc.max(table["peak_bytes"]).as_py()


def test_the_stored_table_is_the_one_made_of_the_parts(finished, tmp_path):
    shutil.copytree(finished.url, tmp_path / "run")
    (tmp_path / "run" / FILE).unlink()
    assert Run.open(tmp_path / "run").tasks().equals(finished.tasks())
    assert any(FILE in problem for problem in verify(Run.open(tmp_path / "run").store))


@pytest.mark.parametrize("content", [b"", b"x" * 1000])
def test_a_damaged_table_is_found_explained_and_made_again(finished, tmp_path, content):
    shutil.copytree(finished.url, tmp_path / "run")
    (tmp_path / "run" / FILE).write_bytes(content)
    run = Run.open(tmp_path / "run")
    with pytest.raises(InputError, match="repair"):
        run.tasks()
    assert verify(run.store) == [f"{FILE}: differs from what the statistics and done records add up to"]
    repair(str(tmp_path / "run"), make_executor("local", 0), SilentProgress())
    assert verify(run.store) == [] and Run.open(tmp_path / "run").tasks().equals(finished.tasks())


def test_labels_stand_in_run_json_and_other_labels_are_the_same_run(finished):
    assert finished.description["labels"] == finished.recipe.labels == {"team": "search"}
    other = load_recipe("web", ["labels.team=chat"], inputs=[spec.model_dump() for spec in finished.recipe.inputs])
    assert other.digest == finished.recipe.digest
    assert not execute(other, finished.url, make_executor("local", 0), SilentProgress()).fresh


@pytest.mark.parametrize("label", ["Team=x", 'team="a\\nb"', "team=" + "x" * 65, "team=[1]", "te-am=x"])
def test_a_wrong_label_fails_before_data_is_read(label):
    with pytest.raises(RecipeError, match="labels"):
        load_recipe("web", [f"labels.{label}"], inputs=[{"path": "nowhere.jsonl"}])


def test_very_many_rows_are_kept_compressed_and_come_back_as_they_were(finished):
    table = finished.tasks()
    rows = TaskRows(finished.outline, {})
    record = read_done(finished.store, "p0-000000")
    for shard in range(20_000):
        rows.add(f"p0-{shard:06d}", {**record, "input": f"{shard}.jsonl"}, shard, {})
    again = rows.rows()
    assert sum(part.size for part in again.packed) < rows.table().nbytes / 4
    assert rows.table().schema.equals(table.schema)
    assert rows.table()["shard"].to_pylist() == list(range(20_000)) and len(list(again.to_batches())) > 1
