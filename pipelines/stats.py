"""Statistics of a task: typed, small, mergeable, the same for the same data.

Counts are exact and over all documents (never a sample): per step and source what came in and what was dropped by which
rule, totals of count signals (edits, removed lines), and histograms with fixed bins, so that any two tasks or runs add up.

A task's file in `stats/` is JSON of version `STATS_VERSION`, without white space. It leaves out what is zero. A histogram
is a flat list `[bin, documents, bin, documents, …]` of the bins that hold something (or the number of the bin, where it
holds one document and no other holds any; a label alone stands for itself in the same way), without the bin of zero: most
values of most signals are 0, and what that bin holds is what the others and the nulls leave of the step's documents. So a shard
of one document takes less than 2 KB, and a hundred thousand of them merge in seconds (`bench/summary.py`). Histograms by
source are kept only of signals whose bound differs by source, and only for the sources that have one of their own. What
a text has at a step's door follows from few numbers too: what came into the phase, and what its steps dropped and added.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa

from algok.filters.personal.masking import mask_label
from algok.step import Signal

STATS_VERSION = 3
# Bins: ratios in fiftieths of 0–1; scores in quarters from -10 to 20;
# counts by powers of two (bin k holds 2^(k-1) ≤ x < 2^k, bin 0 holds x < 1).
# One bin more on each side collects what lies outside.
EDGES = {
    "ratio": np.linspace(0, 1, 51),
    "score": np.linspace(-10, 20, 121),
    "count": np.concatenate([[0.0], 2.0 ** np.arange(0, 33)]),
    "flag": np.array([0.0, 1.0, 2.0]),
}
ZERO_BIN = 1  # of ratios, counts and flags; of scores the lowest, which nothing reaches
SAMPLES_PER_KIND = 20
# Labels and sources are few, but an input's column or a model of one's own may hold anything: what comes after so
# many labels is counted together.
MAX_SOURCES, MAX_SOURCE_CHARS = 1000, 100
OTHER_SOURCES = "(others)"
REST = "*"

Counts = dict[str, int]


@dataclass
class ReadCounts:
    """What was read and kept. Bytes are those of files (compressed as they lie), text bytes are UTF-8."""

    records: int = 0
    documents: int = 0
    bytes: int = 0
    text_bytes: int = 0
    kept: int = 0
    kept_text_bytes: int = 0
    kept_tokens: int = 0
    quarantined: Counts = field(default_factory=dict)  # records by reason
    ignored: Counts = field(default_factory=dict)  # records that are no documents, by reason
    extracted: Counts = field(default_factory=dict)  # documents whose text an extractor took out of a field, by format
    ocr: Counts = field(default_factory=dict)  # pages missing (listed in ocr/), filled; results of an OCR unused

    @property
    def all_quarantined(self) -> int:
        return sum(self.quarantined.values())

    @property
    def all_ignored(self) -> int:
        return sum(self.ignored.values())


@dataclass
class StepCounts:
    """What one step saw, dropped and computed; inner keys are the step's own signal names."""

    documents: int = 0
    dropped: int = 0
    failed: int = 0  # documents on which the step raised an error; they are in quarantine
    # UTF-8 bytes: of the texts that came in (the first step of a phase), that were dropped, and that edits added (or took)
    text_bytes: int = 0
    dropped_text_bytes: int = 0
    added_text_bytes: int = 0
    rules: dict[str, Counts] = field(default_factory=dict)  # signal -> "min" or "max" -> documents dropped by it first
    totals: Counts = field(default_factory=dict)  # count and flag signals: sum over documents
    nulls: Counts = field(default_factory=dict)  # signal -> documents without a value
    histograms: dict[str, dict[int, int]] = field(default_factory=dict)  # signal -> bin but ZERO_BIN -> documents
    # signal -> source with a bound of its own -> bin (that of zero too) -> documents
    by_source: dict[str, dict[str, dict[int, int]]] = field(default_factory=dict)
    # signal -> source with a bound of its own, or REST -> "min" or "max" -> documents outside, whatever dropped them
    outside: dict[str, dict[str, Counts]] = field(default_factory=dict)
    labels: dict[str, Counts] = field(default_factory=dict)  # label signal -> label -> documents
    samples: dict[str, Counts] = field(default_factory=dict)  # kind -> masked excerpt -> times sampled

    def bins(self, signal: str) -> dict[int, int]:
        """All bins that hold documents, the bin of zero among them, in order."""
        bins = dict(self.histograms.get(signal, {}))
        zeros = self.documents - self.failed - self.nulls.get(signal, 0) - sum(bins.values())
        return dict(sorted((bins | ({ZERO_BIN: zeros} if zeros else {})).items()))

    def bins_by_source(self, signal: str) -> dict[str, dict[int, int]]:
        """The bins of every source with a bound of its own, those of all others under REST; empty where there is none."""
        own = self.by_source.get(signal, {})
        if not own:
            return {}
        rest = self.bins(signal)
        for bins in own.values():
            tally(rest, ((place, -count) for place, count in bins.items()))
        return {REST: {place: count for place, count in rest.items() if count}, **own}

    def count(self, rules: list[tuple[str, str]], broken: np.ndarray) -> None:
        """Adds one batch's decisions: `broken` has for every document the index of the rule that dropped it, or -1."""
        self.documents += len(broken)
        self.dropped += int((broken >= 0).sum())
        for index, (signal, side) in enumerate(rules):
            _add(self.rules.setdefault(signal, {}), side, int((broken == index).sum()))


@dataclass
class SourceCounts:
    """Documents of one source: read, kept, and dropped by rule (`step.signal.side`)."""

    read: int = 0
    kept: int = 0
    kept_tokens: int = 0
    rules: Counts = field(default_factory=dict)

    @property
    def dropped(self) -> Counts:
        """Documents dropped by step."""
        steps: Counts = {}
        for rule, count in self.rules.items():
            _add(steps, rule.partition(".")[0], count)
        return steps


@dataclass
class Stats:
    """Everything counted in one task, or merged over many."""

    read: ReadCounts = field(default_factory=ReadCounts)
    steps: dict[str, StepCounts] = field(default_factory=dict)
    sources: dict[str, SourceCounts] = field(default_factory=dict)

    def step(self, name: str) -> StepCounts:
        if name not in self.steps:
            self.steps[name] = StepCounts()
        return self.steps[name]

    def source(self, label: str) -> SourceCounts:
        label = _capped(self.sources, label)
        if label not in self.sources:
            self.sources[label] = SourceCounts()
        return self.sources[label]

    def count_decided(self, step: str, rules: list[tuple[str, str]], broken: np.ndarray, sources: pa.Array) -> None:
        """Adds one batch's decisions, by rule and by source; see `StepCounts.count`."""
        self.step(step).count(rules, broken)
        for index, (signal, side) in enumerate(rules):
            for label, count in _by_source(sources.filter(pa.array(broken == index))):
                _add(self.source(label).rules, f"{step}.{signal}.{side}", count)

    def count_outside(
        self, step: str, signal: str, side: str, own: Container[str], beyond: np.ndarray, sources: pa.Array
    ) -> None:
        """Adds one batch's documents outside a bound, whatever dropped them: histograms know them only to a bin."""
        groups = self.step(step).outside.setdefault(signal, {})
        for label, count in _by_source(sources.filter(pa.array(beyond))):
            _add(groups.setdefault(label if label in own else REST, {}), side, count)

    def count_failed(self, step: str, documents: int) -> None:
        """Adds documents that came into a step, or its sketch, and went to quarantine because it failed on them."""
        counter = self.step(step)
        counter.documents += documents
        counter.failed += documents

    def count_read(self, sources: pa.Array) -> None:
        for label, count in _by_source(sources):
            self.source(label).read += count

    def count_kept(self, sources: pa.Array, tokens: pa.Array | None = None) -> None:
        """Adds one batch of kept documents, with the tokens of each where a step has counted them."""
        self.read.kept += len(sources)
        for label, count in _by_source(sources):
            self.source(label).kept += count
        if tokens is None:
            return
        totals = pa.table({"source": sources, "tokens": tokens}).group_by("source").aggregate([("tokens", "sum")])
        for row in totals.to_pylist():
            count = row["tokens_sum"] or 0
            self.read.kept_tokens += count
            self.source(_shown(row["source"])).kept_tokens += count

    def observe(self, step: str, signals: tuple[Signal, ...], table: dict[str, pa.Array]) -> None:
        """Adds one batch's signal values to totals, histograms and labels; `count_decided` counts its documents."""
        counter = self.step(step)
        for signal in signals:
            name = signal.name
            if signal.unit == "label":
                _count_labels(counter.labels.setdefault(name, {}), table[name])
            edges = EDGES.get(signal.unit)
            if edges is None:
                continue
            values = table[name].drop_null().to_numpy(zero_copy_only=False)
            counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=ZERO_BIN + 1)
            counts[ZERO_BIN] = 0
            _tally_bins(counter.histograms.setdefault(name, {}), counts)
            _add(counter.nulls, name, table[name].null_count)
            if signal.unit in ("count", "flag"):
                _add(counter.totals, name, int(values.sum()))

    def observe_by_source(
        self, step: str, signal: Signal, own: Container[str], values: pa.Array, sources: pa.Array
    ) -> None:
        """Adds one batch's values of a signal whose bound differs by source; `own` are the sources with one of their own."""
        histograms = self.step(step).by_source.setdefault(signal.name, {})
        edges, known = EDGES[signal.unit], values.drop_null().to_numpy(zero_copy_only=False)
        coded = sources.filter(values.is_valid()).dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        bins = np.searchsorted(edges, known, side="right")
        for code, label in enumerate(coded.dictionary.to_pylist()):
            if label in own and len(mine := bins[codes == code]):
                _tally_bins(histograms.setdefault(label, {}), np.bincount(mine))

    def sample(self, step: str, samples: list[tuple[str, str]]) -> None:
        """Keeps the first few distinct excerpts of every kind; they must be masked already."""
        for kind, text in samples:
            _keep_sample(self.step(step).samples.setdefault(kind, {}), text, 1)

    @property
    def failed(self) -> int:
        """Documents on which any step failed."""
        return sum(counter.failed for counter in self.steps.values())

    def merge(self, other: "Stats") -> None:
        self.add(other.as_dict())

    def add(self, data: dict) -> None:
        """Adds the statistics of a task as `as_dict` gives them. Merging 10⁵ files, this loop is what takes the time.

        Raises ValueError for a dictionary of another version.
        """
        if data.get("version") != STATS_VERSION:
            raise ValueError(f"statistics of version {data.get('version')}, this algok reads version {STATS_VERSION}")
        for key, value in data.get("read", {}).items():
            if isinstance(value, dict):
                tally(getattr(self.read, key), value.items())
            else:
                setattr(self.read, key, getattr(self.read, key) + value)
        for name, step in data.get("steps", {}).items():
            self._add_step(self.step(name), step)
        for label, source in data.get("sources", {}).items():
            counter = self.source(label)
            counter.read += source.get("read", 0)
            counter.kept += source.get("kept", 0)
            counter.kept_tokens += source.get("kept_tokens", 0)
            tally(counter.rules, source.get("rules", {}).items())

    @staticmethod
    def _add_step(counter: StepCounts, data: dict) -> None:
        for key, part in data.items():  # few of them are there
            own = getattr(counter, key, None)
            if own is None:
                raise ValueError(f"statistics of a step hold {key!r}, which this algok does not know")
            if isinstance(part, int):
                setattr(counter, key, own + part)
            else:
                _MERGED[key](own, part)

    def as_dict(self) -> dict:
        """Plain dictionaries for JSON, without what is zero or empty."""
        steps = {}
        for name, counter in self.steps.items():
            flat = {signal: _flat(bins) for signal, bins in counter.histograms.items()}
            split = {
                signal: {source: _flat(bins) for source, bins in sources.items()}
                for signal, sources in counter.by_source.items()
            }
            labels = {signal: _short(counts) for signal, counts in counter.labels.items()}
            steps[name] = _filled({**vars(counter), "histograms": flat, "by_source": split, "labels": labels})
        sources = {label: _filled(vars(counter)) for label, counter in self.sources.items()}
        parts = {"read": _filled(vars(self.read)), "steps": steps, "sources": sources}
        return {"version": STATS_VERSION, **{name: part for name, part in parts.items() if part}}

    def to_json(self) -> bytes:
        return orjson.dumps(self.as_dict(), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, data: bytes) -> "Stats":
        """Raises ValueError for what is no JSON or of another version."""
        return cls.merged([data])

    @classmethod
    def merged(cls, parts: Iterable[bytes]) -> "Stats":
        """The sum of files of statistics, in their order (which decides which samples are kept)."""
        stats = cls()
        for part in parts:
            stats.add(orjson.loads(part))
        return stats


def _flat(bins: dict[int, int]) -> list[int] | int:
    flat = [number for pair in sorted(bins.items()) for number in pair]
    return flat[0] if len(flat) == 2 and flat[0] and flat[1] == 1 else flat  # 0 would look like nothing


def _short(labels: Counts) -> Counts | str:
    """The label alone where it stands once and no other does."""
    ((label, count), *others) = labels.items() or (("", 0),)
    return label if label and count == 1 and not others else labels


def _add_pairs(counts: dict, more: dict) -> None:
    tally(counts, more.items())


def _add_grouped(groups: dict[str, dict], more: dict) -> None:
    for group, counts in more.items():
        tally(groups.setdefault(group, {}), counts.items())


def _add_histograms(histograms: dict[str, dict[int, int]], more: dict) -> None:
    for signal, flat in more.items():
        _add_flat(histograms.setdefault(signal, {}), flat)


def _add_by_source(histograms: dict[str, dict], more: dict) -> None:
    for signal, sources in more.items():
        _add_histograms(histograms.setdefault(signal, {}), sources)


def _add_outside(outside: dict[str, dict], more: dict) -> None:
    for signal, groups in more.items():
        _add_grouped(outside.setdefault(signal, {}), groups)


def _add_labels(labels: dict[str, Counts], more: dict) -> None:
    for signal, counts in more.items():
        known = labels.setdefault(signal, {})
        for label, count in ({counts: 1} if isinstance(counts, str) else counts).items():
            _add(known, _capped(known, label), count)


def _add_samples(samples: dict[str, Counts], more: dict) -> None:
    for kind, texts in more.items():
        kept = samples.setdefault(kind, {})
        for text, times in texts.items():
            _keep_sample(kept, text, times)


# How the parts of a step's counts are merged that are no numbers.
_MERGED: dict[str, Callable[[dict, dict], None]] = {
    "rules": _add_grouped, "totals": _add_pairs, "nulls": _add_pairs, "histograms": _add_histograms,
    "by_source": _add_by_source, "outside": _add_outside, "labels": _add_labels, "samples": _add_samples,
}  # fmt: skip


def _add_flat(bins: dict[int, int], flat: list[int] | int) -> None:
    if isinstance(flat, int):
        bins[flat] = bins.get(flat, 0) + 1
    else:
        tally(bins, zip(flat[::2], flat[1::2], strict=True))


def _tally_bins(histogram: dict[int, int], counts: np.ndarray) -> None:
    bins = np.flatnonzero(counts)
    tally(histogram, zip(bins.tolist(), counts[bins].tolist(), strict=True))


def _filled(data: dict) -> dict:
    """Without zeros and empty parts, one level down too."""
    kept = {}
    for key, value in data.items():
        if isinstance(value, dict):
            value = {inner: part for inner, part in value.items() if part}
        if value:
            kept[key] = value
    return kept


def _add(counts: dict, key: str | int, count: int) -> None:
    counts[key] = counts.get(key, 0) + count


def tally(counts: dict, pairs: Iterable[tuple]) -> None:
    """Adds (key, count) pairs to counts."""
    for key, count in pairs:
        counts[key] = counts.get(key, 0) + count


def _shown(source: str | None) -> str:
    """A source as statistics name it: masked, since it may be anything that a record says, and not too long."""
    return mask_label(source or "")[:MAX_SOURCE_CHARS]


def _by_source(sources: pa.Array) -> list[tuple[str, int]]:
    counts: Counts = {}
    for pair in sources.value_counts().to_pylist():
        _add(counts, _shown(pair["values"]), pair["counts"])
    return list(counts.items())


def _count_labels(known: Counts, values: pa.Array) -> None:
    for pair in values.drop_null().value_counts().to_pylist():
        _add(known, _capped(known, mask_label(pair["values"])), pair["counts"])


def _keep_sample(kept: Counts, text: str, times: int) -> None:
    if text in kept or len(kept) < SAMPLES_PER_KIND:
        _add(kept, text, times)


def _capped(known: dict, label: str) -> str:
    """The label, or OTHER_SOURCES once MAX_SOURCES labels are known."""
    label = label[:MAX_SOURCE_CHARS]
    return label if label in known or len(known) < MAX_SOURCES else OTHER_SOURCES
