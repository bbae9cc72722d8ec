"""Compiles the numba kernels into their cache, once per installation, by running the demonstration corpus inside this
process. Without it the first run does the same, one worker beside the other."""

import os
import tempfile
from pathlib import Path

from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute


def main() -> None:
    os.chdir(Path(__file__).resolve().parents[1])
    print("compiling kernels (once) …", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        execute(load_recipe("demo/recipe.yaml"), f"{folder}/run", make_executor("local", 0), SilentProgress())


if __name__ == "__main__":
    main()
