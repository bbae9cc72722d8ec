"""A report: one HTML file that needs nothing else. It fetches nothing, and its policy forbids it to."""

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from algok.dashboard.compare import Comparison
from algok.dashboard.markup import Markup, data, joined, script_json, tag
from algok.dashboard.parts import Page, facts
from algok.dashboard.report_data import ReportData
from algok.dashboard.sections.account import account, flow
from algok.dashboard.sections.changes import changes
from algok.dashboard.sections.edits import edits, quarantine
from algok.dashboard.sections.rules import rules
from algok.dashboard.sections.shards import origin, shards
from algok.dashboard.sections.sources import sources
from algok.dashboard.sections.tags import tags
from algok.dashboard.texts import TEXTS, Language, Texts

_STATIC = Path(__file__).parent / "static"


def render(
    report: ReportData, language: Language = "ko", comparison: Comparison | None = None, links: Markup | None = None
) -> str:
    """The report of one run as a page; with a comparison, of its second run, and what changed from the first. `links` lead
    to other pages where there are any (a dashboard's)."""
    page = Page(Texts(language))
    sections: dict[str, Callable[[], Markup]] = {
        **({"changes": lambda: changes(comparison, page)} if comparison else {}),
        "account": lambda: account(report, page),
        "flow": lambda: flow(report, page),
        "rules": lambda: rules(report, page, comparison.first if comparison else None),
        "tags": lambda: tags(report, page, comparison.first if comparison else None),
        "sources": lambda: sources(report, page),
        "edits": lambda: edits(report, page),
        "quarantine": lambda: quarantine(report, page),
        "shards": lambda: shards(report, page),
        "origin": lambda: origin(report, page),
    }
    title = f"{report.summary.recipe} – {page.t.plain('comparison' if comparison else 'report')}"
    body = [write() for write in sections.values()]
    return document(page, title, _header(report, page, comparison, links), list(sections), body, _shared(report))


def _header(report: ReportData, page: Page, comparison: Comparison | None, links: Markup | None) -> Markup:
    summary, t = report.summary, page.t
    return joined(
        [
            tag("p", links or t("comparison" if comparison else "report"), class_="over"),
            tag("h1", data(summary.recipe)),
            facts(
                [
                    (t("state"), state(report, page)),
                    (t("mode"), t(f"mode.{summary.mode}")),
                    (t("recipe"), tag("code", summary.recipe_digest[:16])),
                    (t("version"), data(summary.algok)),
                    (t("started"), data(report.run.description.get("started"))),
                    (t("shards"), f"{summary.shards:,}"),
                ]
            ),
        ]
    )


def state(report: ReportData, page: Page) -> Markup:
    """Finished, or how far its figures go."""
    if report.summary.finished:
        return page.t("finished")
    done, tasks = (sum(getattr(stage, key) for stage in report.summary.stages) for key in ("done", "tasks"))
    return page.t("unfinished", f"{done:,}", f"{tasks:,}")


def _shared(report: ReportData) -> dict:
    """What the page's script needs beside the charts."""
    return {"edges": report.summary.edges, "run": report.name, "mode": report.summary.mode}


def document(
    page: Page, title: str, header: Markup, names: list[str], body: list[Markup], shared: dict, served: bool = False
) -> str:
    """A whole page: policy, style, header with its switches, sections, the data of all charts, and the script. A page that
    is `served` may also ask its own server, and nobody else."""
    style = _static("report.css")
    script = Markup(_static("report.js") + (_static("live.js") if served else ""))
    own = "connect-src 'self'; form-action 'self'" if served else "form-action 'none'"
    sources = f"style-src '{_digest(style)}'; script-src '{_digest(script)}'"
    policy = f"default-src 'none'; {sources}; base-uri 'none'; {own}"
    content = {**shared, "charts": page.charts, "texts": TEXTS, "language": page.t.language}
    links = [tag("a", page.t(name), href=f"#{name}") for name in names]
    switches = [
        tag("button", page.t("language"), type="button", id="language"),
        tag("button", page.t("theme"), type="button", id="theme"),
    ]
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", style),
    ]
    inner = [
        tag("header", tag("div", header), tag("div", *switches, class_="switches")),
        tag("nav", *links, **page.t.title("sections")) if links else None,
        tag("main", *body),
        tag("div", id="tip", role="status", aria_live="polite"),
        tag("script", script_json(content), type="application/json", id="data"),
        tag("script", script),
    ]
    html = tag("html", tag("head", *head), tag("body", *inner), lang=page.t.language)
    return f"<!doctype html>\n{html}\n"


@cache
def _static(name: str) -> Markup:
    return Markup((_STATIC / name).read_text(encoding="utf-8"))


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
