"""Models of one kind side by side: each row is what `evaluate` says of the model alone."""

import json

import pytest
from commands import algok
from conftest import prose, write_jsonl
from foreign_models import MENU, examples, train_fasttext

pytest.importorskip("fasttext", reason="needs the extra fasttext")
LABELS = "{hq: keep, cc: drop, en: drop}"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare")
    rows = [{"text": prose(i), "host": f"h{i % 9}", "labels": {"keep": 1, "quality": 3}} for i in range(30)]
    rows += [
        {"text": "\n".join(MENU * 3) + str(i), "host": f"h{i % 9}", "labels": {"keep": 0, "quality": 0}}
        for i in range(30)
    ]
    recipe = folder / "recipe.yaml"
    recipe.write_text(f"steps:\n  heuristics: {{chars: {{min: 20}}}}\n  quality: {{labels: {LABELS}}}\n")
    return write_jsonl(folder / "labels.jsonl", rows), recipe, train_fasttext(folder / "hq.bin", examples())


def test_each_row_is_the_evaluation_of_the_model_alone(files):
    labels, recipe, model = files
    both = ["--model", "quality=quality", "--model", f"quality={model}"]
    found = json.loads(algok("evaluate", labels, "--recipe", recipe, *both, "--json"))
    ours, theirs = found["models"]["quality"]
    for row, reference in ((ours, "quality"), (theirs, str(model))):
        alone = json.loads(algok("evaluate", labels, "--recipe", recipe, "--model", f"quality={reference}", "--json"))
        assert row["model"] == reference and row["auc"] == alone["quality"]["auc"]
        assert row["digest"] == alone["models"]["quality.model"]["digest"]
        assert row["recipe"] == alone["keep"]["balanced_accuracy"]
    assert theirs["auc"] == 1 and theirs["level_spearman"] is None and ours["level_spearman"] > 0.5
    shown = algok("evaluate", labels, "--recipe", recipe, *both)
    assert str(model)[:20] in shown and ours["digest"][:16] in shown and "Quality models" in shown


def test_a_scorer_without_probabilities_is_ordered_by_its_level(files, tmp_path):
    pytest.importorskip("skops", reason="needs the extra sklearn")
    import skops.io
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline

    labels, recipe, _ = files
    texts, own = zip(*examples(), strict=True)
    pipeline = make_pipeline(TfidfVectorizer(analyzer="char"), Ridge()).fit(texts, [4.0 * (o == "hq") for o in own])
    skops.io.dump(pipeline, str(tmp_path / "score.skops"))
    options = ["--recipe", recipe, "--model", f"quality={tmp_path}/score.skops", "--by", "host", "--json"]
    found = json.loads(algok("evaluate", labels, *options))
    assert found["quality"]["auc_level"] == 1 and "auc" not in found["quality"]
    assert all(figures["quality_auc"] == 1 for figures in found["slices"]["host"].values())
    assert "auc level 1.000" in algok("evaluate", labels, *options[:-1])


def test_bounds_of_several_models_stand_side_by_side(files):
    labels, recipe, model = files
    both = ["--all-documents", "--model", "quality", "--model", model]
    found = json.loads(algok("tune", "quality.keep", labels, "--recipe", recipe, *both, "--json"))
    assert [one["model"] for one in found["models"]] == ["quality", str(model)]
    alone = json.loads(algok("tune", "quality.keep", labels, "--recipe", recipe, *both[:1], *both[3:], "--json"))
    assert found["models"][1]["proposals"] == alone["proposals"] and alone["proposals"][0]["auc"] == 1
    shown = algok("tune", "quality.keep", labels, "--recipe", recipe, *both)
    assert shown.count("proposed: min") == 2 and f"model {model}" in shown


def test_a_step_without_a_model_has_none_to_choose(files):
    labels, recipe, model = files
    message = algok("tune", "heuristics.chars", labels, "--recipe", recipe, "--model", model, code=2)
    assert "step 'heuristics' has no model" in message
