"""algok compare: what changed from one run to another."""

import click

from algok.cli.shared import json_option, print_json, print_table


@click.command("compare")
@click.argument("first")
@click.argument("second")
@click.option(
    "--fail-if",
    "conditions",
    multiple=True,
    metavar="NAME<NUMBER",
    help="Exit with 9 where this holds, e.g. 'kept_share<-2%' or 'drift>0.1'. Repeatable.",
)
@json_option
def command(first, second, conditions, as_json) -> None:
    """Compare the run directories FIRST and SECOND: figures, drops by step, rule and source, drift of every signal, documents
    that are decided otherwise, recipes and models. `algok report SECOND --against FIRST` shows the same as a page.

    A condition names a figure of `--json`'s `values`. These are differences, SECOND less FIRST: kept_share,
    quarantine_share, documents, kept, tokens, text_bytes, step.NAME, rule.NAME and source.NAME (shares, so -2% are two
    points); and distances between 0 and 1: drift (the greatest) and drift.SIGNAL; and changed, the share of documents with
    another verdict.

    \b
    Examples:
      algok compare runs/last-week runs/today
      algok compare runs/a runs/b --fail-if 'kept_share<-2%' --fail-if 'drift.heuristics.chars>0.1'
    """
    from algok.dashboard.compare import check, compare
    from algok.dashboard.report_data import read_report
    from algok.errors import DifferenceError

    comparison = compare(read_report(first, 0), read_report(second, 0))
    failed = check(comparison, conditions)
    if as_json:
        print_json({**comparison.as_dict(), "failed": failed})
    else:
        _show(comparison)
    if failed:
        raise DifferenceError("the runs differ more than allowed:\n" + "\n".join(f"  {line}" for line in failed))


def _show(comparison) -> None:
    def changed(changes) -> list:
        moved = sorted((c for c in changes if c.difference), key=lambda c: -abs(c.difference))
        return [[c.name or "(none)", c.before, c.after, c.difference] for c in moved[:20]]

    print_table(
        ["figure", "first", "second", "difference"], [[*vars(c).values(), c.difference] for c in comparison.figures]
    )
    for name, changes in (
        ("dropped share by step", comparison.steps),
        ("dropped share by rule", comparison.rules),
        ("kept share by source", comparison.sources),
    ):
        _print([name, "first", "second", "difference"], changed(changes))
    _print(["drift of", "distance"], [[name, far] for name, far in comparison.drift[:20] if far])
    verdicts = comparison.verdicts
    _print(["verdict in first", "in second", "documents"], [[*pair, n] for pair, n in verdicts.changes.most_common(20)])
    click.echo(
        f"\n{verdicts.changed:,} of {verdicts.common:,} common documents have another verdict; "
        f"{verdicts.only_first:,} are in the first run only, {verdicts.only_second:,} in the second only"
    )
    settings = {**comparison.recipe, **comparison.models}
    _print(["setting", "first", "second"], [[key, str(a), str(b)] for key, (a, b) in settings.items()])


def _print(columns: list[str], rows: list) -> None:
    if rows:
        click.echo()
        print_table(columns, rows)
