"""The demonstration run against what was planted: every document's fate, every repair, every boilerplate line."""

import importlib.util
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from conftest import DEMO

from algok.mixing import mix as mixing
from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.recipe import load_mix
from algok.mixing.table import rows
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store

EXPECTED = yaml.safe_load((DEMO / "expected.yaml").read_text(encoding="utf-8"))
DOCUMENTS = EXPECTED["documents"]
# Steps that exist; a document that only a later one drops is still kept.
STEPS = {"dedup", "heuristics", "repair", "lines", "perplexity", "source", "quality", "toxicity", "pii"}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("demo") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(DEMO.parent)
        execute(load_recipe("demo/recipe.yaml"), str(output), make_executor("local", 0), SilentProgress())
    return output


@pytest.fixture(scope="module")
def found(run) -> dict[str, dict]:
    """Every kept and dropped document by URL (notes by file)."""
    rows = {}
    for folder in ("kept", "dropped"):
        for path in sorted((run / folder).glob("*.parquet")):
            for row in pq.read_table(path).to_pylist():
                rows[row["url"] or row["file"]] = {**row, "folder": folder}
    return rows


def key(document: dict) -> str:
    return document.get("url") or document["file"].removeprefix("notes/")


def of_fate(*fates: str):
    documents = [document for document in DOCUMENTS if document["fate"] in fates]
    return pytest.mark.parametrize("document", documents, ids=[document["id"] for document in documents])


@of_fate("kept")
def test_kept(document, found):
    row = found[key(document)]
    assert row["folder"] == "kept", (row["verdict.signal"], row["verdict.value"], row["verdict.bound"])
    check_text(document, row["text"])


@of_fate("dropped")
def test_dropped(document, found):
    row = found[key(document)]
    if set(document["by"]) <= STEPS:
        assert row["folder"] == "dropped"
    if row["folder"] == "dropped":
        assert row["verdict.step"] in document["by"]


def test_one_of_every_cluster_is_kept(found):
    clusters: dict[str, list[dict]] = {}
    for document in DOCUMENTS:
        if document["fate"] == "one_of":
            clusters.setdefault(document["cluster"], []).append(found[key(document)])
    for members in clusters.values():
        assert [row["folder"] for row in members].count("kept") == 1
        assert {row["verdict.step"] for row in members if row["folder"] == "dropped"} == {"dedup"}


def test_nothing_else_happened(run, found):
    fates = [document["fate"] for document in DOCUMENTS]
    account = Run.open(str(run)).summary.account
    assert account.quarantined == fates.count("quarantined")
    assert len(found) == account.documents == sum(fate not in ("quarantined", "ignored") for fate in fates)
    assert verify(Store(str(run))) == []


def test_boilerplate_lines_are_gone(found):
    for file, lines in EXPECTED["boilerplate"].items():
        texts = [row["text"] for row in found.values() if row["folder"] == "kept" and row["file"].endswith(file)]
        assert texts and not [line for line in lines for text in texts if line in text.split("\n")]


def document_lines(document: dict, line: str) -> int:
    """How often a line stands in the document as it was written."""
    originals = yaml.safe_load((DEMO / "texts" / f"{document['file'].split('.')[0]}.yaml").read_text(encoding="utf-8"))
    (text,) = [original["text"] for original in originals["documents"] if original["id"] == document["id"]]
    return text.split("\n").count(line)


def check_text(document: dict, text: str) -> None:
    for excerpt in document.get("contains", []):
        assert excerpt in text
    for repair in document.get("repaired", []):
        assert repair["hard"] or repair["clean"] in text
    for value in document.get("pii", []):
        assert value not in text
    for damage in document.get("absent", []):
        assert damage not in text
    for line in document.get("keep_lines", []):
        assert text.split("\n").count(line) == document_lines(document, line)


def test_the_mix_of_its_output_adds_up_and_is_a_seventh_synthetic(run, tmp_path):
    spec = importlib.util.spec_from_file_location("demo_run", DEMO / "run.py")
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    demo.write_rewrites(run, tmp_path / "rewrites.parquet")
    places = [f"corpora.demo.run={run}", f"corpora.rewrites.path={tmp_path / 'rewrites.parquet'}"]
    mix, source = load_mix(str(DEMO / "mix.yaml"), places)
    mixing.execute(mix, source, str(tmp_path / "mix"), make_executor("local", 0), SilentProgress())
    directory = MixDirectory(str(tmp_path / "mix"))
    assert verify_mix(directory) == []
    shares = {
        row.labels["provenance"]: row.share for row in rows(directory.plan, ["provenance"]) if row.stage == "pretrain"
    }
    assert abs(shares["synthetic"] - 0.143) < 0.03
