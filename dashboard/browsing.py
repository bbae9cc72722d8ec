"""Looking at documents of a run one page at a time: by step, rule, source and label, masked."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.dashboard.documents import masked_texts
from algok.pipelines.run_directory import Run

PER_PAGE = 25
_MAX_FILES = 400  # that one request looks into


@dataclass(frozen=True)
class Filter:
    """Which documents: kept or dropped, and of these the rule (`step`, `step.signal`), the source and the domain."""

    kept: bool = True
    rule: str = ""
    source: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Found:
    id: str
    source: str
    verdict: str
    excerpt: str


def browse(run: Run, wanted: Filter, page: int) -> tuple[list[Found], bool]:
    """One page of documents in input order, and whether there are more. Files are read until the page is full."""
    skip, rows = page * PER_PAGE, []
    for name in run.store.names("kept" if wanted.kept else "dropped")[:_MAX_FILES]:
        for row in _matching(run, name, wanted):
            rows.append(row)
        if len(rows) > skip + PER_PAGE:
            break
    shown = rows[skip : skip + PER_PAGE]
    texts = masked_texts(run, [(row["file"], row["row"]) for row in shown])
    found = [Found(row["id"], row["source"], row["verdict"], texts[row["file"], row["row"]]) for row in shown]
    return found, len(rows) > skip + PER_PAGE


def _matching(run: Run, name: str, wanted: Filter) -> list[dict]:
    verdict = [] if wanted.kept else ["verdict.step", "verdict.signal", "verdict.value", "verdict.bound"]
    with run.store.fs.open(run.store.path(name), "rb") as file:
        parquet = pq.ParquetFile(file)
        domain = ["domain.sub"] if wanted.domain and "domain.sub" in parquet.schema_arrow.names else []
        table = parquet.read(columns=["id", "source", *verdict, *domain], use_threads=False)
    table = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    step, _, signal = wanted.rule.partition(".")
    for column, value in (
        ("verdict.step", "" if wanted.kept else step),
        ("verdict.signal", "" if wanted.kept else signal),
        ("source", wanted.source),
        ("domain.sub", wanted.domain),
    ):
        if value and column in table.column_names:
            table = table.filter(pc.fill_null(pc.equal(table[column], value), False))
    return [{**row, "file": name, "source": row["source"] or "", "verdict": _verdict(row)} for row in table.to_pylist()]


def _verdict(row: dict) -> str:
    if "verdict.step" not in row:
        return "kept"
    return f"{row['verdict.step']}.{row['verdict.signal']} = {row['verdict.value']:.4g} ({row['verdict.bound']})"
