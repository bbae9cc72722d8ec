"""algok redecide: other bounds, no recomputation."""

import click

from algok.cli.shared import json_option, print_json, print_table, set_option


@click.command("redecide")
@click.argument("run")
@click.option("--recipe", help="Take all bounds from this recipe instead of the run's own.")
@set_option
@click.option(
    "--output", "-o", metavar="FILE.parquet", help="Write every document's decision (id, kept, verdict) here."
)
@json_option
def command(run, recipe, overrides, output, as_json) -> None:
    """Apply other bounds to the signals stored in the annotated run directory RUN.

    Texts are not read, so a million documents take seconds. Only bounds can change: another option of a step would give
    other signals. The decisions equal those of a run with these bounds, or it is said which steps make that impossible
    (those that compare documents, where other documents would reach them) and how many documents are concerned.

    \b
    Examples:
      algok redecide runs/signals --set steps.heuristics.hangul_ratio.min=0.4
      algok redecide runs/signals --set profiles.news.heuristics.chars.min=200 -o decisions.parquet
    """
    from algok.pipelines.recipe import load_recipe, recipe_from_text
    from algok.pipelines.redecide import redecide
    from algok.pipelines.run_directory import Run

    opened = Run.open(run, finished=True)
    store = opened.store
    if recipe:
        bounds = load_recipe(recipe, list(overrides))
    else:
        bounds = recipe_from_text(store.read_bytes("recipe.yaml").decode(), overrides=list(overrides))
    result = redecide(store, bounds, output)
    before = redecide(store, opened.recipe)
    if as_json:
        steps = {
            name: {"documents": counter.documents, "dropped": counter.dropped, "rules": counter.rules}
            for name, counter in result.steps.items()
        }
        print_json(
            {
                "documents": result.documents,
                "kept": result.kept,
                "kept_before": before.kept,
                "steps": steps,
                "differences": result.differences,
            }
        )
        return
    rows = [
        [name, step.documents, step.dropped, step.documents - step.dropped, before.steps[name].dropped]
        for name, step in result.steps.items()
    ]
    print_table(["step", "documents", "removed", "left", "removed by the run's own bounds"], rows)
    click.echo(f"\nkept {result.kept:,} of {result.documents:,} documents ({before.kept:,} under the run's own bounds)")
    for difference in result.differences:
        click.echo(f"differs from a run with these bounds: {difference}")
    if output:
        click.echo(f"decisions: {output}")
