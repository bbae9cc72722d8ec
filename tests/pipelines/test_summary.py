"""RunSummary: one view of a run, while it goes on and when it is finished, small enough for very many shards."""

import shutil

import numpy as np
import orjson
import pytest
from conftest import prose, write_jsonl

from algok.errors import InputError
from algok.pipelines.account import verify
from algok.pipelines.done import done_name
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run
from algok.pipelines.summary import RunSummary


def run(source, output, *overrides, recipe="web"):
    loaded = load_recipe(recipe, list(overrides), inputs=[{"path": str(source), "source": "web"}])
    execute(loaded, str(output), make_executor("local", 0), SilentProgress())
    return Run.open(str(output))


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("summary")
    for part in range(3):
        rows = [{"text": prose(part * 5 + i)} for i in range(5)] + [{"text": "짧은 글"}, {"text": 5}]
        write_jsonl(folder / "in" / f"{part}.jsonl", rows)
    return run(folder / "in", folder / "run")


def test_the_account_adds_up_and_names_every_reason(finished):
    summary = finished.summary
    account = summary.account
    assert (account.records, account.documents, account.quarantined) == (21, 18, 3)
    assert account.documents == account.dropped + account.kept == sum(source.read for source in summary.sources)
    assert sum(summary.quarantined.values()) == 3
    assert account.dropped == sum(step.dropped for step in summary.steps)
    for step in summary.steps:
        assert step.dropped == sum(rule.documents for rule in step.rules)
        assert step.text_bytes > 0
    assert any(rule.documents == 0 for rule in summary.step("heuristics").rules)
    rules = {f"{step.name}.{rule.signal}.{rule.side}": rule.documents for step in summary.steps for rule in step.rules}
    assert summary.sources[0].rules == {name: count for name, count in rules.items() if count}
    assert all(stage.done == stage.tasks == 3 for stage in summary.stages)


def test_documents_outside_a_bound_are_counted_whatever_dropped_them(finished):
    signals = {signal.name: signal for signal in finished.summary.step("heuristics").signals}
    dropped = finished.dropped().to_table(columns=["heuristics.prose_eojeol"])["heuristics.prose_eojeol"].to_numpy()
    assert signals["prose_eojeol"].outside == {"*": {"min": int((dropped < 30).sum())}}
    assert (
        sum(rule.documents for rule in finished.summary.step("heuristics").rules if rule.signal == "prose_eojeol") == 0
    )


def test_tokens_are_those_of_the_kept_documents(finished):
    tokens = finished.kept().to_table(columns=["tokens.count"])["tokens.count"]
    assert finished.summary.account.kept_tokens == sum(tokens.to_pylist()) == finished.summary.sources[0].kept_tokens


def test_a_signal_says_which_bounds_hold_for_which_source(finished):
    signals = {signal.name: signal for signal in finished.summary.step("heuristics").signals}
    assert signals["sentences"].bounds["*"].min == 3 and not signals["sentences"].bounds["news"].limits()
    assert signals["sentences"].by_source == {} and signals["chars"].bounds == {}  # no document of news


def test_bytes_of_texts_flow_from_step_to_step(finished):
    steps = finished.summary.steps
    assert steps[0].text_bytes == finished.summary.account.text_bytes
    assert steps[-1].text_bytes == finished.summary.account.kept_text_bytes > 0
    assert finished.summary.step("perplexity").text_bytes == finished.summary.step("source").text_bytes
    short = sum(len(text.as_py().encode()) for text in finished.dropped().to_table()["text"])
    heuristics = finished.summary.step("heuristics")
    assert heuristics.text_bytes - finished.summary.step("perplexity").text_bytes <= short


def test_histograms_carry_their_edges_and_units_and_hold_every_document(finished):
    histogram = finished.summary.histogram("heuristics.chars")
    assert histogram.unit == "count" and len(histogram.counts) == len(histogram.edges) + 1
    heuristics = finished.summary.step("heuristics")
    assert histogram.counts.sum() == heuristics.documents
    chars = finished.kept().to_table(columns=["heuristics.chars"])["heuristics.chars"].to_numpy()
    dropped = finished.dropped().to_table(columns=["heuristics.chars"])["heuristics.chars"].drop_null().to_numpy()
    values = np.concatenate([chars, dropped])
    expected = np.bincount(np.searchsorted(histogram.edges, values, side="right"), minlength=len(histogram.counts))
    assert histogram.counts.tolist() == expected.tolist()
    with pytest.raises(KeyError):
        finished.summary.histogram("heuristics.nothing")


def test_a_finished_run_keeps_its_summary_and_it_is_the_one_made_of_the_parts(finished, tmp_path):
    stored = finished.summary
    assert RunSummary.model_validate_json(stored.model_dump_json()) == stored
    shutil.copytree(finished.url, tmp_path / "run")
    (tmp_path / "run" / "summary.json").unlink()
    again = Run.open(tmp_path / "run")
    assert again.summary.model_copy(update={"finished": True}) == stored
    assert any("summary.json" in problem for problem in verify(again.store))


def test_a_run_that_is_going_shows_the_tasks_that_are_done(finished, tmp_path):
    shutil.copytree(finished.url, tmp_path / "run")
    for name in ("manifest.json", "summary.json"):
        (tmp_path / "run" / name).unlink()
    last = len(finished.plan.phases) - 1
    for shard in (1, 2):
        (tmp_path / "run" / done_name(f"p{last}-{shard:06d}")).unlink()
    summary = Run.open(tmp_path / "run").summary
    assert not summary.finished and summary.stages[last].done == 1 and summary.stages[0].done == 3
    assert summary.account.records == 21 and 0 < summary.account.kept < finished.summary.account.kept


def test_statistics_of_another_version_are_explained(finished, tmp_path):
    shutil.copytree(finished.url, tmp_path / "run")
    (tmp_path / "run" / "manifest.json").unlink()
    next((tmp_path / "run" / "stats").iterdir()).write_bytes(orjson.dumps({"read": {"records": 1}}))
    with pytest.raises(InputError, match="another version of algok"):
        _ = Run.open(tmp_path / "run").summary


def test_statistics_of_one_document_take_two_kilobytes(tmp_path):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(1)}])
    small = run(tmp_path / "in.jsonl", tmp_path / "run")
    sizes = [len(small.store.read_bytes(name)) for name in small.store.names("stats")]
    assert sum(sizes) <= 2048, sizes
