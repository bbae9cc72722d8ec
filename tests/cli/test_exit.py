"""How processes end: with their exit code, whatever Arrow's threads still do."""

import os
import subprocess
import sys

import pytest
from conftest import prose, write_jsonl

from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute

# The suite shows that nothing is broken; ALGOK_EXITS=500 repeats what docs/operations.md says.
EXITS = int(os.environ.get("ALGOK_EXITS", "6"))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exit")
    for part in range(4):
        path = write_jsonl(folder / "in" / f"{part}.jsonl", [{"text": prose(part * 5 + i)} for i in range(5)])
        with path.open("ab") as file:
            file.write(b"rubbish\n")
    text = f"inputs: [{{path: '{folder / 'in'}'}}]\nerror_budget: 1\nsteps: {{heuristics: {{}}}}\n"
    execute(recipe_from_text(text), str(folder / "run"), make_executor("local", 0), SilentProgress())
    return folder / "run"


def test_verify_always_ends_well(finished):
    """Several at once, since a busy machine is what Arrow's threads are late on."""
    command = [sys.executable, "-m", "algok", "verify", str(finished)]
    for _ in range(0, EXITS, 3):
        running = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
        ]
        for process in running:
            said, complained = process.communicate(timeout=120)
            assert (process.returncode, complained) == (0, "") and "accounted for" in said


def test_what_was_said_arrives_before_the_process_ends(finished):
    for target in ("file", "pipe"):
        command = f"{sys.executable} -m algok stats {finished} --json"
        text = command + (" | cat" if target == "pipe" else f" > {finished.parent}/out; cat {finished.parent}/out")
        shown = subprocess.run(["sh", "-c", text], capture_output=True, text=True, check=True).stdout
        assert shown.startswith("{") and shown.rstrip().endswith("}")


def test_a_reader_that_leaves_is_no_traceback(finished):
    text = f"{sys.executable} -m algok stats {finished} --json | true"
    shown = subprocess.run(
        ["bash", "-c", f"{text}; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=True
    )
    assert "Traceback" not in shown.stderr and "Exception" not in shown.stderr
    assert shown.stdout.strip() in ("0", "1", "141")
