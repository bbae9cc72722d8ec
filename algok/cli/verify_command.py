"""algok verify: the proof of the account."""

import click

from algok.cli.shared import json_option, print_json


@click.command("verify")
@click.argument("run", metavar="DIRECTORY")
@json_option
def command(run, as_json) -> None:
    """Check a finished run or mix.

    Every file's digest and row count, and no file too many. Of a run, for every shard and step: in = kept + dropped +
    quarantined. Of a mix: used + capped + unused = kept, and written tokens = plan. Exit code 7 when something does not
    add up.

    \b
    Examples:
      algok verify runs/web
      algok verify mixes/ko-1
    """
    from algok.errors import VerifyError

    problems = _problems(run)
    if as_json:
        print_json({"run": run, "ok": not problems, "problems": problems})
    elif not problems:
        click.echo(f"{run}: every file and every document is accounted for")
    if problems:
        raise VerifyError("\n".join([f"{run}: {len(problems)} problem(s)", *problems]))


def _problems(url: str) -> list[str]:
    from algok.mixing.account import MixDirectory, verify_mix
    from algok.pipelines.run_directory import Run
    from algok.pipelines.storage import Store

    if Store(url).exists("mix.json"):
        return verify_mix(MixDirectory(url))
    return Run.open(url, finished=True).verify()
