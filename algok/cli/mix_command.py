"""algok mix: finished runs into shards in training order."""

from dataclasses import asdict

import click

from algok.cli.shared import execution_options, json_option, print_json, print_table, printable, say

by_option = click.option(
    "--by", multiple=True, metavar="COLUMN", help="Sum cells by this column of the mix. Repeatable."
)


class _MixCommands(click.Group):
    """`algok mix MIX.yaml` means `algok mix write MIX.yaml`."""

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = ["write", *args]
        return super().resolve_command(ctx, args)


@click.group("mix", cls=_MixCommands)
def command() -> None:
    """Mix finished runs and other Parquet into shards in training order.

    `algok mix MIX.yaml -o OUT` is short for `algok mix write MIX.yaml -o OUT`.
    """


@command.command("write")
@click.argument("mix", metavar="MIX.yaml")
@click.option("--output", "-o", required=True, help="The directory of the mix; a path or fsspec URL.")
@by_option
@execution_options
def write(mix, output, by, overrides, executor, workers, address, quiet, as_json) -> None:
    """Write the mix that MIX.yaml describes.

    OUT gets a folder per format, order/ (which document lies where, without text), the plan and a manifest. After a
    crash the same command goes on, and ends with the same bytes.

    \b
    Examples:
      algok mix mix.yaml -o mixes/ko-1
      algok mix mix.yaml -o s3://bucket/mixes/ko-1 --executor ray --address auto
    """
    from algok.mixing.account import MixDirectory
    from algok.mixing.mix import execute

    finished = _with(mix, by, overrides, executor, workers, address, quiet or as_json, output, execute)
    directory = MixDirectory(output)
    uses = [asdict(use) for use in directory.uses()]
    if as_json:
        print_json(
            {"output": finished.url, "fresh": finished.fresh, "rows": _rows(directory.plan, by), "documents": uses}
        )
        return
    if not finished.fresh:
        click.echo("This mix was finished before; nothing was done.")
    _show(directory.plan, by)
    print_table(list(uses[0]) if uses else [], [list(use.values()) for use in uses])
    click.echo(f"\nshards in order: {', '.join(f'{output}/{name}' for name in directory.mix.write)}")


@command.command("plan")
@click.argument("mix", metavar="MIX.yaml")
@click.option(
    "--output", "-o", help="Plan in this directory, where 'algok mix write' goes on [default: a temporary one]."
)
@by_option
@execution_options
def plan(mix, output, by, overrides, executor, workers, address, quiet, as_json) -> None:
    """Show what every cell gives to every stage. No text is read unless tokens must be counted.

    `lacking` is what a cell would give besides if it had it: with --json a list for whoever collects or synthesises.

    \b
    Examples:
      algok mix plan mix.yaml --by domain.major
      algok mix plan mix.yaml --set stages.0.tokens=20B --json
    """
    import tempfile

    from algok.mixing.mix import plan_only
    from algok.mixing.table import lacking

    with tempfile.TemporaryDirectory(prefix="algok-mix-") as folder:
        made = _with(mix, by, overrides, executor, workers, address, quiet or as_json, output or folder, plan_only)
    if as_json:
        print_json(
            {
                "rows": _rows(made, by),
                "lacking": lacking(made),
                "notes": made.notes,
                "contaminated": made.contaminated,
            }
        )
        return
    _show(made, by)


@command.command("explain")
@click.argument("directory")
@click.argument("key", metavar="ID")
@json_option
def explain(directory, key, as_json) -> None:
    """Say why the document ID has no copy, one or several in the mix in DIRECTORY, and where they lie.

    \b
    Example:
      algok mix explain mixes/ko-1 5f0c8e0d6c5b4a39a1b2c3d4e5f60718
    """
    from algok.errors import InputError
    from algok.mixing.account import MixDirectory
    from algok.mixing.explain import explain_in_mix

    found = explain_in_mix(MixDirectory(directory), key)
    if not found:
        raise InputError(f"{directory}: no document of its corpora has this id")
    if as_json:
        print_json([explanation.as_dict() for explanation in found])
        return
    for explanation in found:
        if explanation.contaminated:
            said = printable(
                f"{explanation.id} · corpus={explanation.corpus} · contaminated: {explanation.contaminated}"
            )
            click.echo(said)
            continue
        click.echo(f"{explanation.id} · {explanation.cell} · {explanation.tokens} tokens")
        print_table(
            ["stage", "draw", "copies", "why"], [list(asdict(reason).values()) for reason in explanation.reasons]
        )
        print_table(
            ["shard", "row", "token", "draw", "copy"], [list(asdict(place).values()) for place in explanation.places]
        )


@command.command("diff")
@click.argument("a")
@click.argument("b")
@json_option
def diff(a, b, as_json) -> None:
    """Show the stages and cells in which the mixes in directories A and B differ.

    \b
    Example:
      algok mix diff mixes/ko-1 mixes/ko-2
    """
    from algok.mixing.account import MixDirectory
    from algok.mixing.table import compare

    found = compare(*(MixDirectory(url, finished=False).plan for url in (a, b)))
    if as_json:
        print_json([asdict(difference) for difference in found])
        return
    if not found:
        click.echo("The same tokens in every stage and cell.")
        return
    columns = ["stage", "draw", "cell", "tokens A", "tokens B", "share A", "share B"]
    print_table(columns, [[d.stage, d.draw, d.cell, *d.tokens, *d.share] for d in found])


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of a mix, for editors.

    \b
    Example:
      algok mix schema > mix.schema.json
    """
    from algok.mixing.recipe import json_schema

    print_json(json_schema())


def _with(mix, by, overrides, executor, workers, address, quiet, output, call):
    """Loads the mix and calls something with it and an executor."""
    from algok.mixing.recipe import load_mix
    from algok.pipelines.executors import make_executor
    from algok.pipelines.plugins import nearest
    from algok.pipelines.progress import make_progress

    loaded, source = load_mix(mix, list(overrides))
    for column in by:
        if column not in loaded.cell_columns:
            raise click.UsageError(f"--by {column}: the mix has no such column{nearest(column, loaded.cell_columns)}")
    chosen = make_executor(executor, workers, address)
    try:
        return call(loaded, source, output, chosen, make_progress(quiet))
    finally:
        chosen.close()


def _rows(plan, by=()) -> list[dict]:
    from algok.mixing.table import rows

    return [asdict(row) for row in rows(plan, by)]


def _show(plan, by=()) -> None:
    from algok.mixing.table import rows

    table = rows(plan, by)
    labels = list(table[0].labels) if table else []
    figures = ["planned", "tokens", "share", "available", "epochs", "passed", "capped", "lacking"]
    shown = [
        [
            row.stage,
            row.draw,
            *row.labels.values(),
            *(getattr(row, name) for name in figures[:-2]),
            _yes(row.capped),
            row.lacking or None,
        ]
        for row in table
    ]
    print_table(["stage", "draw", *labels, *figures], shown)
    for corpus, count in plan.contaminated.items():
        click.echo(f"contaminated: {count:,} documents of {corpus} have items of the benchmarks and are left out")
    for note in plan.notes:
        say(note, prefix="note: ")


def _yes(flag: bool) -> str:
    return "yes" if flag else ""
