"""algok label: the documents of a run that teach most, labelled by keys."""

import hashlib
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from algok.cli.shared import printable

_LINES, _WIDTH = 30, 110  # of a document before more is asked for
_LEAVE, _BACK, _MORE, _RUBRIC, _END = "\r", "<", "/", "?", "."
_HELP = "Enter: leave out · / more text · < the document before · ? rubric · . end"
_KEEP = {"n": 0, "y": 1}


class _End(Exception):
    """The labeller has had enough."""


class _Back(Exception):
    """To the document before."""


@click.command("label")
@click.argument("run")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help="JSON Lines; what it holds goes on."
)
@click.option("--documents", type=click.IntRange(1, 2000), default=100, show_default=True)
@click.option(
    "--label",
    "labels",
    multiple=True,
    type=click.Choice(["keep", "quality", "toxicity", "domain", "style"]),
    help="What is asked of every document. Repeatable [default: keep, quality].",
)
@click.option(
    "--rubric", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Your own, instead of algok's."
)
def command(run, output, documents, labels, rubric) -> None:
    """Label documents of a finished RUN in this terminal, those first that its models are least sure of.

    Every tenth document is drawn by chance. A key answers; each row is written at once, with the version of the rubric, and the
    same command goes on where it ended. 'algok train' and 'algok evaluate' read the file.

    \b
    Examples:
      algok label runs/web -o labels.jsonl
      algok label runs/web -o labels.jsonl --documents 300 --label keep --label style
    """
    from algok.evaluation.informative import choose, text_of
    from algok.pipelines.run_directory import Run

    opened, asked = Run.open(run, finished=True), tuple(labels) or ("keep", "quality")
    rules, version = _rubric(rubric)
    rows = _rows(output)
    chosen = choose(opened, documents, asked, frozenset(row["id"] for row in rows))
    before, place = len(rows), 0
    while place < len(chosen):
        document = chosen[place]
        found = text_of(opened, document)
        _show(f"{place + 1} of {len(chosen)} · {document.verdict} · {found['source'] or 'no source'}", found["text"])
        try:
            answers = {label: answer for label in asked if (answer := _ask(label, found["text"], rules)) is not None}
        except _End:
            break
        except _Back:
            if place > 0:
                place -= 1
                _write(output, rows := [row for row in rows if row["id"] != chosen[place].id])
            continue
        rows.append(_row(asdict(document), found, answers, version))
        _write(output, rows)
        place += 1
    answered = sum(bool(row["labels"]) for row in rows[before:])
    click.echo(f"\n{output}: {len(rows)} documents, {answered} of them labelled now; rubric {version}")


def _rubric(path: Path | None) -> tuple[str, str]:
    """The text, and what a row says of it: a name, and a digest that another wording changes."""
    from algok.evaluation import labelled_documents

    own = path or Path(labelled_documents.__file__).with_name("rubric.md")
    text = own.read_text(encoding="utf-8")
    return text, f"{own.stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _rows(output: Path) -> list[dict[str, Any]]:
    from algok.classifiers.labelled_rows import read_rows
    from algok.errors import InputError

    if not output.exists():
        return []
    rows = list(read_rows(output))
    if any("id" not in row or "labels" not in row for row in rows):
        raise InputError(f"{output}: not written by algok label (a row has no id or no labels); choose another file")
    return rows


def _row(document: dict[str, Any], found: dict[str, Any], answers: dict[str, Any], version: str) -> dict[str, Any]:
    kept = {name: document[name] for name in ("id", "host", "why", "unsure")}
    return kept | {
        "text": found["text"],
        "url": found["url"],
        "source": found["source"],
        "labels": answers,
        "rubric": version,
    }


def _write(output: Path, rows: list[dict[str, Any]]) -> None:
    """The whole file beside its place, then into it: a broken connection costs the document at hand."""
    import orjson

    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{output.name}.partial")
    partial.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    partial.replace(output)


def _show(head: str, text: str) -> None:
    click.clear()
    click.secho(printable(head), bold=True)
    click.secho(_HELP + "\n", dim=True)
    lines = list(_wrapped(text))
    for line in lines[:_LINES]:
        click.echo(line)
    if len(lines) > _LINES:
        click.secho(f"… {len(lines) - _LINES} more lines", dim=True)


def _wrapped(text: str) -> Iterator[str]:
    """Lines that fit, what could steer the terminal made visible."""
    for line in text.split("\n"):
        yield from textwrap.wrap(printable(line), _WIDTH) or [""]


def _ask(label: str, text: str, rules: str) -> Any:
    """The answer that a key gives; None: left out."""
    keys = _keys(label)
    shown = " ".join(f"{key}={answer}" if len(keys) > 6 or label == "keep" else key for key, answer in keys.items())
    click.echo("\n" + textwrap.fill(f"{label}: {shown}", _WIDTH) + " ", nl=False)
    while True:
        key = _key()
        if key in keys:
            click.echo(str(keys[key]))
            return keys[key]
        if key in (_LEAVE, "\n"):
            click.echo("–")
            return None
        _act(key, text, rules)


def _key() -> str:
    try:
        return click.getchar()
    except OSError as error:
        raise click.UsageError("algok label is answered by keys; run it in a terminal") from error


def _act(key: str, text: str, rules: str) -> None:
    actions: dict[str, Callable[[], None]] = {
        _MORE: lambda: click.echo("\n" + "\n".join(list(_wrapped(text))[_LINES:])),
        _RUBRIC: lambda: click.echo("\n" + "\n".join(map(printable, rules.split("\n")))),
    }
    if key == _END:
        raise _End
    if key == _BACK:
        raise _Back
    actions.get(key, lambda: None)()


def _keys(label: str) -> dict[str, Any]:
    """The answers of a label by their keys."""
    from algok.taxonomy.axes import major_of, styles

    if label in ("domain", "style"):
        names = tuple(major_of()) if label == "domain" else styles()
        return {chr(ord("a") + place): name for place, name in enumerate(names)}
    if label == "keep":
        return dict(_KEEP)
    return {str(number): number for number in range(6 if label == "quality" else 4)}
