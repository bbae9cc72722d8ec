"""algok mix from the command line."""

import json

import pytest
from click.testing import CliRunner

from algok.cli import cli
from algok.mixing.recipe import json_schema

TABLE = ["stage", "draw", "source", "planned", "tokens", "share", "available", "epochs", "passed", "capped", "lacking"]


@pytest.fixture(scope="module")
def mix(tmp_path_factory):
    """A mix file over a small corpus, and where it was written."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = tmp_path_factory.mktemp("mix")
    rows = [{"id": f"{k}", "text": "가나다라 마바사 " * (1 + k % 7), "source": "ab"[k % 2]} for k in range(60)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "in.parquet")
    (folder / "mix.yaml").write_text(
        f"corpora: {{web: {{path: {folder}/in.parquet}}}}\ncells: [source]\nstages: [{{name: all, tokens: 300}}]\n"
    )
    run(str(folder / "mix.yaml"), "-o", str(folder / "mix"), "--workers", "0", "--quiet")
    return folder


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, ["mix", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_mix_is_written_without_naming_the_subcommand_and_shows_its_table(mix):
    output = run(str(mix / "mix.yaml"), "-o", str(mix / "mix"), "--workers", "0", "--quiet")
    assert "finished before" in output and output.splitlines()[1].split() == TABLE


def test_a_plan_needs_no_directory_and_sums_by_any_column(mix):
    (row,) = json.loads(run("plan", str(mix / "mix.yaml"), "--workers", "0", "--json", "--by", "corpus"))["rows"]
    assert row["labels"] == {"corpus": "web"} and abs(row["tokens"] - 300) < 40
    refused = CliRunner().invoke(cli, ["mix", "plan", str(mix / "mix.yaml"), "--by", "soruce"])
    assert refused.exit_code == 2 and "did you mean 'source'?" in refused.output


def test_explain_and_diff_answer_in_json(mix):
    (shown,) = json.loads(run("explain", str(mix / "mix"), "7", "--json"))
    assert shown["id"] == "7" and len(shown["places"]) == shown["reasons"][0]["copies"]
    run(str(mix / "mix.yaml"), "-o", str(mix / "other"), "--workers", "0", "--quiet", "--set", "stages.0.tokens=500")
    found = json.loads(run("diff", str(mix / "mix"), str(mix / "other"), "--json"))
    assert len(found) == 2 and all(one["tokens"][0] < one["tokens"][1] for one in found)
    assert "same tokens" in run("diff", str(mix / "mix"), str(mix / "mix"))


def test_the_schema_is_printed(mix):
    assert json.loads(run("schema")) == json_schema()
