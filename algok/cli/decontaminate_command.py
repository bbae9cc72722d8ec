"""algok decontaminate: an index of benchmarks, for the step decontaminate and for mixes."""

from pathlib import Path

import click

from algok.cli.shared import json_option, print_json, print_table, printable

_PATH = click.Path(path_type=Path)


@click.group("decontaminate")
def command() -> None:
    """Keep benchmarks out of what a model is trained on."""


@command.command("build")
@click.argument("files", nargs=-1, required=True, type=_PATH)
@click.option("--output", "-o", required=True, type=_PATH, help="The folder of the index, new or empty.")
@click.option("--benchmark", metavar="NAME", help="Whose files these are, where their fields and paths do not say it.")
@click.option(
    "--layouts", type=_PATH, help="YAML file with benchmarks of your own, as classifiers/benchmarks.yaml has them."
)
@click.option(
    "--background",
    multiple=True,
    type=_PATH,
    help="Text without benchmarks, such as a sample of the corpus or statutes: JSON Lines or Parquet with text. Repeatable.",
)
@click.option("--name", default="benchmarks", show_default=True, help="Name in the card: a-z, 0-9 and _.")
@click.option("--version", type=click.IntRange(1), default=1, show_default=True)
@json_option
def build(files, output, benchmark, layouts, background, name, version, as_json) -> None:
    """Build an index from the benchmarks in FILES: JSON, JSON Lines, CSV or Parquet as they are distributed.

    The index keeps hashes and the ids of items, no text. Items that cannot be decided (too short, the same in many
    items, or in the background) are not looked for; undecidable.jsonl in the folder lists them.

    \b
    Examples:
      algok decontaminate build KMMLU/data/*.csv CLIcK/*.json -o models/benchmarks
      algok decontaminate build test.jsonl --benchmark kmmlu_pro --background statutes.parquet -o models/pro
    """
    from algok.classifiers.training.benchmarks import known_benchmarks, read_items
    from algok.classifiers.training.contamination import build_index
    from algok.classifiers.training.data import DataSets, read_texts
    from algok.cli.train_command import check_output
    from algok.pipelines.plugins import nearest

    check_output(output, name)
    known = known_benchmarks(layouts)
    if benchmark is not None and benchmark not in known:
        raise click.UsageError(
            f"--benchmark '{benchmark}': no layout has this name{nearest(benchmark, sorted(filter(None, known)))}"
        )
    sets, items = DataSets(files, (), "items"), []
    for path in files:
        for item in read_items(path, known, benchmark):
            sets.count(path, {"text": "\n".join([item.context, item.question, *item.options, item.answer])})
            items.append(item)
    manifest = build_index(
        items,
        lambda: read_texts(background, DataSets(background, ())),
        output,
        data=sets.data(),
        name=name,
        version=version,
    )
    if as_json:
        print_json({"folder": str(output), "digest": manifest.digest, **manifest.model_dump(mode="json")})
        return
    _report(output, manifest)


def _report(output: Path, manifest) -> None:
    """What is looked for, and how a recipe or a mix takes the index."""
    click.echo(f"{output}: {manifest.metrics['shingles']:,} shingles, digest {manifest.digest[:16]}")
    figures = [(name, found) for name, found in manifest.metrics.items() if isinstance(found, dict)]
    columns = ["items", "short", "common", "background"]
    print_table(["benchmark", *columns], [[name, *(found[column] for column in columns)] for name, found in figures])
    shown = printable(str(output) if "/" in str(output) else f"./{output}")
    click.echo(f"\nItems that are short, common or in the background are not looked for: {shown}/undecidable.jsonl")
    click.echo(f"In a recipe:\nsteps:\n  decontaminate: {{index: {shown}}}\nIn a mix:\ndecontaminate: {shown}")
