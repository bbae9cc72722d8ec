"""Evaluation: the same verdicts as the engine, and figures that follow from them."""

import numpy as np
import pytest
from conftest import prose, write_jsonl

from algok.classifiers.metrics import auc, binary
from algok.classifiers.store import read_manifest, shipped
from algok.classifiers.training.kinds import TRAINERS
from algok.errors import ModelError, RecipeError
from algok.evaluation.evaluate import compute_steps, evaluate, plans_until, seen_by_models, step_for_kind, with_models
from algok.evaluation.labelled_documents import read_labelled_documents
from algok.pipelines.explain import explain_document
from algok.pipelines.recipe import recipe_from_text

PLAIN = (
    "{name: plain, steps: {repair: {}, dedup: {}, heuristics: {}}, profiles: {law: {heuristics: {chars: {min: 9000}}}}}"
)
JUNK = (
    "메뉴 | 홈 | 로그인 | 회원가입 | 장바구니",
    "ㅋㅋㅋㅋㅋㅋ",
    "1234 5678 9012 3456",
    "error 404 not found",
    "\u200b\n" * 30,
)


def rows() -> list[dict]:
    good = [
        {
            "text": prose(i),
            "host": f"h{i % 6}.example.com",
            "source": "law" if i % 10 == 9 else "web",
            "labels": {"keep": 1},
        }
        for i in range(30)
    ]
    bad = [
        {"text": JUNK[i % 5], "host": f"h{i % 4}.example.com", "source": "web", "labels": {"keep": 0, "quality": i % 2}}
        for i in range(20)
    ]
    return [
        *good,
        *bad,
        {"text": prose(99), "host": "x", "labels": {"keep": 0}},
        {"text": "짧다", "labels": {"keep": 1}},
    ]


@pytest.fixture
def labelled(tmp_path):
    return write_jsonl(tmp_path / "labels.jsonl", rows())


def test_verdicts_are_those_of_the_engine(labelled):
    recipe = recipe_from_text(PLAIN)
    documents = read_labelled_documents([labelled])
    computed = compute_steps(documents.batches, recipe.steps)
    assert computed.steps == ["repair", "heuristics"] and computed.skipped == ["dedup"]
    (batch,) = documents.batches
    for row, verdict in enumerate(computed.verdicts):
        wanted = explain_document(batch.slice(row, 1), recipe).verdict
        if verdict is None:
            assert wanted == "kept"
        else:
            step, signal, side = verdict
            assert wanted.startswith(f"dropped: {step}.{signal} is ") and f"the bound is {side} " in wanted
    assert any(verdict == ("heuristics", "chars", "min") for verdict in computed.verdicts[9:30:10])  # bounds by source


def test_batches_do_not_change_anything(labelled):
    recipe = recipe_from_text(PLAIN)
    (batch,) = read_labelled_documents([labelled]).batches
    whole = compute_steps([batch], recipe.steps)
    parts = compute_steps([batch.slice(0, 7), batch.slice(7, 1), batch.slice(8)], recipe.steps)
    assert whole.verdicts == parts.verdicts
    for name in whole.signals:
        assert whole.signals[name].to_pylist() == parts.signals[name].to_pylist()


def test_keep_figures_and_drops_add_up(labelled):
    recipe = recipe_from_text(PLAIN)
    documents = read_labelled_documents([labelled], by=["source"])
    report = evaluate(documents, recipe)
    keep = report["keep"]
    kept = compute_steps(documents.batches, recipe.steps).kept
    assert {key: keep[key] for key in binary(kept, kept)} == binary(documents.labels["keep"] == 1, kept)
    assert (
        keep["true_positive"] == 27 and keep["false_negative"] == 4
    )  # three laws under 9,000 characters, one too short
    assert keep["false_positive"] == 1 and keep["true_negative"] == 20
    assert sum(drop["right"] for drop in keep["drops"]) == keep["true_negative"]
    assert sum(drop["wrong"] for drop in keep["drops"]) == keep["false_negative"]
    assert all(drop["documents"] == drop["right"] + drop["wrong"] for drop in keep["drops"])
    low, high = keep["balanced_accuracy_interval"]
    assert low <= keep["balanced_accuracy"] <= high
    slices = report["slices"]["source"]
    assert list(slices) == ["web", "law", "(none)"]
    assert slices["law"] == slices["law"] | {"documents": 3, "kept": 0, "wrongly_dropped": 3, "balanced_accuracy": None}
    assert sum(figures["documents"] for figures in slices.values()) == report["documents"] == len(rows())
    assert report["skipped"] == ["dedup"] and report["models"] == {}
    assert not {"quality", "toxicity", "domain", "style"} & set(report)


def test_a_model_beside_the_recipe_is_measured_but_drops_nothing(labelled):
    documents = read_labelled_documents([labelled])
    recipe = recipe_from_text(PLAIN)
    plain, beside = evaluate(documents, recipe), evaluate(documents, recipe, {"quality": "quality"})
    assert beside["measured_only"] == ["quality"] and beside["models"]["quality.model"]["model"].startswith("quality@")
    assert {key: beside["keep"][key] for key in binary(np.ones(1, bool), np.ones(1, bool))} == {
        key: plain["keep"][key] for key in binary(np.ones(1, bool), np.ones(1, bool))
    }
    plans, _ = with_models(recipe, {"quality": "quality"})
    scores = compute_steps(documents.batches, plans).values("quality.keep")
    assert beside["quality"]["auc"] == auc(documents.labels["keep"] == 1, scores)
    assert sum(row["documents"] for row in beside["quality"]["bins"]) == len(documents)
    assert beside["quality"]["level_mean_absolute_error"] >= 0


def test_a_model_of_the_recipe_is_replaced_in_its_place(tmp_path):
    recipe = recipe_from_text("{steps: {quality: {keep: {min: 0.2}}, heuristics: {}}}")
    plans, added = with_models(recipe, {"quality": "some/folder"})
    assert [plan.name for plan in plans] == ["quality", "heuristics"] and added == []
    assert plans[0].options["model"] == "some/folder" and plans[0].bounds["keep"].min == 0.2
    assert recipe.steps[0].options["model"] == "quality"


def test_a_missing_model_is_an_error_before_any_text(labelled):
    with pytest.raises(ModelError):
        evaluate(read_labelled_documents([labelled]), recipe_from_text(PLAIN), {"quality": "./nothing"})
    with pytest.raises(ModelError, match="quality@1234"):
        evaluate(read_labelled_documents([labelled]), recipe_from_text("{steps: {quality: {model: quality@1234}}}"))


def test_every_shipped_model_and_every_trainable_kind_has_its_step():
    kinds = {read_manifest(folder).kind for folder in shipped()} | set(TRAINERS)
    found = {kind: step_for_kind(kind)[0] for kind in kinds}
    assert found == {name: name for name in kinds} | {"tokenizer": "tokens"}
    with pytest.raises(RecipeError, match="no step takes a model of kind 'qualty'; did you mean 'quality'"):
        step_for_kind("qualty")


def test_plans_until_a_signal():
    recipe = recipe_from_text("{steps: {repair: {}, heuristics: {}, source: {}}}")
    assert [plan.name for plan in plans_until(recipe, "heuristics.chars")] == ["repair", "heuristics"]
    assert [plan.name for plan in plans_until(recipe, "quality.keep")] == ["repair", "heuristics", "source", "quality"]
    for signal, message in (
        ("heuristics.char", "did you mean 'chars'"), ("heuristics", "has no signal"), ("soup.x", "unknown step"),
        ("dedup.duplicate_rank", "whole corpus"), ("source.label", "has no signal 'label'"),
    ):  # fmt: skip
        with pytest.raises(RecipeError, match=message):
            plans_until(recipe, signal)


def test_a_model_that_learned_from_the_file_is_named(tmp_path):
    models = {"quality.model": {"model": "quality@1", "data": ["labels/web_labels", "other.jsonl (dev part)"]}}
    assert "learned from 'labels/web_labels'" in seen_by_models([tmp_path / "web_labels.jsonl.zst"], "all", models)[0]
    assert seen_by_models([tmp_path / "other.parquet"], "held-out", models) == []
    assert len(seen_by_models([tmp_path / "other.parquet"], "all", models)) == 1
    assert seen_by_models([tmp_path / "new.jsonl"], "all", models) == []


def test_a_huge_and_an_empty_document_pass(tmp_path):
    lines = [{"text": "", "labels": {"keep": 0}}, {"text": "가나다 " * 1_000_000, "labels": {"keep": 0}}]
    documents = read_labelled_documents([write_jsonl(tmp_path / "a.jsonl", [*lines, *rows()])])
    assert evaluate(documents, recipe_from_text(PLAIN))["documents"] == len(rows()) + 2
