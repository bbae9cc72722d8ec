"""From a mix and the measured documents to a plan: how many tokens each cell gives to each stage, and which documents.

The plan is a function of the mix, the tokenizer and the ids, labels and counts of the documents; of nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import xxhash

from algok.errors import RecipeError
from algok.mixing.allocate import Group, Infeasible, allocate
from algok.mixing.arcs import Arcs
from algok.mixing.circle import TURN, Draw, Keyed, copies, cut
from algok.mixing.population import Cell, Population, Selection, classes, epochs_allowed
from algok.mixing.recipe import Mix, Prior, Replay, Stage
from algok.mixing.removal import Removed, removal_rates
from algok.mixing.selector import Selector
from algok.pipelines.plugins import nearest
from algok.pipelines.recipe_source import RecipeText

_REPLAY_HINT = "a replay repeats a document once at most, and only where max_epochs leaves it one more copy"


@dataclass(frozen=True)
class Share:
    """What one cell gives to one draw, in tokens."""

    cell: int
    planned: float
    taken: int
    room: float  # what max_epochs left of it before
    wanted: float  # what it would have given if there were enough of it
    begin: float = 1.0  # its rate where the stage begins, of its mean rate; it ends at 2 - begin


@dataclass
class Plan:
    """Which documents every stage takes, and the account of it by cell."""

    cells: list[Cell]
    selecting: list[int]  # numbers of the stages that select
    selections: list[Selection]
    draws: list[Draw] = field(default_factory=list)
    shares: list[list[Share]] = field(default_factory=list)  # by draw
    epochs: list[list[float]] = field(
        default_factory=list
    )  # by draw and cell: tokens taken from the circle by then, of its own
    caps: list[float] = field(default_factory=list)  # by cell
    class_tokens: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    contaminated: dict[str, int] = field(default_factory=dict)  # by corpus: documents that were left out

    def as_dict(self) -> dict[str, Any]:
        return {
            "cells": [vars(cell) for cell in self.cells],
            "selecting": self.selecting,
            "selections": [selection.as_dict() for selection in self.selections],
            "draws": [draw.as_dict() for draw in self.draws],
            "shares": [[vars(share) for share in shares] for shares in self.shares],
            "epochs": self.epochs,
            "caps": self.caps,
            "class_tokens": self.class_tokens,
            "notes": self.notes,
            **({"contaminated": self.contaminated} if self.contaminated else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Plan":
        return cls(
            [Cell(**cell) for cell in data["cells"]],
            data["selecting"],
            [Selection.from_dict(selection) for selection in data["selections"]],
            [Draw.from_dict(draw) for draw in data["draws"]],
            [[Share(**share) for share in shares] for shares in data["shares"]],
            data["epochs"],
            data["caps"],
            data["class_tokens"],
            data["notes"],
            data.get("contaminated", {}),
        )


def make_plan(
    mix: Mix, population: Population, source: RecipeText | None = None, removed: Removed | None = None
) -> Plan:
    """`removed`: of every bin column that a stage rehydrates. Raises RecipeError for what no mixture can meet, and for a
    selector that means nothing."""
    planner = _Planner(mix, population, source or RecipeText({}), removed or {})
    for index in range(len(mix.stages)):
        planner.stage(index)
    return planner.plan


class _Planner:
    """The state between stages: where each class's cursor stands, and what was planned and taken."""

    def __init__(self, mix: Mix, population: Population, source: RecipeText, removed: Removed):
        self.mix, self.population, self.source, self._removed = mix, population, source, removed
        cells = len(population.cells)
        selecting = [index for index, stage in enumerate(mix.stages) if stage.select]
        selections = [population.select(stage.select, stage.where) for stage in mix.stages if stage.select is not None]
        self.plan = Plan(population.cells, selecting, selections)
        self.plan.caps = [epochs_allowed(mix, cell) for cell in population.cells]
        self._arcs = Arcs(population, selections)
        self._class_tokens = self._arcs.class_tokens
        self.plan.class_tokens = self._class_tokens.tolist()
        self._cell_of = np.arange(cells << len(selections), dtype=np.int32) >> np.int32(len(selections))
        self._cursors = [0] * len(self._cell_of)
        self._planned, self._taken = np.zeros(cells), np.zeros(cells, np.int64)
        self._replays = np.zeros(cells, np.int64)
        self._fresh: dict[str, int] = {}  # stage -> number of its draw
        self._ending: dict[str, np.ndarray] = {}  # stage -> shares of the cells where it ends
        self._check_selectors()

    def stage(self, index: int) -> None:
        stage = self.mix.stages[index]
        replay = stage.replay
        replayed = stage.tokens * replay.share if replay else 0.0
        self._draw_fresh(index, stage, stage.tokens - replayed)
        if replay:
            self._draw_replay(index, stage, replay, replayed)

    # What a stage takes of its own mixture

    def _draw_fresh(self, index: int, stage: Stage, tokens: float) -> None:
        active = self._active(index, stage)
        supply = self._supply(active)
        room = self._room_on_circle(active, np.array(self.plan.caps) - self._replays)
        groups = [
            Group(key, self.population.matching(key), limits.low, limits.high) for key, limits in stage.shares.items()
        ]
        prior, more = self._prior(stage, supply, tokens)
        if stage.curve:
            room = np.minimum(room, np.floor(supply * stage.curve.max)).astype(np.int64)
        before = np.zeros(len(room))
        if stage.ramp:
            earlier, at = self._ending[self.mix.stages[index - 1].name], ("stages", index, "ramp")
            before = self._allocate(index, earlier, 2 * room, tokens, [], supply, at).planned
        ends = self._allocate(index, prior, 2 * room - before if stage.ramp else room, tokens, [*groups, *more], supply)
        self._ending[stage.name] = ends.planned
        self._fresh[stage.name] = len(self.plan.draws)
        self._take_on_circle(stage.name, "fresh", active, ends.after(before) if stage.ramp else ends, room)

    def _active(self, index: int, stage: Stage) -> np.ndarray:
        """The classes (bool) that a stage may take."""
        active = (self.population.matching(stage.where) & (np.array(self.plan.caps) > 0))[self._cell_of]
        if index in self.plan.selecting:
            bit = len(self.plan.selecting) - 1 - self.plan.selecting.index(index)
            active &= (np.arange(len(active)) >> bit & 1).astype(bool)
        return active

    def _supply(self, active: np.ndarray) -> np.ndarray:
        """Tokens (int64) that the active classes of every cell have."""
        sums = np.zeros(len(self.population.cells), np.int64)
        np.add.at(sums, self._cell_of[active], self._class_tokens[active])
        return sums

    def _room_on_circle(self, active: np.ndarray, caps: np.ndarray) -> np.ndarray:
        """Tokens (int64) of every cell that lie ahead until the first of its classes was passed `caps` times."""
        ahead = np.full(len(caps), -1, object)
        for number in np.flatnonzero(active & (self._class_tokens > 0)):
            cell = self._cell_of[number]
            left = max(0, int(caps[cell] * TURN) - self._cursors[number]) if caps[cell] > 0 else 0
            ahead[cell] = left if ahead[cell] < 0 else min(ahead[cell], left)
        turns = np.array([max(0, way) >> 64 for way in ahead], np.int64)
        part = np.array([max(0, way) & (TURN - 1) for way in ahead], np.uint64)
        return turns * self._supply(active) + self._tokens_before(active, part)

    def _tokens_before(self, active: np.ndarray, ways: np.ndarray) -> np.ndarray:
        """Tokens of every cell on less than a turn ahead of the cursors."""
        cells = np.where(active, self._cell_of, -1).astype(np.int32)
        return self._arcs.tokens(cells, self._starts(), ways)

    def _starts(self) -> np.ndarray:
        return np.array([cursor & (TURN - 1) for cursor in self._cursors], np.uint64)

    def _take_on_circle(self, stage: str, kind: str, active: np.ndarray, amounts: "_Amounts", room: np.ndarray) -> None:
        """The next stretch. What an earlier stage took beyond its plan, at most half a document,
        is taken off here, and what it left is added."""
        self._planned += amounts.planned
        open_ = np.ceil(np.round(self._planned - self._taken, 6)).astype(np.int64)
        targets = np.where(amounts.planned > 0, np.clip(open_, 0, room), 0)
        passed = np.array([cursor >> 64 for cursor in self._cursors], np.int64)
        cells = np.where(active, self._cell_of, -1).astype(np.int32)
        draw, taken = self._take(_untaken(stage, kind, cells, self._starts(), passed, len(targets)), targets)
        self._taken += taken
        for number in np.flatnonzero(active):
            cell = self._cell_of[number]
            self._cursors[number] += int(draw.turns[cell]) * TURN
            self._cursors[number] += int(draw.limits[cell]) + 1 if draw.partial[cell] else 0
        self._record(draw, amounts, taken, room)

    def _take(self, draw: Draw, targets: np.ndarray) -> tuple[Draw, np.ndarray]:
        """The draw up to its targets, and the tokens (int64) that it has then by cell."""
        supply = self._candidate_tokens(draw)
        turns = np.where(supply > 0, targets // np.maximum(supply, 1), 0)
        rest, rounding = np.where(supply > 0, targets - turns * supply, 0), self._rounding(draw)
        if draw.on_the_circle:
            found = self._arcs.cut(draw.cells, draw.starts, rest, rounding)
        else:
            found = cut(lambda: self._keyed(draw), rest, self.population.documents, rounding)
        done = replace(draw, turns=turns, limits=found.limits, partial=found.any)
        return done, turns * supply + found.tokens

    def _rounding(self, draw: Draw) -> np.ndarray:
        """Where targets are rounded, by cell. Were it the same for all, small targets would all be too much or nothing; so
        it differs by cell, and sums over cells come out right. It stays the same on a circle, so that stages join."""
        name = "" if draw.on_the_circle else draw.stage
        names = [f"{self.mix.seed}\0{name}\0{cell.name}".encode() for cell in self.population.cells]
        return np.array([(xxhash.xxh3_64_intdigest(name) + 1) / (TURN + 1) for name in names])

    def _keyed(self, draw: Draw) -> Iterator[Keyed]:
        """The candidates of a replay in the order in which it takes them."""
        for part in self.population.passes():
            of_class = classes(part, self.plan.selections)
            cells = draw.cells[of_class]
            if draw.of >= 0:
                seen = copies(self.plan.draws, draw.of, part.places, of_class) > 0
                cells = np.where(seen, cells, -1).astype(np.int32)
            yield Keyed(cells, draw.keys(part.places, of_class), part.tokens)

    def _candidate_tokens(self, draw: Draw) -> np.ndarray:
        supply = self._supply(draw.cells >= 0)
        if draw.of < 0:
            return supply
        seen = np.zeros(len(supply), np.int64)  # what the draw before took, each document once
        for share in self.plan.shares[draw.of]:
            seen[share.cell] = share.taken
        return np.where(self.plan.draws[draw.of].turns > 0, supply, seen)

    # Replay

    def _draw_replay(self, index: int, stage: Stage, replay: Replay, tokens: float) -> None:
        of = self._fresh[replay.of]
        before = self.plan.draws[of]
        active = before.cells >= 0
        prior = np.zeros(len(self.population.cells))
        for share in self.plan.shares[of]:
            prior[share.cell] = share.taken
        prior *= self.population.matching(replay.where)
        at = ("stages", index, "replay")
        if replay.which == "unseen":
            room = self._room_on_circle(active, np.minimum(1, np.array(self.plan.caps) - self._replays))
            amounts = self._allocate(index, prior, room, tokens, [], np.zeros(len(room)), at)
            self._take_on_circle(stage.name, "unseen", active, amounts, room)
            return
        salt = xxhash.xxh3_64_intdigest(f"{self.mix.seed}\0{stage.name}\0replay".encode())
        cells = np.where(active, self._cell_of, -1).astype(np.int32)
        none = np.zeros(len(cells), np.int64)
        draw = _untaken(stage.name, replay.which, cells, none.astype(np.uint64), none, len(prior))
        draw = replace(draw, salt=salt, of=of if replay.which == "seen" else -1)
        room = np.where(self._may_repeat(active), self._candidate_tokens(draw), 0)
        amounts = self._allocate(index, prior, room, tokens, [], np.zeros(len(room)), at)
        draw, taken = self._take(draw, np.ceil(np.round(amounts.planned, 6)).astype(np.int64))
        self._replays += taken > 0
        self._record(draw, amounts, taken, room)

    def _may_repeat(self, active: np.ndarray) -> np.ndarray:
        """Cells (bool) where max_epochs leaves every document one more copy."""
        most = np.zeros(len(self.population.cells), np.int64)
        for number in np.flatnonzero(active):
            cell = self._cell_of[number]
            most[cell] = max(most[cell], -(-self._cursors[number] // TURN))
        return most + self._replays + 1 <= np.ceil(self.plan.caps)

    # Shares

    def _allocate(
        self,
        index: int,
        prior: np.ndarray,
        room: np.ndarray,
        tokens: float,
        groups: list[Group],
        supply: np.ndarray,
        at: tuple = (),
    ) -> "_Amounts":
        place = self.source.place(at or ("stages", index, "shares" if groups else "tokens"))
        part = f" ({at[-1]})" if at else ""
        name = f"{place}: stage '{self.mix.stages[index].name}'{part}"
        if not prior.any():
            raise RecipeError(f"{name}: there is no document to take")
        try:
            planned = allocate(prior, room.astype(float), tokens, groups, supply.astype(float))
        except Infeasible as error:
            hint = f"\n{_REPLAY_HINT}" if at[-1:] == ("replay",) else ""
            raise RecipeError(f"{name}: {error}{hint}") from None
        plenty = np.where(prior > 0, float(tokens), 0.0)
        wanted = planned if (planned < room).all() else allocate(prior, plenty, tokens, groups, plenty)
        return _Amounts(planned, wanted, np.ones(len(planned)))

    def _prior(self, stage: Stage, supply: np.ndarray, tokens: float) -> tuple[np.ndarray, list[Group]]:
        """The shares that the stage would have by itself, and the limits that come with them."""
        prior, weighted = stage.prior, supply * self._curve(stage)
        names, groups = self.population.groups(prior.over or self.mix.label_columns, supply > 0)
        here = groups >= 0
        sums = np.zeros(len(names))
        np.add.at(sums, groups[here], supply[here])
        weights = self._group_weights(prior, sums)
        inside = np.zeros(len(names))
        np.add.at(inside, groups[here], weighted[here])
        result = np.zeros(len(supply))
        result[here] = weighted[here] / np.maximum(inside, 1e-300)[groups[here]] * weights[groups[here]]
        for key, factor in stage.weights.items():
            result[self.population.matching(key)] *= factor
        result *= self._rehydration(stage)
        if prior.unimax is None:
            return result, []
        limits = np.minimum(1, prior.unimax * sums / tokens)
        return result, [
            Group(f"unimax {prior.unimax:g}: {name}", groups == k, 0, limits[k]) for k, name in enumerate(names)
        ]

    def _curve(self, stage: Stage) -> np.ndarray:
        """The weight of every cell by the stage's curve; those without the signal weigh nothing."""
        if stage.curve is None:
            return np.ones(len(self.population.cells))
        bins = self.mix.bins[stage.curve.bins]
        weights = {bins.label(number): stage.curve.weight(number, bins.count) for number in range(bins.count)}
        return np.array([weights.get(cell.labels[stage.curve.bins], 0.0) for cell in self.population.cells])

    def _rehydration(self, stage: Stage) -> np.ndarray:
        """The weight of every cell by how often documents of clusters of its size were removed."""
        if stage.rehydrate is None:
            return np.ones(len(self.population.cells))
        bins, most = stage.rehydrate.bins, stage.rehydrate.max
        rates = removal_rates(self.population.cells, bins, self._removed[bins])
        factors = rates.factors(most)
        for label, factor in factors.items():
            self.plan.notes.append(
                f"stage '{stage.name}': {bins}={label} weighs {factor:.4g}: {rates.by_label[label]:.2%} of such documents"
                f" were removed, {rates.all:.2%} of all"
            )
        return np.array([factors.get(cell.labels[bins], 1.0) for cell in self.population.cells])

    @staticmethod
    def _group_weights(prior: Prior, sums: np.ndarray) -> np.ndarray:
        if not len(sums):
            return sums
        if prior.temperature is not None:
            return sums ** (1 / prior.temperature)
        if prior.unimax is not None:
            return np.ones(len(sums))
        return prior.natural * sums / sums.sum() + prior.uniform / len(sums)

    def _record(self, draw: Draw, amounts: "_Amounts", taken: np.ndarray, room: np.ndarray) -> None:
        self.plan.draws.append(draw)
        used = np.flatnonzero((amounts.planned > 0) | (taken > 0))
        columns = (amounts.planned, taken, room, amounts.wanted, amounts.begin)
        self.plan.shares.append([Share(int(c), *(column[c].item() for column in columns)) for c in used])
        passes = self._taken / np.maximum(self.population.tokens, 1)
        self.plan.epochs.append([round(float(value), 6) for value in passes])

    def _check_selectors(self) -> None:
        """A label that no document has is an error where something is asked of it, else a note."""
        known: dict[str, set[str]] = {}
        for cell in self.population.cells:
            for column, label in cell.labels.items():
                known.setdefault(column, set()).add(label)
        for path, text, needed in _selectors(self.mix):
            for column, labels in Selector.parse(text).terms:
                for label in labels:
                    if label in known.get(column, ()):
                        continue
                    near = nearest(label, sorted(known.get(column, ())))
                    message = f"{self.source.place(path)}: {column}={label}: no document has this label{near}"
                    if needed:
                        raise RecipeError(message)
                    self.plan.notes.append(message)


@dataclass(frozen=True)
class _Amounts:
    """Tokens by cell: planned, wanted if there were enough, and the rate at which each begins."""

    planned: np.ndarray
    wanted: np.ndarray
    begin: np.ndarray

    def after(self, before: np.ndarray) -> "_Amounts":
        """The amounts of a ramp that begins with others and ends with these."""
        planned = (before + self.planned) / 2
        begin = np.where(planned > 0, before / np.maximum(planned, 1e-300), 1.0)
        return _Amounts(planned, (before + self.wanted) / 2, begin)


def _untaken(stage: str, kind: str, cells: np.ndarray, starts: np.ndarray, passed: np.ndarray, count: int) -> Draw:
    """A draw that has taken nothing yet."""
    nothing = np.zeros(count, np.int64)
    return Draw(stage, kind, -1, 0, cells, starts, passed, nothing, nothing.astype(np.uint64), nothing.astype(bool))


def _selectors(mix: Mix) -> Iterator[tuple[tuple, str, bool]]:
    """Every selector of a mix: the path of its key, its text, and whether some document must answer it."""
    yield from ((("max_epochs", key), key, False) for key in mix.max_epochs if key != "default")
    for index, stage in enumerate(mix.stages):
        at = ("stages", index)
        yield from (((*at, "weights", key), key, False) for key in stage.weights)
        yield from (((*at, "shares", key), key, limits.low > 0) for key, limits in stage.shares.items())
        if stage.where:
            yield (*at, "where"), stage.where, True
        if stage.replay and stage.replay.where:
            yield (*at, "replay", "where"), stage.replay.where, True
