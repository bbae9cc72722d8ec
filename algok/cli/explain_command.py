"""algok explain: why a document is kept or dropped."""

import sys

import click

from algok.cli.shared import json_option, print_json, printable, set_option


@click.command("explain")
@click.argument("target")
@click.argument("key", required=False)
@click.option("--recipe", default="web", show_default=True, help="Recipe whose steps look at a document from a file.")
@click.option("--source", help="Source label of a document from a file.")
@click.option("--number", type=click.IntRange(1), default=1, show_default=True, help="Which document of a file.")
@set_option
@json_option
def command(target, key, recipe, source, number, overrides, as_json) -> None:
    """Explain one document: every signal beside its bound, every edit as a diff, the verdict.

    TARGET is a file of any input format, - for text on standard input, or a run directory with the document's id or URL
    as KEY. What could be personal data is masked.

    \b
    Examples:
      algok explain page.md
      algok explain crawl.warc.gz --number 17
      echo '안녕하세요' | algok explain -
      algok explain runs/web 5f0c8e0d6c5b4a39a1b2c3d4e5f60718
    """
    explanations = _from_run(target, key) if key else [_from_file(target, recipe, source, number, overrides)]
    if as_json:
        print_json([explanation.as_dict() for explanation in explanations])
        return
    for explanation in explanations:
        _show(explanation)


def _from_run(target: str, key: str) -> list:
    from algok.errors import InputError
    from algok.pipelines.run_directory import Run

    found = Run.open(target).explain(key)
    if not found:
        raise InputError(f"{target}: no kept or dropped document has this id or URL")
    return found


def _from_file(target: str, recipe: str, source: str | None, number: int, overrides: tuple[str, ...]):
    from algok.cli.one_file import read_stdin
    from algok.pipelines.explain import explain_document
    from algok.pipelines.recipe import load_recipe

    loaded = load_recipe(recipe, list(overrides))
    batch = read_stdin(source) if target == "-" else _read_document(target, source, number, loaded)
    return explain_document(batch, loaded)


def _read_document(target: str, source: str | None, number: int, recipe):
    from algok.cli.one_file import read_chunks
    from algok.errors import InputError

    left, quarantined = number, None
    for chunk in read_chunks(target, source, recipe.limits):
        quarantined = quarantined or next(iter(chunk.quarantined), None)
        if chunk.batch is None:
            continue
        if left <= chunk.batch.num_rows:
            return chunk.batch.slice(left - 1, 1)
        left -= chunk.batch.num_rows
    reason = f"; it could not be read: {quarantined['reason']}: {quarantined['message']}" if quarantined else ""
    raise InputError(f"{target}: no document number {number}, there are {number - left}{reason}")


def _show(explanation) -> None:
    from rich.console import Console
    from rich.markup import escape as escape_markup

    def escape(text: str) -> str:
        return escape_markup(printable(text))

    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    console.print(f"[bold]{escape(explanation.id)}[/] · source {escape(explanation.source or '(none)')}")
    for step in explanation.steps:
        console.print(f"\n[bold]{step.step}[/] {escape(step.note)}")
        for line in step.signals:
            value = f"{line.value:.4g}" if isinstance(line.value, float) else str(line.value)
            mark = "[red]✗[/]" if line.broken else ("[green]✓[/]" if line.bound else " ")
            console.print(f"  {mark} {line.signal:<28} {escape(value):>14}  {line.bound}")
        for line in step.diff:
            console.print(f"    [{'green' if line.startswith('+') else 'red'}]{escape(line[:200])}[/]")
    console.print(f"\n[bold]{escape(explanation.verdict)}[/]")
