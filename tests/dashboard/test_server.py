"""The dashboard's server: what it shows, whom it answers, and that it only reads."""

import re
import shutil
import socket
import threading
import time

import httpx
import orjson
import pyarrow as pa
import pytest
from click.testing import CliRunner
from conftest import prose, write_jsonl

pytest.importorskip("starlette", reason="needs the extra algok[dashboard]")
from starlette.testclient import TestClient

from algok.cli import cli
from algok.cli.dashboard_command import free_port
from algok.dashboard.runs import Index
from algok.dashboard.server import create_app, prepare, prepare_metrics
from algok.pipelines.done import done_name
from algok.pipelines.executors import Crew
from algok.pipelines.run_directory import Run


@pytest.fixture(scope="module")
def folder(ordinary, stricter, hostile, tmp_path_factory):
    """Three finished runs and one that is going."""
    target = tmp_path_factory.mktemp("runs")
    shutil.copytree(ordinary, target / "a")
    shutil.copytree(stricter, target / "group" / "b")
    shutil.copytree(hostile, target / "evil <b>")
    shutil.copytree(ordinary, target / "going")
    for name in ("manifest.json", "summary.json", "done/p2/000/p2-000001.json", "done/p2/000/p2-000002.json"):
        (target / "going" / name).unlink()
    (target / "outside.txt").write_text("secret")
    return target


@pytest.fixture(scope="module")
def client(folder):
    return TestClient(create_app([str(folder)]), base_url="http://127.0.0.1:8765")


def snapshot(folder):
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


PAGES = (
    "/",
    "/runs/0/a",
    "/runs/0/going/live",
    "/runs/0/going",
    "/runs/0/a/shards?sort=odd&q=jsonl",
    "/runs/0/a/documents?kept=0&rule=dedup",
    "/runs/0/evil%20%3Cb%3E",
    "/compare?a=0/a&b=0/group/b",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_one_whole_page_with_its_policy(client, folder, path):
    before = snapshot(folder)
    answer = client.get(path)
    assert answer.status_code == 200 and answer.text.startswith("<!doctype html>")
    assert answer.headers["x-frame-options"] == "DENY" and "default-src &#x27;none&#x27;" in answer.text
    assert "evil <b>" not in answer.text
    assert snapshot(folder) == before


def test_the_index_lists_every_run_with_its_state(client, folder):
    runs = {run["id"]: run for run in client.get("/api/runs.json").json()}
    assert set(runs) == {"0/a", "0/group/b", "0/evil <b>", "0/going"}
    assert runs["0/going"]["state"] == "going" and (runs["0/going"]["done"], runs["0/going"]["tasks"]) == (7, 9)
    account = Run.open(folder / "a").summary.account
    assert (runs["0/a"]["kept"], runs["0/a"]["tokens"]) == (account.kept, account.kept_tokens)


def test_the_json_of_a_run_is_its_summary_and_shards_come_in_pages(client, folder):
    summary = client.get("/api/runs/0/a/summary.json").json()
    assert summary == Run.open(folder / "a").summary.model_dump(mode="json")
    shards = client.get("/api/runs/0/a/shards.json?sort=tokens").json()
    tokens = [shard["tokens"] for shard in shards["shards"]]
    assert shards["total"] == 3 and tokens == sorted(tokens, reverse=True)
    assert client.get("/api/runs/0/a/shards.json?q=1.json").json()["total"] == 1
    described = client.get("/api/openapi.json").json()["paths"]
    runs = {f"/api/runs/{{id}}/{name}.json" for name in ("summary", "shards", "tasks")}
    assert set(described) == {"/api/runs.json", "/api/mixes.json"} | runs


def test_metrics_are_prometheus_text(client):
    lines = client.get("/metrics").text.splitlines()
    value = re.compile(r'^algok_\w+(\{(\w+="([^"\\\n]|\\.)*",?)+\})? [-+\d.e]+$')
    assert all(line.startswith("# ") or value.match(line) for line in lines)
    assert 'algok_runs{state="going"} 1' in lines


def test_documents_are_browsed_masked_and_explained(client, folder):
    page = client.get("/runs/0/a/documents?kept=0&rule=heuristics&lang=en").text
    key = re.findall(r"explain\?key=([0-9a-f]{32})", page)[0]
    assert "heuristics." in client.get(f"/runs/0/a/explain?key={key}").text
    assert client.get("/runs/0/a/explain?key=nobody").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:8765", ""])
def test_another_host_is_turned_away(client, host):
    assert client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(client, method):
    assert client.request(method, "/").status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/runs/0/..", "/runs/0/../outside.txt", "/runs/0/%2e%2e/a", "/runs/1/a", "/runs/0/outside.txt", "/runs//etc"],
)
def test_nothing_outside_the_directories_is_reached(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/runs/0/a/shards?sort=x", "/runs/0/a/shards?start=-1", "/runs/0/a/documents?page=x"])
def test_a_wrong_question_is_explained(client, path):
    answer = client.get(path)
    assert answer.status_code == 400 and "expected" in answer.text


def test_a_token_is_asked_for_and_leaves_the_address(folder):
    client = TestClient(create_app([str(folder)], frozenset({"10.0.0.1"}), "secret"), base_url="http://10.0.0.1")
    assert client.get("/").status_code == 401 and client.get("/?token=wrong").status_code == 401
    assert client.get("/", headers={"authorization": "Bearer secret"}).status_code == 200
    first = client.get("/?token=secret", follow_redirects=False)
    assert first.status_code == 303 and first.headers["location"] == "/" and "HttpOnly" in first.headers["set-cookie"]
    assert client.get("/").status_code == 200


def test_on_all_addresses_the_token_stands_in_for_the_name(folder):
    open_to_all = TestClient(create_app([str(folder)], None, "secret"), base_url="http://any.name")
    assert open_to_all.get("/").status_code == 401
    assert open_to_all.get("/", headers={"authorization": "Bearer secret"}).status_code == 200


def test_a_run_that_cannot_be_read_is_said_to_be_so(ordinary, tmp_path):
    shutil.copytree(ordinary, tmp_path / "runs" / "old")
    (tmp_path / "runs" / "old" / "summary.json").write_text('{"version": 1}')
    client = TestClient(create_app([str(tmp_path / "runs")]), base_url="http://localhost")
    assert client.get("/api/runs.json").json()[0]["state"] == "damaged" and client.get("/").status_code == 200
    assert client.get("/runs/0/old").status_code == 409 and "another version" in client.get("/runs/0/old").text


def test_a_thousand_runs_are_listed_within_a_second_once_known(ordinary, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    for name in ("run.json", "manifest.json", "summary.json"):
        shutil.copy(ordinary / name, small / name)
    for number in range(1000):
        shutil.copytree(small, tmp_path / "runs" / f"{number:04d}")
    index = Index([str(tmp_path / "runs")])
    assert len(index.entries()) == 1000
    start = time.process_time()
    assert len(index.entries()) == 1000
    assert time.process_time() - start < 2  # generous: a busy machine must not fail the suite


@pytest.fixture
def served(folder):
    """The server on a free port, as the command starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server, address = prepare([str(folder)], "127.0.0.1", port, None)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield address
    server.should_exit = True
    thread.join(10)


def test_a_run_serves_itself_and_says_where(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(number)} for number in range(3)])
    words = [
        "run",
        "web",
        "--input",
        str(tmp_path / "in.jsonl"),
        "-o",
        str(tmp_path / "run"),
        "--workers",
        "0",
        "--dashboard",
    ]
    before = pa.default_memory_pool().backend_name
    done = CliRunner().invoke(cli, [*words, "--quiet"])
    assert pa.default_memory_pool().backend_name == before  # the run's own allocator
    assert done.exit_code == 0 and re.search(r"dashboard: http://127\.0\.0\.1:\d+/\n", done.output)


def test_a_run_that_goes_on_is_brought_up_to_date_without_a_reload(browser, served, folder, ordinary):
    api = pytest.importorskip("playwright.sync_api")
    context = browser.new_context()
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{served}runs/0/going/live?lang=en")
    page.evaluate("window.stayed = true")
    row = page.locator("#progress tbody tr").nth(2)
    assert row.locator("td").nth(0).text_content() == "1"
    shutil.copy(ordinary / done_name("p2-000001"), folder / "going" / done_name("p2-000001"))
    api.expect(row.locator("td").nth(0)).to_have_text("2", timeout=15000)
    assert page.evaluate("window.stayed") and not said
    assert all(url.startswith(served) for url in asked)
    page.locator("#language").click()
    assert page.locator("h2").first.text_content() == "진행"
    page.goto(served)
    assert page.locator("#runs tbody tr").count() == 4 and not said
    page.goto(f"{served}runs/0/evil%20%3Cb%3E")
    assert page.evaluate("window.hacked") is None and not said
    assert orjson.loads(page.locator("#data").text_content())["run"].endswith("evil <b>")
    context.close()


def test_metrics_alone_are_served_to_other_machines_and_nothing_else(folder):
    port = free_port()
    server = prepare_metrics([str(folder)], port, lambda: Crew(4, 3))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    answer = httpx.get(f"http://127.0.0.1:{port}/metrics", headers={"host": "node7.cluster:9400"})
    assert answer.status_code == 200 and "algok_run_kept_documents{" in answer.text
    assert "\nalgok_workers 4\n" in answer.text and "\nalgok_workers_busy 3\n" in answer.text
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 404
    assert httpx.post(f"http://127.0.0.1:{port}/metrics").status_code == 405
    server.should_exit = True
    thread.join(10)
