"""How commands fail: exit codes, one JSON object for scripts, signals, and a word where nothing came out."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from conftest import prose, write_jsonl

from algok.errors import RecipeError
from algok.pipelines.recipe import recipe_from_text


def start(*arguments: str, **options) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-m", "algok", *arguments], **{**pipes, **options})


def run(*arguments: str, code: int, stdin: str = "") -> tuple[str, str]:
    process = start(*arguments, stdin=subprocess.PIPE)
    out, err = process.communicate(stdin)
    assert process.returncode == code, err
    return out, err


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["recipe", "check", "nothing.yaml", "--json"], 2, "RecipeError"),
        (["run", "web", "--input", "nothing", "-o", "run", "--json"], 3, "InputError"),
        (["stats", "nothing", "--json"], 3, "InputError"),
        (["stats", "--wrong", "--json"], 2, "NoSuchOption"),
        (["models", "show", "nothing", "--json"], 8, "ModelError"),
    ],
)
def test_a_failure_with_json_is_one_object_on_standard_output(arguments, code, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out, err = run(*arguments, code=code)
    found = json.loads(out)
    assert (found["ok"], found["error"], found["exit_code"]) == (False, error, code)
    assert found["message"] and found["message"].splitlines()[0] in err


def test_a_run_that_does_not_add_up_is_one_object_too(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(1)}])
    run("clean", str(tmp_path / "in.jsonl"), str(tmp_path / "run"), "--workers", "0", "--quiet", code=0)
    (kept,) = (tmp_path / "run" / "kept").iterdir()
    kept.write_bytes(kept.read_bytes()[:-4] + b"PAR2")
    out, _ = run("verify", str(tmp_path / "run"), "--json", code=7)
    assert json.loads(out)["ok"] is False and "SHA-256" in json.loads(out)["problems"][0]


@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGTERM, 143, "SIGTERM"), (signal.SIGINT, 130, "interrupted")]
)
def test_a_signal_is_answered_with_a_word_and_its_code_and_clears_up(tmp_path, number, code, word):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = start("clean", "-", str(tmp_path / "out.jsonl"), "--json", stdin=subprocess.PIPE, env=environment)
    while process.poll() is None and not begun(process.pid):
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code and word in err and "Traceback" not in err
    assert json.loads(out)["exit_code"] == code
    assert list(tmp_path.iterdir()) == []


def begun(pid: int) -> bool:
    """Whether a command has put its standard input on disk, that is, waits for more of it."""
    try:
        return any("/stdin" in os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd"))
    except FileNotFoundError:  # a descriptor that was closed meanwhile; look again
        return False


def test_empty_inputs_and_runs_that_keep_nothing_say_so(tmp_path):
    (tmp_path / "empty.jsonl").touch()
    write_jsonl(tmp_path / "short.jsonl", [{"text": "짧은 글"}])
    options = ("--workers", "0", "--quiet")
    _, err = run("clean", str(tmp_path / "empty.jsonl"), str(tmp_path / "run"), *options, code=0)
    assert "the inputs are empty" in err
    out, err = run("clean", "-", "-", *options, code=0)
    assert out == "" and "the inputs are empty" in err
    _, err = run("clean", str(tmp_path / "short.jsonl"), "-", *options, code=0)
    assert "none of 1 documents is kept" in err


def test_problems_of_a_recipe_stand_in_the_order_of_its_lines():
    text = "nome: x\nsteps:\n  repair: {x: 1}\n  nothing: {}\n  pii: {y: 2}\nlimits: {z: 3}\nprofiles: {law: {q: {}}}\nmode: no\n"
    with pytest.raises(RecipeError) as caught:
        recipe_from_text(text, overrides=["steps.toxicity.w=1"])
    places = [problem.split(": ")[0] for problem in str(caught.value).splitlines()]
    assert places == [*(f"recipe.yaml:{line}" for line in (1, 3, 4, 5, 6, 7, 8)), "--set steps.toxicity.w=1"]


def test_with_json_logs_every_line_on_stderr_is_an_object(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(number)} for number in range(4)])
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("steps: {dedup: {}, heuristics: {}}\n")
    arguments = ("--input", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "run"), "--workers", "0")
    out, err = run("run", str(recipe), *arguments, "--log-format", "json", code=0)
    lines = [json.loads(line) for line in err.splitlines()]
    assert {"time", "level", "event"} <= set(lines[0]) and "kept documents" in out
    ended = [line for line in lines if line["event"] == "stage_ended"]
    assert ended and all(line["share"] == 1 and line["tasks_done"] == line["tasks"] for line in ended)
    assert sum(line["documents"] for line in ended) >= 4


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["run", "nothing.yaml", "--log-format", "json"], "RecipeError"),
        (["run", "web", "--log-format", "json", "--wrong"], "NoSuchOption"),
    ],
)
def test_a_failure_with_json_logs_is_an_object_too(arguments, error):
    _, err = run(*arguments, code=2)
    found = json.loads(err.splitlines()[-1])
    assert (found["event"], found["level"], found["error"], found["exit_code"]) == ("failed", "error", error, 2)


def test_a_port_that_is_taken_is_said_before_anything_runs(tmp_path):
    pytest.importorskip("uvicorn")
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(1)}])
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ("--input", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "run"), "--metrics-port", port)
        _, err = run("run", "web", *arguments, code=1)
    assert f"--metrics-port {port}" in err and "choose another" in err and not (tmp_path / "run").exists()
