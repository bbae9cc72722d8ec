"""Deciding again from stored signals: same decisions as a run, wherever it lies, from signals alone."""

import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl

from algok.errors import InputError
from algok.pipelines.executors import make_executor
from algok.pipelines.plan import read_plan
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe, recipe_from_text
from algok.pipelines.redecide import redecide
from algok.pipelines.run import execute
from algok.pipelines.storage import Store


@pytest.fixture(scope="module")
def annotated(tmp_path_factory):
    """Annotated in memory storage, since redecide must not depend on local paths."""
    folder = tmp_path_factory.mktemp("redecide")
    rows = [{"text": prose(i), "source": "news" if i % 2 else None} for i in range(8)] + [{"text": "짧은 글"}]
    write_jsonl(folder / "in.jsonl", rows)
    (folder / "recipe.yaml").write_text("steps: {heuristics: {}, repair: {}}\n")
    recipe = load_recipe(str(folder / "recipe.yaml"), inputs=[{"path": str(folder / "in.jsonl")}], mode="annotate")
    url = f"memory://{folder.name}/run"
    execute(recipe, url, make_executor("local", 0), SilentProgress())
    return Store(url)


def again(store: Store, *overrides: str):
    return recipe_from_text(store.read_bytes("recipe.yaml").decode(), overrides=list(overrides))


def test_bounds_by_source_decide_for_that_source_only(annotated, tmp_path):
    result = redecide(
        annotated, again(annotated, "profiles.news.heuristics.chars.min=100000"), str(tmp_path / "d.parquet")
    )
    rows = pq.read_table(tmp_path / "d.parquet").to_pylist()
    assert (result.documents, result.kept) == (9, 4) == (len(rows), sum(row["kept"] for row in rows))
    assert all(row["verdict.bound"] == "min 100000" for row in rows if row["source"] == "news")


def test_rows_come_in_the_runs_order_with_and_without_verdict(annotated, tmp_path):
    redecide(annotated, read_plan(annotated).recipe, str(tmp_path / "d.parquet"))
    with annotated.fs.open(annotated.path(annotated.names("kept")[0])) as file:
        ids = pq.read_table(file, columns=["id"])["id"].to_pylist()
    rows = pq.read_table(tmp_path / "d.parquet").to_pylist()
    assert [row["id"] for row in rows] == ids
    assert [row["verdict.step"] for row in rows] == [None] * 8 + ["heuristics"]


def test_without_bounds_everything_is_kept(annotated):
    removed = [f"steps.heuristics.{name}=null" for name in read_plan(annotated).recipe.steps[0].bounds]
    assert redecide(annotated, again(annotated, *removed)).kept == 9


def test_a_step_that_did_not_run_is_refused(annotated):
    with pytest.raises(InputError, match="'dedup' did not run there"):
        redecide(annotated, recipe_from_text("steps: {dedup: {}}"))
