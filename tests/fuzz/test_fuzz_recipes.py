"""Any text is a recipe or a RecipeError, soon; and what is a recipe is written so that it reads back the same."""

import random
import time

from rounds import damaged, rounds

from algok.errors import RecipeError
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.recipe_source import CARRIED

ROUNDS = 500  # in the suite

SEEDS = [path.read_text("utf-8") for path in sorted(CARRIED.glob("*.yaml"))]
SEEDS.append(
    "inputs: [{path: [a, b], columns: {text: c}}]\nsteps: {heuristics: {chars: {min: 5}}}\nparquet: {zstd_level: 3}\n"
)
WORDS = [
    "&a",
    "*a",
    "<<:",
    "!!int",
    "!!float",
    "!!set",
    "!foo",
    "?",
    "-",
    ":",
    "|",
    ">",
    "{}",
    "[]",
    "~",
    ".nan",
    ".inf",
    "-.inf",
    "1e999",
    "0x1F",
    "2024-13-45",
    "2024-01-01",
    "null",
    "true",
    "yes",
    "9999999999999999999999",
    "''",
    '"\\ud800"',
    "#",
    "%TAG",
    "---",
    "...",
    "inputs",
    "steps",
    "profiles",
    "extends",
    "against",
    "output",
    "limits",
    "mode",
    "lines",
    "dedup",
    "가",
    "http://u:p@h",
    "s3://k:s@b",
    "module:Class",
    "os:system",
    "-1",
    "0.5",
    "min",
    "max",
    "path",
    "source",
]
WORDS += ["\x00", "\t", "\u202e", "a:b:c"]


def mutated(text: str, generator: random.Random) -> str:
    for _ in range(generator.randint(1, 6)):
        lines = text.split("\n")
        at = generator.randrange(len(lines))
        kind = generator.randrange(7)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[generator.randrange(len(lines))])
        elif kind == 2:
            lines[at] = generator.choice(["  ", " ", ""]) + lines[at].lstrip()
        elif kind == 3:
            words = lines[at].split(" ")
            words[generator.randrange(len(words))] = generator.choice(WORDS)
            lines[at] = " ".join(words)
        elif kind == 4:
            lines[at] += " " + generator.choice(WORDS)
        elif kind == 5:
            lines[at] = lines[at] * generator.choice([2, 50])
        else:
            return damaged("\n".join(lines).encode(), generator).decode("utf-8", "replace")
        text = "\n".join(lines)
    return text


def test_any_text_is_a_recipe_or_an_error_with_its_place(seeds):
    sound = 0
    for generator in rounds("recipes", seeds(ROUNDS)):
        text = mutated(generator.choice(SEEDS), generator)
        start = time.process_time()
        try:
            recipe = recipe_from_text(text, "r.yaml")
        except RecipeError as error:
            assert str(error).strip() and "Traceback" not in str(error)
        else:
            sound += 1
            assert recipe_from_text(recipe.to_yaml()).digest == recipe.digest
        assert time.process_time() - start < 5, text[:300]
    assert sound
