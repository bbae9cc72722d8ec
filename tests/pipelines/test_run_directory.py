"""Run.open: recipe, tables and explanations of a run directory, wherever it lies."""

import pyarrow.compute as pc
import pytest
from conftest import prose, write_jsonl

from algok.errors import InputError
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run


@pytest.fixture(scope="module", params=["local", "memory"])
def opened(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("opened")
    rows = [{"text": prose(i), "url": f"https://a.example.com/{i}"} for i in range(6)] + [
        {"text": "짧은 글"},
        {"text": 1},
    ]
    write_jsonl(folder / "in.jsonl", rows)
    url = str(folder / "run") if request.param == "local" else f"memory://{folder.name}/run"
    recipe = load_recipe("web", inputs=[{"path": str(folder / "in.jsonl"), "source": "web"}])
    execute(recipe, url, make_executor("local", 0), SilentProgress())
    return Run.open(url, finished=True)


def test_its_tables_hold_every_record(opened):
    assert opened.finished and opened.recipe.name == "web" and len(opened.shards) == 1
    kept = opened.kept().to_table(columns=["id", "text", "heuristics.chars"])
    assert kept.num_rows == opened.summary.account.kept == 6
    dropped = opened.dropped().to_table(filter=pc.field("verdict.step") == "heuristics")
    assert dropped.num_rows == 1 and opened.quarantine().count_rows() == 1


def test_a_document_is_explained_by_id_or_url(opened):
    (shown,) = opened.explain("https://a.example.com/3")
    assert shown.verdict == "kept" and opened.explain(shown.id)[0].id == shown.id
    assert opened.explain("nobody") == [] and opened.verify() == []


def test_a_run_without_drops_has_empty_tables_of_the_right_columns(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(1)}])
    recipe = load_recipe("web", inputs=[{"path": str(tmp_path / "in.jsonl"), "source": "web"}])
    execute(recipe, str(tmp_path / "run"), make_executor("local", 0), SilentProgress())
    opened = Run.open(tmp_path / "run")
    assert opened.dropped().to_table(columns=["id", "verdict.step"]).num_rows == 0
    assert opened.quarantine().count_rows() == 0


def test_what_is_no_run_or_not_finished_is_refused(tmp_path):
    with pytest.raises(InputError, match="no run directory"):
        Run.open(tmp_path)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(InputError, match="not finished"):
        Run.open(tmp_path, finished=True)
