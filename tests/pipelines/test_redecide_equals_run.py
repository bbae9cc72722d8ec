"""`annotate` then `redecide` gives what `run` gives with the same bounds, or says which steps compared other documents."""

import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe, recipe_from_text
from algok.pipelines.redecide import redecide
from algok.pipelines.run import execute
from algok.pipelines.storage import Store

RECIPE = """
steps:
  repair: {}
  heuristics: {chars: {min: %d}}
  dedup: {duplicate_rank: {max: 0}}
  lines: {host_share: 0.3, host_documents: 2}
"""


def run(folder, rows: list[dict], recipe: str, mode: str, name: str) -> Store:
    write_jsonl(folder / "in.jsonl", rows)
    (folder / "recipe.yaml").write_text(recipe)
    loaded = load_recipe(str(folder / "recipe.yaml"), inputs=[{"path": str(folder / "in.jsonl")}], mode=mode)
    execute(loaded, str(folder / name), make_executor("local", 0), SilentProgress())
    return Store(str(folder / name))


def kept(store: Store) -> dict[str, str]:
    table = [pq.read_table(store.path(name), columns=["id", "text"]) for name in store.names("kept")]
    return {row["id"]: row["text"] for part in table for row in part.to_pylist()}


def decided(store: Store, recipe: str, folder) -> tuple[set[str], list[str]]:
    result = redecide(store, recipe_from_text(recipe), str(folder / "decisions.parquet"))
    rows = pq.read_table(folder / "decisions.parquet").to_pylist()
    return {row["id"] for row in rows if row["kept"]}, result.differences


def copies_on_a_host() -> list[dict]:
    """Eight copies of a page on one host, and six other documents."""
    rows = [{"text": prose(1), "url": f"https://copies.example.com/{i}"} for i in range(8)]
    return rows + [{"text": prose(10 + i), "url": f"https://site{i}.example.com/"} for i in range(6)]


def test_copies_that_a_run_drops_do_not_empty_the_one_that_stays(tmp_path):
    recipe = RECIPE % 100
    ran = kept(run(tmp_path, copies_on_a_host(), recipe, "filter", "run"))
    annotated = run(tmp_path, copies_on_a_host(), recipe, "annotate", "signals")
    assert len(ran) == 7
    assert decided(annotated, recipe, tmp_path) == (set(ran), [])
    texts = kept(annotated)
    assert len(texts) == 14 and all(texts.values()), "an annotated run has every document with its text"
    assert {key: texts[key] for key in ran} == ran


def test_a_bound_that_lets_others_reach_a_comparison_is_said(tmp_path):
    rows = [*copies_on_a_host(), {"text": "짧은 글이다. " * 12, "url": "https://copies.example.com/short"}]
    annotated = run(tmp_path, rows, RECIPE % 400, "annotate", "signals")
    _, differences = decided(annotated, RECIPE % 10, tmp_path)
    assert [text.split("'")[1] for text in differences] == ["dedup", "lines"]
    assert "1 that would now reach it were not compared" in differences[0]


def test_a_step_left_out_that_edited_the_text_is_said(tmp_path):
    annotated = run(tmp_path, copies_on_a_host(), RECIPE % 100, "annotate", "signals")
    _, differences = decided(annotated, "steps: {heuristics: {chars: {min: 100}}}", tmp_path)
    assert [text.split("'")[1] for text in differences] == ["repair", "lines"]


@pytest.fixture(scope="module")
def shared_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("equal")


DOCUMENT = st.tuples(st.integers(0, 4), st.integers(0, 2), st.booleans(), st.sampled_from([0, 20, 150]))


def document(topic: int, host: int, footer: bool, chars: int) -> dict:
    text = prose(topic) if not chars else prose(topic + 50)[:chars]
    if footer:
        text += f"\n이 사이트의 모든 글은 저작권의 보호를 받습니다. 문의는 {host}번 창구로 하시기 바랍니다."
    return {"text": text, "url": f"https://host{host}.example.com/"}


@settings(max_examples=12)
@given(st.lists(DOCUMENT, min_size=1, max_size=24), st.sampled_from([1, 30, 140, 300]), st.sampled_from([1, 140, 300]))
def test_redecide_equals_run_or_says_what_differs(shared_folder, documents, annotated_min, wanted_min):
    folder = shared_folder / str(sum(1 for _ in shared_folder.iterdir()))
    rows = [document(*fields) for fields in documents]
    annotated = run(folder, rows, RECIPE % annotated_min, "annotate", "signals")
    own = kept(run(folder, rows, RECIPE % annotated_min, "filter", "own"))
    assert decided(annotated, RECIPE % annotated_min, folder) == (set(own), [])
    ran = kept(run(folder, rows, RECIPE % wanted_min, "filter", "run"))
    chosen, differences = decided(annotated, RECIPE % wanted_min, folder)
    assert differences or chosen == set(ran)
    texts = kept(annotated)
    assert {key: texts[key] for key in own} == own
