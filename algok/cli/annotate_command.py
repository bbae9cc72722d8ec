"""algok annotate: every signal, no decision."""

import click

from algok.cli.run_command import Request, run_recipe
from algok.cli.shared import execution_options, input_options


@click.command("annotate")
@click.argument("recipe")
@input_options
@execution_options
def command(**options) -> None:
    """Run RECIPE without dropping: every document is kept with every signal as a column.

    `algok redecide` then tries bounds in seconds. Edits (repair, line removal) are made as in a filtering run; corpus
    steps see all documents, those too that earlier bounds would have dropped.

    \b
    Example:
      algok annotate web --input 'crawl/*.warc.gz' --output runs/signals
    """
    run_recipe(Request(**options, mode="annotate"))
