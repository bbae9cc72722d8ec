"""What `algok recipe diff` and a used run directory say: every difference that decides, by its key."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from algok.pipelines.differences import ORDER, described, input_differences, recipe_differences
from algok.pipelines.plan import Plan
from algok.pipelines.recipe import load_recipe, recipe_from_text

STEPS = {
    "repair": st.sampled_from(["{}", "{edits: {max: 3}}"]),
    "heuristics": st.sampled_from(["{}", "{chars: {min: 9}}", "{chars: null, sentences: {min: 2}}"]),
    "toxicity": st.sampled_from(["{}", "{share: {max: 0.5}}"]),
    "pii": st.sampled_from(["{}"]),
}


@st.composite
def recipes(draw):
    names = draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, unique=True))
    steps = "".join(f"  {name}: {draw(STEPS[name])}\n" for name in names)
    inputs = draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=3))
    with_profile = draw(st.booleans()) and "heuristics" in names
    profile = draw(st.sampled_from(["{}", "{chars: null}", "{chars: {min: 3}}"]))
    text = f"inputs: [{', '.join(f'{{path: {path}}}' for path in inputs)}]\nsteps:\n{steps}"
    text += f"profiles: {{law: {{heuristics: {profile}}}}}\n" if with_profile else ""
    return recipe_from_text(text + f"error_budget: {draw(st.sampled_from([0.05, 0.1]))}\n")


@given(recipes(), recipes())
def test_recipes_that_decide_differently_have_a_difference_and_equal_ones_have_none(first, second):
    assert bool(recipe_differences(first, second)) == (first.digest != second.digest)
    assert not recipe_differences(first, first)


@given(recipes(), recipes())
def test_a_difference_turns_round_with_the_recipes(first, second):
    assume(first.digest != second.digest)
    there, back = recipe_differences(first, second), recipe_differences(second, first)
    assert there == {key: (after, before) for key, (before, after) in back.items()}


def test_a_missing_step_a_swap_and_another_input_are_named():
    web = load_recipe("web", inputs=[{"path": "a"}])
    without = load_recipe("web", ["steps.language=null"], inputs=[{"path": "a"}])
    assert list(recipe_differences(web, without)) == ["steps.language"]
    more = load_recipe("web", inputs=[{"path": "a"}, {"path": "b"}])
    assert next(line for line in described(recipe_differences(web, more)) if "'b'" in line).startswith(
        "inputs.1: (none) →"
    )
    one = recipe_from_text("steps: {repair: {}, pii: {}}")
    other = recipe_from_text("steps: {pii: {}, repair: {}}")
    assert recipe_differences(one, other) == {ORDER: (["repair", "pii"], ["pii", "repair"])}


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.jsonl").write_text('{"text": "글"}\n')
    return tmp_path


def test_changed_inputs_are_named_one_by_one(folder):
    recipe = load_recipe("web", inputs=[{"path": str(folder)}])
    before = Plan.make(recipe)
    (folder / "a.jsonl").unlink()
    (folder / "b.jsonl").write_text('{"text": "다른 글"}\n')
    (folder / "d.jsonl").write_text('{"text": "글"}\n')
    assert input_differences(before, Plan.make(recipe)) == [
        "added: d.jsonl",
        "removed: a.jsonl",
        "rewritten: b.jsonl (16 bytes, now 23)",
    ]
