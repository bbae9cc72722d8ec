"""What a mix was planned to be and what it is: by stage and by cell, with epochs. Planned, going and finished ones."""

from collections import Counter
from dataclasses import dataclass

import orjson

from algok.errors import InputError
from algok.mixing.account import MixDirectory, Use
from algok.mixing.planner import Plan
from algok.mixing.table import Row, rows, telling
from algok.pipelines.done import done_kinds, sound_records
from algok.pipelines.storage import UNREADABLE, Store

_WRITE = "write-"
Cell = tuple[str, str, tuple[str, ...]]  # stage, draw, labels


@dataclass(frozen=True)
class MixStage:
    """Tokens of a stage: as the mix asks for them, as the plan gives them, and as they are written (so far)."""

    name: str
    asked: int
    planned: int
    written: int


@dataclass(frozen=True)
class MixCell:
    """A line of the plan's table, and what is written of it: None in mixes of versions that did not count it."""

    row: Row
    documents: int | None
    written: int | None

    @property
    def epochs(self) -> float | None:
        """Passes over what the cell has, by the written tokens."""
        return None if self.written is None else self.written / max(1, self.row.available)


@dataclass(frozen=True)
class MixFigures:
    """A mix. `state` is planned, going or finished; `done` of `tasks` output shards are written."""

    url: str
    name: str
    digest: str
    algok: str
    labels: dict[str, str]
    state: str
    done: int
    tasks: int
    stages: list[MixStage]
    cells: list[MixCell]
    uses: list[Use]
    notes: list[str]

    @property
    def asked(self) -> int:
        return sum(stage.asked for stage in self.stages)

    @property
    def written(self) -> int:
        return sum(stage.written for stage in self.stages)


def is_mix(store: Store) -> bool:
    return store.exists("mix.json")


def read_mix(url: str) -> MixFigures:
    """Reads the directory of a mix that is planned at least. Raises InputError where there is none, or a damaged one."""
    directory = MixDirectory(url, finished=False)
    try:
        return _figures(directory)
    except UNREADABLE as error:
        raise InputError(
            f"{url}: the mix cannot be read ({type(error).__name__}): its files are damaged or of another version of algok"
        ) from None


def _figures(directory: MixDirectory) -> MixFigures:
    store, mix, plan = directory.store, directory.mix, directory.plan
    described = orjson.loads(store.read_bytes("mix.json"))
    finished = store.exists("manifest.json")
    begun = finished or "pick" in done_kinds(store)
    written = dict(sound_records(store, ["write"]))
    records = list(written.values())
    by_stage: Counter[str] = Counter()
    for task, record in written.items():
        by_stage[mix.stages[int(task.removeprefix(_WRITE)) // mix.shards].name] += record["tokens"]
    table = rows(plan)
    planned: Counter[str] = Counter()
    for row in table:
        planned[row.stage] += row.tokens
    stages = [MixStage(s.name, round(s.tokens), planned[s.name], by_stage[s.name]) for s in mix.stages]
    return MixFigures(
        url=directory.store.url,
        name=mix.name,
        digest=str(described["mix_digest"]),
        algok=str(described["algok"]),
        labels=dict(mix.labels),
        state="finished" if finished else "going" if begun else "planned",
        done=len(written),
        tasks=len(mix.stages) * mix.shards,
        stages=stages,
        cells=_cells(table, plan, records),
        uses=directory.uses() if finished else [],
        notes=list(plan.notes),
    )


def _cells(table: list[Row], plan: Plan, records: list[dict]) -> list[MixCell]:
    """The plan's table beside what the write tasks counted."""
    counted = all("cells" in record for record in records)
    columns = telling(plan)
    documents: Counter[Cell] = Counter()
    tokens: Counter[Cell] = Counter()
    for draw, cell, copies, size in (item for record in records if counted for item in record["cells"]):
        labels = tuple(plan.cells[cell].labels[column] for column in columns)
        key = plan.draws[draw].stage, plan.draws[draw].kind, labels
        documents[key] += copies
        tokens[key] += size
    found = []
    for row in table:
        key = row.stage, row.draw, tuple(row.labels.values())
        found.append(MixCell(row, *((documents[key], tokens[key]) if counted else (None, None))))
    return found
