"""Writes the `--help` of every command into docs/cli.md, between its markers. Run after changing an option."""

import re
from pathlib import Path

import click

from algok.cli import cli

DOCS = Path(__file__).resolve().parents[1] / "docs" / "cli.md"


def commands() -> list[tuple[str, ...]]:
    """Every command and subcommand that does something, as words after `algok`."""
    found = []
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if isinstance(command, click.Group):
            found += [(name, sub) for sub in command.commands]
        else:
            found.append((name,))
    return found


def help_block(words: tuple[str, ...]) -> str:
    """A fenced block with what `algok … --help` prints."""
    command, name = cli, "algok"
    for word in words:
        command = command.get_command(click.Context(command), word)
        name += f" {word}"
    settings = {**cli.context_settings, "max_content_width": 110, "terminal_width": 110}
    with click.Context(command, info_name=name, **settings) as context:
        return f"```text\n$ {name} --help\n{command.get_help(context)}\n```"


def main() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for words in commands():
        pattern = rf"```text\n\$ algok {' '.join(words)} --help\n(?:(?!```).*\n)*```"
        if not re.search(pattern, text):
            raise SystemExit(f"docs/cli.md has no help block of: algok {' '.join(words)}")
        text = re.sub(pattern, lambda _, words=words: help_block(words), text, count=1)
    DOCS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
