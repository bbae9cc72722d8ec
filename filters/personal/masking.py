"""Text for places where nobody needs the value – rejects, samples, diffs – with every finding masked."""

import pyarrow as pa

from algok.filters.personal.kinds import KINDS, Policy
from algok.filters.personal.policies import replace
from algok.filters.personal.scan import findings

_ALL: dict[str, Policy] = dict.fromkeys(KINDS, "mask")


def mask_column(texts: pa.Array) -> pa.Array:
    """The column (no nulls: ValueError) with tokens for all findings, whatever a recipe keeps."""
    found = findings(texts)
    if not found:
        return texts
    masked = texts.to_pylist()
    for row, own in found.items():
        masked[row] = replace(masked[row], own, _ALL)
    return pa.array(masked, texts.type)


def mask_text(text: str) -> str:
    """One text with tokens for all findings."""
    return mask_column(pa.array([text], pa.large_string()))[0].as_py()
