"""algok verify: the proof of the account."""

import sys

import click

from algok.cli.shared import json_option, print_json


@click.command("verify")
@click.argument("run", metavar="DIRECTORY")
@click.option(
    "--repair", is_flag=True, help="Make missing and damaged files again, from the run's inputs; same bytes as before."
)
@click.option("--executor", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option("--workers", type=click.IntRange(0), help="Parallel tasks of a repair [default: all cores].")
@click.option("--address", help="Ray cluster to join for a repair.")
@json_option
def command(run, repair, executor, workers, address, as_json) -> None:
    """Check a finished run or mix.

    Every file's digest and row count, and no file too many. Of a run, for every shard and step: in = kept + dropped +
    quarantined. Of a mix: used + capped + unused + contaminated = kept, and written tokens = plan. Exit code 7 when
    something does not add up.

    \b
    Examples:
      algok verify runs/web
      algok verify runs/web --repair
      algok verify mixes/ko-1
    """
    from algok.errors import VerifyError

    problems = _repaired(run, executor, workers, address, as_json) if repair else _problems(run)
    if as_json:
        print_json({"run": run, "ok": not problems, "problems": problems})
        sys.exit(VerifyError.exit_code if problems else 0)  # the object has said it
    if problems:
        remedy = (
            "" if repair or _is_mix(run) else f"; 'algok verify {run} --repair' makes what is missing or damaged again"
        )
        raise VerifyError("\n".join([f"{run}: {len(problems)} problem(s){remedy}", *problems]))
    click.echo(f"{run}: every file and every document is accounted for")


def _is_mix(url: str) -> bool:
    from algok.pipelines.storage import Store

    return Store(url).exists("mix.json")


def _problems(url: str) -> list[str]:
    from algok.mixing.account import MixDirectory, verify_mix
    from algok.pipelines.run_directory import Run

    return verify_mix(MixDirectory(url)) if _is_mix(url) else Run.open(url, finished=True).verify()


def _repaired(run: str, executor: str, workers: int | None, address: str | None, quiet: bool) -> list[str]:
    """Mends the run where it needs it; the problems that are left."""
    from algok.errors import InputError
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import make_progress
    from algok.pipelines.run import repair
    from algok.pipelines.run_directory import Run

    if _is_mix(run):
        raise InputError(f"{run}: a mix is not repaired; remove it and run the same 'algok mix' command again")
    opened = Run.open(run)
    if opened.finished and not opened.verify():
        return []
    chosen = make_executor(executor, workers, address)
    try:
        repair(run, chosen, make_progress(quiet))
    finally:
        chosen.close()
    return opened.verify()
