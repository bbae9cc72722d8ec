"""A bound for one signal from labelled documents: the trade-off of every possible bound, a proposal, and how sure it is."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from algok.classifiers.metrics import auc, binary, resamples
from algok.errors import InputError
from algok.evaluation.evaluate import Computed, compute_steps, plans_until, rows_by_value
from algok.evaluation.labelled_documents import LabelledDocuments
from algok.pipelines.decide import bound_of
from algok.pipelines.recipe import Recipe, StepConfig
from algok.step import Bound

Side = Literal["min", "max"]
# Below these a proposal is called weak: with 30 documents of an answer, a share of 0.9 is known to ± 0.1 at best.
_FEW_DOCUMENTS, _FEW_GROUPS = 30, 5
_CURVE_POINTS = 200
_NULL = np.finfo(float).max  # stands for null, which every bound keeps


@dataclass(frozen=True)
class Goal:
    """What a good bound is: the best balanced accuracy; the best F-beta of keep; or the strictest bound that keeps at least
    the share `min_recall` of what should be kept."""

    beta: float | None = None
    min_recall: float | None = None

    @property
    def words(self) -> str:
        if self.min_recall is not None:
            return f"strictest with recall of keep ≥ {self.min_recall:g}"
        return "best balanced accuracy" if self.beta is None else f"best F{self.beta:g} of keep"


@dataclass(frozen=True)
class Point:
    """One bound: the share of documents it keeps, how much of what should be kept it keeps and of what should be dropped
    it drops, the precision of what it keeps, and the mean of the two recalls."""

    bound: float
    kept: float
    recall_keep: float
    recall_drop: float
    precision: float | None
    balanced_accuracy: float


@dataclass(frozen=True)
class Proposal:
    """A bound for the documents of one slice (or of all: ""). `current`: the recipe's own bound there, as a point;
    `intervals`: 95 % by bootstrap over groups, of the bound and of the proposal's figures; `problem` says why there is no
    proposal, `warnings` what makes it weak."""

    slice: str
    side: Side
    documents: int
    groups: int
    to_keep: int
    auc: float | None
    proposed: Point | None
    current: Point | None
    curve: list[Point]
    intervals: dict[str, tuple[float, float]]
    warnings: list[str]
    problem: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Curve:
    """Every bound that decides differently, from the loosest to the strictest. `values` are oriented so that a document is
    kept from the bound on; row i keeps the documents whose value is at least `values[i]`."""

    order: np.ndarray  # documents by value, ascending
    starts: np.ndarray  # places in `order` where a new value begins, and the end
    values: np.ndarray  # float64, one per start but the end

    @classmethod
    def of(cls, oriented: np.ndarray) -> "Curve":
        order = np.argsort(oriented, kind="stable")
        values, starts = np.unique(oriented[order], return_index=True)
        return cls(order, np.append(starts, len(order)), np.append(values, np.inf))

    @property
    def usable(self) -> np.ndarray:
        """The rows whose value is a number that a recipe can name."""
        return np.flatnonzero(np.abs(self.values) < _NULL)

    def recalls(self, truth: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Recall of keep and of drop at every bound, with a weight per document; NaN where an answer has no weight."""
        w, y = weights[self.order], truth[self.order]
        lost = np.concatenate([[0], np.cumsum(w * y)])[self.starts]
        dropped = np.concatenate([[0], np.cumsum(w * ~y)])[self.starts]
        keep, drop = (w * y).sum(), (w * ~y).sum()
        return 1 - lost / keep if keep else lost * np.nan, dropped / drop if drop else dropped * np.nan

    def best(self, truth: np.ndarray, weights: np.ndarray, goal: Goal) -> int | None:
        """The row that meets the goal best, the loosest of equals; None if an answer is missing or nothing meets it."""
        keep, drop = self.recalls(truth, weights)
        if np.isnan(keep[0]) or np.isnan(drop[0]):
            return None
        if goal.min_recall is not None:
            return int(np.flatnonzero(keep >= goal.min_recall)[-1])
        if goal.beta is None:
            return int(np.argmax(keep + drop))
        square, positive, negative = goal.beta**2, (weights * truth).sum(), (weights * ~truth).sum()
        tp, fp, fn = keep * positive, (1 - drop) * negative, (1 - keep) * positive
        return int(np.argmax((1 + square) * tp / np.maximum((1 + square) * tp + square * fn + fp, 1e-12)))


def tune(
    documents: LabelledDocuments,
    recipe: Recipe,
    signal: str,
    *,
    label: str = "keep",
    goal: Goal | None = None,
    side: Side | None = None,
    by: str | None = None,
    everything: bool = False,
    times: int = 500,
) -> list[Proposal]:
    """Proposals for a bound on `step.signal`: over all documents, then per value of the slice `by`.

    The recipe's steps before it run first, so the text is the one that the step sees in a run; what they drop is left out
    unless `everything`. `label`: keep (1 stays), quality (3 or more stays) or toxicity (2 or more goes). Raises InputError
    if no document has the label, RecipeError for a signal that no bound can be set on.
    """
    configs = plans_until(recipe, signal)
    computed = compute_steps(documents.batches, configs)
    if signal not in computed.signals:
        raise InputError(f"{signal}: its step needs the signals of a corpus step; use 'algok annotate' and 'redecide'")
    known, truth = _wanted(documents, label)
    if not everything:
        name = signal.partition(".")[0]
        known &= np.array([verdict is None or verdict[0] == name for verdict in computed.verdicts])
    if not known.any():
        raise InputError(f"no document with the label '{label}' reaches the step; see the option --all-documents")
    sources = [source for batch in documents.batches for source in batch.column("source").to_pylist()]
    config, goal = configs[-1], goal or Goal()
    values, nulls = _values(computed, signal)

    def of(name: str, rows: np.ndarray, source: str | None, chosen: Side | None) -> Proposal:
        bound = bound_of(config, signal.partition(".")[2], source)
        groups = [documents.groups[row] for row in rows]
        return _propose(name, values[rows], nulls[rows], truth[rows], groups, bound, chosen, goal, times)

    reaching = np.flatnonzero(known)
    overall = of("", reaching, None, side or _bounded_side(config, signal))
    proposals = [overall]
    if by:
        slices = [str(source) for source in sources] if by == "source" else documents.slices[by]
        parts = rows_by_value([slices[row] for row in reaching])
        for value in sorted(parts):
            proposals.append(of(value, reaching[parts[value]], value if by == "source" else None, overall.side))
    return proposals


def recipe_lines(signal: str, proposal: Proposal, by: str | None = None) -> str:
    """The YAML that puts the proposal into a recipe; in the profile of its source if the slice is one."""
    assert proposal.proposed is not None
    step, _, name = signal.partition(".")
    setting = f"{name}: {{{proposal.side}: {proposal.proposed.bound:g}}}"
    if proposal.slice and by == "source":
        return f"profiles:\n  {proposal.slice}:\n    {step}: {{{setting}}}"
    return f"steps:\n  {step}:\n    {setting}"


def _wanted(documents: LabelledDocuments, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Which documents have the label, and which of them should be kept."""
    labels = documents.labels[label]
    rule: dict[str, Callable] = {"keep": lambda v: v == 1, "quality": lambda v: v >= 3, "toxicity": lambda v: v < 2}
    known = ~np.isnan(labels)
    if not known.any():
        raise InputError(f"no document has the label '{label}'")
    return known, rule[label](np.where(known, labels, 0))


def _values(computed: Computed, signal: str) -> tuple[np.ndarray, np.ndarray]:
    """The signal as float64, and where it is null: null breaks no bound, NaN breaks every one."""
    column = computed.signals[signal]
    return computed.values(signal), column.is_null().to_numpy()


def _bounded_side(config: StepConfig, signal: str) -> Side | None:
    """The side that the recipe bounds, if it is exactly one."""
    bound = config.bounds.get(signal.partition(".")[2], Bound())
    if (bound.min is None) == (bound.max is None):
        return None
    return "max" if bound.min is None else "min"


def _propose(
    name: str,
    values: np.ndarray,
    nulls: np.ndarray,
    truth: np.ndarray,
    groups: Sequence[str],
    bound: Bound,
    side: Side | None,
    goal: Goal,
    times: int,
) -> Proposal:
    finite = values[~np.isnan(values)]
    middle = float(np.median(finite)) if len(finite) else 0.0
    area = auc(truth, np.where(np.isnan(values), middle, values))
    side = side or ("max" if area is not None and area < 0.5 else "min")
    sign = 1 if side == "min" else -1
    # A NaN is dropped by every bound.
    oriented = np.where(nulls, _NULL, np.where(np.isnan(values), -np.inf, sign * values))
    curve, ones = Curve.of(oriented), np.ones(len(truth))
    facts = {"documents": len(truth), "groups": len(set(groups)), "to_keep": int(truth.sum()), "auc": area}
    limit = getattr(bound, side)
    current = None if limit is None else _point(float(limit), oriented, sign, truth)
    best = curve.best(truth, ones, goal)
    problem = _problem(curve, truth, best)
    if problem or best is None:
        return Proposal(
            name, side, **facts, proposed=None, current=current, curve=[], intervals={}, warnings=[], problem=problem
        )
    proposed = _point(sign * _roundest(curve, best), oriented, sign, truth)
    intervals = _intervals(curve, truth, groups, goal, best, sign, times)
    return Proposal(
        name,
        side,
        **facts,
        proposed=proposed,
        current=current,
        curve=_thinned(curve, oriented, sign, truth),
        intervals=intervals,
        warnings=_warnings(truth, groups),
    )


def _problem(curve: Curve, truth: np.ndarray, best: int | None) -> str | None:
    if best is None:
        return f"every document should be {'kept' if truth.all() else 'dropped'}: there is nothing to tell apart"
    usable = curve.usable
    if len(usable) < 2 or best <= usable[0] or best > usable[-1]:
        return "no bound does better than none"
    return None


def _point(bound: float, oriented: np.ndarray, sign: int, truth: np.ndarray) -> Point:
    kept = oriented >= sign * bound
    figures = binary(truth, kept)
    recall_keep, recall_drop = figures["recall"] or 0.0, figures["specificity"] or 0.0
    return Point(
        bound, float(kept.mean()), recall_keep, recall_drop, figures["precision"], (recall_keep + recall_drop) / 2
    )


def _roundest(curve: Curve, row: int) -> float:
    """Of the numbers that decide like row `row` of the curve one with the fewest digits, near the middle."""
    below, above = float(curve.values[row - 1]), float(curve.values[row])
    for digits in range(-9, 16):
        for number in ((below + above) / 2, above):
            rounded = round(number, digits) + 0.0  # no -0
            if below < rounded <= above:
                return rounded
    return above


def _intervals(
    curve: Curve, truth: np.ndarray, groups: Sequence[str], goal: Goal, best: int, sign: int, times: int
) -> dict[str, tuple[float, float]]:
    if len(set(groups)) < 2:
        return {}
    found: dict[str, list[float]] = {"bound": [], "recall_keep": [], "recall_drop": [], "balanced_accuracy": []}
    for weights in resamples(groups, times):
        row = curve.best(truth, weights, goal)
        if row is None:
            continue
        keep, drop = curve.recalls(truth, weights)
        found["bound"].append(sign * curve.values[row])
        found["recall_keep"].append(keep[best])
        found["recall_drop"].append(drop[best])
        found["balanced_accuracy"].append((keep[best] + drop[best]) / 2)
    intervals = {}
    for name, values in found.items():
        finite = [value for value in values if abs(value) < _NULL]
        if finite:
            low, high = np.quantile(finite, [0.025, 0.975])
            intervals[name] = (float(low), float(high))
    return intervals


def _thinned(curve: Curve, oriented: np.ndarray, sign: int, truth: np.ndarray) -> list[Point]:
    """At most _CURVE_POINTS bounds of the curve, evenly over the documents, from the loosest to the strictest."""
    usable = curve.usable
    if len(usable) > _CURVE_POINTS:
        targets = np.linspace(0, len(oriented), _CURVE_POINTS)
        usable = np.unique(usable[np.minimum(np.searchsorted(curve.starts[usable], targets), len(usable) - 1)])
    return [_point(float(sign * curve.values[row]), oriented, sign, truth) for row in usable]


def _warnings(truth: np.ndarray, groups: Sequence[str]) -> list[str]:
    warnings = []
    for count, what in ((int(truth.sum()), "to keep"), (int((~truth).sum()), "to drop")):
        if count < _FEW_DOCUMENTS:
            warnings.append(f"only {count} documents {what}: label more before you trust this bound")
    if len(set(groups)) < _FEW_GROUPS:
        warnings.append(f"only {len(set(groups))} group(s): the figures say little about other sites")
    return warnings
