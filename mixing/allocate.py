"""How many tokens every cell gives: the mixture nearest to the prior that keeps all shares and no cell beyond its room.

Nearest means the least Kullback–Leibler divergence. Its solution has one factor per share that binds, so it is found by
raking: the shares are made right one after the other, over and over, each with the factors of the others as they are.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

_ROUNDS = 20_000
_EXACT = 1e-11  # of the stage's tokens
_SLACK = 1e-9  # of a share: what a linear program leaves open


class Infeasible(Exception):
    """No mixture keeps all shares; the message names those that contradict each other and the smallest changes."""


@dataclass(frozen=True)
class Group:
    """Cells that together have a share of the tokens from `low` to `high`."""

    name: str
    cells: np.ndarray  # bool per cell
    low: float = 0.0
    high: float = 1.0


def allocate(prior: np.ndarray, room: np.ndarray, tokens: float, groups: list[Group], supply: np.ndarray) -> np.ndarray:
    """Tokens of every cell (float64). `prior` in any unit; `room`: tokens that a cell may still give; `supply`: tokens
    of one more pass over it, for the advice. Raises Infeasible."""
    room = np.where(prior > 0, room, 0.0)
    problem = _Problem(room, np.where(prior > 0, supply, 0), tokens, groups)
    if not problem.feasible():
        raise Infeasible(problem.advice())
    if groups:
        prior = np.where(problem.possible(), prior, 0.0)
    return _rake(prior, room, tokens, groups)


def _rake(prior: np.ndarray, room: np.ndarray, tokens: float, groups: list[Group]) -> np.ndarray:
    """Coordinate ascent on the dual: one factor per group, the total last."""
    total = prior.sum()
    usable = (
        prior / total * tokens if total else np.zeros(len(prior))
    )  # nothing may be taken, and next to nothing is asked
    bounds = [(group.cells, group.low * tokens, group.high * tokens) for group in groups]
    bounds.append((np.ones(len(prior), bool), float(tokens), float(tokens)))
    factors = np.ones(len(bounds))
    members = np.array([cells for cells, _, _ in bounds])
    for _ in range(_ROUNDS):
        for index, (cells, low, high) in enumerate(bounds):
            others = factors.copy()
            others[index] = 1
            share = usable[cells] * np.where(members[:, cells], others[:, None], 1).prod(axis=0)
            factors[index] = _factor(share, room[cells], low, high)
        amounts = np.minimum(room, usable * np.where(members, factors[:, None], 1).prod(axis=0))
        if all(low - _EXACT * tokens <= amounts[c].sum() <= high + _EXACT * tokens for c, low, high in bounds):
            break
    return np.where(amounts < 10 * _EXACT * tokens, 0.0, amounts)  # what only tends to nothing


def _factor(amounts: np.ndarray, room: np.ndarray, low: float, high: float) -> float:
    """What amounts are multiplied by so that their sum, none beyond its room, comes between low and high."""
    total = np.minimum(amounts, room).sum()
    if low <= total <= high:
        return 1.0
    return _level(amounts, room, low if total < low else high)


def _level(amounts: np.ndarray, room: np.ndarray, target: float) -> float:
    """The factor at which `min(room, factor · amounts)` sums to the target, or at which all are full."""
    live = amounts > 0
    if target <= 0 or not live.any():
        return 0.0 if target <= 0 else 1.0
    amounts, room = amounts[live], room[live]
    full_at = room / amounts
    order = np.argsort(full_at, kind="stable")
    amounts, room, full_at = amounts[order], room[order], full_at[order]
    full = np.concatenate([[0.0], np.cumsum(room)])
    flowing = np.concatenate([np.cumsum(amounts[::-1])[::-1], [0.0]])
    sums = full[1:] + flowing[1:] * full_at
    k = int(np.searchsorted(sums, target))
    return float(full_at[-1]) if k == len(sums) else float((target - full[k]) / flowing[k])


@dataclass(frozen=True)
class _Bound:
    """One side of a group's limits, as a row of the linear program: `sign · share <= sign · limit`."""

    group: int
    name: str
    sign: int  # 1: an upper limit, -1: a lower one
    limit: float

    def __str__(self) -> str:
        return f"{self.name} {'<=' if self.sign > 0 else '>='} {format(self.limit, '.6g')}"


@dataclass(frozen=True)
class _Problem:
    """The linear program over shares of classes of cells that no group tells apart."""

    room: np.ndarray
    supply: np.ndarray
    tokens: float
    groups: list[Group]

    def _bounds(self) -> list[_Bound]:
        both = [
            [_Bound(index, group.name, -1, group.low), _Bound(index, group.name, 1, group.high)]
            for index, group in enumerate(self.groups)
        ]
        return [bound for pair in both for bound in pair if bound.limit != (0 if bound.sign < 0 else 1)]

    def feasible(self) -> bool:
        return self._least(self._bounds()) is not None

    def _least(self, bounds: list[_Bound], give: _Bound | None = None, what: str = "") -> float | None:
        """The least of what is asked for: how far the bound `give` must move; by how many passes the room must grow
        ('passes'); 1 / the tokens that can be had ('tokens'); 0 where nothing is asked. None: even that does not help."""
        kinds, members = self._kinds()
        count = kinds.shape[1]
        room = np.bincount(members, self.room, count)
        supply = np.bincount(members, self.supply, count)
        rows = [np.append(b.sign * kinds[b.group].astype(float), -1.0 if b == give else 0.0) for b in bounds]
        limits = [b.sign * b.limit + _SLACK for b in bounds]
        grow = {"passes": -supply / self.tokens, "tokens": -room, "room": None}.get(what, np.zeros(count))
        if grow is not None:  # None: as if there were room for everything
            rows += [np.append(row, grow[k]) for k, row in enumerate(np.eye(count))]
            limits += list(np.zeros(count) if what == "tokens" else room / self.tokens * (1 + _SLACK))
        wanted = np.append(np.zeros(count), 1.0)
        done = linprog(wanted, np.array(rows) if rows else None, limits or None, [np.append(np.ones(count), 0)], [1.0])
        return float(done.x[-1]) if done.status == 0 else None

    def _kinds(self) -> tuple[np.ndarray, np.ndarray]:
        """The kinds of cells that no group tells apart (bool, groups × kinds), and the kind of each cell."""
        cells = np.array([group.cells for group in self.groups], bool).reshape(-1, len(self.room))
        kinds, members = np.unique(cells, axis=1, return_inverse=True)
        return kinds, members.reshape(-1)

    def possible(self) -> np.ndarray:
        """The cells (bool) that any mixture can take more from than a millionth of the tokens.

        Raking tends to the others' zeros without an end. One program finds all: over mixtures scaled up by t, it asks every
        kind for as much as 1.
        """
        kinds, members = self._kinds()
        count = kinds.shape[1]
        own, at_t, nothing = np.eye(count), np.zeros((count, 1)), np.zeros((count, count))
        room = np.bincount(members, self.room, count) / self.tokens
        rows = [np.hstack([own, nothing, at_t - room[:, None]]), np.hstack([-own, own, at_t])]
        for bound in self._bounds():
            rows.append(
                np.concatenate([bound.sign * kinds[bound.group], np.zeros(count), [-bound.sign * bound.limit]])[None]
            )
        table = np.vstack(rows)
        whole = np.concatenate([np.ones(count), np.zeros(count), [-1.0]])[None]
        wanted = np.concatenate([np.zeros(count), -np.ones(count), [0.0]])
        limits = [*[(0, None)] * count, *[(0, 1)] * count, (0, 1e4)]
        done = linprog(wanted, table, np.zeros(len(table)), whole, [0.0], limits)
        return done.x[count : 2 * count][members] > 1e-2 if done.status == 0 else self.room > 0

    def _tight(self) -> tuple[list[_Bound], bool]:
        """A smallest set of bounds that cannot be met together, and whether the room takes part."""
        bounds = self._bounds()
        limited = self._least(bounds, what="room") is not None
        what = "" if limited else "room"
        for bound in list(bounds):
            without = [other for other in bounds if other is not bound]
            if self._least(without, what=what) is None:
                bounds = without
        return bounds, limited

    def advice(self) -> str:
        tight, limited = self._tight()
        bounds = self._bounds()
        names = [str(bound) for bound in tight]
        if limited:
            names.append(f"{self.tokens:,.0f} tokens, of which max_epochs leaves {self.room.sum():,.0f}")
        changes = []
        for bound in tight:
            moved = self._least(bounds, give=bound)
            if moved is not None:
                limit = bound.limit + bound.sign * moved
                changes.append(str(replace(bound, limit=_outward(limit, bound.sign))))
        if limited:
            fewer, more = self._least(bounds, what="tokens"), self._least(bounds, what="passes")
            changes += [f"tokens: {int(1 / fewer * (1 - 1e-6))}"] if fewer else []
            changes += [f"max_epochs larger by {_outward(more, 1):g}"] if more else []
        return "\n".join(
            ["these cannot be met together:", *(f"  {name}" for name in names)]
            + (["any one of these changes is enough:", *(f"  {change}" for change in changes)] if changes else [])
        )


def _outward(limit: float, sign: int) -> float:
    """A limit rounded to four places to the side where it is looser."""
    return float((np.ceil if sign > 0 else np.floor)(round(limit * 1e4, 4)) / 1e4)
