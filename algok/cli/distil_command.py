"""algok distil: our fast linear model learns what a slow scorer says."""

import sys
from pathlib import Path

import click

from algok.cli.shared import json_option, pairs, print_json

_PATH = click.Path(path_type=Path)


@click.command("distil")
@click.argument("kind", type=click.Choice(["quality", "domain", "style"]))
@click.argument("teacher")
@click.argument("files", nargs=-1, required=True, type=_PATH)
@click.option("--output", "-o", required=True, type=_PATH, help="The model folder, new or empty.")
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL=ANSWER", help="What a label of the teacher means. Repeatable."
)
@click.option(
    "--documents",
    type=click.IntRange(20),
    default=20_000,
    show_default=True,
    help="At most so many texts of FILES, spread over them.",
)
@click.option("--gpu", is_flag=True, help="Ask the teacher, an ONNX model, on a graphics card.")
@click.option(
    "--group", metavar="FIELD", help="Rows of a group stay together [default: group, host, or the host of url]."
)
@click.option(
    "--folds",
    type=click.IntRange(2, 20),
    default=3,
    show_default=True,
    help="Of the cross-validation over groups that shows the loss.",
)
@click.option("--name", help="Name in the card: a-z, 0-9 and _ [default: KIND].")
@click.option("--license", "licenses", multiple=True, metavar="TEXT", help="Licence of FILES [default: the rows' own].")
@click.option("--seed", type=int, default=0, show_default=True)
@json_option
def command(kind, teacher, files, output, labels, documents, gpu, group, folds, name, licenses, seed, as_json) -> None:
    """Teach a fast model of KIND what TEACHER says of the texts of FILES (JSON Lines or Parquet; kept/*.parquet of a run).

    TEACHER is a model file of fastText, ONNX or skops, or a model folder. The student is an ordinary model folder; its card
    says how far it is from the teacher on texts of groups that it did not learn from, and the output how much faster it is.
    Measure both on labels with 'algok evaluate --model KIND=TEACHER --model KIND=STUDENT'.

    \b
    Examples:
      algok distil quality models/edu/model.onnx run/kept/*.parquet -o models/edu_fast
      algok distil style models/styles.skops texts.jsonl.zst --label blog=essay -o models/styles_fast
    """
    from algok.classifiers.store import open_model
    from algok.classifiers.training import distil
    from algok.classifiers.training.data import DataSets
    from algok.classifiers.training.train import train_model
    from algok.cli.train_command import check_extra, check_output, report
    from algok.taxonomy.axes import major_of

    name = name or kind
    check_output(output, name)
    check_extra()
    names = tuple(major_of()) if kind == "domain" else None
    model = distil.open_teacher(kind, teacher, pairs(labels, "--label") or None, names, float(gpu))
    sets = DataSets(files, licenses)
    lesson = distil.teach(model, distil.sample(files, documents, sets, group), _watched)
    trainer = model.trainer(seed)
    manifest = train_model(
        kind,
        lesson.examples,
        output,
        name=name,
        version=1,
        data=sets.data(),
        number=folds,
        trainer=trainer,
        figures={"taught by": distil.described(teacher, kind)},
    )
    speed = distil.speed_of(trainer, open_model(str(output.absolute()), kind), lesson.examples.texts)
    if as_json:
        rates = {"teacher": lesson.megabytes_per_second, "student": speed}
        print_json(
            {"folder": str(output), "digest": manifest.digest, "speed": rates, **manifest.model_dump(mode="json")}
        )
        return
    report(output, manifest, False)
    times = speed / lesson.megabytes_per_second
    click.echo(
        f"\nspeed on one core: teacher {lesson.megabytes_per_second:.3g} MB/s, student {speed:.3g} MB/s ({times:,.0f} times)"
    )


def _watched(places: range):
    """A bar on a terminal; the teacher may take hours."""
    if not sys.stderr.isatty():
        yield from places
        return
    with click.progressbar(places, label="asking the teacher", file=sys.stderr) as shown:
        yield from shown
