"""Recipes made to break their reader: an error with the line of each, within a second."""

import time

import pytest

from algok.errors import RecipeError
from algok.pipelines.recipe import load_recipe, recipe_from_text

STEPS = "steps: {heuristics: {}}\n"


def bomb(levels: int, width: int, leaf: str = "x") -> str:
    """Every level is a list of aliases of the one before: width ** levels items."""
    lines = [f"a0: &a0 [{', '.join([leaf] * width)}]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines) + "\n"


_DOUBLED = "".join(f"a{n}: &a{n} {{p: *a{n - 1}, q: *a{n - 1}}}\n" for n in range(1, 40))
HOSTILE = {
    "aliases of aliases": (bomb(7, 9), 6),
    "mappings of aliases": ("a0: &a0 {x: 1}\n" + _DOUBLED, None),
    "aliases of a long text": ("a: &a '" + "x" * 100_000 + "'\nb: [" + "*a, " * 1000 + "]\n", 2),
    "a list in itself": ("a: 1\nb: &x [*x]\n", 2),
    "a mapping in itself": ("a: &x\n  b: {c: *x}\n", None),
    "a key in itself": ("? &x [*x]\n: 1\n", 1),
    "no integer": ("a:\n  b: !!int abc\n", 2),
    "an empty integer": ("a: !!int ''\n", 1),
    "no float": ("a: !!float abc\n", 1),
    "no boolean": ("a: !!bool maybe\n", 1),
    "no date": ("a: 1\ndescription: 2024-13-45\n", 2),
    "no hour": ("a: 2024-01-01T99:00:00Z\n", 1),
    "a tagged date": ("a: !!timestamp soon\n", 1),
    "an unknown tag": ("a: 1\nb: 2\nc: !foo bar\n", 3),
    "a tagged list": ("a: !foo [1]\n", 1),
    "a tagged mapping": ("a: !!python/object/apply:os.system ['true']\n", 1),
    "a set": ("a: !!set {b, c}\n", 1),
    "binary": ("a: !!binary aGFsbG8=\n", 1),
    "a tagged key": ("!foo a: 1\n", 1),
    "a merge key": ("a: &a {b: 1}\nc:\n  <<: *a\n", 3),
    "an empty merge key": ("<<:\n", 1),
    "a merge of nonsense": ("a: {<<: 3}\n", 1),
    "a list as a key": ("? [a, b]\n: 1\n", 1),
    "a mapping as a key": ("{a: 1}: 2\n", 1),
    "lists in lists": ("a: " + "[" * 3000 + "]" * 3000 + "\n", 1),
    "open lists": ("a: " + "[" * 3000, 1),
    "mappings in mappings": ("a: " + "{b: " * 3000 + "1" + "}" * 3000 + "\n", 1),
    "indented mappings": ("".join(f"{' ' * n}k{n}:\n" for n in range(300)), 64),
    "dashes": ("a:\n" + "- " * 3000 + "x\n", 2),
    "a huge number": ("a: " + "9" * 5000 + "\n", 1),
    "a number of 65 bits": ("error_budget: 0.1\nsplit_bytes: 36893488147419103232\n", 2),
    "a sexagesimal number": ("a: 1" + ":59" * 1000 + "\n", 1),
    "half a character": ('name: "\\ud800"\n', 1),
    "a control character": ("a: 1\nb: 2\nname: \x00\n", 3),
    "an unknown alias": ("a: *b\n", 1),
    "two documents": ("a: 1\n---\nb: 2\n", 2),
    "a tab": ("a:\n\tb: 1\n", 2),
    "a key twice": ("a: 1\na: 2\n", 2),
    "an unknown directive": ("%YAML 9.9\n---\na: 1\n", 1),
    "much text": ("# " + "x" * (1 << 20) + "\n", None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_recipe_is_an_error_with_its_line(name, tmp_path):
    text, line = HOSTILE[name]
    (tmp_path / "r.yaml").write_text(text + STEPS, encoding="utf-8")
    start = time.process_time()
    with pytest.raises(RecipeError, match=rf"r\.yaml:{line}: " if line else r"r\.yaml"):
        load_recipe(str(tmp_path / "r.yaml"))
    assert time.process_time() - start < 2  # a second, and one for a busy machine


@pytest.mark.parametrize(
    "value", ["&x [*x]", "2024-13-45", "!foo 1", "[" * 3000, "{<<: 1}", "!!int a", "'\\0", "9" * 30, "\x00"]
)
def test_a_hostile_value_of_an_override_is_an_error(value):
    with pytest.raises(RecipeError, match="--set"):
        load_recipe("web", [f"description={value}"])


def test_bytes_that_are_no_text_are_an_error_with_their_line(tmp_path):
    (tmp_path / "r.yaml").write_bytes(b"a: 1\nb: \xb0\xa1\n")
    with pytest.raises(RecipeError, match=r"r\.yaml:2: not UTF-8"):
        load_recipe(str(tmp_path / "r.yaml"))


def test_recipes_that_extend_each_other_through_other_names_end(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "r.yaml").write_text("extends: sub/../r.yaml\n")
    with pytest.raises(RecipeError, match="circle"):
        load_recipe(str(tmp_path / "r.yaml"))
    for number in range(100):
        (tmp_path / f"{number}.yaml").write_text(f"extends: {number + 1}.yaml\n")
    with pytest.raises(RecipeError, match="extend each other"):
        load_recipe(str(tmp_path / "0.yaml"))


def test_what_is_no_recipe_is_an_error(tmp_path):
    for path in (tmp_path, tmp_path / "a\0b.yaml", tmp_path / ("x" * 300 + ".yaml"), "x" * 300):
        with pytest.raises(RecipeError):
            load_recipe(str(path))


def test_sound_aliases_are_taken():
    recipe = recipe_from_text("profiles: {news: &n {heuristics: {chars: {min: 5}}}, blog: *n}\n" + STEPS)
    assert set(recipe.steps[0].by_source) == {"news", "blog"}
