"""Models whose digests are right and whose contents are not: refused before any data is read."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import prose, write_jsonl
from sealed import seal

from algok.classifiers.store import SHIPPED
from algok.errors import ModelError
from algok.pipelines.plan import Plan
from algok.pipelines.recipe import load_recipe

ARRAYS = sorted((path.parent.name, path.name) for path in SHIPPED.glob("*/*.npy"))
STEP = {"domain": "domain", "style": "style", "quality": "quality", "toxicity": "toxicity", "perplexity": "perplexity"}
NEEDED = {
    "domain-1": ["group_weights", "bits", "labels", "temperature"],
    "style-1": ["group_weights", "bits", "labels", "temperature"],
    "quality-1": ["group_weights", "bits", "calibration"],
    "toxicity-1": ["bits", "least"],
    "perplexity-1": ["order", "buckets"],
}


def copied(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / name
    shutil.copytree(SHIPPED / name, folder)
    return folder


def refused(folder: Path, tmp_path: Path) -> str:
    """The message with which a recipe refuses the model; the recipe's input is missing, and that is not said first."""
    step = folder.name.partition("-")[0]
    recipe = load_recipe("web", [f"steps.{step}={{model: {folder}}}"], inputs=[{"path": str(tmp_path / "missing")}])
    with pytest.raises(ModelError) as caught:
        Plan.make(recipe)
    return str(caught.value)


CHANGES = {
    "fewer rows": lambda a: a[: len(a) // 2],
    "one row more": lambda a: np.concatenate([a, a[:1]]),
    "no rows": lambda a: a[:0],
    "flat": lambda a: a.reshape(-1) if a.ndim > 1 else a.reshape(1, -1),
    "a number": lambda a: a.reshape(-1)[0],
    "another type": lambda a: a.astype(np.float64),
    "another size": lambda a: a.astype(np.int16),
    "another byte order": lambda a: a.astype(a.dtype.newbyteorder(">")) if a.dtype.itemsize > 1 else a.astype(np.int32),
    "text": lambda a: np.array(["가"] * len(a)),
}


@pytest.mark.parametrize(("model", "file"), ARRAYS)
@pytest.mark.parametrize("change", CHANGES)
def test_an_array_of_another_shape_or_type_is_refused(tmp_path, model, file, change):
    folder = copied(tmp_path, model)
    array = np.load(folder / file)
    if (file, change) in _FREE or (file == "gates.npy" and change in ("fewer rows", "one row more", "no rows")):
        pytest.skip("any length is right")
    np.save(folder / file, CHANGES[change](array))
    seal(folder)
    assert str(folder) in refused(folder, tmp_path)


_FREE = {("slots.npy", "fewer rows"), ("slots.npy", "one row more")}


@pytest.mark.parametrize(
    ("model", "file"), [(m, f) for m, f in ARRAYS if np.load(SHIPPED / m / f, mmap_mode="r").dtype.kind == "f"]
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_array_with_a_number_that_is_none_is_refused(tmp_path, model, file, value):
    folder = copied(tmp_path, model)
    array = np.load(folder / file)
    array.reshape(-1)[-1] = value
    np.save(folder / file, array)
    seal(folder)
    assert "not finite" in refused(folder, tmp_path)


@pytest.mark.parametrize(("model", "parameter"), [(m, p) for m, all_ in NEEDED.items() for p in all_])
@pytest.mark.parametrize("value", [None, "x", [], {}, [[1]], True, -1, 10**30, "NaN"])
def test_a_parameter_that_is_missing_or_nonsense_is_refused(tmp_path, model, parameter, value):
    if (parameter, value) == ("least", -1):
        pytest.skip("a number is right")
    folder = copied(tmp_path, model)
    seal(folder, **{parameter: value})
    message = refused(folder, tmp_path)
    assert "64-bit" in message if value == 10**30 else parameter in message


@pytest.mark.parametrize("name", ["domain-1", "perplexity-1", "tokenizer-1", "toxicity-1"])
def test_links_out_of_the_folder_are_refused_and_links_inside_are_not(tmp_path, name):
    folder = copied(tmp_path, name)
    outside = tmp_path / "outside"
    first = sorted(json.loads((folder / "model.json").read_bytes())["files"])[0]
    for victim in (first, "model.json"):
        os.replace(folder / victim, outside)
        (folder / victim).symlink_to(outside)
        step = "tokens" if name == "tokenizer-1" else name.partition("-")[0]
        recipe = load_recipe("web", [f"steps.{step}.model={folder}"], inputs=[{"path": str(tmp_path / "missing")}])
        with pytest.raises(ModelError, match="symbolic link"):
            Plan.make(recipe)
        (folder / victim).unlink()
        os.replace(outside, folder / victim)
    os.replace(folder / first, folder / "inside")
    (folder / first).symlink_to("inside")
    write_jsonl(tmp_path / "missing", [{"text": prose(1)}])
    Plan.make(
        load_recipe(
            "web", [f"steps.{step}.model={folder}"], inputs=[{"path": str(tmp_path / "missing"), "format": "jsonl"}]
        )
    )


def test_a_table_without_an_empty_slot_is_refused(tmp_path):
    """A look-up in it would not end."""
    folder = copied(tmp_path, "perplexity-1")
    slots = np.load(folder / "slots.npy")
    np.save(folder / "slots.npy", np.where(slots == 0, np.uint64(1), slots))
    seal(folder)
    assert "empty slot" in refused(folder, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"PK\x03\x04",
        b"nothing",
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }".ljust(128) + b"\n",
    ],
)
@pytest.mark.parametrize("file", ["scale.npy", "table.npy"])
def test_a_file_that_is_no_array_is_refused(tmp_path, file, content):
    folder = copied(tmp_path, "quality-1")
    (folder / file).write_bytes(content)
    seal(folder)
    assert file in refused(folder, tmp_path)


@pytest.mark.parametrize("content", [b"\xff", b"hate\t=\t" + b"{a,b}" * 40, b"hate\t=\t[a", b"no such line"])
def test_a_lexicon_that_is_none_is_refused(tmp_path, content):
    folder = copied(tmp_path, "toxicity-1")
    (folder / "lexicon.tsv").write_bytes(content)
    seal(folder)
    assert "lexicon" in refused(folder, tmp_path)


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x0a\x02\x08"])
def test_a_tokenizer_that_is_none_is_refused(tmp_path, content):
    folder = copied(tmp_path, "perplexity-1")
    (folder / "tokenizer.model").write_bytes(content)
    seal(folder)
    assert "tokenizer.model" in refused(folder, tmp_path)
