"""algok recipe: show, check, compare, schema."""

import click

from algok.cli.shared import json_option, print_json, printable, set_option


@click.group("recipe")
def command() -> None:
    """Show, check and compare recipes. RECIPE is a YAML file or the name of a carried recipe (web, news, law)."""


@command.command("show")
@click.argument("recipe")
@set_option
@json_option
def show(recipe, overrides, as_json) -> None:
    """Print RECIPE with every default written out.

    \b
    Example:
      algok recipe show web
    """
    from algok.pipelines.recipe import load_recipe

    loaded = load_recipe(recipe, list(overrides))
    if as_json:
        print_json(loaded.model_dump(mode="json"))
    else:
        click.echo(loaded.to_yaml(), nl=False)


@command.command("check")
@click.argument("recipe")
@set_option
@json_option
def check(recipe, overrides, as_json) -> None:
    """Validate RECIPE and find its inputs, without reading them. Exit code 2 names every wrong key with its line, 3 a
    missing input.

    \b
    Example:
      algok recipe check recipe.yaml
    """
    from algok.pipelines.plan import Plan, build_phases
    from algok.pipelines.recipe import load_recipe

    loaded = load_recipe(recipe, list(overrides))
    shards = Plan.make(loaded).own if loaded.inputs else []
    phases = len(build_phases(loaded))
    steps = [step.name for step in loaded.steps]
    if as_json:
        print_json({"ok": True, "digest": loaded.digest, "steps": steps, "phases": phases, "shards": len(shards)})
        return
    inputs = f"{len(shards)} shard(s)" if loaded.inputs else "no inputs of its own"
    click.echo(f"{recipe}: valid; {' → '.join(steps)}; {phases} phase(s); {inputs}")


@command.command("diff")
@click.argument("first")
@click.argument("second")
@json_option
def diff(first, second, as_json) -> None:
    """Show where recipe SECOND differs from FIRST: keys with defaults, steps that one lacks, their order, inputs. A run
    directory stands for its recipe.

    \b
    Example:
      algok recipe diff web runs/web
    """
    from algok.pipelines.differences import described, recipe_differences

    changes = recipe_differences(_load(first), _load(second))
    if as_json:
        print_json(changes)
        return
    for line in described(changes):
        click.echo(printable(line))
    if not changes:
        click.echo("no difference")


@command.command("schema")
def schema() -> None:
    """Print the JSON Schema of recipes, for editors and linters: every option, signal and formula.

    \b
    Example:
      algok recipe schema > recipe.schema.json
    """
    from algok.pipelines.recipe import json_schema

    print_json(json_schema())


def _load(name: str):
    from algok.pipelines.plan import read_plan
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.storage import Store

    store = Store(name)
    if store.exists("run.json"):
        return read_plan(store).recipe
    return load_recipe(name)
