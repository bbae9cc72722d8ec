"""The index over runs and mixes: labels, failed attempts, plan against result; on a local disk and in a store that is none."""

import re
import shutil
import sys
from pathlib import Path

import fsspec
import orjson
import pytest
from click.testing import CliRunner

pytest.importorskip("starlette", reason="needs the extra algok[dashboard]")
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mixing"))
from corpora import documents, mix_of, run_mix, write_corpus

from algok.cli.report_command import command
from algok.dashboard.mixes import read_mix
from algok.dashboard.report import render
from algok.dashboard.report_data import read_report
from algok.dashboard.server import create_app
from algok.mixing.account import MixDirectory
from algok.mixing.mix import plan_only
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress

EVIL = "<script>window.hacked=1</script>"


@pytest.fixture(scope="module")
def folder(ordinary, tmp_path_factory):
    """A finished run, one that is going with failures, a planned and a finished mix; the run and the mix have labels."""
    target = tmp_path_factory.mktemp("index")
    for name in ("a", "going"):
        shutil.copytree(ordinary, target / name)
    described = orjson.loads((target / "a" / "run.json").read_bytes())
    (target / "a" / "run.json").write_bytes(orjson.dumps({**described, "labels": {"team": "search"}}))
    for name in (
        "manifest.json",
        "summary.json",
        "tasks.parquet",
        "done/p2/000/p2-000001.json",
        "done/p2/000/p2-000002.json",
    ):
        (target / "going" / name).unlink()
    (target / "going" / "failed").mkdir()
    for task, again, reason in (("p2-000001", True, EVIL), ("p2-000002", False, "no"), ("p0-000000", True, "lost")):
        last = [{"at": "2026-01-01T00:00:00+00:00", "worker": "node1:7", "reason": reason, "again": again}]
        (target / "going" / "failed" / f"{task}.json").write_bytes(orjson.dumps({"attempts": 2, "last": last}))
    corpus = write_corpus(tmp_path_factory.mktemp("corpus"), documents(60))
    run_mix({"web": corpus}, target / "mixes" / "done", labels={"team": "search"}, max_epochs={"default": 9})
    mix, source = mix_of({"web": corpus}, max_epochs={"default": 9})
    plan_only(mix, source, str(target / "mixes" / "planned"), make_executor("local", 0), SilentProgress())
    return target


@pytest.fixture(scope="module", params=["local", "memory"])
def place(request, folder):
    """The same directories on a disk and in fsspec's memory, which has no paths, links or times of change."""
    if request.param == "local":
        yield str(folder)
        return
    memory = fsspec.filesystem("memory")
    for path in folder.rglob("*"):
        if path.is_file():
            memory.pipe(f"/algok-index/{path.relative_to(folder)}", path.read_bytes())
    yield "memory://algok-index"
    memory.rm("/algok-index", recursive=True)


@pytest.fixture(scope="module")
def client(place):
    return TestClient(create_app([place]), base_url="http://127.0.0.1:8765")


def test_the_index_lists_runs_and_mixes(client):
    runs = {run["id"]: run for run in client.get("/api/runs.json").json()}
    assert {key: run["state"] for key, run in runs.items()} == {"0/a": "finished", "0/going": "going"}
    assert (runs["0/going"]["done"], runs["0/going"]["failed"]) == (7, 2)
    assert runs["0/a"]["peak_bytes"] > 1 << 20 and runs["0/a"]["retries"] == 0
    mixes = {mix["id"]: mix for mix in client.get("/api/mixes.json").json()}
    assert {key: mix["state"] for key, mix in mixes.items()} == {
        "0/mixes/done": "finished",
        "0/mixes/planned": "planned",
    }
    assert mixes["0/mixes/planned"]["asked"] == mixes["0/mixes/done"]["asked"] == 9000
    assert mixes["0/mixes/planned"]["written"] == 0 < mixes["0/mixes/done"]["written"]
    page = client.get("/?lang=en").text
    assert all(key in page for key in ("0/a", "0/going", "0/mixes/done", "0/mixes/planned", "team=search"))


@pytest.mark.parametrize(
    ("asked", "runs", "mixes"),
    [
        ("label=team%3Dsearch", ["0/a"], ["0/mixes/done"]),
        ("label=team%3Dother", [], []),
        ("q=going", ["0/going"], []),
        ("q=planned", [], ["0/mixes/planned"]),
    ],
)
def test_labels_and_words_choose(client, asked, runs, mixes):
    assert [run["id"] for run in client.get(f"/api/runs.json?{asked}").json()] == runs
    assert [mix["id"] for mix in client.get(f"/api/mixes.json?{asked}").json()] == mixes
    page = client.get(f"/?{asked}").text
    assert ('href="/runs/0/a"' in page) == ("0/a" in runs) and ("/mixes/0/mixes/done" in page) == bool(
        "0/mixes/done" in mixes
    )


@pytest.mark.parametrize("path", ["/runs/0/going/live?lang=en", "/runs/0/going?lang=en"])
def test_failed_attempts_stand_in_the_live_page_and_the_report(client, path):
    page = client.get(path).text
    assert EVIL not in page and "&lt;script&gt;window.hacked" in page
    assert "node1:7" in page and "tried again" in page and "done later" in page and "Slowest tasks" in page


def test_failed_attempts_workers_and_memory_stand_in_the_json_and_the_metrics(client):
    tasks = client.get("/api/runs/0/going/tasks.json").json()
    states = {item["failed"]["task"]: item["state"] for item in tasks["failures"]}
    assert states == {"p2-000001": "waiting", "p2-000002": "failed", "p0-000000": "done"}
    seconds = [task["seconds"] for task in tasks["slowest"]]
    assert seconds == sorted(seconds, reverse=True) and len(seconds) > 7  # three phases, and rounds of corpus steps
    assert tasks["workers"][0]["peak_bytes"] > 1 << 20
    lines = client.get("/metrics").text.splitlines()
    going = '{run="0/going",recipe="web",state="going"}'
    assert f"algok_run_tasks_failing{going} 2" in lines and f"algok_run_retries{going} 2" in lines
    assert 'algok_run_labels{run="0/a",label_team="search"} 1' in lines
    assert any(line.startswith(f"algok_run_peak_bytes{going}") for line in lines)
    (kept,) = (line for line in lines if line.startswith(f"algok_run_kept_documents{going}"))
    assert int(kept.rpartition(" ")[2]) > 0


def test_every_page_of_a_run_and_a_mix_is_served(client):
    for path in ("/runs/0/a", "/runs/0/a/shards?sort=memory", "/runs/0/a/documents", "/mixes/0/mixes/done"):
        assert client.get(path).status_code == 200, path
    shards = client.get("/api/runs/0/a/shards.json").json()["shards"]
    assert [shard["name"] for shard in shards] == ["0.jsonl", "1.jsonl", "2.jsonl"]
    assert all(shard["peak_bytes"] > 1 << 20 and shard["failed"] == 0 for shard in shards)
    assert client.get("/mixes/0/a").status_code == 404 and client.get("/runs/0/mixes/done").status_code == 404


def test_a_report_is_the_same_wherever_the_run_lies(place, folder):
    pages = [render(read_report(url), "en") for url in (f"{place}/a", str(folder / "a"))]
    assert pages[0].replace(f"{place}/a", "X") == pages[1].replace(str(folder / "a"), "X")


def test_a_mix_is_shown_as_its_ledgers_say(place):
    found = read_mix(f"{place}/mixes/done")
    sums: dict[tuple, list[int]] = {}
    for name, table in MixDirectory(f"{place}/mixes/done").ledgers():
        for row in table.to_pylist():
            pair = sums.setdefault((name.split("-")[0], row["draw"]), [0, 0])
            pair[0], pair[1] = pair[0] + 1, pair[1] + row["tokens"]
    shown: dict[tuple, list[int]] = {}
    for cell in found.cells:
        pair = shown.setdefault((cell.row.stage, cell.row.draw), [0, 0])
        pair[0], pair[1] = pair[0] + cell.documents, pair[1] + cell.written
    assert shown == sums
    assert {stage.name: stage.written for stage in found.stages} == {
        stage["name"]: stage["tokens"] for stage in MixDirectory(f"{place}/mixes/done").manifest["stages"]
    }
    planned = read_mix(f"{place}/mixes/planned")
    assert [cell.row for cell in planned.cells] == [cell.row for cell in found.cells]
    assert planned.state == "planned" and planned.written == 0 and found.done == found.tasks == 4


def test_the_report_of_a_mix_is_one_file(folder, tmp_path):
    done = CliRunner().invoke(
        command, [str(folder / "mixes" / "done"), "-o", str(tmp_path / "mix.html"), "--lang", "en"]
    )
    assert done.exit_code == 0, done.output
    page = (tmp_path / "mix.html").read_text(encoding="utf-8")
    assert "Cells: plan and result" in page and "form-action &#x27;none&#x27;" in page and "team=search" in page
    refused = CliRunner().invoke(command, [str(folder / "mixes" / "done"), "--against", str(folder / "a")])
    assert refused.exit_code != 0


def test_the_metrics_count_mixes_and_what_is_written_of_them(client):
    lines = client.get("/metrics").text.splitlines()
    assert 'algok_mixes{state="planned"} 1' in lines and 'algok_mixes{state="finished"} 1' in lines
    written = [line for line in lines if line.startswith("algok_mix_tokens_written{")]
    listed = {mix["id"]: mix["written"] for mix in client.get("/api/mixes.json").json()}
    assert len(written) == 2 and all(int(line.rpartition(" ")[2]) in listed.values() for line in written)


def test_the_grafana_dashboard_shows_every_metric_and_no_other(client):
    text = (Path(__file__).resolve().parents[2] / "docs" / "dashboard" / "grafana.json").read_text()
    given = set(re.findall(r"^# TYPE (\w+) gauge$", client.get("/metrics").text, re.MULTILINE))
    asked = [target["expr"] for panel in orjson.loads(text)["panels"] for target in panel["targets"]]
    assert set(re.findall(r"algok_\w+", " ".join(asked))) == given
    assert set(re.findall(r"\balgok_\w+", text)) == given
