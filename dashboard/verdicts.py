"""Documents of two runs that are decided otherwise, by content id."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.dashboard.documents import masked_texts
from algok.pipelines.run_directory import Run

KEPT = "kept"
MAX_IDS = 2_000_000
SAMPLED_CHANGES, PER_CHANGE = 12, 2
_PREFIXES = 16**4


@dataclass(frozen=True)
class ChangedDocument:
    """A document with two verdicts (`kept`, or `step.signal side`) and a masked excerpt of it in the second run."""

    id: str
    before: str
    after: str
    excerpt: str


@dataclass
class Verdicts:
    """Documents in both runs (`common`), in one only, and how many went from which verdict to which. Of very large runs the
    ids with a small beginning are looked at, the same in both: `share` of all."""

    common: int = 0
    only_first: int = 0
    only_second: int = 0
    share: float = 1.0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: list[ChangedDocument] = field(default_factory=list)

    @property
    def changed(self) -> int:
        return self.changes.total()


def changed_verdicts(first: Run, second: Run, documents: int) -> Verdicts:
    """Joins the verdicts of two runs; `documents` is how many the larger one has."""
    share = min(1.0, MAX_IDS / max(documents, 1))
    below = None if share == 1.0 else f"{int(_PREFIXES * share):04x}"
    before, after = _verdicts(first, below), _verdicts(second, below)
    joined = before.join(after, "id", right_suffix="_after", join_type="inner")
    found = Verdicts(joined.num_rows, before.num_rows - joined.num_rows, after.num_rows - joined.num_rows, share)
    other = joined.filter(pc.not_equal(joined["verdict"], joined["verdict_after"])).sort_by("id")
    pairs = list(zip(other["verdict"].to_pylist(), other["verdict_after"].to_pylist(), strict=True))
    found.changes.update(pairs)
    found.samples = _samples(second, other, pairs, found.changes)
    return found


def _verdicts(run: Run, below: str | None) -> pa.Table:
    """id, verdict and place (file << 32 | row) of every document, or of those whose id begins below a text."""
    parts = [
        pa.table(
            {"id": pa.array([], pa.string()), "verdict": pa.array([], pa.string()), "place": pa.array([], pa.int64())}
        )
    ]
    for number, name in enumerate(_files(run)):
        columns = ["id", *(["verdict.step", "verdict.signal", "verdict.bound"] if name.startswith("dropped/") else [])]
        with run.store.fs.open(run.store.path(name), "rb") as file:
            table = pq.read_table(file, columns=columns)
        place = pa.array((number << 32) + np.arange(table.num_rows, dtype=np.int64))
        part = pa.table({"id": table["id"].cast(pa.string()), "verdict": _words(table), "place": place})
        parts.append(part.filter(pc.less(part["id"], below)) if below else part)
    return pa.concat_tables(parts)


def _files(run: Run) -> list[str]:
    return [*run.store.names("kept"), *run.store.names("dropped")]


def _words(table: pa.Table) -> pa.Array | pa.ChunkedArray:
    """`kept`, or the rule that dropped the document; its limit is left out, so that only another rule is another verdict."""
    if "verdict.step" not in table.column_names:
        return pa.array([KEPT] * table.num_rows, pa.string())
    side = pc.utf8_slice_codeunits(table["verdict.bound"], 0, 3)
    rule = pc.binary_join_element_wise(table["verdict.step"], table["verdict.signal"], ".")
    return pc.binary_join_element_wise(rule, side, " ")


def _samples(run: Run, rows: pa.Table, pairs: list[tuple[str, str]], changes: Counter) -> list[ChangedDocument]:
    """A few documents of each of the most frequent changes."""
    wanted = {pair for pair, _ in changes.most_common(SAMPLED_CHANGES)}
    taken: Counter[tuple[str, str]] = Counter()
    chosen = []
    for row, pair in enumerate(pairs):
        if pair in wanted and taken[pair] < PER_CHANGE:
            taken[pair] += 1
            chosen.append(row)
    files, ids, places = _files(run), rows["id"].to_pylist(), rows["place_after"].to_pylist()
    where = {row: (files[places[row] >> 32], places[row] & 0xFFFFFFFF) for row in chosen}
    texts = masked_texts(run, where.values())
    ordered = sorted(chosen, key=lambda row: pairs[row])
    return [ChangedDocument(ids[row], pairs[row][0], pairs[row][1], texts[where[row]]) for row in ordered]
