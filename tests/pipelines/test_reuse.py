"""A run that takes phases over from an earlier one has the bytes of a run from scratch, and refuses what is not the same."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest
from conftest import outputs, prose, write_jsonl

from algok.errors import InputError, OutputError, TaskError
from algok.pipelines import run as driver
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.storage import Store

# Three phases: repair → sketch dedup ║ dedup → heuristics → sketch lines ║ lines → tokens → write.
STEPS = {"repair": {}, "dedup": {}, "heuristics": {"chars": {"min": 200}}, "lines": {}, "tokens": {}}
# What is changed, and how many phases stay the same.
CHANGES = {
    "a bound of the last phase": ({"lines": {"chars_left": {"min": 500}}}, 2),
    "a step added at the end": ({"language": {}}, 2),
    "a step left out at the end": ({"tokens": None}, 2),
    "a bound in the middle": ({"heuristics": {"chars": {"min": 610}}}, 1),
    "a step left out in the middle": ({"heuristics": None}, 1),
    "a bound of the first corpus step": ({"dedup": {"duplicate_rank": {"max": 1}}}, 1),
    "an option of the second corpus step": ({"lines": {"host_documents": 3}}, 1),
    "nothing": ({}, 3),
}


class Listening(SilentProgress):
    """Remembers the notes and how many tasks each stage had, and stops the run before the stage of a number."""

    def __init__(self, stop: int = -1):
        self.left, self.notes, self.stages = stop, [], {}

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        if self.left == 0:
            raise Stopped
        self.left -= 1
        self.stages[stage] = len(weights)

    def note(self, text: str) -> None:
        self.notes.append(text)


class Stopped(Exception):
    """Ends a run between two stages."""


def recipe(source: Path, changes: dict | None = None, **head):
    steps = {name: config for name, config in {**STEPS, **(changes or {})}.items() if config is not None}
    data = {"inputs": [{"path": str(source / "in")}], "against": [{"path": str(source / "old")}], "steps": steps}
    return validate(RecipeText({**data, **head}))


def go(source, output, changes=None, reuse=None, progress=None, executor=None, **head):
    executor = executor or make_executor("local", 0)
    again = None if reuse is None else str(reuse)
    return driver.execute(recipe(source, changes, **head), str(output), executor, progress or Listening(), again)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Three files with copies, short documents, rubbish and a menu, and an earlier corpus."""
    folder = tmp_path_factory.mktemp("reuse")
    for part in range(4):
        texts = [prose(part * 10 + i) for i in range(8)] + [prose(part + 3), "짧은 글이다."]
        rows = [{"text": f"홈\n로그인\n{t}\n이용약관", "url": f"https://a.kr/{part}/{i}"} for i, t in enumerate(texts)]
        path = write_jsonl(folder / ("old" if part == 3 else "in") / f"{part}.jsonl", rows)
        with path.open("ab") as file:
            file.write(b"rubbish\n")
    return folder


@pytest.fixture(scope="module")
def first(source, tmp_path_factory):
    """A finished run that kept its phases."""
    output = tmp_path_factory.mktemp("first") / "run"
    go(source, output, keep=["phases"])
    return output


def described(run: Path) -> dict:
    return orjson.loads((run / "run.json").read_bytes())


def taken(run: Path) -> set[str]:
    """The tasks whose records say that they were taken over."""
    return {path.stem for path in (run / "done").rglob("*.json") if "reused" in orjson.loads(path.read_bytes())}


@pytest.mark.parametrize(("changes", "phases"), CHANGES.values(), ids=CHANGES)
def test_what_was_taken_over_and_done_anew_is_what_a_run_from_scratch_gives(source, first, tmp_path, changes, phases):
    before, listening = outputs(first), Listening()
    go(source, tmp_path / "run", changes, first, listening)
    go(source, tmp_path / "scratch", changes)
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")
    assert verify(Store(str(tmp_path / "run"))) == [] and outputs(first) == before
    assert taken(tmp_path / "run") == {f"p0-{n:06d}" for n in range(4)} | {
        f"p{phase}-{n:06d}" for phase in range(1, phases) for n in range(3)
    }
    assert described(tmp_path / "run")["reused"] == {
        "run": str(first), "plan": described(first)["plan"], "phases": phases,
    }  # fmt: skip
    assert listening.notes[0].startswith(f"{phases} of 3 phase(s) are taken over")
    assert listening.stages["take over"] == 4
    assert not any("read" in stage for stage in listening.stages)
    assert not (tmp_path / "run" / "work").exists()


def test_files_are_linked_and_not_copied(source, first, tmp_path):
    go(source, tmp_path / "run", {"lines": {"chars_left": {"min": 500}}}, first)
    name = next((first / "dropped").glob("*.p1.parquet")).name
    assert (first / "dropped" / name).samefile(tmp_path / "run" / "dropped" / name)


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM])
def test_where_links_cannot_be_made_files_are_copied(source, first, tmp_path, monkeypatch, number):
    def no_link(*_):
        raise OSError(number, "no")

    monkeypatch.setattr(os, "link", no_link)
    go(source, tmp_path / "run", {"tokens": None}, first)
    go(source, tmp_path / "scratch", {"tokens": None})
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_large_tables_of_dropped_documents_get_other_columns_and_the_same_bytes(tmp_path):
    """More than a page of Parquet and more than a row group, in batches that are cut here and there."""
    for part in range(2):
        rows = [{"text": f"{number} {prose(number)}\n" * 30} for number in range(part, 200, 2)]
        write_jsonl(tmp_path / "in" / f"{part}.jsonl", rows)
    write_jsonl(tmp_path / "old" / "0.jsonl", [{"text": "옛 글"}])
    changes = {"heuristics": {"chars": {"min": 10_000_000}}}
    head = {"parquet": {"row_group_bytes": 2 << 20}}
    go(tmp_path, tmp_path / "first", {**changes}, keep=["phases"], **head)
    go(tmp_path, tmp_path / "run", {**changes, "language": {}}, tmp_path / "first", **head)
    go(tmp_path, tmp_path / "scratch", {**changes, "language": {}}, **head)
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")
    assert taken(tmp_path / "run")


@pytest.mark.parametrize(("stage", "phases"), [(1, 1), (3, 2)])
def test_an_unfinished_run_gives_what_it_has_of_its_last_phase(source, tmp_path, stage, phases):
    """It was stopped before dedup was resolved, or before lines were."""
    with pytest.raises(Stopped):
        go(source, tmp_path / "first", progress=Listening(stage))
    go(source, tmp_path / "run", {"lines": {"chars_left": {"min": 500}}}, tmp_path / "first")
    go(source, tmp_path / "scratch", {"lines": {"chars_left": {"min": 500}}})
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")
    assert described(tmp_path / "run")["reused"]["phases"] == phases


def test_a_run_that_took_over_and_keeps_can_be_taken_over(source, first, tmp_path):
    go(source, tmp_path / "second", {"lines": {"chars_left": {"min": 500}}}, first, keep=["phases"])
    shutil.copytree(tmp_path / "second", tmp_path / "copy")  # whose files are not those of the first
    changes = {"heuristics": {"chars": {"min": 610}}}
    go(source, tmp_path / "third", changes, tmp_path / "copy")
    go(source, tmp_path / "scratch", changes)
    assert outputs(tmp_path / "third") == outputs(tmp_path / "scratch")


REFUSED = {
    "a step of the first phase": ({"repair": None}, {}, r"phase 1 \(read → sketch dedup\).*steps.repair"),
    "an option of its corpus step": ({"dedup": {"threshold": 0.8}}, {}, "steps.dedup.threshold: 0.75 → 0.8"),
    "how it is written": ({}, {"parquet": {"zstd_level": 5}}, r"(?s)reads or writes otherwise.*parquet.zstd_level: 3 → 5"),
    "how it is read": ({}, {"mode": "annotate"}, "mode: filter → annotate"),
    "whether personal data is masked": ({"pii": {}}, {}, "only one of the two recipes masks personal data"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "head", "message"), REFUSED.values(), ids=REFUSED)
def test_what_changes_everything_is_refused_before_anything_is_written(source, first, tmp_path, changes, head, message):
    with pytest.raises(InputError, match=message):
        go(source, tmp_path / "run", changes, first, **head)
    assert not (tmp_path / "run" / "run.json").exists()


def test_other_inputs_are_refused_and_named(source, first, tmp_path):
    shutil.copytree(source, tmp_path / "source")
    with pytest.raises(InputError, match=r"(?s)inputs are not those of today.*0\.jsonl|inputs\.0\.path"):
        go(tmp_path / "source", tmp_path / "run", {}, first)
    (source / "in" / "9.jsonl").write_text('{"text": "새 글"}\n')
    try:
        with pytest.raises(InputError, match=r"(?s)inputs are not those of today.*added: 9\.jsonl"):
            go(source, tmp_path / "run", {}, first)
    finally:
        (source / "in" / "9.jsonl").unlink()


def test_a_finished_run_that_kept_nothing_is_refused_with_the_remedy(source, tmp_path):
    go(source, tmp_path / "first")
    with pytest.raises(InputError, match="'--keep phases'"):
        go(source, tmp_path / "run", {"tokens": None}, tmp_path / "first")


def test_what_is_no_run_is_refused(source, tmp_path):
    with pytest.raises(InputError, match="no run directory"):
        go(source, tmp_path / "run", {}, tmp_path / "nothing")


@pytest.mark.parametrize("key", ["algok", "python", "pyarrow"])
def test_other_versions_are_refused_and_named(source, first, tmp_path, key):
    shutil.copytree(first, tmp_path / "first")
    said = described(first)
    (said["libraries"] if key == "pyarrow" else said)[key] = "0.0.1"
    (tmp_path / "first" / "run.json").write_bytes(orjson.dumps(said))
    with pytest.raises(InputError, match=f"{key}: 0.0.1 →"):
        go(source, tmp_path / "run", {}, tmp_path / "first")


def test_another_version_of_a_step_counts_as_a_change(source, first, tmp_path):
    shutil.copytree(first, tmp_path / "first")
    said = described(first)
    said["steps"]["heuristics"]["version"] = 99
    (tmp_path / "first" / "run.json").write_bytes(orjson.dumps(said))
    listening = Listening()
    go(source, tmp_path / "run", {}, tmp_path / "first", listening)
    assert described(tmp_path / "run")["reused"]["phases"] == 1
    assert "a step has another version or model" in listening.notes[0]


DAMAGES = [(folder, "flipped") for folder in ("dropped", "quarantine", "stats", "work/p1", "work/c1/lines", "done")]
DAMAGES += [(folder, "missing") for folder in ("dropped", "stats", "work/c1/hosts")]


@pytest.mark.parametrize(("folder", "how"), DAMAGES)
def test_a_file_that_is_not_the_one_that_was_written_is_refused(source, first, tmp_path, folder, how):
    shutil.copytree(first, tmp_path / "first")
    victims = sorted(path for path in (tmp_path / "first" / folder).rglob("*") if path.is_file())
    victim = next(path for path in victims if folder != "done" or path.name.startswith("p1"))
    if how == "missing":
        victim.unlink()
    else:
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
    with pytest.raises(TaskError, match=rf"(?s){victim.stem}.*run without --reuse"):
        go(source, tmp_path / "run", {"tokens": None}, tmp_path / "first")
    assert not (tmp_path / "run" / "manifest.json").exists()


@pytest.mark.parametrize("victim", ["work/p1", "done"])
def test_fewer_phases_are_taken_over_where_a_file_or_record_of_the_last_is_gone(source, first, tmp_path, victim):
    shutil.copytree(first, tmp_path / "first")
    next(path for path in sorted((tmp_path / "first" / victim).rglob("p*")) if "p0" not in path.stem).unlink()
    go(source, tmp_path / "run", {"tokens": None}, tmp_path / "first")
    go(source, tmp_path / "scratch", {"tokens": None})
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")
    assert described(tmp_path / "run")["reused"]["phases"] == 1


def test_the_directory_goes_on_without_the_earlier_run_too(source, first, tmp_path):
    """Where a file of the earlier run is damaged, the run may do the rest itself."""
    shutil.copytree(first, tmp_path / "first")
    victim = sorted((tmp_path / "first" / "work" / "p1").iterdir())[1]
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(TaskError, match=victim.name):
        go(source, tmp_path / "run", {"tokens": None}, tmp_path / "first")
    go(source, tmp_path / "run", {"tokens": None})
    go(source, tmp_path / "scratch", {"tokens": None})
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")


def test_a_run_goes_on_only_with_what_it_began_with(source, first, tmp_path):
    with pytest.raises(Stopped):
        go(source, tmp_path / "run", {"tokens": None}, first, Listening(1))
    shutil.copytree(first, tmp_path / "other")
    with pytest.raises(OutputError, match="began with --reuse"):
        go(source, tmp_path / "run", {"tokens": None}, tmp_path / "other")
    with pytest.raises(Stopped):
        go(source, tmp_path / "plain", {"tokens": None}, progress=Listening(1))
    with pytest.raises(OutputError, match="began with no --reuse"):
        go(source, tmp_path / "plain", {"tokens": None}, first)
    with pytest.raises(OutputError, match="begun with keep"):
        go(source, tmp_path / "plain", {"tokens": None}, keep=["phases"])


class Died(BaseException):
    """Not caught by anything, like the death of the process."""


@pytest.mark.parametrize("again", [True, False])
def test_the_driver_may_die_at_any_file_and_go_on(source, first, tmp_path, monkeypatch, again):
    """With every small file that is written and every file that is taken, and then with --reuse or without."""
    changes = {"lines": {"chars_left": {"min": 500}}}
    go(source, tmp_path / "scratch", changes)
    for method in ("take", "write_bytes"):
        original, count, died = getattr(Store, method), 0, True
        while died:
            left = [count]

            def dying(self, *arguments, left=left, original=original):
                result = original(self, *arguments)
                if left[0] == 0:
                    raise Died
                left[0] -= 1
                return result

            shutil.rmtree(tmp_path / "run", ignore_errors=True)
            with monkeypatch.context() as patch:
                patch.setattr(Store, method, dying)
                try:
                    go(source, tmp_path / "run", changes, first)
                    died = False
                except Died:
                    count += 3
            go(source, tmp_path / "run", changes, first if again else None)
            assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch"), f"after death at {method} {count}"
        assert count >= 12


def test_a_file_that_is_lost_later_is_taken_again(source, first, tmp_path):
    with pytest.raises(Stopped):
        go(source, tmp_path / "run", {"tokens": None}, first, Listening(2))
    sorted((tmp_path / "run" / "work" / "p1").iterdir())[0].unlink()
    sorted((tmp_path / "run" / "stats").iterdir())[0].unlink()
    go(source, tmp_path / "run", {"tokens": None}, first)
    go(source, tmp_path / "scratch", {"tokens": None})
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")


def test_kill_9_while_phases_are_taken_over_changes_nothing(source, first, tmp_path):
    changes = ["--set", "steps.lines.chars_left.min=500"]
    written = tmp_path / "recipe.yaml"
    written.write_text(recipe(source).to_yaml())
    command = [sys.executable, "-m", "algok", "run", str(written), *changes, "--reuse", str(first), "--quiet"]
    command += ["-o", str(tmp_path / "run"), "--workers", "2"]
    for wait in ("stats/p0-000001.json", "stats/p1-000001.json", "stats/p2-000000.json"):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while process.poll() is None and not (tmp_path / "run" / wait).exists():
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, capture_output=True)
    go(source, tmp_path / "scratch", {"lines": {"chars_left": {"min": 500}}})
    assert {**outputs(tmp_path / "run"), "recipe.yaml": ""} == {**outputs(tmp_path / "scratch"), "recipe.yaml": ""}
    assert verify(Store(str(tmp_path / "run"))) == []


def test_ray_takes_over_the_same(source, first, tmp_path, ray_session):
    from algok.pipelines.executors.ray import RayExecutor

    go(source, tmp_path / "run", {"language": {}}, first, executor=RayExecutor())
    go(source, tmp_path / "scratch", {"language": {}})
    assert outputs(tmp_path / "run") == outputs(tmp_path / "scratch")
    assert taken(tmp_path / "run")
