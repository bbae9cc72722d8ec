"""Readers: every record is a document, quarantined or ignored, whatever the input is like."""

import bz2
import datetime
import gzip
import io
import lzma
import random
import shutil
import tracemalloc
import zlib
from pathlib import Path

import fsspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import SENTENCE, lines, numbers, read, warc, warc_record, write, zstd

from algok.errors import InputError
from algok.pipelines.documents import MAX_BATCH_BYTES, BatchBuilder
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.spec import InputSpec

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"

# Batches and excerpts


def row(text: str) -> tuple:
    return ("0", text, None, None, None, "organic", None, "f", 0)


@settings(max_examples=15)
@given(st.lists(st.integers(0, 5 << 20), max_size=40))
def test_batches_hold_at_most_8_mib_unless_one_document_does(sizes):
    builder = BatchBuilder()
    counts = []
    for size in sizes:
        batch = builder.add(row("x"), size)
        counts += [batch.num_rows] if batch is not None else []
    last = builder.finish()
    counts += [last.num_rows] if last is not None else []
    assert sum(counts) == len(sizes)
    at = 0
    for count in counts:
        assert count == 1 or sum(sizes[at : at + count]) <= MAX_BATCH_BYTES
        if at + count < len(sizes):
            assert sum(sizes[at : at + count + 1]) > MAX_BATCH_BYTES
        at += count


def test_batches_hold_at_most_1024_documents(tmp_path):
    result = read(write(tmp_path / "a.jsonl", lines(*({"text": str(n)} for n in range(2500)))))
    assert [batch.num_rows for batch in result.batches] == [1024, 1024, 452]


# JSON Lines


def test_fields_and_meta(tmp_path):
    record = {
        "text": "글",
        "id": 7,
        "url": "u",
        "source": "s",
        "date": "2024-01-02",
        "b": 1,
        "a": [None],
        "meta": {"z": 1, "b": 2},
    }
    result = read(write(tmp_path / "a.jsonl", lines(record)))
    document = result.documents[0]
    assert {k: document[k] for k in ("text", "url", "source", "date", "provenance", "file", "offset")} == {
        "text": "글",
        "url": "u",
        "source": "s",
        "date": "2024-01-02",
        "provenance": "organic",
        "file": "a.jsonl",
        "offset": 0,
    }
    assert document["meta"] == '{"a":[null],"b":2,"b_column":1,"id":7,"z":1}'


def test_values_that_do_not_fit_travel_in_meta(tmp_path):
    record = {"text": "x", "url": 1, "source": ["s"], "date": 20240102, "provenance": "unknown", "meta": "free"}
    document = read(write(tmp_path / "a.jsonl", lines(record))).documents[0]
    assert (document["url"], document["source"], document["date"], document["provenance"]) == (
        None,
        None,
        None,
        "organic",
    )
    assert orjson.loads(document["meta"]) == {key: value for key, value in record.items() if key != "text"}


def test_what_the_input_says_goes_before_what_the_record_says(tmp_path):
    path = write(tmp_path / "a.jsonl", lines({"text": "x", "source": "row", "provenance": "organic"}, {"text": "y"}))
    result = read(path, source="news", provenance="translated")
    assert [(d["source"], d["provenance"]) for d in result.documents] == [("news", "translated")] * 2
    assert result.meta == [{"provenance": "organic", "source": "row"}, {}]


def test_column_mapping_reaches_into_objects(tmp_path):
    records = [
        {"body": {"content": "깊은 글", "lang": "ko"}, "link": "u", "text": "not this"},
        {"body.content": "flat", "body": {"content": "nested"}},
        {"body": {"content": "only"}},
    ]
    result = read(write(tmp_path / "a.jsonl", lines(*records)), columns={"text": "body.content", "url": "link"})
    assert result.texts == ["깊은 글", "flat", "only"]
    assert result.documents[0]["url"] == "u"
    assert result.meta == [{"body": {"lang": "ko"}, "text": "not this"}, {"body": {"content": "nested"}}, {}]


def test_own_output_is_read_back(tmp_path):
    first = read(write(tmp_path / "a.jsonl", lines({"text": "글", "k": 1, "url": "u"})))
    second = read(write(tmp_path / "b.jsonl", lines(*first.documents)))
    assert second.texts == first.texts
    assert second.meta[0] == {"k": 1, "id": first.documents[0]["id"], "file": "a.jsonl", "offset": 0}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "cut', "json"),
        (b'{"text": NaN}', "no_text"),
        (b"[1]", "not_object"),
        (b"null", "not_object"),
        (b'"text"', "not_object"),
        (b'{"text": "\xff"}', "utf8"),
        (b'{"text": "\\ud800"}', "utf8"),
        (b'{"text": null}', "no_text"),
        (b'{"text": 1}', "no_text"),
        (b'{"content": "x"}', "no_text"),
        (b"{}", "no_text"),
        (b"\0" * 100, "json"),
        (b'{"text": "a\0b"}', "json"),
        (b"[" * 100_000, "json"),
        (b'{"text": "x"}{"text": "y"}', "json"),
        (b'{"text": "' + b"x" * 2000 + b'"}', "too_large"),
        (b'{"x": "' + b"y" * 5000 + b'"}', "too_large"),
    ],
)
def test_bad_line_is_quarantined_and_its_neighbours_are_read(tmp_path, line, reason):
    path = write(tmp_path / "a.jsonl", lines({"text": "before"}) + line + b"\n" + lines({"text": "after"}))
    result = read(path, ReadLimits(document_bytes=1024, line_bytes=4096) if reason == "too_large" else None)
    assert result.texts == ["before", "after"]
    assert result.reasons == [reason]
    assert result.quarantined[0]["offset"] == 18 and result.quarantined[0]["bytes"] == pytest.approx(len(line), abs=1)
    assert result.records == 3


def test_no_text_names_what_is_there_and_what_was_meant(tmp_path):
    result = read(
        write(tmp_path / "a.jsonl", lines({"url": "u", "본문": "아주 긴 글" * 9}, {"content": "x"}, {"txet": "x"}))
    )
    messages = [row["message"] for row in result.quarantined]
    assert "found url, 본문; perhaps columns: {text: 본문}" in messages[0]
    assert "perhaps columns: {text: content}" in messages[1]
    assert "perhaps columns: {text: txet}" in messages[2]


def test_harmless_oddities_are_read(tmp_path):
    data = (
        b'\xef\xbb\xbf{"text": "bom"}\r\n\r\n   \n{"text": ""}\n{"text": "a", "text": "last"}\n'
        b'{"text": "\\u0000\\ud83d\\ude00", "n": 123456789012345678901234567890}\n{"text": "no line end"}'
    )
    result = read(write(tmp_path / "a.jsonl", data))
    assert result.texts == ["bom", "", "last", "\0😀", "no line end"]
    assert result.ignored == {"blank_line": 2}
    assert result.bytes == len(data)


def test_empty_file_is_no_record(tmp_path):
    for name in ("a.jsonl", "a.warc", "a.jsonl.gz"):
        assert read(write(tmp_path / name, b"")).records == 0


def test_excerpts_are_masked(tmp_path):
    result = read(
        write(
            tmp_path / "a.jsonl",
            '{"tel": "010-0423-8891", "no": 4711, "mail": "someone@example.com", "name": \x01 broken',
        )
    )
    assert (
        result.quarantined[0]["excerpt"] == '{"tel": "<전화번호>", "no": ####, "mail": "<예시>", "name": \\x01 broken'
    )


PACKERS = {"gz": gzip.compress, "zst": zstd, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("suffix", PACKERS)
def test_compressed_lines_several_members_and_a_misleading_name(tmp_path, suffix):
    rows = [{"text": SENTENCE * 50 + str(n)} for n in range(900)]
    pack = PACKERS[suffix]
    data = pack(lines(*rows[:300])) + pack(b"") + pack(lines(*rows[300:]))
    plain = read(write(tmp_path / "plain.jsonl", lines(*rows)))
    packed = read(write(tmp_path / f"a.jsonl.{suffix}", data))
    assert packed.texts == plain.texts == [row["text"] for row in rows]
    assert [d["offset"] for d in packed.documents] == [d["offset"] for d in plain.documents]
    assert read(write(tmp_path / "misnamed.jsonl", data)).texts == plain.texts


@pytest.mark.parametrize("suffix", PACKERS)
def test_truncated_file_keeps_the_lines_before(tmp_path, suffix):
    rows = [{"text": random.Random(n).randbytes(40).hex()} for n in range(2000)]
    data = PACKERS[suffix](lines(*rows))
    whole = [row["text"] for row in rows]
    rng = random.Random(1)
    for cut in [1, 4, 9, *(rng.randrange(10, len(data)) for _ in range(17))]:
        result = read(write(tmp_path / f"a.jsonl.{suffix}", data[:-cut]))
        assert result.reasons == ["truncated"], cut
        assert result.texts == whole[: len(result.texts)]
        if suffix in ("gz", "zst"):  # these give what they hold; bz2 and xz decode block by block
            assert len(result.texts) >= len(whole) * (1 - cut / len(data)) - 1500 * (suffix == "zst") - 20


@pytest.mark.parametrize("suffix", PACKERS)
def test_damage_inside_is_one_quarantine_record(tmp_path, suffix):
    rows = [{"text": random.Random(n).randbytes(40).hex()} for n in range(2000)]
    pack = PACKERS[suffix]
    first, second = pack(lines(*rows[:1000])), pack(lines(*rows[1000:]))
    result = read(write(tmp_path / f"a.jsonl.{suffix}", first + b"no member at all" + second))
    assert result.reasons == ["corrupt"]
    assert result.texts == [row["text"] for row in rows[:1000]]


def test_long_line_passes_in_bounded_memory(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(lines({"text": "before"}) + b'{"text": "')
        for _ in range(150):
            file.write(b"x" * (1 << 20))
        file.write(b'"}\n' + lines({"text": "after"}))
    read(write(tmp_path / "warm.jsonl", lines({"text": "x"})))
    tracemalloc.start()
    result = read(path, ReadLimits(line_bytes=4 << 20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.texts == ["before", "after"] and result.reasons == ["too_large"]
    assert result.quarantined[0]["bytes"] > 150 << 20
    assert peak < 24 << 20


jsonl_line = st.one_of(
    st.builds(lambda text: orjson.dumps({"text": text}), st.text('가나힣a"\\é😀\n\u2028', max_size=12)),
    st.sampled_from([b"", b" \t", b"{", b"[]", b'{"a": "\xea\xb0"}', '{"text": "한글"}'.encode()]),
)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(jsonl_line, st.sampled_from([b"\n", b"\r\n"])), max_size=12),
    st.booleans(),
    st.integers(1, 80),
)
def test_slices_together_are_the_file(tmp_path_factory, rows, final_newline, split):
    data = b"".join(line + end for line, end in rows)
    data = data if final_newline else data.removesuffix(b"\n")
    path = write(tmp_path_factory.mktemp("split") / "a.jsonl", data)
    whole, sliced = read(path), read(path, split_bytes=split)
    assert sliced.documents == whole.documents
    assert sliced.quarantined == whole.quarantined
    assert (sliced.ignored, sliced.records, sliced.bytes) == (whole.ignored, whole.records, whole.bytes)


def test_ids_survive_another_place_and_other_splits(tmp_path):
    (tmp_path / "one").mkdir()
    write(tmp_path / "one" / "a.jsonl", lines(*({"text": "same"} for _ in range(300))))
    table = pa.table({"text": [str(n) for n in range(300)]})
    pq.write_table(table, tmp_path / "one" / "b.parquet", row_group_size=7)
    write(tmp_path / "one" / "c.txt", "글")
    write(tmp_path / "one" / "d.warc", warc(5))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    ids = [
        [d["id"] for d in read(tmp_path / place, split_bytes=size).documents]
        for place, size in (("one", 1 << 20), ("two", 99))
    ]
    assert ids[0] == ids[1] and len(ids[0]) == 606
    assert all(len(i) == 32 and int(i, 16) >= 0 for i in ids[0])


def test_remote_storage(tmp_path):
    memory = fsspec.filesystem("memory")
    memory.pipe("/r/a.jsonl", lines(*({"text": str(n)} for n in range(50))))
    memory.pipe("/r/b.warc.gz", warc(3, gzip.compress))
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["x", "y"]}), buffer)
    memory.pipe("/r/c.parquet", buffer.getvalue())
    memory.pipe("/r/d.md", b"# x")
    try:
        assert len(read("memory://r", split_bytes=100).documents) == 50 + 3 + 2 + 1
    finally:
        memory.rm("/r", recursive=True)


def test_a_source_that_cannot_be_read_is_an_input_error_not_quarantine(tmp_path):
    for name in ("a.jsonl", "a.warc.gz", "a.parquet", "a.txt"):
        path = write(tmp_path / name, b"x")
        spec = InputSpec(path=str(path))
        shard = plan_shards([spec])[0]
        path.unlink()
        with pytest.raises(InputError, match="cannot be read"):
            list(read_shard(shard, spec))


# Parquet


def parquet(path: Path, columns: dict, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, **options)
    return path


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_parquet_text_types(tmp_path, kind):
    texts = ["가나다", "", None, "x"]
    values = [t.encode() if t and "binary" in str(kind) else t for t in texts]
    column = pa.array(values, pa.string()).cast(kind) if pa.types.is_dictionary(kind) else pa.array(values, kind)
    result = read(parquet(tmp_path / "a.parquet", {"text": column}))
    assert result.texts == ["가나다", "", "x"]
    assert [d["offset"] for d in result.documents] == [0, 1, 3]
    assert result.reasons == ["no_text"] and result.quarantined[0]["offset"] == 2


def test_parquet_columns_and_nested_meta(tmp_path):
    when = datetime.datetime(2024, 1, 2, 3, 4, 5)
    columns = {
        "doc": [{"body": "글", "n": 1}, {"body": "둘", "n": None}],
        "date": [when, None],
        "tags": [["a"], None],
        "raw": [b"\xff\x00", None],
        "url": ["u", None],
        "meta": ['{"k": 1}', None],
    }
    result = read(parquet(tmp_path / "a.parquet", columns), columns={"text": "doc.body"})
    assert result.texts == ["글", "둘"]
    assert [(d["url"], d["date"]) for d in result.documents] == [("u", "2024-01-02T03:04:05"), (None, None)]
    assert result.meta[0] == {"doc": {"n": 1}, "k": 1, "raw": "\\xff\x00", "tags": ["a"]}


def test_parquet_text_that_is_not_utf8_or_too_large(tmp_path):
    values = pa.array([b"good", b"\xff\xfe", b"x" * 3000, b"also"], pa.binary())
    for column in (values, values.view(pa.string())):
        result = read(parquet(tmp_path / "a.parquet", {"text": column}), ReadLimits(document_bytes=2000))
        assert result.texts == ["good", "also"]
        assert result.reasons == ["utf8", "too_large"]


def test_parquet_other_columns_with_broken_text(tmp_path):
    url = pa.array([b"\xff", b"ok"], pa.binary()).view(pa.string())
    result = read(parquet(tmp_path / "a.parquet", {"text": ["a", "b"], "url": url}))
    assert result.texts == ["a", "b"] and [d["url"] for d in result.documents] == [None, "ok"]
    assert result.meta == [{"url": "\\xff"}, {}]


@pytest.mark.parametrize("columns", [{"content": ["a"] * 7}, {"text": [1] * 7}, {"text": [["a"]] * 7}], ids=str)
def test_parquet_without_text_is_one_record_for_all_rows(tmp_path, columns):
    result = read(parquet(tmp_path / "a.parquet", columns, row_group_size=3))
    assert result.reasons == ["no_text"] and result.quarantined[0]["rows"] == 7 == result.records


def test_parquet_damage(tmp_path):
    path = parquet(
        tmp_path / "a.parquet", {"text": [str(n) * 400 for n in range(90)]}, row_group_size=30, use_dictionary=False
    )
    data = path.read_bytes()
    row_group = pq.read_metadata(path).row_group(1).column(0)
    start, size = row_group.data_page_offset, row_group.total_compressed_size
    write(path, data[: start + 40] + b"\0" * (size - 60) + data[start + size - 20 :])
    result = read(path)
    assert result.reasons == ["parquet"] and result.quarantined[0]["rows"] == 30
    assert [d["offset"] for d in result.documents] == [*range(30), *range(60, 90)]
    for broken in (data[:-1], data[:100], b"PAR1", b"PAR1" + b"\xff" * 50 + b"PAR1", b""):
        result = read(write(path, broken))
        assert result.reasons == ["parquet"] and result.records == 1


def test_parquet_batches_are_bounded(tmp_path):
    texts = [SENTENCE * 40_000] * 9 + ["x"] * 3000
    result = read(parquet(tmp_path / "a.parquet", {"text": texts}))
    assert result.texts == texts
    assert all(batch.num_rows == 1 or batch.column("text").nbytes < 9 << 20 for batch in result.batches)
    assert all(batch.num_rows <= 1024 for batch in result.batches)


# Text and Markdown


def test_text_is_decoded_and_named(tmp_path):
    write(tmp_path / "a.txt", (SENTENCE * 9).encode("cp949"))
    write(tmp_path / "b.txt", "\ufeff글")
    write(tmp_path / "c.txt", b"")
    result = read(tmp_path)
    assert result.texts == [SENTENCE * 9, "글", ""]
    assert result.meta[0] == {"encoding": "cp949", "file_name": "a.txt"}


def test_front_matter_moves_to_meta(tmp_path):
    text = "---\r\ntitle: 제목\r\ndate: 2024-01-02\r\ntags: [가, 나]\r\n---\r\n# 본문\n---\n끝\n"
    result = read(write(tmp_path / "a.md", text))
    assert result.texts == ["# 본문\n---\n끝\n"]
    assert result.meta[0]["front_matter"] == {"title": "제목", "date": "2024-01-02", "tags": ["가", "나"]}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("title: 서울: 도시의 역사\ntags:\n- 가\n- 나: [", {"title": "서울: 도시의 역사", "tags": "- 가\n- 나: ["}),
        ('title: "제목\ndate: 2024-13-45', {"title": "제목", "date": "2024-13-45"}),
        ("date: 2024-13-45\n# 적바림\n\ntitle: 글", {"date": "2024-13-45\n# 적바림", "title": "글"}),
        ("a: [", {"a": "["}),
        ("a: &a [1]\nb: [*a, *a]", {"a": "&a [1]", "b": "[*a, *a]"}),
        ("a: " + "[" * 5000, {"a": "[" * 5000}),
        ("a: !!python/object/apply:os.getcwd []", {"a": "!!python/object/apply:os.getcwd []"}),
    ],
    ids=range(7),
)
def test_broken_front_matter_is_read_line_by_line_and_leaves_the_text(tmp_path, block, expected):
    result = read(write(tmp_path / "a.md", f"---\n{block}\n---\n본문\n"))
    assert result.texts == ["본문\n"] and result.meta[0]["front_matter"] == expected


@pytest.mark.parametrize(
    "text",
    [
        "---\n줄글\n---\n본문",
        "---\na: [\n줄글\n---\nx",
        "---\na: 1\nno end",
        "--- a\n---\n",
        "# 제목\n---\na: 1\n---\n",
        "---\n" + "- " * 8000 + "\n---\nx",
        "---\n" + "a: 1\n" * 10_000 + "---\nx",
    ],
    ids=range(7),
)
def test_what_is_no_front_matter_stays(tmp_path, text):
    result = read(write(tmp_path / "a.md", text))
    assert result.texts == [text] and "front_matter" not in result.meta[0]


def test_too_large_text_file(tmp_path):
    write(tmp_path / "a.txt", b"x" * 5000)
    write(tmp_path / "b.txt", b"x")
    result = read(tmp_path, ReadLimits(document_bytes=4000))
    assert (result.texts, result.reasons) == (["x"], ["too_large"])


# WARC


def gzip_offsets(data: bytes) -> list[int]:
    offsets, at = [], 0
    while at < len(data):
        offsets.append(at)
        decoder = zlib.decompressobj(31)
        decoder.decompress(data[at:])
        at = len(data) - len(decoder.unused_data)
    return offsets


@pytest.mark.parametrize("form", ["plain", "gzip", "one_gzip", "zstd"])
def test_warc_documents(tmp_path, form):
    pack = {"plain": bytes, "gzip": gzip.compress, "one_gzip": bytes, "zstd": zstd}[form]
    data = warc(20, pack)
    data = gzip.compress(data) if form == "one_gzip" else data
    suffix = {"plain": "", "zstd": ".zst"}.get(form, ".gz")
    result = read(write(tmp_path / f"a.warc{suffix}", data))
    assert numbers(result) == list(range(20)) and result.records == 20
    document = result.documents[3]
    assert SENTENCE.strip() in document["text"] and document["date"] == "2024-01-02T03:04:05Z"
    assert result.meta[3]["title"] == "제목 3" and result.meta[3]["encoding"] == "utf-8"
    if form == "gzip":
        assert [d["offset"] for d in result.documents] == gzip_offsets(data)
    if form == "plain":
        assert all(data[d["offset"] :].startswith(b"WARC/1.0") for d in result.documents)


def test_wet_text_is_taken_as_it_is(tmp_path):
    data = warc_record(0, b"a: b", kind="warcinfo", http=None) + warc_record(
        1, SENTENCE.encode(), kind="conversion", http=None
    )
    data += warc_record(2, b"\xb0\xa1", kind="conversion", http=None)
    result = read(write(tmp_path / "a.wet", data))
    assert (result.texts, result.ignored, result.reasons) == ([SENTENCE], {"warcinfo": 1}, ["utf8"])


def test_records_that_are_no_documents_are_counted(tmp_path):
    def http(status: str, kind: str) -> bytes:
        return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n".encode()

    kinds = ("warcinfo", "request", "metadata", "revisit", "continuation", "strange")
    data = b"".join(warc_record(n, kind=kind) for n, kind in enumerate(kinds))
    for status, kind in (
        ("404 Not Found", "text/html"),
        ("503", "text/html"),
        ("302 Found", "text/html"),
        ("200 OK", "image/png"),
        ("200 OK", "application/zip"),
        ("200 OK", "x-evil-1/y"),
    ):
        data += warc_record(9, http=http(status, kind))
    result = read(write(tmp_path / "a.warc", data))
    assert result.ignored == {
        "warcinfo": 1,
        "request": 1,
        "metadata": 1,
        "revisit": 1,
        "continuation": 1,
        "unknown_type": 1,
        "http_4xx": 1,
        "http_5xx": 1,
        "http_3xx": 1,
        "content_type:image": 1,
        "content_type:application": 1,
        "content_type:other": 1,
    }
    assert not result.documents and not result.quarantined


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (warc_record(9, length=30), "content_length"),
        (warc_record(9, length=5000), "content_length"),
        (warc_record(9, length=10**14), "content_length"),
        (warc_record(9, length=10**40), "header"),
        (warc_record(9, length=-1), "header"),
        (warc_record(9, length="many"), "header"),
        (warc_record(9).replace(b"Content-Length", b"X-Length"), "header"),
        (b"WARC/1.0\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", "header"),
        (b"garbage " * 99 + b"\r\n", "garbage"),
        (warc_record(9, http=b"HTTP/1.1 banana\r\n\r\n"), "http"),
        (
            warc_record(9, b"x", http=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"),
            "chunked",
        ),
        (warc_record(9, b"x", http=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nhello"), "chunked"),
        (
            warc_record(
                9, gzip.compress(b"<p>" + bytes(99))[:-9], http=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
            ),
            "content_encoding",
        ),
        (warc_record(9, b"\x01\x02", http=b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n"), "content_encoding"),
        (warc_record(9, b"\x01\x02", http=b"HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\n\r\n"), "content_encoding"),
        (
            warc_record(9, gzip.compress(bytes(20 << 20)), http=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"),
            "too_large",
        ),
        (warc_record(9, bytes(20 << 20)), "too_large"),
    ],
    ids=range(17),
)
def test_bad_record_is_quarantined_and_its_neighbours_are_read(tmp_path, pack, bad, reason):
    parts = [pack(warc_record(0)), pack(warc_record(1)), pack(bad), pack(warc_record(2)), pack(warc_record(3))]
    result = read(write(tmp_path / "a.warc", b"".join(parts)))
    assert numbers(result) == [0, 1, 2, 3]
    assert result.reasons == [reason] and result.quarantined[0]["offset"] == len(parts[0]) + len(parts[1])


def test_missing_trailer_and_bare_line_feeds_are_tolerated(tmp_path):
    bare = warc_record(1).replace(b"\r\n", b"\n").replace(b"Content-Length: ", b"Content-Length:")
    length = len(bare.partition(b"\n\n")[2]) - 2
    bare = bare.replace(bare.split(b"Content-Length:")[1].split(b"\n")[0], str(length).encode(), 1)
    result = read(write(tmp_path / "a.warc", warc_record(0)[:-4] + bare + warc_record(2)[:-4]))
    assert numbers(result) == [0, 1, 2] and not result.quarantined


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_truncated_warc_loses_only_the_last_record(tmp_path, pack):
    parts = [pack(warc_record(number, random.Random(number).randbytes(900).hex().encode())) for number in range(12)]
    ends = [sum(map(len, parts[: n + 1])) for n in range(12)]
    data = b"".join(parts)
    rng = random.Random(2)
    for end in sorted({len(data) - 1, len(data) - 9, *(rng.randrange(1, len(data)) for _ in range(18))}):
        result = read(write(tmp_path / "a.warc", data[:end]))
        whole = [n for n in range(12) if ends[n] <= end]
        assert numbers(result)[: len(whole)] == whole and len(result.documents) <= len(whole) + 1
        if end not in ends and len(result.documents) == len(whole):
            assert result.reasons == ["truncated"], end
            assert result.quarantined[0]["message"].endswith("on")


def test_reading_goes_on_behind_damaged_gzip_members(tmp_path):
    parts = [gzip.compress(warc_record(n, random.Random(n).randbytes(3000).hex().encode())) for n in range(8)]
    flipped = bytearray(parts[2])
    flipped[len(flipped) // 2 : len(flipped) // 2 + 40] = bytes(40)
    bad_sum = parts[4][:-8] + bytes(4) + parts[4][-4:]
    half = parts[6][: len(parts[6]) // 2]
    data = b"".join([parts[0], parts[1], flipped, parts[3], bad_sum, b"\0" * 512, parts[5], half, b"junk", parts[7]])
    result = read(write(tmp_path / "a.warc.gz", data))
    assert numbers(result) == [0, 1, 3, 5, 7]
    assert set(result.reasons) <= {"corrupt", "garbage", "truncated"} and len(result.quarantined) in (3, 4)
    assert sum(row["message"].count("reading goes on at byte") for row in result.quarantined) >= 2


def test_a_corrupt_length_cannot_make_reading_quadratic(tmp_path):
    # Every record claims to end in the middle of the last one.
    size = len(warc_record(10_000, length="0" * 7))
    records = [warc_record(10_000 + n, length=f"{(2999 - n) * size + 200:07}") for n in range(3000)]
    result = read(write(tmp_path / "a.warc", b"".join(records)))
    assert result.reasons == ["content_length"] * 3000 and not result.documents


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw", "br", "chunked", "left over", "zstd"])
def test_http_encodings(tmp_path, coding):
    page = f"<html><body><p>{SENTENCE * 30}</p></body></html>".encode()
    raw = zlib.compressobj(wbits=-15)
    brotli = pytest.importorskip("brotli") if coding == "br" else None
    bodies = {
        "gzip": lambda: gzip.compress(page[:100]) + gzip.compress(page[100:]),
        "deflate": lambda: zlib.compress(page),
        "raw": lambda: raw.compress(page) + raw.flush(),
        "br": lambda: brotli.compress(page),
        "zstd": lambda: zstd(page),
        "chunked": lambda: (
            b"40;x=y\r\n" + page[:64] + b"\r\n" + b"%X\r\n" % len(page[64:]) + page[64:] + b"\r\n0\r\n\r\n"
        ),
        "left over": lambda: page,
    }
    header = {
        "raw": "Content-Encoding: deflate",
        "chunked": "Transfer-Encoding: chunked",
        "left over": "Content-Encoding: gzip\r\nTransfer-Encoding: chunked",
    }.get(coding, f"Content-Encoding: {coding}")
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n{header}\r\n\r\n".encode()
    result = read(write(tmp_path / "a.warc", warc_record(0, bodies[coding](), http=http)))
    assert result.quarantined == [] and result.texts[0].count(SENTENCE.strip()) == 30


def test_header_charset_language_and_crawler_truncation(tmp_path):
    body = f"<html><body><p>{SENTENCE * 9}</p></body></html>".encode("cp949")
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html;charset=EUC-KR\r\nContent-Language: ko\r\n\r\n"
    result = read(write(tmp_path / "a.warc", warc_record(0, body, http=http, headers="WARC-Truncated: length\r\n")))
    assert SENTENCE.strip() in result.texts[0]
    assert {"language": "ko", "truncated": "length", "encoding": "cp949"}.items() <= result.meta[0].items()


def test_guard_keeps_a_record_from_being_tried_again(tmp_path):
    class Strict:
        def __init__(self):
            self.entered, self.left = [], 0

        def enter(self, offset: int) -> bool:
            self.entered.append(offset)
            return offset != bad

        def renew(self) -> None:
            pass

        def leave(self, struck: bool = False) -> None:
            self.left += 1

    data = warc(4)
    bad = len(warc(2))
    guard = Strict()
    result = read(write(tmp_path / "a.warc", data), guard=guard)
    assert numbers(result) == [0, 1, 3] and result.reasons == ["crashed"]
    assert len(guard.entered) == 4 and guard.left == 3


@settings(max_examples=60)
@given(st.data())
def test_every_damaged_input_is_accounted_for(tmp_path_factory, data):
    """Conservation, proven in read(), for files with bytes overwritten, cut out or inserted anywhere."""
    name, make = data.draw(st.sampled_from(sorted(SAMPLES.items())))
    content = bytearray(make())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        span = data.draw(st.integers(0, 60))
        content[at : at + span] = data.draw(st.binary(max_size=60))
    path = write(tmp_path_factory.mktemp("damage") / name, bytes(content))
    first, again = read(path), read(path)
    assert first.documents == again.documents and first.quarantined == again.quarantined


SAMPLES = {
    "a.warc": lambda: warc(5),
    "a.warc.gz": lambda: warc(5, gzip.compress),
    "b.warc.gz": lambda: gzip.compress(warc(5)),
    "a.warc.zst": lambda: warc(5, zstd),
    "a.jsonl": lambda: lines(*({"text": str(n)} for n in range(9))),
    "a.jsonl.gz": lambda: gzip.compress(lines(*({"text": str(n)} for n in range(9)))),
    "a.jsonl.zst": lambda: zstd(lines(*({"text": str(n)} for n in range(9)))),
    "a.md": lambda: b"---\na: 1\n---\nx",
}


@pytest.mark.skipif(not SHARED.exists(), reason="the data beside the repository is not there")
def test_counts_of_real_files_agree_with_their_index():
    expected = {}
    for line in (SHARED / "INDEX.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and cells[1].endswith(".jsonl.zst"):
            expected[cells[1]] = int(cells[2].replace(",", ""))
    chosen = [name for name, count in expected.items() if count < 4_000]
    assert len(chosen) > 20
    for name in chosen:
        result = read(SHARED / name)
        assert (len(result.documents), result.records) == (expected[name], expected[name]), name


@pytest.mark.parametrize("source", [None, "news"])
def test_plain_parquet_columns_take_the_short_way_to_the_same_documents(tmp_path, source):
    columns = {"text": [SENTENCE, "둘"], "url": ["https://a.example.com/", None], "date": ["2024-01-01", None]}
    if source is None:
        columns["source"] = ["blog", None]
    short = read(parquet(tmp_path / "short" / "a.parquet", columns), source=source)
    long = read(parquet(tmp_path / "long" / "a.parquet", {**columns, "extra": [None, "x"]}), source=source)
    for document in long.documents:
        document["meta"] = None
    assert short.documents == long.documents
