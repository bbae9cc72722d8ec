"""Dumps of Wikipedia and Namuwiki: which pages become documents, what they say of themselves, what becomes of the rest."""

import bz2
import gzip

import orjson
import pytest
from reading import read, write, zstd
from wikis import HEAD, TAIL, cirrussearch, namuwiki, page, wikipedia

from algok.errors import InputError
from algok.pipelines.readers.inputs import plan_shards
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.spec import InputSpec

SAMPLES = {"wikipedia": wikipedia().encode(), "cirrussearch": cirrussearch(), "namuwiki": namuwiki()}
NAMES = {
    "wikipedia": "kowiki-20240101-pages-articles.xml", "cirrussearch": "kowiki-cirrussearch-content.json",
    "namuwiki": "namu.json",
}  # fmt: skip


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize(
    ("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".zst", zstd)]
)
def test_dumps_are_known_by_their_first_bytes(tmp_path, kind, suffix, pack):
    path = write(tmp_path / (NAMES[kind] + suffix), pack(SAMPLES[kind]))
    (shard,) = plan_shards([InputSpec(path=str(path))])
    assert shard.format == kind
    found = read(path)
    assert len(found.documents) == 6 and not found.quarantined


@pytest.mark.parametrize("name", ["rows.json", "rows.xml"])
def test_other_files_of_these_names_are_none_of_them(tmp_path, name):
    path = write(tmp_path / name, b'[{"text": "title"}]' if name.endswith("json") else b"<rss></rss>")
    if name.endswith("xml"):
        with pytest.raises(InputError, match="unknown format"):
            plan_shards([InputSpec(path=str(path))])
    else:
        assert plan_shards([InputSpec(path=str(path))])[0].format == "json"


def test_an_article_says_what_it_is(tmp_path):
    found = read(write(tmp_path / "a.xml", SAMPLES["wikipedia"]))
    first = found.documents[0]
    assert first["text"] == "마을 0은 산 & 들에 있다." and first["source"] == "encyclopedia"
    assert first["date"] == "2024-01-02T03:04:05Z"
    assert first["url"] == "https://ko.wikipedia.org/wiki/%EB%A7%88%EC%9D%84_0"
    assert found.meta[3] == {"title": "마을 3", "page": 3, "revision": 903, "categories": ["마을"]}
    assert found.ignored == {"redirect": 1, "disambiguation": 1, "namespace_10": 1}
    assert "누군가" not in orjson.dumps(found.documents).decode()
    named = read(write(tmp_path / "a.xml", SAMPLES["wikipedia"]), source="wiki", provenance="translated")
    assert {(row["source"], row["provenance"]) for row in named.documents} == {("wiki", "translated")}


def test_pages_are_the_same_from_any_cut_and_from_many_streams(tmp_path):
    data = SAMPLES["wikipedia"]
    whole = read(write(tmp_path / "a.xml", data)).documents
    for pieces in (60, 333, 1000):
        assert read(tmp_path / "a.xml", split_bytes=pieces).documents == whole
    streams = b"".join(bz2.compress(data[start : start + 700]) for start in range(0, len(data), 700))
    many = read(write(tmp_path / "b.xml.bz2", streams)).documents
    assert [(row["offset"], row["text"]) for row in many] == [(row["offset"], row["text"]) for row in whole]


def test_a_broken_page_costs_only_itself(tmp_path):
    broken = page(1, "가", "글").replace("</title>", "</titel>")
    unclosed = page(2, "나", "글").replace("  </page>\n", "")
    large = page(3, "다", "글" * 3000)
    dump = HEAD + page(4, "라", "앞") + broken + unclosed + page(5, "마", "가운데") + large + page(6, "바", "뒤") + TAIL
    found = read(write(tmp_path / "a.xml", dump), ReadLimits(line_bytes=2000))
    assert found.texts == ["앞", "가운데", "뒤"] and found.reasons == ["xml", "truncated", "too_large"]
    cut = read(write(tmp_path / "b.xml", dump[: dump.index("가운데")]))
    assert cut.texts == ["앞"] and cut.reasons[-1] == "truncated"
    streams = bz2.compress((HEAD + page(4, "라", "앞")).encode()) + bz2.compress(dump.encode())[:-20]
    ended = read(write(tmp_path / "c.xml.bz2", streams))
    assert ended.texts == ["앞"] and ended.reasons == ["truncated"]


def test_pages_without_prose_and_of_other_models_are_counted(tmp_path):
    pages = [
        page(1, "가", "{{정보상자}}\n[[분류:가]]"),
        page(2, "나", "글").replace("<model>wikitext", "<model>Scribunto"),
        page(3, "다", "글", 99999),
        page(4, "라", "  #넘겨주기 [[가]]"),
    ]
    found = read(write(tmp_path / "a.xml", HEAD + "".join(pages) + TAIL))
    assert found.ignored == {"no_prose": 1, "no_wikitext": 1, "namespace": 1, "redirect": 1}
    assert not found.documents and not found.quarantined


def test_cirrussearch_gives_the_rendered_text(tmp_path):
    found = read(write(tmp_path / "a.json", SAMPLES["cirrussearch"]))
    assert found.texts[0] == "마을 0은 산과 들에 있다."
    assert found.meta[2] == {"title": "마을 2", "page": "2", "revision": 902, "categories": ["마을"]}
    assert found.ignored == {"index_line": 8, "disambiguation": 1, "namespace_10": 1}
    broken = SAMPLES["cirrussearch"].replace(b'"text":', b'"txt":', 1)
    assert read(write(tmp_path / "b.json", broken)).reasons == ["no_text"]


def test_namuwiki_is_read_with_its_policies(tmp_path):
    path = write(tmp_path / "a.json", SAMPLES["namuwiki"])
    found = read(path)
    assert found.texts[1] == "개요\n\n산과 들에 있다.\n주 1." and found.documents[1]["source"] == "encyclopedia"
    assert found.meta[1] == {
        "title": "마을 1",
        "categories": ["마을"],
        "contributors": 2,
        "license": "CC BY-NC-SA 2.0 KR",
    }
    assert found.ignored == {"redirect": 1, "disambiguation": 1, "namespace_1": 1}
    assert "192.0.2.7" not in orjson.dumps(found.documents).decode()
    assert read(path, struck="keep", notes="drop").texts[1] == "개요\n\n산과 바다 들에 있다."


@pytest.mark.parametrize("value", [None, 5, [], {}])
def test_namuwiki_pages_without_text_are_quarantined(tmp_path, value):
    data = orjson.dumps(
        [{"namespace": "0", "title": "가", "text": value}, {"namespace": 0, "title": None, "text": "글"}]
    )
    found = read(write(tmp_path / "a.json", data))
    assert found.reasons == ["no_text"] and found.texts == ["글"]


def test_wikis_real_pages_leave_no_markup(shared_data, tmp_path):
    folder = shared_data / "documents" / "namu"
    pages = [
        {"namespace": "0", "title": path.stem, "text": path.read_text(encoding="utf-8"), "contributors": []}
        for path in sorted(folder.glob("raw__[0-9]*.txt"))
    ]
    found = read(write(tmp_path / "a.json", orjson.dumps(pages)))
    assert len(found.documents) == 13
    left = [
        mark for text in found.texts for mark in ("{{{", "}}}", "||", "[[", "[*", "'''", "[include") if mark in text
    ]
    assert not left
