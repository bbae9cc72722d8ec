"""algok run: a recipe from inputs to Parquet shards."""

import click

from algok.cli.shared import execution_options, input_options, print_json, print_table


@click.command("run")
@click.argument("recipe")
@input_options
@execution_options
@click.option("--dashboard", is_flag=True, help="Serve the run to a browser on this machine while it goes on.")
def command(
    recipe, inputs, source, text, output, overrides, executor, workers, address, quiet, as_json, dashboard
) -> None:
    """Run RECIPE, a YAML file or the name of a carried recipe (web, news, law).

    The run directory gets kept/, dropped/, quarantine/, stats/, a manifest and a data card. After a crash the same
    command goes on where the run stood and ends with the same bytes.

    \b
    Examples:
      algok run recipe.yaml
      algok run web --input 'crawl/*.warc.gz' --output runs/web
      algok run web --input s3://bucket/crawl/ -o runs/web --executor ray --address auto
    """
    run_recipe(
        recipe,
        inputs,
        source,
        output,
        overrides,
        executor,
        workers,
        address,
        quiet,
        as_json,
        text=text,
        dashboard=dashboard,
    )


def run_recipe(
    recipe,
    inputs,
    source,
    output,
    overrides,
    executor,
    workers,
    address,
    quiet,
    as_json,
    mode=None,
    input_format=None,
    text=None,
    dashboard=False,
) -> None:
    """What run, annotate and clean have in common: load, execute, show the table."""
    finished = execute_recipe(
        recipe,
        inputs,
        source,
        output,
        overrides,
        executor,
        workers,
        address,
        quiet or as_json,
        mode,
        input_format,
        text,
        dashboard,
    )
    show_run(finished.url, finished.fresh, as_json)


def execute_recipe(
    recipe,
    inputs,
    source,
    output,
    overrides,
    executor,
    workers,
    address,
    quiet,
    mode=None,
    input_format=None,
    text=None,
    dashboard=False,
):
    """Loads a recipe with the options of a command and runs it; gives the finished run."""
    from algok.errors import RecipeError
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import make_progress
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.run import execute

    said = {key: value for key, value in (("source", source), ("format", input_format)) if value}
    said |= {"columns": {"text": text}} if text else {}
    specs = [{"path": path, **said} for path in inputs] or None
    loaded = load_recipe(recipe, list(overrides), inputs=specs, output=output, mode=mode)
    if source and not inputs:
        raise RecipeError("--source goes with --input; a recipe's own inputs carry their own 'source'")
    if text and not inputs:
        raise RecipeError("--text goes with --input; a recipe's own inputs carry their own 'columns'")
    if not loaded.inputs:
        raise RecipeError(f"{recipe}: no inputs; give the recipe 'inputs' or the command --input")
    if not loaded.output:
        raise RecipeError(f"{recipe}: no output; give the recipe 'output' or the command --output")
    if dashboard:
        _serve(loaded.output)
    chosen = make_executor(executor, workers, address)
    try:
        return execute(loaded, loaded.output, chosen, make_progress(quiet))
    finally:
        chosen.close()


def _serve(output: str) -> None:
    """A dashboard over the run directory, in a thread that ends with this process."""
    import threading

    from algok.cli.dashboard_command import free_port, server_of

    server, address = server_of([output], "127.0.0.1", free_port(), None)
    threading.Thread(target=server.run, daemon=True).start()
    click.echo(f"dashboard: {address}", err=True)


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
        click.echo("algok: note: the inputs are empty; no document was read", err=True)
    elif not account.documents:
        click.echo(f"algok: note: none of {account.records:,} records is a document; the account says why", err=True)
    elif not account.kept:
        click.echo(f"algok: note: none of {account.documents:,} documents is kept; the account says why", err=True)


def print_steps(rows: list[dict], err: bool = False) -> None:
    print_table(["step", "documents", "removed", "left", "seconds"], [list(row.values()) for row in rows], err=err)
