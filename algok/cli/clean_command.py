"""algok clean: one source, no recipe."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from algok.cli.run_command import Request, account_rows, execute_request, print_steps, run_recipe
from algok.cli.shared import execution_options, print_json, text_option

_FORMATS = ("jsonl", "txt", "csv", "tsv", "parquet")


@click.command("clean")
@click.argument("input_path", metavar="INPUT")
@click.argument("output")
@click.option("--source", default="web", show_default=True, help="What the input is: its recipe and bounds are used.")
@text_option
@click.option("--format", "input_format", help="Format of INPUT [default: by its name and its first bytes].")
@click.option(
    "--to",
    type=click.Choice(_FORMATS),
    help="Format of OUTPUT, where it is a file [default: by its name; jsonl for -].",
)
@click.option(
    "--account",
    metavar="DIR",
    help="Keep the run directory of an OUTPUT that is a file: what was dropped and why, quarantine, figures. With it the "
    "same command resumes.",
)
@execution_options
def command(input_path, output, to, account, **options) -> None:
    """Clean INPUT (a file, directory, glob or URL, or - for standard input) into OUTPUT.

    OUTPUT is a file where its name ends as one (.jsonl, .txt, .csv, .tsv, compressed with .gz, .zst, .bz2 or .xz, or
    .parquet), - for standard output, and a run directory otherwise. A file holds the kept documents; the figures of the
    run are written beside it as OUTPUT.account.json. In a .txt an empty line ends each document.

    Uses the carried recipe named like the source where there is one (web, news, law), and the web recipe with that
    source's bounds otherwise.

    \b
    Examples:
      algok clean articles.jsonl.gz clean.jsonl.zst --source news
      zcat articles.jsonl.gz | algok clean - - --source news | head
      algok clean statutes/ out/ --source law
      algok clean posts.jsonl out/ --text content
    """
    target = _Target.of(output, to)
    if target is None and (to or account):
        raise click.UsageError("--to and --account go with an OUTPUT that is a file, or -")
    if output == "-" and options["as_json"]:
        raise click.UsageError("--json prints on standard output, where the documents go; use --account, or a file")
    with _input(input_path) as path:
        request = Request(_recipe(options["source"]), (path,), output, **options)
        if input_path == "-" and os.path.getsize(path) == 0:
            request = replace(request, input_format="jsonl")  # nothing is nothing in every format
        if target is None:
            run_recipe(request)
            return
        target.check(path)
        with _run_directory(output, account) as directory:
            finished = execute_request(replace(request, output=directory))
            documents = target.write(finished.url)
            beside = None if account or output == "-" else _account_beside(finished.url, output)
            shown = {"output": output, "documents": documents, "account": account or beside}
            _show(shown, account_rows(finished.url), request.as_json, request.quiet)


def _account_beside(run: str, output: str) -> str:
    """The figures of a run that is about to go, in a file beside its output."""
    from algok.pipelines.storage import Store

    name = f"{output}.account.json"
    Path(name).write_bytes(Store(run).read_bytes("summary.json"))
    return name


def _show(shown: dict, steps: list[dict], as_json: bool, quiet: bool) -> None:
    """What was written; standard output is left to the documents where they go there."""
    if as_json:
        print_json({**shown, "steps": steps})
        return
    from algok.pipelines.progress import logs_json

    stream = shown["output"] == "-"
    if not (stream and (quiet or logs_json())):
        print_steps(steps, err=stream)
    if not stream:
        click.echo(f"\n{shown['documents']:,} documents: {shown['output']}   account: {shown['account']}")


class _Target:
    """A file or standard output that gets the kept documents."""

    def __init__(self, path: str, kind: str, compression: str):
        self.path, self.kind, self.compression = path, kind, compression

    @classmethod
    def of(cls, output: str, kind: str | None) -> "_Target | None":
        """None where the output is a run directory."""
        from algok.pipelines.export import export_format

        if output == "-":
            return cls(output, kind or "jsonl", "")
        named = export_format(output)
        if os.path.isdir(output) or output.endswith("/"):
            return None
        if named is None:
            return cls(output, kind, "") if kind else None
        return cls(output, kind or named[0], named[1])

    def check(self, input_path: str) -> None:
        """Before hours of work: the output is not the input nor inside of it, and its folder is there."""
        from algok.errors import OutputError

        if self.path == "-":
            return
        if os.path.isdir(input_path) and Path(self.path).resolve().is_relative_to(Path(input_path).resolve()):
            raise OutputError(f"{self.path}: lies inside the input, and would be read with it; choose another output")
        if os.path.exists(self.path) and os.path.exists(input_path) and os.path.samefile(self.path, input_path):
            raise OutputError(f"{self.path}: is the input; choose another output")
        folder = Path(self.path).resolve().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise OutputError(f"{self.path}: its folder is missing or cannot be written")

    def write(self, run: str) -> int:
        from algok.pipelines.export import export_file, export_stream
        from algok.pipelines.storage import Store

        store = Store(run)
        if self.path == "-":
            count = export_stream(store, sys.stdout.buffer, self.kind)
            sys.stdout.buffer.flush()
            return count
        return export_file(store, Path(self.path), self.kind, self.compression)


@contextmanager
def _input(path: str) -> Iterator[str]:
    """A path that can be read more than once: standard input goes to a file first, since readers seek and split."""
    if path != "-":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="algok-") as folder:
        spooled = Path(folder) / "stdin"
        with spooled.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        yield str(spooled)


@contextmanager
def _run_directory(output: str, account: str | None) -> Iterator[str]:
    """Where the run is made: the directory that is to stay, or one that goes with the command. It lies beside the output,
    where there is room for the documents."""
    if account:
        yield account
        return
    beside = None if output == "-" else Path(output).resolve().parent
    with tempfile.TemporaryDirectory(prefix=".algok-", dir=beside) as folder:
        yield str(Path(folder) / "run")


def _recipe(source: str) -> str:
    from algok.pipelines.recipe_source import carried_recipes

    return source if source in carried_recipes() else "web"
