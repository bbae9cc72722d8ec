"""All documents of a mix as planning sees them: their cells, and passes over them in bounded memory."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from algok.kernels.exposure import add_tokens
from algok.mixing.circle import Keyed, cut
from algok.mixing.known import Known
from algok.mixing.measure import Measured, combinations, measured
from algok.mixing.places import near
from algok.mixing.ranks import Ranks, rank
from algok.mixing.recipe import ALLOWED, FREE, Mix, Select
from algok.mixing.selector import Selector

_WORST = np.uint64((1 << 32) - 1)
_HALF = np.uint64(32)


@dataclass(frozen=True)
class Cell:
    """Documents that the mix does not tell apart, but where a stage selects."""

    labels: dict[str, str]
    documents: int
    tokens: int

    @property
    def name(self) -> str:
        return " & ".join(f"{column}={label}" for column, label in self.labels.items())


@dataclass(frozen=True)
class Documents:
    """Some documents: cell (int32), place (uint64), tokens (int64), signals (uint32)."""

    cells: np.ndarray
    places: np.ndarray
    tokens: np.ndarray
    signals: dict[str, np.ndarray]


@dataclass(frozen=True)
class Selection:
    """What a stage selects: in each group of cells all documents up to a limit, the best first."""

    signal: str
    best: str
    groups: np.ndarray  # int32 by cell, -1: none of it
    limits: np.ndarray  # uint64 by group

    def keys(self, documents: Documents) -> np.ndarray:
        """The signal with the best first, documents without it last, and equal ones by their places."""
        values = documents.signals[self.signal].astype(np.uint64)
        ranks = _WORST - values if self.best == "high" else np.where(values == 0, _WORST, values)
        return ranks << _HALF | documents.places >> _HALF

    def holds(self, documents: Documents) -> np.ndarray:
        groups = self.groups[documents.cells]
        return (groups >= 0) & (self.keys(documents) <= self.limits[groups])

    def as_dict(self) -> dict:
        return {**vars(self), "groups": self.groups.tolist(), "limits": self.limits.tolist()}

    @classmethod
    def from_dict(cls, data: dict) -> "Selection":
        groups, limits = np.array(data["groups"], np.int32), np.array(data["limits"], np.uint64)
        return cls(data["signal"], data["best"], groups, limits)


def classes(documents: Documents, selections: list[Selection]) -> np.ndarray:
    """The class (int32) of every document: its cell, and which selections it is in."""
    code = documents.cells.copy()
    for selection in selections:
        code = code * np.int32(2) + selection.holds(documents)
    return code


def epochs_allowed(mix: Mix, cell: Cell) -> float:
    """How often the documents of a cell may come, over all stages and replays."""
    rules = mix.max_epochs
    own = [epochs for key, epochs in rules.items() if key != "default" and Selector.parse(key).matches(cell.labels)]
    allowed = min(own, default=rules["default"])
    if mix.max_per_cluster is None:
        return allowed
    label = cell.labels.get(ALLOWED, FREE)
    return float(min(allowed, mix.max_per_cluster if label == FREE else int(label)))


def copies_allowed(mix: Mix, cell: Cell) -> int:
    """The most copies that a document of the cell can have."""
    return math.ceil(epochs_allowed(mix, cell))


Near = Callable[[np.ndarray], Iterator[Documents]]


class Population:
    """The cells, and passes over all documents; every pass reads them again.

    `near` gives the documents of some cells that stand at some places (bool: cells × a power of two of bins of the circle), and
    maybe others; without it a pass does. What passes find is asked of `known` first.
    """

    def __init__(
        self,
        cells: list[Cell],
        passes: Callable[[], Iterator[Documents]],
        near: Near | None = None,
        known: Known | None = None,
    ):
        self.cells, self.passes = cells, passes
        self.near: Near = near or (lambda wanted: passes())
        self.known = known or Known()
        self.documents = sum(cell.documents for cell in cells)
        self.tokens = np.array([cell.tokens for cell in cells], np.int64)

    @classmethod
    def of_tables(
        cls, labels: list[str], names: dict[str, str], read: Callable[[str], pa.Table], known: Known
    ) -> "Population":
        """The population of measured tables that `read` opens by name, one after the other; `names` has the index of each."""
        schemas = {name: read(name).schema for name in names}
        cells = merge_cells(labels, schemas.values())
        numbers = cell_numbers(cells)

        def passes() -> Iterator[Documents]:
            for name in names:
                yield from documents(read(name), numbers)

        def near_places(wanted: np.ndarray) -> Iterator[Documents]:
            for name, index in names.items():
                of_cell = _renumbered(schemas[name], numbers)
                if wanted[of_cell].any():
                    part = near(read(name), read(index), wanted[of_cell])
                    yield from [_in_cells(part, of_cell)] if part else []

        return cls(cells, passes, near_places, known)

    def parted(
        self, cells: list[Cell], whole: np.ndarray, renumber: Callable[[Documents], Documents], *asked: Any
    ) -> "Population":
        """The same documents in smaller cells: `whole` names the cell that each is a part of (int); `asked`, as JSON, says how
        they are parted."""

        def near_places(wanted: np.ndarray) -> Iterator[Documents]:
            wider = np.zeros((len(self.cells), wanted.shape[1]), bool)
            np.logical_or.at(wider, whole, wanted)
            return map(renumber, self.near(wider))

        return Population(cells, lambda: map(renumber, self.passes()), near_places, self.known.within(*asked))

    def sums_by_code(self, codes: Callable[[Documents], np.ndarray], count: int, *asked: Any) -> pa.Table:
        """Documents and tokens of every code (below `count`) that there is; `asked`, as JSON, says what codes these are."""

        def made() -> pa.Table:
            tokens, counts = np.zeros(count, np.int64), np.zeros(count, np.int64)
            for part in self.passes():
                code = codes(part)
                tokens += summed(code, part.tokens, count)
                counts += np.bincount(code, minlength=count)
            present = np.flatnonzero(counts)
            return pa.table({"code": present, "documents": counts[present], "tokens": tokens[present]})

        return self.known.table(made, "codes", *asked)

    def ranks(self, groups: np.ndarray, signal: str, lacking: bool) -> Ranks:
        """The ranks of a signal within groups (int32 by cell), where documents lacking it come first or take no part."""

        def parts() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
            for part in self.passes():
                values = part.signals[signal]
                own = slice(None) if lacking else values > 0
                yield groups[part.cells[own]], values[own], part.tokens[own]

        return Ranks.of_table(self.known.table(lambda: rank(parts()).as_table(), "ranks", groups, signal, lacking))

    def matching(self, where: str | None) -> np.ndarray:
        """Which cells (bool) a selector means; all for none."""
        if where is None:
            return np.ones(len(self.cells), bool)
        selector = Selector.parse(where)
        return np.array([selector.matches(cell.labels) for cell in self.cells], bool)

    def groups(self, columns: list[str], among: np.ndarray) -> tuple[list[str], np.ndarray]:
        """As `group_cells`, of all cells."""
        return group_cells(self.cells, columns, among)

    def select(self, select: Select, where: str | None) -> Selection:
        """The top share, in tokens, of every group."""
        names, groups = self.groups(select.within, self.matching(where))
        sums = np.zeros(len(names), np.int64)
        np.add.at(sums, groups[groups >= 0], self.tokens[groups >= 0])
        everyone = Selection(select.signal, select.best, groups, np.zeros(len(names), np.uint64))

        def parts() -> Iterator[Keyed]:
            for part in self.passes():
                yield Keyed(groups[part.cells], everyone.keys(part), part.tokens)

        def limits() -> pa.Table:
            found = cut(parts, np.ceil(np.round(sums * select.top, 6)).astype(np.int64), self.documents)
            return pa.table({"limit": found.limits})

        known = self.known.table(limits, "select", everyone.as_dict(), select.top)
        return Selection(select.signal, select.best, groups, known["limit"].to_numpy())

    def sums_by_place(self, selections: list[Selection], bits: int) -> np.ndarray:
        """Tokens (int64) of every class by the leading bits of the documents' places: classes × 2^bits."""
        shape = (len(self.cells) << len(selections), 1 << bits)

        def made() -> pa.Table:
            sums, counts = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
            whole = np.zeros(len(sums), np.uint64)
            for part in self.passes():
                add_tokens(classes(part, selections), part.places, part.tokens, whole, 0, bits, sums, counts)
            return pa.table({"tokens": sums.reshape(-1)})

        asked = [selection.as_dict() for selection in selections]
        return self.known.table(made, "places", asked, bits)["tokens"].to_numpy().reshape(shape)


def group_cells(cells: list[Cell], columns: list[str], among: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The groups of cells with the same labels in some columns, by name, and the group of each cell (int32, -1 for cells
    that are not `among`)."""
    names = [" & ".join(f"{column}={cell.labels[column]}" for column in columns) for cell in cells]
    known = sorted({name for name, here in zip(names, among) if here})
    number = {name: index for index, name in enumerate(known)}
    return known, np.array([number[name] if here else -1 for name, here in zip(names, among)], np.int32)


def summed(numbers: np.ndarray, tokens: np.ndarray, count: int) -> np.ndarray:
    """Tokens (int64) by number; exact, since no batch has 2^53 of them."""
    return np.bincount(numbers, tokens, count).astype(np.int64)


def merge_cells(labels: list[str], schemas) -> list[Cell]:
    """The cells of all measured tables, sorted by their labels."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for schema in schemas:
        for found in combinations(schema):
            total = sums.setdefault(found.labels, [0, 0])
            total[0] += found.documents
            total[1] += found.tokens
    return [Cell(dict(zip(labels, key)), *total) for key, total in sorted(sums.items())]


def cell_numbers(cells: list[Cell]) -> dict[tuple[str, ...], int]:
    return {tuple(cell.labels.values()): index for index, cell in enumerate(cells)}


def documents(table: pa.Table, numbers: dict[tuple[str, ...], int]) -> Iterator[Documents]:
    """The documents of a measured table with the numbers of their cells."""
    of_cell = _renumbered(table.schema, numbers)
    for part in measured(table):
        yield _in_cells(part, of_cell)


def _renumbered(schema: pa.Schema, numbers: dict[tuple[str, ...], int]) -> np.ndarray:
    """The cell (int32) of every combination of a measured table."""
    return np.array([numbers[found.labels] for found in combinations(schema)], np.int32)


def _in_cells(part: Measured, of_cell: np.ndarray) -> Documents:
    return Documents(of_cell[part.combinations], part.places, part.tokens, part.signals)
