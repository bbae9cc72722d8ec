"""algok run: a recipe from inputs to Parquet shards."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from algok.cli.shared import execution_options, input_options, print_json, print_table, say

if TYPE_CHECKING:
    from algok.pipelines.executors import Executor


@dataclass(frozen=True)
class Request:
    """What run, annotate and clean are asked for, by the names of their options."""

    recipe: str
    inputs: tuple[str, ...]
    output: str | None
    source: str | None = None
    text: str | None = None
    ocr: str | None = None
    input_format: str | None = None
    mode: str | None = None
    overrides: tuple[str, ...] = ()
    executor: str = "local"
    workers: int | None = None
    address: str | None = None
    quiet: bool = False
    as_json: bool = False
    dashboard: bool = False
    metrics_port: int | None = None
    reuse: str | None = None
    against: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    def specs(self) -> list[dict] | None:
        """The inputs as a recipe would write them; None where the recipe's own are meant. Raises RecipeError."""
        from algok.errors import RecipeError

        if not self.inputs:
            for option, key in (("source", "source"), ("text", "columns"), ("ocr", "ocr")):
                if getattr(self, option):
                    raise RecipeError(f"--{option} goes with --input; a recipe's own inputs carry their own '{key}'")
            return None
        said = {
            key: value
            for key, value in (("source", self.source), ("format", self.input_format), ("ocr", self.ocr))
            if value
        }
        said |= {"columns": {"text": self.text}} if self.text else {}
        return [{"path": path, **said} for path in self.inputs]


@click.command("run")
@click.argument("recipe")
@input_options
@execution_options
@click.option(
    "--reuse",
    metavar="RUN",
    help="An earlier run over the same inputs: its phases before the first changed step are taken over.",
)
@click.option(
    "--against",
    multiple=True,
    metavar="RUN",
    help="A finished run that kept its sketches: its documents win over copies, its lines are counted. Repeatable.",
)
@click.option(
    "--keep",
    multiple=True,
    type=click.Choice(["phases", "sketches"]),
    help="Intermediate files that stay when the run ends: phases for a later --reuse, sketches for a later --against. "
    "Repeatable.",
)
@click.option("--dashboard", is_flag=True, help="Serve the run to a browser on this machine while it goes on.")
@click.option(
    "--metrics-port",
    type=click.IntRange(1, 65535),
    help="Serve /metrics of the run to Prometheus while it goes on, on all addresses of this machine.",
)
def command(**options) -> None:
    """Run RECIPE, a YAML file or the name of a carried recipe (web, news, law, aihub …).

    The run directory gets kept/, dropped/, quarantine/, stats/, a manifest and a data card. After a crash the same
    command goes on where the run stood and ends with the same bytes.

    \b
    Examples:
      algok run recipe.yaml
      algok run web --input 'crawl/*.warc.gz' --output runs/web
      algok run web --input s3://bucket/crawl/ -o runs/web --executor ray --address auto
      algok run tighter.yaml -o runs/tighter --reuse runs/web
      algok run web --input 'march/*.warc.gz' -o runs/march --against runs/february --keep sketches
    """
    run_recipe(Request(**options))


def run_recipe(request: Request) -> None:
    """What run, annotate and clean have in common: load, execute, show the table."""
    finished = execute_request(request)
    show_run(finished.url, finished.fresh, request.as_json)


def execute_request(request: Request):
    """Loads the recipe and runs it; gives the finished run."""
    from algok.errors import RecipeError
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import make_progress
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.run import execute

    overrides = list(request.overrides)
    recipe = load_recipe(
        request.recipe,
        overrides,
        inputs=request.specs(),
        output=request.output,
        mode=request.mode,
        against_runs=list(request.against) or None,
        keep=list(request.keep) or None,
    )
    if not recipe.inputs:
        raise RecipeError(f"{request.recipe}: no inputs; give the recipe 'inputs' or the command --input")
    if not recipe.output:
        raise RecipeError(f"{request.recipe}: no output; give the recipe 'output' or the command --output")
    if request.dashboard:
        _serve(recipe.output)
    chosen = make_executor(request.executor, request.workers, request.address)
    if request.metrics_port:
        _serve_metrics(recipe.output, request.metrics_port, chosen)
    try:
        return execute(recipe, recipe.output, chosen, make_progress(request.quiet or request.as_json), request.reuse)
    finally:
        chosen.close()


def _serve(output: str) -> None:
    """A dashboard over the run directory, in a thread that ends with this process."""
    import threading

    from algok.cli.dashboard_command import free_port, server_of

    server, address = server_of([output], "127.0.0.1", free_port(), None)
    threading.Thread(target=server.run, daemon=True).start()
    say(f"dashboard: {address}", prefix="")


def _serve_metrics(output: str, port: int, executor: "Executor") -> None:
    """The figures of the run and of its workers, and nothing else, in a thread that ends with this process."""
    import threading

    from algok.cli.dashboard_command import metrics_server_of

    server = metrics_server_of([output], port, executor.crew)
    threading.Thread(target=server.run, daemon=True).start()


def show_run(url: str, fresh: bool, as_json: bool) -> None:
    """The table per step and where the results are."""
    rows = account_rows(url)
    if as_json:
        print_json({"output": url, "fresh": fresh, "steps": rows})
        return
    if not fresh:
        click.echo("This run was finished before; nothing was done.")
    print_steps(rows)
    click.echo(f"\nkept documents: {url}/kept/*.parquet")


def account_rows(url: str) -> list[dict]:
    """What each step of a finished run did, as the table shows it; a word on stderr where the run ended well with nothing."""
    from dataclasses import asdict

    from algok.pipelines.run_directory import Run

    summary = Run.open(url, finished=True).summary
    _say_if_empty(summary.account)
    return [asdict(row) for row in summary.table()]


def _say_if_empty(account) -> None:
    if not account.records:
        say("the inputs are empty; no document was read")
    elif not account.documents:
        say(f"none of {account.records:,} records is a document; the account says why")
    elif not account.kept:
        say(f"none of {account.documents:,} documents is kept; the account says why")


def print_steps(rows: list[dict], err: bool = False) -> None:
    print_table(["step", "documents", "removed", "left", "seconds"], [list(row.values()) for row in rows], err=err)
