"""What a plan promises, over random small corpora."""

import numpy as np
import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from populations import LABELS, Row, all_documents, copies_by_draw, population, rows

from algok.errors import RecipeError
from algok.mixing.planner import Plan, make_plan
from algok.mixing.recipe import Mix

parts = st.floats(0.02, 1)


def mix(*stages: dict, epochs: float = 4, **keys) -> Mix:
    named = [{"name": f"s{number}", **stage} for number, stage in enumerate(stages)]
    return Mix.model_validate(
        {
            "corpora": {"web": {"path": "x"}},
            "cells": ["source"],
            "max_epochs": {"default": epochs},
            "stages": named,
            **keys,
        }
    )


def plan_of(mix: Mix, rows: list[Row]) -> tuple[Plan, np.ndarray]:
    plan = make_plan(mix, population(rows))
    return plan, copies_by_draw(plan, rows)


def total(rows: list[Row]) -> int:
    return sum(row.tokens for row in rows)


def tokens_of(rows: list[Row]) -> np.ndarray:
    return np.array([row.tokens for row in rows])


@given(rows, st.lists(parts, min_size=1, max_size=4))
def test_budgets_are_met_within_one_document_per_cell(rows, budgets):
    stages = [{"tokens": max(1, int(total(rows) * part))} for part in budgets]
    plan, taken = plan_of(mix(*stages), rows)
    for shares, row in zip(plan.shares, taken):
        for share in shares:
            label = plan.cells[share.cell].labels["source"]
            own = np.array([r.label == label for r in rows])
            assert (row * tokens_of(rows))[own].sum() == share.taken
            assert abs(share.taken - share.planned) <= max(tokens_of(rows)[own]) + 1
    assert np.isclose(sum(share.planned for share in plan.shares[0]), stages[0]["tokens"])


@given(rows, parts, parts)
def test_a_larger_budget_takes_the_same_documents_and_more(rows, one, other):
    small, large = sorted((max(1, int(total(rows) * 3 * one)), max(1, int(total(rows) * 3 * other))))
    _, few = plan_of(mix({"tokens": small}), rows)
    _, many = plan_of(mix({"tokens": large}), rows)
    assert (few <= many).all()


@given(rows, st.integers(1, 60), st.integers(1, 60), st.integers(1, 4))
def test_two_stages_take_together_what_one_stage_of_both_sizes_takes(rows, one, other, scale):
    assume((one + other) * scale <= 3 * total(rows))
    _, split = plan_of(mix({"tokens": one * scale}, {"tokens": other * scale}), rows)
    _, joined = plan_of(mix({"tokens": (one + other) * scale}), rows)
    assert (split.sum(axis=0) == joined[0]).all()


@given(rows, st.lists(parts, min_size=1, max_size=3))
def test_nobody_is_repeated_before_all_of_its_cell_were_taken(rows, budgets):
    _, taken = plan_of(mix(*({"tokens": max(1, int(total(rows) * part))} for part in budgets)), rows)
    for label in LABELS:
        own = taken.sum(axis=0)[[row.label == label for row in rows]]
        assert not len(own) or own.max() - own.min() <= 1


@given(rows, st.integers(2, 5))
def test_the_plan_does_not_depend_on_how_documents_are_split(rows, pieces):
    wanted = mix(
        {"tokens": max(1, total(rows) // 2)}, {"tokens": max(1, total(rows) // 3), "replay": {"of": "s0", "share": 0.1}}
    )
    assert plan_or_reason(wanted, rows, 1) == plan_or_reason(wanted, rows, pieces)


def plan_or_reason(mix: Mix, rows: list[Row], pieces: int) -> dict | str:
    try:
        return make_plan(mix, population(rows, pieces)).as_dict()
    except RecipeError as error:  # so small a corpus may have nothing to replay
        return str(error)


@given(rows, parts)
def test_without_a_document_others_change_by_no_more_than_its_tokens_and_one_document(rows, part):
    rows = [Row(row.number, "a", row.tokens) for row in rows]
    assume(len(rows) > 1)
    budget = max(1, int((total(rows) - rows[0].tokens) * part))
    _, before = plan_of(mix({"tokens": budget}), rows)
    _, after = plan_of(mix({"tokens": budget}), rows[1:])
    changed = (abs(before[0][1:] - after[0]) * tokens_of(rows[1:])).sum()
    assert changed <= rows[0].tokens * before[0][0] + max(tokens_of(rows))


@given(rows, st.sampled_from(["seen", "unseen", "any"]), st.integers(1, 3), parts, st.floats(0.05, 0.5))
def test_replays_take_what_they_say_and_nobody_exceeds_max_epochs(rows, which, epochs, part, share):
    first = max(1, int(total(rows) * part))
    stages = ({"tokens": first}, {"tokens": max(1, first // 3), "replay": {"of": "s0", "share": share, "which": which}})
    try:
        plan, taken = plan_of(mix(*stages, {"tokens": max(1, first // 4)}, epochs=epochs), rows)
    except RecipeError as error:
        assert "cannot be met" in str(error) or "no document to take" in str(error)
        return
    replayed = next(k for k, draw in enumerate(plan.draws) if draw.kind == which)
    seen = taken[0] > 0
    assert taken.sum(axis=0).max() <= epochs
    if which == "seen":
        assert not taken[replayed][~seen].any() and taken[replayed].max() <= 1
    if which == "unseen":
        assert not (taken[replayed] > 0)[taken[:replayed].sum(axis=0) > 0].any()


@given(rows, st.floats(0.1, 0.9))
def test_a_selection_is_the_best_of_its_group_and_leaves_the_others_alone(rows, top):
    stage = {"tokens": 1, "select": {"signal": "quality.level", "top": top, "within": "source"}}
    try:
        plan = make_plan(mix({"tokens": 1}, stage), population(rows))
    except RecipeError as error:
        assert "no document to take" in str(error)  # the top of so few documents is none
        return
    documents = all_documents(rows)
    held = plan.selections[0].holds(documents)
    for label in LABELS:
        own = [k for k, row in enumerate(rows) if row.label == label]
        inside = [-1 if rows[k].quality is None else np.float32(rows[k].quality) for k in own if held[k]]
        outside = [-1 if rows[k].quality is None else np.float32(rows[k].quality) for k in own if not held[k]]
        assert not inside or not outside or min(inside) >= max(outside)
        chosen, everything = (sum(rows[k].tokens for k in among) for among in ([k for k in own if held[k]], own))
        longest = max((rows[k].tokens for k in own), default=0)
        assert abs(chosen - everything * top) <= longest / 2 + 1
    taken = copies_by_draw(plan, rows)
    assert not taken[1][~held].any()


@given(rows)
def test_a_later_stage_that_selects_does_not_change_earlier_ones(rows):
    first = {"tokens": max(1, total(rows) // 2)}
    second = {"tokens": max(1, total(rows) // 20), "select": {"signal": "quality.level", "top": 0.5}}
    _, alone = plan_of(mix(first), rows)
    _, both = plan_of(mix(first, second), rows)
    assert (alone[0] == both[0]).all()


def test_shares_and_epochs_are_kept_and_what_lacks_is_known():
    rows = [Row(k, "a" if k < 20 else "b", 10) for k in range(200)]
    wanted = mix({"tokens": 1000, "shares": {"source=a": ">= 0.3"}}, epochs=2)
    plan, _ = plan_of(wanted, rows)
    assert [share.taken for share in plan.shares[0]] == [300, 700]
    even = mix({"tokens": 1500, "prior": "uniform"}, epochs=2)
    plan, _ = plan_of(even, rows)
    assert [(share.taken, share.room, round(share.wanted)) for share in plan.shares[0]] == [
        (400, 400, 750),
        (1100, 3600, 750),
    ]


def test_what_cannot_be_met_names_line_and_stage():
    rows = [Row(k, "a" if k < 20 else "b", 10) for k in range(200)]
    with pytest.raises(RecipeError, match=r"stage 's0': these cannot be met together"):
        plan_of(mix({"tokens": 2000, "shares": {"source=a": 0.9}}, epochs=1), rows)
    with pytest.raises(RecipeError, match="source=z: no document has this label"):
        plan_of(mix({"tokens": 200, "shares": {"source=z": 0.9}}), rows)
    with pytest.raises(RecipeError, match="there is no document to take"):
        plan_of(mix({"tokens": 200}), rows[:0])


def test_a_label_that_no_document_has_is_a_note_where_nothing_is_asked_of_it():
    rows = [Row(k, "a", 10) for k in range(20)]
    plan, _ = plan_of(mix({"tokens": 50, "shares": {"source=aa": "<= 0.1"}}), rows)
    assert "source=aa: no document has this label; did you mean 'a'?" in plan.notes[0]


def test_a_plan_reads_back_from_its_json():
    rows = [Row(k, "ab"[k % 2], 10, k / 7) for k in range(60)]
    stages = (
        {"tokens": 100},
        {"tokens": 50, "select": {"signal": "quality.level", "top": 0.5}, "replay": {"of": "s0", "share": 0.2}},
    )
    plan, taken = plan_of(mix(*stages), rows)
    again = Plan.from_dict(orjson.loads(orjson.dumps(plan.as_dict())))
    assert again.as_dict() == plan.as_dict() and (copies_by_draw(again, rows) == taken).all()


def test_temperature_flattens_and_unimax_limits_the_passes_over_a_group():
    rows = [Row(k, "a" if k < 10 else "b", 10) for k in range(1010)]
    plan, _ = plan_of(mix({"tokens": 1100, "prior": {"temperature": 2}}, epochs=100), rows)
    small, large = (share.planned for share in plan.shares[0])
    assert np.isclose(small / large, 0.1)
    plan, _ = plan_of(mix({"tokens": 1100, "prior": {"unimax": 2}}, epochs=100), rows)
    assert [share.taken for share in plan.shares[0]] == [200, 900]


def test_a_document_that_is_much_longer_than_the_budget_is_not_taken():
    rows = [Row(0, "a", 40_000_000), Row(1, "b", 300), Row(2, "b", 300)]
    plan, taken = plan_of(mix({"tokens": 1000, "prior": "uniform"}, epochs=1000), rows)
    assert taken[0][0] == 0 and [share.planned for share in plan.shares[0]] == [500, 500]


def test_many_cells_with_less_than_a_document_each_come_out_right_together():
    rows = [Row(k, f"s{k % 200:03d}", 100) for k in range(2000)]
    plan, _ = plan_of(mix({"tokens": 4000, "prior": "uniform"}), rows)  # a fifth of a document from each of 200 cells
    assert abs(sum(share.taken for share in plan.shares[0]) - 4000) < 1500


def test_a_ramp_gives_the_mean_of_the_mixtures_before_and_after_it():
    rows = [Row(k, "ab"[k % 2], 10) for k in range(400)]
    stages = (
        {"tokens": 500, "shares": {"source=a": 0.2}},
        {"tokens": 1000, "shares": {"source=a": 0.8}, "ramp": "linear"},
    )
    plan, _ = plan_of(mix(*stages, {"tokens": 500, "shares": {"source=a": 0.5}, "ramp": "linear"}), rows)
    assert [[round(share.planned) for share in shares] for shares in plan.shares] == [
        [100, 400],
        [500, 500],
        [325, 175],
    ]
    assert [round(share.begin, 3) for share in plan.shares[1]] == [0.4, 1.6]


def test_a_ramp_begins_as_near_to_the_mixture_before_as_what_is_left_allows():
    rows = [Row(k, "a" if k < 12 else "b", 10) for k in range(400)]
    stages = (
        {"tokens": 200, "shares": {"source=a": 0.5}},
        {"tokens": 1000, "shares": {"source=a": 0}, "ramp": "linear"},
    )
    plan, _ = plan_of(mix(*stages, epochs=1), rows)
    assert [share.taken for share in plan.shares[1]] == [20, 980]
    with pytest.raises(RecipeError, match=r"stage 's1' \(ramp\): these cannot be met together"):
        plan_of(mix({"tokens": 120, "shares": {"source=a": 1}}, stages[1], epochs=1), rows)
