"""Rules with their histograms: the bound drawn in, the share on either side, and documents near it."""

import shlex

from algok.dashboard import charts, markup
from algok.dashboard.bins import Bins
from algok.dashboard.markup import Markup, data, joined, tag
from algok.dashboard.parts import (
    HISTOGRAM_LABEL,
    Cell,
    Page,
    bar,
    chart,
    extent,
    folded,
    named,
    number,
    part,
    percent,
    plain,
    prose,
    section,
    share,
    table,
)
from algok.dashboard.report_data import ReportData
from algok.pipelines.stats import REST
from algok.pipelines.summary import SignalSummary, StepSummary
from algok.step import Bound

# Signals that a reader looks for among the tags and not among the rules.
SHOWN_WITH_TAGS = (
    "heuristics.chars",
    "tokens.count",
    "quality.level",
    "perplexity.perplexity",
    "dedup.cluster_size",
    "lines.lines_removed",
    "spans.spans_removed",
)


def rules(report: ReportData, page: Page, other: ReportData | None = None) -> Markup:
    """All rules in one table, then a card for every signal that has a bound, then the signals without one."""
    cards, rest = [], []
    for name, (step, signal) in report.signals.items():
        if signal.bounds:
            cards.append(_card(name, step, signal, report, page, other))
        elif signal.bins and name not in SHOWN_WITH_TAGS:
            rest.append(plain_card(name, signal, report, page, other))
    return section(
        page,
        "rules",
        part(page, page.t("rules.list"), _all_rules(report, page)),
        tag("div", *cards, class_="cards"),
        folded([page.t("rules.signals"), f" ({len(rest)})"], tag("div", *rest, class_="cards small")) if rest else None,
        note=[page.t("rules.note"), " ", page.t("explain", shlex.quote(report.name)), " ", extent(page, 1, 1)],
    )


def _all_rules(report: ReportData, page: Page) -> Markup:
    rows = []
    for step in report.summary.steps:
        signals = {signal.name: signal for signal in step.signals}
        for rule in step.rules:
            name, bounds = f"{step.name}.{rule.signal}", signals[rule.signal].bounds
            outside = sum(sides.get(rule.side, 0) for sides in signals[rule.signal].outside.values())
            rows.append(
                [
                    Cell(tag("a", markup.name(name), href=f"#rule-{name}")),
                    Cell(_limit(bounds, rule.side, page)),
                    number(rule.documents),
                    share(rule.documents, step.documents),
                    bar([0, rule.documents], max(step.dropped, 1)),
                    number(outside),
                    share(outside, step.documents),
                ]
            )
    rows.sort(key=lambda row: -int(row[2].shown.replace(",", "")))
    columns = ["rule", "bound", "dropped", "share", page.t("of_step"), "outside_any", "share"]
    return table(page, columns, rows, limit=200)


def _limit(bounds: dict[str, Bound], side: str, page: Page) -> Markup:
    """The limit for all sources, and how many sources have another."""
    limit = getattr(bounds[REST], side)
    shown = [tag("span", f"{side} {limit:g}", class_="w") if limit is not None else page.t("no_bound")]
    own = [source for source, bound in bounds.items() if source != REST and getattr(bound, side) != limit]
    return joined([*shown, *([" ", tag("small", page.t("own_bounds", len(own)))] if own else [])])


def _card(
    name: str, step: StepSummary, signal: SignalSummary, report: ReportData, page: Page, other: ReportData | None
) -> Markup:
    """One signal: a chart for the sources that share a bound, and one for each source with its own, on the same axis."""
    theirs = other.signals.get(name, (None, None))[1] if other else None
    groups = {source: bins for source, bins in signal.by_source.items() if bins} or {REST: signal.bins}
    edges = report.summary.edges[signal.unit]
    shown = charts.shown_bins(signal.bins, edges, signal.unit, [signal.bounds[source] for source in groups])
    drawn = []
    for source, bins in groups.items():
        title = page.t("others") if source == REST else data(source)
        head = tag("p", title, class_="group") if len(groups) > 1 or source != REST else None
        against = (theirs.by_source.get(source) or theirs.bins) if theirs else None
        drawn.append(tag("div", head, _drawn(name, source, bins, signal, shown, report, page, against)))
    dropped = sum(rule.documents for rule in step.rules if rule.signal == signal.name)
    return tag(
        "article",
        tag("h3", tag("span", markup.name(name)), tag("span", page.t("dropped"), f" {dropped:,}", class_="count")),
        tag("p", signal.doc, class_="doc"),
        tag("div", *drawn, class_="groups"),
        _near(name, report, page),
        id=f"rule-{name}",
        class_="card wide" if len(groups) > 1 else "card",
    )


def plain_card(name: str, signal: SignalSummary, report: ReportData, page: Page, other: ReportData | None) -> Markup:
    """A signal that nothing limits."""
    theirs = other.signals.get(name, (None, None))[1] if other else None
    shown = charts.shown_bins(signal.bins, report.summary.edges[signal.unit], signal.unit, [])
    drawing = _drawn(name, REST, signal.bins, signal, shown, report, page, theirs.bins if theirs else None)
    return tag(
        "article", tag("h3", tag("span", markup.name(name))), tag("p", signal.doc, class_="doc"), drawing, class_="card"
    )


def _drawn(
    name: str,
    source: str,
    bins: Bins,
    signal: SignalSummary,
    shown: charts.Shown,
    report: ReportData,
    page: Page,
    other: Bins | None,
) -> Markup:
    bound, outside = signal.bounds.get(source, Bound()), signal.outside.get(source, {})
    content = {
        "unit": signal.unit,
        "first": shown.first,
        "last": shown.last,
        "bins": {str(place): count for place, count in bins.items() if count},
    }
    if other:
        content["other"] = {str(place): count for place, count in other.items() if count}
    if bound.limits():
        content |= {"bound": dict(bound.limits()), "path": _setting(name, source), "outside": outside}
    words = str(bound) if bound.limits() else page.t.plain("no_bound")
    label = (HISTOGRAM_LABEL, name, f"{sum(bins.values()):,}", words)
    edges = report.summary.edges[signal.unit]
    drawing = charts.histogram(bins, edges, signal.unit, bound, outside, shown, other)
    figure = chart(page, f"{name}|{source}", drawing, label, content)
    nulls = signal.nulls if sum(bins.values()) == sum(signal.bins.values()) else 0
    return joined([figure, _sides(bins, bound, outside, nulls, page)])


def _setting(name: str, source: str) -> str:
    """The key of a bound for `--set`, quoted for a shell; of a source's own bound it is in the source's profile."""
    return shlex.quote(f"steps.{name}" if source == REST else f"profiles.{source}.{name}")


def _sides(bins: Bins, bound: Bound, outside: dict[str, int], nulls: int, page: Page) -> Markup:
    """The share of documents beyond each side of the bound and within it, of those that have a value."""
    total, parts = sum(bins.values()), []
    for side, limit in bound.limits():
        beyond = tag("b", percent(outside.get(side, 0), total))
        words = f"{'<' if side == 'min' else '>'} {limit:g}"
        parts.append(tag("span", tag("i", class_="key out"), page.t("beyond", words), " ", beyond))
    if bound.limits():
        within = tag("b", percent(total - sum(outside.values()), total))
        parts.append(tag("span", tag("i", class_="key in"), page.t("within"), " ", within))
    parts.append(tag("span", f"n = {total:,}"))
    if nulls:
        parts.append(tag("span", page.t("null_values", f"{nulls:,}")))
    return tag("p", *parts, class_="sides")


def _near(name: str, report: ReportData, page: Page) -> Markup | None:
    """What a person reads before moving a bound."""
    rows = []
    for side in ("min", "max"):
        for sample in report.read.samples.get(f"{name}.{side}", []):
            verdict = page.t("kept" if sample.kept else "dropped")
            rows.append(
                [
                    plain(f"{sample.value:.4g}"),
                    Cell(verdict),
                    named(sample.source, page),
                    prose(sample.excerpt),
                    plain(sample.id),
                ]
            )
    if not rows:
        return None
    grid = table(page, ["value", "verdict", "source", "excerpt", "id"], rows)
    return folded([page.t("near"), f" ({len(rows)}) "], extent(page, report.read.documents, report.read.of), grid)
