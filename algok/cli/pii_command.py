"""algok pii: what the eighth step finds in one file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import click

from algok.cli.shared import json_option, print_json, print_table, printable, set_option

_AROUND = 24  # characters beside a finding


@click.command("pii")
@click.argument("target", metavar="FILE")
@click.option("--recipe", default="web", show_default=True, help="Recipe whose policies decide.")
@click.option("--kind", "kinds", multiple=True, help="Only findings of this kind. Repeatable.")
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="Findings shown; all are counted."
)
@click.option("--reveal", is_flag=True, help="Show the values. Without it nothing personal is printed.")
@set_option
@json_option
def command(target, recipe, kinds, limit, reveal, overrides, as_json) -> None:
    """List the personal data found in FILE (any input format, - for text on standard input).

    Each finding with its document, place (code points), rule, score, and what the recipe's policy does with it. Values are
    masked unless --reveal is given; so are other findings beside them.

    \b
    Examples:
      algok pii page.html
      algok pii petitions.jsonl.zst --kind person --limit 50
      echo '문의: 010-0423-8891' | algok pii - --json
    """
    from algok.errors import RecipeError
    from algok.filters.personal.kinds import KINDS
    from algok.filters.pii import Pii
    from algok.pipelines.plugins import nearest
    from algok.pipelines.recipe import load_recipe

    for kind in kinds:
        if kind not in KINDS:
            raise RecipeError(f"--kind {kind}: no such kind{nearest(kind, KINDS)}")
    loaded = load_recipe(recipe, list(overrides))
    config = next((config for config in loaded.steps if config.name == Pii.name), None)
    step = config.build() if config else Pii()
    assert isinstance(step, Pii)
    shown: list[dict[str, Any]] = []
    counts: Counter[tuple[str, str]] = Counter()
    documents = quarantined = 0
    for batch, faults in _batches(target, loaded.limits):
        quarantined += faults
        for row, own in enumerate(step.edit(batch).signals["spans"].to_pylist()):
            for span in own:
                if kinds and span["kind"] not in kinds:
                    continue
                counts[span["kind"], span["rule"]] += 1
                if len(shown) < limit:
                    text = batch.column("text")[row].as_py()
                    shown.append(_entry(documents + row + 1, text, span, own, step.policies, reveal))
        documents += batch.num_rows
    if as_json:
        totals = [{"kind": kind, "rule": rule, "findings": n} for (kind, rule), n in sorted(counts.items())]
        report = {"file": target, "documents": documents, "unreadable": quarantined}
        print_json(report | {"totals": totals, "findings": shown})
        return
    _show(shown, counts, documents, step.policies)
    if quarantined:
        click.echo(f"{quarantined:,} records could not be read; algok run writes them to quarantine/")


def _batches(target: str, limits) -> Iterator[tuple[Any, int]]:
    """Batches of documents, each with the number of records that could not be read beside it."""
    from algok.cli.one_file import read_chunks, read_stdin

    if target == "-":
        yield read_stdin(None), 0
        return
    left = 0
    for chunk in read_chunks(target, None, limits):
        left += chunk.quarantined_records
        if chunk.batch is not None:
            yield chunk.batch, left
            left = 0
    if left:
        from pyarrow import RecordBatch

        from algok.pipelines.documents import DOCUMENT_SCHEMA

        yield RecordBatch.from_pylist([], DOCUMENT_SCHEMA), left


def _entry(
    number: int, text: str, span: dict, own: list[dict], policies: Mapping[Any, str], reveal: bool
) -> dict[str, Any]:
    """One finding, its place and what stands around it."""
    low, high = max(0, span["start"] - _AROUND), span["end"] + _AROUND
    around = text[low:high] if reveal else _masked(text, low, high, own)
    entry = {"document": number, **span, "score": round(span["score"], 3), "policy": policies[span["kind"]]}
    return (
        entry | {"around": around.replace("\n", "⏎")} | ({"value": text[span["start"] : span["end"]]} if reveal else {})
    )


def _masked(text: str, low: int, high: int, own: list[dict]) -> str:
    """A stretch of the text with every finding in it as its token, and long numbers and addresses masked coarsely."""
    from algok.filters.personal.coarse import redact
    from algok.filters.personal.kinds import KINDS

    parts, at = [], low
    for span in own:
        if span["end"] > low and span["start"] < high:
            parts += (redact(text[at : max(at, span["start"])]), KINDS[span["kind"]].token)
            at = span["end"]
    return "".join([*parts, redact(text[at:high])])


def _show(shown: list[dict], counts: Counter, documents: int, policies: Mapping[Any, str]) -> None:
    rows = [
        [
            f["document"],
            f["kind"],
            f"{f['start']}–{f['end']}",
            f["score"],
            f["rule"],
            f["policy"],
            printable(f["around"]),
        ]
        for f in shown
    ]
    print_table(["document", "kind", "place", "score", "rule", "policy", "around"], rows)
    total = sum(counts.values())
    if total > len(shown):
        click.echo(f"… {total - len(shown):,} more; see --limit")
    click.echo()
    print_table(
        ["kind", "rule", "findings", "policy"],
        [[kind, rule, n, policies[kind]] for (kind, rule), n in sorted(counts.items())],
    )
    click.echo(f"\n{total:,} findings in {documents:,} documents")
