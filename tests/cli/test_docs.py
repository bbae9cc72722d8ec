"""docs/cli.md says what `--help` says, and has an example of every command."""

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import cli_docs

TEXT = cli_docs.DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("command", cli_docs.commands(), ids=" ".join)
def test_help_in_the_docs_is_current(command):
    assert cli_docs.help_block(command) in TEXT, "run: python tools/cli_docs.py"


@pytest.mark.parametrize("command", cli_docs.commands(), ids=" ".join)
def test_every_command_has_an_example(command):
    name = " ".join(["algok", *command])
    assert re.search(rf"^\$ {name}(?! --help)( |$)", TEXT, re.MULTILINE), f"docs/cli.md has no example of {name}"
