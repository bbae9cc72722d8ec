"""algok label: keys become rows that training reads, and the same command goes on where it ended."""

import json
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from conftest import prose, write_jsonl

from algok.cli import cli
from algok.errors import AlgokError
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute

HOSTILE = "\x1b[31m빨강\x1b[0m \u202e거꾸로\u202c \x07 <script>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("run")
    rows = [
        {"text": f"{prose(i)[: 200 + 40 * i]}\n{HOSTILE}", "url": f"https://h{i}.example.com/{i}"} for i in range(20)
    ]
    recipe = f"inputs: [{{path: {write_jsonl(root / 'in.jsonl', rows)}}}]\nsteps: {{quality: {{}}, style: {{}}}}"
    execute(recipe_from_text(recipe), str(root / "run"), make_executor("local", 0), SilentProgress())
    return root / "run"


def label(*arguments, keys: str = "", code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["label", *map(str, arguments)], input=keys)
    found = result.exception.exit_code if isinstance(result.exception, AlgokError) else result.exit_code
    assert found == code, (found, result.exception, result.output)
    return result.output if code == 0 else f"{result.output}{result.exception}"


def rows(path: Path) -> list[dict]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_keys_become_labels_and_the_same_command_goes_on(run, tmp_path):
    output = tmp_path / "labels.jsonl"
    shown = label(run, "-o", output, "--documents", 5, keys="y4n\r.")
    first = rows(output)
    assert [row["labels"] for row in first] == [{"keep": 1, "quality": 4}, {"keep": 0}]
    assert "2 documents, 2 of them labelled now; rubric rubric-" in shown and "1 of 5" in shown
    assert all(row["rubric"].startswith("rubric-") and row["host"].endswith("example.com") for row in first)
    label(run, "-o", output, "--documents", 3, keys="xy3z" + "n0" + "\r\r")
    after = rows(output)
    assert after[:2] == first and len({row["id"] for row in after}) == 5
    assert [row["labels"] for row in after[2:]] == [{"keep": 1, "quality": 3}, {"keep": 0, "quality": 0}, {}]


def test_one_can_go_back(run, tmp_path):
    output = tmp_path / "labels.jsonl"
    label(run, "-o", output, "--label", "keep", "--documents", 3, keys="yn<<nyy")
    assert [row["labels"]["keep"] for row in rows(output)] == [0, 1, 1]


def test_styles_and_domains_have_letters(run, tmp_path):
    output = tmp_path / "labels.jsonl"
    shown = label(run, "-o", output, "--label", "style", "--label", "domain", "--documents", 1, keys="ab")
    assert rows(output)[0]["labels"] == {"style": "article", "domain": "history"} and "b=tutorial" in shown


def test_text_that_could_steer_a_terminal_is_made_visible(run, tmp_path):
    shown = label(run, "-o", tmp_path / "a.jsonl", "--documents", 1, keys="/?.")
    assert (
        "\\u001b[31m빨강" in shown and "\\u202e거꾸로" in shown and "\x1b[31m빨강" not in shown and "\x07" not in shown
    )
    assert "what a label means" in shown and not (tmp_path / "a.jsonl").exists()


def test_a_rubric_of_one_s_own_is_named_in_every_row(run, tmp_path):
    (tmp_path / "ours.md").write_text("keep: what we like\x1b[2J", "utf-8")
    shown = label(run, "-o", tmp_path / "a.jsonl", "--rubric", tmp_path / "ours.md", "--documents", 1, keys="?y3")
    assert rows(tmp_path / "a.jsonl")[0]["rubric"].startswith("ours-") and "what we like\\u001b[2J" in shown


def test_another_file_is_not_written_over(run, tmp_path):
    other = write_jsonl(tmp_path / "other.jsonl", [{"text": "글"}])
    assert "not written by algok label" in label(run, "-o", other, code=3) and rows(other) == [{"text": "글"}]
    assert "no run directory" in label(tmp_path, "-o", tmp_path / "x.jsonl", code=3)


def test_the_rows_are_what_training_and_evaluation_read(run, tmp_path):
    pytest.importorskip("sklearn", reason="needs the extra train")
    output = tmp_path / "labels.jsonl"
    label(run, "-o", output, "--documents", 20, keys="y4n1" * 10)
    result = CliRunner().invoke(
        cli, ["train", "quality", str(output), "-o", str(tmp_path / "m"), "--folds", "2", "--json"]
    )
    manifest = json.loads(result.stdout)
    assert result.exit_code == 0 and manifest["metrics"]["cross-validation over groups"]["groups"] == 20
    measured = CliRunner().invoke(cli, ["evaluate", str(output), "--model", f"quality={tmp_path / 'm'}", "--json"])
    assert json.loads(measured.stdout)["documents"] == 20


def test_without_a_terminal_it_says_that_it_needs_one(run, tmp_path):
    command = [sys.executable, "-m", "algok", "label", str(run), "-o", str(tmp_path / "labels.jsonl")]
    ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True)
    assert ended.returncode == 2 and "run it in a terminal" in ended.stderr
