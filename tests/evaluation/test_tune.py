"""Bounds from labels: the proposal is the best there is, checked against trying every bound."""

import numpy as np
import pytest
from conftest import prose, write_jsonl
from hypothesis import given
from hypothesis import strategies as st

from algok.classifiers.metrics import binary
from algok.errors import InputError, RecipeError
from algok.evaluation.labelled_documents import read_labelled_documents
from algok.evaluation.tune import Goal, _propose, recipe_lines, tune
from algok.pipelines.recipe import recipe_from_text
from algok.step import Bound

VALUES = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=4, max_size=40)


def propose(values, truth, side=None, goal=None, groups=None, nulls=None, bound=None, times=20):
    values = np.array(values, float)
    nulls = np.zeros(len(values), bool) if nulls is None else np.array(nulls)
    groups = groups or [str(row % 7) for row in range(len(values))]
    return _propose("", values, nulls, np.array(truth), groups, bound or Bound(), side, goal or Goal(), times)


@given(VALUES, st.sampled_from(["min", "max"]))
def test_no_bound_is_better_than_the_proposed(rows, side):
    truth, values = np.array([t for t, _ in rows]), np.array([v for _, v in rows], float)
    proposal = propose(values, truth, side)
    tried = []
    for bound in np.arange(-0.5, 9.5, 0.5):
        figures = binary(truth, values >= bound if side == "min" else values <= bound)
        tried.append(figures["balanced_accuracy"])
    if truth.all() or not truth.any():
        assert "nothing to tell apart" in proposal.problem
    elif proposal.proposed is None:
        assert max(tried) == pytest.approx(0.5)
    else:
        assert proposal.proposed.balanced_accuracy == pytest.approx(max(tried)) and max(tried) > 0.5
        kept = values >= proposal.proposed.bound if side == "min" else values <= proposal.proposed.bound
        assert proposal.proposed.kept == kept.mean()  # the bound as printed decides as measured
        assert proposal.proposed.precision == binary(truth, kept)["precision"]


@given(VALUES, st.sampled_from([0.5, 0.8, 1.0]), st.sampled_from(["min", "max"]))
def test_the_strictest_bound_with_the_recall_asked_for(rows, recall, side):
    truth, values = np.array([t for t, _ in rows]), np.array([v for _, v in rows], float)
    proposal = propose(values, truth, side, Goal(min_recall=recall))
    if proposal.proposed is None:
        return
    assert proposal.proposed.recall_keep >= recall
    stricter = [bound for bound in set(values) if (bound > proposal.proposed.bound) == (side == "min")]
    for bound in stricter:
        kept = values >= bound if side == "min" else values <= bound
        figures = binary(truth, kept)
        assert figures["recall"] < recall or figures["specificity"] <= proposal.proposed.recall_drop


@given(VALUES, st.sampled_from([0.5, 1.0, 2.0]))
def test_the_best_f_beta(rows, beta):
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra train")
    truth, values = np.array([t for t, _ in rows]), np.array([v for _, v in rows], float)
    proposal = propose(values, truth, "min", Goal(beta=beta))
    if proposal.proposed is None:
        return
    best = max(metrics.fbeta_score(truth, values >= bound, beta=beta, zero_division=0) for bound in set(values))
    assert metrics.fbeta_score(truth, values >= proposal.proposed.bound, beta=beta) == pytest.approx(best)


def test_the_side_follows_the_data():
    truth = [True] * 20 + [False] * 20
    assert propose([*range(20, 40), *range(20)], truth).side == "min"
    assert propose([*range(20), *range(20, 40)], truth).side == "max"


def test_the_bound_is_a_round_number_in_the_gap():
    truth = [False] * 10 + [True] * 10
    assert propose([0.1234] * 10 + [0.7891] * 10, truth).proposed.bound == 0.5
    assert propose([0.7891] * 10 + [0.1234] * 10, truth).proposed.bound == 0.5
    assert propose([0.12341] * 10 + [0.12387] * 10, truth).proposed.bound == 0.1236
    assert propose([-3500.5] * 10 + [-1200.25] * 10, truth).proposed.bound == -2000
    assert propose([3] * 10 + [4] * 10, truth).proposed.bound == 4
    assert propose([48] * 10 + [49] * 10, truth).proposed.bound == 49
    assert propose([-1] * 10 + [1] * 10, truth).proposed.bound == 0


def test_null_breaks_no_bound_and_nan_breaks_every_bound():
    values = [1, 1, 1, 5, 5, 5, np.nan, np.nan]
    truth = [False, False, False, True, True, True, True, False]
    nulls = [False] * 6 + [True, False]
    point = propose(values, truth, "min", nulls=nulls).proposed
    assert point.recall_keep == 1 and point.recall_drop == 1


def test_the_interval_widens_when_sites_differ():
    chance = np.random.default_rng(1)
    truth = np.arange(600) % 2 == 0
    shift = np.repeat(chance.normal(0, 1.5, 12), 50)
    values = truth * 2.0 + chance.normal(0, 0.5, 600)
    rows, sites = [str(row) for row in range(600)], [str(row // 50) for row in range(600)]
    alike = propose(values, truth, "min", groups=rows, times=200).intervals["balanced_accuracy"]
    apart = propose(values + shift, truth, "min", groups=sites, times=200).intervals["balanced_accuracy"]
    assert apart[1] - apart[0] > 2 * (alike[1] - alike[0])
    again = propose(values + shift, truth, "min", groups=sites, times=200).intervals
    assert again["balanced_accuracy"] == apart


def test_few_labels_are_said_to_be_few():
    truth = [True] * 10 + [False] * 40
    few = propose([*range(10, 20), *([5] * 40)], truth, groups=["a"] * 25 + ["b"] * 25)
    assert any("only 10 documents to keep" in line for line in few.warnings)
    assert any("only 2 group(s)" in line for line in few.warnings)
    assert not propose([1.0] * 40 + [0.0] * 40, [True] * 40 + [False] * 40).warnings


@pytest.fixture
def documents(tmp_path):
    good = [{"text": prose(i), "source": f"s{i % 8}", "labels": {"keep": 1, "toxicity": 0}} for i in range(40)]
    short = [
        {"text": prose(i)[: 20 + i], "source": f"s{i % 6}", "labels": {"keep": 0, "toxicity": 2}} for i in range(40)
    ]
    hidden = [{"text": "\u200b" * 2000 + prose(i)[:30], "source": "s9", "labels": {"keep": 0}} for i in range(3)]
    return read_labelled_documents([write_jsonl(tmp_path / "a.jsonl", [*good, *short, *hidden])])


def test_the_text_is_the_one_that_the_step_sees(documents):
    loose = "heuristics: {chars: {min: 1}}"
    raw = recipe_from_text(f"{{steps: {{{loose}}}}}")
    repaired = recipe_from_text(f"{{steps: {{repair: {{}}, {loose}}}}}")
    before = tune(documents, raw, "heuristics.chars", side="min", times=5)[0]
    after = tune(documents, repaired, "heuristics.chars", side="min", times=5)[0]
    # 2,000 invisible characters make a scrap look long, until repair takes them away.
    assert before.proposed.recall_drop < 1 and after.proposed.recall_drop == after.proposed.recall_keep == 1
    assert after.current.bound == 1 and after.current.kept == 1


def test_what_earlier_steps_drop_does_not_count_unless_asked_for(documents):
    recipe = recipe_from_text("{steps: {repair: {}, heuristics: {chars: {min: 200}}, source: {}}}")
    reaching = tune(documents, recipe, "source.confidence", times=5)[0]
    everything = tune(documents, recipe, "source.confidence", times=5, everything=True)[0]
    assert reaching.documents == 40 and "nothing to tell apart" in reaching.problem
    assert everything.documents == 83
    nothing_passes = recipe_from_text("{steps: {heuristics: {chars: {min: 99999}}, source: {}}}")
    with pytest.raises(InputError, match="reaches the step"):
        tune(documents, nothing_passes, "source.confidence")


def test_a_bound_per_source_goes_into_its_profile(documents):
    recipe = recipe_from_text("{steps: {repair: {}, heuristics: {}}, profiles: {s1: {heuristics: {chars: {min: 77}}}}}")
    overall, *slices = tune(documents, recipe, "heuristics.chars", by="source", times=5)
    assert [proposal.slice for proposal in slices] == [*(f"s{i}" for i in range(8)), "s9"]
    assert sum(proposal.documents for proposal in slices) == overall.documents == 83
    by_name = {proposal.slice: proposal for proposal in slices}
    assert by_name["s1"].current.bound == 77 and by_name["s9"].problem
    lines = recipe_lines("heuristics.chars", by_name["s1"], "source")
    written = recipe_from_text(f"steps: {{heuristics: {{}}}}\n{lines}")
    assert written.steps[0].by_source["s1"]["chars"].min == by_name["s1"].proposed.bound
    lines = recipe_lines("heuristics.chars", overall)
    assert recipe_from_text(lines).steps[0].bounds["chars"].min == overall.proposed.bound


def test_toxicity_labels_ask_for_the_opposite(documents):
    recipe = recipe_from_text("{steps: {repair: {}, heuristics: {}}}")
    proposal = tune(documents, recipe, "heuristics.chars", label="toxicity", times=5)[0]
    assert proposal.documents == 80 and proposal.to_keep == 40 and proposal.proposed.balanced_accuracy == 1


def test_labels_and_signals_that_are_not_there(documents):
    recipe = recipe_from_text("{steps: {heuristics: {}}}")
    with pytest.raises(InputError, match="no document has the label 'quality'"):
        tune(documents, recipe, "heuristics.chars", label="quality")
    with pytest.raises(RecipeError, match="did you mean"):
        tune(documents, recipe, "heuristics.charz")
