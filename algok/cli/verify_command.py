"""algok verify: the proof of the account."""

import sys

import click

from algok.cli.shared import json_option, print_json


@click.command("verify")
@click.argument("run")
@json_option
def command(run, as_json) -> None:
    """Check the finished run directory RUN.

    Every file's digest and row count, no file too many, and for every shard and step: in = kept + dropped + quarantined.
    Exit code 7 when something does not add up.

    \b
    Example:
      algok verify runs/web
    """
    from algok.errors import VerifyError
    from algok.pipelines.run_directory import Run

    problems = Run.open(run, finished=True).verify()
    if as_json:
        print_json({"run": run, "ok": not problems, "problems": problems})
        sys.exit(VerifyError.exit_code if problems else 0)  # the object has said it
    if problems:
        raise VerifyError("\n".join([f"{run}: {len(problems)} problem(s)", *problems]))
    click.echo(f"{run}: every file and every document is accounted for")
