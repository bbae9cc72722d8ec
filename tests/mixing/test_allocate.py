"""Allocation: nearest to the prior within all shares and rooms, or a reason and the smallest change."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.mixing.allocate import Group, Infeasible, allocate

amounts = st.floats(0.1, 1000)


def everything(*groups, prior, room, tokens):
    prior, room = np.array(prior, float), np.array(room, float)
    return allocate(prior, room, tokens, list(groups), prior)


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=12), st.floats(0.01, 1))
def test_without_shares_it_is_the_prior_capped_by_water_filling(pairs, part):
    prior, room = np.array(pairs).T
    tokens = part * room.sum()
    found = everything(prior=prior, room=room, tokens=tokens)
    assert np.isclose(found.sum(), tokens) and (found <= room * (1 + 1e-9)).all()
    free = found < room * (1 - 1e-9)
    level = (found / prior)[free]
    assert level.size == 0 or np.allclose(level, level[0])  # those not full keep the prior's proportions
    assert level.size == 0 or ((found / prior)[~free] <= level[0] * (1 + 1e-6)).all()


def test_unimax_gives_small_cells_their_epochs_and_the_others_equal_parts():
    # Budget 100 over sizes 1, 10, 100, 1000 with one epoch: 1, 10, then equal parts.
    assert np.allclose(everything(prior=[1] * 4, room=[1, 10, 100, 1000], tokens=100), [1, 10, 44.5, 44.5])


CELLS = 8


@st.composite
def feasible_problems(draw):
    """Random overlapping groups whose limits hold for a mixture that was drawn first."""
    weights = np.array(draw(st.lists(amounts, min_size=CELLS, max_size=CELLS)))
    hidden = weights / weights.sum()
    room = hidden * 1000 * np.array(draw(st.lists(st.floats(1.05, 5), min_size=CELLS, max_size=CELLS)))
    prior = np.array(draw(st.lists(amounts, min_size=CELLS, max_size=CELLS)))
    groups = []
    for number in range(draw(st.integers(0, 4))):
        cells = np.array(draw(st.lists(st.booleans(), min_size=CELLS, max_size=CELLS)))
        share = hidden[cells].sum()
        low, high = share * draw(st.floats(0, 0.98)), min(1, share * draw(st.floats(1.02, 2)))
        groups.append(Group(str(number), cells, low, high))
    return prior, room, groups


@given(feasible_problems())
def test_all_shares_and_rooms_are_kept_and_no_other_mixture_is_nearer(problem):
    prior, room, groups = problem
    found = everything(*groups, prior=prior, room=room, tokens=1000)
    assert np.isclose(found.sum(), 1000, rtol=1e-6) and (found <= room * (1 + 1e-9)).all()
    for group in groups:
        assert group.low - 1e-6 <= found[group.cells].sum() / 1000 <= group.high + 1e-6
    # No feasible direction of a random set is nearer to the prior.
    divergence = _divergence(found, prior)
    for seed in range(20):
        other = _towards(np.random.default_rng(seed).dirichlet(np.ones(CELLS)) * 1000, found, room, groups)
        assert _divergence(other, prior) >= divergence - 1e-4


def _divergence(amounts, prior):
    return float((amounts * np.log(np.maximum(amounts, 1e-300) / prior)).sum())


def _towards(aim, found, room, groups):
    """The farthest feasible point on the way from the found mixture to another."""
    for step in (1, 0.5, 0.1, 0.02):
        point = found + step * (aim - found)
        kept = (point <= room).all() and all(g.low <= point[g.cells].sum() / 1000 <= g.high for g in groups)
        if kept:
            return point
    return found


def test_two_shares_that_overlap_are_both_met():
    left, right = np.array([1, 1, 0, 0], bool), np.array([1, 0, 1, 0], bool)
    groups = [Group("left", left, 0.7, 0.7), Group("right", right, 0.2, 0.3)]
    found = everything(*groups, prior=[1] * 4, room=[900] * 4, tokens=1000)
    assert np.isclose(found[left].sum(), 700) and np.isclose(found[right].sum(), 300)


def test_the_whole_room_can_be_asked_for_exactly():
    assert np.allclose(everything(prior=[5, 1, 3], room=[10, 20, 30], tokens=60), [10, 20, 30])


def test_shares_that_leave_nothing_for_the_others_are_met_exactly():
    a, b = np.array([1, 0, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    groups = [Group("a", a, 0.3, 0.3), Group("b", b, 0.7, 0.7)]
    found = everything(*groups, prior=[5, 1, 3, 9], room=[900] * 4, tokens=1000)
    assert np.allclose(found, [300, 175, 525, 0], atol=1e-6)


def test_a_share_of_nothing_is_nothing():
    stem = np.array([True, False])
    assert np.allclose(everything(Group("stem", stem, 0, 0), prior=[1, 1], room=[9, 9], tokens=5), [0, 5])


def test_what_cannot_be_met_is_named_with_the_smallest_changes():
    stem, law = np.array([1, 0, 0], bool), np.array([0, 1, 0], bool)
    groups = [Group("stem", stem, 0.5), Group("law", law, 0, 0.2)]
    with pytest.raises(Infeasible) as caught:
        everything(*groups, prior=[100, 100, 100], room=[200, 400, 800], tokens=800)
    message = str(caught.value)
    assert "stem >= 0.5" in message and "law" not in message  # law does not take part
    assert "  stem >= 0.25" in message and "tokens: 399" in message and "max_epochs larger by 2" in message


def test_shares_that_contradict_each_other_do_not_blame_the_epochs():
    everyone, some = np.array([1, 1], bool), np.array([1, 0], bool)
    with pytest.raises(Infeasible) as caught:
        everything(Group("a", everyone, 0, 0.5), Group("b", some, 0.2), prior=[1, 1], room=[900, 900], tokens=10)
    assert "a <= 0.5" in str(caught.value) and "epochs" not in str(caught.value)
    assert "a <= 1" in str(caught.value)


@given(feasible_problems(), st.integers(2, 6))
def test_every_change_that_is_named_is_enough(problem, factor):
    prior, room, groups = problem
    tokens = room.sum() * factor / 4
    try:
        everything(*groups, prior=prior, room=room, tokens=tokens)
        return
    except Infeasible as error:
        message = str(error)
    fewer = re.search(r"tokens: (\d+)", message)
    more = re.search(r"larger by ([\d.]+)", message)
    if fewer and int(fewer[1]) > 0:
        everything(*groups, prior=prior, room=room, tokens=int(fewer[1]))
    if more:
        allocate(prior, room + float(more[1]) * prior, tokens, groups, prior)
    for change in re.findall(r"^  (\d) (>=|<=) ([\d.]+)$", message.partition("any one")[2], re.MULTILINE):
        name, side, limit = change[0], "low" if change[1] == ">=" else "high", float(change[2])
        changed = [Group(**{**vars(g), side: limit}) if g.name == name else g for g in groups]
        everything(*changed, prior=prior, room=room, tokens=tokens)
