"""The carried demonstration corpus: rebuilt from its texts it is the same, and what it claims to plant is there."""

import gzip
import html
import importlib.util
import io
import json
import re
import unicodedata
import zlib
from collections import Counter
from itertools import combinations
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from fastwarc import ArchiveIterator, WarcRecordType
from hypothesis import given
from hypothesis import strategies as st

DEMO = Path(__file__).resolve().parents[1] / "demo"
CORPUS = DEMO / "corpus"

spec = importlib.util.spec_from_file_location("demo_build", DEMO / "build.py")
build = importlib.util.module_from_spec(spec)
spec.loader.exec_module(build)


@pytest.fixture(scope="module")
def truth() -> dict:
    return yaml.safe_load((DEMO / "expected.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def documents() -> dict[str, dict]:
    return {doc["id"]: doc for source in build.load(DEMO / "texts") for doc in source["documents"]}


@pytest.fixture(scope="module")
def pages() -> dict[str, tuple[str, bytes]]:
    """URL to (HTTP content type, body) of every whole response in the two WARC files."""
    found = {}
    for name in ("news.warc.gz", "web.warc.gz"):
        stream = io.BytesIO(unzipped(CORPUS / name))
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
            body = record.reader.read()
            if record.http_headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            found[record.headers["WARC-Target-URI"]] = (record.http_headers["Content-Type"], body)
    return found


def unzipped(path: Path) -> bytes:
    """All gzip members of a file, as far as they go."""
    data, out = path.read_bytes(), []
    while data:
        member = zlib.decompressobj(31)
        out.append(member.decompress(data))
        data = member.unused_data
    return b"".join(out)


def contents(path: Path) -> object:
    """What a file says, apart from how this version of a library compresses it."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix == ".gz":
        return unzipped(path)
    if path.suffix == ".zst":
        with pa.input_stream(path, compression="zstd") as stream:
            return stream.read()
    return path.read_bytes()


def files(folder: Path) -> list[Path]:
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_rebuilding_gives_the_committed_corpus(tmp_path):
    build.build(DEMO / "texts", tmp_path)
    assert files(tmp_path / "corpus") == files(CORPUS)
    for path in files(CORPUS):
        assert contents(tmp_path / "corpus" / path) == contents(CORPUS / path), path
    assert (tmp_path / "expected.yaml").read_bytes() == (DEMO / "expected.yaml").read_bytes()


def test_building_twice_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        build.build(DEMO / "texts", tmp_path / name)
    for path in files(tmp_path / "one"):
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes(), path


def test_corpus_is_small(truth):
    assert sum((CORPUS / path).stat().st_size for path in files(CORPUS)) <= 600_000
    assert 70 <= len(truth["documents"]) <= 90


def test_every_document_has_a_fate(truth):
    ids = [doc["id"] for doc in truth["documents"]]
    assert len(set(ids)) == len(ids)
    for doc in truth["documents"]:
        assert doc["fate"] in ("kept", "one_of", "dropped", "quarantined", "ignored", "open"), doc["id"]
        assert ("by" in doc) == (doc["fate"] == "dropped"), doc["id"]
        assert (CORPUS / doc["file"]).is_file(), doc["id"]
        if doc["fate"] in ("kept", "one_of"):
            assert doc.get("contains") or doc.get("repaired"), doc["id"]
        assert ("cluster" in doc) == (doc["fate"] == "one_of"), doc["id"]
    clusters = Counter(doc["cluster"] for doc in truth["documents"] if "cluster" in doc)
    assert set(clusters) <= set(ids) and set(clusters.values()) == {2}


def test_good_documents_have_the_length_of_real_ones(truth, documents):
    lengths = [len(documents[doc["id"]]["text"]) for doc in truth["documents"] if doc["fate"] == "kept"]
    assert min(lengths) >= 250 and max(lengths) <= 1800


def shingles(text: str) -> set[str]:
    words = text.split()
    return {" ".join(words[at : at + 5]) for at in range(len(words) - 4)}


def test_near_duplicates_are_near_and_the_rest_is_not(truth, documents):
    cluster = {doc["id"]: doc.get("cluster", doc["id"]) for doc in truth["documents"]}
    sketches = {id_: shingles(doc.get("text", "")) for id_, doc in documents.items()}
    for (one, a), (other, b) in combinations([item for item in sketches.items() if len(item[1]) >= 20], 2):
        jaccard = len(a & b) / len(a | b)
        if cluster[one] == cluster[other]:
            assert jaccard >= 0.8, (one, other)
        else:
            assert jaccard < 0.1, (one, other)


def test_pages_hold_their_text_in_their_true_encoding(truth, documents, pages):
    checked = 0
    for doc in truth["documents"]:
        if doc.get("url") in pages and doc["fate"] in ("kept", "one_of"):
            page = pages[doc["url"]][1].decode(documents[doc["id"]].get("encoding", "utf-8"))
            assert all(html.escape(part, quote=False) in page for part in doc.get("contains", [])), doc["id"]
            checked += 1
    assert checked >= 36


@pytest.mark.parametrize(
    ("doc", "wrong"),
    [("blog-thai", "euc-kr"), ("blog-coffee", "euc-kr"), ("blog-bike", "utf-8"), ("edu-water", "utf-8")],
)
def test_wrong_declarations_are_wrong(documents, pages, doc, wrong):
    with pytest.raises(UnicodeDecodeError):
        pages[documents[doc]["url"]][1].decode(wrong)


def test_boilerplate_stands_on_ten_pages_of_one_host(truth, documents, pages):
    hosts = [documents[doc["id"]] for doc in truth["documents"] if "//news.example.org/" in doc.get("url", "")]
    for line in truth["boilerplate"]["news.warc.gz"]:
        seen = sum(line in pages[doc["url"]][1].decode(doc.get("encoding", "utf-8")) for doc in hosts)
        assert seen == len(hosts) >= 10


def test_two_lines_are_no_json():
    broken = []
    for line in unzipped(CORPUS / "community.jsonl.gz").split(b"\n")[:-1]:
        try:
            json.loads(line.decode("utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            broken.append(type(error))
    assert broken == [json.JSONDecodeError, UnicodeDecodeError]


def test_last_warc_member_is_cut():
    with pytest.raises(EOFError), gzip.open(CORPUS / "web.warc.gz") as stream:
        stream.read()
    with gzip.open(CORPUS / "news.warc.gz") as stream:
        assert stream.read().count(b"WARC-Type: response\r\n") == 16


def test_personal_data_and_hosts_are_invented():
    texts = "\n".join(path.read_text("utf-8") for path in (DEMO / "texts").rglob("*") if path.is_file())
    numbers = set(re.findall(r"(?<![\d-])\d{2,4}-\d{3,4}-\d{4}(?![\d-])", texts))
    assert numbers and all(re.match(r"010-0|02-000-", number) for number in numbers)  # no such exchanges
    assert all(
        re.search(r"(^|\.)example\.(com|net|org|kr)$|^no-such-place\.kr$", host)
        for host in re.findall(r"(?a)@([\w.-]+\.\w+)", texts)
    )
    links = re.findall(r"(?a)https?://([\w.-]+)", texts)
    assert links and all(re.search(r"(^|\.)example\.(com|net|org|kr)$", host) for host in links)


def cp1252_byte(char: str) -> bytes:
    return char.encode("latin-1") if char < "\u0100" else char.encode("cp1252")


UNDONE = {
    "cp949_as_latin1": lambda text: text.encode("latin-1").decode("cp949"),
    "utf8_as_cp1252": lambda text: b"".join(cp1252_byte(c) for c in text).decode("utf-8"),
    "entities": html.unescape,
    "nfd": lambda text: unicodedata.normalize("NFC", text),
    "zero_width": lambda text: re.sub("[\ufeff\u200b\u00ad]", "", text),
    "fullwidth": lambda text: unicodedata.normalize("NFKC", text),
    "spaced": lambda text: re.sub(r"(\S) (?=\S)", r"\1", text).replace("  ", " "),
}
PROSE = st.lists(st.text("가각똠햏한글띄어쓰기뷁0aZ,", min_size=1), min_size=1).map(" ".join)


@pytest.mark.parametrize("kind", UNDONE)
@given(text=PROSE)
def test_damage_can_be_undone(kind, text):
    assert UNDONE[kind](build.DAMAGE[kind](text)) == text


def test_damage_of_jamo_and_spaces():
    assert build.DAMAGE["halfwidth_jamo"]("각 한") == "ﾡￂﾡ ﾾￂﾤ"
    assert build.DAMAGE["unspaced"]("아버지가 방에") == "아버지가방에"
    assert build.DAMAGE["spaced"]("안녕 하세요") == "안 녕  하 세 요"
