"""The driver's own crash windows, one after the other; whole runs under random kills are in test_end_to_end."""

import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import outputs, prose, write_jsonl

from algok.pipelines import account, run
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe, recipe_from_text
from algok.pipelines.storage import Store


def go(source, output):
    recipe = load_recipe("web", inputs=[{"path": str(source)}])
    return run.execute(recipe, str(output), make_executor("local", 0), SilentProgress())


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("driver")
    for part in range(2):
        write_jsonl(folder / "in" / f"{part}.jsonl", [{"text": prose(part * 8 + i)} for i in range(9)])
    go(folder / "in", folder / "run")
    return folder / "in", outputs(folder / "run")


class Died(BaseException):
    """Not caught by anything, like the death of the process."""


def deaths(expected, tmp_path, monkeypatch, method: str, before: bool) -> int:
    """Lets the driver die at every call of a Store method in turn, resuming after each; how many there were."""
    source, wanted = expected
    original, count = getattr(Store, method), 0
    while True:
        left = [count]

        def dying(self, *arguments, left=left):
            if left[0] == 0 and before:
                raise Died
            result = original(self, *arguments)
            if left[0] == 0:
                raise Died
            left[0] -= 1
            return result

        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        with monkeypatch.context() as patch:
            patch.setattr(Store, method, dying)
            try:
                go(source, tmp_path / "run")
                return count
            except Died:
                count += 1
        go(source, tmp_path / "run")
        assert outputs(tmp_path / "run") == wanted, f"after death at call {count} of {method}"
        assert not (tmp_path / "run" / "work").exists()


@pytest.mark.parametrize("before", [True, False])
def test_the_driver_may_die_around_every_removal(expected, tmp_path, monkeypatch, before):
    assert deaths(expected, tmp_path, monkeypatch, "remove", before) >= 4


def test_the_driver_may_die_after_every_small_file(expected, tmp_path, monkeypatch):
    """Plan, recipe, done records, corpus.json, statistics, card, manifest."""
    assert deaths(expected, tmp_path, monkeypatch, "write_bytes", False) >= 12


def test_a_run_that_died_before_its_manifest_is_not_verified_as_finished(expected, tmp_path, monkeypatch):
    def die(*_):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(account, "_manifest", die)
        with pytest.raises(Died):
            go(expected[0], tmp_path / "run")
    assert not (tmp_path / "run" / "manifest.json").exists()
    go(expected[0], tmp_path / "run")
    assert verify(Store(str(tmp_path / "run"))) == []


def test_an_interrupt_is_a_message_and_exit_code_130(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(i)} for i in range(3000)])
    arguments = ["run", "web", "--input", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "run"), "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "algok", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background shell hands it down as ignored
    )
    while not (tmp_path / "run" / "work").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, printed = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in printed and "Traceback" not in printed
    assert not (tmp_path / "run" / "manifest.json").exists()


def test_a_batch_may_be_dropped_as_a_whole_before_its_tokens_are_counted(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": "짧은 글"}, {"text": "또 하나"}])
    text = f"inputs: [{{path: {tmp_path / 'in.jsonl'}}}]\nsteps: {{dedup: {{}}, heuristics: {{}}, tokens: {{}}}}\n"
    executor = make_executor("local", 0)
    run.execute(recipe_from_text(text), str(tmp_path / "run"), executor, SilentProgress())
    assert verify(Store(str(tmp_path / "run"))) == []
