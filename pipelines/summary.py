"""What a run did, in one typed and versioned view: the only thing that tables, cards, reports and dashboards read.

It is made from the statistics in `stats/` and the records in `done/`, for a run that is still going too; a finished run
keeps it in `summary.json`. All figures are full counts over the tasks that are done, none is a sample.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

import algok
from algok.pipelines.done import done_name, done_tasks, parse_done
from algok.pipelines.plan import Plan
from algok.pipelines.recipe import StepConfig
from algok.pipelines.stats import EDGES, Stats, StepCounts
from algok.pipelines.storage import Store
from algok.step import SIDES, Side, Unit

SUMMARY_VERSION = 1


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(_Part):
    """records = documents + quarantined + ignored; in a finished run documents = dropped + kept."""

    records: int
    documents: int
    quarantined: int
    ignored: int
    dropped: int
    kept: int
    bytes: int
    text_bytes: int
    kept_text_bytes: int


class RuleSummary(_Part):
    """One side of one bound, and how many documents it was the first to drop (0 stands here too)."""

    signal: str
    side: Side
    documents: int


class SignalSummary(_Part):
    """A signal's values over all documents that its step saw. `bins` are sparse: number of a bin of `edges[unit]` →
    documents; `total` is the sum of values of a count or flag; `labels` count the values of a label."""

    name: str
    unit: Unit
    doc: str
    total: int | None = None
    bins: dict[int, int] = {}
    labels: dict[str, int] = {}


class StepSummary(_Part):
    """One step. `seconds` are those of one core, summed over all tasks. Samples are masked excerpts by kind, each with
    how often it was met among the first ones."""

    name: str
    documents: int
    dropped: int
    seconds: float
    edits_text: bool
    rules: tuple[RuleSummary, ...]
    signals: tuple[SignalSummary, ...]
    samples: dict[str, dict[str, int]]

    @property
    def left(self) -> int:
        return self.documents - self.dropped


class SourceSummary(_Part):
    """Documents of one source ("" where documents have none): read, kept, and dropped by step."""

    name: str
    read: int
    kept: int
    dropped: dict[str, int]


class StageSummary(_Part):
    """The tasks of one phase; those that resolve a corpus step are not among them, their number is known late."""

    steps: tuple[str, ...]
    done: int
    tasks: int


@dataclass(frozen=True)
class Histogram:
    """`counts[k]` documents have a value in `edges[k-1] ≤ x < edges[k]`; the first and last bin take what lies outside.

    Columns: edges float64[n], counts int64[n + 1], in the signal's own unit.
    """

    unit: Unit
    edges: np.ndarray
    counts: np.ndarray


@dataclass(frozen=True)
class TableRow:
    """One line of the table per step: documents in, removed, left, and seconds of one core over all tasks."""

    step: str
    documents: int
    removed: int
    left: int
    seconds: float


class RunSummary(_Part):
    """See the module. `edges` has the inner edges of the bins of every unit, the same for every run.

    >>> RunSummary.model_json_schema()["title"]
    'RunSummary'
    """

    version: Literal[1] = SUMMARY_VERSION
    algok: str
    recipe: str
    recipe_digest: str
    mode: str
    finished: bool
    shards: int
    stages: tuple[StageSummary, ...]
    account: Account
    quarantined: dict[str, int]
    ignored: dict[str, int]
    extracted: dict[str, int]
    seconds: dict[str, float]
    steps: tuple[StepSummary, ...]
    sources: tuple[SourceSummary, ...]
    edges: dict[str, tuple[float, ...]]

    def step(self, name: str) -> StepSummary:
        """Raises KeyError for a step that the recipe has not."""
        found = next((step for step in self.steps if step.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def histogram(self, signal: str) -> Histogram:
        """The histogram of `step.signal`. Raises KeyError for an unknown signal or one that is not counted in bins."""
        step, _, name = signal.partition(".")
        found = next((s for s in self.step(step).signals if s.name == name and s.unit in self.edges), None)
        if found is None:
            raise KeyError(signal)
        counts = np.zeros(len(self.edges[found.unit]) + 1, np.int64)
        for place, count in found.bins.items():
            counts[place] = count
        return Histogram(found.unit, np.array(self.edges[found.unit]), counts)

    def table(self) -> list[TableRow]:
        """Reading first (its removed records are in quarantine or are no documents), then the steps, then writing."""
        account = self.account
        records, documents = account.records, account.documents
        return [
            TableRow("read", records, records - documents, documents, self.seconds.get("read", 0)),
            *(TableRow(step.name, step.documents, step.dropped, step.left, step.seconds) for step in self.steps),
            TableRow("write", account.kept, 0, account.kept, self.seconds.get("write", 0)),
        ]


def read_summary(store: Store, plan: Plan) -> RunSummary:
    """The summary of a run directory: as it was stored when the run finished, or from the tasks that are done.

    Raises ValueError where the statistics are those of another version of algok, or damaged.
    """
    if store.exists("manifest.json") and store.exists("summary.json"):
        return RunSummary.model_validate_json(store.read_bytes("summary.json"))
    return collect_summary(store, plan, finished=False)


def collect_summary(store: Store, plan: Plan, finished: bool) -> RunSummary:
    """The summary from the parts: statistics and records of all done tasks, in task order."""
    tasks = done_tasks(store)
    known = set(tasks)
    ids = [task.id for phase in plan.phases for task in phase_tasks(plan, phase.index) if task.id in known]
    stats = Stats.merged(store.read_many([f"stats/{task}.json" for task in ids]))
    seconds: dict[str, float] = defaultdict(float)
    for record in store.read_many([done_name(task) for task in tasks]):
        for name, spent in parse_done(record)["seconds"].items():
            seconds[name] += spent
    return summarize(plan, stats, seconds, tasks, finished)


def phase_tasks(plan: Plan, phase: int) -> list:
    """The tasks of a phase over the run's own shards; earlier corpora have no statistics."""
    return [task for task in plan.phase_tasks(plan.phases[phase]) if not plan.is_reference(task.shard)]


def summarize(
    plan: Plan,
    stats: Stats,
    seconds: dict[str, float] | None = None,
    done: Iterable[str] = (),
    finished: bool = True,
) -> RunSummary:
    """Puts merged statistics, seconds by step and the ids of done tasks beside what the plan says."""
    read, known, spent = stats.read, set(done), seconds or {}
    dropped = sum(counter.dropped for counter in stats.steps.values())
    return RunSummary(
        algok=algok.__version__,
        recipe=plan.recipe.name,
        recipe_digest=plan.recipe.digest,
        mode=plan.recipe.mode,
        finished=finished,
        shards=len(plan.own),
        stages=tuple(_stage(plan, phase.index, known) for phase in plan.phases),
        account=Account(
            records=read.records,
            documents=read.documents,
            quarantined=read.all_quarantined,
            ignored=read.all_ignored,
            dropped=dropped,
            kept=read.kept,
            bytes=read.bytes,
            text_bytes=read.text_bytes,
            kept_text_bytes=read.kept_text_bytes,
        ),
        quarantined=_by_count(read.quarantined),
        ignored=_by_count(read.ignored),
        extracted=_by_count(read.extracted),
        seconds={name: round(spent.get(name, 0.0), 6) for name in ("read", "write")},
        steps=tuple(
            _step(config, stats.steps.get(config.name, StepCounts()), spent.get(config.name, 0.0))
            for config in plan.recipe.steps
        ),
        sources=tuple(
            SourceSummary(name=name, read=counts.read, kept=counts.kept, dropped=counts.dropped)
            for name, counts in sorted(stats.sources.items())
        ),
        edges={unit: tuple(edges.tolist()) for unit, edges in EDGES.items()},
    )


def _stage(plan: Plan, phase: int, done: set[str]) -> StageSummary:
    tasks, parts = phase_tasks(plan, phase), plan.phases[phase]
    names = [*([parts.acts.name] if parts.acts else []), *(step.name for step in parts.steps)]
    return StageSummary(steps=tuple(names), done=sum(task.id in done for task in tasks), tasks=len(tasks))


def _step(config: StepConfig, counts: StepCounts, seconds: float) -> StepSummary:
    signals = tuple(
        SignalSummary(
            name=signal.name,
            unit=signal.unit,
            doc=signal.doc,
            total=counts.totals.get(signal.name, 0) if signal.unit in ("count", "flag") else None,
            bins=counts.bins(signal.name) if signal.unit in EDGES else {},
            labels=_by_count(counts.labels.get(signal.name, {})),
        )
        for signal in config.cls.signals
    )
    return StepSummary(
        name=config.name,
        documents=counts.documents,
        dropped=counts.dropped,
        seconds=round(seconds, 6),
        edits_text=config.cls.edits_text,
        rules=tuple(_rules(config, counts)),
        signals=signals,
        samples=counts.samples,
    )


def _rules(config: StepConfig, counts: StepCounts) -> Iterable[RuleSummary]:
    """Every side that any source's bounds limit, in the recipe's order."""
    everywhere: Sequence = [config.bounds, *config.by_source.values()]
    for signal in dict.fromkeys(signal for bounds in everywhere for signal in bounds):
        limited = {side for bounds in everywhere if signal in bounds for side, _ in bounds[signal].limits()}
        for side in SIDES:
            if side in limited:
                documents = counts.rules.get(signal, {}).get(side, 0)
                yield RuleSummary(signal=signal, side=side, documents=documents)


def _by_count(counts: dict[str, int]) -> dict[str, int]:
    """The largest first; equal ones by name."""
    return dict(sorted(counts.items(), key=lambda row: (-row[1], row[0])))
