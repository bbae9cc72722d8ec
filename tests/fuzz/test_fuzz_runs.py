"""Run directories with random damage: a run that goes on, and a repair, give the same bytes or an error with a remedy."""

import random
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import outputs, prose, write_jsonl
from rounds import damaged, rounds

from algok.errors import AlgokError
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.run import execute, repair
from algok.pipelines.run_directory import Run
from algok.pipelines.storage import Store

ROUNDS = 40  # in the suite

STEPS = {"dedup": {}, "heuristics": {}, "lines": {}}
# Only these say what the run is; without them there is an error, and no way back.
IDENTITY = {"run.json", "recipe.yaml", "plan.json"}


STAGES = 5  # of a run with two corpus steps over a small corpus


class Stopped(Exception):
    """Ends a run between two phases."""


class Stopping(SilentProgress):
    def __init__(self, stage: int = -1):
        self.left = stage

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        if self.left == 0:
            raise Stopped
        self.left -= 1

    def note(self, text: str) -> None:
        pass


def go(source: Path, output: Path, stage: int = -1) -> None:
    recipe = validate(RecipeText({"inputs": [{"path": str(source)}], "steps": STEPS, "error_budget": 1}))
    execute(recipe, str(output), make_executor("local", 0), Stopping(stage))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Inputs, a finished run, and runs that were stopped after every stage."""
    folder = tmp_path_factory.mktemp("fuzz")
    for part in range(2):
        path = write_jsonl(folder / "in" / f"{part}.jsonl", [{"text": prose(part * 3 + i)} for i in range(4)])
        with path.open("ab") as file:
            file.write(b'rubbish\n{"text": "short"}\n')
    go(folder / "in", folder / "whole")
    for stage in range(1, STAGES):
        with pytest.raises(Stopped):
            go(folder / "in", folder / f"begun{stage}", stage)
    return folder


def harm(run: Path, generator: random.Random) -> set[str]:
    """Damages up to four files; their names."""
    files = sorted(path for path in run.rglob("*") if path.is_file() and path.name != "run.lock")
    victims = generator.sample(files, generator.randint(1, 4))
    for victim in victims:
        kind = generator.randrange(6)
        if kind == 0:
            victim.unlink()
        elif kind == 1:
            other = generator.choice(files)
            victim.write_bytes(other.read_bytes() if other.exists() else b"")
        else:
            victim.write_bytes(damaged(victim.read_bytes(), generator))
    return {victim.name for victim in victims}


def look(run: Path) -> None:
    """Reads a run in all ways; a damaged one may only end in an error that is meant."""
    for read in (lambda: Run.open(run).summary, lambda: Run.open(run).explain("x"), lambda: Run.open(run).verify()):
        with suppress(AlgokError, FileNotFoundError):
            read()


def test_a_damaged_run_is_mended_or_refused(made, tmp_path, seeds):
    expected = outputs(made / "whole")
    for generator in rounds("runs", seeds(ROUNDS)):
        stage = generator.randrange(STAGES)
        run = tmp_path / "run"
        shutil.copytree(made / (f"begun{stage}" if stage else "whole"), run)
        hurt = harm(run, generator)
        look(run)
        try:
            if stage and generator.random() < 0.8:
                go(made / "in", run)
            else:
                repair(str(run), make_executor("local", 0), Stopping())
        except AlgokError as error:
            assert hurt & IDENTITY, error
        else:
            assert outputs(run) == expected and verify(Store(str(run))) == [], hurt
        shutil.rmtree(run)
