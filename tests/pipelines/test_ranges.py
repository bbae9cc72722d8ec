"""Tables that are read by ranges of their key: the rows of a range and no others, from few bytes, and damage that is noticed."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algok.pipelines import ranges
from algok.pipelines.ranges import ALL_KEYS, read_between, sample_keys, write_sorted
from algok.pipelines.storage import DamagedFile, Store


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    return Store(str(tmp_path) if request.param == "local" else f"memory://{tmp_path.name}")


def table(keys) -> pa.Table:
    keys = np.array(sorted(keys), np.uint64)
    return pa.table({"key": keys, "row": np.arange(len(keys)), "text": [f"글 {key}" for key in keys.tolist()]})


EDGES = st.one_of(st.integers(0, 20), st.sampled_from([(1 << 63) - 1, 1 << 63, ALL_KEYS - 2, ALL_KEYS - 1]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EDGES, max_size=40), st.lists(st.tuples(EDGES, EDGES), max_size=5), st.integers(1, 5))
def test_any_range_has_its_rows_in_their_order(tmp_path, keys, ends, message_rows):
    store, whole = Store(str(tmp_path)), table(keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranges, "MESSAGE_ROWS", message_rows)
        write_sorted(store, "t", whole)
    for low, high in [*ends, (0, ALL_KEYS)]:
        expected = [row for row in whole.to_pylist() if low <= row["key"] < high]
        found = read_between(store, "t", low, max(low, high))
        assert found.to_pylist() == expected and found.schema == whole.schema


@pytest.mark.parametrize("width", [8, 4000])
def test_a_range_is_fetched_with_few_bytes(store, monkeypatch, width):
    """Of wide rows, too."""
    rows = 400_000 // width + 60_000
    wide = pa.array([b"x" * width] * rows, pa.binary(width))
    write_sorted(store, "t", table(range(rows)).append_column("wide", wide))
    fetched, whole = [], Store.read_span

    def counted(self, name, start, stop):
        fetched.append(stop - start)
        return whole(self, name, start, stop)

    monkeypatch.setattr(Store, "read_span", counted)
    assert read_between(store, "t", 50_000, 50_010)["key"].to_pylist() == list(range(50_000, 50_010))
    assert sum(fetched) < 3 * ranges.MESSAGE_BYTES


def test_an_index_longer_than_the_end_that_is_fetched_first(store, monkeypatch):
    monkeypatch.setattr(ranges, "MESSAGE_ROWS", 2)
    monkeypatch.setattr(ranges, "_TAIL", 64)
    write_sorted(store, "t", table(range(500)))
    assert read_between(store, "t", 7, 9)["row"].to_pylist() == [7, 8]
    firsts, rows = sample_keys(store, "t")
    assert firsts.tolist() == list(range(0, 500, 2)) and rows.sum() == 500


def test_keys_must_ascend(store):
    with pytest.raises(ValueError, match="not in ascending order"):
        write_sorted(store, "t", pa.table({"key": np.array([2, 1], np.uint64)}))


@pytest.mark.parametrize("at", [10, 700, -300, -12, -1])
def test_a_changed_byte_is_noticed_where_it_is_read(store, at):
    write_sorted(store, "t", table(range(50)))
    data = bytearray(store.read_bytes("t"))
    data[at] ^= 0xFF
    store.write_bytes("t", bytes(data))
    with pytest.raises(DamagedFile, match="t: "):
        read_between(store, "t", 0, ALL_KEYS)


def test_missing_and_cut_files_are_damage(store):
    write_sorted(store, "t", table(range(50)))
    store.write_bytes("cut", store.read_bytes("t")[:-40])
    store.write_bytes("none", b"")
    for name in ("cut", "none", "nowhere"):
        with pytest.raises(DamagedFile, match=name):
            read_between(store, name, 0, ALL_KEYS)
