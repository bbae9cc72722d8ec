"""Recipes: strict validation with file, line and nearest name; overrides; profiles; a dump that reads back."""

import json

import pytest

from algok.errors import RecipeError
from algok.pipelines.recipe import json_schema, load_recipe, recipe_from_text
from algok.pipelines.recipe_source import carried_recipes


def write(tmp_path, text):
    path = tmp_path / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("steps:\n  heuristcs: {}\n", ["recipe.yaml:2", "heuristcs", "did you mean 'heuristics'"]),
        ("steps:\n  dedup:\n    bandz: 3\n", ["recipe.yaml:3", "steps.dedup.bandz", "did you mean 'bands'"]),
        ("steps:\n  dedup:\n    bands: many\n", ["recipe.yaml:3", "steps.dedup.bands", "integer", "'many'"]),
        (
            "steps:\n  heuristics:\n    chars: {mn: 3}\n",
            ["recipe.yaml:3", "steps.heuristics.chars.mn", "did you mean 'min'"],
        ),
        ("steps:\n  heuristics:\n    chars: {min: 9, max: 3}\n", ["recipe.yaml:3", "min 9 is greater than max 3"]),
        ("stepz: {}\nsteps:\n  dedup: {}\n", ["recipe.yaml:1", "stepz", "did you mean 'steps'"]),
        ("steps: {}\n", ["steps", "expected a mapping"]),
        ("steps:\n  dedup: {}\n  dedup: {}\n", ["recipe.yaml:3", "steps.dedup", "given twice"]),
        ("steps: [\n", ["recipe.yaml", "not valid YAML"]),
        ("- a\n", ["recipe.yaml:1", "expected a mapping"]),
        (
            "steps:\n  dedup: {}\nprofiles:\n  news:\n    lines: {}\n",
            ["recipe.yaml:5", "profiles.news.lines", "not a step"],
        ),
        (
            "inputs:\n- path: a\n  fromat: warc\nsteps:\n  dedup: {}\n",
            ["recipe.yaml:3", "fromat", "did you mean 'format'"],
        ),
        ("steps:\n  lines: {}\n  dedup: {}\nagainst:\n- path: x\n", ["recipe.yaml:4", "against", "dedup"]),
        ("extends: nothing\nsteps:\n  dedup: {}\n", ["no recipe at 'nothing'"]),
    ],
)
def test_a_wrong_recipe_says_where_and_what(tmp_path, text, expected):
    with pytest.raises(RecipeError) as error:
        load_recipe(write(tmp_path, text))
    for part in expected:
        assert part in str(error.value)


def test_every_problem_is_named_at_once(tmp_path):
    with pytest.raises(RecipeError) as error:
        load_recipe(write(tmp_path, "error_budget: 2\nsplit_bytes: x\nsteps:\n  dedup: {bands: -1}\n"))
    assert sorted(line.split(":")[1] for line in str(error.value).splitlines()) == ["1", "2", "4"]


def test_missing_recipe_names_the_nearest_carried_one():
    with pytest.raises(RecipeError, match="did you mean 'web'"):
        load_recipe("wep")


def test_overrides_reach_bounds_options_and_list_items(tmp_path):
    path = write(tmp_path, "inputs:\n- path: a\nsteps:\n  dedup: {}\n  heuristics: {}\n")
    recipe = load_recipe(path, ["steps.heuristics.hangul_ratio.min=0.4", "steps.dedup.bands=7", "inputs.0.source=news"])
    dedup, heuristics = recipe.steps
    assert heuristics.bounds["hangul_ratio"].min == 0.4
    assert dedup.options["bands"] == 7
    assert recipe.inputs[0].source == "news"


@pytest.mark.parametrize("option", ["steps.dedup.bands", "=3", "steps..bands=3", "inputs.7.source=x", "a=[1"])
def test_a_malformed_override_is_named(tmp_path, option):
    path = write(tmp_path, "inputs:\n- path: a\nsteps:\n  dedup: {}\n")
    with pytest.raises(RecipeError, match="--set"):
        load_recipe(path, [option])


def test_a_wrong_override_is_named_as_one(tmp_path):
    with pytest.raises(RecipeError, match=r"--set steps\.dedup\.bandz=3: steps\.dedup\.bandz: unknown key"):
        load_recipe(write(tmp_path, "steps:\n  dedup: {}\n"), ["steps.dedup.bandz=3"])


def test_step_order_is_the_files_order(tmp_path):
    recipe = load_recipe(write(tmp_path, "steps:\n  lines: {}\n  heuristics: {}\n  dedup: {}\n"))
    assert [step.name for step in recipe.steps] == ["lines", "heuristics", "dedup"]


def test_extends_merges_and_null_switches_off(tmp_path):
    recipe = load_recipe(write(tmp_path, "extends: web\nsteps:\n  dedup: null\n  heuristics:\n    chars: null\n"))
    names = [step.name for step in recipe.steps]
    assert "dedup" not in names and "repair" in names
    heuristics = recipe.steps[names.index("heuristics")]
    assert "chars" not in heuristics.bounds and heuristics.bounds


@pytest.mark.parametrize("name", carried_recipes())
def test_carried_recipes_are_valid_and_read_back_the_same(name):
    recipe = load_recipe(name)
    again = recipe_from_text(recipe.to_yaml())
    assert again.digest == recipe.digest
    assert again.steps == recipe.steps


def test_keys_of_later_versions_leave_the_digest_of_a_recipe_without_them_alone():
    text = "inputs: [{path: a.jsonl, source: news%s}]\nagainst: [{path: b.jsonl}]\nsteps: {dedup: {duplicate_rank: {max: 0}}}\n"
    before = (
        "9a4f221a9f74cba217e733f87ebdc9ffdf1244f0a1db4597aced98cc5666bf1a"  # as the version without these keys had it
    )
    assert recipe_from_text(text % "").digest == before
    assert recipe_from_text(text % ", struck: drop, side: source").digest == before
    said = ("struck: keep", "notes: drop", "format: records, side: both", "ocr: a.jsonl")
    digests = {recipe_from_text(text % f", {key}").digest for key in said}
    assert len(digests) == len(said) and before not in digests
    assert recipe_from_text(text % "", overrides=["limits.pages=9"]).digest != before


def test_digest_ignores_where_output_goes_and_sees_every_bound(tmp_path):
    base = load_recipe("web", output="a")
    assert base.digest == load_recipe("web", output="b").digest
    assert base.digest != load_recipe("web", ["steps.heuristics.chars.min=1"]).digest


def test_json_schema_accepts_carried_recipes_and_refuses_unknown_keys():
    import jsonschema
    import yaml

    from algok.pipelines.recipe_source import CARRIED

    schema = json.loads(json.dumps(json_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for name in carried_recipes():
        assert not list(validator.iter_errors(yaml.safe_load((CARRIED / f"{name}.yaml").read_text())))
    assert list(validator.iter_errors({"steps": {"dedup": {"bandz": 3}}}))
