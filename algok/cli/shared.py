"""Options and output that several commands share."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

import click
import orjson

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object for scripts.")
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a recipe key, e.g. steps.heuristics.hangul_ratio.min=0.4. Repeatable.",
)

text_option = click.option(
    "--text",
    metavar="COLUMN",
    help="Column of the input that holds the text, if it is not called text; dots reach into objects, [] into lists.",
)


def input_options(command: Callable) -> Callable:
    """--input, --source, --text, --ocr and --output of the commands that take a recipe."""
    return _decorated(
        command,
        click.option(
            "--input", "inputs", multiple=True, help="Input path, glob or URL; replaces the recipe's. Repeatable."
        ),
        click.option("--source", help="Source label of every --input (chooses the profile's bounds)."),
        text_option,
        click.option(
            "--ocr", metavar="FILE", help="Texts that an OCR found on pages of the --input's PDFs: Parquet or JSONL."
        ),
        click.option("--output", "-o", help="Run directory; replaces the recipe's."),
    )


def _set_log_format(context: click.Context, option: click.Parameter, value: str) -> None:
    from algok.pipelines.progress import log_json

    log_json(value == "json")


def say(text: str, prefix: str = "algok: note: ") -> None:
    """A word to whoever watches, on stderr; a line of text has the prefix before it."""
    from algok.pipelines.progress import logs_json, write_json

    if logs_json():
        write_json("note", {"message": text})
    else:
        click.echo(f"{prefix}{text}", err=True)


def execution_options(command: Callable) -> Callable:
    """--set, --executor, --workers, --address, --quiet, --log-format and --json of the commands that run a recipe."""
    return _decorated(
        command,
        set_option,
        click.option("--executor", type=click.Choice(["local", "ray"]), default="local", show_default=True),
        click.option(
            "--workers", type=click.IntRange(0), help="Parallel tasks [default: all cores; 0: inside this process]."
        ),
        click.option("--address", help="Ray cluster to join; without it a local Ray is started. Env: RAY_ADDRESS."),
        click.option("--quiet", is_flag=True, help="No progress."),
        click.option(
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            expose_value=False,
            is_eager=True,
            callback=_set_log_format,
            help="What stderr gets; json: an object a line, for what collects logs.",
        ),
        json_option,
    )


def labelled_options(command: Callable) -> Callable:
    """--recipe, --set, --source, --field, --group and --part of the commands that read labelled files."""
    return _decorated(
        command,
        click.option("--recipe", default="web", show_default=True, help="YAML file or carried recipe."),
        set_option,
        click.option(
            "--source", help="Source label of every document; replaces the rows' (chooses the profile's bounds)."
        ),
        click.option(
            "--field",
            "fields",
            multiple=True,
            metavar="LABEL=FIELD",
            help="Where rows have keep, quality, toxicity, domain or style [default: labels.LABEL, then meta.LABEL].",
        ),
        click.option("--group", metavar="FIELD", help="What splits go by [default: the first of group, host, source]."),
        click.option(
            "--part",
            type=click.Choice(["all", "dev", "held-out"]),
            default="all",
            show_default=True,
            help="held-out: groups whose SHA-256 begins with a byte of 154 or more, about 40 %; dev: the others.",
        ),
    )


def pairs(values: tuple[str, ...], option: str, known: Iterable[str] | None = None) -> dict[str, str]:
    """KEY=VALUE options as a dictionary; a usage error for anything else, or for an unknown key (None: any key)."""
    return {key: given[-1] for key, given in lists(values, option, known).items()}


def lists(values: tuple[str, ...], option: str, known: Iterable[str] | None = None) -> dict[str, list[str]]:
    """The same where a key may be given several times: all its values, in order."""
    found: dict[str, list[str]] = {}
    for value in values:
        key, separator, rest = value.partition("=")
        if not separator or not rest or (known is not None and key not in known):
            keys = f" with a key of {', '.join(known)}" if known is not None else ""
            raise click.UsageError(f"{option} '{value}': expected KEY=VALUE{keys}")
        found.setdefault(key, []).append(rest)
    return found


def _decorated(command: Callable, *options: Callable) -> Callable:
    """The command with options that `--help` lists in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def print_json(data: Any) -> None:
    click.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode())


def printable(text: str) -> str:
    """Text whose control and direction characters are escaped: what comes from data must not steer a terminal."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def print_table(columns: list[str], rows: Iterable[Iterable[Any]], title: str | None = None, err: bool = False) -> None:
    """A plain table on stdout (or stderr); every column but the first is set right where it holds numbers."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    rows = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for index, name in enumerate(columns):
        numeric = index > 0 and all(isinstance(row[index], int | float) or row[index] is None for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row))
    out = sys.stderr if err else sys.stdout
    Console(file=out, width=None if out.isatty() else 140).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return printable(str(value))
