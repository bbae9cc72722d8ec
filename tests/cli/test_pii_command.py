"""algok pii: findings of one file, masked unless asked otherwise."""

import json

import pytest
from click.testing import CliRunner

from algok.cli import cli
from algok.errors import RecipeError

TEXT = "성명: 배도현, 연락처 010-0423-8891, 대표번호 1588-0423"


def run(*arguments: str, text: str = TEXT):
    return CliRunner().invoke(cli, ["pii", *arguments], input=text, catch_exceptions=True)


def test_findings_with_place_rule_and_policy_and_no_value():
    report = json.loads(run("-", "--json").output)
    kinds = [(f["kind"], f["start"], f["end"], f["policy"]) for f in report["findings"]]
    assert kinds == [("person", 4, 7, "mask"), ("mobile", 13, 26, "mask"), ("main_number", 33, 42, "keep")]
    assert report["documents"] == 1 and sum(total["findings"] for total in report["totals"]) == 3
    shown = run("-").output
    assert "배도현" not in shown and "8891" not in shown and "<이름>" in shown


def test_values_are_shown_only_when_asked_for():
    assert "배도현" in run("-", "--reveal").output
    assert next(f["value"] for f in json.loads(run("-", "--json", "--reveal").output)["findings"]) == "배도현"


def test_kinds_limit_and_policies_of_the_recipe():
    report = json.loads(run("-", "--json", "--kind", "mobile", "--set", "steps.pii.policies.mobile=surrogate").output)
    assert [f["policy"] for f in report["findings"]] == ["surrogate"]
    assert "2 more" in run("-", "--limit", "1").output


def test_an_unknown_kind_is_refused_with_the_nearest():
    result = run("-", "--kind", "mobil")
    assert isinstance(result.exception, RecipeError) and "mobile" in str(result.exception)


def test_a_file_of_many_documents_and_records_that_cannot_be_read(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "010-0423-8891"}\nbroken\n{"text": "없음"}\n', encoding="utf-8")
    report = json.loads(run(str(path), "--json").output)
    assert (report["documents"], report["unreadable"], len(report["findings"])) == (2, 1, 1)


@pytest.mark.parametrize("name", ["missing.jsonl"])
def test_a_missing_file_is_an_error(name, tmp_path):
    assert run(str(tmp_path / name)).exception is not None
