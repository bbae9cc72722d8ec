"""Items of benchmarks in documents: a model that was trained on the questions is not measured by them."""

from typing import ClassVar

import numpy as np
import pyarrow as pa

from algok.classifiers.contamination import KIND, open_index
from algok.errors import RecipeError
from algok.step import Bound, Signal, SignalStep, StepOptions


class DecontaminateOptions(StepOptions):
    """`index`: the folder of an index that `algok decontaminate build` made; there is none that comes with algok."""

    index: str | None = None


class Decontaminate(SignalStep[DecontaminateOptions]):
    """Looks for the items of an index of benchmarks.

    Needs `text` without nulls (ValueError) and an index (RecipeError, ModelError). What is compared, the coverage that a hit
    needs, and where both come from: docs/decontamination.md.
    """

    name = "decontaminate"
    Options = DecontaminateOptions
    models: ClassVar[dict[str, str]] = {"index": KIND}
    signals = (
        Signal("hits", pa.int32(), "count", "items of which the document covers as much as a text of their length needs"),
        Signal("coverage", pa.float32(), "ratio", "of the item that comes nearest to its need, or goes farthest beyond it: "
               "the worth of its shingles that one passage has, of all; 0 where there is none"),
        Signal("margin", pa.float32(), "score", "that coverage less what a hit needs; -1 where there is none"),
        Signal("benchmark", pa.string(), "label", "the benchmark of that item; null without a hit"),
        Signal("item", pa.string(), "opaque", "that item, as benchmark:id; null without a hit"),
    )  # fmt: skip
    default_bounds: ClassVar[dict[str, Bound]] = {"hits": Bound(max=0)}

    def __init__(self, options: DecontaminateOptions | None = None):
        super().__init__(options)
        if self.options.index is None:
            raise RecipeError(
                "steps.decontaminate.index: names no index; make one of your benchmarks with "
                "'algok decontaminate build FILES -o INDEX'"
            )
        self._index = open_index(self.options.index)

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        found = self._index.find(batch["text"])
        coverage, margin = self._index.coverage(found)
        benchmarks, items = self._index.named(found)
        return {
            "hits": pa.array(found.hits, pa.int32()),
            "coverage": pa.array(coverage.astype(np.float32)),
            "margin": pa.array(margin.astype(np.float32)),
            "benchmark": pa.array(benchmarks, pa.string()),
            "item": pa.array(items, pa.string()),
        }
