"""Our steps in a real datatrove pipeline, and a datatrove reader as an input of ours; both equal our own runs."""

import gzip
import json
import sys

import pytest
from conftest import prose, write_jsonl

import algok
from algok.errors import RecipeError
from algok.pipelines.readers.spec import InputSpec
from algok.testing import check_reader

pytest.importorskip("datatrove")

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

from algok.adapters.datatrove import AlgokFilter, DatatroveReader

ALONE = ["steps.dedup=null", "steps.lines=null"]
PLANTED = "문의는 parkjs7731@jihae-mail.kr 또는 010-8273-4619로 해 주세요."


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Two files: prose, damage, personal data, and documents that the bounds drop."""
    folder = tmp_path_factory.mktemp("datatrove")
    for part in range(2):
        rows = [{"text": prose(part * 30 + i), "url": f"https://a.example.com/{part}/{i}"} for i in range(30)]
        rows[3]["text"] += f"\n{PLANTED}"
        rows[4]["text"] = rows[4]["text"].replace(" ", "&nbsp;", 3)
        rows += [{"text": "짧은 글", "url": None}, {"text": f"{PLANTED} {PLANTED}", "url": "https://b.example.com/"}]
        write_jsonl(folder / "in" / f"{part}.jsonl", rows)
    return folder


def lines(folder):
    rows = []
    for path in sorted(folder.glob("**/*.jsonl.gz")):
        rows += [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]
    return rows


@pytest.fixture(scope="module")
def piped(corpus):
    """The recipe's signal and edit steps in a LocalPipelineExecutor of two tasks; the block is pickled for its workers."""
    block = AlgokFilter("web", ALONE, source="web", exclusion_writer=JsonlWriter(str(corpus / "dropped")))
    LocalPipelineExecutor(
        [JsonlReader(str(corpus / "in")), block, JsonlWriter(str(corpus / "kept"))],
        tasks=2,
        workers=1,
        logging_dir=str(corpus / "logs"),
    ).run()
    return lines(corpus / "kept"), lines(corpus / "dropped")


@pytest.fixture(scope="module")
def ran(corpus):
    return algok.run("web", corpus / "run", ALONE, inputs=corpus / "in", source="web", workers=0)


def test_a_datatrove_pipeline_keeps_what_our_run_keeps(piped, ran):
    kept = ran.kept().to_table().to_pylist()
    assert [row["text"] for row in piped[0]] == [row["text"] for row in kept] and len(kept) == 60
    signals = [name for name in kept[0] if "." in name]
    for ours, theirs in zip(kept, piped[0], strict=True):
        assert {name: theirs["metadata"][name] for name in signals} == {name: ours[name] for name in signals}
        assert theirs["metadata"]["url"] == ours["url"]


def test_the_exclusion_writer_gets_reason_signals_and_masked_texts(piped, ran):
    dropped = ran.dropped().to_table().to_pylist()
    assert len(dropped) == len(piped[1]) == 4
    for ours, theirs in zip(dropped, piped[1], strict=True):
        rule = f"{ours['verdict.step']}.{ours['verdict.signal']} {ours['verdict.bound']}"
        assert theirs["metadata"]["filter_reason"] == rule and theirs["metadata"]["verdict"].startswith(
            rule.split(" ")[0]
        )
        assert theirs["text"] == ours["text"]
        assert theirs["metadata"]["heuristics.chars"] == ours["heuristics.chars"]
    assert "parkjs7731" not in json.dumps(piped, ensure_ascii=False) and "8273-4619" not in json.dumps(piped)


def test_datatrove_counts_our_reasons(corpus, piped):
    stats = json.loads((corpus / "logs" / "stats.json").read_text())
    (ours,) = [entry["stats"] for entry in stats if "algok" in entry["name"]]
    assert ours["dropped"] == 4 and ours["total"] == 64
    assert sum(value for key, value in ours.items() if key.startswith("dropped_heuristics.")) == 4


def test_a_block_for_each_step_gives_the_same(corpus, piped):
    names = [config.name for config in AlgokFilter("web", ALONE).recipe.steps]
    documents = JsonlReader(str(corpus / "in")).run()
    for name in names[:3]:
        documents = AlgokFilter("web", ALONE, steps=[name], source="web").run(documents)
    assert len(list(documents)) == len(piped[0])


def test_steps_that_need_the_corpus_are_refused_with_the_remedy():
    with pytest.raises(RecipeError, match=r"steps\.dedup=null.*steps\.lines=null"):
        AlgokFilter("web")
    with pytest.raises(RecipeError, match="no step 'heuristic'"):
        AlgokFilter("web", steps=["heuristic"])


class Posts(DatatroveReader):
    """A datatrove reader with a text key of its own."""

    name, extensions = "posts", (".jsonl", ".jsonl.gz")

    def block(self, folder):
        return JsonlReader(folder, text_key="body")


@pytest.fixture
def posts(tmp_path, monkeypatch):
    rows = [{"body": prose(i), "url": f"https://a.example.com/{i}", "score": i} for i in range(20)]
    path = write_jsonl(tmp_path / "in" / "posts.jsonl", rows)
    monkeypatch.setitem(sys.modules, "posts_plugin", sys.modules[__name__])
    return path


def test_a_datatrove_reader_is_an_input(posts, tmp_path):
    spec = {"path": str(posts), "format": f"{Posts.__module__}:Posts", "source": "web"}
    recipe = algok.load_recipe("web", ALONE).model_copy(update={"inputs": [InputSpec(**spec)]})
    theirs = algok.run(recipe, tmp_path / "theirs", workers=0)
    own = algok.run(
        recipe.model_copy(update={"inputs": [InputSpec(path=str(posts), source="web", columns={"text": "body"})]}),
        tmp_path / "own",
        workers=0,
    )
    columns = ["text", "url", "source", "heuristics.chars"]
    assert theirs.kept().to_table(columns=columns).to_pylist() == own.kept().to_table(columns=columns).to_pylist()
    meta = json.loads(theirs.kept().to_table(columns=["meta"])["meta"][1].as_py())
    assert meta["score"] == 1 and theirs.verify() == []


def test_what_datatrove_skips_is_in_quarantine(posts, tmp_path):
    with posts.open("a") as file:
        file.write('{"title": "본문이 없다"}\n' + json.dumps({"body": prose(99)}) + "\n")
    spec = InputSpec(path=str(posts), format=f"{Posts.__module__}:Posts", source="web")
    recipe = algok.load_recipe("web", ALONE).model_copy(update={"inputs": [spec]})
    run = algok.run(recipe, tmp_path / "run", workers=0)
    assert run.summary.account.records == 22 and run.summary.quarantined == {"no_text": 1}
    assert run.verify() == []


def test_the_reader_keeps_the_contract(posts):
    check_reader(Posts, posts)
