"""How often the steps after the deduplication removed documents, by the size of their cluster, and the weights that follow.

FineWeb-2 found that how often a document was copied says how likely it is good, and repeats documents by it: clusters whose
documents the filters removed least come most often. There the curve was drawn once per language; here it is that of the mix's
own runs, from their `kept/` and `dropped/`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.mixing.corpora import NONE
from algok.mixing.measure import signal_keys
from algok.mixing.population import Cell
from algok.mixing.recipe import Bins, Mix
from algok.pipelines.run_directory import Run

if TYPE_CHECKING:
    import pyarrow.dataset as ds

Removed = dict[str, Counter[tuple[str, str]]]  # bin column -> documents by corpus and label


@dataclass(frozen=True)
class RemovalRates:
    """Shares of documents that were removed: by label, and of all with a label."""

    by_label: dict[str, float]
    all: float

    def factors(self, most: float) -> dict[str, float]:
        """From 1 where the rate is that of all, or more, to `most` where it is least.

        >>> RemovalRates({"..2": 0.8, "2..5": 0.6, "5..": 0.4}, 0.7).factors(3)
        {'..2': 1.0, '2..5': 1.6666666666666665, '5..': 3.0}
        """
        least = min(self.by_label.values(), default=self.all)
        return {
            label: 1 + (most - 1) * (rate - self.all) / (least - self.all) if rate < self.all else 1.0
            for label, rate in self.by_label.items()
        }


def removal_rates(cells: list[Cell], bins: str, removed: Counter[tuple[str, str]]) -> RemovalRates:
    """The rates over the corpora that are runs: `removed` names them."""
    corpora = {corpus for corpus, _ in removed}
    gone, kept = Counter(), Counter()
    for (_, label), count in removed.items():
        gone[label] += count
    for cell in cells:
        if cell.labels["corpus"] in corpora and cell.labels[bins] != NONE:
            kept[cell.labels[bins]] += cell.documents
    totals = {
        label: gone[label] + kept[label] for label in sorted(gone.keys() | kept.keys()) if gone[label] + kept[label]
    }
    return RemovalRates(
        {label: gone[label] / total for label, total in totals.items()}, gone.total() / max(1, sum(totals.values()))
    )


def count_removed(mix: Mix) -> Removed:
    """Documents of the mix's runs that steps after the deduplication dropped, for the bins that stages rehydrate. Those that the
    deduplication itself dropped do not count, nor those that were dropped before it. Reads two columns of `dropped/`."""
    names = sorted({stage.rehydrate.bins for stage in mix.stages if stage.rehydrate})
    found: Removed = {name: Counter() for name in names}
    runs = (
        {name: Run.open(corpus.run, finished=True) for name, corpus in mix.corpora.items() if corpus.run}
        if names
        else {}
    )
    for corpus, run in runs.items():
        dataset = run.dropped()
        for name in names:
            bins = mix.bins[name]
            found[name].update({(corpus, bins.label(number)): 0 for number in range(bins.count)})
            if bins.signal in dataset.schema.names:
                found[name].update({(corpus, label): n for label, n in _by_label(dataset, bins).items()})
    return found


def _by_label(dataset: ds.Dataset, bins: Bins) -> Counter[str]:
    step, counts = bins.signal.partition(".")[0], Counter()
    edges = signal_keys(pa.array(bins.edges, pa.float32()))
    for batch in dataset.to_batches(columns=[bins.signal], filter=pc.field("verdict.step") != step):
        keys = signal_keys(batch[bins.signal])
        numbers = np.searchsorted(edges, keys[keys > 0], side="right")
        counts.update({bins.label(k): int(n) for k, n in enumerate(np.bincount(numbers)) if n})
    return counts
