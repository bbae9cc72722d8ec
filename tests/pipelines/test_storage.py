"""Storage: a file is whole or not there."""

import hashlib
import os
import signal
import stat
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pytest

from algok.pipelines.recipe import OutputOptions
from algok.pipelines.sinks import ParquetSink
from algok.pipelines.storage import DamagedFile, Store, clear_uploads


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return Store(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def test_names_are_those_of_committed_files(store):
    for name in ("b", "a", "c/d"):
        store.write_bytes(f"f/{name}.json", b"{}")
    if store.local:
        Path(store.path("f/.x.tmp")).write_bytes(b"half")
    assert store.listed("f") == ["a.json", "b.json", "c"] and store.listed("nowhere") == []


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


def test_a_file_of_another_directory_is_taken_as_it_is(store, tmp_path_factory):
    """Within one disk or storage, and from one kind of it to the other; again, and over another file."""
    for other in (
        Store(f"{store.url}/other"),
        Store(str(tmp_path_factory.mktemp("disk"))),
        Store("memory://elsewhere"),
    ):
        other.write_bytes("a/x", b"content")
        store.write_bytes("a/x", b"before")
        for _ in range(2):
            store.take(other, "a/x")
            assert store.read_bytes("a/x") == other.read_bytes("a/x") == b"content"
        assert store.names("a") == ["a/x"]


def test_tables_come_back(store):
    table = pa.table({"a": [1, 2, 3]})
    assert store.write_arrow("t.arrow", table).rows == 3
    assert store.read_arrow("t.arrow") == table


def test_ranges_of_a_table_come_back_one_by_one(store):
    table = pa.table({"a": range(6), "b": list("abcdef")})
    assert store.write_ranges("t.arrow", table, [0, 2, 2, 6]).rows == 6
    found = [store.read_range("t.arrow", number) for number in range(3)]
    assert [len(batch) for batch in found] == [2, 0, 4] and pa.Table.from_batches(found) == table
    assert store.write_ranges("none.arrow", table.slice(0, 0), [0, 0]).rows == 0
    assert store.read_range("none.arrow", 0).schema == table.schema
    store.write_bytes("t.arrow", b"something else")
    for name in ("t.arrow", "nowhere.arrow"):
        with pytest.raises(DamagedFile, match=name):
            store.read_range(name, 0)


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


def test_uploads_of_dead_processes_are_cleared_and_those_of_living_ones_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = (
        "import os, signal, tempfile; tempfile.tempdir = {folder!r}\n"
        "from algok.pipelines.storage import Store\n"
        "with Store('memory://x').write('a') as (path, _):\n"
        "    open(path, 'wb').write(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script.format(folder=str(tmp_path))], check=False)
    assert killed.returncode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 1
    foreign = tmp_path / "algok-other.tmp"
    foreign.touch()
    with Store(f"memory://{tmp_path.name}").write("b") as (living, _):
        clear_uploads()
        assert sorted(tmp_path.iterdir()) == sorted([foreign, Path(living)])
    assert list(tmp_path.iterdir()) == [foreign]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600), (0o002, 0o664)])
def test_outputs_follow_the_umask_and_intermediate_files_are_for_their_owner(tmp_path, umask, mode):
    store, before = Store(str(tmp_path / "run")), os.umask(umask)
    try:
        with ExitStack() as stack:
            sink = ParquetSink(
                stack, store, "kept/a.parquet", pa.schema([("a", pa.int64())]), OutputOptions(), always=True
            )
            sink.close()
        store.write_bytes("stats/a.json", b"{}")
        store.write_arrow("work/c0/sketch/a.arrow", pa.table({"a": [1]}))
    finally:
        os.umask(before)
    modes = [
        stat.S_IMODE((tmp_path / "run" / name).stat().st_mode) for name in ("kept/a.parquet", "stats/a.json", "work")
    ]
    assert modes == [mode, mode, 0o700]
    assert stat.S_IMODE((tmp_path / "run" / "kept").stat().st_mode) == 0o777 & ~umask
