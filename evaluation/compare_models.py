"""Several models of one kind on the same labelled documents, whoever made them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from algok.classifiers.split import Part
from algok.evaluation.evaluate import evaluate, seen_by_models, step_for_kind
from algok.evaluation.labelled_documents import LabelledDocuments
from algok.pipelines.recipe import Recipe

# What tells models of a kind apart, of the figures that `evaluate` gives.
_FIGURES = {
    "quality": ("auc", "auc_level", "ece", "brier", "level_spearman"),
    "toxicity": ("auc_max", "auc_mean", "precision", "recall", "balanced_accuracy"),
    "domain": ("accuracy", "macro_f1"),
    "style": ("accuracy", "macro_f1"),
}


def compare_models(
    documents: LabelledDocuments,
    recipe: Recipe,
    kind: str,
    references: Sequence[str],
    others: dict[str, str],
    files: Sequence[Path] = (),
    part: Part = "all",
) -> list[dict[str, Any]]:
    """A row per model: its name and digest, its figures by the labels of its kind, and under `recipe` the balanced accuracy of
    keep of the whole recipe with it. `others` are the models of other kinds, `files` what `seen_by_models` warns of.

    Raises RecipeError for a kind that no step takes, ModelError.
    """
    name, option = step_for_kind(kind)
    rows = []
    for reference in references:
        report = evaluate(documents, recipe, others | {kind: reference})
        figures, keep = report.get(kind, {}), report.get("keep", {})
        row: dict[str, Any] = {"model": reference, "digest": report["models"][f"{name}.{option}"]["digest"]}
        row |= {figure: figures.get(figure) for figure in _FIGURES.get(kind, ())}
        row["recipe"] = None if name in report["measured_only"] else keep.get("balanced_accuracy")
        row["warnings"] = seen_by_models(files, part, {kind: report["models"][f"{name}.{option}"]})
        rows.append(row)
    return rows
