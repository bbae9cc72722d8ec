"""The command line as its users meet it: real processes, exit codes, JSON, help."""

import json
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import prose, write_jsonl

from algok.cli import COMMANDS, cli
from algok.errors import AlgokError


def algok(*arguments: str, stdin: str = "", code: int = 0) -> str:
    """Runs the command inside this process and gives back its standard output."""
    result = CliRunner().invoke(cli, list(arguments), input=stdin)
    error = result.exception
    found = error.exit_code if isinstance(error, AlgokError) else result.exit_code
    assert found == code, (found, error, result.output)
    return result.output if code == 0 else f"{result.output}{error}"


@pytest.fixture(scope="module")
def annotated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    rows = [{"text": prose(i), "url": f"https://a.example.com/{i}"} for i in range(30)]
    rows += [{"text": "짧은 글"}, {"text": prose(3)}]
    (folder / "in.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    algok(
        "annotate", "web", "--input", str(folder / "in.jsonl"), "-o", str(folder / "run"), "--workers", "0", "--quiet"
    )
    return folder / "run"


def test_help_answers_at_once_and_names_every_command():
    start = time.perf_counter()
    shown = subprocess.run([sys.executable, "-m", "algok", "--help"], capture_output=True, text=True, check=True).stdout
    modules = "import sys, algok.cli; print(any(m in sys.modules for m in ('numba', 'pyarrow', 'pydantic', 'rich')))"
    heavy = subprocess.run([sys.executable, "-c", modules], capture_output=True, text=True, check=True).stdout
    assert heavy.strip() == "False", f"--help must not import the engine ({time.perf_counter() - start:.1f} s)"
    assert all(name in shown for name in COMMANDS)


def test_exit_codes_reach_the_shell(tmp_path):
    def code(*arguments):
        process = subprocess.run(
            [sys.executable, "-m", "algok", *arguments], capture_output=True, text=True, check=False
        )
        assert "Traceback" not in process.stderr
        return process.returncode

    assert code("recipe", "check", "wep") == 2
    assert code("run", "web", "--input", str(tmp_path / "nothing"), "-o", str(tmp_path / "run")) == 3
    assert code("verify", str(tmp_path)) == 3
    assert code("rnu") == 2


def test_a_mistyped_command_gets_a_hint():
    assert "Did you mean 'verify'?" in CliRunner().invoke(cli, ["verfy"]).output


def test_annotate_keeps_everything_with_every_signal(annotated):
    table = pq.read_table(annotated / "kept")
    assert table.num_rows == 32
    assert {"dedup.duplicate_rank", "heuristics.chars", "repair.edits", "lines.lines_removed"} <= set(
        table.column_names
    )


def test_redecide_equals_a_filtering_run(annotated, tmp_path):
    source = annotated.parent / "in.jsonl"
    options = ["--set", "steps.heuristics.chars.min=500"]
    algok("run", "web", "--input", str(source), "-o", str(tmp_path / "run"), "--workers", "0", "--quiet", *options)
    shown = json.loads(algok("redecide", str(annotated), *options, "-o", str(tmp_path / "d.parquet"), "--json"))
    kept = pq.read_table(tmp_path / "run" / "kept", columns=["id"])["id"].to_pylist()
    decisions = pq.read_table(tmp_path / "d.parquet").to_pylist()
    assert [row["id"] for row in decisions if row["kept"]] == kept
    assert shown["kept"] == len(kept) < shown["documents"] == 32
    dropped = pq.read_table(tmp_path / "run" / "dropped").to_pylist()
    verdicts = {row["id"]: (row["verdict.signal"], row["verdict.bound"]) for row in dropped}
    assert {
        row["id"]: (row["verdict.signal"], row["verdict.bound"]) for row in decisions if not row["kept"]
    } == verdicts


def test_redecide_refuses_other_options_and_filtering_runs(annotated, tmp_path):
    assert "other options" in algok("redecide", str(annotated), "--set", "steps.dedup.bands=3", code=3)
    source = str(annotated.parent / "in.jsonl")
    algok("clean", source, str(tmp_path / "run"), "--workers", "0", "--quiet")
    assert "algok annotate" in algok("redecide", str(tmp_path / "run"), code=3)


def test_explain_from_standard_input_file_and_run(annotated, tmp_path):
    shown = algok("explain", "-", stdin="안녕하세요. 전화는 010-0000-0000 입니다.\u200b 반갑습니다.")
    assert "hangul_ratio" in shown and "dropped:" in shown
    assert "010-0000-0000" not in shown
    page = tmp_path / "page.md"
    page.write_text(prose(1))
    (from_file,) = json.loads(algok("explain", str(page), "--json"))
    assert from_file["verdict"] == "kept"
    row = pq.read_table(annotated / "kept").to_pylist()[0]
    for key in (row["id"], row["url"]):
        (from_run,) = json.loads(algok("explain", str(annotated), key, "--json"))
        assert from_run["id"] == row["id"]
    assert "no kept or dropped document" in algok("explain", str(annotated), "nothing", code=3)
    assert "there are 32" in algok("explain", str(annotated.parent / "in.jsonl"), "--number", "99", code=3)


def test_stats_and_verify_speak_json(annotated):
    stats = json.loads(algok("stats", str(annotated), "--json"))
    assert stats["account"]["documents"] == 32 and stats["table"][0]["step"] == "read"
    assert json.loads(algok("verify", str(annotated), "--json")) == {"run": str(annotated), "ok": True, "problems": []}
    assert "heuristics" in algok("stats", str(annotated))


def test_recipe_commands(annotated):
    assert "hangul_ratio" in algok("recipe", "show", "web")
    assert json.loads(algok("recipe", "check", "web", "--json"))["ok"]
    assert "mode" in algok("recipe", "diff", "web", str(annotated))
    assert algok("recipe", "diff", "web", "web") == "no difference\n"
    assert set(json.loads(algok("recipe", "diff", "web", "law", "--json"))) >= {"name", "steps.heuristics.sentences"}
    assert json.loads(algok("recipe", "schema"))["properties"]["steps"]


def test_run_needs_inputs_and_an_output(tmp_path):
    assert "no inputs" in algok("run", "web", "-o", str(tmp_path / "x"), code=2)
    assert "no output" in algok("run", "web", "--input", str(tmp_path), code=2)


def test_the_error_of_a_corpus_under_another_name_prints_the_option_that_reads_it(tmp_path):
    rows = [{"본문": prose(i), "제목": f"글 {i}"} for i in range(50)]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    options = ["--workers", "0", "--quiet"]
    message = algok("clean", str(source), str(tmp_path / "first"), *options, code=6)
    assert "50 of 50 records are in quarantine" in message and "or --text 본문 on the command line" in message
    algok("clean", str(source), str(tmp_path / "second"), "--text", "본문", *options)
    assert pq.read_table(tmp_path / "second" / "kept").num_rows > 0


def test_annotate_and_run_take_the_text_of_another_column(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"content": prose(i)} for i in range(3)])
    for command in ("run", "annotate"):
        algok(command, "web", "--input", str(tmp_path / "in.jsonl"), "--text", "content", "-o", str(tmp_path / command))
        assert pq.read_table(tmp_path / command / "kept", columns=["text"]).num_rows == 3
