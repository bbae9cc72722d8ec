"""Character repair as a step: every kind is repaired and counted, clean text comes back untouched, twice is once."""

import json
import unicodedata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.filters.repair.step import _REPAIRS, KINDS, Repair, repair_text
from algok.kernels import damage
from algok.kernels.buffers import string_buffers
from algok.korean.syllables import COMMON_SYLLABLES

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"


def edit(*texts):
    return Repair().edit(pa.record_batch({"text": pa.array(texts, pa.large_string())}))


def read(name):
    with pa.input_stream(str(DATA / f"{name}.jsonl.zst"), compression="zstd") as stream:
        return [json.loads(line)["text"] for line in stream.read().splitlines()]


def cp949_as_latin(text):
    return text.encode("cp949").decode("latin-1")


CASES = [
    ("mojibake", cp949_as_latin("강가에 물안개가 피었다"), "강가에 물안개가 피었다"),
    ("entities", "&#47932;&#xACB0; &amp; 바람 &lt;시&gt; A&amp;amp;B &middot; 끝", "물결 & 바람 <시> A&B · 끝"),
    ("entities", "본문&nbsp;&nbsp;끝", "본문  끝"),
    ("escapes", "제목: \\ubb3c\\uacb0 위로", "제목: 물결 위로"),
    ("escapes", "검색어 %EB%AC%BC%EA%B2%B0 결과", "검색어 물결 결과"),
    ("escapes", "제목: +uzyssA- 끝", "제목: 물결 끝"),
    ("line_ends", "가을\r\n겨울\r봄\u2028여름\x85끝", "가을\n겨울\n봄\n여름\n끝"),
    ("compat_jamo", "ㄱㅏㅇㅁㅜㄹㅇㅣ ㅎㅡㄹㄹㅓ ㄱㅏㄴㄷㅏㅋㅋ", "강물이 흘러 간다ㅋㅋ"),
    ("compat_jamo", "\u3164ㄸㅗㅁ\u3164ㄸㅗ\u3164 온다", "똠또 온다"),
    ("halfwidth_jamo", "\uffa1\uffc2\uffb7\uffb1\uffd3\uffa9", "강물"),
    ("invisible", "가\u200b을\ufeff 하\xad늘\x07 \u202e바다\u202c", "가을 하늘 바다"),
    ("spaces", "가을\xa0하늘\u3000바다\u2003끝", "가을 하늘 바다 끝"),
    ("nfd", unicodedata.normalize("NFD", "물결 위의 햇살"), "물결 위의 햇살"),
    ("fullwidth", "２０２４년 ＫＢＳ（본사） 방송", "2024년 KBS（본사） 방송"),
    ("spacing", "어제저녁에친구와함께강가를천천히걸었습니다.", "어제 저녁에 친구와 함께 강가를 천천히 걸었습니다."),
]


def bare_iso2022kr(text):
    return "".join(chr(b & 0x7F) for b in text.encode("euc-kr"))


@pytest.mark.parametrize(("kind", "damaged", "whole"), CASES)
def test_kinds(kind, damaged, whole):
    edited = edit("앞 문서", damaged, "뒤 문서")
    assert edited.text.to_pylist() == ["앞 문서", whole, "뒤 문서"]
    assert edited.signals[kind].to_pylist()[0::2] == [0, 0] and edited.signals[kind][1].as_py() > 0
    assert edited.signals["edits"][1].as_py() == sum(edited.signals[k][1].as_py() for k in KINDS)
    assert kind in [k for k, _ in edited.samples]


def test_iso2022kr():
    body = bare_iso2022kr("물결")
    assert repair_text(f"\x1b$)C제목\n\x0e{body}\x0f mail") == "제목\n물결 mail"
    assert repair_text(f"$)C\n{body} mail {bare_iso2022kr('가을')}") == "\n물결 mail 가을"


UNTOUCHED = [
    "비가 오는 날에는 파전을 부친다. 정말 그럴까? 그렇다!",
    "HTML에서 `&lt;`는 <를 뜻한다. 코드: `a &amp; b`",
    "엔티티 &amp;nbsp;는 이스케이프한 것이다",
    "문자 '&gt;'를 쓴다",
    "```html\n<p>&lt;b&gt; &#44032;</p>\n```",
    '    print("\\uac00\\ub098\\ub2e4")',
    "정규식 [\\uac00-\\ud7a3]+ 은 한글이다",
    "https://example.com/%EB%AC%BC%EA%B2%B0?q=%EB%AC%BC 참고",
    "int *p = &sum; q = &amp_count;",
    "ㅋㅋㅋ ㅠㅠ ㄱㄴㄷ ㅇㅋ ㅇㅅㅇ ㅇㅏ",
    "👨\u200d👩\u200d👧 가족, 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f 잉글랜드",
    "می\u200cخواهم",
    "ᄒᆞᆫ글 ᄀᆞᅀᆞᆯ",  # old Hangul, no precomposed form
    "東京２０２４年ＡＢＣのテスト",
    "1～2장？ （株） ＜법＞",
    "①②③ ㈜ ㎏ Ⅳ",
    "1+1=2, C++-, a+bcdef-g",
    "樂園 樂",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_untouched(text):
    assert repair_text(text) == text


def test_clean_batch_is_not_copied():
    batch = pa.record_batch({"text": pa.array(["가을", "하늘"], pa.large_string())})
    edited = Repair().edit(batch)
    assert edited.text.buffers()[2].address == batch.column("text").buffers()[2].address
    assert edited.samples == []


def test_signals_are_complete_and_typed():
    for texts in ([], [""], ["가\ufffd나다", "\ue0bc"]):
        edited = edit(*texts)
        assert list(edited.signals) == [s.name for s in Repair.signals]
        for signal in Repair.signals:
            assert edited.signals[signal.name].type == signal.type
            assert len(edited.signals[signal.name]) == len(texts)
    assert edited.signals["replacement_ratio"].to_pylist() == [0.25, 0.0]
    assert edited.signals["damage_ratio"][0].as_py() == 0.25
    assert edited.signals["pua"].to_pylist() == [0, 1]


def test_other_string_types_and_slices():
    batch = pa.record_batch({"text": pa.array(["x", "가\xa0나", "다"])}).slice(1)
    assert Repair().edit(batch).text.to_pylist() == ["가 나", "다"]


def test_damage_is_measured_after_the_repair():
    edited = edit(cp949_as_latin("강가에 물안개가 피었다"), "진로?진학 상담")
    assert edited.signals["damage_ratio"][0].as_py() == 0.0
    assert edited.signals["lost_ratio"][1].as_py() == pytest.approx(1 / 8)


def test_layers_of_different_kinds():
    nfd = unicodedata.normalize("NFD", "물결")
    assert repair_text("".join(f"&#{ord(c)};" for c in nfd)) == "물결"
    assert repair_text("&amp;amp;amp;nbsp;가") == " 가"


# Text in which every kind of damage and near-damage meets.
_PIECES = st.sampled_from(
    [d for _, d, _ in CASES if len(d) < 16]
    + [c for _, d, _ in CASES for c in d.split()]
    + UNTOUCHED[1:8]
    + [
        "&",
        "amp;",
        "#",
        "4",
        "\\u",
        "%",
        "+",
        "?",
        "\x0e",
        "\x0f",
        "$)C",
        "\n",
        " ",
        "\u200d",
        "\u200c",
        "\u115f",
        "ᆞ",
        "ㅋ",
    ]
    + ["ì", "•", "ˆ", "Â", "â€", "쐞", "빐", "二", "\ufffd", "\x80", "\u3164", "Ａ", "．", "`", "```", "ㄱ", "ㅏ"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=5), max_size=12).map("".join))
def test_idempotent_and_total(text):
    text = text.encode("utf-8", "ignore").decode()
    once = edit(text)
    twice = Repair().edit(pa.record_batch({"text": once.text}))
    assert twice.text.equals(once.text)
    assert (once.signals["edits"][0].as_py() > 0) == (once.text[0].as_py() != text)


_CLEAN = st.text(
    st.sampled_from(COMMON_SYLLABLES) | st.sampled_from(" \n.,!?\"'()[]{}<>=:;/-_abcdefXYZ0123456789·…“”‘’éüñ"),
    max_size=19,
)


@settings(max_examples=150)
@given(st.lists(_CLEAN, max_size=8))
def test_clean_text_is_never_changed(texts):
    assert edit(*texts).text.to_pylist() == texts


@pytest.mark.parametrize(
    "piece",
    ["&amp;", "&", "%", "%EB", "%EB%AC%BC", "\\uac00", "+u3ys", "`", "??? ", "¾È", "ì•", "Ã¬", "ㄱㅏ", "ㄱ", "가 ", "가",
     "쐞빐", "?씠", "\x0e", "\x0eAB", "$)C\n", "\x1b[", "\u200b", "\u200e", "Ａ", "ﾡ", "\u1100", "\u1161", "\u3164ㄱㅏ",
     "<a", "\ufffd", "é", "\n", "\U000e0041"],
)  # fmt: skip
def test_hostile_documents_take_linear_time(piece):
    """Twice the text may take twice the time; a quadratic pass would take four times and, at this size, minutes."""
    repair_text(piece * (100_000 // len(piece)))


def test_samples_are_few_and_short():
    edited = edit(*("가을\xa0하늘" + "가" * 200 + d for _, d, _ in CASES))
    assert 0 < len(edited.samples) <= 5 and all(len(text) <= 80 for _, text in edited.samples)


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
def test_clean_documents_change_only_for_a_defect():
    """Korean documentation and news: what changes is invisible characters, spaces and undecoded entities."""
    allowed = {"invisible", "spaces", "entities", "line_ends"}
    for name in ("clean/python_docs_ko", "clean/rust_book_ko", "domain/wikinews_ko", "domain/bible_krv"):
        texts = read(name)
        edited = edit(*texts)
        kinds = {k for k in KINDS if np.asarray(edited.signals[k]).any()}
        assert kinds <= allowed | ({"fullwidth"} if "news" in name else set()), name
        assert (np.asarray(edited.signals["damage_ratio"]) <= Repair.default_bounds["damage_ratio"].max).mean() > 0.99


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data is not there")
def test_detector_misses_nothing_on_mixed_text():
    """Unflagged documents are unchanged by every repair, flag or not."""
    texts = read("labels/web_labels")[:300]
    mask, _ = damage.scan(*string_buffers(pa.array(texts, pa.large_string())))
    for text, flags in zip(texts, mask.tolist()):
        for kind, bits, repair in _REPAIRS:
            if not flags & bits and kind != "spacing":
                assert repair(text) == (text, 0), kind
