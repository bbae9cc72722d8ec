"""Labels of a run or a mix, such as `team: search`: what its owner finds it by. They decide nothing of the result."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("expected no control or other invisible characters")
    return value


LabelKey = Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,31}$")]
LabelValue = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_printable)]
Labels = Annotated[
    dict[LabelKey, LabelValue],
    Field(max_length=16, description="What the run is found by in a dashboard (team: search); decides nothing."),
]
