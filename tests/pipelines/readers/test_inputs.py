"""Planning: names, order, formats, splits and errors."""

import contextlib
import gzip
import os
import shutil
import socket
from itertools import pairwise
from pathlib import Path

import fsspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from algok.errors import InputError
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.readers.inputs import Shard, plan_shards
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute


def write(path: Path, data: bytes | str = b"{}\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def names(shards: list[Shard]) -> list[str]:
    return [file.name for shard in shards for file in shard.files]


def test_natural_order_and_names_below_the_fixed_part(tmp_path):
    for name in ("part10.jsonl", "part2.jsonl", "sub/part1.jsonl", "part02.jsonl"):
        write(tmp_path / name)
    assert names(plan_shards([InputSpec(path=f"{tmp_path}/**/*.jsonl")])) == [
        "part02.jsonl",
        "part2.jsonl",
        "part10.jsonl",
        "sub/part1.jsonl",
    ]
    assert names(plan_shards([InputSpec(path=f"{tmp_path}/s*/*.jsonl")])) == ["sub/part1.jsonl"]
    assert names(plan_shards([InputSpec(path=f"{tmp_path}/part2.jsonl")])) == ["part2.jsonl"]


def test_shards_do_not_depend_on_where_the_corpus_lies(tmp_path):
    for name in ("a/x.jsonl", "b/x.jsonl", "b/y.txt", "b/z.txt"):
        write(tmp_path / "one" / name)
    shutil.copytree(tmp_path / "one", tmp_path / "other" / "place")
    plans = []
    for root in (tmp_path / "one", tmp_path / "other" / "place"):
        specs = [InputSpec(path=[f"{root}/a/*.jsonl", f"{root}/b/x.jsonl"]), InputSpec(path=f"{root}/b/*.txt")]
        plans.append([(shard.id, shard.format, names([shard])) for shard in plan_shards(specs)])
    assert plans[0] == plans[1]
    assert [n for _, _, group in plans[0] for n in group] == ["a/x.jsonl", "b/x.jsonl", "y.txt", "z.txt"]


def test_one_file_in_two_inputs_gets_two_names_and_in_one_input_one(tmp_path):
    write(tmp_path / "x.jsonl")
    spec = InputSpec(path=[f"{tmp_path}/*.jsonl", f"{tmp_path}/x.*", str(tmp_path)])
    shards = plan_shards([spec, spec])
    assert names(shards) == ["x.jsonl", "x.jsonl#2"]
    assert shards[0].id != shards[1].id


def test_names_stay_unique_when_a_label_meets_another_name(tmp_path):
    for name in ("p/a/x.jsonl", "q/b/x.jsonl", "r/a/x.jsonl"):
        write(tmp_path / name)
    specs = [InputSpec(path=f"{tmp_path}/{p}") for p in ("p/a", "q/b", "r")]
    found = names(plan_shards(specs))
    assert len(set(found)) == 3 and found[1] == "b/x.jsonl"


def test_plain_jsonl_is_cut_and_compressed_is_spread(tmp_path):
    write(tmp_path / "plain.jsonl", b'{"text": "x"}\n' * 100)
    write(tmp_path / "packed.jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 100, 0))
    write(tmp_path / "small.jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 10, 0))
    write(tmp_path / "zdisguised.jsonl", gzip.compress(b'{"text": "x"}\n' * 100, 0))
    shards = plan_shards([InputSpec(path=str(tmp_path))], split_bytes=500)
    assert [(shard.files[0].name, shard.start, shard.end, shard.spread) for shard in shards] == [
        ("packed.jsonl.gz", 0, 474, True),
        ("packed.jsonl.gz", 474, 948, True),
        ("packed.jsonl.gz", 948, 1423, True),
        ("plain.jsonl", 0, 500, False),
        ("plain.jsonl", 500, 1000, False),
        ("plain.jsonl", 1000, 1400, False),
        ("small.jsonl.gz", None, None, False),
        ("zdisguised.jsonl", 0, 474, True),
        ("zdisguised.jsonl", 474, 948, True),
        ("zdisguised.jsonl", 948, 1423, True),
    ]
    assert len({shard.id for shard in shards}) == len(shards)
    assert [shard.index for shard in shards] == list(range(len(shards)))
    assert [Shard.from_dict(shard.as_dict()) for shard in shards] == shards


def test_a_file_that_unfolds_to_much_has_smaller_shards(tmp_path):
    write(tmp_path / "packed.jsonl.gz", gzip.compress(b'{"text": "x"}\n' * 100_000, 9))
    size = (tmp_path / "packed.jsonl.gz").stat().st_size
    shards = plan_shards([InputSpec(path=str(tmp_path))], split_bytes=size - 1)
    assert len(shards) > 10 and (shards[0].start, shards[-1].end) == (0, size)
    assert all(before.end == shard.start for before, shard in pairwise(shards))


def test_parquet_is_cut_between_row_groups(tmp_path):
    table = pa.table({"text": [f"{i}" * 200 for i in range(100)]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=10, compression="none")
    shards = plan_shards([InputSpec(path=f"{tmp_path}/a.parquet")], split_bytes=4000)
    assert len(shards) > 2
    assert [shard.start for shard in shards[1:]] == [shard.end for shard in shards[:-1]]
    assert (shards[0].start, shards[-1].end) == (0, 10)


def test_small_text_files_share_shards(tmp_path):
    for number in range(2001):
        write(tmp_path / f"{number}.txt", b"x")
    write(tmp_path / "500a.jsonl")
    shards = plan_shards([InputSpec(path=str(tmp_path))])
    assert [len(shard.files) for shard in shards] == [501, 1, 1500]
    shards = plan_shards([InputSpec(path=f"{tmp_path}/*.txt")])
    assert [len(shard.files) for shard in shards] == [2000, 1]


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("a.warc", "warc"),
        ("a.warc.gz", "warc"),
        ("a.warc.zst", "warc"),
        ("a.wet.gz", "warc"),
        ("a.warc.wet.gz", "warc"),
        ("a.jsonl", "jsonl"),
        ("a.ndjson.bz2", "jsonl"),
        ("a.json.xz", "jsonl"),
        ("A.JSONL.GZ", "jsonl"),
        ("a.parquet", "parquet"),
        ("a.txt", "text"),
        ("a.md", "text"),
        ("a.markdown", "text"),
    ],
)
def test_format_by_extension(tmp_path, name, format):
    write(tmp_path / name)
    assert plan_shards([InputSpec(path=str(tmp_path / name))])[0].format == format


@pytest.mark.parametrize(
    ("data", "format"),
    [
        (b"WARC/1.0\r\n", "warc"),
        (gzip.compress(b"WARC/1.0\r\n", mtime=0), "warc"),
        (b'\xef\xbb\xbf {"text": 1}', "jsonl"),
        (gzip.compress(b'{"text": 1}', mtime=0), "jsonl"),
        (b"PAR1", "parquet"),
    ],
)
def test_format_by_content(tmp_path, data, format):
    assert plan_shards([InputSpec(path=str(write(tmp_path / "a.dat", data)))])[0].format == format


def test_declared_format_wins_and_filters_directories(tmp_path):
    write(tmp_path / "a.dump")
    assert plan_shards([InputSpec(path=f"{tmp_path}/a.dump", format="wet")])[0].format == "warc"
    write(tmp_path / "b.jsonl")
    write(tmp_path / "README.md")
    assert names(plan_shards([InputSpec(path=str(tmp_path), format="jsonl")])) == ["b.jsonl"]


def test_hidden_and_marker_files_of_a_directory_are_no_input(tmp_path):
    for name in ("a.jsonl", "_SUCCESS", ".part.crc", "_temporary/b.jsonl", ".git/c.jsonl"):
        write(tmp_path / name)
    assert names(plan_shards([InputSpec(path=str(tmp_path))])) == ["a.jsonl"]


def test_symbolic_links_are_followed_once(tmp_path):
    write(tmp_path / "blobs" / "1f", b"{}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").symlink_to(tmp_path / "blobs" / "1f")
    (tmp_path / "data" / "loop").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "more").symlink_to(tmp_path / "blobs2")
    write(tmp_path / "blobs2" / "b.jsonl")
    assert names(plan_shards([InputSpec(path=f"{tmp_path}/data")])) == ["a.jsonl", "more/b.jsonl"]


@pytest.mark.parametrize(
    ("path", "data", "problem"),
    [
        ("none.jsonl", None, "no such file"),
        ("*.jsonl", None, "names no file"),
        ("a.xlsx", b"PK", "unknown format"),
        ("bad\udcff.jsonl", b"", "readable file name"),
    ],
)
def test_input_errors_say_what_to_do(tmp_path, path, data, problem):
    if data is not None:
        write(tmp_path / path, data)
    with pytest.raises(InputError, match=problem) as error:
        plan_shards([InputSpec(path=str(tmp_path / path))])
    assert str(error.value).endswith((".", "'"))


def test_a_broken_link_and_an_unknown_file_in_a_directory_are_errors(tmp_path):
    write(tmp_path / "a.jsonl")
    write(tmp_path / "b.xlsx", b"PK")
    with pytest.raises(InputError, match=r"b\.xlsx: unknown format"):
        plan_shards([InputSpec(path=str(tmp_path))])
    (tmp_path / "b.xlsx").unlink()
    (tmp_path / "c.jsonl").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"c\.jsonl"):
        plan_shards([InputSpec(path=f"{tmp_path}/*.jsonl")])


def test_brackets_in_a_real_name_are_no_glob(tmp_path):
    write(tmp_path / "a[1].jsonl")
    assert names(plan_shards([InputSpec(path=f"{tmp_path}/a[1].jsonl")])) == ["a[1].jsonl"]


def test_fingerprint_tells_a_rewritten_file(tmp_path):
    path = write(tmp_path / "a.jsonl")
    before = plan_shards([InputSpec(path=str(path))])[0]
    path.write_bytes(b"[]\n")
    after = plan_shards([InputSpec(path=str(path))])[0]
    assert before.id == after.id and before.files[0].fingerprint != after.files[0].fingerprint


def test_memory_storage(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe({"/corpus/a/1.jsonl": b"{}\n" * 10, "/corpus/a/2.jsonl": b"{}\n"})
    try:
        for path in ("memory://corpus/a", "memory://corpus/a/*.jsonl"):
            shards = plan_shards([InputSpec(path=path)], split_bytes=20)
            assert names(shards) == ["1.jsonl", "1.jsonl", "2.jsonl"]
            assert fsspec.open(shards[0].files[0].url).open().read() == b"{}\n" * 10
        with pytest.raises(InputError, match="no such file"):
            plan_shards([InputSpec(path="memory://corpus/b")])
    finally:
        memory.rm("/corpus", recursive=True)


def test_a_shard_survives_json(tmp_path):
    write(tmp_path / "a.jsonl", b"{}\n" * 10)
    for shard in plan_shards([InputSpec(path=str(tmp_path))], split_bytes=10):
        assert Shard.from_dict(orjson.loads(orjson.dumps(shard.as_dict()))) == shard


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"path": []}, "no file"),
        ({"path": ""}, "no file"),
        ({"path": "a", "columns": {"txt": "b"}}, "did you mean text"),
        ({"path": "a", "columns": {"text": ""}}, "empty name"),
        ({"path": "a", "format": "cvs"}, "did you mean 'csv'"),
        ({"path": "a", "colums": {}}, "colums"),
    ],
)
def test_wrong_options_are_refused(options, problem):
    with pytest.raises(ValidationError, match=problem):
        InputSpec(**options)


# What stands in folders


def test_pipes_sockets_loops_and_unreadable_names_in_a_folder_are_left_out_and_counted(tmp_path):
    write(tmp_path / "a.jsonl")
    write(tmp_path / "sub" / "b.jsonl")
    os.mkfifo(tmp_path / "sub" / "pipe.jsonl")
    listening = socket.socket(socket.AF_UNIX)
    with contextlib.chdir(tmp_path), contextlib.closing(listening):
        listening.bind("socket.jsonl")
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    for number in range(2):
        (tmp_path / f"round{number}.jsonl").symlink_to(f"round{1 - number}.jsonl")
    for name in (b"a\nb.jsonl", b"bell\x07.jsonl", b"\xff.jsonl", b"del\x7f.jsonl"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"{}")
    for path in (tmp_path, f"{tmp_path}/**/*.jsonl"):
        left_out = {}
        assert names(plan_shards([InputSpec(path=str(path))], left_out=left_out)) == ["a.jsonl", "sub/b.jsonl"]
        counts = {reason: len(found) for reason, found in left_out.items()}
        assert counts == {
            "a pipe, socket or device": 2,
            "a link to itself": 3,
            "a name with control characters or of no charset": 4,
        }
        assert all(name.isprintable() and name.isascii() for found in left_out.values() for name in found)


def test_a_pipe_that_is_named_is_an_error_and_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    with pytest.raises(InputError, match=r"is a pipe, socket or device\. Save"):
        plan_shards([InputSpec(path=str(tmp_path / "pipe.jsonl"))])


def test_several_links_to_one_file_are_read_once(tmp_path):
    write(tmp_path / "z.jsonl")
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).symlink_to("z.jsonl")
    (tmp_path / "c.jsonl").hardlink_to(tmp_path / "z.jsonl")
    write(tmp_path / "elsewhere" / "x.jsonl")
    for name in ("d.jsonl", "e.jsonl"):
        (tmp_path / name).symlink_to("elsewhere/x.jsonl")
    left_out = {}
    found = names(plan_shards([InputSpec(path=f"{tmp_path}/*.jsonl")], left_out=left_out))
    assert found == ["c.jsonl", "d.jsonl"]
    assert left_out == {"a link to a file that is read": ["a.jsonl", "b.jsonl", "e.jsonl", "z.jsonl"]}
    both = InputSpec(path=[str(tmp_path / "a.jsonl"), str(tmp_path / "z.jsonl")])
    assert names(plan_shards([both])) == ["z.jsonl"]


HUGGING_FACE = (
    "README.md", ".gitattributes", "LICENSE", "dataset_infos.json", "data/train-00000-of-00002.parquet",
    "data/train-00001-of-00002.parquet", "data/README", "data/NOTICE.txt",
)  # fmt: skip


@pytest.mark.parametrize("remote", [False, True], ids=["local", "remote"])
def test_cards_of_a_hugging_face_folder_are_no_documents(tmp_path, remote):
    left_out = {}
    if remote:
        fsspec.filesystem("memory").pipe({f"/hf/{name}": b"PAR1" for name in HUGGING_FACE})
    for name in HUGGING_FACE:
        write(tmp_path / name, b"PAR1")
    found = names(plan_shards([InputSpec(path="memory://hf" if remote else str(tmp_path))], left_out=left_out))
    assert found == [name for name in HUGGING_FACE if name.endswith(".parquet")]
    expected = sorted(name for name in HUGGING_FACE if not name.endswith((".parquet", ".gitattributes")))
    assert left_out == {"describes the corpus": expected}


def test_a_readme_among_texts_is_a_text_and_one_without_extension_stops_nothing(tmp_path):
    for name in ("README.md", "README", "LICENSE", "guide.md", "docs/README.md"):
        write(tmp_path / name, "글")
    left_out = {}
    found = names(plan_shards([InputSpec(path=str(tmp_path))], left_out=left_out))
    assert found == ["README.md", "docs/README.md", "guide.md"]
    assert left_out == {"describes the corpus": ["LICENSE", "README"]}
    assert names(plan_shards([InputSpec(path=str(tmp_path / "README"), format="text")])) == ["README"]


def test_what_is_left_out_is_said_and_recorded(tmp_path, caplog):
    write(tmp_path / "in" / "a.jsonl", b'{"text": "x"}\n')
    write(tmp_path / "in" / "README", "x")
    recipe = load_recipe("web", [], inputs=[{"path": str(tmp_path / "in")}])
    execute(recipe, str(tmp_path / "run"), make_executor("local", 0), SilentProgress())
    assert "1 file(s) of the inputs left out (describes the corpus): README" in caplog.text
    assert orjson.loads((tmp_path / "run" / "run.json").read_bytes())["left_out"] == {"describes the corpus": 1}
