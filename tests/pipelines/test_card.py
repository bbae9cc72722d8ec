"""The data card: what loaders read first, from names that may hold anything; and the loaders themselves."""

import os
import subprocess
import sys

import duckdb
import pyarrow.dataset
import pytest
import yaml
from conftest import prose, write_jsonl
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from algok.pipelines.card import data_card
from algok.pipelines.executors import make_executor
from algok.pipelines.plan import Plan
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.stats import SourceCounts, Stats
from algok.pipelines.summary import summarize


def card(name="web", sources=()):
    config = Plan(load_recipe("web").model_copy(update={"name": name}), [], [], {})
    stats = Stats(sources={source: SourceCounts(read=2, kept=1) for source in sources})
    return data_card(config, summarize(config.outline, stats))


@pytest.mark.parametrize("name", ["뉴스: 2024", "a\n---\nb", 'quote " and \\', "# [x]", "\x1b[31m"])
def test_any_name_leaves_the_header_valid(name):
    header = yaml.safe_load(card(name).split("\n---\n")[0].removeprefix("---\n"))
    assert header["pretty_name"] == name and header["language"] == ["ko"]


def test_hostile_sources_stay_in_their_cell():
    text = card(sources=["a|b", "c\n## d", "<script>", "e\r\x1b[2J"])
    assert "\x1b" not in text and "\r" not in text and "<script>" not in text
    assert "\n| a\\|b | 2 | 1 |\n" in text and "\n## d" not in text


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run with kept documents only: its card names a folder dropped/ that does not exist."""
    folder = tmp_path_factory.mktemp("card")
    for part in range(2):
        write_jsonl(folder / "in" / f"{part}.jsonl", [{"text": prose(part * 6 + i)} for i in range(6)])
    recipe = load_recipe("web", inputs=[{"path": str(folder / "in"), "source": "web"}])
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return folder / "run"


def test_pyarrow_and_duckdb_read_it_as_it_is(finished):
    assert pyarrow.dataset.dataset(finished / "kept").count_rows() == 12
    query = f"SELECT source, count(*), sum(strlen(text)) FROM '{finished}/kept/*.parquet' GROUP BY source"
    ((source, rows, size),) = duckdb.sql(query).fetchall()
    assert (source, rows, size) == ("web", 12, sum(len(prose(i).encode()) for i in range(12)))


def test_hugging_face_datasets_loads_the_folder_offline(finished, tmp_path):
    pytest.importorskip("datasets")
    code = f"""
from datasets import load_dataset
whole = load_dataset({str(finished)!r}, split="train")
streamed = load_dataset({str(finished)!r}, split="train", streaming=True)
print(whole.num_rows, len(list(streamed)), next(iter(streamed))["source"])
"""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert shown.stdout.split() == ["12", "12", "web"], shown.stderr


LIVE = [
    "![x](http://a.example.com/x.png)",
    "[click](javascript:alert(1))",
    "[a][b]",
    "<img src=x onerror=alert(1)>",
    "<http://a.example.com>",
    "https://a.example.com/x",
    "www.example.com",
    "a\\|b",
    "a\\",
    "\\",
    "a|b|c",
    "`a` ``b``",
    "*a* **b** _c_ __d__ ~~e~~",
    "&lt;b&gt; &#124; &amp;",
    "$x^2$ @someone #1",
    "{{a}} {% b %}",
    ":smile:",
    "snake_case_name 3.5 - a",
]


def rendered(markdown: str) -> list:
    """The inline tokens of the cells of every table."""
    parser = MarkdownIt("gfm-like", {"linkify": False})
    return [token for token in parser.parse(markdown) if token.type == "inline"]


@given(st.lists(st.sampled_from(LIVE) | st.text(max_size=30), min_size=1, max_size=4, unique=True))
def test_markdown_shows_every_character_of_a_source_and_obeys_none(sources):
    text = card(sources=sources)
    tokens = rendered(text.split("## Sources")[1].split("\n## ")[0])
    cells = [token.content for token in tokens]
    assert len(cells) == 3 + 3 * len(sources)
    for position, source in enumerate(sorted(sources)):
        children = tokens[3 + 3 * position].children
        assert {child.type for child in children} <= {"text", "text_special"}
        assert "://" not in tokens[3 + 3 * position].content and "www." not in tokens[3 + 3 * position].content
        shown = "".join(char if char.isprintable() else " " for char in source).strip() if source else "(none)"
        assert "".join(child.content for child in children) == shown
