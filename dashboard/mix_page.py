"""The page of a mix: the plan against what is written, by stage and by cell, and what became of every corpus."""

from algok.dashboard.markup import Child, Markup, data, joined, tag
from algok.dashboard.mixes import MixCell, MixFigures
from algok.dashboard.parts import (
    Cell,
    Page,
    bar,
    facts,
    named,
    number,
    part,
    plain,
    section,
    share,
    shown_labels,
    table,
)
from algok.dashboard.report import document
from algok.dashboard.texts import Language, Texts
from algok.pipelines.stats import EDGES

_MAX_ROWS = 200


def mix_page(found: MixFigures, language: Language = "ko", links: Markup | None = None) -> str:
    """A whole page; `links` lead to other pages where there are any (a dashboard's)."""
    page = Page(Texts(language))
    names = ["mix.stages", "mix.cells", *(["mix.corpora"] if found.uses else [])]
    writers = {"mix.stages": _stages, "mix.cells": _cells, "mix.corpora": _corpora}
    body = [writers[name](found, page) for name in names]
    header = joined(
        [
            tag("p", links or page.t("mix.report"), class_="over"),
            tag("h1", data(found.name)),
            facts(_facts(found, page)),
        ]
    )
    edges = {unit: edges.tolist() for unit, edges in EDGES.items()}
    shared = {"edges": edges, "run": "", "mode": "", "live": links is not None and found.state == "going"}
    title = f"{found.name} – {page.t.plain('mix.report')}"
    return document(page, title, header, names, body, shared, served=links is not None)


def _facts(found: MixFigures, page: Page) -> list[tuple[Child, Child]]:
    t = page.t
    return [
        (t("state"), t(f"state.{found.state}")),
        (t("mix"), tag("code", found.digest[:16])),
        (t("version"), data(found.algok)),
        (t("mix.shards_done"), f"{found.done:,} / {found.tasks:,}"),
        *([(t("labels"), data(shown_labels(found.labels)))] if found.labels else []),
    ]


def _stages(found: MixFigures, page: Page) -> Markup:
    rows = [
        [
            plain(stage.name),
            number(stage.asked),
            number(stage.planned),
            number(stage.written),
            share(stage.written, stage.asked),
            bar([stage.written], max(stage.asked, stage.written)),
        ]
        for stage in found.stages
    ]
    columns = ["stage", "mix.asked", "mix.planned", "mix.written", "mix.of_asked", ""]
    notes = [tag("p", data(note), class_="note") for note in found.notes]
    return section(page, "mix.stages", table(page, columns, rows, sort=False), *notes, note=page.t("mix.stages.note"))


def _cells(found: MixFigures, page: Page) -> Markup:
    labels = list(found.cells[0].row.labels) if found.cells else []
    totals = {stage.name: stage.written for stage in found.stages}
    rows = [_cell(cell, totals.get(cell.row.stage, 0), page) for cell in found.cells]
    columns: list[str | Markup] = ["stage", "mix.draw", *(data(label) for label in labels)]
    columns += ["mix.planned", "mix.planned_share", "mix.written", "share", "documents", "mix.available"]
    columns += ["mix.planned_epochs", "mix.epochs", "mix.capped", "mix.lacking"]
    return section(page, "mix.cells", table(page, columns, rows, limit=_MAX_ROWS), note=page.t("mix.cells.note"))


def _cell(cell: MixCell, total: int, page: Page) -> list[Cell]:
    row = cell.row
    return [
        plain(row.stage),
        plain(row.draw),
        *(named(label, page) for label in row.labels.values()),
        number(row.tokens),
        share(row.share, 1),
        number(cell.written),
        share(cell.written or 0, total) if cell.written is not None else number(None),
        number(cell.documents),
        number(row.available),
        number(row.epochs, 2),
        number(cell.epochs, 2),
        Cell("●" if row.capped else ""),
        number(row.lacking or None),
    ]


def _corpora(found: MixFigures, page: Page) -> Markup:
    rows = [
        [plain(use.corpus), *(number(n) for n in (use.kept, use.used, use.capped, use.unused, use.contaminated))]
        for use in found.uses
    ]
    columns = ["mix.corpus", "kept", "mix.used", "mix.at_cap", "mix.unused", "mix.contaminated"]
    return section(page, "mix.corpora", part(page, page.t("documents"), table(page, columns, rows)))
