"""algok stats: a run's figures."""

import click

from algok.cli.shared import json_option, print_json, print_table


@click.command("stats")
@click.argument("run")
@json_option
def command(run, as_json) -> None:
    """Show the figures of the finished run directory RUN: the table per step, why documents were dropped, what was
    quarantined, sources, and how often each repair was made. All are full counts.

    \b
    Examples:
      algok stats runs/web
      algok stats runs/web --json | jq .steps
    """
    from dataclasses import asdict

    from algok.cli.run_directory import open_run
    from algok.pipelines.account import read_stats, step_table
    from algok.pipelines.plan import read_plan

    store = open_run(run, finished=True)
    config = read_plan(store)
    stats = read_stats(store, config)
    table = step_table(store, config, stats)
    if as_json:
        import orjson

        print_json({"table": [asdict(row) for row in table], **orjson.loads(stats.to_json())})
        return
    print_table(["step", "documents", "removed", "left", "seconds"], [list(asdict(row).values()) for row in table])
    _print(["dropped because", "documents"], _dropped(stats))
    _print(["not read because", "records"], _read(stats))
    _print(
        ["source", "read", "kept"], [[s or "(none)", c["read"], c["kept"]] for s, c in sorted(stats.sources.items())]
    )
    for signal, counter in stats.labels.items():
        _print([signal, "documents"], sorted(counter.items(), key=lambda row: (-row[1], row[0])))
    _print(["edits and lines", "total"], _edits(stats, config))


def _print(columns: list[str], rows: list) -> None:
    if rows:
        click.echo()
        print_table(columns, rows)


def _dropped(stats) -> list[list]:
    rows = [
        [f"{step}.{rule.removeprefix('dropped:')}", count]
        for step, counter in stats.steps.items()
        for rule, count in counter.items()
        if rule.startswith("dropped:") and count
    ]
    return sorted(rows, key=lambda row: -row[1])


def _edits(stats, config) -> list[tuple[str, int]]:
    """Totals of the steps that rewrite text."""

    editing = {step.name for step in config.recipe.steps if step.cls.edits_text}
    return sorted((key, total) for key, total in stats.totals.items() if total and key.partition(".")[0] in editing)


def _read(stats) -> list[list]:
    prefixes = {"quarantined:": "quarantined: ", "ignored:": "no document: "}
    return [
        [label + key.removeprefix(prefix), count]
        for key, count in sorted(stats.read.items())
        for prefix, label in prefixes.items()
        if key.startswith(prefix)
    ]
