"""Formats beside WARC, JSON Lines, Parquet and text: pages of HTML in files and columns, ARC, CSV, TSV, Arrow, JSON."""

import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import hwpx, pdf, zipped
from wikis import STATUTE, cirrussearch, namuwiki, wikipedia

from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.reader import read_shard
from algok.pipelines.readers.registry import all_readers, reader
from algok.pipelines.readers.spec import InputSpec
from algok.testing import check_reader

ARTICLE = "봄이 오면 마을 사람들은 산으로 나물을 캐러 간다. 바구니에 냉이와 달래가 가득 담긴다. " * 4
PAGE = (
    "<!DOCTYPE html><html><head><meta charset='{charset}'><title>봄나물</title></head><body>"
    f"<nav><a href='/'>처음으로</a></nav><article><p>{ARTICLE}</p></article></body></html>"
)
NOT_PAGES = ["<html> 태그는 문서의 시작이다.", "<p>문단</p> 뒤에 글", "HTML: <!DOCTYPE html><html></html>"]


def page(charset: str = "utf-8") -> bytes:
    return PAGE.format(charset=charset).encode(charset)


def read(path, limits=None, split_bytes=256 << 20, **options):
    """(documents, quarantined rows, ignored) of an input."""
    spec = InputSpec(path=str(path), **options)
    rows, quarantined, ignored, records = [], [], {}, 0
    for shard in plan_shards([spec], split_bytes):
        for chunk in read_shard(shard, spec, limits):
            records += chunk.records
            rows += chunk.batch.to_pylist() if chunk.batch is not None else []
            quarantined += chunk.quarantined
            for reason, count in chunk.ignored.items():
                ignored[reason] = ignored.get(reason, 0) + count
    assert records == len(rows) + sum(row["rows"] for row in quarantined) + sum(ignored.values())
    return rows, quarantined, ignored


def arc_record(url: str, body: bytes, mime: str = "text/html", stamp: str = "20040301120000") -> bytes:
    return f"{url} 203.0.113.7 {stamp} {mime} {len(body)}\n".encode() + body + b"\n"


def http(body: bytes, mime: str = "text/html", status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {mime}\r\n\r\n".encode() + body


def arc_records() -> list[bytes]:
    version = b"1 0 Example\nURL IP-address Archive-date Content-type Archive-length\n"
    return [
        arc_record("filedesc://x.arc", version, "text/plain"),
        arc_record("http://h.example.com/1", http(page())),
        arc_record("dns:h.example.com", b"h.example.com. 1 IN A 203.0.113.7\n", "text/dns"),
        arc_record("http://h.example.com/2", http(page("euc-kr")), stamp="20040302"),
        arc_record("http://h.example.com/3", http(b"", status="404 Not Found")),
        arc_record("http://h.example.com/4", http(b"\x89PNG", "image/png"), "image/png"),
    ]


# Every format has a sound sample, and every reader is held to the public contract with it.


def write_sample(name: str, folder):
    rows = [
        {"text": f"{number}번째 글이다.\n둘째 줄 “인용”", "url": f"https://h.example.com/{number}"}
        for number in range(30)
    ]
    table = pa.Table.from_pylist(rows)
    path = folder / f"sample{reader(name).extensions[0]}"
    if name == "warc":
        payloads = [http(page()) for _ in range(4)]
        head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://h.example.com/\r\nContent-Length: "
        path.write_bytes(b"".join(f"{head}{len(body)}\r\n\r\n".encode() + body + b"\r\n\r\n" for body in payloads))
    elif name == "arc":
        path.write_bytes(b"".join(arc_records()))
    elif name == "parquet":
        pq.write_table(table, path, row_group_size=7)
    elif name == "feather":
        with pa.ipc.new_file(path, table.schema) as sink:
            sink.write_table(table, max_chunksize=7)
    elif name == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif name == "json":
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    elif name in ("csv", "tsv"):
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, ["text", "url"], delimiter="," if name == "csv" else "\t")
            writer.writeheader()
            writer.writerows(rows)
    elif name == "wikipedia":
        path.write_text(wikipedia(30))
    elif name == "cirrussearch":
        path.write_bytes(cirrussearch(30))
    elif name == "namuwiki":
        path.write_bytes(namuwiki(30))
    elif name == "law":
        path.write_text(STATUTE)
    elif name == "archive":
        path.write_bytes(zipped({"a.txt": ARTICLE, "b.hwpx": hwpx([ARTICLE])}))
    elif name == "records":
        path = folder / "sample.zip"
        members = [{"document": [{"paragraph": [{"form": f"{n}번째 글이다."}]}] * 2} for n in range(9)]
        path.write_bytes(zipped({f"{n}.json": json.dumps(member) for n, member in enumerate(members)}))
    elif name == "document":
        path.write_bytes(pdf([[ARTICLE]]))
    else:
        path.write_bytes(page() if name == "html" else ARTICLE.encode())
    return path


# An index names records of other files: test_cc_index.py.
OURS = [one.name for one in all_readers() if type(one).__module__.startswith("algok.") and one.name != "cc_index"]


@pytest.mark.parametrize("name", OURS)
def test_our_readers_keep_the_public_contract(name, tmp_path):
    check_reader(type(reader(name)), write_sample(name, tmp_path))


# HTML


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.xhtml", "a.html.gz", "no_extension"])
@pytest.mark.parametrize("charset", ["utf-8", "euc-kr"])
def test_html_files_give_their_main_text(tmp_path, name, charset):
    data = page(charset)
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    rows, quarantined, _ = read(tmp_path)
    assert [row["text"] for row in rows] == [ARTICLE.strip()] and not quarantined
    meta = json.loads(rows[0]["meta"])
    assert meta["title"] == "봄나물" and meta["file_name"] == name


def test_a_folder_of_pages_shares_a_shard(tmp_path):
    for number in range(5):
        (tmp_path / f"{number}.html").write_bytes(page())
    (tmp_path / "empty.html").write_bytes(b"")
    (tmp_path / "binary.html").write_bytes(b"\x89PNG")
    shards = plan_shards([InputSpec(path=str(tmp_path))])
    rows, _, ignored = read(tmp_path)
    assert len(shards) == 1 and len(rows) == 6 and ignored == {"not_text": 1}


@pytest.mark.parametrize("form", ["jsonl", "parquet", "feather", "csv", "json"])
@pytest.mark.parametrize("column", ["text", "html"])
def test_pages_in_columns_are_found_by_a_strict_sniff(tmp_path, form, column):
    rows = [{column: page().decode(), "url": "https://h.example.com/"}, {column: page().decode(), "url": None}]
    path = write_rows(tmp_path, form, rows)
    columns = {"text": column} if form in ("parquet", "feather") else {}
    found, quarantined, _ = read(path, columns=columns)
    assert [row["text"] for row in found] == [ARTICLE.strip()] * 2 and not quarantined
    assert json.loads(found[0]["meta"])["title"] == "봄나물"


@pytest.mark.parametrize("form", ["jsonl", "parquet", "csv"])
def test_what_only_talks_of_html_stays_as_it_is(tmp_path, form):
    path = write_rows(tmp_path, form, [{"text": text} for text in NOT_PAGES])
    assert [row["text"] for row in read(path)[0]] == NOT_PAGES


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_html_declared_and_never(tmp_path, form):
    fragment = "<p>봄이 왔다.</p><p>꽃이 핀다.</p>"
    path = write_rows(tmp_path, form, [{"body": fragment, "text": page().decode()}])
    assert read(path, html="body")[0][0]["text"] == "봄이 왔다.\n\n꽃이 핀다."
    assert read(path, html="never")[0][0]["text"] == page().decode()


def test_a_page_without_text_in_a_column_is_accounted_for(tmp_path):
    deep = "<!doctype html><html><body>" + "<div>" * 400 + "</body></html>"
    path = write_rows(tmp_path, "parquet", [{"text": "앞 글"}, {"text": deep}, {"text": page().decode()}])
    rows, quarantined, _ = read(path, ReadLimits(nesting=100))
    assert [row["offset"] for row in rows] == [0, 2]
    assert [(row["offset"], row["reason"]) for row in quarantined] == [(1, "too_deep")]


def write_rows(folder, form: str, rows: list[dict]):
    path = folder / f"rows.{form}"
    if form == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif form == "json":
        path.write_text(json.dumps(rows, ensure_ascii=False))
    elif form == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif form == "feather":
        with pa.ipc.new_stream(path, pa.Table.from_pylist(rows).schema) as sink:
            sink.write_table(pa.Table.from_pylist(rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


# ARC


@pytest.mark.parametrize("form", ["plain", "members", "one member"])
def test_arc(tmp_path, form):
    records = arc_records()
    path = tmp_path / ("a.arc" if form == "plain" else "a.arc.gz")
    whole = b"".join(records)
    members = b"".join(map(gzip.compress, records)) if form == "members" else gzip.compress(whole)
    path.write_bytes(whole if form == "plain" else members)
    rows, quarantined, ignored = read(path)
    assert [row["text"] for row in rows] == [ARTICLE.strip()] * 2 and not quarantined
    assert [row["date"] for row in rows] == ["2004-03-01T12:00:00Z", "2004-03-02"]
    assert rows[0]["url"] == "http://h.example.com/1"
    assert ignored == {"warcinfo": 1, "metadata": 1, "http_4xx": 1, "content_type:image": 1}


@pytest.mark.parametrize("length", [3, 9_000_000, 10**12])
def test_a_wrong_length_in_arc_costs_one_record(tmp_path, length):
    records = arc_records()
    head, _, body = records[1].partition(b"\n")
    records[1] = b" ".join([*head.split(b" ")[:-1], str(length).encode()]) + b"\n" + body
    path = tmp_path / "a.arc"
    path.write_bytes(b"".join(records))
    rows, quarantined, _ = read(path)
    assert [row["url"] for row in rows] == ["http://h.example.com/2"] and len(quarantined) == 1


# CSV and TSV


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_in_any_charset_with_lines_inside_of_cells(tmp_path, charset, separator):
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    texts = [f'{number}. 첫 줄은 "인용"이다.\n둘째 줄, 쉼표; 쌍반점' for number in range(20)]
    writer.writerows([["번호", "text", "date"], *([n, text, "2024-01-02"] for n, text in enumerate(texts))])
    path = tmp_path / "a.csv"
    path.write_bytes(out.getvalue().encode(charset))
    rows, quarantined, _ = read(path)
    assert [row["text"] for row in rows] == texts and not quarantined
    assert rows[3]["date"] == "2024-01-02" and json.loads(rows[3]["meta"])["번호"] == "3"


def test_csv_rows_that_do_not_fit(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,url\n글 하나,https://h.example.com/1\n\n글, 둘,셋\n글 넷\n,\n")
    rows, quarantined, ignored = read(path)
    assert [row["text"] for row in rows] == ["글 하나", "글 넷"]
    assert [(row["offset"], row["reason"]) for row in quarantined] == [(2, "csv"), (4, "no_text")]
    assert ignored == {"blank_line": 1}


def test_tsv_with_a_lone_quotation_mark_keeps_its_rows(tmp_path):
    path = tmp_path / "ratings.tsv"
    path.write_text('id\ttext\tlabel\n1\t"정말 좋았다\t1\n2\t보통이다\t0\n3\t"최고"라고 하더라\t1\n')
    assert [row["text"] for row in read(path)[0]] == ['"정말 좋았다', "보통이다", '"최고"라고 하더라']


def test_tsv_with_quoted_cells(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('id\ttext\n1\t"첫 줄\n둘째 줄"\n2\t"그는 ""예""라고 했다"\n')
    assert [row["text"] for row in read(path)[0]] == ["첫 줄\n둘째 줄", '그는 "예"라고 했다']


def test_csv_without_a_text_column_names_what_is_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("제목,본문\n봄,봄이 왔다는 소식이다\n")
    _, quarantined, _ = read(path)
    assert quarantined[0]["reason"] == "no_text" and "본문" in quarantined[0]["message"]


def test_csv_cut_inside_of_its_compression(tmp_path):
    rows = "".join(f"{number},글 {number}\n" for number in range(50_000))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(f"id,text\n{rows}".encode())[:-20_000])
    documents, quarantined, _ = read(path)
    assert len(documents) > 1000 and quarantined[-1]["reason"] == "truncated"


# Arrow


def test_arrow_files_split_between_batches_and_a_damaged_batch_costs_itself(tmp_path):
    table = pa.table({"text": [f"글 {number}" for number in range(100)]})
    path = tmp_path / "a.arrow"
    with pa.ipc.new_file(path, table.schema) as sink:
        sink.write_table(table, max_chunksize=10)
    whole = read(path)[0]
    assert [row["text"] for row in whole] == table["text"].to_pylist()
    assert read(path, split_bytes=500)[0] == whole
    assert len(plan_shards([InputSpec(path=str(path))], 500)) > 2


# JSON documents


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("tail", ["", ".gz"])
def test_an_array_of_objects(tmp_path, indent, tail):
    items = [{"text": f'글 {number} }} \\ "', "url": f"https://h.example.com/{number}"} for number in range(200)]
    data = json.dumps(items, ensure_ascii=False, indent=indent).encode()
    path = tmp_path / f"a.json{tail}"
    path.write_bytes(gzip.compress(data) if tail else data)
    rows, quarantined, _ = read(path)
    assert [row["text"] for row in rows] == [item["text"] for item in items] and not quarantined
    assert all(data[row["offset"] :].startswith(b"{") for row in rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{\n  "text": "한 개"\n}\n', ["한 개"]),
        ('\ufeff[{"text": "하나"}, {"text": "둘"}]', ["하나", "둘"]),
        ('{"text": "하나"}\n{"text": "둘"}\n', ["하나", "둘"]),
        ('{\n"text": "하나"\n}\n{\n"text": "둘"\n}', ["하나", "둘"]),
        ('{"text": "한 줄"}', ["한 줄"]),
        ("[]", []),
        ("", []),
        (" \n", []),
    ],
)
def test_forms_of_a_json_file(tmp_path, text, expected):
    path = tmp_path / "a.json"
    path.write_text(text)
    rows, quarantined, _ = read(path)
    assert [row["text"] for row in rows] == expected and not quarantined


def test_a_broken_item_costs_itself_and_an_open_one_the_rest(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('[{"text": "하나"}, {"text": 둘}, "셋", {"text": "넷"}, {"text": "다섯"')
    rows, quarantined, _ = read(path)
    assert [row["text"] for row in rows] == ["하나", "넷"]
    assert [row["reason"] for row in quarantined] == ["json", "not_object", "truncated"]


def test_an_object_over_the_limit_passes_by(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"text": "하나"}, {"text": "긴" * 4000}, {"text": "셋"}], ensure_ascii=False))
    rows, quarantined, _ = read(path, ReadLimits(line_bytes=4096))
    assert [row["text"] for row in rows] == ["하나", "셋"]
    assert quarantined[0]["reason"] == "too_large" and "line_bytes" in quarantined[0]["message"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), min_size=1, max_size=8))
def test_any_text_survives_json_and_csv(tmp_path, texts):
    rows = [{"text": text} for text in texts]
    for form in ("json", "feather"):
        found, quarantined, _ = read(write_rows(tmp_path, form, rows))
        assert [row["text"] for row in found] == texts and not quarantined
