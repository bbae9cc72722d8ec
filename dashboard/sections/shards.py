"""Shards side by side, and the models and versions that made them."""

import numpy as np

from algok.dashboard import charts
from algok.dashboard.markup import Markup, data, tag
from algok.dashboard.parts import (
    Cell,
    Page,
    chart,
    extent,
    megabytes,
    named,
    number,
    part,
    plain,
    section,
    share,
    table,
)
from algok.dashboard.report_data import ReportData
from algok.dashboard.sections.tasks import tasks
from algok.dashboard.shards import OUTLYING, ShardTable

_MAX_ROWS = 50


def shards(report: ReportData, page: Page) -> Markup:
    """Small multiples over all shards, then a table: the outliers first, then the largest."""
    found = report.shards
    marked = np.array([bool(why) for why in found.why], bool)
    note = page.t("shards.note", f"{len(found):,}", f"{OUTLYING:g}", f"{marked.sum():,}")
    multiples = [
        _multiple("kept_share.short", found.kept_share, marked, page),
        _reasons(found, page),
        _multiple("tokens.short", found.tokens, marked, page),
        _multiple("seconds.short", found.seconds, marked, page),
    ]
    order = np.lexsort((-found.documents, -found.odd * marked))
    rows = [_row(found, int(index), page) for index in order[:_MAX_ROWS]]
    columns = ["shard", "documents", "kept", "share", "quarantined", "tokens", "text_mb", "seconds", "s_per_mb"]
    columns += ["peak_mb", "failed_attempts", "reason_top", *(["unlike", "spreads"] if marked.any() else [])]
    grid = table(page, columns, [row[: len(columns)] for row in rows], limit=_MAX_ROWS, of=len(found))
    cards = tag("div", *multiples, class_="cards small")
    return section(page, "shards", cards, grid, *tasks(report.tasks, page), note=[note, " ", extent(page, 1, 1)])


def _multiple(key: str, values: np.ndarray, marked: np.ndarray, page: Page) -> Markup | None:
    if not len(values) or not values.any():
        return None
    low, middle, high = (charts.short(float(value)) for value in (values.min(), np.median(values), values.max()))
    label = ("shard_label", page.t.plain(key), f"{len(values):,}", low, middle, high)
    groups = [values[rows] for rows in charts.columns(len(values))]
    content = {
        "kind": "strip",
        "shards": len(values),
        "values": [[float(f"{v:.3g}") for v in (g.min(), np.median(g), g.max())] for g in groups],
    }
    drawing = charts.strip(values, marked)
    head = tag("h3", tag("span", page.t("shard_chart", page.t.plain(key))))
    return tag("article", head, chart(page, f"shards|{key}", drawing, label, content), class_="card")


def _reasons(found: ShardTable, page: Page) -> Markup | None:
    """The share of each shard's documents that the steps dropped which drop most, stacked."""
    totals = found.dropped.sum(axis=0)
    top = [int(step) for step in np.argsort(-totals, kind="stable")[: charts.STACKED] if totals[step]]
    if not top:
        return None
    shares = found.dropped[:, top] / np.maximum(found.documents, 1)[:, None]
    names = [found.steps[step] for step in top]
    legend = [tag("li", tag("i", class_=f"key s{place}"), data(name)) for place, name in enumerate(names)]
    label = ("reasons_label", ", ".join(names), f"{len(found):,}")
    means = np.array([shares[rows].mean(axis=0) for rows in charts.columns(len(found))])
    content = {"kind": "stack", "names": names, "values": [[float(f"{v:.3g}") for v in row] for row in means]}
    head = tag("h3", tag("span", page.t("shard_chart", page.t.plain("drops.short"))))
    drawn = chart(page, "shards|reasons", charts.stack(means), label, content)
    return tag("article", head, drawn, tag("ul", *legend, class_="legend"), class_="card")


def _row(found: ShardTable, index: int, page: Page) -> list[Cell]:
    dropped = found.dropped[index]
    top = found.steps[int(dropped.argmax())] if dropped.any() else ""
    why = found.why[index]
    return [
        named(found.name(index), page),
        number(int(found.documents[index])),
        number(int(found.kept[index])),
        share(int(found.kept[index]), int(found.documents[index])),
        number(int(found.quarantined[index])),
        number(int(found.tokens[index])),
        megabytes(int(found.text_bytes[index])),
        number(float(found.seconds[index]), 2),
        number(float(found.pace[index]) if found.text_bytes[index] else None, 2),
        megabytes(int(found.peak_bytes[index])) if found.peak_bytes[index] else number(None),
        number(int(found.failed[index])),
        plain(top),
        plain(why),
        number(float(found.odd[index]) if why else None, 1),
    ]


def origin(report: ReportData, page: Page) -> Markup:
    """Models with their digests, and what the run was made with."""
    described = report.run.description
    models = [
        [plain(key), plain(m["model"]), plain(m["digest"][:16])] for key, m in described.get("models", {}).items()
    ]
    libraries = {"algok": described.get("algok", ""), "python": described.get("python", "")}
    libraries |= described.get("libraries", {})
    rows = [[plain(name), plain(version)] for name, version in libraries.items()]
    return section(
        page,
        "origin",
        tag(
            "div",
            part(page, page.t("model"), table(page, ["where_used", "model", "digest"], models)),
            part(page, page.t("library"), table(page, ["library", "release"], rows)),
            class_="columns",
        ),
    )
