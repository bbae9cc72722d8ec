"""Bins of signals as labels, and what stages say with them: more of the better, caps for the unsure, weights."""

from itertools import pairwise

import numpy as np
import pytest
from corpora import bytes_of, documents, run_mix, write_corpus
from hypothesis import given
from hypothesis import strategies as st
from populations import LABELS, Row, all_documents, population, rows
from test_planner import mix

from algok.errors import RecipeError
from algok.mixing.account import MixDirectory, verify_mix
from algok.mixing.bins import Refinement, rank_bins, refined
from algok.mixing.circle import copies
from algok.mixing.explain import explain_in_mix
from algok.mixing.planner import make_plan
from algok.mixing.recipe import mix_from_text

QUALITY = {"level": {"signal": "quality.level", "quantiles": 4, "within": "source"}}


def cells_of(mix, rows: list[Row], pieces: int = 1):
    """The cell of every row, and the refined population."""
    measured = population(rows, pieces)
    ranks = rank_bins(mix, measured)
    found = refined(measured, mix, ranks)
    number = Refinement.of_cells(mix, found.cells, ranks).refine(all_documents(rows)).cells
    return [found.cells[k].labels for k in number], found


@given(rows)
def test_quantiles_order_the_documents_of_a_group_and_have_about_equal_tokens(rows):
    labels, found = cells_of(mix({"tokens": 1}, bins=QUALITY), rows)
    for source in LABELS:
        own = [(label["level"], row) for label, row in zip(labels, rows) if row.label == source]
        assert all((level == "none") == (row.quality is None) for level, row in own)
        known = sorted((level, np.float32(row.quality)) for level, row in own if level != "none")
        assert [quality for _, quality in known] == sorted(q for _, q in known) or _coarse(known)
    assert sum(cell.tokens for cell in found.cells) == sum(row.tokens for row in rows)


def _coarse(known) -> bool:
    """Values that share their leading bits share a bin; others are in order."""
    highest = {level: max(q for other, q in known if other == level) for level, _ in known}
    lowest = {level: min(q for other, q in known if other == level) for level, _ in known}
    order = sorted(highest)
    return all(highest[a] <= lowest[b] * (1 + 2**-7) for a, b in pairwise(order))


def test_quantiles_of_many_documents_have_equal_tokens():
    rows = [Row(k, "a", 10, k % 997 / 100) for k in range(4000)]
    _, found = cells_of(mix({"tokens": 1}, bins=QUALITY), rows)
    assert [cell.labels["level"] for cell in found.cells] == ["00", "01", "02", "03"]
    assert all(abs(cell.tokens - 10_000) < 600 for cell in found.cells)


@given(rows, st.integers(2, 4))
def test_bins_do_not_depend_on_how_documents_are_split(rows, pieces):
    wanted = mix({"tokens": 1}, bins=QUALITY)
    assert cells_of(wanted, rows)[0] == cells_of(wanted, rows, pieces)[0]


def test_edges_include_their_lower_ends_and_lacking_signals_have_no_bin():
    bins = {"sure": {"signal": "quality.level", "edges": [0.5, 2]}}
    rows = [Row(k, "a", 1, quality) for k, quality in enumerate([0.0, 0.49, 0.5, 1.99, 2.0, 9.0, None])]
    labels, _ = cells_of(mix({"tokens": 1}, bins=bins), rows)
    assert [label["sure"] for label in labels] == ["..0.5"] * 2 + ["0.5..2"] * 2 + ["2.."] * 2 + ["none"]


def planned(wanted, rows: list[Row]):
    measured = population(rows)
    ranks = rank_bins(wanted, measured)
    found = refined(measured, wanted, ranks)
    plan = make_plan(wanted, found)
    documents = (
        Refinement.of_cells(wanted, found.cells, ranks).refine(all_documents(rows))
        if wanted.bins
        else all_documents(rows)
    )

    return plan, copies(plan.draws, 0, documents.places, documents.cells)


def test_a_curve_takes_more_of_the_better_none_of_the_worst_and_keeps_its_maximum():
    rows = [Row(k, "ab"[k % 2], 10, k / 1000) for k in range(2000)]
    bins = {"level": {"signal": "quality.level", "quantiles": 20, "within": "source"}}
    stage = {"tokens": 20_000, "curve": {"bins": "level", "throwaway": 0.4, "power": 2, "max": 3}}
    _, taken = planned(mix(stage, epochs=9, bins=bins), rows)
    tenths = [float(part.mean()) for part in np.array_split(taken, 10)]
    assert tenths[:4] == [0, 0, 0, 0] and tenths == sorted(tenths) and tenths[-1] > 2 and taken.max() <= 3
    assert abs(taken.sum() * 10 - 20_000) < 400


def test_a_curve_that_cannot_give_so_much_is_refused():
    rows = [Row(k, "a", 10, k / 1000) for k in range(200)]
    bins = {"level": {"signal": "quality.level", "quantiles": 10}}
    with pytest.raises(RecipeError, match="these cannot be met together"):
        planned(
            mix({"tokens": 5000, "curve": {"bins": "level", "throwaway": 0.5, "max": 4}}, epochs=9, bins=bins), rows
        )


def test_the_unsure_are_never_taken_twice():
    rows = [Row(k, "ab"[k % 5 == 0], 10, k % 10 / 10) for k in range(500)]
    bins = {"sure": {"signal": "quality.level", "edges": [0.5]}}
    even = {"tokens": 6000, "prior": {"uniform": 1, "over": "source"}}
    wanted = mix(even, bins=bins, max_epochs={"default": 6, "sure=..0.5": 1})
    _, taken = planned(wanted, rows)
    unsure = np.array([row.quality < 0.5 for row in rows])
    assert taken[unsure].max() == 1 and taken[~unsure].max() > 1


def test_weights_multiply_the_prior():
    rows = [Row(k, "abc"[k % 3], 10) for k in range(300)]
    plan, _ = planned(mix({"tokens": 600, "weights": {"source=a": 3, "source=b": 2}}), rows)
    assert np.allclose([share.planned for share in plan.shares[0]], [300, 200, 100])


def test_a_whole_mix_with_bins_adds_up_and_does_not_depend_on_the_split(tmp_path):
    keys = {
        "bins": {"level": {"signal": "quality.level", "quantiles": 5, "within": "source"}},
        "stages": [{"name": "a", "tokens": 9000, "curve": {"bins": "level", "throwaway": 0.2}}],
    }
    corpus = write_corpus(tmp_path / "corpus", documents(200))
    run_mix({"web": corpus}, tmp_path / "mix", **keys)
    run_mix(
        {"web": write_corpus(tmp_path / "other", documents(200), 7)},
        tmp_path / "again",
        **{**keys, "split_bytes": 1 << 26},
    )
    assert bytes_of(tmp_path / "mix") == bytes_of(tmp_path / "again")
    directory = MixDirectory(str(tmp_path / "mix"))
    assert verify_mix(directory) == []
    (shown,) = explain_in_mix(directory, "d3")
    assert "level=" in shown.cell and sum(reason.copies for reason in shown.reasons) == len(shown.places)


@pytest.mark.parametrize(
    ("bins", "stage", "message"),
    [
        ("{level: {signal: q}}", "", "mix.yaml:2: bins.level: expected either quantiles or edges"),
        ("{level: {signal: q, edges: [2, 1]}}", "", "mix.yaml:2: bins.level: expected edges that rise"),
        (
            "{level: {signal: q, edges: [1]}}",
            "curve: {bins: level}",
            "mix.yaml:3: stages.0.curve.bins: 'level' names no bins",
        ),
        ("{a: {signal: q, edges: [1]}, b: {signal: q, quantiles: 4, within: a}}", "", "'a' is made of a signal itself"),
    ],
)
def test_bins_that_make_no_sense_are_named_with_their_line(bins, stage, message):
    text = (
        f"corpora: {{web: {{run: x}}}}\nbins: {bins}\nstages: [{{name: a, tokens: 5{', ' if stage else ''}{stage}}}]\n"
    )
    with pytest.raises(RecipeError) as caught:
        mix_from_text(text)
    assert message in str(caught.value)


SMOOTH = {"level": {"signal": "quality.level", "quantiles": 10, "within": "source", "smooth": True}}


def curved(tokens: int, **curve) -> dict:
    return {
        "tokens": tokens,
        "curve": {"bins": "level", "throwaway": 0.4, "power": 1.5, "tilt": 1.0, "max": 3, **curve},
    }


@given(rows, st.floats(0.05, 0.6), st.floats(0, 0.8), st.sampled_from([1, 2, 3.5]))
def test_a_smooth_curve_keeps_its_cap_and_budget_and_leaves_the_bottom_out(rows, part, throwaway, cap):
    tokens = max(1, int(sum(row.tokens for row in rows) * part))
    try:
        plan, taken = planned(mix(curved(tokens, throwaway=throwaway, max=cap), epochs=9, bins=SMOOTH), rows)
    except RecipeError as error:  # so few documents may not have so many tokens
        assert "cannot be met" in str(error) or "no document to take" in str(error)
        return
    assert taken.max() <= np.ceil(cap)
    assert np.isclose(sum(share.planned for share in plan.shares[0]), tokens)
    longest = {label: max((row.tokens for row in rows if row.label == label), default=0) for label in LABELS}
    for share in plan.shares[0]:
        assert abs(share.taken - share.planned) <= longest[plan.cells[share.cell].labels["source"]] + 1
    below = ranks_of(rows) < throwaway
    assert not taken[below].any()


def ranks_of(rows: list[Row]) -> np.ndarray:
    """The rank of every document by the leading bits of its quality, as `Ranks` has it; 0 without the signal."""
    documents = all_documents(rows)
    coarse = documents.signals["quality.level"] >> np.uint32(16)
    found = np.zeros(len(rows))
    for label in LABELS:
        own = np.array([row.label == label and row.quality is not None for row in rows], bool)
        total = documents.tokens[own].sum()
        for k in np.flatnonzero(own):
            less, same = (documents.tokens[own & test].sum() for test in (coarse < coarse[k], coarse == coarse[k]))
            found[k] = (less + same - same / 2) / total
    return found


@given(rows, st.integers(1, 30), st.integers(1, 30))
def test_a_larger_budget_of_a_smooth_curve_takes_the_same_documents_and_more(rows, one, other):
    few, many = sorted((one, other))
    try:
        taken = [planned(mix(curved(tokens, max=9), epochs=9, bins=SMOOTH), rows)[1] for tokens in (few, many)]
    except RecipeError:
        return
    assert (taken[0] <= taken[1]).all()


def test_copies_of_a_smooth_curve_follow_it_where_those_of_a_staircase_jump():
    """The mean copies of five hundred neighbours by rank against C · y^p · e^(tilt · y), and the jump at a quantile's edge."""
    rows = [Row(k, "a", 10, 1 + k / 20_000) for k in range(20_000)]
    steps = {"level": {**SMOOTH["level"], "smooth": False}}
    stage = curved(150_000, max=7)
    (_, smooth), (_, staircase) = (planned(mix(stage, epochs=9, bins=bins), rows) for bins in (SMOOTH, steps))
    x = (np.arange(20_000) + 0.5) / 20_000
    curve = np.where(x > 0.4, np.maximum(x - 0.4, 0) ** 1.5 * np.exp(x - 0.4), 0)
    curve *= 15_000 / curve.sum()
    near = [taken.reshape(-1, 500).mean(axis=1) - curve.reshape(-1, 500).mean(axis=1) for taken in (smooth, staircase)]
    inside = slice(17, 38)  # nothing is between two quantiles below the first middle over the cut, and above the last
    assert abs(near[0][inside]).max() < 0.09 < 0.2 < abs(near[1][inside]).max()
    assert smooth[: 8000 - 157].sum() == 0  # as many values share their leading bits, and so a rank
    assert abs(smooth.sum() - 15_000) < 100


@given(rows, st.floats(0.05, 0.9), st.floats(0, 0.8), st.sampled_from([0.5, 1, 2.0, 3]))
def test_copies_of_a_document_are_those_of_one_of_the_two_quantiles_that_its_rank_lies_between(
    rows, part, throwaway, power
):
    """So they differ from its expected copies by no more than one and the step between the two quantiles."""
    tokens = max(1, int(sum(row.tokens for row in rows) * part))
    try:
        plan, taken = planned(mix(curved(tokens, throwaway=throwaway, power=power, max=9), epochs=9, bins=SMOOTH), rows)
    except RecipeError:  # so few documents may not have so many tokens
        return
    turns = {tuple(cell.labels.values()): int(plan.draws[0].turns[k]) for k, cell in enumerate(plan.cells)}
    for row, rank, copies_ in zip(rows, ranks_of(rows), taken):
        if row.quality is None:
            assert copies_ == 0
            continue
        lower = int(np.floor(rank * 10 - 0.5))
        labels = {f"{min(9, max(0, number)):02d}" for number in (lower, lower + 1)}
        possible = [turns[key] for key in turns if row.label in key and labels & set(key)]
        assert any(copies_ in (whole, whole + 1) for whole in possible)


def test_with_a_hundred_quantiles_copies_are_those_of_each_documents_own_place_on_the_curve():
    """Rounded down or up, of documents of very different lengths; and the mean of neighbours is the curve's."""
    rng = np.random.default_rng(0)
    sizes = np.clip(rng.lognormal(4, 1, 20_000), 1, 2000).astype(int)
    rows = [Row(k, "a", int(tokens), 2.0 ** (8 * k / 20_000)) for k, tokens in enumerate(sizes)]
    budget = int(sizes.sum() * 0.75)
    bins = {"level": {**SMOOTH["level"], "quantiles": 100, "smooth": False}}
    _, taken = planned(mix({**curved(budget, max=7), "tokens": budget}, epochs=9, bins=bins), rows)
    x = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    curve = np.where(x > 0.4, np.maximum(x - 0.4, 0) ** 1.5 * np.exp(x - 0.4), 0)
    curve *= budget / (curve * sizes).sum()
    assert ((taken >= np.floor(curve)) & (taken <= np.ceil(curve))).mean() > 0.998
    given_, wanted = ((copies_ * sizes).reshape(20, -1).sum(axis=1) for copies_ in (taken, curve))
    assert abs((given_ - wanted) / sizes.reshape(20, -1).sum(axis=1)).max() < 0.06
    assert abs((taken * sizes).sum() - budget) < 5000
