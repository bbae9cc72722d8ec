"""Storage: a file is whole or not there."""

import hashlib

import pyarrow as pa
import pytest

from algok.pipelines.storage import Store


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return Store(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def test_a_committed_file_has_its_size_and_digest(store):
    committed = store.write_bytes("a/b.json", b"{}")
    assert store.read_bytes("a/b.json") == b"{}"
    assert (committed.bytes, committed.sha256) == (2, hashlib.sha256(b"{}").hexdigest())
    assert store.names("a") == ["a/b.json"]


def test_a_failed_write_leaves_nothing_and_keeps_the_old_file(store):
    store.write_bytes("x", b"old")

    def fail():
        with store.write("x") as (path, _):
            open(path, "wb").write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.read_bytes("x") == b"old"
    assert store.names("") == ["x"]


def test_tables_come_back(store):
    table = pa.table({"a": [1, 2, 3]})
    assert store.write_arrow("t.arrow", table).rows == 3
    assert store.read_arrow("t.arrow") == table


def test_missing_folders_are_empty_and_removal_is_idempotent(store):
    assert store.names("nothing") == []
    store.remove("nothing")


def test_half_written_files_are_invisible_and_cleared(tmp_path):
    store = Store(str(tmp_path))
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / ".part.parquet.0a0b.tmp").write_bytes(b"half")
    assert store.names("kept") == []
    store.remove_temporary()
    assert not list((tmp_path / "kept").iterdir())
