"""algok models: what models there are, what they learned from, and whether they are whole."""

import click

from algok.cli.shared import json_option, print_json, print_table, printable


@click.group("models")
def command() -> None:
    """List, show and verify models. MODEL is a shipped one (name or name@version) or the path of a model folder."""


@command.command("list")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@json_option
def list_models(models, as_json) -> None:
    """List the models that come with algok, and those given.

    \b
    Examples:
      algok models list
      algok models list models/my_quality --json
    """
    rows = [_facts(model) for model in _opened(models, with_shipped=True)]
    if as_json:
        print_json(rows)
        return
    shown = [
        [row["model"], row["kind"], row["bytes"] / 1e6, row["digest"][:16], row["created"], _brief(row["licenses"])]
        for row in rows
    ]
    print_table(["model", "kind", "MB", "digest", "trained", "licences of its data"], shown)


@command.command("show")
@click.argument("model")
@json_option
def show(model, as_json) -> None:
    """Print the card of MODEL: data and licences, metrics, parameters, files.

    \b
    Example:
      algok models show quality
    """
    (opened,) = _opened([model], with_shipped=False)
    if as_json:
        print_json({**_facts(opened), **opened.manifest.model_dump(mode="json")})
        return
    from algok.classifiers.card import render

    click.echo("\n".join(map(printable, render(opened.manifest).split("\n"))), nl=False)


@command.command("verify")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@json_option
def verify(models, as_json) -> None:
    """Compare every file of the models that come with algok, or of those given, with its digest.

    Exit code 8 when a model is missing or damaged.

    \b
    Examples:
      algok models verify
      algok models verify models/my_quality
    """
    from algok.errors import ModelError

    results = []
    for name in models or _shipped_names():
        try:
            (model,) = _opened([name], with_shipped=False)
            model.verify()
            results.append({"model": name, "digest": model.manifest.digest, "ok": True, "problem": None})
        except ModelError as error:
            results.append({"model": name, "digest": None, "ok": False, "problem": str(error)})
    problems = [result["problem"] for result in results if not result["ok"]]
    if as_json:
        print_json(results)
    else:
        for result in results:
            if result["ok"]:
                click.echo(printable(f"{result['model']}: whole, digest {result['digest'][:16]}"))
    if problems:
        raise ModelError("\n".join([f"{len(problems)} of {len(results)} model(s) cannot be used", *problems]))


def _opened(references, with_shipped: bool) -> list:
    """The models of references, after the shipped ones if asked for."""
    from algok.classifiers.store import Model, find_folder, read_manifest, shipped

    folders = [*(shipped() if with_shipped else []), *map(find_folder, references)]
    return [Model(folder, read_manifest(folder)) for folder in folders]


def _shipped_names() -> list[str]:
    from algok.classifiers.store import shipped

    return ["@".join(folder.name.rsplit("-", 1)) for folder in shipped()]


def _brief(licenses: list[str], most: int = 3) -> str:
    """The first few; `show` and --json have all."""
    more = len(licenses) - most
    return ", ".join(licenses[:most]) + (f" and {more} more" if more > 0 else "")


def _facts(model) -> dict:
    manifest = model.manifest
    sizes = [(model.folder / name).stat().st_size for name in manifest.files if (model.folder / name).is_file()]
    return {
        "model": model.label,
        "kind": manifest.kind,
        "folder": str(model.folder),
        "bytes": sum(sizes),
        "digest": manifest.digest,
        "created": manifest.created.isoformat(),
        "licenses": sorted({line.license for line in manifest.data}),
    }
