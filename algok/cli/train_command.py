"""algok train: model folders from one's own data."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from algok.cli.shared import json_option, print_json, print_table, printable

_PATH = click.Path(path_type=Path)
_seed_option = click.option("--seed", type=int, default=0, show_default=True)


def _options(*options: Callable) -> Callable:
    def decorate(function: Callable) -> Callable:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _files(kind: str) -> Callable:
    """What every kind takes."""
    return _options(
        click.argument("files", nargs=-1, required=True, type=_PATH),
        click.option("--output", "-o", required=True, type=_PATH, help="The model folder, new or empty."),
        click.option("--name", default=kind, show_default=True, help="Name in the card: a-z, 0-9 and _."),
        click.option("--version", type=click.IntRange(1), default=1, show_default=True),
        click.option(
            "--license",
            "licenses",
            multiple=True,
            metavar="TEXT",
            help="Licence of FILES, once for all or once for each in order [default: the rows' field license].",
        ),
        json_option,
    )


def _labels(field: str) -> Callable:
    """What the kinds that learn from labels take."""
    return _options(
        click.option("--label", default=field, show_default=True, metavar="FIELD", help="Dots reach into objects."),
        click.option(
            "--group",
            metavar="FIELD",
            help="Rows of a group stay together [default: the first of group, host, source].",
        ),
        click.option(
            "--part",
            type=click.Choice(["all", "dev", "held-out"]),
            default="all",
            show_default=True,
            help="dev: without the groups that 'algok evaluate --part held-out' measures on.",
        ),
        click.option(
            "--folds",
            type=click.IntRange(0, 20),
            default=3,
            show_default=True,
            help="Of the cross-validation over groups for the card; 0: none.",
        ),
        click.option(
            "--backend",
            type=click.Choice(["algok", "fasttext"]),
            default="algok",
            show_default=True,
            help="fasttext: a model of that library, slower to ask, for what else you use it for.",
        ),
        _seed_option,
    )


@click.group("train")
def command() -> None:
    """Train a model on your own data: JSON Lines or Parquet in, a model folder with its card out.

    The same files, options and seed give the same digest. All but tokenizer and perplexity need the extra train
    (pip install 'algok[train]'); perplexity needs KenLM's lmplz.
    """


@command.command("tokenizer")
@_files("tokenizer")
@click.option("--vocabulary", type=click.IntRange(300, 250_000), default=32_000, show_default=True, help="Pieces.")
@_seed_option
def tokenizer(files, output, licenses, as_json, **options) -> None:
    """Train a SentencePiece unigram model with byte fallback on the texts of FILES.

    \b
    Example:
      algok train tokenizer prose.jsonl.zst -o models/my_tokenizer --vocabulary 32000
    """
    from algok.classifiers.training.data import DataSets, read_texts
    from algok.classifiers.training.tokenizer import train_tokenizer

    check_output(output, options["name"])
    sets = DataSets(files, licenses)
    texts = list(read_texts(files, sets))
    report(output, train_tokenizer(texts, output, data=sets.data(), **options), as_json)


@command.command("perplexity")
@_files("perplexity")
@click.option("--noisy", multiple=True, type=_PATH, help="File of bad text. Repeatable.")
@click.option("--typical", multiple=True, type=_PATH, help="File whose thirds make the buckets. Repeatable [FILES].")
@click.option("--tokenizer", default="tokenizer", show_default=True, help="A tokenizer model: name or folder.")
@click.option("--order", type=click.IntRange(2, 3), default=3, show_default=True, help="Longest n-gram.")
@_seed_option
def perplexity(files, output, licenses, as_json, noisy, typical, order, **options) -> None:
    """Train a clean n-gram model on FILES, and a noisy one on --noisy and on FILES damaged.

    Needs KenLM's lmplz: on PATH, in $ALGOK_LMPLZ, or built once from kenlm's source distribution (about a minute; cmake,
    a C++ compiler and Boost).

    \b
    Example:
      algok train perplexity prose.jsonl.zst --noisy comments.jsonl.zst -o models/my_perplexity
    """
    from algok.classifiers.training.data import DataSets, read_texts
    from algok.classifiers.training.perplexity import train_perplexity

    check_output(output, options["name"])
    sets = [DataSets(files, licenses, "clean"), DataSets(noisy, (), "noisy"), DataSets(typical, (), "buckets")]
    clean, bad, usual = (
        list(read_texts(paths, part)) for paths, part in zip((files, noisy, typical), sets, strict=True)
    )
    data = [line for part in sets for line in part.data()]
    prune = (0, 1, 1)[:order]
    manifest = train_perplexity(clean, bad, usual or clean, output, order=order, prune=prune, data=data, **options)
    report(output, manifest, as_json)


@command.command("quality")
@_files("quality")
@_labels("labels.keep")
@click.option("--level", default="labels.quality", show_default=True, metavar="FIELD", help="Quality 0–5, where known.")
def quality(level, **options) -> None:
    """Train a quality model on FILES with the label keep (0 or 1) and, where rows have it, quality from 0 to 5.

    \b
    Example:
      algok train quality labels.jsonl.zst -o models/my_quality --license 'CC BY 4.0'
    """
    _train("quality", second=level, **options)


@command.command("toxicity")
@_files("toxicity")
@_labels("labels.toxicity")
@click.option(
    "--toxic-from", type=float, default=1, show_default=True, help="A label that is a number is toxic from here on."
)
def toxicity(toxic_from, **options) -> None:
    """Train a toxicity model on FILES, comments or documents.

    A label is a list of classes (hate, insult, sexual, threat, illegal), one class or none, {class: 0 or 1}, true or false, or
    a number.

    \b
    Example:
      algok train toxicity comments.jsonl --label hate_speech --group site -o models/my_toxicity
    """
    _train("toxicity", toxic_from=toxic_from, **options)


@command.command("domain")
@_files("domain")
@_labels("labels.domain")
def domain(**options) -> None:
    """Train a domain model on FILES; a label is one of the twenty codes, or codes with probabilities.

    \b
    Example:
      algok train domain documents.parquet --label meta.domain -o models/my_domain
    """
    from algok.taxonomy.axes import major_of

    _train("domain", names=tuple(major_of()), **options)


@command.command("style")
@_files("style")
@_labels("labels.style")
def style(**options) -> None:
    """Train a style model on FILES; a label is a name, or names with probabilities.

    \b
    Example:
      algok train style labels.jsonl.zst -o models/my_style
    """
    _train("style", **options)


def _train(
    kind,
    *,
    files,
    output,
    name,
    version,
    licenses,
    as_json,
    label,
    group,
    part,
    folds,
    backend,
    seed,
    second=None,
    toxic_from=1.0,
    names=None,
) -> None:
    from algok.classifiers.training.data import DataSets, read_training
    from algok.classifiers.training.kinds import TRAINERS
    from algok.classifiers.training.train import Choices, train_model

    check_output(output, name)
    check_extra()
    trainer = TRAINERS[kind](Choices(seed, toxic_from, names))
    if backend == "fasttext":
        from algok.classifiers.foreign.libraries import library
        from algok.classifiers.training.fasttext import with_fasttext

        library("fasttext", "fasttext", "--backend fasttext")
        trainer = with_fasttext(kind, trainer, seed)
    sets = DataSets(files, licenses)
    examples, grouped = read_training(files, label, group, sets, part, second)
    note = "" if grouped else "the rows have no group, so near copies may lie on both sides of a fold"
    if note:
        click.echo(f"algok: {note}; name a field with --group", err=True)
    manifest = train_model(
        kind,
        examples,
        output,
        name=name,
        version=version,
        data=sets.data(part),
        number=folds,
        trainer=trainer,
        note=note,
    )
    report(output, manifest, as_json)


def check_output(output: Path, name: str) -> None:
    """What would otherwise fail after the training."""
    import re

    from algok.errors import ModelError

    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise click.UsageError(f"--name '{name}': only a-z, 0-9 and _")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise ModelError(f"{output}: is not an empty folder; choose a new one for the model")


def check_extra() -> None:
    from importlib.util import find_spec

    from algok.errors import ModelError

    if find_spec("sklearn") is None:
        raise ModelError("training needs scikit-learn; install it with: pip install 'algok[train]'")


def report(output: Path, manifest, as_json: bool) -> None:
    """The card's facts and figures, and how a recipe takes the model."""
    from algok.evaluation.evaluate import step_for_kind

    step, option = step_for_kind(manifest.kind)
    reference = str(output) if "/" in str(output) else f"./{output}"
    if as_json:
        print_json({"folder": str(output), "digest": manifest.digest, **manifest.model_dump(mode="json")})
        return
    click.echo(f"{output}: {manifest.kind} model {manifest.name}@{manifest.version}, digest {manifest.digest[:16]}")
    click.echo()
    rows = [[line.name, line.license, line.documents, line.megabytes, line.use] for line in manifest.data]
    print_table(["data", "licence", "documents", "MB", "use"], rows)
    for name, figures in _tables(manifest.metrics).items():
        click.echo()
        print_table([name, "value"], figures)
    shown = printable(reference)
    click.echo(f"\nIn a recipe, or with --set steps.{step}.{option}={shown}:")
    click.echo(f"steps:\n  {step}: {{{option}: {shown}}}")


def _tables(metrics: dict) -> dict[str, list]:
    """The metrics as one table per top-level group; single figures are a table of their own."""
    tables: dict[str, list] = {}
    for key, value in metrics.items():
        rows = list(_flat(value)) if isinstance(value, dict) else [[key, _shown(value)]]
        tables.setdefault(key if isinstance(value, dict) else "metric", []).extend(rows)
    return tables


def _flat(metrics: dict, before: str = "") -> Iterator[list]:
    for key, value in metrics.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key} ")
        else:
            yield [f"{before}{key}", _shown(value)]


def _shown(value: Any) -> Any:
    return value if value is None or isinstance(value, int | float) else str(value)
