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
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Model of the signal's step; several are compared. Repeatable.",
)
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
    models,
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
      algok tune quality.keep labels.jsonl.zst --model quality --model models/hq.bin
    """
    from algok.evaluation.evaluate import model_option, models_of, plans_until, seen_by_models
    from algok.evaluation.labelled_documents import LABELS, read_labelled_documents
    from algok.evaluation.tune import Goal, tune
    from algok.pipelines.recipe import load_recipe

    if min_recall is not None and beta is not None:
        raise click.UsageError("--min-recall and --beta are two goals; choose one")
    goal = Goal(beta, min_recall)
    setting = f"steps.{signal.partition('.')[0]}.{model_option(signal)}" if models else ""
    recipes = [load_recipe(recipe, [*overrides, f"{setting}={model}"]) for model in models]
    recipes = recipes or [load_recipe(recipe, list(overrides))]
    configs = [plans_until(loaded, signal) for loaded in recipes]
    named = pairs(fields, "--field", LABELS)
    slices = [by] if by else []
    documents = read_labelled_documents(files, fields=named, group=group, part=part, by=slices, source=source)
    found = [
        tune(documents, loaded, signal, label=label, goal=goal, side=side, by=by, everything=all_documents)
        for loaded in recipes
    ]
    warnings = [seen_by_models(files, part, models_of(plans)) for plans in configs]
    if as_json:
        head = {"signal": signal, "label": label, "goal": goal.words}
        each = [
            {"warnings": said, "proposals": [_as_dict(signal, p, by) for p in proposals]}
            for said, proposals in zip(warnings, found, strict=True)
        ]
        if models:
            each = [{"model": model, **one} for model, one in zip(models, each, strict=True)]
        print_json(head | (each[0] if len(each) == 1 else {"models": each}))
        return
    for number, (said, proposals) in enumerate(zip(warnings, found, strict=True)):
        if len(found) > 1:
            click.echo(printable(f"{'' if number == 0 else chr(10)}model {models[number]}"))
        for warning in said:
            click.echo(printable(f"warning: {warning}"))
        _show(signal, proposals[0], label)
        for proposal in proposals:
            _show_proposal(signal, proposal, goal.words, by)
    if len(found) > 1:
        _show_models(models, [proposals[0] for proposals in found])


def _as_dict(signal: str, proposal, by: str | None) -> dict:
    from algok.evaluation.tune import recipe_lines

    return proposal.as_dict() | {"recipe": recipe_lines(signal, proposal, by) if proposal.proposed else None}


def _show_models(models, proposals) -> None:
    """The proposals over all documents side by side."""
    rows = []
    for model, proposal in zip(models, proposals, strict=True):
        point = proposal.proposed
        rows.append([printable(model), proposal.auc, *([point.bound, *_cells(point)] if point else [None] * 6)])
    click.echo()
    columns = ["kept", "recall of keep", "recall of drop", "precision", "balanced accuracy"]
    print_table(["model", "auc", "proposed", *columns], rows)


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
