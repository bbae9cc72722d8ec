"""algok evaluate: a recipe and its models against labels."""

from pathlib import Path
from typing import Any

import click

from algok.cli.shared import json_option, labelled_options, lists, pairs, print_json, print_table, printable


@click.command("evaluate")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@labelled_options
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="KIND=MODEL",
    help="Another model of a kind, e.g. quality=models/my_quality. Several of a kind are compared. Repeatable.",
)
@click.option("--pii", is_flag=True, help="Score the step pii against labelled spans instead.")
@click.option("--spans", default="meta.spans", show_default=True, help="With --pii: where rows have their spans.")
@click.option(
    "--tokenizer",
    "tokenizers",
    multiple=True,
    metavar="TOKENIZER",
    help="Compare tokenizers on the texts instead: a model, a SentencePiece .model or a tokenizer.json. Repeatable.",
)
@click.option("--parallel", metavar="FIELD", help="With --tokenizer: where rows have a translation of their text.")
@click.option("--by", multiple=True, metavar="FIELD", help="Figures per value of a field, e.g. source. Repeatable.")
@json_option
def command(
    files, recipe, overrides, source, fields, group, part, models, pii, spans, tokenizers, parallel, by, as_json
) -> None:
    """Measure a recipe and its models on labelled FILES (JSON Lines or Parquet).

    Every step that needs no whole corpus runs in the recipe's order with its bounds; the labels say which drops are right.
    A --model of a kind that the recipe has no step for is measured beside it. Figures on documents that a model learned
    from say nothing: split with --part, here and in 'algok train'.

    \b
    Examples:
      algok evaluate labels.jsonl.zst
      algok evaluate labels.jsonl.zst --part held-out --model quality=models/my_quality --by source
      algok evaluate labels.jsonl.zst --model quality=quality --model quality=models/hq.bin
      algok evaluate documents.jsonl --field domain=topic --json | jq .domain.macro_f1
      algok evaluate --pii spans.jsonl --spans spans
      algok evaluate --tokenizer tokenizer --tokenizer our-128k.json prose.jsonl.zst
    """
    if tokenizers:
        _evaluate_tokenizers(tokenizers, files, parallel, as_json)
        return
    if pii:
        _evaluate_pii(files, spans, as_json)
        return
    from algok.evaluation.evaluate import evaluate, seen_by_models, step_for_kind
    from algok.evaluation.labelled_documents import LABELS, read_labelled_documents
    from algok.pipelines.recipe import load_recipe

    named = pairs(fields, "--field", LABELS)
    given = lists(models, "--model")
    for kind in given:
        step_for_kind(kind)  # an unknown kind is said before the documents are read
    loaded = load_recipe(recipe, list(overrides))
    documents = read_labelled_documents(files, fields=named, group=group, part=part, by=by, source=source)
    if any(len(references) > 1 for references in given.values()):
        _compare(files, documents, loaded, given, part, as_json)
        return
    chosen = {kind: references[-1] for kind, references in given.items()}
    report = {"files": [str(path) for path in files], "part": part, **evaluate(documents, loaded, chosen)}
    report["warnings"] = seen_by_models(files, part, report["models"])
    if as_json:
        print_json(report)
        return
    _show(report)


def _compare(files, documents, recipe, given: dict[str, list[str]], part, as_json: bool) -> None:
    """A table for every kind of which there are several models; the others are the recipe's or those given."""
    from algok.evaluation.compare_models import compare_models

    single = {kind: references[0] for kind, references in given.items()}
    tables = {
        kind: compare_models(documents, recipe, kind, references, single, files, part)
        for kind, references in given.items()
        if len(references) > 1
    }
    if as_json:
        print_json(
            {"files": [str(path) for path in files], "part": part, "documents": len(documents), "models": tables}
        )
        return
    click.echo(printable(f"{len(documents):,} documents (part {part}) through {recipe.name}"))
    for kind, rows in tables.items():
        names = [name for name in rows[0] if name != "warnings"]
        shown = [[row[name][:16] if name == "digest" else row[name] for name in names] for row in rows]
        click.echo(f"\n{kind.capitalize()} models (recipe: balanced accuracy of keep with the model)")
        print_table([name.replace("_", " ") for name in names], shown)
        for warning in (warning for row in rows for warning in row["warnings"]):
            click.echo(printable(f"warning: {warning}"))


def _evaluate_pii(files: tuple[Path, ...], spans: str, as_json: bool) -> None:
    from algok.evaluation.personal import evaluate_pii

    report = evaluate_pii(files, spans)
    if as_json:
        print_json({"files": [str(path) for path in files], **report})
        return
    click.echo(f"{report['documents']:,} documents, {report['megabytes']} MB")
    names = ("labelled", "found", "exact", "recall", "findings", "wrong", "other", "precision")
    rows = [[kind, *(figures[name] for name in names)] for kind, figures in report["kinds"].items()]
    print_table(["kind", *names], rows)


def _evaluate_tokenizers(
    tokenizers: tuple[str, ...], files: tuple[Path, ...], parallel: str | None, as_json: bool
) -> None:
    from algok.evaluation.tokenizers import evaluate_tokenizers

    report = [figures.as_dict() for figures in evaluate_tokenizers(tokenizers, files, parallel)]
    if as_json:
        print_json({"files": [str(path) for path in files], "tokenizers": report})
        return
    shown = [name for name in report[0] if name != "parity" or parallel]
    rows = [[printable(figures["tokenizer"]), *(figures[name] for name in shown[1:])] for figures in report]
    print_table([name.replace("_", " ") for name in shown], rows)


def _show(report: dict[str, Any]) -> None:
    click.echo(
        printable(
            f"{report['documents']:,} documents of {report['groups']:,} groups (part {report['part']}) "
            f"through {report['recipe']}: {' → '.join(report['steps'])}"
        )
    )
    if report["skipped"]:
        click.echo(f"left out, since they need the whole corpus: {', '.join(report['skipped'])}")
    if report["measured_only"]:
        click.echo(f"measured, but without a part in the verdict: {', '.join(report['measured_only'])}")
    for key, model in report["models"].items():
        click.echo(printable(f"{key}: {model['model']}, digest {model['digest'][:16]}"))
    for warning in report["warnings"]:
        click.echo(printable(f"warning: {warning}"))
    if keep := report.get("keep"):
        _show_keep(keep)
    if quality := report.get("quality"):
        _show_quality(quality)
    if toxicity := report.get("toxicity"):
        click.echo("\nToxicity (labelled 2 or 3 against the recipe's bounds; positive: toxic)")
        _show_binary(toxicity, "toxic", "clean")
        _figures(toxicity, ("precision", "recall", "f1", "specificity", "balanced_accuracy", "auc_max", "auc_mean"))
    if domain := report.get("domain"):
        _show_classes("Domain", domain)
        majors = domain["majors"]
        click.echo(f"\nmajor domains: accuracy {_number(majors['accuracy'])}, macro-F1 {_number(majors['macro_f1'])}")
    if style := report.get("style"):
        _show_classes("Style", style)
    for name, slices in report.get("slices", {}).items():
        keys = list(dict.fromkeys(key for figures in slices.values() for key in figures))
        rows = [[value, *(figures.get(key) for key in keys)] for value, figures in slices.items()]
        click.echo()
        print_table([printable(name), *(key.replace("_", " ") for key in keys)], rows)


def _show_keep(keep: dict[str, Any]) -> None:
    click.echo("\nKeep (the whole recipe; positive: keep)")
    _show_binary(keep, "kept", "dropped")
    _figures(keep, ("precision", "recall", "f1", "specificity", "accuracy", "balanced_accuracy"))
    if interval := keep["balanced_accuracy_interval"]:
        click.echo(f"balanced accuracy, 95 % interval by bootstrap over groups: {interval[0]:.3f}–{interval[1]:.3f}")
    if not keep["drops"]:
        return
    click.echo()
    rows = [
        [f"{drop['step']}.{drop['signal']} {drop['side']}", drop["documents"], drop["right"], drop["wrong"]]
        for drop in keep["drops"]
    ]
    print_table(["dropped by (first broken bound)", "documents", "right", "wrong"], rows)
    click.echo()
    rows = [[step["step"], step["documents"], step["right"], step["wrong"]] for step in keep["alone"]]
    print_table(["dropped by the step alone", "documents", "right", "wrong"], rows)


def _show_quality(quality: dict[str, Any]) -> None:
    click.echo("\nQuality model")
    _figures(quality, ("auc", "ece", "brier", "auc_level", "level_spearman", "level_mean_absolute_error"))
    if quality.get("bins"):
        click.echo()
        rows = [
            [f"{row['from']:.1f}–{row['to']:.1f}", row["documents"], row["mean_probability"], row["observed"]]
            for row in quality["bins"]
        ]
        print_table(["probability of keep", "documents", "mean", "observed"], rows)


def _show_binary(figures: dict[str, Any], positive: str, negative: str) -> None:
    rows = [
        [f"labelled {positive}", figures["true_positive"], figures["false_negative"]],
        [f"labelled {negative}", figures["false_positive"], figures["true_negative"]],
    ]
    print_table(["", f"found {positive}", f"found {negative}"], rows)


def _show_classes(title: str, figures: dict[str, Any]) -> None:
    accuracy, macro = _number(figures["accuracy"]), _number(figures["macro_f1"])
    click.echo(f"\n{title}: accuracy {accuracy}, macro-F1 {macro} on {figures['documents']:,} documents")
    rows = [
        [name, row["documents"], row["predicted"], row["precision"], row["recall"], row["f1"]]
        for name, row in figures["classes"].items()
    ]
    print_table([title.lower(), "documents", "predicted", "precision", "recall", "F1"], rows)
    if figures["confusions"]:
        click.echo()
        rows = [[row["truth"], row["predicted"], row["documents"]] for row in figures["confusions"][:10]]
        print_table(["labelled", "predicted", "documents"], rows)


def _figures(figures: dict[str, Any], names: tuple[str, ...]) -> None:
    shown = [f"{name.replace('_', ' ')} {_number(figures[name])}" for name in names if name in figures]
    click.echo(" · ".join(shown))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
