"""Which documents of a run teach most when somebody labels them: those that its own models are least sure of.

Uncertainty is read from stored signals, so no model runs. Every tenth document is drawn by chance instead: what is learned from
unsure documents alone cannot say how good a model is on ordinary ones.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.errors import InputError
from algok.pipelines.run_directory import Run

CHANCE = 10  # one in so many is drawn by chance
_CANDIDATES = 20  # for every document wanted, since hosts have shares
_HOSTS = 20  # a host has at most one document in so many, and two at least
# Signals that a label's uncertainty is read from; the first: a probability, surest at both ends; the others: of the best answers.
_SIGNALS = {
    "keep": ("quality.keep",),
    "quality": ("quality.keep",),
    "toxicity": ("toxicity.max",),
    "domain": ("domain.confidence", "domain.second_confidence"),
    "style": ("style.confidence",),
}
LABELS = tuple(_SIGNALS)


@dataclass(frozen=True)
class Chosen:
    """A document: its file and row, why it was chosen (`unsure` or `chance`), how unsure the models are (0 to 1), its verdict."""

    id: str
    file: str
    row: int
    host: str
    why: str
    unsure: float
    verdict: str


def choose(run: Run, number: int, labels: tuple[str, ...], seen: frozenset[str] = frozenset()) -> list[Chosen]:
    """At most so many documents for these labels, kept and dropped ones, without those `seen` (ids), mixed.

    Raises InputError where the run has no signal of a model for any of the labels.
    """
    known = {f"{config.name}.{signal.name}" for config in run.recipe.steps for signal in config.cls.signals}
    usable = [label for label in labels if known.issuperset(_SIGNALS[label])]
    if not usable:
        steps = ", ".join(sorted({_SIGNALS[label][0].partition(".")[0] for label in labels}))
        raise InputError(
            f"{run.url}: its recipe has none of the steps {steps}, so nobody knows which documents are unsure"
        )
    unsure: list[tuple[float, str, Chosen]] = []
    chance: list[tuple[str, Chosen]] = []
    wanted = number * _CANDIDATES
    for found in _documents(run, usable):
        if found.id in seen:
            continue
        place = hashlib.sha256(found.id.encode()).hexdigest()
        _push(unsure, (found.unsure, place, found), wanted)
        _push(chance, (_opposite(place), found), wanted)
    by_chance = [entry[-1] for entry in sorted(chance, key=lambda entry: entry[0], reverse=True)]
    ordered = [entry[-1] for entry in sorted(unsure, key=lambda entry: entry[:2], reverse=True)]
    drawn = _spread(by_chance, number // CHANCE, number, frozenset())
    rest = _spread(ordered, number - len(drawn), number, frozenset(one.id for one in drawn))
    marked = [Chosen(**{**vars(one), "why": "chance"}) for one in drawn] + rest
    return sorted(marked, key=lambda one: hashlib.sha256(f"order {one.id}".encode()).hexdigest())


def text_of(run: Run, chosen: Chosen) -> dict:
    """Text, URL and source of a document, as the run stores them."""
    with run.store.fs.open(run.store.path(chosen.file), "rb") as file:
        table = pq.ParquetFile(file).read(columns=["text", "url", "source"], use_threads=False)
    return table.slice(chosen.row, 1).to_pylist()[0]


def _documents(run: Run, labels: list[str]) -> Iterator[Chosen]:
    """Every document whose models had a say."""
    signals = list(dict.fromkeys(signal for label in labels for signal in _SIGNALS[label]))
    for folder in ("kept", "dropped"):
        verdict = ["verdict.step", "verdict.signal"] if folder == "dropped" else []
        for name in run.store.names(folder):
            first = 0
            with run.store.fs.open(run.store.path(name), "rb") as file:
                columns = ["id", "url", *signals, *verdict]
                for batch in pq.ParquetFile(file).iter_batches(1 << 16, columns=columns, use_threads=False):
                    unsure = _unsure(batch, labels)
                    for row in np.flatnonzero(~np.isnan(unsure)):
                        rule = ".".join(str(batch[column][row]) for column in verdict) or "kept"
                        id_, url = str(batch["id"][row]), batch["url"][row].as_py()
                        yield Chosen(id_, name, first + int(row), _host(url), "unsure", float(unsure[row]), rule)
                    first += batch.num_rows


def _unsure(batch: pa.RecordBatch, labels: list[str]) -> np.ndarray:
    """Mean over the labels of how unsure the models are, 0 to 1; NaN where none had a say."""
    columns = []
    for label in labels:
        values = [
            pc.cast(batch[signal], pa.float64()).fill_null(np.nan).to_numpy(zero_copy_only=False)
            for signal in _SIGNALS[label]
        ]
        if label in ("domain", "style"):
            columns.append(1 - (values[0] - values[1] if len(values) > 1 else values[0]))
        else:
            columns.append(1 - np.abs(2 * values[0] - 1))
    table = np.array(columns)
    known = ~np.isnan(table)
    total, count = np.where(known, table, 0).sum(axis=0), known.sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _push(heap: list, entry: tuple, most: int) -> None:
    if len(heap) < most:
        heapq.heappush(heap, entry)
    elif entry[:-1] > heap[0][:-1]:
        heapq.heapreplace(heap, entry)


def _opposite(digest: str) -> str:
    """The hexadecimal digits that order the other way: a heap gives up its smallest."""
    return digest.translate(str.maketrans("0123456789abcdef", "fedcba9876543210"))


def _spread(ordered: list[Chosen], most: int, number: int, without: frozenset[str]) -> list[Chosen]:
    """The first so many, of a host no more than its share."""
    taken, hosts, share = [], Counter(), max(2, number // _HOSTS)
    for one in ordered:
        if len(taken) == most:
            break
        if one.id not in without and (not one.host or hosts[one.host] < share):
            hosts[one.host] += 1
            taken.append(one)
    return taken


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or ""
    except ValueError:  # a bracket that is no IPv6 address
        return ""
