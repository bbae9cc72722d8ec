"""Bins of signals as labels: what makes cells of quality, of the size of a cluster, or of how sure a label is.

A mix names bins and then uses them as any other label column. They are found after measuring: edges are compared at once,
quantiles by ranks over all documents.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import xxhash

from algok.kernels.exposure import scatter
from algok.mixing.corpora import NONE
from algok.mixing.measure import signal_keys
from algok.mixing.population import Cell, Documents, Population, group_cells
from algok.mixing.ranks import Ranks
from algok.mixing.recipe import Bins, Mix


@dataclass(frozen=True)
class Binning:
    """Tells documents of the measured cells apart by the bins of a mix."""

    bins: dict[str, Bins]
    measured: list[Cell]
    groups: dict[str, np.ndarray]  # quantiles: group of every measured cell
    ranks: dict[str, Ranks]
    walls: dict[str, list[float]]  # smooth quantiles: ranks below which curves leave everything out

    @classmethod
    def of(cls, mix: Mix, measured: list[Cell], ranks: dict[str, Ranks]) -> "Binning":
        everywhere = np.ones(len(measured), bool)
        groups = {name: group_cells(measured, bins.within, everywhere)[1] for name, bins in mix.bins.items()}
        return cls(mix.bins, measured, groups, ranks, _walls(mix))

    def codes(self, documents: Documents) -> np.ndarray:
        """A number (int64) per document: its measured cell and its bin of every kind."""
        code = documents.cells.astype(np.int64)
        for name, bins in self.bins.items():
            code = code * (bins.count + 1) + self._bin(name, bins, documents)
        return code

    def _bin(self, name: str, bins: Bins, documents: Documents) -> np.ndarray:
        """The bin of every document; the last number is for those without the signal."""
        signal = documents.signals[bins.signal]
        if bins.edges is not None:
            found = np.searchsorted(signal_keys(pa.array(bins.edges, pa.float32())), signal, side="right")
            return np.where(signal == 0, bins.count, found)
        found, known = np.full(len(signal), bins.count, np.int64), signal > 0
        rank = self.ranks[name].of(self.groups[name][documents.cells[known]], signal[known])
        if bins.smooth:
            found[known] = _either(name, rank * bins.count, documents.places[known], self.walls[name], bins.count)
        else:
            found[known] = np.minimum((rank * bins.count).astype(np.int64), bins.count - 1)
        return found

    @property
    def size(self) -> int:
        """How many codes there can be."""
        return len(self.measured) * int(np.prod([bins.count + 1 for bins in self.bins.values()], dtype=np.int64))

    def labels(self, code: int) -> dict[str, str]:
        """The labels of a code, those of the measured cell first."""
        found = {}
        for name, bins in reversed(self.bins.items()):
            code, number = divmod(code, bins.count + 1)
            found[name] = bins.label(number) if number < bins.count else NONE
        return {**self.measured[code].labels, **dict(reversed(found.items()))}


def _walls(mix: Mix) -> dict[str, list[float]]:
    curves = [stage.curve for stage in mix.stages if stage.curve]
    return {
        name: sorted({c.throwaway for c in curves if c.bins == name}) for name, bins in mix.bins.items() if bins.smooth
    }


def _either(name: str, ranks: np.ndarray, places: np.ndarray, walls: list[float], count: int) -> np.ndarray:
    """One of the two quantiles (int64) in the middles of which a rank (0 to `count`) lies: the higher one with the chance that
    makes the mean the rank itself. So what quantiles are given goes over, in the mean, from one to the next in a straight line.

    The chance is a hash of the document, of its own for every bin column. Nobody is drawn over a wall.
    """
    lower = np.floor(ranks - 0.5)
    salt = np.full(len(places), xxhash.xxh3_64_intdigest(f"bins\0{name}".encode()), np.uint64)
    chance = (scatter(places, salt) >> np.uint64(11)) / 2.0**53
    found = lower + (chance < ranks - 0.5 - lower)
    for wall in walls:
        beyond = found + 0.5 > wall * count
        found = np.where(beyond == (ranks >= wall * count), found, 2 * lower + 1 - found)
    return np.clip(found, 0, count - 1).astype(np.int64)


class Refinement:
    """From measured cells to the cells of the plan."""

    def __init__(self, binning: Binning, cells: list[Cell], codes: np.ndarray):
        self.binning, self.cells = binning, cells
        self.whole = codes // (binning.size // max(1, len(binning.measured)))  # the measured cell of each
        self._numbers = np.full(binning.size, -1, np.int32)
        self._numbers[codes] = np.arange(len(codes), dtype=np.int32)

    @classmethod
    def of_sums(cls, binning: Binning, sums: pa.Table) -> "Refinement":
        """With the cells that have documents, from `sums_by_code` of the binning's codes."""
        codes = sums["code"].to_numpy()
        counts = zip(*(sums[name].to_pylist() for name in ("code", "documents", "tokens")))
        return cls(binning, [Cell(binning.labels(code), *count) for code, *count in counts], codes)

    @classmethod
    def of_cells(cls, mix: Mix, cells: list[Cell], ranks: dict[str, Ranks]) -> "Refinement":
        """From the cells of a plan, so that tasks need not look at all documents again."""
        measured = measured_cells(mix, cells)
        binning = Binning.of(mix, measured, ranks)
        number = {tuple(cell.labels.values()): index for index, cell in enumerate(measured)}
        codes = []
        for cell in cells:
            code = number[tuple(cell.labels[name] for name in mix.label_columns)]
            for name, bins in mix.bins.items():
                label = cell.labels[name]
                code = code * (bins.count + 1) + (bins.count if label == NONE else bins.number(label))
            codes.append(code)
        return cls(binning, cells, np.array(codes, np.int64))

    def refine(self, documents: Documents) -> Documents:
        """The documents with the numbers of the plan's cells."""
        return replace(documents, cells=self._numbers[self.binning.codes(documents)])


def measured_cells(mix: Mix, cells: list[Cell]) -> list[Cell]:
    """The measured cells of which the plan's cells are parts, sorted."""
    sums: dict[tuple[str, ...], list[int]] = {}
    for cell in cells:
        total = sums.setdefault(tuple(cell.labels[name] for name in mix.label_columns), [0, 0])
        total[0] += cell.documents
        total[1] += cell.tokens
    return [Cell(dict(zip(mix.label_columns, key)), *total) for key, total in sorted(sums.items())]


def rank_bins(mix: Mix, measured: Population) -> dict[str, Ranks]:
    """The ranks that the quantiles of a mix need, from a pass for each."""
    groups = Binning.of(mix, measured.cells, {}).groups
    return {
        name: measured.ranks(groups[name], bins.signal, lacking=False)
        for name, bins in mix.bins.items()
        if bins.quantiles is not None
    }


def refined(measured: Population, mix: Mix, ranks: dict[str, Ranks]) -> Population:
    """The population in the cells of the bins."""
    if not mix.bins:
        return measured
    binning = Binning.of(mix, measured.cells, ranks)
    asked = ("bins", {name: bins.model_dump() for name, bins in mix.bins.items()}, binning.walls)
    refinement = Refinement.of_sums(binning, measured.sums_by_code(binning.codes, binning.size, *asked))
    return measured.parted(refinement.cells, refinement.whole, refinement.refine, *asked)
