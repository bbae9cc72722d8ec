"""What changed between two runs, the largest differences first."""

from collections.abc import Callable

from algok.dashboard import markup
from algok.dashboard.compare import Change, Comparison
from algok.dashboard.markup import Markup, tag
from algok.dashboard.parts import (
    Cell,
    Page,
    bar,
    extent,
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

_SHARES = ("kept_share", "quarantine_share")


def changes(comparison: Comparison, page: Page) -> Markup:
    first, second = comparison.first.name, comparison.second.name
    drift = [[_signal(name, comparison), number(far, 3), bar([far], 1)] for name, far in comparison.drift if far > 0]
    drifted = table(page, ["signal", "distance", ""], drift, limit=30)
    return section(
        page,
        "changes",
        part(page, page.t("figures"), _figures(comparison, page)),
        part(
            page,
            page.t("drift"),
            tag("p", page.t("drift.note"), class_="note"),
            drifted,
        ),
        tag(
            "div",
            part(page, page.t("by_step"), _shares(comparison.steps, "step", page, lambda name: plain(name))),
            part(
                page, page.t("by_source"), _shares(comparison.sources, "source", page, lambda name: named(name, page))
            ),
            part(page, page.t("by_rule"), _shares(comparison.rules, "rule", page, lambda name: plain(name))),
            class_="columns",
        ),
        _verdicts(comparison, page),
        part(page, page.t("recipes"), _recipes(comparison, page)),
        note=[page.t("changes.note", first, second), " ", extent(page, 1, 1)],
    )


def _signal(name: str, comparison: Comparison) -> Cell:
    """The name, as a link where the page has its card."""
    signal = comparison.second.signals[name][1]
    return Cell(tag("a", markup.name(name), href=f"#rule-{name}")) if signal.bounds else plain(name)


def _figures(comparison: Comparison, page: Page) -> Markup:
    rows = []
    for change in comparison.figures:
        if change.name in _SHARES:
            cells = [_percent(change.before), _percent(change.after), _points(change.difference)]
        else:
            cells = [number(change.before), number(change.after), _signed(change.difference)]
        rows.append([Cell(page.t(f"figure.{change.name}")), *cells])
    return table(page, ["figure", "a", "b", "difference"], rows)


def _shares(found: list[Change], head: str, page: Page, name: Callable[[str], Cell]) -> Markup:
    """Those that differ, the largest difference first."""
    moved = sorted((c for c in found if c.difference), key=lambda c: -abs(c.difference))
    rows = [[name(c.name), _percent(c.before), _percent(c.after), _points(c.difference)] for c in moved]
    return table(page, [head, "a", "b", "difference"], rows, limit=40)


def _percent(value: float) -> Cell:
    return Cell(percent(value, 1), value if value else None, number=True)


def _points(difference: float) -> Cell:
    """A difference of shares in percentage points, coloured by its direction."""
    name = "up" if difference > 0 else "down" if difference < 0 else None
    return Cell(tag("span", f"{100 * difference:+.2f} %p", class_=name), difference, number=True)


def _signed(difference: float) -> Cell:
    return Cell(f"{difference:+,.0f}", difference, number=True)


def _verdicts(comparison: Comparison, page: Page) -> Markup:
    found = comparison.verdicts
    rows = [[plain(a), plain(b), number(n), share(n, found.common)] for (a, b), n in found.changes.most_common()]
    samples = [[plain(s.before), plain(s.after), prose(s.excerpt), plain(s.id)] for s in found.samples]
    counts = (f"{count:,}" for count in (found.common, found.changed, found.only_first, found.only_second))
    note = page.t("verdicts.note", *counts)
    seen = found.common + found.only_first + found.only_second
    return part(
        page,
        page.t("verdicts"),
        tag("p", note, " ", extent(page, seen, round(seen / found.share)), class_="note"),
        table(page, ["from", "to", "documents", "share"], rows, limit=50),
        table(page, ["from", "to", "excerpt", "id"], samples) if samples else None,
    )


def _recipes(comparison: Comparison, page: Page) -> Markup:
    differences = {**comparison.recipe, **comparison.models}
    if not differences:
        return tag("p", page.t("recipes.same"), class_="note")
    rows = [[plain(key), prose(_shown(a)), prose(_shown(b))] for key, (a, b) in differences.items()]
    return table(page, ["setting", "a", "b"], rows, limit=200)


def _shown(value: object) -> str:
    return "–" if value is None else str(value)[:300]
