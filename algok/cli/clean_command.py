"""algok clean: one source, no recipe."""

import click

from algok.cli.run_command import run_recipe
from algok.cli.shared import execution_options, text_option


@click.command("clean")
@click.argument("input_path", metavar="INPUT")
@click.argument("output")
@click.option("--source", default="web", show_default=True, help="What the input is: its recipe and bounds are used.")
@text_option
@execution_options
def command(input_path, output, source, text, overrides, executor, workers, address, quiet, as_json) -> None:
    """Clean INPUT (a file, directory, glob or URL) into the run directory OUTPUT.

    Uses the carried recipe named like the source where there is one (web, news, law), and the web recipe with that
    source's bounds otherwise.

    \b
    Examples:
      algok clean articles.jsonl.gz out/ --source news
      algok clean statutes/ out/ --source law
      algok clean posts.jsonl out/ --text content
    """
    from algok.pipelines.recipe_source import carried_recipes

    recipe = source if source in carried_recipes() else "web"
    run_recipe(recipe, (input_path,), source, output, overrides, executor, workers, address, quiet, as_json, text=text)
