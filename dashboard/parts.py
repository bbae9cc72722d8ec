"""What every section is made of: the page being written, tables, figures, and numbers as people read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from algok.dashboard import charts
from algok.dashboard.markup import Child, Markup, data, joined, name, tag
from algok.dashboard.texts import Texts

MAX_ROWS = 70
HISTOGRAM_LABEL = "histogram.label"


@dataclass
class Page:
    """A page while it is written: its language, and the data of its charts by their ids."""

    t: Texts
    charts: dict[str, dict] = field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """A cell: what is shown, and the value to sort and to copy by where that says more."""

    shown: Child
    value: float | str | None = None
    number: bool = False
    prose: bool = False
    ground: int = 0  # 1 to 5: how dark


def number(value: float | None, digits: int = 0) -> Cell:
    """A number with thousands set apart; nothing where there is none."""
    return Cell("" if value is None else f"{value:,.{digits}f}", value if digits else None, number=True)


def share(part: float, whole: float) -> Cell:
    return Cell(percent(part, whole), part / whole if 0 < part < whole else None, number=True)


def percent(part: float, whole: float) -> str:
    """`0.05 %` and not `0.1 %` where little is left to see.

    >>> percent(1, 3), percent(1, 2000), percent(0, 5), percent(5, 5), percent(14, 13)
    ('33.3 %', '0.05 %', '0 %', '100 %', '107.7 %')
    """
    if not whole:
        return "–"
    value = 100 * part / whole
    if value in (0, 100):
        return f"{value:.0f} %"
    if value < 0.1:
        return f"{value:.2g} %"
    return f"{value:.2f} %" if 99.9 < value < 100 else f"{value:.1f} %"


def megabytes(size: float) -> Cell:
    return Cell(f"{size / 1e6:,.2f}" if size < 1e8 else f"{size / 1e6:,.0f}", size, number=True)


def bar(values: Sequence[float], total: float) -> Cell:
    """Parts of a whole as a thin bar. It repeats numbers that stand beside it, so it says nothing to a screen reader."""
    drawing = tag(
        "svg", *charts.bars(values, total), viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true"
    )
    return Cell(drawing)


def named(text: str, page: Page) -> Cell:
    """A name from data, or "(none)" where it is empty."""
    return Cell(name(text)) if text else Cell(page.t("none"))


def plain(text: str) -> Cell:
    return Cell(name(text))


def shown_labels(labels: dict[str, str]) -> str:
    """
    >>> shown_labels({"team": "search", "year": "2026"})
    'team=search, year=2026'
    """
    return ", ".join(f"{key}={value}" for key, value in labels.items())


def prose(text: str) -> Cell:
    """A sentence or an excerpt, which needs some width."""
    return Cell(data(text), prose=True)


def table(
    page: Page,
    columns: Sequence[str | Markup],
    rows: Sequence[Sequence[Cell]],
    limit: int = MAX_ROWS,
    sort: bool = True,
    of: int | None = None,
) -> Markup:
    """A table, which the page's script lets sort and copy; of very many rows (`of`, or those given) the first `limit`, and how
    many more there are."""
    if not rows:
        return tag("p", page.t("nothing"), class_="note")
    heads = [_head(page, column, [row[index] for row in rows]) for index, column in enumerate(columns)]
    body = [tag("tr", *(_cell(cell, first=not index) for index, cell in enumerate(row))) for row in rows[:limit]]
    hidden = max(len(rows), of or 0) - len(body)
    more = tag("p", page.t("more", f"{hidden:,}"), class_="note") if hidden else None
    grid = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body), data_sort=sort)
    return tag("div", tag("div", grid, class_="scroll", tabindex=0), more, class_="table")


def _head(page: Page, column: str | Markup, cells: list[Cell]) -> Markup:
    text = column if isinstance(column, Markup) else page.t(column) if column else ""
    return tag("th", text, scope="col", class_="n" if all(cell.number for cell in cells) else None)


def _cell(cell: Cell, first: bool) -> Markup:
    value = None if cell.value is None else cell.value if isinstance(cell.value, str) else f"{cell.value:.5g}"
    name = f"n h{cell.ground}" if cell.ground else "n" if cell.number else "x" if cell.prose else None
    return tag("th" if first else "td", cell.shown, scope="row" if first else None, class_=name, data_v=value)


def section(page: Page, key: str, *children: Child, note: Child = None) -> Markup:
    head = tag("h2", page.t(key))
    return tag("section", head, tag("p", note, class_="note") if note else None, *children, id=key)


def part(page: Page, title: Child, *children: Child) -> Markup:
    return tag("div", tag("h3", title), *children, class_="part")


def folded(title: Child, *children: Child, name: str | None = None, open_: bool = False, **attributes: Any) -> Markup:
    return tag("details", tag("summary", title), *children, class_=name, open=open_, **attributes)


def chart(page: Page, key: str, drawing: list[Markup], label: tuple[str, ...], content: dict) -> Markup:
    """A drawing with its data in the page: the page's script reads it to who points or presses arrow keys, shows it as a
    table, and lets its bound be moved. `label` is its accessible name, a text and what fills it (of a histogram the script
    finds it in the data)."""
    page.charts[key] = content if label[0] == HISTOGRAM_LABEL else {**content, "label": label}
    size = f"0 0 {charts.WIDTH} {charts.HEIGHT}"
    words = page.t.plain(*label)
    svg = tag("svg", *drawing, viewBox=size, role="img", class_="chart", data_c=key, aria_label=words)
    return tag("div", svg, class_="figure")


def extent(page: Page, documents: int, of: int) -> Markup:
    """Whether figures are of all documents or of a sample."""
    text = page.t("full") if documents == of else page.t("sample", f"{documents:,}", f"{of:,}")
    return tag("span", text, class_="extent")


def facts(pairs: Iterable[tuple[Child, Child]]) -> Markup:
    return tag("dl", *(joined([tag("dt", name), tag("dd", value)]) for name, value in pairs))
