"""What a run did, in one typed and versioned view: the only thing that tables, cards, reports and dashboards read.

It is made from the statistics in `stats/` and the records in `done/`, for a run that is still going too; a finished run
keeps it in `summary.json`. All figures are full counts over the tasks that are done, none is a sample.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field

import algok
from algok.pipelines.done import done_kinds, sound_records
from algok.pipelines.failures import failed_tasks, read_failures
from algok.pipelines.plan import Outline, Phase
from algok.pipelines.recipe import StepConfig
from algok.pipelines.stats import EDGES, REST, Stats, StepCounts, tally
from algok.pipelines.storage import Store
from algok.pipelines.task_table import TaskRows
from algok.step import SIDES, Bound, Side, Unit

SUMMARY_VERSION = 2
_AT_ONCE = 1000  # tasks whose records and statistics are in memory together


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(_Part):
    """records = documents + quarantined + ignored; in a finished run documents = dropped + failed + kept. `failed` counts
    documents on which a step raised an error; they are in quarantine/ too."""

    records: int
    documents: int
    quarantined: int
    ignored: int
    dropped: int
    failed: int
    kept: int
    bytes: int
    text_bytes: int
    kept_text_bytes: int
    kept_tokens: int


class RuleSummary(_Part):
    """One side of one bound, and how many documents it was the first to drop (0 stands here too)."""

    signal: str
    side: Side
    documents: int


class SignalSummary(_Part):
    """A signal's values over all documents that its step saw. `bins` are sparse: number of a bin of `edges[unit]` →
    documents; `total` is the sum of values of a count or flag; `labels` count the values of a label. `by_source` has the
    bins of the sources that have a bound of their own, and of all others together under `*`; it is empty where no document
    is of such a source. `bounds` are the recipe's limits, and `outside` the documents beyond each of their sides (whatever
    dropped them), by source in the same way."""

    name: str
    unit: Unit
    doc: str
    total: int | None = None
    nulls: int = 0
    bins: dict[int, int] = {}
    by_source: dict[str, dict[int, int]] = {}
    bounds: dict[str, Bound] = {}
    outside: dict[str, dict[str, int]] = {}
    labels: dict[str, int] = {}


class StepSummary(_Part):
    """One step. `text_bytes` are UTF-8 bytes of the texts that came in; `seconds` are those of one core, summed over all
    tasks. Samples are masked excerpts by kind, each with
    how often it was met among the first ones."""

    name: str
    documents: int
    dropped: int
    failed: int
    text_bytes: int
    seconds: float
    edits_text: bool
    rules: tuple[RuleSummary, ...]
    signals: tuple[SignalSummary, ...]
    samples: dict[str, dict[str, int]]

    @property
    def left(self) -> int:
        return self.documents - self.dropped - self.failed


class SourceSummary(_Part):
    """Documents of one source ("" where documents have none): read, kept, and dropped by step and by rule
    (`step.signal.side`)."""

    name: str
    read: int
    kept: int
    kept_tokens: int
    dropped: dict[str, int]
    rules: dict[str, int]


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
    """See the module. `edges` has the inner edges of the bins of every unit, the same for every run. `peak_bytes` is the
    largest resident memory of a process during one task (0 where no task says it), `retries` counts the attempts that failed
    before a task was done.

    >>> RunSummary.model_json_schema()["title"]
    'RunSummary'
    """

    version: Literal[2] = SUMMARY_VERSION
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
    ocr: dict[str, int] = Field(default={}, exclude_if=lambda counts: not counts)  # see stats.ReadCounts
    seconds: dict[str, float]
    peak_bytes: int = 0
    retries: int = 0
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
            *(
                TableRow(step.name, step.documents, step.documents - step.left, step.left, step.seconds)
                for step in self.steps
            ),
            TableRow("write", account.kept, 0, account.kept, self.seconds.get("write", 0)),
        ]


def read_summary(store: Store, outline: Callable[[], Outline]) -> RunSummary:
    """The summary of a run directory: as it was stored when the run finished, or from the tasks that are done.
    Only then the outline is asked for.

    Raises ValueError where the statistics are those of another version of algok, or damaged.
    """
    if store.exists("manifest.json") and store.exists("summary.json"):
        return RunSummary.model_validate_json(store.read_bytes("summary.json"))
    return collect(store, outline(), finished=False)[0]


def collect(store: Store, outline: Outline, finished: bool) -> tuple[RunSummary, TaskRows]:
    """The summary and the rows of all done tasks, from one pass over their statistics and records in task order."""
    failures = read_failures(store, failed_tasks(store))
    rows = TaskRows(outline, {failure.task: failure.attempts for failure in failures})
    stats, seconds = Stats(), defaultdict[str, float](float)
    done = dict.fromkeys(range(len(outline.phases)), 0)
    records = _in_order(store, outline)
    while some := list(islice(records, _AT_ONCE)):
        places = [own_place(outline, task) for task, _ in some]
        parts = store.read_many([f"stats/{task}.json" for (task, _), place in zip(some, places, strict=True) if place])
        for (task, record), place in zip(some, places, strict=True):
            tally(seconds, record["seconds"].items())
            if place is None:
                rows.add(task, record)
                continue
            counted = orjson.loads(next(parts))
            stats.add(counted)
            rows.add(task, record, place[1], counted)
            done[place[0]] += 1
    return summarize(outline, stats, seconds, done, finished, (rows.peak_bytes, rows.retries)), rows


def _in_order(store: Store, outline: Outline) -> Iterator[tuple[str, dict]]:
    """The done records: those of the phases, then those of the rounds between them."""
    phases = [f"p{phase.index}" for phase in outline.phases]
    for kind in [*phases, *(kind for kind in done_kinds(store) if kind not in phases)]:
        yield from sound_records(store, [kind])


def own_place(outline: Outline, task: str) -> tuple[int, int] | None:
    """Phase and shard of a task over a shard of the run's own; None for others, which have no statistics."""
    phase, _, shard = task.removeprefix("p").partition("-")
    if not (task.startswith("p") and phase.isdecimal() and shard.isdecimal()):
        return None
    place = int(phase), int(shard)
    return place if place[0] < len(outline.phases) and place[1] < outline.shards else None


def summarize(
    outline: Outline,
    stats: Stats,
    seconds: dict[str, float] | None = None,
    done: Mapping[int, int] | None = None,
    finished: bool = True,
    peak_and_retries: tuple[int, int] = (0, 0),
) -> RunSummary:
    """Puts merged statistics, seconds by step, the number of done tasks by phase, and their peak memory and retries beside
    what the outline says."""
    read, spent = stats.read, seconds or {}
    dropped = sum(counter.dropped for counter in stats.steps.values())
    came_in = _text_bytes(outline, stats)
    return RunSummary(
        algok=algok.__version__,
        recipe=outline.recipe.name,
        recipe_digest=outline.recipe.digest,
        mode=outline.recipe.mode,
        finished=finished,
        shards=outline.shards,
        stages=tuple(_stage(phase, (done or {}).get(phase.index, 0), outline) for phase in outline.phases),
        account=Account(
            records=read.records,
            documents=read.documents,
            quarantined=read.all_quarantined,
            ignored=read.all_ignored,
            dropped=dropped,
            failed=stats.failed,
            kept=read.kept,
            bytes=read.bytes,
            text_bytes=read.text_bytes,
            kept_text_bytes=read.kept_text_bytes,
            kept_tokens=read.kept_tokens,
        ),
        quarantined=_by_count(read.quarantined),
        ignored=_by_count(read.ignored),
        extracted=_by_count(read.extracted),
        ocr={key: count for key, count in read.ocr.items() if count},
        seconds={name: round(spent.get(name, 0.0), 6) for name in ("read", "write")},
        peak_bytes=peak_and_retries[0],
        retries=peak_and_retries[1],
        steps=tuple(
            _step(config, stats.steps.get(config.name, StepCounts()), came_in[config.name], spent.get(config.name, 0.0))
            for config in outline.recipe.steps
        ),
        sources=tuple(
            SourceSummary(name=name, **vars(counts), dropped=counts.dropped)
            for name, counts in sorted(stats.sources.items())
        ),
        edges={unit: tuple(edges.tolist()) for unit, edges in EDGES.items()},
    )


def _stage(phase: Phase, done: int, outline: Outline) -> StageSummary:
    return StageSummary(steps=tuple(step.name for step in phase.all_steps), done=done, tasks=outline.shards)


def _text_bytes(outline: Outline, stats: Stats) -> dict[str, int]:
    """Bytes of the texts that came into each step: those that came into its phase, less what the phase's steps before it
    dropped, and with what they added. So it holds for a run that is going too, whose phases are not equally far."""
    came_in = {}
    for phase in outline.phases:
        left = None
        for config in phase.all_steps:
            counts = stats.steps.get(config.name, StepCounts())
            left = counts.text_bytes if left is None else left
            came_in[config.name] = left
            left += counts.added_text_bytes - counts.dropped_text_bytes
    return came_in


def _step(config: StepConfig, counts: StepCounts, text_bytes: int, seconds: float) -> StepSummary:
    signals = tuple(
        SignalSummary(
            name=signal.name,
            unit=signal.unit,
            doc=signal.doc,
            total=counts.totals.get(signal.name, 0) if signal.unit in ("count", "flag") else None,
            nulls=counts.nulls.get(signal.name, 0),
            bins=counts.bins(signal.name) if signal.unit in EDGES else {},
            by_source=counts.bins_by_source(signal.name),
            bounds=_bounds(config, signal.name),
            outside=counts.outside.get(signal.name, {}),
            labels=_by_count(counts.labels.get(signal.name, {})),
        )
        for signal in config.cls.signals
    )
    return StepSummary(
        name=config.name,
        documents=counts.documents,
        dropped=counts.dropped,
        failed=counts.failed,
        text_bytes=text_bytes,
        seconds=round(seconds, 6),
        edits_text=config.cls.edits_text,
        rules=tuple(_rules(config, counts)),
        signals=signals,
        samples=counts.samples,
    )


def _bounds(config: StepConfig, signal: str) -> dict[str, Bound]:
    """The bound on a signal for all (`*`) and for the sources that have their own; empty where nothing limits it."""
    bounds = {REST: config.bounds.get(signal, Bound())}
    bounds |= {source: config.by_source[source][signal] for source in config.sources_with_own(signal)}
    return bounds if any(bound.limits() for bound in bounds.values()) else {}


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
