"""The account of a run: proven where it is whole, refused with a reason where anything was touched."""

import itertools
import shutil

import orjson
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl

from algok.pipelines.account import verify
from algok.pipelines.done import done_name
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store


def run(source, output, *overrides) -> Store:
    recipe = load_recipe("web", list(overrides), inputs=[{"path": str(source)}])
    execute(recipe, str(output), make_executor("local", 0), SilentProgress())
    return Store(str(output))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("account")
    for part in range(2):
        rows = [{"text": prose(part * 10 + i)} for i in range(10)] + [{"text": f"짧은 글 {part}"}]
        path = write_jsonl(folder / "in" / f"{part}.jsonl", rows)
        with path.open("ab") as file:
            file.write(b"rubbish\n")
    run(folder / "in", folder / "run")
    return folder / "run"


@pytest.fixture
def copy(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "run")
    return tmp_path / "run"


def test_swapped_files_are_found(copy):
    first, second = sorted((copy / "kept").iterdir())
    first.rename(copy / "x")
    second.rename(first)
    (copy / "x").rename(second)
    problems = verify(Store(str(copy)))
    assert len([problem for problem in problems if "SHA-256" in problem]) == 2


@pytest.mark.parametrize("folder", ["kept", "dropped", "quarantine", "stats"])
@pytest.mark.parametrize("damage", ["missing", "empty", "rubbish"])
def test_any_missing_or_damaged_file_is_a_problem_and_no_crash(copy, folder, damage):
    victim = sorted((copy / folder).iterdir())[0]
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(b"" if damage == "empty" else b"\x00{]" * 50)
    assert any(victim.name in problem for problem in verify(Store(str(copy))))


def test_a_lost_done_record_and_a_changed_recipe_are_found(copy):
    done = copy / done_name("p0-000000")
    saved = done.read_bytes()
    done.unlink()
    assert any("manifest.json" in problem for problem in verify(Store(str(copy))))
    done.write_bytes(saved)
    assert verify(Store(str(copy))) == []
    recipe = copy / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("threshold: 0.75", "threshold: 0.76"))
    assert any("manifest.json" in problem for problem in verify(Store(str(copy))))


@pytest.mark.parametrize(
    "content",
    [b"", b"rubbish\n", b"\n\n", orjson.dumps({"text": "짧다"})],
    ids=["empty", "quarantined", "blank", "dropped"],
)
def test_a_run_that_keeps_nothing_still_adds_up(tmp_path, content):
    (tmp_path / "in.jsonl").write_bytes(content)
    store = run(tmp_path / "in.jsonl", tmp_path / "run")
    assert verify(store) == []
    assert pq.read_table(tmp_path / "run" / "kept").num_rows == 0


def test_the_step_table_passes_documents_on_from_row_to_row(finished):
    table = Run.open(finished).summary.table()
    assert (table[0].documents, table[0].removed) == (24, 2)
    for before, row in itertools.pairwise(table):
        assert row.documents == before.left == before.documents - before.removed
    assert table[-1].left == 20 and all(row.seconds >= 0 for row in table)


def test_the_manifest_counts_every_file(finished):
    manifest = orjson.loads((finished / "manifest.json").read_bytes())
    for file in manifest["files"]:
        path = finished / file["path"]
        assert path.stat().st_size == file["bytes"]
        if path.suffix == ".parquet":
            assert pq.ParquetFile(path).metadata.num_rows == file["rows"]


def test_a_run_on_other_storage_adds_up_too(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(i)} for i in range(5)])
    store = run(tmp_path / "in.jsonl", f"memory://{tmp_path.name}/run")
    assert verify(store) == [] and not store.exists("work")
    run(tmp_path / "in.jsonl", tmp_path / "local")
    kept = store.names("kept")[0]
    assert store.read_bytes(kept) == (tmp_path / "local" / kept).read_bytes()
