"""Sources, rules by source, and hosts."""

import numpy as np

from algok.dashboard.documents import TOP_HOSTS, Host
from algok.dashboard.markup import Markup, data, tag
from algok.dashboard.parts import (
    Cell,
    Page,
    bar,
    extent,
    folded,
    named,
    number,
    percent,
    plain,
    prose,
    section,
    share,
    table,
)
from algok.dashboard.report_data import ReportData
from algok.pipelines.summary import SourceSummary

_SOURCES_IN_MATRIX = 12
_OUTLYING = 5.0


def sources(report: ReportData, page: Page) -> Markup:
    found = sorted(report.summary.sources, key=lambda source: (-source.read, source.name))
    rows = [_row(source, page) for source in found]
    columns = ["source", "read", "kept", "share", "", "tokens", "main_reasons"]
    return section(
        page,
        "sources",
        table(page, columns, rows),
        folded(page.t("rule_by_source"), _matrix(found, page)) if any(source.rules for source in found) else None,
        _hosts(report, page),
        note=extent(page, 1, 1),
    )


def _row(source: SourceSummary, page: Page) -> list[Cell]:
    dropped = sum(source.dropped.values())
    most = sorted(source.rules.items(), key=lambda rule: (-rule[1], rule[0]))[:2]
    reasons = ", ".join(f"{rule} {percent(count, source.read)}" for rule, count in most)
    return [
        named(source.name, page),
        number(source.read),
        number(source.kept),
        share(source.kept, source.read),
        bar([source.kept, dropped], source.read),
        number(source.kept_tokens or None),
        prose(reasons),
    ]


def _matrix(found: list[SourceSummary], page: Page) -> Markup:
    """Documents that each rule dropped, by source: the largest sources."""
    shown = found[:_SOURCES_IN_MATRIX]
    names = sorted({rule for source in shown for rule in source.rules})
    rows = [[plain(name), *(share(source.rules.get(name, 0), source.read) for source in shown)] for name in names]
    heads = [page.t("rule"), *(data(source.name) if source.name else page.t("none") for source in shown)]
    return table(page, heads, rows)


def _hosts(report: ReportData, page: Page) -> Markup | None:
    hosts = report.read.hosts
    if not hosts:
        return None
    usual = sum(host.kept for host in hosts.values()) / max(sum(host.documents for host in hosts.values()), 1)
    top = sorted(hosts.items(), key=lambda pair: (-pair[1].documents, pair[0]))
    rows = [
        [
            plain(name),
            number(host.documents),
            number(host.kept),
            share(host.kept, host.documents),
            bar([host.kept, host.documents - host.kept], host.documents),
            Cell("●" if _unlike(host, usual) else "", int(_unlike(host, usual)), number=False),
        ]
        for name, host in top
    ]
    note = tag("p", page.t("hosts.note"), " ", extent(page, report.read.documents, report.read.of), class_="note")
    grid = table(page, ["host", "documents", "kept", "share", "", "mark"], rows, limit=TOP_HOSTS)
    return folded([page.t("hosts"), f" ({len(rows):,})"], note, grid)


def _unlike(host: Host, usual: float) -> bool:
    """Whether its kept share is further from the run's than chance would have it."""
    chance = np.sqrt(usual * (1 - usual) / host.documents)
    return bool(abs(host.kept / host.documents - usual) > _OUTLYING * max(chance, 0.02))
