"""The table of a plan, by stage and cell: what was asked for, what it gives, and where max_epochs binds."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from algok.mixing.planner import Plan, Share

Key = tuple[str, str, tuple[str, ...]]  # stage, draw, labels


@dataclass(frozen=True)
class Row:
    """What cells of the same labels give to one draw of a stage. `lacking`: tokens that they would give besides if they
    had them."""

    stage: str
    draw: str
    labels: dict[str, str]
    planned: int
    tokens: int
    share: float  # of the stage's tokens
    available: int
    epochs: float  # passes in this draw
    passed: float  # passes over the circle by the end of the draw, replays left out; of several cells the most
    capped: bool  # whether a cell gives all that max_epochs allows
    lacking: int


def telling(plan: Plan) -> list[str]:
    """The fewest columns, in the mix's order, by which cells are told apart."""
    columns = list(plan.cells[0].labels) if plan.cells else []
    for column in sorted(columns, key=lambda name: name != "corpus"):
        rest = [other for other in columns if other != column]
        if rest and len({tuple(cell.labels[key] for key in rest) for cell in plan.cells}) == len(plan.cells):
            columns = rest
    return columns


def rows(plan: Plan, by: Sequence[str] = ()) -> list[Row]:
    """The table by some columns; by those that tell all cells apart where none is named."""
    columns = list(by) or telling(plan)
    totals: Counter[str] = Counter()
    grouped: dict[Key, list[tuple[Share, float]]] = {}
    for draw, shares, epochs in zip(plan.draws, plan.shares, plan.epochs):
        for share in shares:
            labels = tuple(plan.cells[share.cell].labels[column] for column in columns)
            grouped.setdefault((draw.stage, draw.kind, labels), []).append((share, epochs[share.cell]))
            totals[draw.stage] += share.taken
    return [_row(plan, key, columns, found, totals[key[0]]) for key, found in grouped.items()]


def _row(plan: Plan, key: Key, columns: list[str], found: list[tuple[Share, float]], total: int) -> Row:
    stage, draw, labels = key
    shares = [share for share, _ in found]
    tokens = sum(share.taken for share in shares)
    available = sum(plan.cells[share.cell].tokens for share in shares)
    return Row(
        stage,
        draw,
        dict(zip(columns, labels)),
        round(sum(share.planned for share in shares)),
        tokens,
        tokens / max(1, total),
        available,
        tokens / available,
        max(epochs for _, epochs in found),
        any(share.planned >= share.room * (1 - 1e-9) for share in shares),
        round(sum(max(0.0, share.wanted - share.planned) for share in shares)),
    )


def lacking(plan: Plan) -> list[dict]:
    """For whoever collects or synthesises: the cells that lack tokens, by stage."""
    return [{"stage": row.stage, "labels": row.labels, "lacking": row.lacking} for row in rows(plan) if row.lacking]


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
    columns = sorted({*telling(a), *telling(b)})
    both = [
        {_name(row): row for row in rows(plan, [c for c in columns if c in plan.cells[0].labels])} for plan in (a, b)
    ]
    found = []
    for key in dict.fromkeys([*both[0], *both[1]]):
        one, other = (table.get(key) for table in both)
        tokens = (one.tokens if one else 0, other.tokens if other else 0)
        if tokens[0] != tokens[1]:
            found.append(Difference(*key, tokens, (one.share if one else 0.0, other.share if other else 0.0)))
    return found


def _name(row: Row) -> tuple[str, str, str]:
    return row.stage, row.draw, " & ".join(f"{column}={label}" for column, label in row.labels.items())
