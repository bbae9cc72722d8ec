"""A record's source may be a person's address: it is masked wherever a run, or an explanation of it, shows it."""

import orjson
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl

import algok
from algok.cli.explain_command import _show
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store

EMAIL, PHONE, RRN = "hong.gildong@example.co.kr", "010-2345-6789", "900101-1234568"
PERSONAL = (EMAIL, PHONE, RRN)
DATED = "crawl-20240131-17"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("personal")
    rows = [{"text": prose(i), "source": source, "date": source} for i, source in enumerate((*PERSONAL, DATED))]
    rows += [{"text": "짧은 글", "source": source, "date": source} for source in PERSONAL]
    write_jsonl(folder / "in.jsonl", rows)
    recipe = load_recipe("web", inputs=[{"path": str(folder / "in.jsonl")}])
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return folder / "run"


def contents(run) -> str:
    """Everything that a run directory says, tables as text."""
    said = []
    for path in sorted(path for path in run.rglob("*") if path.is_file()):
        table = path.suffix == ".parquet"
        said.append(str(pq.read_table(path).to_pylist()) if table else path.read_text("utf-8"))
    return "\n".join(said)


def test_no_file_of_a_run_shows_a_personal_source(run):
    said = contents(run)
    assert not [value for value in PERSONAL if value in said]
    assert "<이메일>" in said and DATED in said
    assert verify(Store(str(run))) == []


def test_counts_by_source_still_add_up(run):
    sources = Run.open(run).summary.sources
    assert sum(source.read for source in sources) == 7 and sum(source.kept for source in sources) == 4


def test_explanations_mask_the_source(run, capsys):
    opened = Run.open(run)
    for row in opened.kept().to_table(columns=["id"]).to_pylist():
        for explanation in opened.explain(row["id"]):
            _show(explanation)
    _show(algok.explain(prose(1), source=EMAIL))
    assert not [value for value in PERSONAL if value in capsys.readouterr().out]


def test_clean_masks_given_sources_in_memory():
    import pyarrow as pa

    table = pa.table({"text": [prose(1), prose(2)], "source": [EMAIL, DATED]})
    masked, dated = algok.clean(table)["source"].to_pylist()
    assert masked in ("<이메일>", "<예시>") and dated == DATED


def test_messages_in_quarantine_quote_no_raw_characters(tmp_path):
    secret = "honggildong@example.com"
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: " + secret.encode() + b"\r\n\r\nabc"
    head = f"WARC/1.0\r\nWARC-Type: response\r\nContent-Type: application/http\r\nContent-Length: {len(http)}\r\n"
    head += (
        "WARC-Record-ID: <urn:uuid:0>\r\nWARC-Target-URI: http://h.example.com/\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
    )
    (tmp_path / "a.warc").write_bytes(head.encode() + b"\r\n" + http + b"\r\n\r\n")
    write_jsonl(tmp_path / "b.jsonl", [{secret: 1}, {"text": 3, "b" + secret: "x"}])
    (tmp_path / "c.csv").write_text(f"text,{secret}\na,b,{secret},d\n")
    (tmp_path / "d.jsonl").write_bytes(b"{" + secret.encode() + b"}\n" + orjson.dumps([secret]) + b"\n")
    recipe = load_recipe("web", ["error_budget=1"], inputs=[{"path": str(tmp_path / "*.*")}])
    execute(recipe, str(tmp_path / "run"), make_executor("local", 0), SilentProgress())
    rows = Run.open(tmp_path / "run").quarantine().to_table().to_pylist()
    assert len(rows) >= 5
    assert "honggildong" not in str([(row["message"], row["excerpt"]) for row in rows])
