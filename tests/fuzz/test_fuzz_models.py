"""Models with right digests and random contents: refused when the recipe is planned, or harmless when they run."""

import hashlib
import json
import random
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
from conftest import prose
from rounds import damaged, rounds

from algok.classifiers.store import SHIPPED
from algok.errors import ModelError
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.plan import check_models
from algok.pipelines.recipe import recipe_from_text

ROUNDS = 90  # in the suite

STEPS = {
    "quality-1": "quality",
    "style-1": "style",
    "domain-1": "domain",
    "toxicity-1": "toxicity",
    "perplexity-1": "perplexity",
}
TEXTS = ["", "가", prose(1), "a" * 3000, "\u0301\U0001f600 " * 50]
VALUES = (None, 0, -1, 2, 1e300, "x", "", [], {}, [1.0], [[0.5, 0.5]], True, 10**25)


def other(array: np.ndarray, generator: random.Random) -> np.ndarray:
    """An array like this one, but for one property."""
    dtype = generator.choice([np.int8, np.uint8, np.int32, np.uint64, np.float32, np.float64, np.bool_, ">f4", "S3"])
    with np.errstate(all="ignore"):
        changes = [
            lambda: array[: generator.randrange(len(array) + 1)],
            lambda: array.astype(dtype),
            lambda: np.asfortranarray(array),
            lambda: array.reshape(1, *array.shape),
            lambda: array.reshape(-1),
            lambda: array.T.copy(),
            lambda: np.concatenate([array, array]),
            lambda: np.full_like(array, generator.choice([0, 1, 127])),
            lambda: array[::-1].copy(),
            lambda: np.where(np.arange(len(array)).reshape(-1, *[1] * (array.ndim - 1)) == 0, np.nan, array),
        ]
        return generator.choice(changes)()


def harm(folder: Path, generator: random.Random) -> None:
    """Changes a file or parameter, and writes the digests of the result."""
    manifest = json.loads((folder / "model.json").read_bytes())
    name = generator.choice(sorted(manifest["files"]))
    kind = generator.randrange(4)
    if kind == 0:
        key = generator.choice(sorted(manifest["parameters"]))
        manifest["parameters"][key] = generator.choice(VALUES)
    elif kind == 1 or not name.endswith(".npy"):
        (folder / name).write_bytes(damaged((folder / name).read_bytes(), generator))
    else:
        np.save(folder / name, other(np.load(folder / name), generator))
    manifest["files"] = {file: hashlib.sha256((folder / file).read_bytes()).hexdigest() for file in manifest["files"]}
    (folder / "model.json").write_text(json.dumps(manifest))


def test_a_changed_model_is_refused_or_harmless(tmp_path, seeds):
    columns = {name: [None] * len(TEXTS) for name in DOCUMENT_SCHEMA.names}
    batch = pa.RecordBatch.from_pydict(columns | {"text": TEXTS}, DOCUMENT_SCHEMA)
    for generator in rounds("models", seeds(ROUNDS)):
        name = generator.choice(sorted(STEPS))
        folder = tmp_path / name
        shutil.copytree(SHIPPED / name, folder)
        harm(folder, generator)
        recipe = recipe_from_text(f"steps: {{{STEPS[name]}: {{model: {folder}}}}}")
        try:
            check_models(recipe)
        except ModelError:
            pass
        else:
            with np.errstate(all="ignore"):
                recipe.steps[0].build().compute(batch)
        shutil.rmtree(folder)
