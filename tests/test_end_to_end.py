"""Whole runs: the same bytes from every executor and worker count, after crashes too, and an account that adds up."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from conftest import DEMO, outputs, prose, write_jsonl

from algok.errors import BudgetError, OutputError, TaskError
from algok.pipelines.account import verify
from algok.pipelines.executors import Outcome, make_executor
from algok.pipelines.executors.ray import RayExecutor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.storage import Store


def run(corpus: Path, output: Path, executor=None, *overrides: str, **keys):
    recipe = load_recipe("web", list(overrides), inputs=[{"path": str(corpus), "source": "web"}], **keys)
    executor = executor or make_executor("local", 0)
    try:
        return execute(recipe, str(output), executor, SilentProgress())
    finally:
        executor.close()


def read(output: Path, folder: str) -> list[dict]:
    return [row for path in sorted((output / folder).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def command(corpus: Path, output: Path, *options: str) -> list[str]:
    arguments = ["run", "web", "--input", str(corpus), "--source", "web", "-o", str(output), "--quiet", *options]
    return [sys.executable, "-m", "algok", *arguments]


@pytest.fixture(scope="module")
def reference(tmp_path_factory) -> tuple[Path, Path]:
    """A larger corpus (so that a kill meets work) in eight files, and its run inside this process."""
    folder = tmp_path_factory.mktemp("reference")
    for part in range(8):
        rows = [{"text": prose(part * 50 + row), "url": f"https://site{part}.example.com/{row}"} for row in range(50)]
        rows += [{"text": prose(part * 50 - 3)}] if part else []
        write_jsonl(folder / "corpus" / f"part{part}.jsonl", rows)
    with (folder / "corpus" / "part7.jsonl").open("ab") as file:
        file.write(b'{"text": "broken\n')
    run(folder / "corpus", folder / "run")
    return folder / "corpus", folder / "run"


def test_every_document_is_kept_dropped_or_quarantined(corpus, tmp_path):
    run(corpus, tmp_path / "run")
    kept, dropped, quarantined = (read(tmp_path / "run", name) for name in ("kept", "dropped", "quarantine"))
    assert len(kept) + len(dropped) == 121 and len(quarantined) == 1
    assert [row["verdict.signal"] for row in dropped] == ["duplicate_rank"]
    assert dropped[0]["dedup.duplicate_of"] in {row["id"] for row in kept}
    assert quarantined[0]["reason"] == "json"
    assert verify(Store(str(tmp_path / "run"))) == []
    assert not (tmp_path / "run" / "work").exists()


def test_local_workers_give_the_same_bytes(reference, tmp_path):
    corpus, expected = reference
    run(corpus, tmp_path / "two", make_executor("local", 2))
    assert outputs(tmp_path / "two") == outputs(expected)


def test_ray_gives_the_same_bytes(reference, tmp_path, ray_session):
    corpus, expected = reference
    run(corpus, tmp_path / "ray", RayExecutor())
    assert outputs(tmp_path / "ray") == outputs(expected)


def test_splitting_changes_no_document(reference, tmp_path):
    corpus, expected = reference
    run(corpus, tmp_path / "split", None, "split_bytes=20000")
    for folder in ("kept", "dropped"):
        assert read(tmp_path / "split", folder) == read(expected, folder)


def test_a_corpus_that_moved_gives_the_same_bytes(reference, tmp_path):
    corpus, expected = reference
    shutil.copytree(corpus, tmp_path / "elsewhere" / "renamed")
    run(tmp_path / "elsewhere" / "renamed", tmp_path / "run")
    moved, original = outputs(tmp_path / "run"), outputs(expected)
    for name in ("recipe.yaml", "manifest.json"):  # they name the input's path, and a digest over it
        assert moved.pop(name) != original.pop(name)
    assert moved == original


def test_a_finished_run_is_left_alone_and_other_recipes_or_inputs_are_refused(corpus, tmp_path):
    assert run(corpus, tmp_path / "run").fresh
    before = outputs(tmp_path / "run")
    assert not run(corpus, tmp_path / "run").fresh
    with pytest.raises(OutputError, match=r"another recipe[^\n]*\n  steps.dedup.threshold: 0.75 → 0.9\n"):
        run(corpus, tmp_path / "run", None, "steps.dedup.threshold=0.9")
    (corpus / "part0.jsonl").write_text('{"text": "다른 글"}\n')
    with pytest.raises(OutputError, match=r"inputs have changed[^\n]*\n  rewritten: part0.jsonl"):
        run(corpus, tmp_path / "run")
    assert outputs(tmp_path / "run") == before


def test_a_foreign_directory_is_refused(corpus, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.doc").write_text("mine")
    with pytest.raises(OutputError, match="not a run directory"):
        run(corpus, tmp_path / "run")


def test_an_output_inside_an_input_folder_is_refused(corpus):
    with pytest.raises(OutputError, match="lies inside the input"):
        run(corpus, corpus / "run")
    assert not (corpus / "run").exists()


def test_two_drivers_do_not_share_a_directory(corpus, tmp_path):
    import fcntl

    (tmp_path / "run").mkdir()
    with (tmp_path / "run" / "run.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(OutputError, match="another algok run"):
            run(corpus, tmp_path / "run")


def test_the_error_budget_stops_a_run_that_reads_rubbish(tmp_path):
    (tmp_path / "bad.jsonl").write_bytes(b"rubbish\n" * 100 + orjson.dumps({"text": prose(1)}) + b"\n")
    with pytest.raises(BudgetError, match="100 of 101 records"):
        run(tmp_path / "bad.jsonl", tmp_path / "run")
    assert run(tmp_path / "bad.jsonl", tmp_path / "other", None, "error_budget=1").fresh


def test_documents_of_an_earlier_corpus_win_and_are_not_written(corpus, tmp_path):
    write_jsonl(tmp_path / "new.jsonl", [{"text": prose(5)}, {"text": prose(5000)}])
    run(tmp_path / "new.jsonl", tmp_path / "run", against=[{"path": str(corpus)}])
    kept, dropped = read(tmp_path / "run", "kept"), read(tmp_path / "run", "dropped")
    assert [row["text"] for row in kept] == [prose(5000)]
    assert [row["verdict.step"] for row in dropped] == ["dedup"]
    assert verify(Store(str(tmp_path / "run"))) == []


def test_an_earlier_run_is_an_earlier_corpus(corpus, tmp_path):
    run(corpus, tmp_path / "first")
    run(corpus, tmp_path / "second", against=[{"path": str(tmp_path / "first" / "kept")}])
    assert read(tmp_path / "second", "kept") == []


def test_step_order_is_free(corpus, tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("steps:\n  lines: {}\n  repair: {}\n  dedup: {}\n  heuristics: {}\n")
    loaded = load_recipe(str(recipe), inputs=[{"path": str(corpus)}])
    execute(loaded, str(tmp_path / "run"), make_executor("local", 0), SilentProgress())
    assert verify(Store(str(tmp_path / "run"))) == []
    assert len(read(tmp_path / "run", "kept")) == 120


def test_a_run_may_have_no_corpus_step(corpus, tmp_path):
    run(corpus, tmp_path / "run", None, "steps.dedup=null", "steps.lines=null")
    assert len(read(tmp_path / "run", "kept")) == 121
    assert verify(Store(str(tmp_path / "run"))) == []


def test_verify_finds_every_kind_of_damage(corpus, tmp_path):
    run(corpus, tmp_path / "run")
    kept = sorted((tmp_path / "run" / "kept").glob("*"))
    kept[0].write_bytes(kept[0].read_bytes()[:-9] + b"x" * 9)
    kept[1].unlink()
    (tmp_path / "run" / "dropped" / "stray.parquet").write_bytes(b"")
    problems = "\n".join(verify(Store(str(tmp_path / "run"))))
    assert "SHA-256" in problems and "missing" in problems and "not in the manifest" in problems


def test_verify_finds_a_lost_document(corpus, tmp_path):
    run(corpus, tmp_path / "run")
    stats = next((tmp_path / "run" / "stats").glob("p1-000000.json"))
    data = orjson.loads(stats.read_bytes())
    data["steps"]["heuristics"]["documents"] -= 1
    stats.write_bytes(orjson.dumps(data))
    assert any("were left before it" in problem for problem in verify(Store(str(tmp_path / "run"))))


def test_a_read_only_output_is_named(corpus, tmp_path):
    if os.geteuid() == 0:
        target = Path("/proc/algok-run")  # root may write anywhere but there
    else:
        (tmp_path / "locked").mkdir(mode=0o500)
        target = tmp_path / "locked" / "run"
    with pytest.raises(OutputError, match="cannot be written"):
        run(corpus, target)


def test_a_full_disk_ends_the_run_with_a_clear_message_and_the_run_resumes(reference, tmp_path):
    """A file-size limit stands in for the full disk: the same write fails, and nothing half-written may stay visible."""
    corpus, expected = reference
    limited = [
        "bash",
        "-c",
        'trap "" XFSZ; ulimit -f 40; exec "$@"',
        "-",
        *command(corpus, tmp_path / "run", "--workers", "0"),
    ]
    failed = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert failed.returncode == 5, failed.stderr
    assert "File too large" in failed.stderr
    assert not list((tmp_path / "run").rglob("*.tmp"))
    subprocess.run(command(corpus, tmp_path / "run", "--workers", "0"), check=True, capture_output=True)
    assert outputs(tmp_path / "run") == outputs(expected)


def test_kill_9_of_the_driver_at_any_point_changes_nothing(reference, tmp_path):
    """Five deaths, each later than the one before, so that every phase is met; then the run may end."""
    corpus, expected = reference
    randomly = random.Random(7)
    for death in range(5):
        process = subprocess.Popen(command(corpus, tmp_path / "run", "--workers", "2"), stdout=subprocess.DEVNULL)
        try:
            process.wait(timeout=randomly.uniform(1, 2) + death)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(command(corpus, tmp_path / "run", "--workers", "2"), check=True, capture_output=True)
    assert outputs(tmp_path / "run") == outputs(expected)
    assert verify(Store(str(tmp_path / "run"))) == []


def test_kill_9_of_workers_changes_nothing(reference, tmp_path):
    corpus, expected = reference
    process = subprocess.Popen(command(corpus, tmp_path / "run", "--workers", "2"), stdout=subprocess.DEVNULL)
    killed = 0
    while process.poll() is None and killed < 4:
        time.sleep(0.7)
        for worker in children(process.pid)[:1]:
            os.kill(worker, signal.SIGKILL)
            killed += 1
    assert process.wait() == 0 and killed
    assert outputs(tmp_path / "run") == outputs(expected)


def test_a_record_that_keeps_killing_workers_ends_in_quarantine(tmp_path):
    """Its strikes are put where three dead workers would have left them."""
    corpus = DEMO / "corpus" / "news.warc.gz"
    run(corpus, tmp_path / "whole")
    victim = read(tmp_path / "whole", "kept")[2]
    with pytest.raises(TaskError):
        run(corpus, tmp_path / "run", Failing())
    guard = tmp_path / "run" / "work" / "guard"
    guard.mkdir(parents=True)
    (guard / "p0-000000.json").write_bytes(orjson.dumps({str(victim["offset"]): 3}))
    run(corpus, tmp_path / "run")
    crashed = [row for row in read(tmp_path / "run", "quarantine") if row["reason"] == "crashed"]
    assert [row["offset"] for row in crashed] == [victim["offset"]]
    assert victim["id"] not in {row["id"] for row in read(tmp_path / "run", "kept")}
    assert verify(Store(str(tmp_path / "run"))) == []


def test_a_failed_task_is_named_and_the_others_are_done(reference, tmp_path):
    with pytest.raises(TaskError, match=r"8 task\(s\) failed(?s:.*)p0-000000: out of luck") as error:
        run(reference[0], tmp_path / "run", Failing())
    assert "run the same command again" in str(error.value)


class Failing:
    """An executor on a machine where nothing works."""

    name = "local"

    def run(self, root, tasks, progress):
        yield from (Outcome(task, "out of luck") for task in tasks)

    def close(self): ...


def children(pid: int) -> list[int]:
    """Worker processes of a driver (the multiprocessing resource tracker is not one)."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
            arguments = (path / "cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid and b"spawn_main" in arguments:
            found.append(int(path.name))
    return found
