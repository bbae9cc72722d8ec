"""The table of a plan, by stage and cell: what was asked for, what it gives, and where max_epochs binds."""

from collections import Counter
from dataclasses import dataclass

from algok.mixing.planner import Plan


@dataclass(frozen=True)
class Row:
    """What one cell gives to one stage. `lacking`: tokens that it would give besides if it had them."""

    stage: str
    draw: str
    cell: str
    planned: int
    tokens: int
    share: float  # of the stage's tokens
    available: int
    epochs: float  # passes over the cell in this stage
    passed: float  # passes over its circle by the end of the stage, replays left out
    capped: bool
    lacking: int


def rows(plan: Plan) -> list[Row]:
    totals: Counter[str] = Counter()
    for draw, shares in zip(plan.draws, plan.shares):
        totals[draw.stage] += sum(share.taken for share in shares)
    return [
        Row(
            draw.stage,
            draw.kind,
            _short(plan, share.cell),
            round(share.planned),
            share.taken,
            share.taken / max(1, totals[draw.stage]),
            plan.cells[share.cell].tokens,
            share.taken / plan.cells[share.cell].tokens,
            epochs[share.cell],
            share.planned >= share.room * (1 - 1e-9),
            max(0, round(share.wanted - share.planned)),
        )
        for draw, shares, epochs in zip(plan.draws, plan.shares, plan.epochs)
        for share in shares
    ]


def _short(plan: Plan, cell: int) -> str:
    """A cell by the columns in which cells differ."""
    labels = plan.cells[cell].labels
    telling = [key for key in labels if len({other.labels[key] for other in plan.cells}) > 1] or list(labels)
    return " & ".join(f"{key}={labels[key]}" for key in telling)


def lacking(plan: Plan) -> list[dict]:
    """For whoever collects or synthesises: the cells that lack tokens, by stage."""
    return [{"stage": row.stage, "cell": row.cell, "lacking": row.lacking} for row in rows(plan) if row.lacking]


@dataclass(frozen=True)
class Difference:
    """A stage and cell in two mixes: tokens and shares; 0 where one has none."""

    stage: str
    draw: str
    cell: str
    tokens: tuple[int, int]
    share: tuple[float, float]


def compare(a: Plan, b: Plan) -> list[Difference]:
    """The stages and cells in which two plans differ."""
    both = [{(row.stage, row.draw, row.cell): row for row in rows(plan)} for plan in (a, b)]
    keys = dict.fromkeys([*both[0], *both[1]])
    found = []
    for key in keys:
        one, other = (table.get(key) for table in both)
        tokens = (one.tokens if one else 0, other.tokens if other else 0)
        share = (one.share if one else 0.0, other.share if other else 0.0)
        if tokens[0] != tokens[1]:
            found.append(Difference(*key, tokens, share))
    return found
