"""Labels of documents and how they fall together: domains, language, source, style, buckets."""

from collections import Counter

from algok.dashboard.markup import Markup, data, tag
from algok.dashboard.parts import Cell, Page, bar, extent, folded, named, number, part, section, share, table
from algok.dashboard.report_data import ReportData
from algok.dashboard.sections.rules import SHOWN_WITH_TAGS, plain_card

_CROSS_ROWS, _CROSS_COLUMNS = 40, 12


def tags(report: ReportData, page: Page, other: ReportData | None = None) -> Markup:
    lists = [_labels(name, signal.labels, page) for name, (_, signal) in report.signals.items() if signal.labels]
    if report.read.provenance:
        lists.append(_labels("provenance", dict(report.read.provenance.most_common()), page))
    crosses = [_cross(pair, cells, report, page) for pair, cells in report.read.crosses.items() if _is_table(cells)]
    shown = [name for name in SHOWN_WITH_TAGS if name in report.signals and not report.signals[name][1].bounds]
    cards = [plain_card(name, report.signals[name][1], report, page, other) for name in shown]
    distributions = part(page, page.t("distributions"), tag("div", *cards, class_="cards")) if cards else None
    columns = tag("div", *lists, class_="columns")
    return section(page, "tags", columns, distributions, *crosses, note=page.t("tags.note"))


def _labels(name: str, labels: dict[str, int], page: Page) -> Markup:
    total, most = sum(labels.values()), max(labels.values())
    rows = [[named(label, page), number(n), share(n, total), bar([n], most)] for label, n in labels.items()]
    return part(page, data(name), table(page, ["label", "documents", "share", ""], rows, limit=25))


def _is_table(cells: dict[tuple[str, str], list[int]]) -> bool:
    return len({row for row, _ in cells}) > 1 and len({column for _, column in cells}) > 1


def _cross(pair: tuple[str, str], cells: dict[tuple[str, str], list[int]], report: ReportData, page: Page) -> Markup:
    """Documents and, where they were counted, tokens of two labels; the largest rows and columns of each."""
    counted = any(tokens for _, tokens in cells.values())
    grids = [_grid(cells, 0, "cross.documents", page)]
    grids += [_grid(cells, 1, "cross.tokens", page)] if counted else []
    title = page.t("cross", *pair)
    return folded(title, extent(page, report.read.documents, report.read.of), *grids, name="cross")


def _grid(cells: dict[tuple[str, str], list[int]], which: int, key: str, page: Page) -> Markup:
    rows, columns = Counter[str](), Counter[str]()
    for (row, column), counts in cells.items():
        rows[row] += counts[which]
        columns[column] += counts[which]
    peak = max([counts[which] for counts in cells.values()], default=1) or 1
    top = [column for column, _ in columns.most_common(_CROSS_COLUMNS)]
    body = []
    for row, total in rows.most_common(_CROSS_ROWS):
        counts = [cells.get((row, column), (0, 0))[which] for column in top]
        body.append([named(row, page), number(total), *(_shaded(count, peak) for count in counts)])
    heads = [page.t("label"), page.t(key), *(data(column) if column else page.t("none") for column in top)]
    return table(page, heads, body)


def _shaded(count: int, peak: int) -> Cell:
    """A number on a ground that is darker for more; its steps are classes, since the page allows no inline style."""
    level = min(5, int(6 * (count / peak) ** 0.5)) if count else 0
    return Cell(f"{count:,}" if count else "·", None if count else 0, number=True, ground=level)
