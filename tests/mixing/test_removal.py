"""Weights by the removal rates of a mix's own runs."""

import random
from collections import Counter

import pytest
from conftest import write_jsonl
from corpora import mix_of
from hypothesis import given
from hypothesis import strategies as st

from algok.errors import RecipeError
from algok.mixing.mix import plan_only
from algok.mixing.population import Cell
from algok.mixing.recipe import mix_from_text
from algok.mixing.removal import RemovalRates, count_removed, removal_rates
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute

counts = st.dictionaries(st.sampled_from(["..2", "2..5", "5.."]), st.tuples(st.integers(0, 50), st.integers(0, 50)))


@given(counts, st.floats(1, 10))
def test_factors_lie_between_one_and_the_most_and_fall_with_the_rate(counts, most):
    cells = [Cell({"corpus": "web", "size": label}, kept, kept) for label, (kept, _) in counts.items()]
    cells.append(Cell({"corpus": "other", "size": "..2"}, 1000, 1000))  # no run: nothing is known of it
    cells.append(Cell({"corpus": "web", "size": "none"}, 7, 7))
    removed = Counter({("web", label): gone for label, (_, gone) in counts.items()})
    rates = removal_rates(cells, "size", removed)
    factors = rates.factors(most)
    ordered = sorted(factors, key=lambda label: rates.by_label[label])
    assert all(1 <= factor <= most * (1 + 1e-9) for factor in factors.values())
    values = [factors[label] for label in ordered]
    assert values == sorted(values, reverse=True)
    if values and len(set(rates.by_label.values())) > 1:
        assert values[0] == pytest.approx(most) and values[-1] == 1


def test_the_published_rates_give_the_published_weights():
    """FineWeb-2, kor_Hang, at most 10: clusters of 9 had 48.8 % removed, of two 60.6 %, all 69.2 %."""
    factors = RemovalRates({"1": 0.774, "2": 0.606, "9": 0.488}, 0.692).factors(10)
    assert factors["1"] == 1 and factors["9"] == 10 and factors["2"] == pytest.approx(4.79, abs=0.01)


def _text(number: int, words: int) -> str:
    """Words of two syllables that no other number has in the same order."""
    rng = random.Random(number)
    return " ".join(chr(0xAC00 + rng.randrange(11172)) + chr(0xAC00 + rng.randrange(11172)) for _ in range(words))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Texts alone, thrice and six times; of those alone most are dropped as too short after the deduplication."""
    folder = tmp_path_factory.mktemp("run")
    texts = [_text(k, 60 if k % 4 else 20) for k in range(40)]
    texts += [_text(k, 60) for k in range(100, 108) for _ in range(3)]
    texts += [_text(k, 60 if k % 2 else 20) for k in range(200, 206) for _ in range(6)]
    rows = [{"text": text, "url": f"https://a.example.com/{n}"} for n, text in enumerate(texts)]
    write_jsonl(folder / "in.jsonl", rows)
    recipe = recipe_from_text(
        f"inputs: [{{path: {folder / 'in.jsonl'}, source: news}}]\n"
        "steps: {dedup: {}, tokens: {count: {min: 200}}}\n"
    )
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return folder / "run"


BINS = {"cluster": {"signal": "dedup.cluster_size", "edges": [2, 5]}}


def planned(run, folder, **keys):
    stages = [{"name": "a", "tokens": 2000, "rehydrate": {"bins": "cluster", "max": 3}}]
    mix, source = mix_of({}, {"web": {"run": str(run)}}, bins=BINS, stages=stages, **keys)
    return mix, plan_only(mix, source, str(folder / "mix"), make_executor("local", 0), SilentProgress())


def test_a_runs_own_rates_are_counted_after_the_deduplication(run, tmp_path):
    mix, _ = planned(run, tmp_path)
    assert count_removed(mix)["cluster"] == {("web", "..2"): 10, ("web", "2..5"): 0, ("web", "5.."): 3}


def test_clusters_weigh_by_them_in_the_plan_and_the_plan_says_so(run, tmp_path):
    _, plan = planned(run, tmp_path)
    assert [note for note in plan.notes if "cluster=2..5 weighs 3:" in note and "0.00% of such" in note]
    share = {plan.cells[s.cell].labels["cluster"]: s.planned / plan.cells[s.cell].tokens for s in plan.shares[0]}
    assert share["2..5"] == pytest.approx(3 * share["..2"]) and share["5.."] == pytest.approx(share["..2"])


@pytest.mark.parametrize(
    ("bins", "corpus", "message"),
    [
        ("{signal: q, quantiles: 4}", "run: r", "'cluster' names no bins with edges"),
        ("{signal: q, edges: [2]}", "path: x", "rehydrate needs a run"),
    ],
)
def test_what_cannot_be_computed_is_refused(bins, corpus, message):
    with pytest.raises(RecipeError, match=message):
        mix_from_text(
            f"corpora: {{web: {{{corpus}}}}}\nbins: {{cluster: {bins}}}\n"
            "stages: [{name: a, tokens: 5, rehydrate: {bins: cluster}}]\n"
        )
