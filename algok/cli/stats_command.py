"""algok stats: a run's figures."""

from dataclasses import asdict

import click

from algok.cli.shared import json_option, print_json, print_table


@click.command("stats")
@click.argument("run")
@json_option
def command(run, as_json) -> None:
    """Show the figures of the run directory RUN: the table per step, why documents were dropped, what was quarantined,
    sources, and how often each repair was made. All are full counts; of a run that is still going, over the tasks that
    are done.

    \b
    Examples:
      algok stats runs/web
      algok stats runs/web --json | jq .account
    """
    from algok.pipelines.run_directory import Run

    summary = Run.open(run).summary
    if as_json:
        print_json({"table": [asdict(row) for row in summary.table()], **summary.model_dump(mode="json")})
        return
    if not summary.finished:
        done, tasks = (sum(getattr(stage, key) for stage in summary.stages) for key in ("done", "tasks"))
        click.echo(
            f"This run is not finished: {done:,} of {tasks:,} tasks over shards are done, and only they count here."
        )
        click.echo()
    columns = ["step", "documents", "removed", "left", "seconds"]
    print_table(columns, [list(asdict(row).values()) for row in summary.table()])
    _print(["dropped because", "documents"], _dropped(summary))
    _print(["not read because", "records"], _not_read(summary))
    _print(["text taken out of", "documents"], list(summary.extracted.items()))
    _print(["pages whose text is not in their file", "pages"], list(summary.ocr.items()))
    _print(["source", "read", "kept"], [[s.name or "(none)", s.read, s.kept] for s in summary.sources])
    for step in summary.steps:
        for signal in step.signals:
            _print([f"{step.name}.{signal.name}", "documents"], list(signal.labels.items()))
    _print(["edits and lines", "total"], _edits(summary))


def _print(columns: list[str], rows: list) -> None:
    if rows:
        click.echo()
        print_table(columns, rows)


def _dropped(summary) -> list[list]:
    rows = [
        [f"{step.name}.{rule.signal} {rule.side}", rule.documents]
        for step in summary.steps
        for rule in step.rules
        if rule.documents
    ]
    return sorted(rows, key=lambda row: -row[1])


def _not_read(summary) -> list[list]:
    kinds = (("quarantined", summary.quarantined), ("no document", summary.ignored))
    return [[f"{kind}: {reason}", count] for kind, counts in kinds for reason, count in counts.items()]


def _edits(summary) -> list[tuple[str, int]]:
    """Totals of the steps that rewrite text."""
    return sorted(
        (f"{step.name}.{signal.name}", signal.total)
        for step in summary.steps
        if step.edits_text
        for signal in step.signals
        if signal.total
    )
