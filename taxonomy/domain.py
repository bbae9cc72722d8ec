"""The domain axis: what a document is about, with the confidence of the answer."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.foreign.options import ForeignOptions
from algok.classifiers.labeller import open_labeller
from algok.errors import ModelError
from algok.step import MODEL, Signal, SignalStep
from algok.taxonomy.axes import UNKNOWN, major_of


class DomainOptions(ForeignOptions):
    """Which model, what the labels of another library's mean (codes of the taxonomy), and when it is not sure enough."""

    model: str = Field("domain", description=MODEL)
    unknown_below: float = Field(
        0.2, ge=0, le=1, description="A document whose best sub-domain is less probable than this is `unknown`."
    )


class Domain(SignalStep[DomainOptions]):
    """One of twenty sub-domains and the major domain it belongs to, with the second best.

    Needs `text` without nulls. `major` is the major domain with the highest sum over its sub-domains, and `sub` the best
    sub-domain in it. The default of `unknown_below` comes from the reliability table in docs/taxonomy.md.
    """

    name = "domain"
    signals = (
        Signal("sub", pa.string(), "label", "code of the sub-domain, or unknown"),
        Signal("major", pa.string(), "label", "code of the major domain, or unknown"),
        Signal("confidence", pa.float32(), "ratio", "calibrated probability of the best sub-domain"),
        Signal("second", pa.string(), "opaque", "code of the next best sub-domain"),
        Signal("second_confidence", pa.float32(), "ratio", "calibrated probability of the next best sub-domain"),
    )
    Options = DomainOptions
    models: ClassVar = {"model": "domain"}

    def __init__(self, options: DomainOptions | None = None):
        super().__init__(options)
        known, expected = major_of().__contains__, f"a code of the taxonomy ({', '.join(major_of())})"
        self._model = open_labeller(
            self.options.model, "domain", self.options.labels, known, expected, self.options.gpus
        )
        strange = [label for label in self._model.labels if label not in major_of()]
        if strange:
            raise ModelError(f"model '{self.options.model}': not codes of the taxonomy: {', '.join(strange)}")
        majors = [major_of()[label] for label in self._model.labels]
        self._majors = np.unique(majors)
        self._major_of_sub = np.searchsorted(self._majors, majors)

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        p = self._model.probabilities(batch.column("text"))
        rows = np.arange(len(p))
        of_major = np.zeros((len(p), len(self._majors)), np.float32)
        for column, major in enumerate(self._major_of_sub):
            of_major[:, major] += p[:, column]
        major = of_major.argmax(axis=1)
        first = np.where(self._major_of_sub == major[:, None], p, -1).argmax(axis=1)
        rest = p.copy()
        rest[rows, first] = -1
        second = rest.argmax(axis=1)
        unsure = p[rows, first] < self.options.unknown_below
        codes = np.array(self._model.labels)
        return {
            "sub": pa.array(np.where(unsure, UNKNOWN, codes[first]), pa.string()),
            "major": pa.array(np.where(unsure, UNKNOWN, self._majors[major]), pa.string()),
            "confidence": pa.array(p[rows, first]),
            "second": pa.array(codes[second], pa.string()),
            "second_confidence": pa.array(p[rows, second]),
        }
