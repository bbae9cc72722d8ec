"""algok report: a run as one page."""

import click


@click.command("report")
@click.argument("run")
@click.option(
    "--output", "-o", default="report.html", show_default=True, metavar="FILE.html", help="Where to write the page."
)
@click.option(
    "--lang", type=click.Choice(["ko", "en"]), default="ko", show_default=True, help="The language it opens in."
)
@click.option(
    "--against", metavar="OTHER", help="An earlier run: what changed since comes first, its histograms as outlines."
)
@click.option(
    "--documents",
    type=click.IntRange(0),
    default=200_000,
    show_default=True,
    help="How many documents to read for cross tables, hosts and documents near a bound; everything else is counted in full.",
)
def command(run, output, lang, against, documents) -> None:
    """Write the run directory RUN as one HTML file: account, flow, every rule with its histogram and bound, tags, sources,
    edits, quarantine, shards. The file fetches nothing and can be sent by mail. Of a run that is still going, it shows what
    is done so far. RUN may also be a mix, planned or finished: then the page has its plan against what is written.

    \b
    Examples:
      algok report runs/web
      algok report runs/today --against runs/last-week
      algok report s3://bucket/runs/web -o web.html --lang en
      algok report mixes/ko-1 -o mix.html
    """
    from algok.dashboard.compare import compare
    from algok.dashboard.mix_page import mix_page
    from algok.dashboard.mixes import is_mix, read_mix
    from algok.dashboard.report import render
    from algok.dashboard.report_data import give_memory_back, read_report
    from algok.errors import InputError
    from algok.pipelines.storage import Store

    if is_mix(Store(run)):
        if against:
            raise InputError(f"{run}: a mix; --against compares runs, 'algok mix diff' two mixes")
        _write(output, mix_page(read_mix(run), lang))
        return
    give_memory_back()
    report = read_report(run, documents)
    comparison = compare(read_report(against, 0), report) if against else None
    page = render(report, lang, comparison)
    _write(output, page)


def _write(output: str, page: str) -> None:
    from pathlib import Path

    Path(output).write_text(page, encoding="utf-8")
    click.echo(f"report: {output} ({len(page.encode()) / 1e3:,.0f} KB)")
