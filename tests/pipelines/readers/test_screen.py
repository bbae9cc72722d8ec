"""`screen: korean` in the readers of web archives: what it turns away is counted, and what passes is what it was."""

import gzip

import pytest
from reading import SENTENCE, read, warc_record, write

from algok.errors import RecipeError
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import make_progress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run

ENGLISH = (
    b"<html><body><p>" + b"Every month the library opens a new course for the residents. " * 9 + b"</p></body></html>"
)
JAPANESE = f"<html><body><p>{'東京の図書館では毎月新しい講座が開かれます。' * 9}</p></body></html>".encode()
PDF = b"%PDF-1.4 no Korean in sight"


def http(header: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + header + b"\r\n"


@pytest.fixture
def crawl(tmp_path):
    korean = f"<html><body><p>{SENTENCE * 8}</p></body></html>".encode()
    records = [
        warc_record(0, ENGLISH),
        warc_record(1, korean, http=http()),
        warc_record(2, gzip.compress(JAPANESE), http=http(b"Content-Encoding: gzip\r\n")),
        warc_record(3, gzip.compress(korean), http=http(b"Content-Encoding: gzip\r\n")),
        warc_record(4, korean.decode().encode("cp949"), http=http()),
        warc_record(5, ENGLISH, http=http(b"Content-Language: ko\r\n")),
        warc_record(6, ENGLISH, http=http(), headers="WARC-Identified-Content-Language: kor,eng\r\n"),
        warc_record(7, b"gone", http=b"HTTP/1.1 404 Not Found\r\n\r\n"),
    ]
    return write(tmp_path / "crawl.warc.gz", b"".join(map(gzip.compress, records)))


def test_pages_that_cannot_be_korean_are_ignored_and_counted(crawl):
    whole, screened = read(crawl), read(crawl, screen="korean")
    assert whole.ignored == {"http_4xx": 1} and len(whole.documents) == 7
    assert screened.ignored == {"http_4xx": 1, "not_korean": 2} and screened.records == whole.records == 8
    places = [document["url"][-1] for document in screened.documents]
    assert places == ["1", "3", "4", "5", "6"]
    assert screened.documents == [row for row in whole.documents if row["url"][-1] in places]


def test_texts_of_a_wet_file(tmp_path):
    texts = [SENTENCE * 3, "The library opens. " * 20, "Nothing of it. " * 20, "図書館では毎月新しい講座。" * 20]
    languages = ["kor", "eng", "eng,kor", "jpn"]
    records = [
        warc_record(number, text.encode(), kind="conversion", http=None, headers=f"WARC-Identified-Content-Language: {code}\r\n")
        for number, (text, code) in enumerate(zip(texts, languages, strict=True))
    ]  # fmt: skip
    screened = read(write(tmp_path / "x.warc.wet.gz", gzip.compress(b"".join(records))), screen="korean")
    assert screened.texts == [texts[0], texts[2]] and screened.ignored == {"not_korean": 2}


def test_pages_of_an_arc_file(tmp_path):
    def arc_record(url: str, body: bytes) -> bytes:
        return f"{url} 192.0.2.1 20080102030405 text/html {len(body)}\n".encode() + body + b"\n"

    korean = http() + f"<html><body><p>{SENTENCE * 8}</p></body></html>".encode("cp949")
    data = arc_record("http://example.org/a", http() + ENGLISH) + arc_record("http://example.org/b", korean)
    screened = read(write(tmp_path / "x.arc", data), screen="korean")
    assert [row["url"] for row in screened.documents] == ["http://example.org/b"]
    assert screened.ignored == {"not_korean": 1}


def test_documents_of_word_processors_always_pass(tmp_path):
    pdf = b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n"
    result = read(write(tmp_path / "x.warc", warc_record(0, PDF, http=pdf)), screen="korean")
    assert not result.ignored and len(result.quarantined) == 1


def test_only_archives_can_be_screened():
    recipe = "inputs: [{path: x, format: %s, screen: %s}]\noutput: y\nsteps: {heuristics: {}}\n"
    assert recipe_from_text(recipe % ("warc", "korean")).inputs[0].screen == "korean"
    with pytest.raises(RecipeError, match=r"screen is of web archives .*, this is jsonl"):
        recipe_from_text(recipe % ("jsonl", "korean"))
    with pytest.raises(RecipeError, match="korean"):
        recipe_from_text(recipe % ("warc", "english"))


def test_a_recipe_without_the_key_keeps_its_digest_and_one_with_it_gets_another():
    recipe = "inputs: [{path: x%s}]\noutput: y\nsteps: {heuristics: {}}\n"
    plain = recipe_from_text(recipe % "")
    assert plain.digest == recipe_from_text(recipe % ", screen: null").digest
    assert plain.digest != recipe_from_text(recipe % ", screen: korean").digest


def test_the_account_of_a_run_says_what_the_screen_turned_away(crawl, tmp_path):
    recipe = recipe_from_text(f"inputs: [{{path: {crawl}, screen: korean}}]\nsteps: {{heuristics: {{}}}}\n")
    execute(recipe, str(tmp_path / "run"), make_executor("local", 0), make_progress(True))
    summary = Run.open(str(tmp_path / "run"), finished=True).summary
    assert summary.ignored == {"not_korean": 2, "http_4xx": 1}
    assert (summary.account.records, summary.account.ignored, summary.account.documents) == (8, 3, 5)
