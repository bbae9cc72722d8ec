"""Bounds decide: which document breaks which limit first."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.pipelines.recipe import StepConfig
from algok.step import SIDES, Bound, limit_text

VERDICT_SCHEMA = pa.schema(
    [
        pa.field("verdict.step", pa.string()),
        pa.field("verdict.signal", pa.string()),
        pa.field("verdict.value", pa.float64()),
        pa.field("verdict.bound", pa.string()),
    ]
)


class Verdict(NamedTuple):
    """The first broken bound of a document."""

    step: str
    signal: str
    value: float
    bound: str

    @property
    def rule(self) -> str:
        """The bound without the value: `heuristics.chars min 100`."""
        return f"{self.step}.{self.signal} {self.bound}"

    def __str__(self) -> str:
        return f"{self.step}.{self.signal} is {self.value:g}, the bound is {self.bound}"


@dataclass(frozen=True)
class Decisions:
    """Verdicts of one step over one batch: per row the index of the first broken bound in `rules`, or -1."""

    step: str
    rules: list[tuple[str, str]]  # (signal, "min" or "max")
    broken: np.ndarray  # int16
    values: np.ndarray  # float64, the value that broke it (NaN where none)
    limits: np.ndarray  # float64
    outside: dict[tuple[str, str], np.ndarray]  # (signal, side) -> bool per row: outside, whatever broke first

    @property
    def keep(self) -> np.ndarray:
        return self.broken < 0

    def verdicts(self) -> list[pa.Array]:
        """The columns of VERDICT_SCHEMA for the dropped rows, in row order."""
        rows = np.flatnonzero(~self.keep)
        rules = [self.rules[index] for index in self.broken[rows]]
        bounds = [limit_text(side, limit) for (_, side), limit in zip(rules, self.limits[rows], strict=True)]
        return [
            pa.array([self.step] * len(rows), pa.string()),
            pa.array([signal for signal, _ in rules], pa.string()),
            pa.array(self.values[rows]),
            pa.array(bounds, pa.string()),
        ]


def decide(config: StepConfig, signals: dict[str, pa.Array], sources: pa.Array) -> Decisions:
    """Compares a step's signals with its bounds, those of the document's source first.

    Signals are checked in the recipe's order, `min` before `max`; a null value breaks nothing, NaN breaks any bound.
    """
    n = len(sources)
    broken, values, limits = np.full(n, -1, np.int16), np.full(n, np.nan), np.full(n, np.nan)
    codes, labels = _encode(sources)
    rules: list[tuple[str, str]] = []
    outside: dict[tuple[str, str], np.ndarray] = {}
    for name in _bounded(config):
        column = signals[name]
        value = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
        known = _valid(column)
        for side in SIDES:
            limits_by_source = np.array([_limit(config, name, label, side) for label in labels])
            if np.isnan(limits_by_source).all():
                continue
            limit = limits_by_source[codes]
            with np.errstate(invalid="ignore"):
                inside = value >= limit if side == "min" else value <= limit
            beyond = known & ~inside & ~np.isnan(limit)
            if beyond.any():
                outside[name, side] = beyond
            breaks = beyond & (broken < 0)
            if breaks.any():
                broken[breaks] = len(rules)
                values[breaks], limits[breaks] = value[breaks], limit[breaks]
                rules.append((name, side))
    return Decisions(config.name, rules, broken, values, limits, outside)


def bound_of(config: StepConfig, signal: str, source: str | None) -> Bound:
    """The bound on a signal for documents of a source; a bound without limits if the recipe has none."""
    own = config.by_source.get(source or "", {})
    return own[signal] if signal in own else config.bounds.get(signal, Bound())


def _bounded(config: StepConfig) -> list[str]:
    names = dict.fromkeys(config.bounds)
    for bounds in config.by_source.values():
        names.update(dict.fromkeys(bounds))
    return list(names)


def _limit(config: StepConfig, signal: str, source: str | None, side: str) -> float:
    limit = getattr(bound_of(config, signal, source), side)
    return np.nan if limit is None else limit


def _encode(sources: pa.Array) -> tuple[np.ndarray, list[str | None]]:
    encoded = pc.dictionary_encode(pc.fill_null(sources, ""))
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def _valid(column: pa.Array) -> np.ndarray:
    return np.ones(len(column), bool) if column.null_count == 0 else pc.is_valid(column).to_numpy(zero_copy_only=False)
