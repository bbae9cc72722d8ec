"""algok evaluate as its users meet it."""

import json

import pytest
from commands import algok
from conftest import SHARED, prose, write_jsonl

RECIPE = "name: small\nsteps:\n  repair: {}\n  dedup: {}\n  heuristics: {chars: {min: 100}}\n"


@pytest.fixture
def files(tmp_path):
    rows = [{"text": prose(i), "host": f"h{i % 9}", "source": "web", "labels": {"keep": 1}} for i in range(20)]
    rows += [{"text": f"메뉴 {i}", "host": f"h{i % 9}", "source": "web", "labels": {"keep": 0}} for i in range(20)]
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    return write_jsonl(tmp_path / "labels.jsonl", rows), tmp_path / "recipe.yaml"


def test_json_and_tables_say_the_same(files):
    labels, recipe = files
    report = json.loads(algok("evaluate", labels, "--recipe", recipe, "--by", "host", "--json"))
    assert report["keep"]["balanced_accuracy"] == 1 and report["documents"] == 40 and report["part"] == "all"
    assert report["keep"]["drops"][0] == report["keep"]["drops"][0] | {"step": "heuristics", "right": 20, "wrong": 0}
    assert len(report["slices"]["host"]) == 9
    shown = algok("evaluate", labels, "--recipe", recipe, "--by", "host")
    assert "balanced accuracy 1.000" in shown and "dedup" in shown and "labelled dropped" in shown and "h8" in shown


def test_overrides_and_parts_reach_the_evaluation(files):
    labels, recipe = files
    strict = ["--set", "steps.heuristics.chars.min=99999"]
    assert json.loads(algok("evaluate", labels, "--recipe", recipe, *strict, "--json"))["keep"]["recall"] == 0
    sizes = [
        json.loads(algok("evaluate", labels, "--recipe", recipe, "--part", part, "--json"))["documents"]
        for part in ("dev", "held-out")
    ]
    assert sum(sizes) == 40 and min(sizes) > 0


def test_a_model_of_ones_own_is_measured_beside_the_recipe(files):
    labels, recipe = files
    report = json.loads(algok("evaluate", labels, "--recipe", recipe, "--model", "quality=quality", "--json"))
    assert report["measured_only"] == ["quality"] and report["quality"]["auc"] > 0.9
    assert "Quality model" in algok("evaluate", labels, "--recipe", recipe, "--model", "quality=quality")


def test_wrong_options_and_files(files, tmp_path):
    labels, recipe = files
    assert "no step takes a model of kind 'soup'" in algok("evaluate", labels, "--model", "soup=x", code=2)
    assert "expected KEY=VALUE" in algok("evaluate", labels, "--model", "quality", code=2)
    assert "expected KEY=VALUE" in algok("evaluate", labels, "--field", "domain", code=2)
    assert "no such file" in algok("evaluate", tmp_path / "x.jsonl", "--recipe", recipe, code=3)
    assert "no such folder" in algok("evaluate", labels, "--model", "quality=./nothing", code=8)
    assert "unknown step" in algok("evaluate", labels, "--recipe", recipe, "--set", "steps.soup.x=1", code=2)
    assert "no row in the part" in algok(
        "evaluate", write_jsonl(tmp_path / "one.jsonl", [{"text": "가", "host": "h", "labels": {"keep": 1}}]),
        "--recipe", recipe, "--part", "held-out" if not _held_out("h") else "dev", code=3,
    )  # fmt: skip


def _held_out(group: str) -> bool:
    from algok.classifiers.split import held_out

    return held_out(group)


@pytest.mark.skipif(not SHARED.exists(), reason="needs the real data beside the project (../shared/data)")
def test_the_web_recipe_on_real_labels():
    labels = SHARED / "labels" / "web_labels.jsonl.zst"
    report = json.loads(algok("evaluate", labels, "--part", "held-out", "--by", "source", "--json"))
    assert report["documents"] > 300 and report["keep"]["balanced_accuracy"] > 0.85
    assert {"quality", "toxicity", "domain", "style"} <= set(report)
    assert any("learned from" in warning for warning in report["warnings"])
