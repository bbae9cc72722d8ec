"""The report: one file that is complete, true to the run, and small."""

import re
import shutil
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

import algok.dashboard
from algok.cli.report_command import command
from algok.dashboard.documents import read_documents
from algok.dashboard.report import render
from algok.dashboard.report_data import read_report
from algok.dashboard.shards import shard_table
from algok.dashboard.tasks import SLOWEST, task_figures
from algok.dashboard.texts import TEXTS, Texts
from algok.pipelines.run_directory import Run


@pytest.fixture(scope="module")
def report(ordinary):
    return read_report(str(ordinary))


@pytest.fixture(scope="module")
def page(report):
    return render(report)


def content(page):
    """The data in a page."""
    return orjson.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL).group(1)
    )


def test_the_command_writes_one_file_and_says_where(ordinary, tmp_path):
    target = tmp_path / "page.html"
    done = CliRunner().invoke(command, [str(ordinary), "-o", str(target), "--lang", "en"])
    assert done.exit_code == 0 and str(target) in done.output
    assert '<html lang="en">' in target.read_text(encoding="utf-8")


def test_the_page_names_no_address_to_fetch(page):
    assert not re.findall(r"""(?:src|href|action)=["']?(?!#)[^"'>\s]""", page)
    assert "@import" not in page and "url(" not in page
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1)
    assert "default-src &#x27;none&#x27;" in policy and "unsafe" not in policy
    assert " style=" not in page and not re.search(r" on\w+=", page)


def test_every_histogram_in_the_page_is_the_one_of_the_summary(page, report):
    charts, seen = content(page)["charts"], 0
    for name, (_, signal) in report.signals.items():
        for source, bins in (signal.by_source or {"*": signal.bins}).items():
            if bins and (signal.bounds or source == "*"):
                shown = charts[f"{name}|{source}"]["bins"]
                assert {int(place): count for place, count in shown.items()} == {p: n for p, n in bins.items() if n}
                seen += 1
    assert seen > 60


def test_every_rule_stands_in_the_page_with_its_documents(page, report):
    text = re.sub(r"<wbr/?>", "", page)
    for step in report.summary.steps:
        for rule in step.rules:
            assert f"#rule-{step.name}.{rule.signal}" in text
    (dedup,) = report.summary.step("dedup").rules
    assert dedup.documents == 3
    assert re.search(r'#rule-dedup.duplicate_rank">.{0,120}max 0</span></td><td class="n">3</td>', text)


def test_shares_beside_a_bound_are_exact(report):
    dropped = report.run.dropped().to_table(columns=["heuristics.prose_eojeol"])["heuristics.prose_eojeol"]
    beyond = report.signals["heuristics.prose_eojeol"][1].outside
    assert sum(sides["min"] for sides in beyond.values()) == pc.sum(pc.less(dropped, 30)).as_py() == 3


def test_documents_near_a_bound_are_the_nearest_and_masked(report, ordinary):
    kept = report.run.kept().to_table(columns=["id", "source", "quality.keep"]).to_pylist()
    web = sorted((abs(row["quality.keep"] - 0.3), row["id"]) for row in kept if row["source"] == "web")
    shown = [sample for sample in report.read.samples["quality.keep.min"] if sample.kept and sample.source == "web"]
    assert {sample.id for sample in shown} <= {key for _, key in web[:2]}
    secret = "연락처는 010-1234-5678, hong@example.com 입니다. "
    from conftest import prose

    from algok.dashboard.documents import masked

    assert "1234" not in masked(secret + prose(1)) and "hong" not in masked(secret + prose(1))


def test_a_sample_of_the_documents_says_so(ordinary):
    run = Run.open(ordinary)
    full, part, none = (read_documents(run, documents, run.summary.account) for documents in (1000, 15, 0))
    assert full.full and full.documents == full.of == run.summary.account.documents
    assert not part.full and 0 < part.documents < part.of and none.documents == 0
    assert f"{part.documents} of {part.of} documents" in render(read_report(str(ordinary), 15), "en")


def test_cross_tables_add_up_to_the_kept_documents_and_tokens(report):
    account = report.summary.account
    for cells in report.read.crosses.values():
        assert sum(documents for documents, _ in cells.values()) == account.kept
        assert sum(tokens for _, tokens in cells.values()) == account.kept_tokens
    assert sum(host.documents for host in report.read.hosts.values()) == 36


def test_shards_add_up_and_the_one_that_is_unlike_is_marked(report, tmp_path):
    table = shard_table(report.run.tasks(), 3)
    account = report.summary.account
    assert table.documents.sum() == account.documents and table.kept.sum() == account.kept
    assert table.dropped.sum() == account.dropped and table.tokens.sum() == account.kept_tokens
    assert table.names.to_pylist() == ["0.jsonl", "1.jsonl", "2.jsonl"] and (table.seconds > 0).all()


def test_a_run_that_is_going_is_reported_as_far_as_it_is(ordinary, tmp_path):
    shutil.copytree(ordinary, tmp_path / "run")
    for name in ("manifest.json", "summary.json", "done/p2/000/p2-000001.json", "done/p2/000/p2-000002.json"):
        (tmp_path / "run" / name).unlink()
    for path in sorted((tmp_path / "run" / "kept").iterdir())[1:]:
        path.unlink()
    page = render(read_report(str(tmp_path / "run")), "en")
    assert "going on – counted over 7 of 9 tasks" in page and "not decided yet" in page


def test_both_languages_have_every_text_with_the_same_places():
    for korean, english in TEXTS.values():
        assert korean and english and set(re.findall(r"\{\d\}", korean)) == set(re.findall(r"\{\d\}", english))
    assert Texts("ko").plain("more", 3) == "그 밖에 3개"


def test_the_script_is_small():
    script = Path(algok.dashboard.__file__).parent / "static" / "report.js"
    assert script.stat().st_size <= 15 * 1024


def test_every_text_is_used():
    folder = Path(algok.dashboard.__file__).parent
    sources = [path.read_text() for path in folder.rglob("*.[pj][ys]") if path.name != "texts.py"]
    families = ("mode.", "order.", "state.", "figure.", "task.")
    unused = [
        key for key in TEXTS if not any(f'"{key}"' in source for source in sources) and not key.startswith(families)
    ]
    assert not unused


def test_a_run_of_very_many_shards_and_sources_stays_small(report, tmp_path):
    from large_runs import many_shards

    many = many_shards(report, shards=100_000, sources=1000)
    assert len(render(many).encode()) <= 500_000


def test_shards_of_one_file_and_those_that_are_not_read_yet_are_told_by_their_numbers(report):
    rows = report.run.tasks().slice(0, 3).to_pylist()
    inputs = ["a.jsonl", "b.jsonl", "b.jsonl"]
    table = pa.Table.from_pylist(
        [{**rows[0], "shard": shard, "input": name} for shard, name in enumerate(inputs)], report.run.tasks().schema
    )
    assert shard_table(table, 4).names.to_pylist() == ["a.jsonl", "b.jsonl @1", "b.jsonl @2", "@3"]


def test_rows_in_many_parts_give_the_same_shards_workers_and_slowest_tasks(report):
    table, outline = report.run.tasks(), report.run.outline
    parts = pa.Table.from_batches([batch for row in range(len(table)) for batch in table.slice(row, 1).to_batches()])
    whole, cut = shard_table(table, 3), shard_table(parts, 3)
    assert all(np.array_equal(vars(whole)[key], vars(cut)[key]) for key in vars(whole))
    figures = task_figures(table, outline, [])
    assert figures.slowest == task_figures(parts, outline, []).slowest
    by_seconds = sorted(table.to_pylist(), key=lambda row: -row["seconds"])
    assert [task.task for task in figures.slowest] == [row["task"] for row in by_seconds][:SLOWEST]
    assert sum(worker.tasks for worker in task_figures(parts, outline, []).workers) == len(table)
