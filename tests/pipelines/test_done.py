"""Done records: a file for each task, then a line; no crash, damage or repetition between the two loses or invents one."""

import shutil

import orjson
import pytest
from conftest import prose, write_jsonl
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.errors import OutputError
from algok.pipelines import done
from algok.pipelines import run as driver
from algok.pipelines.account import verify
from algok.pipelines.done import (
    Block,
    Stage,
    block_of,
    blocks,
    done_kinds,
    done_name,
    done_tasks,
    forget,
    kind_of,
    read_block,
    read_done,
    read_records,
    scan_records,
    write_done,
)
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import DamagedFile, Store

TASKS = [f"p0-{number:06d}" for number in range(7)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    """Blocks of three tasks, which are merged however few."""
    monkeypatch.setattr(done, "BLOCK", 3)
    monkeypatch.setattr(done, "MERGED_FROM", 1)


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return Store(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def record(task: str, version: int = 0) -> dict:
    return {"task": {"id": task}, "files": [], "version": version}


def finish(store: Store, tasks: list[str]) -> None:
    """Does tasks as a driver and its workers do."""
    stage = Stage(store, tasks)
    for task in tasks:
        if task not in stage.done:
            write_done(store, task, record(task))
            stage.note(task)


def files(store: Store) -> list[str]:
    root = store.root.strip("/")
    return sorted(path.strip("/").removeprefix(root).strip("/") for path in store.fs.find(store.root))


def test_a_task_has_a_kind_and_a_block(monkeypatch):
    monkeypatch.setattr(done, "BLOCK", 1000)
    assert done_name("c0-keys.merged-012345") == "done/c0-keys.merged/012/c0-keys.merged-012345.json"
    assert block_of("p2-1234567") == "done/p2/1234" and kind_of("measure-000002-123456789") == "measure"
    with pytest.raises(ValueError, match="not the id of a task"):
        done_name("../run")


def test_whole_blocks_become_one_file_each(store):
    finish(store, TASKS)
    assert files(store) == ["done/p0/000.jsonl", "done/p0/001.jsonl", "done/p0/002.jsonl"]
    assert done_tasks(store) == TASKS and done_kinds(store) == ["p0"]
    assert list(read_records(store, TASKS[::-1])) == [record(task) for task in TASKS[::-1]]
    assert read_done(store, "p0-000004") == record("p0-000004")
    assert dict(scan_records(store, ["p0"])) == {task: record(task) for task in TASKS}
    with pytest.raises(DamagedFile, match="p0-000009"):
        read_done(store, "p0-000009")


def test_a_block_with_a_task_to_do_stays_open(store):
    stage = Stage(store, TASKS)
    for task in TASKS[:4]:
        write_done(store, task, record(task))
        stage.note(task)
    assert files(store) == ["done/p0/000.jsonl", "done/p0/001/p0-000003.json"]
    assert [block.folder for block in blocks(store) if block.open][-1] == "done/p0/001"
    again = Stage(store, TASKS)
    assert again.done == set(TASKS[:4])


def test_few_records_stay_as_they_are(store, monkeypatch):
    monkeypatch.setattr(done, "MERGED_FROM", 4)
    finish(store, TASKS)
    assert files(store) == [done_name(task) for task in TASKS] and done_tasks(store) == TASKS


def test_a_driver_merges_what_the_one_before_did_not_come_to(store):
    for task in TASKS:
        write_done(store, task, record(task))
    assert Stage(store, TASKS).done == set(TASKS)
    assert files(store) == ["done/p0/000.jsonl", "done/p0/001.jsonl", "done/p0/002.jsonl"]


def test_blocks_are_listed_in_the_order_of_numbers(store, monkeypatch):
    monkeypatch.setattr(done, "BLOCK", 1)
    for number in (999, 1000, 2):
        write_done(store, f"p0-{number:06d}", {})
    assert [block.folder for block in blocks(store)] == ["done/p0/002", "done/p0/999", "done/p0/1000"]


@pytest.mark.parametrize("crash", ["write", "remove"])
def test_a_crash_while_merging_loses_nothing(store, monkeypatch, crash):
    """The driver dies before the merged file is there, and before all others are gone."""

    def die(self, *arguments):
        if crash == "remove":
            removed(self, arguments[0][:1])
        raise KeyboardInterrupt

    removed = Store.remove_files
    for task in TASKS[:3]:
        write_done(store, task, record(task))
    with monkeypatch.context() as patch:
        patch.setattr(Store, "write_bytes" if crash == "write" else "remove_files", die)
        with pytest.raises(KeyboardInterrupt):
            Stage(store, TASKS[:3])
    assert list(read_records(store, TASKS[:3])) == [record(task) for task in TASKS[:3]]
    assert done_tasks(store) == TASKS[:3]
    finish(store, TASKS[:3])
    assert files(store) == ["done/p0/000.jsonl"] and done_tasks(store) == TASKS[:3]


def test_storage_that_fails_while_merging_leaves_all_as_it_was(store, monkeypatch):
    def fail(*_):
        raise OSError("out of reach")

    monkeypatch.setattr(done, "write_block", fail)
    finish(store, TASKS)
    assert files(store) == [done_name(task) for task in TASKS] and done_tasks(store) == TASKS


def test_a_record_that_vanishes_into_the_merged_file_meanwhile_is_read_there(store, monkeypatch):
    for task in TASKS[:3]:
        write_done(store, task, record(task))
    present = Store.read_present

    def merged_before(self, names):
        monkeypatch.setattr(Store, "read_present", present)
        Stage(self, TASKS[:3])
        return present(self, names)

    monkeypatch.setattr(Store, "read_present", merged_before)
    assert read_block(store, Block("done/p0/000")) == {task: record(task) for task in TASKS[:3]}


def test_what_is_done_again_replaces_the_older_record(store):
    finish(store, TASKS)
    forget(store, TASKS[1:4])
    assert done_tasks(store) == [TASKS[0], *TASKS[4:]]
    stage = Stage(store, TASKS)
    for task in TASKS[1:4]:
        write_done(store, task, record(task, 1))
        stage.note(task)
    assert [found["version"] for found in read_records(store, TASKS)] == [0, 1, 1, 1, 0, 0, 0]
    assert len(files(store)) == 3


def test_a_file_of_its_own_is_newer_than_the_line(store):
    finish(store, TASKS[:3])
    write_done(store, TASKS[1], record(TASKS[1], 1))
    assert read_done(store, TASKS[1])["version"] == 1
    assert [found["version"] for found in read_records(store, TASKS[:3])] == [0, 1, 0]
    forget(store, TASKS[1:2])
    assert done_tasks(store) == [TASKS[0], TASKS[2]]


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_changed_byte_never_gives_a_record_that_was_not_written(place, value):
    store = Store("memory://changed-byte")
    store.remove("done")
    finish(store, TASKS[:3])
    data = bytearray(store.read_bytes("done/p0/000.jsonl"))
    data[place % len(data)] = value
    store.write_bytes("done/p0/000.jsonl", bytes(data))
    found = read_block(store, Block("done/p0/000"))
    assert all(found[task] == record(task) for task in found) and len(found) >= 1


def test_a_damaged_file_of_its_own_is_told_from_a_missing_one_and_not_merged(store):
    for task in TASKS[:3]:
        write_done(store, task, record(task))
    store.write_bytes(done_name(TASKS[1]), b"{}")
    Stage(store, TASKS[:3])
    assert dict(scan_records(store))[TASKS[1]] is None and len(files(store)) == 3
    with pytest.raises(DamagedFile):
        list(read_records(store, TASKS[:3]))


# Runs whose records are merged.


def go(source, output):
    steps = {"repair": {}, "dedup": {}, "lines": {}}
    recipe = validate(RecipeText({"inputs": [{"path": str(source)}], "steps": steps}))
    return driver.execute(recipe, str(output), make_executor("local", 0), SilentProgress())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("merged")
    for part in range(5):
        write_jsonl(folder / "in" / f"{part}.jsonl", [{"text": prose(part * 4 + i)} for i in range(4)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(done, "BLOCK", 3)
        patch.setattr(done, "MERGED_FROM", 1)
        go(folder / "in", folder / "run")
    return folder


def kept(run) -> dict[str, bytes]:
    names = ("kept", "dropped", "stats", "manifest.json")
    paths = [path for name in names for path in ([run / name] if (run / name).is_file() else (run / name).glob("*"))]
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(paths)}


def test_a_run_has_a_file_for_each_block_and_its_account_adds_up(finished):
    names = sorted(
        str(path.relative_to(finished / "run" / "done")) for path in (finished / "run" / "done").rglob("*.*")
    )
    assert names == ["c0-resolve/000.jsonl", "c1-resolve/000.jsonl"] + [
        f"p{phase}/{block:03d}.jsonl" for phase in range(3) for block in range(2)
    ]
    opened = Run.open(finished / "run")
    assert opened.verify() == [] and opened.tasks().num_rows == 17


@pytest.mark.parametrize("lost", ["a line", "a file", "a digit", "all"])
def test_lost_records_are_made_again_with_the_same_bytes(finished, tmp_path, lost):
    run = tmp_path / "run"
    shutil.copytree(finished / "run", run)
    block = run / "done" / "p2" / "001.jsonl"
    lines = block.read_bytes().splitlines(keepends=True)
    if lost == "a line":
        block.write_bytes(lines[0])
    elif lost == "a digit":
        block.write_bytes(block.read_bytes().replace(b'"rows":4', b'"rows":5', 1))
    elif lost == "a file":
        block.unlink()
    else:
        shutil.rmtree(run / "done")
    assert verify(Store(str(run)))
    driver.repair(str(run), make_executor("local", 0), SilentProgress())
    assert verify(Store(str(run))) == [] and kept(run) == kept(finished / "run")


def test_an_output_that_is_lost_takes_its_line_along(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished / "run", run)
    next((run / "kept").iterdir()).unlink()
    driver.repair(str(run), make_executor("local", 0), SilentProgress())
    assert verify(Store(str(run))) == [] and kept(run) == kept(finished / "run")


def test_a_line_of_another_run_is_not_believed(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished / "run", run)
    block = run / "done" / "p2" / "000.jsonl"
    first, *others = block.read_bytes().splitlines()
    item = orjson.loads(first)
    block.write_bytes(b"\n".join([orjson.dumps({**item, "id": "p2-000002"}), *others[:2]]) + b"\n")
    assert verify(Store(str(run)))
    driver.repair(str(run), make_executor("local", 0), SilentProgress())
    assert verify(Store(str(run))) == [] and kept(run) == kept(finished / "run")


class Counting:
    """An executor in this process; calls of a file system are the driver's where no task is at work."""

    name = "local"

    def __init__(self):
        self._inside, self.at_work = make_executor("local", 0), False

    def run(self, work, tasks, progress):
        outcomes = self._inside.run(work, tasks, progress)
        while True:
            self.at_work = True
            try:
                outcome = next(outcomes, None)
            finally:
                self.at_work = False
            if outcome is None:
                return
            yield outcome

    def crew(self):
        return self._inside.crew()

    def close(self): ...


def requests(tmp_path, monkeypatch, shards: int) -> int:
    """How often a driver asks object storage for names or for one file, for a run of so many shards."""
    source = tmp_path / f"in{shards}"
    for part in range(shards):
        write_jsonl(source / f"{part}.jsonl", [{"text": prose(part)}])
    counting, calls = Counting(), []

    def counted(method):
        def call(*arguments):
            calls.extend([] if counting.at_work else [arguments])
            return method(*arguments)

        return call

    with monkeypatch.context() as patch:
        for name in ("listed", "sizes", "exists", "read_bytes", "read_present", "read_tail", "write_bytes"):
            patch.setattr(Store, name, counted(getattr(Store, name)))
        recipe = validate(RecipeText({"inputs": [{"path": str(source)}], "steps": {"dedup": {}, "lines": {}}}))
        driver.execute(recipe, f"memory://{tmp_path.name}/{shards}", counting, SilentProgress())
    return len(calls)


def test_a_driver_asks_for_blocks_and_not_for_tasks(tmp_path, monkeypatch):
    monkeypatch.setattr(done, "BLOCK", 1000)
    assert requests(tmp_path, monkeypatch, 4) == requests(tmp_path, monkeypatch, 12)


def test_records_of_an_earlier_version_are_told(tmp_path):
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "p0-000000.json").write_bytes(b"{}")
    with pytest.raises(OutputError, match="an earlier version of algok"):
        blocks(Store(str(tmp_path)))
