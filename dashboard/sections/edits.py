"""What steps mended and removed, personal data by kind (counts only), and what was never read."""

from collections import Counter

from algok.dashboard.markup import Markup, data, tag
from algok.dashboard.parts import (
    Cell,
    Page,
    bar,
    extent,
    folded,
    named,
    number,
    part,
    plain,
    prose,
    section,
    share,
    table,
)
from algok.dashboard.report_data import ReportData
from algok.pipelines.summary import StepSummary


def edits(report: ReportData, page: Page) -> Markup:
    """A table for every step that rewrites text: totals of its counts, with what each means, and masked examples."""
    steps = [step for step in report.summary.steps if step.edits_text or "cluster_size" in _names(step)]
    parts = [part(page, data(step.name), _totals(step, page), _samples(step, page)) for step in steps]
    return section(page, "edits", tag("div", *parts, class_="columns"), _personal(report, page))


_SOURCES = 40


def _personal(report: ReportData, page: Page) -> Markup | None:
    """How often each kind of personal data stood in kept documents, by source; never a value."""
    found = report.read.personal
    kinds = [kind for kind, count in sum(found.values(), Counter()).most_common() if count]
    if not kinds:
        return None
    order = sorted(found, key=lambda source: (-found[source].total(), source))[:_SOURCES]
    rows = [[named(source, page), *(number(found[source][kind]) for kind in kinds)] for source in order]
    seen = extent(page, report.read.documents, report.read.of)
    return part(page, [page.t("personal_by_source"), " ", seen], table(page, ["source", *map(data, kinds)], rows))


def _names(step: StepSummary) -> set[str]:
    return {signal.name for signal in step.signals}


def _totals(step: StepSummary, page: Page) -> Markup:
    found = [signal for signal in step.signals if signal.total]
    rows = []
    for signal in sorted(found, key=lambda signal: -(signal.total or 0)):
        touched = sum(count for place, count in signal.bins.items() if place > 1)
        meaning = prose(signal.doc)
        rows.append(
            [plain(signal.name), number(signal.total), number(touched), share(touched, step.documents), meaning]
        )
    return table(page, ["signal", "total", "touched", "share", "meaning"], rows)


def _samples(step: StepSummary, page: Page) -> Markup | None:
    rows = [
        [plain(kind), prose(text), number(times)]
        for kind, texts in sorted(step.samples.items())
        for text, times in sorted(texts.items(), key=lambda pair: -pair[1])[:8]
    ]
    return (
        folded([page.t("samples"), f" ({len(rows)})"], table(page, ["kind", "excerpt", "times"], rows))
        if rows
        else None
    )


def quarantine(report: ReportData, page: Page) -> Markup:
    """Reasons with masked examples, and the records that are no documents."""
    summary, records = report.summary, report.summary.account.records
    rows = []
    for kind, reasons in (("quarantined", summary.quarantined), ("ignored", summary.ignored)):
        most = max([*summary.quarantined.values(), *summary.ignored.values(), 1])
        for reason, count in reasons.items():
            drawn = bar([0, count] if kind == "quarantined" else [0, 0, count], most)
            rows.append([plain(reason), Cell(page.t(kind), kind), number(count), share(count, records), drawn])
    examples = [
        [plain(reason), plain(place), prose(excerpt)]
        for reason, found in sorted(report.read.quarantine.items())
        for place, excerpt in found
    ]
    extracted = [[plain(name), number(n)] for name, n in summary.extracted.items()]
    return section(
        page,
        "quarantine",
        table(page, ["reason", "kind", "records", "share", ""], rows),
        folded([page.t("samples"), f" ({len(examples)})"], table(page, ["reason", "where", "example"], examples))
        if examples
        else None,
        part(page, page.t("extracted"), table(page, ["kind", "documents"], extracted)) if extracted else None,
        note=page.t("quarantine.note"),
    )
