"""The cap per duplicate cluster: documents of one cluster have, together, no more copies than `max_per_cluster`.

A document without a cluster is one of its own, under its id; so rewrites that name their original count with it. The members
stand in the order of their places, which is random. Each may have what `max_epochs` allows it, until the cluster's copies are
given away; the others get what is left, or nothing. A label says so, and makes them cells of their own: what holds for
`max_epochs` (all stages, all replays) holds for clusters.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from algok.mixing.population import Cell, Documents, Population, copies_allowed
from algok.mixing.recipe import ALLOWED, CLUSTER, FREE, Mix

_AT_ONCE = 1 << 22  # documents that are sorted in memory


@dataclass(frozen=True)
class Allowances:
    """The documents whose cluster leaves them fewer copies than `max_epochs` does."""

    places: np.ndarray  # uint64, sorted
    copies: np.ndarray  # int32

    def of(self, places: np.ndarray) -> np.ndarray:
        """The copies (int32) that are left to each document; -1 where its cluster does not bind."""
        if not len(self.places):
            return np.full(len(places), -1, np.int32)
        at = np.minimum(np.searchsorted(self.places, places), len(self.places) - 1)
        return np.where(self.places[at] == places, self.copies[at], -1).astype(np.int32)

    def as_table(self) -> pa.Table:
        return pa.table({"place": self.places, "copies": self.copies})

    @classmethod
    def of_table(cls, table: pa.Table) -> "Allowances":
        return cls(table["place"].to_numpy(), table["copies"].to_numpy())


def allowances(mix: Mix, population: Population) -> Allowances:
    """From passes over all documents, as many as keep memory bounded."""
    most, allowed = mix.max_per_cluster, _allowed(mix, population)
    assert most is not None

    def made() -> pa.Table:
        parts = max(1, -(-population.documents // _AT_ONCE))
        found = [_of_part(most, population, allowed, part, parts) for part in range(parts)]
        places, copies = (np.concatenate(column) for column in zip(*found))
        order = np.argsort(places, kind="stable")
        return Allowances(places[order], copies[order]).as_table()

    return Allowances.of_table(population.known.table(made, "allowances", most, allowed))


def _allowed(mix: Mix, population: Population) -> np.ndarray:
    """The copies (int32) that `max_epochs` allows a document of each cell."""
    return np.array([copies_allowed(mix, cell) for cell in population.cells], np.int32)


def _of_part(
    most: int, population: Population, allowed: np.ndarray, part: int, parts: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places and copies of the documents that are bound, of the clusters of one part."""
    columns = [(np.zeros(0, np.uint64), np.zeros(0, np.uint64), np.zeros(0, np.int32))]
    for documents in population.passes():
        clusters = documents.signals[CLUSTER]
        own = (clusters >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32) == part
        columns.append((clusters[own], documents.places[own], allowed[documents.cells[own]]))
    clusters, places, copies = (np.concatenate(column) for column in zip(*columns))
    order = np.lexsort((places, clusters))
    clusters, places, copies = clusters[order], places[order], copies[order].astype(np.int64)
    before = np.cumsum(copies) - copies
    before -= before[np.searchsorted(clusters, clusters)]
    left = np.clip(most - before, 0, copies)
    bound = left < copies
    return places[bound], left[bound].astype(np.int32)


class Division:
    """From cells to cells that tell apart how many copies a document's cluster leaves it."""

    def __init__(self, whole: list[Cell], found: Allowances, cells: list[Cell], codes: np.ndarray, most: int):
        self.cells, self._found, self._most = cells, found, most
        self.part_of = codes // (most + 1)  # the cell that each is a part of
        self._numbers = np.full(len(whole) * (most + 1), -1, np.int32)
        self._numbers[codes] = np.arange(len(codes), dtype=np.int32)

    @classmethod
    def of_sums(cls, whole: list[Cell], found: Allowances, most: int, sums: pa.Table) -> "Division":
        """With the cells that have documents, from `sums_by_code` of the allowances' codes."""
        cells = []
        for code, documents, tokens in zip(*(sums[name].to_pylist() for name in ("code", "documents", "tokens"))):
            cell, label = whole[code // (most + 1)], code % (most + 1)
            cells.append(Cell({**cell.labels, ALLOWED: FREE if label == most else str(label)}, documents, tokens))
        return cls(whole, found, cells, sums["code"].to_numpy(), most)

    @classmethod
    def of_cells(cls, mix: Mix, cells: list[Cell], found: Allowances) -> "Division":
        """From the cells of a plan, so that tasks need not look at all documents again."""
        most, whole = mix.max_per_cluster or 0, undivided(cells)
        number = {_whole(cell): index for index, cell in enumerate(whole)}
        codes = []
        for cell in cells:
            allowed = cell.labels[ALLOWED]
            codes.append(number[_whole(cell)] * (most + 1) + (most if allowed == FREE else int(allowed)))
        return cls(whole, found, cells, np.array(codes, np.int64), most)

    def divide(self, documents: Documents) -> Documents:
        """The documents with the numbers of the divided cells."""
        return replace(documents, cells=self._numbers[_codes(documents, self._found, self._most)])


def _codes(documents: Documents, found: Allowances, most: int) -> np.ndarray:
    """A number (int64) per document: its cell, and the copies that are left to it (`most`: its cluster does not bind)."""
    left = found.of(documents.places)
    return documents.cells.astype(np.int64) * (most + 1) + np.where(left < 0, most, left)


def _whole(cell: Cell) -> tuple[tuple[str, str], ...]:
    """The labels of the cell that this one is a part of."""
    return tuple((column, label) for column, label in cell.labels.items() if column != ALLOWED)


def undivided(cells: list[Cell]) -> list[Cell]:
    """The cells of which those of a plan are parts, in their order."""
    sums: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for cell in cells:
        total = sums.setdefault(_whole(cell), [0, 0])
        total[0] += cell.documents
        total[1] += cell.tokens
    return [Cell(dict(labels), *total) for labels, total in sums.items()]


def divided(mix: Mix, population: Population, found: Allowances) -> Population:
    """The population in the cells of the clusters' allowances."""
    most = mix.max_per_cluster or 0
    asked = ("clusters", most, _allowed(mix, population))
    codes = population.sums_by_code(lambda part: _codes(part, found, most), len(population.cells) * (most + 1), *asked)
    division = Division.of_sums(population.cells, found, most, codes)
    return population.parted(division.cells, division.part_of, division.divide, *asked)
