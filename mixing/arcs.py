"""Tokens on arcs of the circles, from sums by place and from the few documents at the ends of the arcs.

Places are told apart by their leading bits, so a circle is cut into bins, and one pass sums the tokens of every class by bin. A
cursor stands somewhere within a bin. So what lies on an arc is the sum of whole bins, which needs no document, and parts of the
bins at its ends, whose documents are looked up. The results are exact, as if all documents were read.
"""

import numpy as np

from algok.mixing.circle import Cuts, sorted_cut
from algok.mixing.population import Population, Selection, classes

_BINS = 1 << 20  # of all classes


class Arcs:
    """The circles of a population, by class."""

    def __init__(self, population: Population, selections: list[Selection]):
        self._population, self._selections = population, selections
        count = max(1, len(population.cells) << len(selections))
        self._bits = min(16, max(1, (min(_BINS, population.documents) // count).bit_length() - 1))
        self._sums = population.sums_by_place(selections, self._bits)
        twice = np.concatenate([self._sums, self._sums], axis=1)
        self._to = np.concatenate([np.zeros((len(twice), 1), np.int64), np.cumsum(twice, axis=1)], axis=1)

    @property
    def class_tokens(self) -> np.ndarray:
        """Tokens (int64) of every class."""
        return self._sums.sum(axis=1)

    def cut(self, cells: np.ndarray, starts: np.ndarray, targets: np.ndarray, rounding: np.ndarray) -> Cuts:
        """As `circle.cut` of the documents of all classes by cell (int32 by class, below 0: takes no part), with their distance
        from the start of their class (uint64) as key. No target is above the tokens of its cell."""
        low, high, before = self._stretch(cells, starts, targets)
        steps = np.arange(self._bins)
        near = (steps >= low[:, None]) & (steps <= high[:, None])
        near[:, 0] = True  # where the classes start
        found = self._documents(cells, starts, near & (targets > 0)[:, None])
        return sorted_cut(*found, targets, before, rounding)

    def tokens(self, cells: np.ndarray, starts: np.ndarray, ways: np.ndarray) -> np.ndarray:
        """Tokens (int64) by cell that lie less than a way (uint64 by cell) ahead of the starts of its classes."""
        if not ways.any():
            return np.zeros(len(ways), np.int64)
        last = (ways >> np.uint64(64 - self._bits)).astype(np.int64)
        steps = np.arange(self._bins)
        near = (steps == last[:, None]) | (steps == last[:, None] + 1) | (steps == 0)
        groups, keys, tokens = self._documents(cells, starts, near & (ways > 0)[:, None])
        sums = np.zeros(len(ways), np.int64)
        np.add.at(sums, groups, np.where(keys < ways[groups], tokens, 0))
        live = np.flatnonzero(cells >= 0)
        np.add.at(sums, cells[live], self._whole(live, starts[live], last[cells[live]]))
        return sums

    @property
    def _bins(self) -> int:
        return 1 << self._bits

    def _first(self, starts: np.ndarray) -> np.ndarray:
        """The bins in which classes start."""
        return (starts >> np.uint64(64 - self._bits)).astype(np.int64)

    def _whole(self, numbers: np.ndarray, starts: np.ndarray, steps: np.ndarray) -> np.ndarray:
        """Tokens of the classes in the whole bins that lie between that of the start and the one so many steps ahead."""
        first = self._first(starts)
        return np.where(steps > 0, self._to[numbers, first + steps] - self._to[numbers, first + 1], 0)

    def _stretch(
        self, cells: np.ndarray, starts: np.ndarray, targets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """By cell: between which steps (of a bin each) ahead of the starts the target is reached, and the tokens of the whole
        bins before."""
        count, bins = len(targets), self._bins
        least, most = np.zeros((count, bins + 1), np.int64), np.zeros((count, bins + 1), np.int64)
        for number in np.flatnonzero(cells >= 0):
            to, first = self._to[number], int(self._first(starts[number]))
            least[cells[number], 1:] += to[first + 1 : first + bins + 1] - to[first + 1]
            least[cells[number], bins] += to[first + 1] - to[first]  # a whole turn
            most[cells[number]] += np.minimum(to[first + 1 : first + bins + 2], to[first + bins]) - to[first]
        low = np.array([max(0, np.searchsorted(row, target) - 1) for row, target in zip(most, targets)], np.int64)
        high = np.array([np.searchsorted(row, target) for row, target in zip(least, targets)], np.int64)
        return low, high, least[np.arange(count), low]

    def _documents(
        self, cells: np.ndarray, starts: np.ndarray, near: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cells, keys and tokens of the documents that lie so many bins ahead of the bin where their class starts; `near`: bool,
        cells × steps."""
        live = cells >= 0
        at = (np.arange(self._bins)[None, :] - self._first(starts)[:, None]) % self._bins
        chosen = near[np.maximum(cells, 0)[:, None], at] & live[:, None]
        wanted = np.zeros((len(self._population.cells), self._bins), bool)
        np.logical_or.at(wanted, np.arange(len(cells)) >> len(self._selections), chosen)
        found = [(np.zeros(0, np.int32), np.zeros(0, np.uint64), np.zeros(0, np.int64))]
        for part in self._population.near(wanted):
            of_class = classes(part, self._selections)
            own = chosen[of_class, self._first(part.places)]
            of_class, places = of_class[own], part.places[own]
            found.append((cells[of_class], places - starts[of_class], part.tokens[own]))
        groups, keys, tokens = (np.concatenate(column) for column in zip(*found))
        return groups, keys, tokens
