"""The example package of the docs, installed with pip beside algok: local and Ray runs, its version in run.json."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "docs" / "example-plugin"
SUBTITLES = (
    "1\n00:00:01,000 --> 00:00:02,500\n어디 가세요?\n\n2\n00:00:03,000 --> 00:00:05,000\n학교에 가요.\n금방 와요.\n"
)


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """An environment in which the package is installed, in a folder of its own."""
    target, copy = tmp_path_factory.mktemp("installed"), tmp_path_factory.mktemp("source") / "example"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "algok_example"):
        os.symlink(PACKAGE / name, copy / name)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--no-index"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", target, copy], check=True)
    return {**os.environ, "PYTHONPATH": os.pathsep.join((str(target), str(ROOT)))}


@pytest.fixture
def recipe(tmp_path) -> Path:
    rows = [{"text": prose(number)} for number in range(30)]
    rows += [{"text": "안녕하세요. 반갑습니다. 어디에서 오셨습니까? 같이 가요!"}] * 3
    write_jsonl(tmp_path / "in" / "a.jsonl", rows)
    (tmp_path / "in" / "film.srt").write_text(SUBTITLES)
    path = tmp_path / "mine.yaml"
    path.write_text(
        f"name: mine\ninputs: [{{path: {tmp_path / 'in'}}}]\nsteps:\n  politeness: {{polite_ratio: {{max: 0.5}}}}\n"
    )
    return path


def algok(environment, *arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "algok", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def rows(run: Path, folder: str) -> list[dict]:
    return [row for file in sorted((run / folder).glob("*.parquet")) for row in pq.read_table(file).to_pylist()]


def test_local_and_ray_give_the_same_bytes(environment, recipe, tmp_path):
    runs = {}
    for executor in ("local", "ray"):
        runs[executor] = tmp_path / executor
        done = algok(environment, "run", recipe, "-o", runs[executor], "--executor", executor, "--workers", "2")
        assert done.returncode == 0, done.stderr
    kept = rows(runs["local"], "kept")
    assert len(kept) == 30 and all(row["politeness.sentences"] > 3 for row in kept)
    assert [row["verdict.signal"] for row in rows(runs["local"], "dropped")] == ["polite_ratio"] * 4
    for file in sorted((runs["local"] / "kept").iterdir()) + sorted((runs["local"] / "dropped").iterdir()):
        assert file.read_bytes() == (runs["ray"] / file.relative_to(runs["local"])).read_bytes()
    recorded = orjson.loads((runs["local"] / "run.json").read_bytes())
    assert recorded["steps"]["politeness"] == {"version": 1, "distribution": "algok-example 1.2.0"}
    assert recorded["readers"] == {"subtitles": "algok-example 1.2.0"}


def test_a_step_by_its_place_and_without_its_package(environment, recipe, tmp_path):
    recipe.write_text(recipe.read_text().replace("politeness:", "algok_example.politeness:Politeness:"))
    assert algok(environment, "recipe", "show", recipe).returncode == 0
    bare = {**environment, "PYTHONPATH": str(ROOT)}
    refused = algok(bare, "recipe", "show", recipe)
    assert refused.returncode == 2 and "algok_example" in refused.stderr and "install it" in refused.stderr


def test_the_tests_of_the_example_pass(environment):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PACKAGE / "tests")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=ROOT / "docs")
    assert done.returncode == 0, done.stdout
