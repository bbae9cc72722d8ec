"""Where every copy stands in the stream of its stage.

What one draw takes of one cell is a *track*. Within it copies are ordered by how often their document came before (nobody
comes again before all of the cell have come) and then by a hash that is new in every stage and pass. A copy's position in
the stream is the share of the track's tokens that lie before it, so that every stretch of the stream holds each track in
its share, to within two documents: no buffer and no greedy merging is needed, and any range can be worked on alone.

To find these shares without sorting everything at once, copies are told apart by *parts*: ranges of an estimate of the
position that grows with it. The tokens before a part are sums over smaller parts.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xxhash

from algok.kernels.exposure import scatter
from algok.mixing.circle import TURN, Draw, copies, first_copy
from algok.mixing.planner import Plan
from algok.mixing.population import Documents, classes
from algok.mixing.ranks import Ranks
from algok.mixing.recipe import Mix

_COPIES_PER_PART = 1 << 20
_BITS = np.float64(2.0**64)


@dataclass(frozen=True)
class Track:
    """What one draw takes of one cell, and how far its epochs reach: (first epoch, weights of it and the next ones)."""

    draw: int
    cell: int
    tokens: int
    first_epoch: int
    weights: tuple[float, ...]
    begin: float  # the rate where the stage begins, of the mean rate
    offset: float  # in [0, 1): where in a document its position lies, so that tracks do not march in step


@dataclass(frozen=True)
class Stream:
    """A stage's tracks and how its copies are cut into parts and shards. Parts count on over all stages."""

    stage: str
    tracks: list[Track]
    parts: int
    first_part: int
    first_shard: int
    tokens: int


class Layout:
    """The streams of a plan."""

    def __init__(self, mix: Mix, plan: Plan):
        self.mix, self.plan = mix, plan
        self.streams: list[Stream] = []
        parts = 0
        for number, stage in enumerate(mix.stages):
            own = _tracks(plan, stage.name, mix.seed)
            count = max(1, -(-_expected_copies(plan, own) // _COPIES_PER_PART))
            tokens = sum(track.tokens for track in own)
            self.streams.append(Stream(stage.name, own, count, parts, number * mix.shards, tokens))
            parts += count
        self.tracks = [track for stream in self.streams for track in stream.tracks]
        self.parts = parts

    @cached_property
    def track_of(self) -> dict[int, np.ndarray]:
        """By draw: the track (int32) of each cell, -1 where it takes nothing."""
        numbers = {k: np.full(len(self.plan.cells), -1, np.int32) for k in range(len(self.plan.draws))}
        for number, track in enumerate(self.tracks):
            numbers[track.draw][track.cell] = number
        return numbers

    @cached_property
    def epoch_edges(self) -> "_Edges":
        return _Edges.of(self.tracks)

    def stream_of_part(self, part: int) -> Stream:
        return next(stream for stream in reversed(self.streams) if stream.first_part <= part)

    def stream_of_draw(self, draw: int) -> Stream:
        return next(stream for stream in self.streams if stream.stage == self.plan.draws[draw].stage)


@dataclass(frozen=True)
class _Edges:
    """Where the epochs of each track begin and end in its stream by estimate; `base` leads to those of a track."""

    base: np.ndarray
    first: np.ndarray
    count: np.ndarray
    begins: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, tracks: list[Track]) -> "_Edges":
        count = np.array([len(track.weights) for track in tracks], np.int64)
        ends = [np.cumsum(track.weights) / sum(track.weights) for track in tracks]
        begins = [np.concatenate([[0.0], end[:-1]]) for end in ends]
        first = np.array([track.first_epoch for track in tracks], np.int64)
        return cls(np.cumsum(count) - count, first, count, np.concatenate(begins), np.concatenate(ends))


def _tracks(plan: Plan, stage: str, seed: int) -> list[Track]:
    tracks, class_tokens = [], np.array(plan.class_tokens)
    for number, draw in enumerate(plan.draws):
        for share in plan.shares[number] if draw.stage == stage else ():
            if share.taken:
                first, weights = _epochs(class_tokens, draw, share.cell)
                name = f"{seed}\0{stage}\0{draw.kind}\0{plan.cells[share.cell].name}"
                offset = (xxhash.xxh3_64_intdigest(name.encode()) >> 11) / 2.0**53
                tracks.append(Track(number, share.cell, share.taken, first, weights, share.begin, offset))
    return tracks


def _epochs(class_tokens: np.ndarray, draw: Draw, cell: int) -> tuple[int, tuple[float, ...]]:
    """The first epoch of a track and about how many tokens each epoch has, from the stretches of its classes."""
    weights: dict[int, float] = {}
    for number in np.flatnonzero((draw.cells == cell) & (class_tokens > 0)):
        start = int(draw.passed[number]) * TURN + int(draw.starts[number])
        end = start + int(draw.turns[cell]) * TURN + (int(draw.limits[cell]) + 1 if draw.partial[cell] else 0)
        while start < end:
            epoch = start // TURN
            stop = min(end, (epoch + 1) * TURN)
            weights[epoch] = weights.get(epoch, 0.0) + (stop - start) / TURN * float(class_tokens[number])
            start = stop
    first = min(weights)
    return first, tuple(weights.get(epoch, 0.0) for epoch in range(first, max(weights) + 1))


def _expected_copies(plan: Plan, tracks: list[Track]) -> int:
    return sum(track.tokens * plan.cells[track.cell].documents // plan.cells[track.cell].tokens + 1 for track in tracks)


@dataclass(frozen=True)
class Copies:
    """Copies of documents in the order of the documents: row, track, epoch, key within it, part, place and tokens."""

    rows: np.ndarray
    tracks: np.ndarray
    epochs: np.ndarray
    keys: np.ndarray
    parts: np.ndarray
    places: np.ndarray
    tokens: np.ndarray


def pick(
    layout: Layout, documents: Documents, first_row: int, ranks: dict[str, Ranks]
) -> tuple[list[Copies], np.ndarray]:
    """The copies that each draw takes of some documents, and how many copies (int64) each document has in all."""
    of_class = classes(documents, layout.plan.selections)
    total = np.zeros(len(of_class), np.int64)
    found = []
    for number in range(len(layout.plan.draws)):
        taken = copies(layout.plan.draws, number, documents.places, of_class)
        total += taken
        found.append(_copies(layout, number, documents, of_class, taken, first_row, ranks))
    return found, total


def _copies(
    layout: Layout,
    number: int,
    documents: Documents,
    of_class: np.ndarray,
    taken: np.ndarray,
    first_row: int,
    ranks: dict[str, Ranks],
) -> Copies:
    draw, stream = layout.plan.draws[number], layout.stream_of_draw(number)
    index = np.repeat(np.arange(len(taken)), taken)
    repeated = np.arange(len(index)) - np.repeat(np.cumsum(taken) - taken, taken)
    epochs = first_copy(draw, documents.places, of_class)[index] + repeated
    cells, places = documents.cells[index], documents.places[index]
    tracks = layout.track_of[number][cells]
    keys = scatter(places, _salts(layout.mix.seed, draw, epochs))
    order = layout.mix.stage(draw.stage).order
    if order is not None and order.strength > 0:
        rank = ranks[draw.stage].of(cells, documents.signals[order.signal][index])
        rank = rank if order.last == "high" else 1 - rank
        keys = _softened(keys, rank, order.strength)
    parts = stream.first_part + _parts(layout, stream, tracks, epochs, keys)
    return Copies(first_row + index, tracks, epochs, keys, parts, places, documents.tokens[index])


def _salts(seed: int, draw: Draw, epochs: np.ndarray) -> np.ndarray:
    """A salt per epoch, so that every pass has an order of its own."""
    known, inverse = np.unique(epochs, return_inverse=True)
    names = [f"{seed}\0{draw.stage}\0{draw.kind}\0{epoch}" for epoch in known]
    return np.array([xxhash.xxh3_64_intdigest(name.encode()) for name in names], np.uint64)[inverse.reshape(-1)]


def _softened(keys: np.ndarray, ranks: np.ndarray, strength: float) -> np.ndarray:
    """Keys between a random and a sorted order."""
    mixed = (1 - strength) * (keys / _BITS) + strength * ranks
    return np.minimum(mixed * _BITS, _BITS - 2048).astype(np.uint64)  # the largest float64 below 2^64


def _parts(layout: Layout, stream: Stream, tracks: np.ndarray, epochs: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """The part (int64) of each copy within its stream; it never falls with epoch and key."""
    if stream.parts == 1:
        return np.zeros(len(tracks), np.int64)
    edges = layout.epoch_edges
    at = edges.base[tracks] + np.clip(epochs - edges.first[tracks], 0, edges.count[tracks] - 1)
    estimate = edges.begins[at] + (edges.ends[at] - edges.begins[at]) * (keys / _BITS)
    return np.minimum((estimate * stream.parts).astype(np.int64), stream.parts - 1)


def positions(tracks: np.ndarray, tokens: np.ndarray, before: np.ndarray, layout: Layout) -> np.ndarray:
    """Positions (float64 in [0, 1)) of the copies of one part, sorted by track and order; `before`: tokens of each track
    in earlier parts."""
    sums = np.cumsum(tokens) - tokens
    starts = np.searchsorted(tracks, tracks)
    totals = np.array([track.tokens for track in layout.tracks], np.float64)
    offsets = np.array([track.offset for track in layout.tracks])
    passed = (before[tracks] + sums - sums[starts] + offsets[tracks] * tokens) / totals[tracks]
    return _along_ramp(passed, np.array([track.begin for track in layout.tracks])[tracks])


def _along_ramp(passed: np.ndarray, begin: np.ndarray) -> np.ndarray:
    """Where a share of a track's tokens has passed, if its rate goes evenly from `begin` to 2 - `begin`."""
    roots = begin + np.sqrt(np.maximum(begin * begin + 4 * (1 - begin) * passed, 0))
    return np.where(passed > 0, np.minimum(2 * passed / np.maximum(roots, 1e-300), 1 - 2.0**-53), 0)
