"""The tutorial's code and commands, taken out of its page and run as a newcomer would."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def block(language: str, holds: str) -> str:
    """The one block of this language that holds a text."""
    (found,) = [code for code in re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL) if holds in code]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder beside a copy of the corpus that the page names."""
    made = tmp_path_factory.mktemp("tutorial") / "polite"
    made.mkdir()
    (made / "steps.py").write_text(block("python", "class Politeness"))
    (made / "test_steps.py").write_text(block("python", "check_step(Politeness)"))
    (made / "recipe.yaml").write_text(block("yaml", "extends: web"))
    shutil.copytree(ROOT / "demo" / "corpus", made.parent / "demo" / "corpus")
    return made


def shell(command: str, folder: Path) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{folder}:{ROOT}",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    done = subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_the_step_passes_the_tests_of_the_page(folder):
    assert "2 passed" in shell("python -m pytest -q -p no:cacheprovider", folder)


def test_the_commands_of_the_page_work(folder):
    commands = block("console", "algok recipe check").replace("$ ", "").splitlines()
    shown = [shell(command, folder) for command in commands if command.startswith(("algok", "echo"))]
    assert "polite_ratio" in shown[1]
    assert "politeness" in shown[2] and "kept" in shown[3]
