"""The screen: Korean in every encoding passes, foreign text in any does not, and what is unsure passes."""

import random
import unicodedata

import orjson
import pytest
from conftest import prose
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.extraction.charset import FREQUENT_SYLLABLES, decode
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.extraction.screen import MIN_SYLLABLES, is_korean, may_be_korean, text_may_be_korean

TEXT = prose(1)
# No sentence of anybody: names of things, which every language has.
FOREIGN = {
    "ja": "東京の図書館では毎月新しい講座が開かれ、記録は誰でも読めるように整理されています。カタカナもあります。",
    "zh": "图书馆每个月都会为居民开设新的课程，并整理内容，让每个人都可以阅读。天气不好的时候也有人散步。",
    "tw": "圖書館每個月都會為居民開設新的課程，並整理內容，讓每個人都可以閱讀。天氣不好的時候也有人散步。",
    "ru": "Каждый месяц библиотека открывает новые курсы для жителей, и записи может прочитать каждый желающий.",
    "fr": "Chaque mois, la bibliothèque ouvre un nouveau cours à l'été où les élèves sont déjà très âgés.",
    "sv": "Varje månad öppnar biblioteket en ny kurs för invånarna och på hösten går många på äventyr här ändå.",
    "pl": "Każdego miesiąca biblioteka otwiera nowe zajęcia dla mieszkańców, żeby wszyscy mogli się uczyć.",
    "vi": "Mỗi tháng thư viện mở một khóa học mới cho người dân và ghi lại nội dung để mọi người có thể đọc.",
    "th": "ห้องสมุดเปิดหลักสูตรใหม่ทุกเดือนสำหรับประชาชนและทุกคนสามารถอ่านได้",
    "ar": "تفتح المكتبة كل شهر دورة جديدة للسكان ويمكن للجميع قراءة ما كتب فيها",
    "en": "Every month the library opens a new course for the residents, and what is said there is kept for all to read.",
}
LEGACY = {
    "ja": ("shift_jis", "iso2022_jp"),
    "zh": ("gb18030",),
    "tw": ("big5",),
    "ru": ("cp1251", "koi8-r", "iso8859-5"),
    "fr": ("cp1252",),
    "sv": ("cp1252",),
    "pl": ("iso8859-2", "cp1250"),
    "th": ("cp874",),
    "ar": ("cp1256",),
}


def page(text: str, codec: str = "utf-8", head: str = "") -> bytes:
    html = (
        f"<!DOCTYPE html><html><head>{head}<title>x</title></head><body><article><p>{text}</p></article></body></html>"
    )
    return html.encode(codec, "ignore")


@pytest.mark.parametrize(
    "codec", ["utf-8", "cp949", "euc_kr", "johab", "iso2022_kr", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_korean_passes_in_every_encoding_without_a_declaration(codec):
    assert may_be_korean(page(TEXT, codec))


def test_korean_passes_decomposed_as_references_and_as_escapes():
    assert may_be_korean(page(unicodedata.normalize("NFD", TEXT)))
    assert may_be_korean(page("".join(f"&#{ord(char)};" for char in TEXT)))
    assert may_be_korean(page("".join(f"&#x{ord(char):X};" for char in TEXT)))
    data = orjson.dumps({"@type": "Article", "articleBody": TEXT}).decode()
    escaped = data.encode("ascii", "backslashreplace").decode()
    assert may_be_korean(page(f'<script type="application/ld+json">{escaped}</script>'))


def test_korean_that_was_read_in_a_wrong_encoding_passes():
    for codec, wrong in (("utf-8", "latin-1"), ("cp949", "latin-1"), ("utf-8", "cp1252")):
        assert may_be_korean(page(TEXT.encode(codec).decode(wrong, "ignore"))), (codec, wrong)


@pytest.mark.parametrize("language", FOREIGN)
def test_foreign_pages_do_not_pass(language):
    text = FOREIGN[language] * 8
    assert not may_be_korean(page(text))
    for codec in LEGACY.get(language, ()):
        assert not may_be_korean(page(text, codec)), codec
        assert not may_be_korean(page(text, codec, f"<meta charset={codec}>"), codec), codec


def test_spaces_that_do_not_break_are_no_trace_of_korean():
    assert not may_be_korean(page("\u00a0" * 40 + FOREIGN["en"]))


def test_a_menu_of_languages_and_links_to_a_korean_sister_do_not_make_a_page_korean():
    menu = "<a hreflang='ko' lang='ko' href='https://ko.example.org/wiki/%EC%84%9C%EC%9A%B8'>한국어</a>" * 9
    menu += "<a>대한민국 (한국어)</a><a>日本語</a>"
    assert not may_be_korean(page(menu + FOREIGN["ja"] * 5))
    assert may_be_korean(page(menu + FOREIGN["ja"] * 5 + "오늘은 도서관에서 책을 읽었다"))


@pytest.mark.parametrize(
    "start",
    [
        b"<html lang=ko>", b"<HTML class='a' LANG = 'ko-KR'>", b"<html xml:lang=\"ko\">", b"<html><meta charset='EUC-KR'>",
        b"<html><META HTTP-EQUIV=x CONTENT='text/html; CHARSET=ks_c_5601-1987'>", b"<?xml version='1.0' encoding='cp949'?><html>",
        b"<html><!-- charset=johab -->",
    ],
)  # fmt: skip
def test_a_page_that_says_it_is_korean_passes(start):
    assert may_be_korean(start + b"<p>nothing of it yet")


@pytest.mark.parametrize(
    "start",
    [b"<html lang=kok>", b"<html hreflang=en data-x=ko>", b"<html><a lang=ko>", b"<html lang=ja charset=utf-8>"],
)
def test_a_page_that_says_something_else_does_not(start):
    assert not may_be_korean(start + b"<p>nothing of it yet")


def test_what_servers_and_archives_say_only_lets_pass():
    foreign = page(FOREIGN["en"])
    assert may_be_korean(foreign, "euc-kr") and may_be_korean(foreign, "ISO-2022-KR")
    assert may_be_korean(foreign, None, ("eng,kor",)) and may_be_korean(foreign, None, (None, "ko-KR"))
    assert may_be_korean(page(TEXT), "shift_jis", ("ja", "jpn"))
    assert is_korean("KO") and not is_korean("kok,eng") and not is_korean(None) and not is_korean("")


def test_texts_are_judged_by_their_hangul():
    assert text_may_be_korean(TEXT.encode()) and text_may_be_korean(b"short", ("kor",))
    assert not text_may_be_korean((FOREIGN["zh"] * 9).encode(), ("zho,eng",))


def test_the_bound_is_where_it_says():
    words = "봄".join([" "] * (MIN_SYLLABLES + 1))
    assert may_be_korean(page(words)) and not may_be_korean(page(words.replace("봄", "x", 1)))


@given(
    st.text(st.sampled_from(FREQUENT_SYLLABLES + "뷁꽃숲ab .,<>\n"), min_size=200),
    st.sampled_from(["utf-8", "cp949", "johab", "iso2022_kr", "utf-16"]),
    st.integers(0, 40),
)
def test_whatever_would_be_decoded_to_korean_passes(text, codec, shift):
    body = page("x" * shift + text, codec)
    found = sum("가" <= char <= "힣" for char in decode(body).text)
    assert found < 3 * MIN_SYLLABLES or may_be_korean(body)


def test_damaged_pages_pass_where_they_are_decoded_to_korean():
    generator = random.Random(1)
    for codec in ("utf-8", "cp949", "johab"):
        sound = page(TEXT, codec)
        for _ in range(60):
            body = bytearray(sound)
            for _ in range(generator.choice([1, 5, 40])):
                body[generator.randrange(len(body))] = generator.randrange(256)
            text = extract(bytes(body), None, content_type="text/html").text if b"<html" in body else ""
            assert sum("가" <= char <= "힣" for char in text) < MIN_SYLLABLES or may_be_korean(bytes(body))


def test_nothing_at_all_is_not_korean():
    assert not may_be_korean(b"") and not may_be_korean(b"\xff") and not text_may_be_korean(b"")
