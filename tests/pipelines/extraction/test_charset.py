"""Decoding: evidence in order, lies found, damage confined to what is broken."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.pipelines.extraction.charset import FREQUENT_SYLLABLES, codec_of, declared_charset, decode

PROSE = (
    "안녕하세요. 오늘은 시장에서 본 것을 적어 보려고 합니다. 아침 일찍 문을 연 가게가 많았고, "
    "사람들은 바쁘게 움직였다. "
    "그중에서도 오래된 책방의 주인은 지난 이야기를 천천히 들려주었다. 똠방각하와 펲시콜라, 햏자도 나왔다."
)
SYLLABLES = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "chars" / "encodings"


def page(declaration: str, text: str = PROSE) -> str:
    return f"<html><head>{declaration}<title>T</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "johab", "utf-16-le", "utf-16-be"])
def test_undeclared_korean_is_detected(encoding):
    text = page("")
    decoded = decode(text.encode(encoding))
    assert (decoded.text, decoded.encoding, decoded.replaced) == (text, encoding, 0)


def test_undeclared_iso_2022_kr_is_detected():
    text = "안녕하세요\nHello 세계\n"
    decoded = decode(text.encode("iso2022_kr"))
    assert (decoded.text, decoded.encoding, decoded.source) == (text, "iso2022_kr", "detected")


@pytest.mark.parametrize("label", ["euc-kr", "EUC-KR", "ks_c_5601-1987", "korean", "x-windows-949", "ms949", "cp949"])
def test_korean_labels_mean_cp949(label):
    text = page(f'<meta charset="{label}">')
    decoded = decode(text.encode("cp949"))
    assert (decoded.text, decoded.encoding, decoded.source) == (text, "cp949", "meta")


def test_sources_in_order():
    body = page('<meta charset="euc-kr">').encode("cp949")
    assert decode(body, "euc-kr").source == "http"
    assert decode(body).source == "meta"
    assert decode(b'<?xml version="1.0" encoding="euc-kr"?>' + page("").encode("cp949")).source == "xml"
    assert decode(page("").encode("cp949")).source == "detected"
    assert decode(b"<p>plain").source == "default"
    bom = decode(b"\xef\xbb\xbf" + page("").encode())
    assert (bom.source, bom.text) == ("bom", page(""))


@pytest.mark.parametrize(
    ("declared", "true"),
    [
        ("euc-kr", "utf-8"),
        ("utf-8", "cp949"),
        ("iso-8859-1", "cp949"),
        ("windows-1252", "utf-8"),
        ("shift_jis", "cp949"),
        ("gb2312", "cp949"),
        ("utf-8", "johab"),
    ],
)
def test_lying_declarations(declared, true):
    text = page(f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">')
    for http in (None, declared):
        decoded = decode(text.encode(true), http)
        assert (decoded.text, decoded.encoding, decoded.source) == (text, true, "detected")


def test_lying_bom():
    text = page('<meta charset="euc-kr">')
    decoded = decode(b"\xef\xbb\xbf" + text.encode("cp949"))
    assert (decoded.text, decoded.encoding, decoded.source) == (text, "cp949", "meta")


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("日本語の文章をここに書きます。漢字とかなが混ざっています。今日は天気がいいですね。", "cp932", "shift_jis"),
        ("日本語の文章をここに書きます。漢字とかなが混ざっています。今日は天気がいいですね。", "euc_jp", "euc-jp"),
        ("这是一个中文网页，里面有一些汉字。今天的天气很好，我们去公园散步。", "gb18030", "gb2312"),
        ("這是一個中文網頁，裡面有一些漢字。今天的天氣很好，我們去公園散步。", "big5hkscs", "big5"),
        ("Où est le café ? L’été à la plage, déjà vu, garçon, naïve, Noël.", "cp1252", "iso-8859-1"),
    ],
)
def test_other_languages_stay_as_declared(text, codec, label):
    decoded = decode(page(f"<meta charset={label}>", text).encode(codec))
    assert (decoded.encoding, decoded.source) == (codec, "meta")
    assert text in decoded.text


def test_undeclared_foreign_pages_are_not_korean():
    japanese = "日本語の文章をここに書きます。漢字とかなが混ざっています。今日は天気がいいですね。" * 3
    chinese = "这是一个中文网页，里面有一些汉字。今天的天气很好，我们去公园散步。" * 3
    french = "Où est le café ? L'été à la plage, déjà vu, garçon, naïve, Noël."
    for text, encoding in ((japanese, "cp932"), (japanese, "euc_jp"), (chinese, "gb18030"), (french, "cp1252")):
        assert decode(page("", text).encode(encoding)).encoding not in {"cp949", "johab", "iso2022_kr"}


def test_a_few_rare_syllables_undeclared():
    assert decode("첫 줄\n둘\n셋".encode("cp949")).text == "첫 줄\n둘\n셋"


def test_short_cp949_that_is_valid_utf8():
    text = "처음"  # not valid UTF-8; the next one is
    assert decode(text.encode("cp949"), "euc-kr").text == text
    accidental = bytes((0xC7, 0xA5, 0xC7, 0xA5))  # 표표 in CP949, two Latin letters in UTF-8
    assert decode(accidental, "euc-kr").text == "표표"
    assert decode(accidental).encoding == "utf-8"


def test_mixed_page_is_decoded_as_most_of_it():
    other = "지금 구독하시면 소식을 보내 드립니다"
    korean = page("", PROSE * 3).encode("cp949") + other.encode("utf-8")
    assert decode(korean).encoding == "cp949"
    assert PROSE in decode(korean).text
    utf8 = page("", PROSE * 3).encode("utf-8") + other.encode("cp949")
    decoded = decode(utf8)
    assert decoded.encoding == "utf-8"
    assert decoded.replaced > 0 and PROSE in decoded.text


def test_broken_bytes_do_not_swallow_markup():
    decoded = decode(page("<meta charset=euc-kr>").encode("cp949").replace(b"</p>", b"\xb0</p>"))
    assert decoded.replaced == 1
    assert decoded.text.endswith("\ufffd</p></body></html>")


def test_characters_lost_before_are_not_counted():
    assert decode("한글 \ufffd 이미 잃음".encode()).replaced == 0
    assert decode("한글 \ufffd 이미 잃음".encode() + b"\xff").replaced == 1


@given(st.integers(min_value=40))
def test_truncation_anywhere_keeps_the_encoding(cut):
    for encoding in ("utf-8", "cp949"):
        body = page("").encode(encoding)
        body = body[: 100 + cut % (len(body) - 100)]
        decoded = decode(body)
        assert decoded.encoding == encoding
        assert decoded.replaced <= 1
        assert decoded.text == body.decode(encoding, "replace")


@given(st.text(SYLLABLES, min_size=1))
def test_any_valid_utf8_hangul_is_exact(text):
    assert decode(text.encode()).text == text


LABELS = [None, "utf-8", "euc-kr", "utf-16", "iso-2022-kr", "x" * 99, "\udc80", ""]


@given(st.binary(max_size=400), st.sampled_from(LABELS))
def test_never_fails_on_bytes(body, declared):
    decoded = decode(body, declared)
    assert isinstance(decoded.text, str)
    assert 0 <= decoded.replaced <= len(body)
    decoded.text.encode("utf-8")


def test_labels_are_never_foreign_codecs():
    for label in ("rot13", "punycode", "zlib", "idna", "unicode_escape", "utf-7", "", "é", "\udcff", "a" * 1000):
        assert codec_of(label) is None
    assert codec_of(" Latin1 ") == "cp1252"
    assert codec_of("gb2312") == "gb18030"


def test_prescan():
    assert declared_charset(b"<!-- <meta charset=euc-kr> --><meta charset='utf-8'>") == ("utf-8", "meta")
    assert declared_charset(b"<META HTTP-EQUIV=Content-Type CONTENT='text/html; charset=euc-kr'>") == ("cp949", "meta")
    assert declared_charset(b"<meta charset=nonsense><meta charset=utf-8>") == ("utf-8", "meta")
    assert declared_charset(b"<meta charset=utf-16le>") == ("utf-8", "meta")
    assert declared_charset(b"<p>charset=euc-kr</p>") is None


def test_frequent_syllables_are_a_set_of_256():
    assert len(set(FREQUENT_SYLLABLES)) == len(FREQUENT_SYLLABLES) == 256
    assert all("가" <= syllable <= "힣" for syllable in FREQUENT_SYLLABLES)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the shared data sets")
def test_real_files_of_every_encoding():
    files = sorted(DATA.iterdir())
    assert len(files) >= 20
    for file in files:
        body = file.read_bytes()
        truth = body.decode(file.name.partition("__")[0]).removeprefix("\ufeff")
        assert decode(body).text == truth, file.name
