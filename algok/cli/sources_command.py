"""algok sources: the shapes of corpora that algok knows, and a look into a file or folder of records."""

import click

from algok.cli.shared import json_option, print_json, print_table, printable


@click.group("sources")
def command() -> None:
    """List, show and guess shapes: how the records of AI Hub, NIKL and other corpora become documents."""


@command.command("list")
@json_option
def list_shapes(as_json) -> None:
    """List the shapes that algok carries.

    \b
    Example:
      algok sources list
    """
    from algok.pipelines.sources.carried import carried_shapes

    rows = [
        {"shape": name, "kind": shape.kind, "title": shape.title, "licence": shape.licence}
        for name, shape in carried_shapes().items()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(["shape", "kind", "corpora", "terms"], [list(row.values()) for row in rows])


@command.command("show")
@click.argument("shape")
@json_option
def show(shape, as_json) -> None:
    """Print SHAPE as YAML, to be written under `shape` of an input and changed there.

    \b
    Example:
      algok sources show nikl-paragraphs
    """
    import yaml

    from algok.errors import RecipeError
    from algok.pipelines.sources.carried import shape_named

    try:
        data = shape_named(shape).model_dump(mode="json", exclude_defaults=True)
    except ValueError as error:
        raise RecipeError(printable(str(error))) from None
    if as_json:
        print_json(data)
    else:
        click.echo(yaml.safe_dump({shape: data}, allow_unicode=True, sort_keys=False, width=120), nl=False)


@command.command("inspect")
@click.argument("path")
@click.option("--members", type=click.IntRange(1), default=200, show_default=True, help="Look at so many members.")
@click.option("--shape", default="auto", show_default=True, help="Read by this carried shape only.")
@json_option
def inspect_path(path, members, shape, as_json) -> None:
    """Look into PATH, a file, archive or folder: what its members are, their paths with the share of Hangul, the shape that
    fits or a draft of one, three masked examples, and what would be ignored.

    \b
    Examples:
      algok sources inspect TL1.zip
      algok sources inspect ~/aihub --members 1000 --json
    """
    from pydantic import ValidationError

    from algok.errors import RecipeError
    from algok.pipelines.readers.spec import InputSpec
    from algok.pipelines.sources.inspection import inspect

    try:
        spec = InputSpec(path=path, format="records", shape=shape)
    except ValidationError as error:
        raise RecipeError(printable(error.errors()[0]["msg"].removeprefix("Value error, "))) from None
    found = inspect(spec, members)
    if as_json:
        print_json(_as_data(found))
    else:
        _print(found)


def _as_data(found) -> dict:
    return {
        "members": found.members,
        "whole": found.whole,
        "ignored": dict(found.ignored),
        "quarantined": dict(found.quarantined),
        "looks": [
            {
                "kind": look.kind,
                "shape": look.shape,
                "members": look.members,
                "documents": look.documents,
                "paths": [
                    {"path": path, "values": held.values, "characters": held.characters, "hangul": round(held.share, 3)}
                    for path, held in look.tree.held.items()
                ],
                "examples": look.examples,
                "draft": look.draft,
            }
            for look in found.looks.values()
        ],
    }


def _number(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def _print(found) -> None:
    import yaml

    more = "" if found.whole else " (the first; --members looks at more)"
    click.echo(f"{_number(found.members, 'member')}{more}")
    for look in found.looks.values():
        held = f"{_number(look.members, 'member')}, {_number(look.documents, 'document')}"
        click.echo(f"\n{look.kind}, {look.shape}: {held}")
        rows = [
            [printable(path)[:80], held.values, held.characters, f"{held.share:.2f}"]
            for path, held in look.tree.held.items()
        ]
        print_table(["path", "values", "characters", "Hangul"], rows)
        if look.draft is not None:
            click.echo("draft of a shape; look it over, then write it under `shape` of an input:")
            text = yaml.safe_dump({"shape": look.draft}, allow_unicode=True, sort_keys=False, width=120)
            click.echo("\n".join(map(printable, text.split("\n"))))
        for example in look.examples:
            click.echo(f"  “{printable(example)}”")
    for title, counts in (("ignored", found.ignored), ("quarantined", found.quarantined)):
        for reason, count in sorted(counts.items()):
            click.echo(f"{title}: {count:,} {reason}, such as {printable(found.named[reason])[:80]}")
