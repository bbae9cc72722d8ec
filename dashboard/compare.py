"""What changed from one run to another: exact differences of figures, drops and distributions, ranked by size."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property

from algok.dashboard.bins import distance
from algok.dashboard.report_data import ReportData
from algok.dashboard.verdicts import Verdicts, changed_verdicts
from algok.errors import RecipeError
from algok.pipelines.differences import recipe_differences
from algok.pipelines.plugins import nearest
from algok.pipelines.summary import RunSummary

_CONDITION = re.compile(r"\s*([\w.*()/ -]+?)\s*(<=|>=|<|>)\s*([-+]?\d+(?:\.\d+)?)\s*(%?)\s*")


@dataclass(frozen=True)
class Change:
    """One figure in both runs. Shares are between 0 and 1."""

    name: str
    before: float
    after: float

    @property
    def difference(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """Two runs, `first` the older. `figures`, `steps`, `rules` and `sources` have shares; `drift` has the distance of every
    signal that both runs counted, the greatest first."""

    first: ReportData
    second: ReportData
    figures: list[Change]
    steps: list[Change]
    rules: list[Change]
    sources: list[Change]
    drift: list[tuple[str, float]]
    verdicts: Verdicts
    recipe: dict[str, tuple]
    models: dict[str, list]

    @cached_property
    def values(self) -> dict[str, float]:
        """Every difference by the name that a condition calls it."""
        found = {change.name: change.difference for change in self.figures}
        for prefix, changes in (("step", self.steps), ("rule", self.rules), ("source", self.sources)):
            found |= {f"{prefix}.{change.name}": change.difference for change in changes}
        found |= {f"drift.{name}": far for name, far in self.drift}
        found["drift"] = max((far for _, far in self.drift), default=0.0)
        found["changed"] = self.verdicts.changed / max(self.verdicts.common, 1)
        return found

    def as_dict(self) -> dict:
        """Plain dictionaries for JSON."""
        parts = ("figures", "steps", "rules", "sources")
        lists = {key: [{**asdict(c), "difference": c.difference} for c in getattr(self, key)] for key in parts}
        verdicts = self.verdicts
        return {
            "first": self.first.name,
            "second": self.second.name,
            **lists,
            "drift": dict(self.drift),
            "verdicts": {
                **{key: getattr(verdicts, key) for key in ("common", "only_first", "only_second", "share", "changed")},
                "changes": [{"from": a, "to": b, "documents": n} for (a, b), n in verdicts.changes.most_common()],
                "samples": [asdict(sample) for sample in verdicts.samples],
            },
            "recipe": self.recipe,
            "models": self.models,
            "values": self.values,
        }


def compare(first: ReportData, second: ReportData) -> Comparison:
    """Compares two runs; what only one of them has (a step, a rule, a source) counts as 0 in the other."""
    one, two = first.summary, second.summary
    documents = max(summary.account.kept + summary.account.dropped for summary in (one, two))
    return Comparison(
        first,
        second,
        _changes(_figures(one), _figures(two)),
        _changes(_steps(one), _steps(two)),
        _changes(_rules(one), _rules(two)),
        _changes(_sources(one), _sources(two)),
        _drift(first, second),
        changed_verdicts(first.run, second.run, documents),
        recipe_differences(first.run.recipe, second.run.recipe),
        _models(first, second),
    )


def check(comparison: Comparison, conditions: Iterable[str]) -> list[str]:
    """The conditions that hold, in words. Raises RecipeError for one that is none or names nothing."""
    met = []
    for condition in conditions:
        parsed = _CONDITION.fullmatch(condition)
        if not parsed:
            raise RecipeError(f"--fail-if '{condition}': expected NAME<NUMBER or NAME>NUMBER, such as 'kept_share<-2%'")
        name, sign, figure, percent = parsed.groups()
        if name not in comparison.values:
            raise RecipeError(f"--fail-if '{condition}': no figure '{name}'{nearest(name, comparison.values)}")
        value, limit = comparison.values[name], float(figure) / (100 if percent else 1)
        holds = {"<": value < limit, ">": value > limit, "<=": value <= limit, ">=": value >= limit}[sign]
        if holds:
            met.append(f"{name} is {value:+.4g} ({sign} {limit:g})")
    return met


def _changes(before: dict[str, float], after: dict[str, float]) -> list[Change]:
    """In the order of the first, then what is new."""
    return [Change(name, before.get(name, 0.0), after.get(name, 0.0)) for name in dict.fromkeys([*before, *after])]


def _figures(summary: RunSummary) -> dict[str, float]:
    account = summary.account
    return {
        "documents": account.documents,
        "kept": account.kept,
        "kept_share": account.kept / max(account.documents, 1),
        "quarantine_share": account.quarantined / max(account.records, 1),
        "text_bytes": account.kept_text_bytes,
        "tokens": account.kept_tokens,
    }


def _steps(summary: RunSummary) -> dict[str, float]:
    return {step.name: step.dropped / max(step.documents, 1) for step in summary.steps}


def _rules(summary: RunSummary) -> dict[str, float]:
    return {
        f"{step.name}.{rule.signal}.{rule.side}": rule.documents / max(step.documents, 1)
        for step in summary.steps
        for rule in step.rules
    }


def _sources(summary: RunSummary) -> dict[str, float]:
    return {source.name: source.kept / max(source.read, 1) for source in summary.sources}


def _drift(first: ReportData, second: ReportData) -> list[tuple[str, float]]:
    """Distances of histograms and of labels; a label is a bin."""
    found = []
    for name, (_, signal) in second.signals.items():
        other = first.signals.get(name, (None, None))[1]
        if other and other.unit == signal.unit:
            if signal.bins and other.bins:
                found.append((name, distance(other.bins, signal.bins)))
            elif signal.labels and other.labels:
                found.append((name, distance(other.labels, signal.labels)))
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _models(first: ReportData, second: ReportData) -> dict[str, list]:
    shown = [
        {key: f"{model['model']} {model['digest'][:16]}" for key, model in report.run.description["models"].items()}
        for report in (first, second)
    ]
    return {
        key: [shown[0].get(key), shown[1].get(key)]
        for key in sorted({*shown[0], *shown[1]})
        if shown[0].get(key) != shown[1].get(key)
    }
