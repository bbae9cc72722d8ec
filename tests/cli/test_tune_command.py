"""algok tune as its users meet it."""

import json

import pytest
from commands import algok
from conftest import prose, write_jsonl

from algok.cli.tune_command import _chart
from algok.pipelines.recipe import recipe_from_text


@pytest.fixture
def files(tmp_path):
    rows = [{"text": prose(i), "source": f"s{i % 6}", "labels": {"keep": 1}} for i in range(40)]
    rows += [{"text": prose(i)[: 30 + i], "source": f"s{i % 6}", "labels": {"keep": 0}} for i in range(40)]
    (tmp_path / "recipe.yaml").write_text("steps:\n  repair: {}\n  heuristics: {chars: {min: 50}}\n")
    return write_jsonl(tmp_path / "labels.jsonl", rows), tmp_path / "recipe.yaml"


def test_the_proposal_can_be_pasted_into_a_recipe(files):
    labels, recipe = files
    shown = algok("tune", "heuristics.chars", labels, "--recipe", recipe)
    assert "← now" in shown and "← proposed" in shown and "best balanced accuracy" in shown and "95 %" in shown
    yaml = shown[shown.index("steps:") :]
    bound = recipe_from_text(yaml).steps[0].bounds["chars"].min
    assert 69 < bound < len(prose(1))


def test_json_has_the_whole_curve(files):
    labels, recipe = files
    found = json.loads(
        algok("tune", "heuristics.chars", labels, "--recipe", recipe, "--min-recall", "0.9", "--by", "source", "--json")
    )
    assert found["goal"] == "strictest with recall of keep ≥ 0.9" and found["warnings"] == []
    overall, *slices = found["proposals"]
    assert overall["proposed"]["recall_keep"] >= 0.9 and len(overall["curve"]) > 20
    assert [proposal["slice"] for proposal in slices] == [f"s{i}" for i in range(6)]
    assert slices[0]["recipe"].startswith("profiles:\n  s0:\n    heuristics:") and slices[0]["warnings"]


def test_nothing_to_tell_apart_is_said(files, tmp_path):
    _, recipe = files
    labels = write_jsonl(tmp_path / "good.jsonl", [{"text": prose(i), "labels": {"keep": 1}} for i in range(5)])
    assert "every document should be kept" in algok("tune", "heuristics.chars", labels, "--recipe", recipe)


def test_wrong_signals_and_options(files):
    labels, recipe = files
    assert "unknown step 'heuristic'" in algok("tune", "heuristic.chars", labels, "--recipe", recipe, code=2)
    assert "has no signal" in algok("tune", "heuristics.size", labels, "--recipe", recipe, code=2)
    assert "choose one" in algok("tune", "heuristics.chars", labels, "--beta", "1", "--min-recall", "0.9", code=2)
    assert "no document has the label" in algok(
        "tune", "heuristics.chars", labels, "--recipe", recipe, "--label", "toxicity", code=3
    )


def test_the_chart_draws_every_curve(files, capsys):
    from algok.evaluation.labelled_documents import read_labelled_documents
    from algok.evaluation.tune import tune
    from algok.pipelines.recipe import load_recipe

    labels, recipe = files
    _chart(tune(read_labelled_documents([labels]), load_recipe(str(recipe)), "heuristics.chars", times=5)[0])
    shown = capsys.readouterr().out
    assert shown.count("●") > 30 and "1.0 │" in shown and "0.0 │" in shown
