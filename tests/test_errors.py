"""The exit codes are a contract with scripts: the docstring's table, the classes and the help text agree."""

import re
import subprocess
import sys

import pytest

from algok import errors
from algok.cli import cli


def classes() -> dict[str, int]:
    found = {name: value for name, value in vars(errors).items() if isinstance(value, type)}
    return {name: cls.exit_code for name, cls in found.items() if issubclass(cls, errors.AlgokError)}


def test_the_table_names_every_error_with_its_code():
    table = {name: int(code) for name, code in re.findall(r"(\w+Error) +(\d+) ", errors.__doc__)}
    assert table == classes()
    assert len(set(table.values())) == len(table)


def test_the_help_lists_every_code():
    assert {int(code) for code in re.findall(r"\b([1-9])\b", cli.help)} == set(classes().values())


@pytest.mark.parametrize("name", ["RecipeError", "VerifyError"])
def test_all_are_caught_as_one(name):
    with pytest.raises(errors.AlgokError):
        raise getattr(errors, name)("why")


def test_an_error_of_the_file_system_is_a_message_and_not_a_traceback(tmp_path):
    (tmp_path / "run.json").mkdir()
    (tmp_path / "manifest.json").mkdir()
    shown = subprocess.run(
        [sys.executable, "-m", "algok", "stats", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert shown.returncode == 1
    assert shown.stderr.startswith("algok: ") and "Traceback" not in shown.stderr
