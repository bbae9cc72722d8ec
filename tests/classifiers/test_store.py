"""Model folders: what was written is what is read, and everything else is refused with a reason."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from algok.classifiers import store
from algok.classifiers.store import DataSet, open_model, read_manifest, write_model
from algok.errors import ModelError

DATA = [DataSet(name="작은 모음", license="CC0", documents=3, megabytes=0.01)]


def written(folder: Path, **changes):
    arguments = {
        "kind": "quality",
        "name": "small",
        "description": "시험용",
        "parameters": {"bits": 3, "weights": [1.0, 0.5]},
        "data": DATA,
        "metrics": {"AUC": 0.75},
        "created": date(2026, 1, 2),
    } | changes
    files = {"table.npy": np.arange(6, dtype=np.int8).reshape(3, 2), "words.txt": "가나다".encode()}
    return write_model(folder, files, **arguments)


def test_what_is_written_is_read(tmp_path):
    manifest = written(tmp_path / "m")
    model = open_model(str(tmp_path / "m"), "quality")
    assert model.manifest == manifest and model.label == "small@1"
    assert model.parameters == {"bits": 3, "weights": [1.0, 0.5]}
    table = model.array("table.npy")
    assert isinstance(table, np.memmap) and not table.flags.writeable
    assert table.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert model.path("words.txt").read_text(encoding="utf-8") == "가나다"


def test_the_card_names_data_licence_and_digest(tmp_path):
    manifest = written(tmp_path / "m")
    card = (tmp_path / "m" / "README.md").read_text(encoding="utf-8")
    assert all(part in card for part in ("작은 모음", "CC0", "0.75", manifest.digest[:16], "table.npy"))


def test_the_digest_is_of_what_decides_and_of_nothing_else(tmp_path):
    first = written(tmp_path / "a").digest
    other_day = written(tmp_path / "b", created=date(2027, 1, 1), metrics={}, description="", name="other", version=7)
    assert other_day.digest == first
    assert written(tmp_path / "c", parameters={"bits": 4}).digest != first
    assert written(tmp_path / "d", kind="toxicity").digest != first


def test_the_bytes_do_not_depend_on_the_time(tmp_path):
    written(tmp_path / "a"), written(tmp_path / "b")
    for name in ("table.npy", "words.txt", "model.json", "README.md"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_folder_with_anything_in_it_is_not_written_to(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="not empty"):
        written(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("name", ["Quality", "a-b", "../up", "", "품질"])
def test_names_that_no_reference_can_carry_are_refused(tmp_path, name):
    with pytest.raises(ValueError):
        written(tmp_path / "m", name=name)


def test_another_kind_is_refused(tmp_path):
    written(tmp_path / "m")
    with pytest.raises(ModelError, match="of kind 'quality', but 'toxicity' is needed"):
        open_model(str(tmp_path / "m"), "toxicity")


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_file_is_refused_before_use(tmp_path, damage):
    written(tmp_path / "m")
    path = tmp_path / "m" / "table.npy"
    data = path.read_bytes()
    path.write_bytes({"flip": data[:-1] + bytes([data[-1] ^ 1]), "cut": data[:-1], "empty": b""}[damage])
    with pytest.raises(ModelError, match=r"table\.npy: is damaged"):
        open_model(str(tmp_path / "m"), "quality")


def test_a_missing_file_is_refused(tmp_path):
    written(tmp_path / "m")
    (tmp_path / "m" / "words.txt").unlink()
    with pytest.raises(ModelError, match=r"words\.txt: is missing"):
        open_model(str(tmp_path / "m"), "quality")


def test_only_files_of_the_manifest_are_given_out(tmp_path):
    written(tmp_path / "m")
    (tmp_path / "m" / "extra.npy").write_bytes(b"x")
    model = open_model(str(tmp_path / "m"), "quality")
    for name in ("extra.npy", "model.json", "../m/table.npy", ""):
        with pytest.raises(ModelError, match="has no file"):
            model.path(name)


def test_what_is_no_array_is_refused(tmp_path):
    written(tmp_path / "m")
    with pytest.raises(ModelError, match="not an array"):
        open_model(str(tmp_path / "m"), "quality").array("words.txt")


def test_a_pickle_is_never_loaded(tmp_path):
    folder = tmp_path / "m"
    pickled = tmp_path / "p.npy"
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    write_model(
        folder, {"p.npy": pickled.read_bytes()}, kind="quality", name="p", description="", parameters={}, data=[], metrics={}
    )  # fmt: skip
    with pytest.raises(ModelError, match="not an array"):
        open_model(str(folder), "quality").array("p.npy")


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[]", b"{}", b'{"kind": "quality"}', b"\xff\xfe", b'{"kind": 1, "name": "x", "version": 0}'],
)
def test_what_is_no_manifest_is_refused_by_name(tmp_path, content):
    (tmp_path / "model.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.json: not a model manifest"):
        read_manifest(tmp_path)


def test_unknown_keys_in_a_manifest_are_refused(tmp_path):
    written(tmp_path / "m")
    path = tmp_path / "m" / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"code": "import os"}))
    with pytest.raises(ModelError, match=r"code: Extra inputs"):
        read_manifest(tmp_path / "m")


def test_references_that_lead_nowhere(tmp_path, monkeypatch):
    with pytest.raises(ModelError, match="no such folder"):
        open_model(str(tmp_path / "nothing"), "quality")
    with pytest.raises(ModelError, match="not a model folder"):
        open_model(str(tmp_path), "quality")
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ModelError, match="no such folder"):
        open_model(str(file), "quality")
    monkeypatch.setattr(store, "SHIPPED", tmp_path / "shipped")
    with pytest.raises(ModelError, match="known: none, or the path"):
        open_model("quality", "quality")


def test_a_name_means_its_newest_shipped_version(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "SHIPPED", tmp_path)
    for version in (2, 10, 9):
        written(tmp_path / f"small-{version}", version=version)
    (tmp_path / "small-99").mkdir()  # no manifest: not a model
    assert open_model("small", "quality").label == "small@10"
    assert open_model("small@9", "quality").label == "small@9"
    assert [folder.name for folder in store.shipped()] == ["small-2", "small-9", "small-10"]
    for reference in ("small@3", "smal", "small@"):
        if reference == "small@":
            assert open_model(reference, "quality").label == "small@10"
            continue
        with pytest.raises(ModelError, match="unknown model"):
            open_model(reference, "quality")


def test_every_shipped_model_is_whole_and_its_card_is_current():
    folders = store.shipped()
    for folder in folders:
        manifest = read_manifest(folder)
        store.Model(folder, manifest).verify()
        assert folder.name == f"{manifest.name}-{manifest.version}"
        assert (folder / "README.md").read_text(encoding="utf-8") == store.render(manifest)
    assert sum(path.stat().st_size for folder in folders for path in folder.iterdir()) <= 25e6
