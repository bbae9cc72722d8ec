"""Labelled documents against a recipe: what its steps would drop, rightly or wrongly, and how good its models are.

The steps are computed and decided by the engine's own functions, in the recipe's order and with its bounds by source. Steps
that need a whole corpus are left out; nothing is dropped on the way, so that every model sees every document.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from algok.classifiers.metrics import auc, balanced_accuracy_interval, binary, calibration, multiclass, spearman
from algok.classifiers.split import Part
from algok.classifiers.store import open_reference
from algok.errors import RecipeError
from algok.evaluation.labelled_documents import TOXIC, LabelledDocuments
from algok.pipelines.apply import compute, with_signals
from algok.pipelines.decide import decide
from algok.pipelines.plan import step_models
from algok.pipelines.plugins import nearest
from algok.pipelines.recipe import Recipe, StepConfig
from algok.pipelines.registry import known_steps, step_class
from algok.step import CorpusStep
from algok.taxonomy.axes import major_of

Rule = tuple[str, str, str]  # step, signal, "min" or "max"


@dataclass
class Computed:
    """A recipe over documents. `signals`: every signal by `step.signal`; `verdicts`: the first rule that each document
    breaks, or None; `breaks`: by step, which documents break any of its bounds (bool); `steps`: those computed, in order;
    `skipped`: those that need a corpus."""

    signals: dict[str, pa.ChunkedArray]
    verdicts: list[Rule | None]
    breaks: dict[str, np.ndarray]
    steps: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def kept(self) -> np.ndarray:
        """Which documents no step drops (bool)."""
        return np.array([verdict is None for verdict in self.verdicts], bool)

    def values(self, signal: str) -> np.ndarray:
        """A numeric signal as float64; null is NaN."""
        return self.signals[signal].cast(pa.float64()).to_numpy()


def compute_steps(batches: list[pa.RecordBatch], configs: Sequence[StepConfig]) -> Computed:
    """The steps in their order over all batches. Raises ModelError before any text is looked at."""
    steps = [(config, config.build()) for config in configs if not issubclass(config.cls, CorpusStep)]
    skipped = [config.name for config in configs if issubclass(config.cls, CorpusStep)]
    signals: dict[str, list[pa.Array]] = {}
    verdicts: list[Rule | None] = []
    breaks: dict[str, list[np.ndarray]] = {}
    computed = []
    for batch in batches:
        first: list[Rule | None] = [None] * batch.num_rows
        computed, sources = [], batch.column("source")
        for config, step in steps:
            if not step.requires <= set(batch.schema.names):
                continue  # needs what a corpus step gives
            edited = compute(step, batch)
            decisions = decide(config, edited.signals, sources)
            for row in np.flatnonzero(~decisions.keep):
                first[row] = first[row] or (config.name, *decisions.rules[decisions.broken[row]])
            batch = with_signals(batch, config.name, step, edited)
            breaks.setdefault(config.name, []).append(~decisions.keep)
            for name, column in edited.signals.items():
                signals.setdefault(f"{config.name}.{name}", []).append(column)
            computed.append(config.name)
        verdicts += first
    return Computed(
        {name: pa.chunked_array(columns) for name, columns in signals.items()},
        verdicts,
        {name: np.concatenate(parts) for name, parts in breaks.items()},
        computed,
        skipped + [config.name for config, _ in steps if config.name not in computed],
    )


def step_for_kind(kind: str) -> tuple[str, str]:
    """The step that takes models of a kind, and its option. A kind is whatever a step names in its `models`, so plug-ins can
    bring their own. Raises RecipeError if no step takes the kind."""
    kinds: list[str] = []
    for name in sorted(known_steps(), key=lambda name: name != kind):  # most steps bear the name of the kind
        for option, taken in step_class(name).models.items():
            if taken == kind:
                return name, option
            kinds.append(taken)
    raise RecipeError(f"no step takes a model of kind '{kind}'{nearest(kind, kinds)}")


def model_option(signal: str) -> str:
    """The option of the step of `step.signal` that names its model. Raises RecipeError for a step without one."""
    name = signal.partition(".")[0]
    options = list(step_class(name).models)
    if not options:
        raise RecipeError(f"{signal}: step '{name}' has no model to choose")
    return options[0]


def with_models(recipe: Recipe, models: dict[str, str]) -> tuple[list[StepConfig], list[str]]:
    """The recipe's steps with other models (kind -> reference), and the names of steps added to its end because the recipe
    has none for that kind; these are measured but have no part in the verdict."""
    configs, added = list(recipe.steps), []
    for kind, reference in models.items():
        name, option = step_for_kind(kind)
        places = [index for index, config in enumerate(configs) if config.name == name]
        if not places:
            cls = step_class(name)
            options = cls.Options().model_dump(mode="json")
            places = [len(configs)]
            configs.append(StepConfig(name=name, options=options, bounds=dict(cls.default_bounds), by_source={}))
            added.append(name)
        for place in places:
            options = configs[place].options | {option: reference}
            configs[place] = configs[place].model_copy(update={"options": options})
    return configs, added


def plans_until(recipe: Recipe, signal: str) -> list[StepConfig]:
    """The recipe's steps up to the one that gives `step.signal`, which comes last with its defaults if the recipe lacks it.

    Raises RecipeError for a signal that is unknown or cannot be compared with a number.
    """
    name, _, bare = signal.partition(".")
    cls = step_class(name)
    if issubclass(cls, CorpusStep):
        raise RecipeError(f"{signal}: step '{name}' needs a whole corpus; annotate one and use 'algok redecide'")
    numeric = {known.name for known in cls.signals if known.unit not in ("id", "label")}
    if bare not in numeric:
        raise RecipeError(f"step '{name}' has no signal '{bare}' that a bound can be set on{nearest(bare, numeric)}")
    names = [config.name for config in recipe.steps]
    if name in names:
        return list(recipe.steps[: names.index(name) + 1])
    options = cls.Options().model_dump(mode="json")
    return [*recipe.steps, StepConfig(name=name, options=options, bounds=dict(cls.default_bounds), by_source={})]


def evaluate(documents: LabelledDocuments, recipe: Recipe, models: dict[str, str] | None = None) -> dict[str, Any]:
    """Every figure that the labels allow, as plain data; see docs/models.md for what each means."""
    configs, added = with_models(recipe, models or {})
    used = models_of(configs)
    computed = compute_steps(documents.batches, configs)
    computed.verdicts = [None if verdict and verdict[0] in added else verdict for verdict in computed.verdicts]
    report: dict[str, Any] = {
        "documents": len(documents),
        "groups": len(set(documents.groups)),
        "recipe": recipe.name,
        "recipe_digest": recipe.digest,
        "steps": computed.steps,
        "measured_only": added,
        "skipped": computed.skipped,
        "models": used,
    }
    parts = {
        "keep": _keep(documents, computed),
        "quality": _quality(documents, computed),
        "toxicity": _toxicity(documents, computed),
        "domain": _domain(documents, computed),
        "style": _style(documents, computed),
        "slices": _slices(documents, computed),
    }
    return report | {name: figures for name, figures in parts.items() if figures}


def models_of(configs: Sequence[StepConfig]) -> dict[str, dict[str, Any]]:
    """Label and digest of every model that the steps use, by `step.option`, and the names of its sets (`data`)."""
    used: dict[str, dict[str, Any]] = {}
    for config in configs:
        for key, model in step_models(config).items():
            option = key.partition(".")[2]
            opened = open_reference(config.options[option], config.cls.models[option])
            used[key] = model | {"data": [line.name for line in opened.data]}
    return used


def _keep(documents: LabelledDocuments, computed: Computed) -> dict[str, Any] | None:
    """The whole recipe against the label keep; and what every step and rule dropped, rightly (keep 0) or wrongly."""
    labels = documents.labels["keep"]
    known = np.flatnonzero(~np.isnan(labels))
    if not len(known):
        return None
    truth, kept = labels[known] == 1, computed.kept[known]
    groups = [documents.groups[row] for row in known]
    figures = binary(truth, kept)
    figures["balanced_accuracy_interval"] = balanced_accuracy_interval(truth, kept, groups)
    rules: Counter[tuple[Rule, bool]] = Counter()
    for row, right in zip(known, ~truth, strict=True):
        if verdict := computed.verdicts[row]:
            rules[verdict, bool(right)] += 1
    drops = [
        {"step": rule[0], "signal": rule[1], "side": rule[2], **_right_wrong(rules[rule, True], rules[rule, False])}
        for rule in dict.fromkeys(rule for rule, _ in rules)
    ]
    order = {name: place for place, name in enumerate(computed.steps)}
    figures["drops"] = sorted(drops, key=lambda drop: (order[drop["step"]], -drop["documents"], drop["signal"]))
    figures["alone"] = [
        {"step": name, **_right_wrong(int((broken & ~truth).sum()), int((broken & truth).sum()))}
        for name in computed.steps
        if (broken := computed.breaks[name][known]).any()
    ]
    return figures


def _right_wrong(right: int, wrong: int) -> dict[str, int]:
    return {"documents": right + wrong, "right": right, "wrong": wrong}


def _quality(documents: LabelledDocuments, computed: Computed) -> dict[str, Any] | None:
    """The model's probability and its expected quality against the label keep, the latter against the label quality too; a model
    may give only one of them."""
    if "quality.keep" not in computed.signals:
        return None
    figures: dict[str, Any] = {}
    keep, level = documents.labels["keep"], documents.labels["quality"]
    probabilities, expected = computed.values("quality.keep"), computed.values("quality.level")
    known = ~np.isnan(keep) & ~np.isnan(probabilities)
    if known.any():
        truth, said = keep[known] == 1, probabilities[known]
        figures |= {"documents": int(known.sum()), "auc": auc(truth, said)}
        figures |= calibration(truth, said)
    known = ~np.isnan(keep) & ~np.isnan(expected)
    if known.any():
        figures["auc_level"] = auc(keep[known] == 1, expected[known])
    known = ~np.isnan(level) & ~np.isnan(expected)
    if known.any():
        expected = expected[known]
        figures["level_spearman"] = spearman(level[known], expected)
        figures["level_mean_absolute_error"] = float(np.abs(level[known] - expected).mean())
    return figures or None


def _toxicity(documents: LabelledDocuments, computed: Computed) -> dict[str, Any] | None:
    """Called toxic: breaks a bound of step toxicity. Toxic: labelled 2 or more. `auc_max`: of the worst window, `auc_mean`: of
    the mean."""
    severity = documents.labels["toxicity"]
    known = ~np.isnan(severity)
    if "toxicity" not in computed.steps or not known.any():
        return None
    truth = severity[known] >= TOXIC
    figures = binary(truth, computed.breaks["toxicity"][known])
    for name in ("max", "mean"):
        figures[f"auc_{name}"] = auc(truth, computed.values(f"toxicity.{name}")[known])
    return figures


def _domain(documents: LabelledDocuments, computed: Computed) -> dict[str, Any] | None:
    pairs = _pairs(documents.labels["domain"], computed, "domain.sub")
    majors = _pairs(documents.labels["domain"], computed, "domain.major")
    if pairs is None or majors is None:
        return None
    true_majors = [major_of().get(name, name) for name in majors[0]]
    return multiclass(*pairs) | {"majors": multiclass(true_majors, majors[1])}


def _style(documents: LabelledDocuments, computed: Computed) -> dict[str, Any] | None:
    pairs = _pairs(documents.labels["style"], computed, "style.label")
    return multiclass(*pairs) if pairs else None


def _pairs(labels: np.ndarray, computed: Computed, signal: str) -> tuple[list[str], list[str]] | None:
    """The labels and what the signal says, of the labelled documents; None if there is neither."""
    known = [row for row, label in enumerate(labels) if label is not None]
    if signal not in computed.signals or not known:
        return None
    said = computed.signals[signal].to_pylist()
    return [labels[row] for row in known], [said[row] or "(none)" for row in known]


def rows_by_value(values: Sequence[str]) -> dict[str, np.ndarray]:
    """The rows of every value, the values with most rows first."""
    rows: dict[str, list[int]] = {}
    for row, value in enumerate(values):
        rows.setdefault(value, []).append(row)
    return {value: np.array(rows[value]) for value in sorted(rows, key=lambda value: (-len(rows[value]), value))}


def _slices(documents: LabelledDocuments, computed: Computed) -> dict[str, dict[str, dict]]:
    """The main figures per value of every field asked for, the largest slices first."""
    keep, kept = documents.labels["keep"], computed.kept
    scores = _quality_scores(computed)
    right = {}
    for name, signal in (("domain", "domain.sub"), ("style", "style.label")):
        if signal in computed.signals:
            said = computed.signals[signal].to_pylist()
            pairs = zip(documents.labels[name], said, strict=True)
            right[name] = np.array([np.nan if label is None else float(label == code) for label, code in pairs])
    return {
        name: {value: _slice(rows, keep, kept, scores, right) for value, rows in rows_by_value(values).items()}
        for name, values in documents.slices.items()
    }


def _quality_scores(computed: Computed) -> np.ndarray | None:
    """What orders documents by quality: the probability of keep, or the level of a model that gives no probability."""
    if "quality.keep" not in computed.signals:
        return None
    keep = computed.values("quality.keep")
    return computed.values("quality.level") if np.isnan(keep).all() else keep


def _slice(
    rows: np.ndarray, keep: np.ndarray, kept: np.ndarray, scores: np.ndarray | None, right: dict[str, np.ndarray]
) -> dict[str, Any]:
    figures: dict[str, Any] = {"documents": len(rows), "kept": int(kept[rows].sum())}
    known = rows[~np.isnan(keep[rows])]
    if len(known):
        truth = keep[known] == 1
        table = binary(truth, kept[known])
        figures |= {"to_keep": int(truth.sum()), "wrongly_dropped": table["false_negative"]}
        figures |= {"wrongly_kept": table["false_positive"], "balanced_accuracy": table["balanced_accuracy"]}
        if scores is not None:
            figures["quality_auc"] = auc(truth, scores[known])
    for name, column in right.items():
        labelled = column[rows][~np.isnan(column[rows])]
        if len(labelled):
            figures[f"{name}_accuracy"] = float(labelled.mean())
    return figures


def seen_by_models(files: Sequence[Path], part: Part, models: dict[str, dict]) -> list[str]:
    """A sentence for every model whose card names one of the files among what it learned from.

    Sets and files are compared by their names without folders and endings, so a renamed file goes unnoticed.
    """
    names = {_stem(path.name) for path in files}
    sentences = []
    for key, used in models.items():
        for line in used["data"]:
            trained_on_dev = line.endswith("(dev part)") and part == "held-out"
            if _stem(line) in names and not trained_on_dev:
                sentences.append(
                    f"{key} ({used['model']}) learned from '{line}', by its card: its figures are too good"
                )
    return sentences


def _stem(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]
