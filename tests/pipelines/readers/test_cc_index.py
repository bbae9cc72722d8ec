"""An index of Common Crawl as the input: which rows are fetched, from where, and what happens to those that cannot be."""

import gzip
import importlib

import fsspec
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reading import SENTENCE, read, warc_record, write

from algok.errors import InputError, RecipeError
from algok.pipelines.readers import cc_index, ranges
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.recipe import recipe_from_text
from algok.testing import check_reader

NAME = "crawl-data/CC-MAIN-2024-10/segments/1.1/warc/CC-MAIN-00000.warc.gz"


def crawl(count: int) -> tuple[bytes, list[dict]]:
    """A WARC file of single gzip members and the rows of its columnar index; every third page is Korean."""
    data, rows = gzip.compress(b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n"), []
    for number in range(count):
        korean = number % 3 == 0
        body = (
            f"<html><body><p>{(SENTENCE if korean else 'The library opens. ') * 8}{number}</p></body></html>".encode()
        )
        member = gzip.compress(warc_record(number, body), mtime=0)
        rows.append(
            {
                "url": f"https://example.org/{number}",
                "fetch_status": 200,
                "content_mime_type": "text/html",
                "content_mime_detected": "text/html",
                "content_languages": "kor,eng" if korean else "eng",
                "warc_filename": NAME,
                "warc_record_offset": len(data),
                "warc_record_length": len(member),
            }
        )
        data += member
    return data, rows


def cdxj(rows: list[dict]) -> bytes:
    """The rows as lines of CDXJ, as Common Crawl writes them: numbers in quotation marks."""
    names = {
        "url": "url", "fetch_status": "status", "content_mime_type": "mime", "content_mime_detected": "mime-detected",
        "content_languages": "languages", "warc_filename": "filename",
        "warc_record_offset": "offset", "warc_record_length": "length",
    }  # fmt: skip
    lines = [{names[key]: str(value) for key, value in row.items() if value is not None} for row in rows]
    return b"".join(b"org,example)/x 20240102030405 " + orjson.dumps(line) + b"\n" for line in lines)


def cdx(rows: list[dict]) -> bytes:
    fields = ["org,example)/x 20240102030405 {url} {content_mime_type} {fetch_status} DIGEST - - "]
    form = fields[0] + "{warc_record_length} {warc_record_offset} {warc_filename}\n"
    return b" CDX N b a m s k r M S V g\n" + "".join(form.format(**row) for row in rows).encode()


@pytest.fixture
def base(tmp_path):
    folder = tmp_path / "base"
    data, _ = crawl(9)
    (folder / NAME).parent.mkdir(parents=True)
    (folder / NAME).write_bytes(data)
    return str(folder)


def parquet(path, rows: list[dict], **options):
    pq.write_table(pa.Table.from_pylist(rows), path, **options)
    return path


def fetch(path, base: str, **options):
    return read(path, format="cc_index", base=base, **options)


@pytest.mark.parametrize("form", ["parquet", "cdxj", "cdxj.gz"])
def test_only_korean_pages_are_fetched(tmp_path, base, form):
    _, rows = crawl(9)
    path = tmp_path / f"index.{form}"
    if form == "parquet":
        parquet(path, rows)
    else:
        write(path, gzip.compress(cdxj(rows)) if form.endswith("gz") else cdxj(rows))
    result = fetch(path, base)
    assert [row["url"] for row in result.documents] == [f"https://example.org/{number}" for number in (0, 3, 6)]
    assert [row["offset"] for row in result.documents] == [0, 3, 6]
    assert result.ignored == {"not_korean": 6} and result.records == 9
    assert result.meta[1]["warc"] == NAME and result.meta[1]["warc_offset"] == rows[3]["warc_record_offset"]
    whole = {row["url"]: row["text"] for row in read(f"{base}/{NAME}").documents}
    assert all(whole[row["url"]] == row["text"] for row in result.documents)


def test_the_older_form_knows_no_languages_so_the_screen_decides(tmp_path, base):
    path = write(tmp_path / "index.cdx", cdx(crawl(9)[1]))
    assert len(fetch(path, base).documents) == 9
    screened = fetch(path, base, screen="korean")
    assert len(screened.documents) == 3 and screened.ignored == {"index_line": 1, "not_korean": 6}


def test_every_other_row_is_counted_by_its_reason(tmp_path, base):
    _, rows = crawl(9)
    rows[0]["fetch_status"], rows[1]["fetch_status"] = 301, 404
    rows[2]["content_mime_detected"], rows[3]["content_mime_detected"] = "application/pdf", "chemical/x"
    rows[4]["content_languages"], rows[5]["content_languages"] = None, "kok,korx"
    rows[6]["content_mime_detected"] = None
    expected = {"http_3xx": 1, "http_4xx": 1, "content_type:application": 1, "content_type:other": 1, "no_language": 1}
    for path in (parquet(tmp_path / "a.parquet", rows), write(tmp_path / "a.cdxj", cdxj(rows))):
        result = fetch(path, base)
        assert result.ignored == {**expected, "not_korean": 3} and len(result.documents) == 1


def test_an_index_without_languages_fetches_all_pages(tmp_path, base):
    rows = [{key: value for key, value in row.items() if key != "content_languages"} for row in crawl(9)[1]]
    assert len(fetch(parquet(tmp_path / "a.parquet", rows), base).documents) == 9


def test_what_cannot_be_fetched_is_quarantined_by_its_reason(tmp_path, base):
    _, rows = crawl(9)
    korean = rows[0]
    end = rows[8]["warc_record_offset"] + rows[8]["warc_record_length"]
    changes = [
        {},
        {"warc_filename": NAME + "x"},
        {"warc_record_offset": end - 10},
        {"warc_record_offset": end + 1000},
        {"warc_record_offset": korean["warc_record_offset"] + 5},
        {"warc_record_length": korean["warc_record_length"] - 20},
        {"warc_record_length": None},
        {"warc_record_offset": -5},
        {"warc_filename": "../../" + NAME},
        {"warc_filename": "/etc/hostname"},
        {"warc_filename": "s3://other/" + NAME},
        {"warc_record_length": 1 << 40},
        {"warc_filename": "crawl-data"},
        {"warc_filename": "x" * 5000},
        {"warc_filename": "a\0b"},
    ]
    reasons = [
        "missing", "range", "range", "garbage", "truncated", "index", "index", "index", "index", "index", "too_large",
        "missing", "missing", "index",
    ]  # fmt: skip
    bad = [{**korean, **change} for change in changes]
    for path in (parquet(tmp_path / "a.parquet", bad), write(tmp_path / "a.cdxj", cdxj(bad))):
        result = fetch(path, base)
        assert result.reasons == reasons and len(result.documents) == 1
        assert [row["offset"] for row in result.quarantined] == list(range(1, len(bad)))
    assert "no such file below the base" in result.quarantined[0]["message"]


def test_broken_lines_and_broken_files(tmp_path, base):
    lines = (
        cdxj(crawl(3)[1])
        + b"no line of an index\norg)/ 2024 {broken\n\n"
        + b"x" * 3_000_000
        + b"\n"
        + cdxj(crawl(1)[1])
    )
    result = fetch(write(tmp_path / "a.cdxj", lines), base)
    assert result.reasons == ["index"] * 3 and len(result.documents) == 0 + 1 + 1 and result.ignored["blank_line"] == 1
    whole = gzip.compress(cdxj(crawl(9)[1]))
    assert fetch(write(tmp_path / "b.cdxj.gz", whole[:-20]), base).reasons == ["truncated"]
    assert fetch(write(tmp_path / "c.parquet", b"PAR1 and no more"), base).reasons == ["parquet"]
    other = parquet(tmp_path / "d.parquet", [{"text": "글"}])
    result = fetch(other, base)
    assert result.reasons == ["index"] and "no column warc_filename" in result.quarantined[0]["message"]


@pytest.mark.parametrize("form", ["parquet", "cdxj"])
def test_shards_hold_a_bounded_number_of_records_and_together_the_same_documents(tmp_path, base, form, monkeypatch):
    _, rows = crawl(9)
    path = tmp_path / f"index.{form}"
    rows = rows * 11
    if form == "parquet":
        parquet(path, rows, row_group_size=10)
    else:
        write(path, cdxj(rows))
    whole = fetch(path, base)
    monkeypatch.setattr(cc_index, "RECORDS", 4)
    spec = InputSpec(path=str(path), format="cc_index", base=base)
    shards = plan_shards([spec])
    assert len(shards) == 9 and [shard.start for shard in shards][:3] == [0, 12, 24]
    assert plan_shards([spec]) == shards
    assert fetch(path, base).documents == whole.documents and len(whole.documents) == 33
    assert fetch(path, base).ignored == whole.ignored
    sized = plan_shards([spec], 2 * rows[0]["warc_record_length"] + 10)
    assert len(sized) == 17


def test_many_records_are_fetched_in_groups_in_the_order_of_their_rows(tmp_path, base, monkeypatch):
    monkeypatch.setattr(cc_index, "_RANGES", 2)
    _, rows = crawl(9)
    path = parquet(tmp_path / "a.parquet", [rows[6], rows[3], rows[0], rows[3]])
    result = fetch(path, base)
    assert [row["url"][-1] for row in result.documents if row] == ["6", "3", "0", "3"]


def test_a_remote_base(tmp_path, base):
    data, rows = crawl(9)
    files = fsspec.filesystem("memory")
    files.pipe(f"/crawl/{NAME}", data)
    rows.append({**rows[0], "warc_filename": "none"})
    rows.append({**rows[0], "warc_record_offset": len(data)})
    path = parquet(tmp_path / "a.parquet", rows)
    result = fetch(path, "memory://crawl/")
    assert len(result.documents) == 3 and result.reasons == ["missing", "range"]
    assert result.documents == fetch(path, base).documents
    files.rm("/crawl", recursive=True)


class _Busy:
    """A storage that refuses some requests."""

    def __init__(self, errors: list[Exception], content: bytes):
        self.errors, self.content = errors, content

    def cat_ranges(self, paths, starts, ends, on_error):
        assert on_error == "return"
        found = zip(starts, ends, strict=True)
        return [self.errors.pop(0) if self.errors else self.content[start:end] for start, end in found]


def refuse(monkeypatch, errors: list[Exception], content: bytes) -> list[float]:
    pauses: list[float] = []
    busy = _Busy(errors, content)
    monkeypatch.setattr(ranges.fsspec.core, "url_to_fs", lambda url: (busy, "/base"))
    monkeypatch.setattr(ranges.time, "sleep", pauses.append)
    return pauses


def test_a_busy_server_is_asked_again(tmp_path, monkeypatch):
    data, rows = crawl(9)
    path = parquet(tmp_path / "a.parquet", rows)
    spec = InputSpec(path=str(path), format="cc_index", base="s3://bucket")
    shard = plan_shards([spec])[0]
    reader = cc_index.CcIndex()
    limits, guard = (importlib.import_module(f"algok.pipelines.readers.{name}") for name in ("limits", "collector"))

    def documents() -> int:
        chunks = reader.read(shard, spec, limits.ReadLimits(), guard.NoGuard())
        return sum(chunk.documents for chunk in chunks)

    pauses = refuse(monkeypatch, [OSError("slow down"), OSError("slow down")], data)
    assert documents() == 3 and pauses == [1.0]
    pauses = refuse(monkeypatch, [OSError("down")] * 99, data)
    with pytest.raises(InputError, match=r"s3://bucket/crawl-data/.*cannot be read: down"):
        documents()
    assert pauses == [1.0, 5.0, 20.0]
    pauses = refuse(monkeypatch, [PermissionError("denied")], data)
    with pytest.raises(InputError, match="denied"):
        documents()
    assert not pauses
    refuse(monkeypatch, [OSError("InvalidRange: the requested range is not satisfiable")], data)
    assert documents() == 2

    class _WholeFiles(_Busy):
        def cat_ranges(self, paths, starts, ends, on_error):
            return [self.content for _ in paths]

    whole = _WholeFiles([], data)
    monkeypatch.setattr(ranges.fsspec.core, "url_to_fs", lambda url: (whole, "/base"))
    with pytest.raises(InputError, match="whole files"):
        documents()


def test_a_capture_that_is_named_twice_is_two_documents(tmp_path, base):
    _, rows = crawl(9)
    result = fetch(parquet(tmp_path / "a.parquet", [rows[3], rows[3]]), base)
    assert result.texts[0] == result.texts[1] and len({row["id"] for row in result.documents}) == 2


@pytest.mark.parametrize("form", ["parquet", "cdxj"])
def test_the_contract_of_readers(tmp_path, base, form):
    _, rows = crawl(9)
    path = tmp_path / f"index.{form}"
    parquet(path, rows) if form == "parquet" else write(path, cdxj(rows))
    check_reader(cc_index.CcIndex, path, InputSpec(path="x", format="cc_index", base=base))


def test_the_format_must_be_said_and_a_base_is_of_it_alone(tmp_path):
    path = parquet(tmp_path / "index.parquet", crawl(3)[1])
    assert plan_shards([InputSpec(path=str(path))])[0].format == "parquet"
    recipe = "inputs: [{path: x, format: %s, base: %s}]\noutput: y\nsteps: {heuristics: {}}\n"
    assert recipe_from_text(recipe % ("cc_index", "s3://commoncrawl/")).inputs[0].base == "s3://commoncrawl/"
    with pytest.raises(RecipeError, match="base is of the format cc_index, this is warc"):
        recipe_from_text(recipe % ("warc", "s3://commoncrawl/"))
    with pytest.raises(RecipeError, match=r"password|credential|key"):
        recipe_from_text(recipe % ("cc_index", "s3://key:secret@commoncrawl/"))
