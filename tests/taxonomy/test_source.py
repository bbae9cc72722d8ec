"""The source axis: given labels, hosts, paths, structure, and pages that only list excerpts."""

import pyarrow as pa
import pytest

from algok.taxonomy.source import LABELS, Source, host_label

PROSE = "오늘은 날씨가 좋아서 강가를 걸었다. 집에 와서는 책을 읽다가 잠이 들었다.\n" * 5


def tag(text: str = PROSE, url: str | None = None, source: str | None = None) -> dict:
    columns = {
        "text": pa.array([text], pa.large_string()),
        "url": pa.array([url], pa.string()),
        "source": pa.array([source], pa.string()),
    }
    values = Source().compute(pa.RecordBatch.from_pydict(columns))
    assert all(values[signal.name].type == signal.type for signal in Source.signals)
    return pa.table(values).to_pylist()[0]


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("https://www.law.go.kr/법령/민법", "law"),
        ("https://www.mois.go.kr/frt/a01", "government"),
        ("https://n.news.naver.com/article/001/0001", "news"),
        ("https://blog.naver.com/someone/1", "blog"),
        ("https://kin.naver.com/qna/detail", "qa"),
        ("http://someone.tistory.com/12", "blog"),
        ("https://ko.wikipedia.org/wiki/서울", "encyclopedia"),
        ("https://example.readthedocs.io/ko/latest/", "code-docs"),
        ("https://docs.example.com/guide", "code-docs"),
        ("https://someone.github.io/docs/api/", "code-docs"),
        ("https://example.com/bbs/board.php?id=1", "community"),
        ("https://example.com/product/123", "commerce"),
        ("https://example.com/about", "web"),
        ("https://fakelaw.go.kr.example.com/x", "web"),
        ("https://nottistory.com/x", "web"),
        ("not an address", "web"),
        (None, "web"),
    ],
)
def test_address(url: str | None, label: str):
    assert tag(url=url)["label"] == label


def test_given_label_wins_unless_it_is_web():
    url = "https://blog.naver.com/someone/1"
    assert (tag(url=url, source="law")["label"], tag(url=url, source="law")["rule"]) == ("law", "given")
    assert tag(url=url, source="web")["label"] == "blog"
    assert tag(url=url, source="my-crawl")["label"] == "blog"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("제1조(목적) 이 법은 그 목적을 정한다.\n제2조(정의) 용어의 뜻은 다음과 같다.\n", "law"),
        ("제목\n\n초록\n이 연구는 강을 다룬다.\n\n참고문헌\n강과 물, 2001.\n", "paper"),
        ("Q. 언제 여나요?\nA. 아홉 시입니다.\nQ. 어디인가요?\nA. 강가입니다.\nQ. 얼마인가요?\nA. 무료입니다.\n", "qa"),
        (PROSE, "web"),
        ("", "web"),
    ],
)
def test_structure(text: str, label: str):
    assert tag(text)["label"] == label


TEASERS = "".join(
    f"{name}에 대한 글\n2021-03-0{i} · 일상\n오늘은 {name}에 대해 오래 생각하다가 적어 보기로 하고...\nRead more\n"
    for i, name in enumerate(["강", "산", "들", "바다", "하늘", "별"], start=1)
)


@pytest.mark.parametrize(
    ("url", "text", "listing"),
    [
        ("https://a.example/tags/강", PROSE, 1),
        ("https://a.example/categories/life/", PROSE, 1),
        ("https://a.example/posts/tag-system/", PROSE, 0),
        ("https://a.example/posts/category-theory", PROSE, 0),
        ("https://a.example/2020/01/02/search-engines/", PROSE, 0),
        ("https://a.example/page/2/", TEASERS, 1),
        ("https://a.example/page/2/", PROSE, 0),  # whole posts one after another
        ("https://a.example/", TEASERS, 1),
        ("https://a.example/", PROSE, 0),
        ("https://a.example/some/thing", TEASERS, 1),
        (None, TEASERS, 1),
        (None, PROSE, 0),
        (None, "", 0),
    ],
)
def test_listing(url: str | None, text: str, listing: int):
    assert tag(text, url)["listing"] == listing


def test_hosts_name_known_labels():
    assert host_label("WWW.Law.go.kr") == "law"
    assert host_label("localhost") is None
    assert {host_label("news.example.com"), host_label("a.go.kr")} <= set(LABELS)


def test_a_batch_without_addresses():
    batch = pa.RecordBatch.from_pydict({"text": pa.array([PROSE, ""], pa.large_string())})
    assert Source().compute(batch)["label"].to_pylist() == ["web", "web"]
    assert Source().compute(batch.slice(0, 0))["label"].to_pylist() == []
