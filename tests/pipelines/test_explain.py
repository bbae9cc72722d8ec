"""Explaining: the verdict that a run gives, and nothing that steers a terminal."""

import pyarrow as pa
import pytest
from click.testing import CliRunner
from conftest import prose

from algok.cli import cli
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.explain import explain_document
from algok.pipelines.recipe import recipe_from_text


def explain(text: str, recipe: str, source: str | None = None):
    row = {"id": "-", "text": text, "source": source, "provenance": "organic", "file": "-", "offset": 0}
    return explain_document(pa.RecordBatch.from_pylist([row], DOCUMENT_SCHEMA), recipe_from_text(recipe))


def test_the_first_broken_bound_is_the_verdict_and_later_steps_are_shown_all_the_same():
    shown = explain("짧은 글", "steps: {heuristics: {}, repair: {edits: {max: 100}}}")
    assert shown.verdict.startswith("dropped: heuristics.")
    assert [step.step for step in shown.steps] == ["heuristics", "repair"]
    broken = [line.signal for line in shown.steps[0].signals if line.broken]
    assert shown.verdict.split(".")[1].split(" ")[0] in broken


def test_a_source_has_its_own_bounds():
    recipe = "{steps: {heuristics: {}}, profiles: {law: {heuristics: {chars: {min: 100000}}}}}"
    assert explain(prose(1), recipe).verdict == "kept"
    assert explain(prose(1), recipe, "law").verdict.endswith("the bound is min 100000")


def test_edits_are_shown_masked():
    (step,) = explain("안녕\u200b하세요 010-0000-1234\n그대로인 줄", "steps: {repair: {}}").steps
    assert len(step.diff) == 2 and "그대로인 줄" not in "".join(step.diff)
    assert "1234" not in "".join(step.diff)


def test_corpus_steps_say_that_they_need_the_corpus():
    (step,) = explain(prose(1), "steps: {dedup: {}}").steps
    assert "whole corpus" in step.note


@pytest.mark.parametrize("hostile", ["\x1b[31m", "\x9b2J", "\u202e", "\x07"])
def test_nothing_from_data_steers_the_terminal(hostile):
    text = f"{hostile}[bold]안녕\u200b하세요[/] {hostile}"
    result = CliRunner().invoke(cli, ["explain", "-", "--source", f"a{hostile}[red]"], input=text)
    assert result.exit_code == 0
    assert hostile not in result.output
    assert "[red]" in result.output  # shown as it is, and not taken for markup
