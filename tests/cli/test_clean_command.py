"""algok clean into files and streams, as its users meet it."""

import csv
import gzip
import io
import json
import subprocess
import sys

import orjson
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import prose, write_jsonl

from algok.cli import cli
from algok.errors import AlgokError

QUIET = ("--workers", "0", "--quiet")


def clean(*arguments: str, stdin: bytes | None = None, code: int = 0):
    """Runs `algok clean` inside this process."""
    result = CliRunner().invoke(cli, ["clean", *arguments, *QUIET], input=stdin)
    found = result.exception.exit_code if isinstance(result.exception, AlgokError) else result.exit_code
    assert found == code, (found, result.exception, result.output)
    return result


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    rows = [{"text": prose(i), "url": f"https://a.example.com/{i}", "title": f"제목 {i}"} for i in range(20)]
    return write_jsonl(tmp_path_factory.mktemp("clean") / "in.jsonl", [*rows, {"text": "짧은 글"}])


@pytest.fixture(scope="module")
def expected(source, tmp_path_factory):
    """The documents that a run into a directory keeps."""
    folder = tmp_path_factory.mktemp("clean") / "run"
    clean(str(source), str(folder))
    return pq.read_table(folder / "kept").to_pylist()


def rows_of(data: bytes) -> list[dict]:
    return [orjson.loads(line) for line in data.splitlines()]


def test_a_file_of_json_lines_holds_the_kept_documents_and_its_account_stands_beside_it(source, expected, tmp_path):
    out = tmp_path / "out.jsonl"
    shown = clean(str(source), str(out)).stdout
    rows = rows_of(out.read_bytes())
    assert [row["text"] for row in rows] == [row["text"] for row in expected] and len(rows) == 20
    assert rows[3]["id"] == expected[3]["id"] and rows[3]["meta"]["title"] == "제목 3"
    account = json.loads((tmp_path / "out.jsonl.account.json").read_bytes())["account"]
    assert (account["documents"], account["kept"]) == (21, 20)
    assert "20 documents" in shown and sorted(path.name for path in tmp_path.iterdir()) == [
        "out.jsonl",
        "out.jsonl.account.json",
    ]


def test_texts_end_with_an_empty_line(source, expected, tmp_path):
    clean(str(source), str(tmp_path / "out.txt"))
    texts = (tmp_path / "out.txt").read_text().split("\n\n")
    assert texts.pop() == "" and texts == [row["text"] for row in expected]


def test_csv_and_tsv_have_a_row_per_document(source, expected, tmp_path):
    for name, delimiter in (("out.csv", ","), ("out.tsv", "\t")):
        clean(str(source), str(tmp_path / name))
        rows = list(csv.DictReader(io.StringIO((tmp_path / name).read_text(), newline=""), delimiter=delimiter))
        assert [(row["id"], row["text"]) for row in rows] == [(row["id"], row["text"]) for row in expected]


def test_a_parquet_file_has_the_signals_too(source, expected, tmp_path):
    clean(str(source), str(tmp_path / "out.parquet"))
    assert pq.read_table(tmp_path / "out.parquet").to_pylist() == expected


@pytest.mark.parametrize("tail", [".gz", ".zst", ".bz2", ".xz"])
def test_a_compressed_file_can_be_cleaned_again(source, expected, tmp_path, tail):
    out = tmp_path / f"out.jsonl{tail}"
    clean(str(source), str(out))
    first = out.read_bytes()
    clean(str(source), str(out))
    assert out.read_bytes() == first
    again = clean(str(out), "-").stdout_bytes
    assert [row["text"] for row in rows_of(again)] == [row["text"] for row in expected]


def test_streams_are_read_and_written(source, expected):
    data = source.read_bytes()
    for stdin in (data, gzip.compress(data)):
        found = clean("-", "-", stdin=stdin)
        assert [row["text"] for row in rows_of(found.stdout_bytes)] == [row["text"] for row in expected]
    texts = clean(str(source), "-", "--to", "txt").stdout
    assert texts.startswith(expected[0]["text"] + "\n\n")


def test_a_pipe_that_closes_early_ends_quietly_and_leaves_nothing(source, tmp_path):
    command = f"{sys.executable} -m algok clean {source} - --quiet --workers 0 | head -c 10"
    found = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert found.stdout.startswith('{"id":') and "Traceback" not in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_standard_input_of_another_format_is_named(expected):
    text = prose(1).encode()
    assert rows_of(clean("-", "-", "--format", "text", stdin=text).stdout_bytes)[0]["text"] == prose(1)
    assert "unknown format" in str(clean("-", "-", stdin=text, code=3).exception)


def test_the_run_directory_stays_where_the_account_is_asked_for(source, tmp_path):
    run = tmp_path / "run"
    shown = json.loads(clean(str(source), str(tmp_path / "o.jsonl"), "--account", str(run), "--json").stdout)
    assert shown["documents"] == 20 and shown["account"] == str(run) and shown["steps"][0]["documents"] == 21
    assert (run / "manifest.json").exists() and not (tmp_path / "o.jsonl.account.json").exists()


def test_an_output_that_cannot_be_is_refused_before_any_work(source, tmp_path):
    assert "is the input" in str(clean(str(source), str(source), code=4).exception)
    assert "inside the input" in str(clean(str(source.parent), str(source.parent / "o.jsonl"), code=4).exception)
    assert "folder is missing" in str(clean(str(source), str(tmp_path / "no" / "o.jsonl"), code=4).exception)
    assert "--account" in clean(str(source), str(tmp_path / "run"), "--account", str(tmp_path / "a"), code=2).output
    clean(str(source), "-", "--json", code=2)


def test_a_failed_command_leaves_the_old_file_alone(source, tmp_path):
    out = tmp_path / "out.jsonl"
    out.write_text("before")
    clean(str(tmp_path / "nothing.jsonl"), str(out), code=3)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.jsonl", "before")]


def test_a_directory_that_is_called_like_a_file_is_still_a_run_directory(source, tmp_path):
    (tmp_path / "old.jsonl").mkdir()
    clean(str(source), str(tmp_path / "old.jsonl"))
    assert (tmp_path / "old.jsonl" / "manifest.json").exists()
