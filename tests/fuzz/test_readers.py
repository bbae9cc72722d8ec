"""Readers over damaged files of every format: they never raise, foresee every failure, and account for every record.

A failure names its seed: `pytest tests/fuzz/test_readers.py -k jsonl --fuzz-seed 1234` tries it first, and `--fuzz 100` goes a
hundred times as far as the suite.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import tarfile

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fuzz.mutate import mutated
from office import docx, epub, hwp, hwp_paragraph, hwp_table, hwpx, odt, pdf, pptx, rtf, zipped
from reading import SENTENCE, lines, read, warc, warc_record, write, zstd
from wikis import STATUTE, cirrussearch, namuwiki, wikipedia

from algok.pipelines.readers.limits import ReadLimits

ROUNDS = 80  # per sample in the suite
FEWER = 80  # for wikis and law, whose framing and fields are those of other formats
WIKIS = ("wiki.xml", "cirrus.json", "namu.json", "law.xml")
PAGE = (
    f"<!DOCTYPE html><html><head><title>봄</title></head><body><article><p>{SENTENCE * 9}</p></article></body></html>"
)
ROWS = [
    {"text": f"{SENTENCE}{n}", "url": f"https://h.example.com/{n}", "id": n, "meta": {"a": [n, None]}, "turns": [{"say": "말"}]}
    for n in range(12)
] + [{"text": PAGE, "date": "2024-01-02", "x": 0.5}]  # fmt: skip
FEED = (
    f"<?xml version='1.0'?><rss><channel><title>소식</title><item><title>하나</title><description><![CDATA[<p>{SENTENCE}</p>]]>"
    "</description></item></channel></rss>"
)


def arc() -> bytes:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + PAGE.encode()
    heads = [f"http://h.example.com/{n} 203.0.113.7 20040301120000 text/html {len(page)}\n".encode() for n in range(5)]
    return b"filedesc://x.arc 0.0.0.0 20040301120000 text/plain 8\n1 0 Test\n" + b"".join(
        h + page + b"\n" for h in heads
    )


def pages() -> bytes:
    """Web records of every kind: chunked, compressed, feeds, plain text, other charsets."""
    body, http = PAGE.encode(), b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    return b"".join([
        warc_record(0, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body), http=http + b"Transfer-Encoding: chunked\r\n\r\n"),
        warc_record(1, gzip.compress(body), http=http + b"Content-Encoding: gzip\r\n\r\n"),
        warc_record(2, FEED.encode(), http=b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n\r\n"),
        warc_record(3, PAGE.encode("cp949"), http=b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=euc-kr\r\n\r\n"),
        warc_record(4, SENTENCE.encode("utf-16"), http=b"HTTP/1.1 200 OK\r\n\r\n"),
        warc_record(5, SENTENCE.encode(), kind="conversion", http=None),
    ])  # fmt: skip


def table() -> pa.Table:
    """Columns of many types, some of them nested."""
    count = len(ROWS)
    return pa.table({
        "text": pa.array([row["text"] for row in ROWS], pa.large_string()),
        "url": pa.array([row.get("url") for row in ROWS]),
        "date": pa.array(range(count), pa.timestamp("us", tz="Asia/Seoul")),
        "day": pa.array(range(count), pa.date32()),
        "tags": pa.array([["가", None]] * count),
        "box": pa.array([{"a": "가", "b": [1.5]}] * count),
        "kind": pa.array(["x", "y"] * (count // 2) + ["x"]).dictionary_encode(),
        "raw": pa.array([b"\xff\0"] * count),
    })  # fmt: skip


def parquet(**options) -> bytes:
    out = io.BytesIO()
    pq.write_table(table(), out, row_group_size=5, **options)
    return out.getvalue()


def arrow(opened) -> bytes:
    out = io.BytesIO()
    with opened(out, table().schema) as sink:
        sink.write_table(table(), max_chunksize=5)
    return out.getvalue()


def cells(delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["id", "text", "url"], delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(ROWS)
    return out.getvalue().encode()


def archived(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


SAMPLES = {
    "a.jsonl": lines(*ROWS),
    "cp949.jsonl": b"".join(orjson.dumps(row).decode().encode("cp949") + b"\n" for row in ROWS),
    "utf16.json": orjson.dumps(ROWS).decode().encode("utf-16"),
    "a.json": orjson.dumps(ROWS, option=orjson.OPT_INDENT_2),
    "a.csv": cells(","),
    "a.tsv": cells("\t"),
    "a.warc": warc(6),
    "pages.warc": pages(),
    "a.arc": arc(),
    "a.parquet": parquet(),
    "plain.parquet": parquet(compression="none", use_dictionary=False),
    "a.arrow": arrow(pa.ipc.new_file),
    "a.arrows": arrow(pa.ipc.new_stream),
    "a.html": PAGE.encode(),
    "a.md": f"---\ntitle: 봄\ntags: [가, 나]\n---\n# 봄\n{SENTENCE}".encode(),
    "a.txt": (SENTENCE * 9).encode("cp949"),
    "noextension": lines(*ROWS),
    "a.hwp": hwp(hwp_paragraph(SENTENCE) + hwp_paragraph("표", controls=hwp_table([["가", "나"], ["다", SENTENCE]]))),
    "plain.hwp": hwp(hwp_paragraph(SENTENCE * 9) + hwp_table([["가", "나"]]), flags=0, pack=False),
    "a.hwpx": hwpx([SENTENCE] * 9),
    "a.pdf": pdf([[SENTENCE] * 9] * 4),
    "a.docx": docx([SENTENCE] * 9),
    "a.pptx": pptx([SENTENCE] * 3),
    "a.odt": odt([SENTENCE] * 9),
    "a.epub": epub([SENTENCE] * 3),
    "a.rtf": rtf([SENTENCE] * 9),
    "wiki.xml": wikipedia().encode(),
    "cirrus.json": cirrussearch(),
    "namu.json": namuwiki(),
    "law.xml": STATUTE.encode(),
    "a.zip": zipped({"a.hwpx": hwpx([SENTENCE]), "b.txt": SENTENCE, "c.pdf": pdf([[SENTENCE]])}),
    "records.zip": zipped({
        "a.json": orjson.dumps({"metadata": {"category": "신문"}, "document": [{"paragraph": [{"form": SENTENCE}]}] * 3}),
        "b.csv": f"원문,번역문\n{SENTENCE},x\n".encode("cp949"),
        "c.xml": f"<records><record><title>봄</title><content>{SENTENCE}&nbsp;</content></record></records>",
        "d.zip": zipped({"e.jsonl": lines(*[{"utterances": [{"role": "a", "text": SENTENCE}]}] * 3), "f.json": b'{"a": 1,}'}),
        "g.json": json.dumps([{"talk": {"content": {"HS01": SENTENCE}}}], ensure_ascii=False).encode("utf-16"),
    }),
    "records.tar": archived({
        "a.json": orjson.dumps({"Meta": {"doc_name": "봄", "passage": SENTENCE}}),
        "b.xml": f"<tei.2><text><body><p>{SENTENCE}<p>{SENTENCE}</body></text></tei.2>".encode("utf-16"),
        "c.zip": zipped({"d.json": orjson.dumps({"documents": [{"text": [[{"sentence": SENTENCE}]]}]})}),
    }),
    "a.tar": archived({"a.hwpx": hwpx([SENTENCE]), "b.txt": SENTENCE.encode(), "c.rtf": rtf([SENTENCE])}),
}  # fmt: skip
# Damage at the beginning must not make another format of them.
DECLARED = {
    "noextension": "jsonl", "wiki.xml": "wikipedia", "cirrus.json": "cirrussearch", "namu.json": "namuwiki", "law.xml": "law",
}  # fmt: skip
PACKERS = {".gz": gzip.compress, ".zst": zstd, ".bz2": bz2.compress, ".xz": lzma.compress}
PACKED = ("wiki.xml", "namu.json", "a.jsonl", "a.json", "a.csv", "a.txt", "a.warc", "pages.warc", "a.arc")
LIMITS = [ReadLimits(), ReadLimits(document_bytes=1024, line_bytes=1024, page_bytes=1024, nesting=16)]
COLUMNS = [{}, {}, {}, {"text": "url"}, {"text": "turns[].say"}, {"text": "box.a", "url": "tags"}, {"text": "tags[]"}]
OTHERS = list(SAMPLES.values())


def damaged(name: str, rng: random.Random) -> tuple[str, bytes]:
    """A file name and its damaged content; what is compressed is damaged before or behind, archives as one or many members."""
    data = SAMPLES[name]
    if name not in PACKED or rng.random() < 0.5:
        return name, mutated(data, OTHERS, rng)
    archive = name.endswith((".warc", ".arc"))
    suffix, pack = rng.choice([pair for pair in PACKERS.items() if not archive or pair[0] in (".gz", ".zst")])
    if rng.random() < 0.5:
        data = mutated(data, OTHERS, rng)
    cuts = sorted(rng.choices(range(len(data) + 1), k=rng.randint(0, 3)))
    parts = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    packed = b"".join(map(pack, parts))
    return name + suffix, packed if rng.random() < 0.3 else mutated(packed, [packed, *OTHERS], rng)


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_damaged_file_is_read_to_its_end(tmp_path, seeds, sample):
    for seed in seeds(FEWER if sample in WIKIS else ROUNDS):
        rng = random.Random(f"{sample} {seed}")
        name, data = damaged(sample, rng)
        path = write(tmp_path / name, data)
        options = {"columns": rng.choice(COLUMNS), "html": rng.choice(("auto", "auto", "never", "url"))}
        if sample in DECLARED:
            options["format"] = DECLARED[sample]
        if sample.startswith("records"):
            options = {"format": "records", "side": rng.choice(("source", "both"))}
        limits = rng.choice(LIMITS)
        try:
            found = read(path, limits, **options)
            pieces = read(path, limits, split_bytes=rng.randint(1, 4000), **options)
        except BaseException as error:
            raise AssertionError(f"{sample}: --fuzz-seed {seed} raises {type(error).__name__}") from error
        unforeseen = [row["message"] for row in found.quarantined if row["reason"] == "error"]
        assert not unforeseen, f"{sample}: --fuzz-seed {seed}: {unforeseen[0]}"
        if sample.endswith((".jsonl", ".parquet")):
            assert pieces.documents == found.documents, f"{sample}: --fuzz-seed {seed}: pieces give other documents"
