"""The step that finds benchmarks: its signals, a run with it, and what it needs."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st
from questions import ITEMS, index_of, page, shown

from algok.errors import ModelError, RecipeError
from algok.filters.decontaminate import Decontaminate, DecontaminateOptions
from algok.pipelines.executors import make_executor
from algok.pipelines.explain import explain_from_run
from algok.pipelines.plan import Plan
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run
from algok.testing import TEXTS, apply_step, check_step, documents


@pytest.fixture(scope="module")
def index(tmp_path_factory) -> str:
    return index_of(tmp_path_factory.mktemp("index") / "own")


@pytest.fixture(scope="module")
def step(index) -> Decontaminate:
    return Decontaminate(DecontaminateOptions(index=index))


def signals(step: Decontaminate, *texts: str) -> list[dict]:
    (edited,) = apply_step(step, [documents(texts)])
    names = list(edited.signals)
    return [dict(zip(names, row)) for row in zip(*(edited.signals[name].to_pylist() for name in names))]


def test_the_step_keeps_the_contract(index):
    check_step(Decontaminate, DecontaminateOptions(index=index), (*TEXTS, page(ITEMS[0]), shown(ITEMS[1])))


def test_evidence_names_benchmark_and_item_and_never_the_text(step):
    hit, clean, near = signals(step, page(ITEMS[0]), prose(3), ITEMS[0].question[:14])
    assert (hit["hits"], hit["benchmark"], hit["item"]) == (1, "own", "own:q0")
    assert hit["coverage"] > 0.9 and hit["margin"] > 0
    assert (clean["hits"], clean["item"], clean["benchmark"]) == (0, None, None)
    assert near["hits"] == 0 and 0 < near["coverage"] < 1 and -1 < near["margin"] < 0 and near["item"] is None


@settings(max_examples=40)
@given(st.integers(0, 4), st.sampled_from(["①②③④", "1234", "가나다라", "ABCD"]), st.randoms(use_true_random=False))
def test_spacing_and_numbering_do_not_hide_an_item(step, number, marks, random):
    text = shown(ITEMS[number], marks)
    noisy = "".join(
        char + (" " if random.random() < 0.1 else "") for char in text if char != " " or random.random() > 0.5
    )
    assert [row["item"] for row in signals(step, text, noisy, "".join(text.split()))] == [f"own:q{number}"] * 3


def recipe(tmp_path, index: str | None, rows: list[dict]):
    write_jsonl(tmp_path / "in.jsonl", rows)
    steps = f"steps: {{decontaminate: {{index: {index}}}}}" if index else "steps: {decontaminate: {}}"
    (tmp_path / "recipe.yaml").write_text(
        f"inputs: [{{path: {tmp_path / 'in.jsonl'}}}]\noutput: {tmp_path / 'run'}\n{steps}\n"
    )
    return load_recipe(str(tmp_path / "recipe.yaml"))


def test_a_run_drops_what_has_an_item_and_says_which(tmp_path, index):
    texts = [prose(1), page(ITEMS[3]), prose(2)]
    loaded = recipe(tmp_path, index, [{"text": text, "url": f"https://e.example/{n}"} for n, text in enumerate(texts)])
    executor = make_executor("local", 0)
    execute(loaded, str(tmp_path / "run"), executor, SilentProgress())
    run = Run.open(str(tmp_path / "run"), finished=True)
    assert run.verify() == []
    dropped = pa.concat_tables(
        [pq.read_table(path) for path in sorted((tmp_path / "run" / "dropped").glob("*.parquet"))]
    )
    assert dropped["decontaminate.item"].to_pylist() == ["own:q3"]
    (explanation,) = explain_from_run(run.store, dropped["id"][0].as_py())
    assert "own:q3" in str(explanation.as_dict())


def test_a_recipe_without_an_index_or_with_another_model_fails_before_data_is_read(tmp_path):
    with pytest.raises(RecipeError, match="names no index; make one"):
        Plan.make(recipe(tmp_path, None, [{"text": "글"}]))
    with pytest.raises(ModelError, match="is a model of kind 'quality'"):
        Plan.make(recipe(tmp_path, "quality", [{"text": "글"}]))
    with pytest.raises(ModelError, match="no such folder"):
        Plan.make(recipe(tmp_path, "./nowhere", [{"text": "글"}]))
