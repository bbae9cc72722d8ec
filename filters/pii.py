"""Step 8: personal data found and masked."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from algok.filters.personal.kinds import KINDS, KindName, Policy
from algok.filters.personal.policies import replace
from algok.filters.personal.scan import findings
from algok.step import Edited, EditStep, Signal, StepOptions

_SPANS = pa.list_(
    pa.struct({"kind": pa.string(), "start": pa.int32(), "end": pa.int32(), "score": pa.float32(), "rule": pa.string()})
)


class PiiOptions(StepOptions):
    """What happens to each kind of finding."""

    policies: dict[KindName, Policy] = Field(
        default_factory=dict,
        description="Kind -> mask (a token such as <전화번호>), surrogate (a value of the same form that nobody has) or keep; "
        "kinds that are not named have the policies of docs/privacy.md.",
    )


class Pii(EditStep[PiiOptions]):
    """Personal data with what takes its place, and where it stood.

    Needs `text` without nulls (ValueError). `spans` are places (code points) in the text that the step is given, whatever the
    policy; they never hold the value. Kinds, rules and figures: docs/privacy.md.
    """

    name = "pii"
    masks_personal_data = True
    signals = (
        Signal("spans", _SPANS, "opaque", "findings: kind, start, end (code points before masking), score, rule"),
        Signal("masked", pa.int32(), "count", "findings that were masked or replaced"),
        *(Signal(kind, pa.int32(), "count", f"findings: {about.doc}") for kind, about in KINDS.items()),
    )
    Options = PiiOptions
    version: ClassVar = 1

    def __init__(self, options: PiiOptions | None = None):
        super().__init__(options)
        defaults: dict[KindName, Policy] = {kind: about.policy for kind, about in KINDS.items()}
        self.policies = defaults | self.options.policies

    def edit(self, batch: pa.RecordBatch) -> Edited:
        texts = batch.column("text")
        found = findings(texts)
        spans: list[list[dict]] = [[] for _ in range(batch.num_rows)]
        counts = {kind: np.zeros(batch.num_rows, np.int32) for kind in KINDS}
        masked = np.zeros(batch.num_rows, np.int32)
        changed, rows = [], []
        for row, own in found.items():
            spans[row] = [finding._asdict() for finding in own]
            for finding in own:
                counts[finding.kind][row] += 1
                masked[row] += self.policies[finding.kind] != "keep"
            if masked[row]:
                rows.append(row)
                changed.append(replace(texts[row].as_py(), own, self.policies))
        signals = {kind: pa.array(values) for kind, values in counts.items()}
        signals |= {"spans": pa.array(spans, _SPANS), "masked": pa.array(masked)}
        return Edited(_with(texts, rows, changed), signals)


def _with(texts: pa.Array, rows: list[int], changed: list[str]) -> pa.Array:
    """The column with other texts in these rows (in order)."""
    if not rows:
        return texts
    mask = np.zeros(len(texts), bool)
    mask[rows] = True
    return pc.replace_with_mask(texts, pa.array(mask), pa.array(changed, texts.type))
