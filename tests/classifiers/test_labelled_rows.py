"""Labelled files in every form and every state of decay, and folds that never split a group."""

import gzip
from collections import Counter

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.classifiers.labelled_rows import Examples, folds, read_examples, read_rows
from algok.errors import InputError

ROWS = [
    {
        "text": f"{number}번째 글입니다.",
        "labels": {"keep": number % 2},
        "host": f"site{number % 3}.example.com",
        "source": "web",
    }
    for number in range(6)
]


def lines(rows) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data, asbytes=True)


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet"])
def test_every_format_gives_the_same_examples(tmp_path, name):
    path = tmp_path / name
    if name.endswith("parquet"):
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        pack = {"jsonl": bytes, "gz": gzip.compress, "zst": zstd}[name.rpartition(".")[2]]
        path.write_bytes(pack(lines(ROWS)))
    examples = read_examples([path], "labels.keep")
    assert examples.texts == [row["text"] for row in ROWS]
    assert examples.labels == [0, 1, 0, 1, 0, 1]
    assert examples.groups == [row["host"] for row in ROWS] and set(examples.weights) == {1.0}


def test_group_weight_and_rows_without_a_label(tmp_path):
    rows = [
        {"text": "가", "keep": 1, "group": "g", "host": "h", "weight": 0.5},
        {"text": "나", "keep": 0, "host": "h", "topic": 7},
        {"text": "다", "keep": None},
        {"text": "라"},
        {"text": "마", "keep": 1},
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(rows))
    examples = read_examples([path, path], "keep")
    assert examples.texts == ["가", "나", "마"] * 2
    assert examples.groups == ["g", "h", ""] * 2 and examples.weights == [0.5, 1.0, 1.0] * 2
    assert read_examples([path], "keep", group="topic").groups == ["", "7", ""]


def test_blank_lines_and_a_last_line_without_feed(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n" + lines(ROWS[:2]) + b"  \n" + lines(ROWS[2:3]).rstrip(b"\n"))
    assert len(list(read_rows(path))) == 3


def test_lines_longer_than_a_block_and_across_blocks(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [{"text": "긴" * size} for size in (3_000_000, 1, 1_500_000, 2_000_000)]
    path.write_bytes(lines(rows))
    assert [len(row["text"]) for row in read_rows(path)] == [3_000_000, 1, 1_500_000, 2_000_000]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"text": "a", "keep": 1}\n{"text": "brok\n', "line 2 is not JSON"),
        (b'{"text": "a", "keep": 1}\n[1, 2]\n', "line 2 is not a JSON object"),
        (b'\xff\xfe{"text": 1}\n', "line 1 is not JSON"),
        (b'{"keep": 1}\n', "row 1 has no string 'text'"),
        (b'{"text": null, "keep": 1}\n', "row 1 has no string 'text'"),
        (b'{"text": "a", "keep": 1, "weight": "heavy"}\n', "'weight' must be a number"),
        (b'{"text": "a", "keep": 1, "weight": -1}\n', "'weight' must be a number"),
        (b'{"text": "a", "other": 1}\n', "has a label at 'keep'"),
        (b"", "has a label at 'keep'"),
        (b'{"text": "\\ud800", "keep": 1}\n', "line 1 is not JSON"),
    ],
)
def test_bad_rows_are_named(tmp_path, content, message):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_examples([path], "keep")


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing.jsonl: there is no such file"):
        list(read_rows(tmp_path / "nothing.jsonl"))
    with pytest.raises(InputError, match="there is no such file"):
        list(read_rows(tmp_path))
    whole = zstd(lines(ROWS * 2000))
    damaged = {
        "cut.jsonl.zst": whole[: len(whole) // 2],
        "cut.jsonl.gz": gzip.compress(lines(ROWS * 2000))[:-20],
        "no.jsonl.zst": b"this is not zstd",
        "no.jsonl.gz": b"this is not gzip",
        "no.parquet": b"PAR1 nothing PAR1",
    }
    for name, data in damaged.items():
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(InputError, match=name):
            list(read_rows(path))


def test_a_label_path_through_what_is_no_object_finds_nothing(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines([{"text": "가", "labels": "keep"}, {"text": "나", "labels": {"keep": {"x": 1}}}]))
    assert read_examples([path], "labels.keep.x").texts == ["나"]


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=3), min_size=1, max_size=60),
    st.integers(2, 6),
    st.integers(0, 3),
)
def test_a_group_is_never_in_two_folds_and_folds_are_even(groups, number, seed):
    found = folds(groups, number, seed)
    assert len({(group, fold) for group, fold in zip(groups, found, strict=True)}) == len(set(groups))
    assert (found == folds(groups, number, seed)).all() and set(found) <= set(range(number))
    sizes = Counter(found.tolist())
    assert max(sizes.values()) - min(sizes.get(fold, 0) for fold in range(number)) <= max(Counter(groups).values())


def test_examples_add_and_take():
    first, second = Examples(), Examples()
    first.add("가", 1, "a")
    second.add("나나", 0, "b", 2.0)
    both = first + second
    assert len(both) == 2 and both.take([1, 0]).texts == ["나나", "가"] and both.take(np.array([1])).weights == [2.0]
    assert both.megabytes == pytest.approx(9e-6)
