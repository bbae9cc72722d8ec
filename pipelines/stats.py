"""Statistics of a task: small, mergeable, the same for the same data.

Counts are exact and over all documents (never a sample): per step and source what came in and what was dropped by which
rule, totals of count signals (edits, removed lines), and histograms with fixed bins, so that any two tasks or runs add up.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import orjson
import pyarrow as pa

from algok.step import Signal

# Bins: ratios in fiftieths of 0–1; scores in quarters from -10 to 20;
# counts by powers of two (bin k holds 2^(k-1) ≤ x < 2^k, bin 0 holds x < 1).
# One bin more on each side collects what lies outside.
_EDGES = {
    "ratio": np.linspace(0, 1, 51),
    "score": np.linspace(-10, 20, 121),
    "count": np.concatenate([[0.0], 2.0 ** np.arange(0, 33)]),
    "flag": np.array([0.0, 1.0, 2.0]),
}
SAMPLES_PER_KIND = 20
# Labels and sources are few, but an input's column or a model of one's own may hold anything: what comes after so
# many labels is counted together.
MAX_SOURCES, MAX_SOURCE_CHARS = 1000, 100
OTHER_SOURCES = "(others)"


@dataclass
class Stats:
    """Everything counted in one task, or merged over many."""

    read: Counter = field(
        default_factory=Counter
    )  # records, documents, quarantined, bytes, text_bytes, ignored:<reason>, …
    steps: dict[str, Counter] = field(default_factory=dict)  # step -> in, dropped, failed, and dropped:<signal> <side>
    sources: dict[str, Counter] = field(default_factory=dict)  # source -> read, kept, dropped:<step>
    totals: Counter = field(default_factory=Counter)  # step.signal -> sum over documents, for count and flag signals
    histograms: dict[str, np.ndarray] = field(default_factory=dict)  # step.signal -> counts per bin
    labels: dict[str, Counter] = field(default_factory=dict)  # step.signal -> documents by label
    samples: dict[str, Counter] = field(default_factory=dict)  # step:kind -> masked excerpt -> times sampled

    def step(self, name: str) -> Counter:
        return self.steps.setdefault(name, Counter())

    def count_dropped(self, step: str, rules: list[tuple[str, str]], broken: np.ndarray, sources: pa.Array) -> None:
        """Adds one batch's decisions: documents in, dropped, and by rule and source."""
        counter = self.step(step)
        counter["in"] += len(broken)
        counter["dropped"] += int((broken >= 0).sum())
        for index, (signal, side) in enumerate(rules):
            counter[f"dropped:{signal} {side}"] += int((broken == index).sum())
        self.count_sources(sources.filter(pa.array(broken >= 0)), f"dropped:{step}")

    def count_failed(self, step: str, documents: int) -> None:
        """Adds documents that came into a step, or its sketch, and went to quarantine because it failed on them."""
        counter = self.step(step)
        counter["in"] += documents
        counter["failed"] += documents

    def count_sources(self, sources: pa.Array, key: str) -> None:
        for pair in sources.value_counts().to_pylist():
            self._source((pair["values"] or "")[:MAX_SOURCE_CHARS])[key] += pair["counts"]

    def observe(self, step: str, signals: tuple[Signal, ...], table: dict[str, pa.Array]) -> None:
        """Adds one batch's signal values to totals and histograms."""
        for signal in signals:
            if signal.unit == "label":
                self._count_labels(f"{step}.{signal.name}", table[signal.name])
            edges = _EDGES.get(signal.unit)
            if edges is None:
                continue
            values = table[signal.name].drop_null().to_numpy(zero_copy_only=False)
            key = f"{step}.{signal.name}"
            bins = np.searchsorted(edges, values, side="right")
            counts = np.bincount(bins, minlength=len(edges) + 1)
            self.histograms[key] = self.histograms.get(key, 0) + counts
            if signal.unit in ("count", "flag"):
                self.totals[key] += int(values.sum())

    def _count_labels(self, key: str, values: pa.Array) -> None:
        counter = self.labels.setdefault(key, Counter())
        for pair in values.drop_null().value_counts().to_pylist():
            counter[_capped(counter, pair["values"])] += pair["counts"]

    def sample(self, step: str, samples: list[tuple[str, str]]) -> None:
        """Keeps the first few distinct excerpts of every kind; they must be masked already."""
        for kind, text in samples:
            self._keep_sample(f"{step}:{kind}", text, 1)

    def _keep_sample(self, kind: str, text: str, times: int) -> None:
        kept = self.samples.setdefault(kind, Counter())
        if text in kept or len(kept) < SAMPLES_PER_KIND:
            kept[text] += times

    def merge(self, other: "Stats") -> None:
        self.read.update(other.read)
        self.totals.update(other.totals)
        for key, counter in other.steps.items():
            self.step(key).update(counter)
        for label, counter in other.sources.items():
            self._source(label).update(counter)
        for key, counts in other.histograms.items():
            self.histograms[key] = self.histograms.get(key, 0) + counts
        for key, counts in other.labels.items():
            counter = self.labels.setdefault(key, Counter())
            for label, count in counts.items():
                counter[_capped(counter, label)] += count
        for kind, texts in other.samples.items():
            for text, times in texts.items():
                self._keep_sample(kind, text, times)

    def _source(self, label: str) -> Counter:
        return self.sources.setdefault(_capped(self.sources, label), Counter())

    def to_json(self) -> bytes:
        data = {
            "read": self.read,
            "steps": self.steps,
            "sources": self.sources,
            "totals": self.totals,
            "histograms": {key: counts.tolist() for key, counts in self.histograms.items()},
            "labels": self.labels,
            "samples": self.samples,
        }
        return orjson.dumps(data, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)

    @classmethod
    def from_json(cls, data: bytes) -> "Stats":
        raw = orjson.loads(data)
        return cls(
            read=Counter(raw["read"]),
            steps={key: Counter(value) for key, value in raw["steps"].items()},
            sources={key: Counter(value) for key, value in raw["sources"].items()},
            totals=Counter(raw["totals"]),
            histograms={key: np.array(value, np.int64) for key, value in raw["histograms"].items()},
            labels={key: Counter(value) for key, value in raw["labels"].items()},
            samples={key: Counter(value) for key, value in raw["samples"].items()},
        )


def _capped(counter: dict, label: str) -> str:
    """The label, or the name of all that come after so many."""
    label = label[:MAX_SOURCE_CHARS]
    return label if label in counter or len(counter) < MAX_SOURCES else OTHER_SOURCES


def bin_edges(unit: str) -> list[float]:
    """The inner edges of a unit's bins; counts have one more bin below the first and one above the last."""
    return _EDGES[unit].tolist()
