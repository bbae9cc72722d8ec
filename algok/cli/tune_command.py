"""algok tune: a bound for one signal from labels."""

import sys
from pathlib import Path

import click

from algok.cli.shared import json_option, labelled_options, pairs, print_json, print_table, printable

_ROWS = 15  # of the printed curve; --json has all of its points
_WIDTH, _HEIGHT = 64, 12


@click.command("tune")
@click.argument("signal", metavar="STEP.SIGNAL")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--label", type=click.Choice(["keep", "quality", "toxicity"]), default="keep", show_default=True,
    help="What decides: keep 1 stays, quality of 3 or more stays, toxicity of 2 or more goes.",
)  # fmt: skip
@labelled_options
@click.option("--min-recall", type=click.FloatRange(0, 1), help="The strictest bound that keeps this share of keep.")
@click.option(
    "--beta", type=click.FloatRange(0, min_open=True), help="Best F-beta of keep instead of balanced accuracy."
)
@click.option(
    "--side", type=click.Choice(["min", "max"]), help="Which bound [default: the recipe's, else by the data]."
)
@click.option("--by", metavar="FIELD", help="A bound per value of a field too; by source they go into profiles.")
@click.option("--all-documents", is_flag=True, help="Count documents that earlier steps drop, too.")
@json_option
def command(
    signal,
    files,
    label,
    recipe,
    overrides,
    source,
    fields,
    group,
    part,
    min_recall,
    beta,
    side,
    by,
    all_documents,
    as_json,
) -> None:
    """Show what every bound on STEP.SIGNAL would do to labelled FILES, and propose one.

    The recipe's steps up to that step run first, so the signal is the one of a run; documents that earlier steps drop do not
    count. The interval comes from a bootstrap over groups.

    \b
    Examples:
      algok tune quality.keep labels.jsonl.zst --part dev
      algok tune heuristics.prose_eojeol labels.jsonl.zst --min-recall 0.98 --all-documents
      algok tune toxicity.max labels.jsonl.zst --label toxicity --by source
    """
    from algok.evaluation.evaluate import models_of, plans_until, seen_by_models
    from algok.evaluation.labelled_documents import LABELS, read_labelled_documents
    from algok.evaluation.tune import Goal, recipe_lines, tune
    from algok.pipelines.recipe import load_recipe

    if min_recall is not None and beta is not None:
        raise click.UsageError("--min-recall and --beta are two goals; choose one")
    goal = Goal(beta, min_recall)
    loaded = load_recipe(recipe, list(overrides))
    configs = plans_until(loaded, signal)
    named = pairs(fields, "--field", LABELS)
    slices = [by] if by else []
    documents = read_labelled_documents(files, fields=named, group=group, part=part, by=slices, source=source)
    proposals = tune(documents, loaded, signal, label=label, goal=goal, side=side, by=by, everything=all_documents)
    warnings = seen_by_models(files, part, models_of(configs))
    if as_json:
        shown = [p.as_dict() | {"recipe": recipe_lines(signal, p, by) if p.proposed else None} for p in proposals]
        print_json({"signal": signal, "label": label, "goal": goal.words, "warnings": warnings, "proposals": shown})
        return
    for warning in warnings:
        click.echo(printable(f"warning: {warning}"))
    _show(signal, proposals[0], label)
    for proposal in proposals:
        _show_proposal(signal, proposal, goal.words, by)


def _show(signal: str, proposal, label: str) -> None:
    auc = "–" if proposal.auc is None else f"{proposal.auc:.3f}"
    click.echo(
        f"{signal}: {proposal.documents:,} documents of {proposal.groups:,} groups reach the step, {proposal.to_keep:,} to "
        f"keep by the label {label}; AUC {auc}"
    )
    if not proposal.curve:
        return
    if sys.stdout.isatty():
        _chart(proposal)
    click.echo()
    rows = {point.bound: [_marked(point, ""), *_cells(point)] for point in _some(proposal.curve)}
    for point, mark in ((proposal.current, "now"), (proposal.proposed, "proposed")):
        if point:
            rows[point.bound] = [_marked(point, mark), *_cells(point)]
    ordered = [rows[bound] for bound in sorted(rows, reverse=proposal.side == "max")]
    columns = [f"{proposal.side}", "kept", "recall of keep", "recall of drop", "precision", "balanced accuracy"]
    print_table(columns, ordered)


def _show_proposal(signal: str, proposal, goal: str, by: str | None) -> None:
    from algok.evaluation.tune import recipe_lines

    click.echo()
    if proposal.slice:
        click.echo(printable(f"{by} {proposal.slice}: {proposal.documents:,} documents of {proposal.groups:,} groups"))
    if proposal.problem:
        click.echo(f"no proposal: {proposal.problem}")
        return
    point, bound = proposal.proposed, proposal.intervals.get("bound")
    between = f" (95 % interval {bound[0]:.4g} to {bound[1]:.4g})" if bound else ""
    click.echo(f"proposed: {proposal.side} {point.bound:g}{between}, the {goal}")
    for name, value in (
        ("recall of keep", point.recall_keep), ("recall of drop", point.recall_drop),
        ("balanced accuracy", point.balanced_accuracy),
    ):  # fmt: skip
        interval = proposal.intervals.get(name.replace(" of ", "_").replace(" ", "_"))
        click.echo(f"  {name} {value:.3f}" + (f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else ""))
    for warning in proposal.warnings:
        click.echo(f"warning: {warning}")
    click.echo(printable_lines(recipe_lines(signal, proposal, by)))


def printable_lines(text: str) -> str:
    return "\n".join(map(printable, text.split("\n")))


def _marked(point, mark: str) -> str:
    return f"{point.bound:.4g}" + (f" ← {mark}" if mark else "")


def _cells(point) -> list[float | None]:
    return [point.kept, point.recall_keep, point.recall_drop, point.precision, point.balanced_accuracy]


def _some(curve: list) -> list:
    """At most _ROWS points, evenly over the curve."""
    if len(curve) <= _ROWS:
        return curve
    return [curve[round(place * (len(curve) - 1) / (_ROWS - 1))] for place in range(_ROWS)]


def _chart(proposal) -> None:
    """Both recalls and their mean over the curve's points, from the loosest bound on the left to the strictest."""
    from rich.console import Console

    curve = proposal.curve
    width = min(_WIDTH, len(curve))
    points = [curve[round(column * (len(curve) - 1) / max(width - 1, 1))] for column in range(width)]
    grid = [[" "] * width for _ in range(_HEIGHT)]
    lines = (("recall_keep", "[green]○[/]"), ("recall_drop", "[red]×[/]"), ("balanced_accuracy", "[bold]●[/]"))
    for name, mark in lines:
        for column, point in enumerate(points):
            grid[_HEIGHT - 1 - round(getattr(point, name) * (_HEIGHT - 1))][column] = mark
    console = Console(highlight=False)
    console.print("\n[green]○[/] recall of keep  [red]×[/] recall of drop  [bold]●[/] balanced accuracy")
    for row, cells in enumerate(grid):
        scale = {0: "1.0", _HEIGHT - 1: "0.0"}.get(row, "   ")
        console.print(f"{scale} │{''.join(cells)}")
    left, right = f"{points[0].bound:.4g}", f"{points[-1].bound:.4g}"
    console.print(f"    └{'─' * width}\n     {left}{right:>{max(width - len(left), 1)}}")
