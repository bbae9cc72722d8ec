"""`algok dashboard`: a read-only server over run directories.

It answers GET and HEAD only, from this machine only unless a token is set, to requests whose `Host` is its own, and reads
only what its index has found below the given directories.
"""

import hmac
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

import algok
from algok.dashboard.browsing import Filter, browse
from algok.dashboard.compare import compare
from algok.dashboard.markup import tag
from algok.dashboard.metrics import crew_text, prometheus
from algok.dashboard.pages import (
    SHARD_ORDERS,
    SHARDS_PER_PAGE,
    chosen_shards,
    documents_page,
    explain_page,
    index_page,
    live_page,
    report_links,
    run_link,
    shards_page,
)
from algok.dashboard.report import render
from algok.dashboard.report_data import Counted, ReportData, count, read_report
from algok.dashboard.runs import Cache, Entry, Index, chosen, fingerprint
from algok.dashboard.shards import ShardTable
from algok.dashboard.texts import Language
from algok.errors import AlgokError
from algok.pipelines.executors import Crew
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
_EVERYWHERE = ("0.0.0.0", "::")  # listening on all addresses, a machine cannot know by which names it is called
_COOKIE = "algok-token"
_DOCUMENTS = 50_000  # read for a report's cross tables, hosts and documents near bounds
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


def create_app(directories: list[str], hosts: frozenset[str] | None = LOCAL, token: str | None = None) -> Starlette:
    """The server over some directories; `hosts` are the names that a request may call it by (without port; None: any, which
    only a token makes safe)."""
    pages = _Pages(Index(directories))
    routes = [
        Route("/", pages.index),
        Route("/runs/{id:path}/live", pages.live),
        Route("/runs/{id:path}/shards", pages.shards),
        Route("/runs/{id:path}/documents", pages.documents),
        Route("/runs/{id:path}/explain", pages.explain),
        Route("/runs/{id:path}", pages.report),
        Route("/mixes/{id:path}", pages.mix),
        Route("/compare", pages.compare),
        Route("/metrics", pages.metrics),
        Route("/api/runs.json", pages.api_runs),
        Route("/api/mixes.json", pages.api_mixes),
        Route("/api/openapi.json", pages.api_description),
        Route("/api/runs/{id:path}/shards.json", pages.api_shards),
        Route("/api/runs/{id:path}/tasks.json", pages.api_tasks),
        Route("/api/runs/{id:path}/summary.json", pages.api_summary),
    ]
    guard = Middleware(_Guard, hosts=hosts, token=token)
    return Starlette(routes=routes, middleware=[guard], exception_handlers={AlgokError: _unreadable})


class _Guard:
    """Turns away other hosts (a page elsewhere may point its name at this machine), other methods, and who lacks the token."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None, token: str | None):
        self.app, self.hosts, self.token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS.items()]
            await send(message)

        answer = self._refusal(Request(scope)) or self.app
        await answer(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        name = request.headers.get("host", "")
        host = name.rpartition(":")[0] if name.rpartition(":")[2].isdigit() else name
        if self.hosts is not None and host not in self.hosts:
            return PlainTextResponse("unknown host", 421)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("read only", 405)
        if self.token is None:
            return None
        given = request.query_params.get("token")
        if given is not None and hmac.compare_digest(given.encode(), self.token.encode()):
            answer = RedirectResponse(quote(request.url.path), 303)  # the token leaves the address bar
            answer.set_cookie(_COOKIE, self.token, httponly=True, samesite="strict")
            return answer
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        held = (request.cookies.get(_COOKIE, ""), bearer)
        if any(hmac.compare_digest(value.encode(), self.token.encode()) for value in held):
            return None
        return PlainTextResponse("needs the token that algok dashboard has printed: open /?token=…", 401)


class _Pages:
    """The handlers. They run in threads; what is costly to read is cached by what it was made of."""

    def __init__(self, index: Index, crew: Callable[[], Crew] | None = None):
        self._index, self._crew = index, crew
        self._reports, self._counted, self._written = Cache(3), Cache(3), Cache(8)

    def index(self, request: Request) -> Response:
        words, label = (request.query_params.get(key, "") for key in ("q", "label"))
        entries, mixes = self._index.entries(), self._index.mixes()
        return HTMLResponse(index_page(entries, mixes, words, label, _language(request)))

    def mix(self, request: Request) -> Response:
        from algok.dashboard.mix_page import mix_page  # brings scipy, which runs do not need
        from algok.dashboard.mixes import read_mix

        key, language = request.path_params["id"], _language(request)
        if key not in self._index.mix_urls():
            raise HTTPException(404, "no such mix")
        links = tag("a", "algok", href="/")
        return HTMLResponse(mix_page(read_mix(self._index.mix_urls()[key]), language, links))

    def report(self, request: Request) -> Response:
        entry, language = self._entry(request), _language(request)
        key, mark = (entry.id, language), self._mark(entry)
        return HTMLResponse(self._written.get(key, mark, lambda: self._render(entry, language)))

    def live(self, request: Request) -> Response:
        entry = self._entry(request)
        if entry.state != "going":
            return RedirectResponse(run_link(entry.id), 303)
        return HTMLResponse(live_page(entry, self._index.live(entry.id), _language(request)))

    def shards(self, request: Request) -> Response:
        entry = self._entry(request)
        order, words, start = _order(request), request.query_params.get("q", ""), _number(request, "start")
        return HTMLResponse(shards_page(entry, self._table(entry), order, words, start, _language(request)))

    def documents(self, request: Request) -> Response:
        entry, query, number = self._entry(request), request.query_params, _number(request, "page")
        texts = {key: query.get(key, "") for key in ("rule", "source", "domain")}
        wanted = Filter(kept=query.get("kept", "1") != "0", **texts)
        found, more = browse(Run.open(entry.url), wanted, number)
        return HTMLResponse(documents_page(entry, found, more, wanted, number, _language(request)))

    def explain(self, request: Request) -> Response:
        entry = self._entry(request)
        found = Run.open(entry.url).explain(request.query_params.get("key", ""))
        if not found:
            raise HTTPException(404, "no such document")
        return HTMLResponse(explain_page(entry, found, _language(request)))

    def compare(self, request: Request) -> Response:
        first, second = (self._found(request.query_params.get(key, "")) for key in ("a", "b"))
        language = _language(request)

        def write() -> str:
            report = self._report(second)
            return render(report, language, compare(self._report(first), report), report_links(second, language))

        key, mark = (first.id, second.id, language), (self._mark(first), self._mark(second))
        return HTMLResponse(self._written.get(key, mark, write))

    def metrics(self, request: Request) -> Response:
        text = prometheus(self._index.measured(), self._index.mixes()) + (crew_text(self._crew()) if self._crew else "")
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    def api_runs(self, request: Request) -> Response:
        words, label = (request.query_params.get(key, "") for key in ("q", "label"))
        return _json([asdict(entry) for entry in chosen(self._index.entries(), words, label)])

    def api_mixes(self, request: Request) -> Response:
        words, label = (request.query_params.get(key, "") for key in ("q", "label"))
        return _json([asdict(entry) for entry in chosen(self._index.mixes(), words, label)])

    def api_tasks(self, request: Request) -> Response:
        entry = self._entry(request)
        return _json(
            asdict(self._index.live(entry.id).figures() if entry.state == "going" else self._report(entry).tasks)
        )

    def api_summary(self, request: Request) -> Response:
        entry = self._entry(request)
        summary = self._index.live(entry.id).summary() if entry.state == "going" else Run.open(entry.url).summary
        return _json(summary.model_dump(mode="json"))

    def api_shards(self, request: Request) -> Response:
        table, start = self._table(self._entry(request)), _number(request, "start")
        rows, total = chosen_shards(table, _order(request), request.query_params.get("q", ""))
        shown = rows[start : start + SHARDS_PER_PAGE]
        columns = ("documents", "kept", "quarantined", "tokens", "text_bytes", "seconds", "peak_bytes", "failed")
        found = [
            {
                "name": table.name(row),
                "why": table.why[row],
                **{key: getattr(table, key)[row].item() for key in columns},
            }
            for row in shown
        ]
        return _json({"total": total, "start": start, "shards": found})

    def api_description(self, request: Request) -> Response:
        return _json(openapi())

    def _entry(self, request: Request) -> Entry:
        return self._found(request.path_params["id"])

    def _found(self, key: str) -> Entry:
        if key not in self._index.urls():
            raise HTTPException(404, "no such run")
        return self._index.entry(key)

    def _mark(self, entry: Entry) -> tuple:
        """What a report is made of: the manifest of a finished run, how far one is that is going."""
        return (fingerprint(Store(entry.url), "manifest.json"), entry.done)

    def _report(self, entry: Entry) -> ReportData:
        def read() -> ReportData:
            return read_report(entry.url, _DOCUMENTS, self._count(entry))

        return self._reports.get(entry.id, self._mark(entry), read)

    def _count(self, entry: Entry) -> Counted:
        """What is counted of a run, for its report and its shards together; of one that is going no file is read twice."""

        def make() -> Counted:
            if entry.state != "going":
                return count(Run.open(entry.url))
            live = self._index.live(entry.id)
            live.catch_up()
            return count(Run.open(entry.url), (live.summary(), live.tasks()))

        return self._counted.get(entry.id, self._mark(entry), make)

    def _render(self, entry: Entry, language: Language) -> str:
        return render(self._report(entry), language, links=report_links(entry, language))

    def _table(self, entry: Entry) -> ShardTable:
        return self._count(entry).shards


def openapi() -> dict:
    """The description of `/api`."""
    run = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "description": "id of a run"}

    def text(name: str, known: list[str] | None = None) -> dict:
        return {"name": name, "in": "query", "schema": {"type": "string", **({"enum": known} if known else {})}}

    listed = [text("q"), text("label")]
    query = [text("sort", list(SHARD_ORDERS)), text("q")]
    query.append({"name": "start", "in": "query", "schema": {"type": "integer", "minimum": 0}})

    def get(summary: str, parameters: list[dict]) -> dict:
        answer = {"200": {"description": summary, "content": {"application/json": {}}}}
        return {"get": {"summary": summary, "parameters": parameters, "responses": answer}}

    return {
        "openapi": "3.1.0",
        "info": {"title": "algok dashboard", "version": algok.__version__},
        "paths": {
            "/api/runs.json": get("Every run with its main figures; label is key=value", listed),
            "/api/mixes.json": get("Every mix: tokens asked for and written", listed),
            "/api/runs/{id}/summary.json": get("The summary of a run, as algok stats --json gives it", [run]),
            "/api/runs/{id}/tasks.json": get("The slowest tasks, workers, failed attempts", [run]),
            "/api/runs/{id}/shards.json": get("Shards of a run, a page at a time", [run, *query]),
        },
    }


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS), media_type="application/json")


def _language(request: Request) -> Language:
    asked = request.query_params.get("lang") or request.headers.get("accept-language", "ko")
    return "ko" if asked.startswith("ko") else "en"


def _order(request: Request) -> str:
    order = request.query_params.get("sort", "input")
    if order not in SHARD_ORDERS:
        raise HTTPException(400, f"sort: expected one of {', '.join(SHARD_ORDERS)}")
    return order


def _number(request: Request, name: str) -> int:
    value = request.query_params.get(name, "0")
    if not value.isdecimal() or len(value) > 9:
        raise HTTPException(400, f"{name}: expected a whole number")
    return int(value)


def _unreadable(request: Request, error: Exception) -> Response:
    """A run that is damaged, or of another version of algok."""
    return PlainTextResponse(f"{error}", 409)


def prepare_metrics(directories: list[str], port: int, crew: Callable[[], Crew]) -> Any:
    """A uvicorn server of /metrics alone, of a driver with this crew, not yet running. It listens on all addresses, since what
    asks is another machine: the answer has numbers, the recipe's name and the labels of the run."""
    import uvicorn

    guard = Middleware(_Guard, hosts=None, token=None)
    app = Starlette(routes=[Route("/metrics", _Pages(Index(directories), crew).metrics)], middleware=[guard])
    return uvicorn.Server(uvicorn.Config(app, host="0.0.0.0", port=port, log_level="warning", server_header=False))


def prepare(directories: list[str], host: str, port: int, token: str | None) -> tuple[Any, str]:
    """A uvicorn server, not yet running, and the address to open."""
    import uvicorn

    shown = f"[{host}]" if ":" in host else host
    hosts = None if token and host in _EVERYWHERE else LOCAL | {shown}
    app = create_app(directories, hosts, token)
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, log_level="warning", server_header=False))
    return server, f"http://{shown}:{port}/" + (f"?token={token}" if token else "")
