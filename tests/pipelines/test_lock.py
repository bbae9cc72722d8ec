"""One driver per run directory, on storage that knows no locks: found by what others see, never by clocks."""

import threading
import time
from contextlib import ExitStack

import orjson
import pytest
from conftest import prose, write_jsonl

from algok.errors import OutputError
from algok.pipelines import lock
from algok.pipelines.executors import make_executor
from algok.pipelines.lock import FOLDER, locked
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.storage import Store

ELSEWHERE = {"driver": "node-7:4242", "place": "another boot pid:[1]", "began": "99", "key": "k", "renewals": 3}


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "_SILENT", 0.3)
    monkeypatch.setattr(lock, "_LOOKED", 0.02)
    return Store(f"memory://{tmp_path.name}-lock")


def put(store: Store, number: int, **changed) -> str:
    name = f"{FOLDER}/{number:06d}.json"
    store.write_bytes(name, orjson.dumps({**ELSEWHERE, **changed}))
    return name


def taken(store: Store) -> list[str]:
    return [name for name in store.names(FOLDER) if store.exists(name)]


def renewals(store: Store, name: str) -> int:
    """How often a lock was renewed. fsspec's memory shows a file before it is whole, unlike object storage: that counts as 0."""
    content = store.read_bytes(name)
    return orjson.loads(content)["renewals"] if content else 0


def test_a_directory_has_one_driver_and_is_free_after_it(store):
    with locked(store):
        assert len(taken(store)) == 1
        with pytest.raises(OutputError, match=r"another algok run is at work.*:\d+\)"), locked(store):
            pass
        assert len(taken(store)) == 1
    assert not taken(store)
    with locked(store):
        pass


def test_a_driver_of_this_machine_that_was_killed_is_known_at_once(store, monkeypatch):
    monkeypatch.setattr(lock, "_SILENT", 1000)
    put(store, 4, place=lock._place(), driver="here:999999999")
    with locked(store):
        assert taken(store) == [f"{FOLDER}/000005.json"]
    assert not taken(store)


def test_a_driver_elsewhere_that_is_silent_is_replaced_after_a_while(store, caplog):
    put(store, 1)
    start = time.monotonic()
    with locked(store):
        assert time.monotonic() - start >= 0.3
        assert taken(store) == [f"{FOLDER}/000002.json"]
    assert "node-7:4242" in caplog.text


def test_a_driver_elsewhere_that_renews_its_lock_is_left_alone(store, monkeypatch):
    monkeypatch.setattr(lock, "_SILENT", 1000)
    put(store, 1)
    renewing = threading.Timer(0.1, put, (store, 1), {"renewals": 4})
    renewing.start()
    with (
        pytest.raises(OutputError, match=r"another algok run is at work in this directory \(node-7:4242\)"),
        locked(store),
    ):
        pass
    renewing.join()
    assert taken(store) == [f"{FOLDER}/000001.json"]


def test_of_two_that_find_a_directory_free_at_the_same_moment_one_begins(store, monkeypatch):
    """Both have looked before either creates its lock."""
    monkeypatch.setattr(lock._ObjectLock, "_dead", lambda self: [])
    with ExitStack() as held:
        held.enter_context(locked(store))
        with pytest.raises(OutputError, match="another algok run"), locked(store):
            pass
    put(store, 3)  # a third one has seen an older lock meanwhile, and so another number
    with pytest.raises(OutputError, match="another algok run"), locked(store):
        pass
    assert taken(store) == [f"{FOLDER}/000003.json"]


def test_a_run_that_was_taken_over_ends_before_it_writes_its_account(tmp_path, store, monkeypatch):
    write_jsonl(tmp_path / "in.jsonl", [{"text": prose(i)} for i in range(5)])
    monkeypatch.setattr(lock, "_RENEWED", 0.01)

    class Slow(SilentProgress):
        def start(self, *stage):
            put(store, 7)
            time.sleep(0.5)

    recipe = load_recipe("web", inputs=[{"path": str(tmp_path / "in.jsonl")}])
    with pytest.raises(OutputError, match="has taken this directory over"):
        execute(recipe, store.url, make_executor("local", 0), Slow())
    assert not store.exists("manifest.json") and taken(store) == [f"{FOLDER}/000007.json"]


def test_a_lock_is_renewed(store, monkeypatch):
    monkeypatch.setattr(lock, "_RENEWED", 0.01)
    until = time.monotonic() + 60
    with locked(store):
        (name,) = taken(store)
        while not renewals(store, name):
            assert time.monotonic() < until
            time.sleep(0.02)
        store.check_own()


def test_a_file_of_somebody_else_in_the_folder_of_locks_is_left_alone(store):
    store.write_bytes(f"{FOLDER}/notes.json", b"{}")
    with locked(store):
        assert taken(store) == [f"{FOLDER}/000001.json", f"{FOLDER}/notes.json"]
    assert taken(store) == [f"{FOLDER}/notes.json"]
