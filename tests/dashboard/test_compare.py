"""Comparisons: exact differences, the documents that are decided otherwise, and an exit code."""

import orjson
import pytest
from click.testing import CliRunner

from algok.cli import cli
from algok.dashboard.compare import check, compare
from algok.dashboard.report import render
from algok.dashboard.report_data import read_report
from algok.errors import RecipeError


@pytest.fixture(scope="module")
def compared(ordinary, stricter):
    return compare(read_report(str(ordinary), 0), read_report(str(stricter), 0))


def test_a_run_does_not_differ_from_itself(ordinary):
    same = compare(read_report(str(ordinary), 0), read_report(str(ordinary), 0))
    assert all(value == 0 for value in same.values.values())
    assert same.recipe == same.models == {} and same.verdicts.changed == 0
    assert same.verdicts.common == same.first.summary.account.documents


def test_a_stricter_bound_shows_where_it_bites_and_nowhere_else(compared, ordinary, stricter):
    law = next(s for s in compared.first.summary.sources if s.name == "law")
    assert set(compared.recipe) == {
        "inputs.0.path",
        "profiles.law.quality.keep.min",
    }  # the inputs lie in another folder
    assert compared.recipe["profiles.law.quality.keep.min"] == (0.1, 0.999)
    moved = {change.name: change.difference for change in compared.sources if change.difference}
    assert set(moved) == {"law"} and moved["law"] < 0
    assert {c.name for c in compared.rules if c.difference} >= {"quality.keep.min"}
    assert set(compared.verdicts.changes) == {("kept", "quality.keep min")}
    assert 0 < compared.verdicts.changed <= law.read


def test_changed_documents_are_counted_by_id_and_shown_masked(compared):
    before = {row["id"] for row in compared.first.run.kept().to_table(columns=["id"]).to_pylist()}
    after = {row["id"] for row in compared.second.run.kept().to_table(columns=["id"]).to_pylist()}
    assert compared.verdicts.changed == len(before - after) and not after - before
    assert {sample.id for sample in compared.verdicts.samples} <= before - after
    assert all(sample.excerpt for sample in compared.verdicts.samples)


def test_the_page_of_a_comparison_has_what_changed_and_outlines(ordinary, stricter):
    report = read_report(str(stricter))
    page = render(report, "en", compare(read_report(str(ordinary), 0), report))
    assert 'id="changes"' in page and 'class="other"' in page
    assert "quality.keep min" in page.replace("<wbr>", "").replace("<wbr/>", "")


def test_conditions_name_figures(compared):
    change = compared.values["kept_share"]
    assert change < 0
    met = check(compared, ["kept_share<0", "kept_share < -90%", "drift.quality.keep>0", "documents>0"])
    assert met == [f"kept_share is {change:+.4g} (< 0)"]  # the bound changes what is dropped, not what quality.keep is
    for wrong, words in (("kept_shar<1", "kept_share"), ("kept_share=1", "expected NAME")):
        with pytest.raises(RecipeError, match=words):
            check(compared, [wrong])


def test_the_command_ends_with_9_where_a_condition_holds(ordinary, stricter):
    from algok.errors import DifferenceError

    run = CliRunner()
    fine = run.invoke(cli, ["compare", str(ordinary), str(stricter), "--json", "--fail-if", "kept_share<-90%"])
    shown = orjson.loads(fine.output)
    assert fine.exit_code == 0 and shown["failed"] == [] and shown["verdicts"]["changes"][0]["from"] == "kept"
    failed = run.invoke(cli, ["compare", str(ordinary), str(stricter), "--fail-if", "kept_share<0"])
    assert isinstance(failed.exception, DifferenceError) and failed.exception.exit_code == 9
    assert "quality.keep min" in failed.output
