"""The task function: an outcome for everything that can happen, and messages that quote no data."""

import errno

import orjson
import pytest
from conftest import prose, write_jsonl

from algok.pipelines import worker
from algok.pipelines.done import done_name
from algok.pipelines.plan import Plan
from algok.pipelines.recipe import load_recipe
from algok.pipelines.storage import Store
from algok.pipelines.worker import run_task


@pytest.fixture
def planned(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(i)} for i in range(5)])
    recipe = load_recipe("web", ["steps.dedup=null", "steps.lines=null"], inputs=[{"path": str(tmp_path / "in.jsonl")}])
    plan = Plan.make(recipe)
    store = Store(str(tmp_path / "run"))
    plan.save(store)
    return store, plan.phase_tasks(plan.phases[0])[0]


def test_a_task_leaves_its_files_and_its_record(planned):
    store, task = planned
    reported = []
    assert run_task(store.url, task, lambda documents, size, share: reported.append((documents, size))).error is None
    record = orjson.loads(store.read_bytes(done_name(task.id)))
    assert record["rows"] == 5 and sum(documents for documents, _ in reported) == 5
    assert all(store.exists(file["path"]) and file["sha256"] for file in record["files"])


def test_a_second_copy_of_a_task_changes_no_byte(planned):
    store, task = planned
    run_task(store.url, task)
    before = {name: store.read_bytes(name) for folder in ("kept", "stats") for name in store.names(folder)}
    assert run_task(store.url, task).error is None
    assert {name: store.read_bytes(name) for folder in ("kept", "stats") for name in store.names(folder)} == before


@pytest.mark.parametrize(
    ("error", "transient", "fatal"),
    [
        (OSError(errno.ENOSPC, "x"), False, True),
        (OSError(errno.EROFS, "x"), False, True),
        (OSError(errno.ESTALE, "x"), True, False),
        (OSError(errno.ENOENT, "x"), False, False),
        (ValueError("x"), False, False),
    ],
)
def test_errors_are_sorted_by_what_can_be_done(planned, monkeypatch, error, transient, fatal):
    def fail(*_):
        raise error

    monkeypatch.setattr(worker, "_execute", fail)
    outcome = run_task(planned[0].url, planned[1])
    assert outcome.error and (outcome.transient, outcome.fatal) == (transient, fatal)


def test_a_library_that_quotes_a_document_is_masked_and_its_place_named(planned, monkeypatch):
    def fail(*_):
        raise ValueError("cannot parse 'gildong.hong@example.com 010-0000-1234\x1b[2J'")

    monkeypatch.setattr(worker, "PhaseTask", fail)
    error = run_task(planned[0].url, planned[1]).error
    assert "gildong" not in error and "1234" not in error and "\x1b" not in error
    assert error.startswith("ValueError at algok.pipelines.worker:")
