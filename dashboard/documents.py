"""What the tables of a run say that its statistics do not: cross tables, hosts, and documents near each bound.

One pass over the columns that are needed (never all texts), over every file where the run is small and over files spread
evenly where it is large; `Read` says how many of how many documents were read. Excerpts are masked here, whatever the
recipe masks.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.filters.personal.coarse import excerpt, redact_url
from algok.filters.personal.masking import mask_text
from algok.pipelines.decide import bound_of
from algok.pipelines.run_directory import Run
from algok.pipelines.summary import Account
from algok.step import SIDES, Bound

MAX_DOCUMENTS = 200_000
PER_SIDE = 2
EXCERPT_CHARS = 100
TOP_HOSTS = 100
MAX_HOSTS = 50_000
QUARANTINE_EXAMPLES = 3
_QUARANTINE_FILES = 200
# Which columns are laid across each other, where the recipe has them: rows, columns.
CROSSES = (
    ("domain.sub", "source"),
    ("domain.sub", "quality.grade"),
    ("domain.sub", "style.label"),
    ("domain.sub", "perplexity.bucket"),
    ("style.label", "source"),
    ("language.label", "source"),
)


@dataclass(frozen=True)
class Sample:
    """A document near a bound: `kept` or dropped by it, its value, and a masked excerpt."""

    id: str
    source: str
    kept: bool
    value: float
    excerpt: str


@dataclass
class Host:
    documents: int = 0
    kept: int = 0


@dataclass(frozen=True)
class _Candidate:
    """Where a document near a bound lies."""

    distance: float
    value: float
    file: str
    row: int
    id: str
    source: str


@dataclass
class Read:
    """What was read: `documents` of `of`. Cross tables are of kept documents: (row label, column label) → documents and
    tokens. `personal` counts what was found in kept documents, by source and kind. Samples are by rule
    (`step.signal.side`)."""

    documents: int = 0
    of: int = 0
    crosses: dict[tuple[str, str], dict[tuple[str, str], list[int]]] = field(default_factory=dict)
    provenance: Counter[str] = field(default_factory=Counter)
    personal: dict[str, Counter[str]] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    quarantine: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    @property
    def full(self) -> bool:
        return self.documents == self.of


def read_documents(run: Run, max_documents: int, account: Account) -> Read:
    """One pass over the run's kept and dropped documents, of which the account tells the number; as many as
    `max_documents` allows (0: none are read)."""
    read = Read(of=account.kept + account.dropped)
    if not max_documents:
        return read
    near = _Near(run)
    for folder in ("kept", "dropped"):
        names = run.store.names(folder)
        for name in _spread_evenly(names, max_documents / max(read.of, 1)):
            for batch, first in _batches(run, name, near.columns):
                _count(batch, folder == "kept", read, run)
                near.add(batch, name, first, folder == "kept")
    read.samples = near.samples(run)
    read.quarantine = _quarantine(run)
    return read


def _spread_evenly(names: list[str], share: float) -> list[str]:
    """Names at even distances, so many as the share says and at least one."""
    if share >= 1 or not names:
        return names
    wanted = max(1, int(len(names) * share))
    return [names[int(place)] for place in np.linspace(0, len(names) - 1, wanted)]


def _batches(run: Run, name: str, signals: list[str]) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Batches of a file with the columns that are needed, and the row that each begins with."""
    crossed = [*_personal(run), *(column for pair in _crosses(run) for column in pair)]
    columns = ["id", "url", "source", "provenance", *signals, *crossed, *filter(None, [run.recipe.tokens_column])]
    if name.startswith("dropped/"):
        columns += ["verdict.step", "verdict.signal", "verdict.value", "verdict.bound"]
    first = 0
    with run.store.fs.open(run.store.path(name), "rb") as file:
        for batch in pq.ParquetFile(file).iter_batches(
            1 << 16, columns=list(dict.fromkeys(columns)), use_threads=False
        ):
            yield batch, first
            first += batch.num_rows


def _personal(run: Run) -> list[str]:
    """The counts of a step that masks personal data, by kind."""
    masking = [config for config in run.recipe.steps if config.cls.masks_personal_data]
    return [f"{config.name}.{s.name}" for config in masking for s in config.cls.signals if s.unit == "count"]


def _crosses(run: Run) -> list[tuple[str, str]]:
    known = {"source", *(f"{config.name}.{s.name}" for config in run.recipe.steps for s in config.cls.signals)}
    return [pair for pair in CROSSES if known.issuperset(pair)]


def _count(batch: pa.RecordBatch, kept: bool, read: Read, run: Run) -> None:
    read.documents += batch.num_rows
    _count_hosts(batch.column("url"), kept, read.hosts)
    if not kept:
        return
    read.provenance.update(pc.fill_null(batch.column("provenance"), "").to_pylist())
    tokens = run.recipe.tokens_column
    counts = batch.column(tokens) if tokens else pa.nulls(batch.num_rows, pa.int64())
    _count_personal(batch, _personal(run), read.personal)
    for pair in _crosses(run):
        _count_cross(batch, pair, counts, read.crosses.setdefault(pair, {}))


def _count_personal(batch: pa.RecordBatch, columns: list[str], found: dict[str, Counter[str]]) -> None:
    if not columns:
        return
    table = pa.table({name: batch.column(name) for name in ("source", *columns)})
    for row in table.group_by("source").aggregate([(name, "sum") for name in columns]).to_pylist():
        counts = {name.partition(".")[2]: row[f"{name}_sum"] or 0 for name in columns}
        found.setdefault(row["source"] or "", Counter()).update(counts)


def _count_cross(batch: pa.RecordBatch, pair: tuple[str, str], tokens: pa.Array, cross: dict) -> None:
    table = pa.table({"row": batch.column(pair[0]), "column": batch.column(pair[1]), "tokens": tokens})
    for found in table.group_by(["row", "column"]).aggregate([("tokens", "sum"), ([], "count_all")]).to_pylist():
        key = (
            "" if found["row"] is None else str(found["row"]),
            "" if found["column"] is None else str(found["column"]),
        )
        cell = cross.setdefault(key, [0, 0])
        cell[0] += found["count_all"]
        cell[1] += found["tokens_sum"] or 0


def _count_hosts(urls: pa.Array, kept: bool, hosts: dict[str, Host]) -> None:
    for url in urls.to_pylist():
        name = _host(url) if url else ""
        if not name or (name not in hosts and len(hosts) >= MAX_HOSTS):
            continue
        host = hosts.setdefault(name, Host())
        host.documents += 1
        host.kept += kept


def _host(url: str) -> str:
    try:
        return redact_url(urlsplit(url).hostname or "")[:100]
    except ValueError:  # a bracket that is no IPv6 address
        return ""


class _Near:
    """Collects for every rule the documents closest to its bound, on either side."""

    def __init__(self, run: Run):
        self._configs = [config for config in run.recipe.steps if config.bounds or config.by_source]
        self._found: dict[tuple[str, bool], list[_Candidate]] = defaultdict(list)
        names = (f"{c.name}.{s}" for c in self._configs for s in _bounded(c))
        self.columns = list(dict.fromkeys(names))

    def add(self, batch: pa.RecordBatch, file: str, first: int, kept: bool) -> None:
        if kept:
            self._add_kept(batch, file, first)
        else:
            self._add_dropped(batch, file, first)

    def _add_kept(self, batch: pa.RecordBatch, file: str, first: int) -> None:
        sources = np.array([source or "" for source in batch.column("source").to_pylist()], object)
        for config in self._configs:
            for signal in _bounded(config):
                values = pc.cast(batch.column(f"{config.name}.{signal}"), pa.float64()).to_numpy(zero_copy_only=False)
                limits = {source: bound_of(config, signal, source) for source in set(sources)}
                for side in SIDES:
                    self._closest(batch, values, sources, limits, side, f"{config.name}.{signal}.{side}", file, first)

    def _closest(
        self,
        batch: pa.RecordBatch,
        values: np.ndarray,
        sources: np.ndarray,
        limits: dict[str, Bound],
        side: str,
        rule: str,
        file: str,
        first: int,
    ) -> None:
        of_source = {source: getattr(bound, side) for source, bound in limits.items()}
        limit = np.array([np.nan if of_source[source] is None else of_source[source] for source in sources], float)
        apart = np.abs(values - limit)
        rows = np.flatnonzero(~np.isnan(apart))
        for row in rows[np.argsort(apart[rows], kind="stable")[:PER_SIDE]]:
            self._keep(rule, True, batch, int(row), float(apart[row]), float(values[row]), file, first)

    def _add_dropped(self, batch: pa.RecordBatch, file: str, first: int) -> None:
        steps, signals, bounds = (batch.column(f"verdict.{key}").to_pylist() for key in ("step", "signal", "bound"))
        values = batch.column("verdict.value").to_pylist()
        for row, (step, signal, value, bound) in enumerate(zip(steps, signals, values, bounds, strict=True)):
            side, _, limit = bound.partition(" ")
            if value is not None:
                apart = abs(value - float(limit))
                self._keep(f"{step}.{signal}.{side}", False, batch, row, apart, value, file, first)

    def _keep(
        self, rule: str, kept: bool, batch: pa.RecordBatch, row: int, apart: float, value: float, file: str, first: int
    ) -> None:
        found = self._found[rule, kept]
        if len(found) == PER_SIDE and not apart < found[-1].distance:
            return
        ids, sources = batch.column("id"), batch.column("source")
        candidate = _Candidate(apart, value, file, first + row, ids[row].as_py(), sources[row].as_py() or "")
        self._found[rule, kept] = sorted([*found, candidate], key=lambda c: (c.distance, c.id))[:PER_SIDE]

    def samples(self, run: Run) -> dict[str, list[Sample]]:
        """The closest documents by rule, the dropped ones first, with masked excerpts of their texts."""
        wanted = [candidate for found in self._found.values() for candidate in found]
        texts = masked_texts(run, {(candidate.file, candidate.row) for candidate in wanted})
        samples: dict[str, list[Sample]] = defaultdict(list)
        for (rule, kept), found in sorted(self._found.items(), key=lambda pair: pair[0]):
            for c in found:
                text = texts[c.file, c.row]
                samples[rule].append(Sample(c.id, c.source, kept, c.value, text))
        return dict(samples)


def _bounded(config) -> list[str]:
    names = dict.fromkeys(config.bounds)
    for bounds in config.by_source.values():
        names.update(dict.fromkeys(bounds))
    return list(names)


def masked_texts(run: Run, places: Iterable[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Masked beginnings of the texts at (file, row). Only their row groups are read."""
    rows: dict[str, list[int]] = defaultdict(list)
    for file, row in sorted(places):
        rows[file].append(row)
    return {(name, row): text for name, wanted in rows.items() for row, text in _texts_of(run, name, wanted)}


def _texts_of(run: Run, name: str, wanted: list[int]) -> Iterator[tuple[int, str]]:
    with run.store.fs.open(run.store.path(name), "rb") as file:
        parquet, first = pq.ParquetFile(file), 0
        for group in range(parquet.num_row_groups):
            end = first + parquet.metadata.row_group(group).num_rows
            mine = [row for row in wanted if first <= row < end]
            if mine:
                column = parquet.read_row_group(group, columns=["text"], use_threads=False)["text"]
                for row in mine:
                    yield row, masked(column[row - first].as_py())
            first = end


def masked(text: str) -> str:
    """A beginning that anyone may see: the recognisers' findings, all addresses and all long numbers masked."""
    return excerpt(mask_text(text[: 4 * EXCERPT_CHARS]), EXCERPT_CHARS)


def _quarantine(run: Run) -> dict[str, list[tuple[str, str]]]:
    """A few quarantined records by reason: (file and offset, masked beginning); the files hold them masked already."""
    examples: dict[str, list[tuple[str, str]]] = {}
    for name in run.store.names("quarantine")[:_QUARANTINE_FILES]:
        with run.store.fs.open(run.store.path(name), "rb") as file:
            columns = ["file", "offset", "reason", "excerpt", "message"]
            for row in pq.read_table(file, columns=columns).slice(0, 1000).to_pylist():
                found = examples.setdefault(row["reason"], [])
                if len(found) < QUARANTINE_EXAMPLES:
                    found.append((f"{row['file']}:{row['offset']}", row["excerpt"] or row["message"] or ""))
    return examples
