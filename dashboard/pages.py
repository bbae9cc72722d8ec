"""The pages of the live dashboard beside the report: the index, a running run, shards, documents, one document."""

from collections.abc import Callable
from urllib.parse import quote, urlencode

import numpy as np
import pyarrow.compute as pc

from algok.dashboard import charts
from algok.dashboard.browsing import PER_PAGE, Filter, Found
from algok.dashboard.markup import Child, Markup, data, joined, tag, visible
from algok.dashboard.parts import (
    Cell,
    Page,
    bar,
    chart,
    facts,
    megabytes,
    named,
    number,
    part,
    plain,
    prose,
    section,
    share,
    shown_labels,
    table,
)
from algok.dashboard.report import document
from algok.dashboard.runs import Entry, Live, MixEntry, chosen
from algok.dashboard.sections.tasks import tasks
from algok.dashboard.shards import ShardTable
from algok.dashboard.texts import Language, Texts
from algok.pipelines.explain import Explanation
from algok.pipelines.stats import EDGES

SHARDS_PER_PAGE = 100
# By these a shard table can be sorted: name → column.
SHARD_ORDERS: dict[str, Callable[[ShardTable], np.ndarray]] = {
    "input": lambda table: np.arange(len(table)),
    "odd": lambda table: -table.odd,
    "documents": lambda table: -table.documents,
    "kept": lambda table: -table.kept_share,
    "least": lambda table: table.kept_share,
    "tokens": lambda table: -table.tokens,
    "seconds": lambda table: -table.seconds,
    "memory": lambda table: -table.peak_bytes,
    "failed": lambda table: -table.failed,
}


def run_link(key: str, rest: str = "") -> str:
    return f"/runs/{quote(key)}{rest}"


def mix_link(key: str) -> str:
    return f"/mixes/{quote(key)}"


def index_page(entries: list[Entry], mixes: list[MixEntry], words: str, label: str, language: Language) -> str:
    """Runs and mixes, those with the words and the label (`key=value`, "": any) only."""
    page = Page(Texts(language))
    known = sorted({f"{key}={value}" for entry in (*entries, *mixes) for key, value in entry.labels.items()})
    runs, shown = chosen(entries, words, label), chosen(mixes, words, label)
    trends = _trends(runs, page)
    body = [
        section(page, "runs", _filter_form(known, words, label, page), _runs(runs, page), _compare_form(runs, page)),
        *([section(page, "mixes", _mixes(shown, page))] if mixes else []),
        *([section(page, "trends", *trends)] if trends else []),
    ]
    return _page(page, page.t("dashboard"), body, live=any(entry.state == "going" for entry in (*runs, *shown)))


def _filter_form(known: list[str], words: str, label: str, page: Page) -> Markup:
    """By a part of the name, and by a label where any run has one."""
    field = tag("label", page.t("search"), " ", tag("input", name="q", value=words))
    choice = None
    if known or label:
        options = [tag("option", page.t.plain("any"), value="")]
        options += [
            tag("option", visible(value), value=value, selected=value == label)
            for value in sorted({*known, *filter(None, [label])})
        ]
        choice = tag("label", page.t("labels"), " ", tag("select", *options, name="label"))
    return tag("form", field, choice, tag("button", page.t("filter"), type="submit"), action="/")


def _mixes(entries: list[MixEntry], page: Page) -> Markup:
    rows = [
        [
            Cell(tag("a", data(entry.id), href=mix_link(entry.id))),
            Cell(page.t(f"state.{entry.state}")),
            plain(entry.mix),
            plain(shown_labels(entry.labels)),
            number(entry.stages),
            number(entry.asked),
            number(entry.written),
            share(entry.written, entry.asked) if entry.asked and entry.written is not None else number(None),
            bar([entry.done], entry.tasks),
        ]
        for entry in entries
    ]
    columns = ["mix", "state", "recipe", "labels", "mix.stages_count", "mix.asked", "mix.written", "mix.of_asked"]
    return table(page, [*columns, "mix.shards_done"], rows, limit=1000)


def _runs(entries: list[Entry], page: Page) -> Markup:
    rows = []
    for entry in entries:
        target = run_link(entry.id, "/live" if entry.state == "going" else "")
        pace = entry.documents / entry.seconds if entry.documents and entry.seconds else None
        rows.append(
            [
                Cell(tag("a", data(entry.id), href=target)),
                Cell(page.t(f"state.{entry.state}")),
                plain(entry.recipe),
                plain(shown_labels(entry.labels)),
                Cell(data(entry.started), entry.started),
                number(entry.documents),
                share(entry.kept, entry.documents)
                if entry.documents and entry.kept is not None
                else Cell("", number=True),
                number(entry.tokens),
                number(pace, 0),
                megabytes(entry.peak_bytes) if entry.peak_bytes else number(None),
                number(entry.retries),
                number(entry.failed or None),
                bar([entry.done], entry.tasks),
            ]
        )
    columns = ["run", "state", "recipe", "labels", "started", "documents", "kept_share", "tokens", "docs_s", "peak_mb"]
    return table(page, [*columns, "retries", "failed_tasks", "tasks_done"], rows, limit=1000)


def _compare_form(entries: list[Entry], page: Page) -> Markup | None:
    """Any two finished runs beside each other."""
    finished = [entry.id for entry in entries if entry.state == "finished"]
    if len(finished) < 2:
        return None

    def choice(name: str, chosen: str) -> Markup:
        options = [tag("option", visible(key), value=key, selected=key == chosen) for key in finished]
        return tag("label", page.t(name), " ", tag("select", *options, name=name))

    button = tag("button", page.t("compare"), type="submit")
    return tag("form", choice("a", finished[1]), choice("b", finished[0]), button, action="/compare")


def _trends(entries: list[Entry], page: Page) -> list[Markup]:
    """The kept share over the finished runs of each recipe that has several, the oldest first."""
    recipes: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda entry: entry.started):
        if entry.state == "finished" and entry.documents:
            recipes.setdefault(entry.recipe, []).append(entry)
    drawn = []
    for recipe, runs in recipes.items():
        if len(runs) > 1:
            shares = np.array([(run.kept or 0) / (run.documents or 1) for run in runs])
            content = {"kind": "strip", "shards": len(runs), "values": [[float(f"{s:.4g}")] * 3 for s in shares]}
            label = ("shard_label", page.t.plain("kept_share"), f"{len(runs):,}", *_spread(shares))
            figure = chart(page, f"trend|{recipe}", charts.strip(shares, np.zeros(len(runs), bool)), label, content)
            ends = tag("a", page.t("compare_ends"), href="/compare?" + urlencode({"a": runs[-2].id, "b": runs[-1].id}))
            drawn.append(tag("article", tag("h3", data(recipe), ends), figure, class_="card"))
    return [tag("div", *drawn, class_="cards")] if drawn else []


def _spread(values: np.ndarray) -> tuple[str, str, str]:
    return charts.short(float(values.min())), charts.short(float(np.median(values))), charts.short(float(values.max()))


def live_page(entry: Entry, live: Live, language: Language) -> str:
    """A run that is going: stages, speed, what is left, and the figures so far."""
    page, summary, speed = Page(Texts(language)), live.summary(), live.speed()
    account = summary.account
    stages = [
        [plain(" → ".join(stage.steps) or "–"), number(stage.done), number(stage.tasks), bar([stage.done], stage.tasks)]
        for stage in summary.stages
    ]
    spent = sorted(((s.name, s.seconds) for s in summary.steps), key=lambda pair: -pair[1])
    most = max((seconds for _, seconds in spent), default=0.0)
    figures: list[tuple[Child, Child]] = [
        (page.t("documents"), f"{account.documents:,}"),
        (page.t("kept"), f"{account.kept:,}"),
        (page.t("dropped"), f"{account.dropped:,}"),
        (page.t("quarantined"), f"{account.quarantined:,}"),
        (page.t("docs_s"), _rate(speed["documents"])),
        (page.t("mb_s"), _rate(speed["mb"])),
        (page.t("tasks_s"), _rate(speed["tasks"])),
        (page.t("left_time"), "–" if speed["left"] is None else f"{speed['left'] / 60:,.1f} min"),
        (page.t("peak"), f"{summary.peak_bytes / 1e6:,.0f} MB" if summary.peak_bytes else "–"),
        (page.t("retries"), f"{summary.retries:,}"),
    ]
    body = [
        section(
            page,
            "progress",
            tag("div", facts(figures), class_="part"),
            part(page, page.t("stages"), table(page, ["step", "tasks_done", "tasks", ""], stages, sort=False)),
            part(
                page,
                page.t("seconds"),
                table(page, ["step", "seconds", ""], [[plain(n), number(s, 2), bar([s], most)] for n, s in spent]),
            ),
            *tasks(live.figures(), page),
        )
    ]
    return _page(page, data(entry.id), body, entry, live=True)


def _rate(value: float | None) -> str:
    return "–" if value is None else f"{value:,.1f}"


def report_links(entry: Entry, language: Language) -> Markup:
    """From any page of a run to the index and to its other pages."""
    t = Texts(language)
    targets = [("report", ""), ("shards", "/shards?sort=odd"), ("documents", "/documents")]
    if entry.state == "going":
        targets.append(("progress", "/live"))
    links = [[" · ", tag("a", t(key), href=run_link(entry.id, rest))] for key, rest in targets]
    return joined([tag("a", "algok", href="/"), *links])


def shards_page(entry: Entry, found: ShardTable, order: str, words: str, start: int, language: Language) -> str:
    page = Page(Texts(language))
    rows, total = chosen_shards(found, order, words)
    shown = rows[start : start + SHARDS_PER_PAGE]
    body = [
        [
            named(found.name(row), page),
            number(int(found.documents[row])),
            share(int(found.kept[row]), int(found.documents[row])),
            number(int(found.quarantined[row])),
            number(int(found.tokens[row])),
            number(float(found.seconds[row]), 2),
            megabytes(int(found.peak_bytes[row])) if found.peak_bytes[row] else number(None),
            number(int(found.failed[row])),
            plain(found.why[row]),
        ]
        for row in shown
    ]
    orders = [
        tag("a", page.t(f"order.{name}"), href="?" + urlencode({"sort": name, "q": words})) for name in SHARD_ORDERS
    ]
    field = tag("label", page.t("shard"), " ", tag("input", name="q", value=words))
    hidden = tag("input", type="hidden", name="sort", value=order)
    form = tag("form", field, hidden, tag("button", page.t("filter"), type="submit"))
    columns = ["shard", "documents", "kept_share", "quarantined", "tokens", "seconds", "peak_mb", "failed_attempts"]
    columns.append("unlike")
    links = _pager(start, SHARDS_PER_PAGE, total, {"sort": order, "q": words}, page)
    inner = [
        tag("p", *orders, class_="links"),
        form,
        table(page, columns, body, limit=SHARDS_PER_PAGE, sort=False),
        links,
    ]
    return _page(page, data(entry.id), [section(page, "shards", *inner)], entry)


def chosen_shards(found: ShardTable, order: str, words: str) -> tuple[np.ndarray, int]:
    """Rows of the table whose name has the words, in an order, and how many there are."""
    ranked = np.argsort(SHARD_ORDERS[order](found), kind="stable")
    has_words = pc.match_substring(found.names, words).to_numpy(zero_copy_only=False)
    rows = ranked[has_words[ranked]]
    return rows, len(rows)


def _pager(start: int, size: int, total: int, query: dict[str, str], page: Page) -> Markup:
    links = []
    if start:
        links.append(tag("a", page.t("previous"), href="?" + urlencode({**query, "start": max(start - size, 0)})))
    links.append(tag("span", f"{start + 1:,}–{min(start + size, total):,} / {total:,} ") if total else None)
    if start + size < total:
        links.append(tag("a", page.t("next"), href="?" + urlencode({**query, "start": start + size})))
    return tag("p", *links, class_="links")


def documents_page(
    entry: Entry, found: list[Found], more: bool, wanted: Filter, number_: int, language: Language
) -> str:
    page = Page(Texts(language))
    rows = [
        [
            Cell(tag("a", data(row.id), href=run_link(entry.id, "/explain?" + urlencode({"key": row.id})))),
            named(row.source, page),
            plain(row.verdict),
            prose(row.excerpt),
        ]
        for row in found
    ]
    query = {"kept": "1" if wanted.kept else "0", "rule": wanted.rule, "source": wanted.source, "domain": wanted.domain}
    fields = [
        tag("label", page.t(key), " ", tag("input", name=key, value=query[key])) for key in ("rule", "source", "domain")
    ]
    kept = tag("a", page.t("kept"), href="?" + urlencode({**query, "kept": "1"}))
    dropped = tag("a", page.t("dropped"), href="?" + urlencode({**query, "kept": "0"}))
    hidden = tag("input", type="hidden", name="kept", value=query["kept"])
    form = tag("form", *fields, hidden, tag("button", page.t("filter"), type="submit"))
    ahead = [tag("a", page.t("next"), href="?" + urlencode({**query, "page": number_ + 1}))] if more else []
    back = [tag("a", page.t("previous"), href="?" + urlencode({**query, "page": number_ - 1}))] if number_ else []
    inner = [
        tag("p", kept, dropped, class_="links"),
        form,
        table(page, ["id", "source", "verdict", "excerpt"], rows, limit=PER_PAGE),
        tag("p", *back, *ahead, class_="links"),
    ]
    return _page(page, data(entry.id), [section(page, "documents", *inner)], entry)


def explain_page(entry: Entry, found: list[Explanation], language: Language) -> str:
    page = Page(Texts(language))
    parts = []
    for explanation in found:
        rows = [
            [
                plain(f"{step.step}.{line.signal}"),
                plain(str(line.value)),
                plain(line.bound),
                Cell("✗" if line.broken else ""),
            ]
            for step in explanation.steps
            for line in step.signals
        ]
        verdict = tag("p", data(explanation.verdict))
        parts.append(
            part(page, data(explanation.id), verdict, table(page, ["signal", "value", "bound", ""], rows, limit=500))
        )
    return _page(page, data(entry.id), [section(page, "document", *parts)], entry)


def _page(page: Page, title: Child, body: list[Markup], entry: Entry | None = None, live: bool = False) -> str:
    """A page of the dashboard, with links to the run's other pages; where something is going it brings itself up to date."""
    over = report_links(entry, page.t.language) if entry else tag("a", "algok", href="/")
    header = joined([tag("p", over, class_="over"), tag("h1", title)])
    shared = {"edges": {unit: edges.tolist() for unit, edges in EDGES.items()}, "run": "", "mode": "", "live": live}
    return document(page, f"algok – {page.t.plain('dashboard')}", header, [], body, shared, served=True)
