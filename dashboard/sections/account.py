"""The account of a run, and the flow of documents through its steps."""

from algok.dashboard import charts
from algok.dashboard.markup import Markup, tag
from algok.dashboard.parts import Cell, Page, bar, extent, megabytes, number, part, percent, section, share, table
from algok.dashboard.report_data import ReportData
from algok.pipelines.summary import RunSummary


def account(report: ReportData, page: Page) -> Markup:
    """Both equations of the account, each with its parts as a bar, and the run's main figures."""
    figures, t = report.summary.account, page.t
    pending = figures.documents - figures.kept - figures.dropped
    left = [("kept", figures.kept), ("dropped", figures.dropped), *([("pending", pending)] if pending else [])]
    return section(
        page,
        "account",
        tag("div", *_headline(report.summary, page), class_="tiles"),
        part(page, t("account.documents"), _split(left, figures.documents, page)),
        part(
            page,
            t("account.records"),
            _split(
                [("documents", figures.documents), ("quarantined", figures.quarantined), ("ignored", figures.ignored)],
                figures.records,
                page,
            ),
        ),
        note=extent(page, 1, 1),
    )


def _headline(summary: RunSummary, page: Page) -> list[Markup]:
    figures = summary.account
    seconds = sum(step.seconds for step in summary.steps) + sum(summary.seconds.values())
    tiles = [
        ("documents", f"{figures.documents:,}"),
        ("kept", f"{figures.kept:,}"),
        ("kept_share", percent(figures.kept, figures.documents)),
        ("kept_text", f"{figures.kept_text_bytes / 1e6:,.1f} MB"),
        ("tokens", f"{figures.kept_tokens:,}" if figures.kept_tokens else "–"),
        ("seconds", f"{seconds:,.1f}"),
    ]
    return [tag("div", tag("b", value), page.t(key), data_figure=key) for key, value in tiles]


def _split(parts: list[tuple[str, int]], total: int, page: Page) -> Markup:
    """Parts of a whole: one bar, and under it every part with its number and share."""
    drawing = tag(
        "svg",
        *charts.bars([count for _, count in parts], total),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        class_="split",
        aria_hidden="true",
    )
    colours = ("in", "out", "rest")
    legend = [
        tag(
            "li",
            tag("i", class_=f"key {colour}"),
            page.t(key),
            " ",
            tag("b", f"{count:,}"),
            f" ({percent(count, total)})",
        )
        for colour, (key, count) in zip(colours, parts, strict=False)
    ]
    return tag("div", drawing, tag("ul", *legend, class_="legend"))


def flow(report: ReportData, page: Page) -> Markup:
    """A row per step with a bar over all documents read; tokens follow from bytes, as only kept texts were counted."""
    summary = report.summary
    account = summary.account
    per_byte = account.kept_tokens / account.kept_text_bytes if account.kept_text_bytes else 0.0
    rows = []
    for line in summary.table():
        step = next((step for step in summary.steps if step.name == line.step), None)
        size = step.text_bytes if step else account.kept_text_bytes if line.step == "write" else account.text_bytes
        tokens = round(size * per_byte)
        scale = account.records if line.step == "read" else account.documents
        rows.append(
            [
                Cell(line.step),
                number(line.documents),
                number(line.removed),
                share(line.removed, line.documents),
                number(line.left),
                bar([line.left, line.removed], scale),
                megabytes(size),
                number(tokens if per_byte else None),
                number(line.seconds, 2),
                number(size / 1e6 / line.seconds if line.seconds > 0.01 else None, 1),
            ]
        )
    columns = ["step", "in", "dropped", "share", "left", page.t("of_read"), "text_mb", "tokens_est", "seconds", "mb_s"]
    grid = tag("div", table(page, columns, rows, sort=False), class_="flow")
    return section(page, "flow", grid, note=[page.t("flow.note"), " ", extent(page, 1, 1)])
