"""Wrong character sets undone: what was damaged comes back, what was not stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.filters.repair.mojibake import repair_cp949, repair_latin
from algok.korean.syllables import COMMON_SYLLABLES

SENTENCES = [
    "비가 그친 뒤 마당에는 작은 웅덩이가 남았다.",
    "제12조(시행일) 이 규정은 2024년 3월 1일부터 시행한다.",
    "회의는 오후 2시에 시작하니, 자료를 미리 읽어 오세요!",
    "‘첫눈’이라는 말은 언제 들어도 설렌다…",
]
SLOPPY = {c: ord(bytes([c]).decode("cp1252")) for c in range(128, 160) if c not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
WORDS = st.lists(st.text(st.sampled_from(COMMON_SYLLABLES[:300]), min_size=2, max_size=6), min_size=3, max_size=8)


def cp1252(data: bytes) -> str:
    """Bytes read as a browser reads Latin-1."""
    return data.decode("latin-1").translate(SLOPPY)


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize("read", [lambda b: b.decode("latin-1"), cp1252])
def test_one_layer(text, read):
    assert repair_latin(read(text.encode("utf-8")))[0] == text
    assert repair_latin(read(text.encode("cp949")))[0] == text


@pytest.mark.parametrize("text", SENTENCES)
def test_two_and_three_layers(text):
    twice = cp1252(cp1252(text.encode()).encode("utf-8"))
    assert repair_latin(twice)[0] == text
    assert repair_latin(cp1252(twice.encode("utf-8")))[0] == text
    assert repair_latin(cp1252(cp1252(text.encode("cp949")).encode("utf-8")))[0] == text


@given(WORDS)
def test_random_words(words):
    text = " ".join(words)
    assert repair_latin(cp1252(text.encode("utf-8")))[0] == text
    assert repair_latin(text)[0] == text


@given(WORDS)
def test_random_words_cp949(words):
    text = " ".join(words)
    source = cp1252(text.encode("cp949"))
    repaired = repair_latin(source)[0]
    assert repaired in (text, source) and repair_latin(repaired)[0] == repaired


def test_syllables_outside_ksx1001():
    text = "펲시맨과 똠얌꿍, 햏자들의 모임을 기록한다"
    assert repair_latin(cp1252(text.encode("cp949")))[0] == text


def test_only_the_damaged_segment_changes():
    damaged = cp1252("깨진 부분".encode("cp949"))
    assert (
        repair_latin(f"앞은 멀쩡한데 {damaged} 뒤도 멀쩡하다\ncafé")[0] == "앞은 멀쩡한데 깨진 부분 뒤도 멀쩡하다\ncafé"
    )


def test_no_break_space_turned_space():
    text = "언제나 웃는 얼굴로"
    assert "\xa0" in text.encode().decode("latin-1")
    assert repair_latin(cp1252(text.encode()).replace("\xa0", " "))[0] == text


def test_stripped_controls_are_marked_lost():
    source = cp1252("사람은 혼자서 살아갈 수 없다".encode()).replace("\x9d", "")
    repaired = repair_latin(source)[0]
    assert repaired == "사람\ufffd 혼자서 살아갈 수 없다"


def test_a_stripped_last_byte_that_only_one_syllable_has():
    assert repair_latin("값을 내려 준다ê³")[0] == "값을 내려 준다고"
    assert repair_latin(cp1252("비가 온다고".encode()).strip())[0] == "비가 온다고"
    assert repair_latin(cp1252("맑은 날 산에서 쉬는 공고".encode()).strip())[0] == "맑은 날 산에서 쉬는 공\ufffd"


def test_misread_punctuation():
    assert repair_latin("그는 â€œ좋다â€\x9d고 했다. 21Â°C")[0] == "그는 “좋다”고 했다. 21°C"


@pytest.mark.parametrize(
    "text",
    [
        "Circulação de Mercadorias, INFORMAÇÃO, naïve Zoë, déjà vu, ¿Qué tal?, Ærøskøbing",
        "Il lì…” disse — «così», più — São Paulo",
        "Übergröße, Äöü ÄÖÜ, Straße, Þórður, ÍSLENSKA ÞJÓÐIN, Nguyễn Thị Ánh",
        "±½°C × ÷ ½¼¾ ····· °°°° ×××× ¥£€ §¶ ®©™ «»",
        "가격은 £5—£10, 온도는 20°±1°, 각도 ½·¼",
        "ÄÖÜ ÀÉÈ ÑÑ ÇÇ",
        "Ð¿ÑÐ¸Ð²ÐµÑ",  # Cyrillic, misread: not ours
    ],
)
def test_legitimate_latin_stays(text):
    assert repair_latin(text)[0] == text


@given(st.text(st.characters(min_codepoint=0xC0, max_codepoint=0x17F) | st.sampled_from("abcdefg …”’"), max_size=40))
def test_never_raises_and_settles(text):
    repaired = repair_latin(text)[0]
    assert isinstance(repaired, str)


def utf8_read_as_cp949(text: str) -> str:
    """As Java and Python read it: one mark for every byte without a partner."""
    return text.encode().decode("cp949", "replace").replace("\ufffd", "?")


def test_utf8_read_as_cp949():
    source = utf8_read_as_cp949("설정 파일을 저장하는 함수입니다")
    repaired = repair_cp949(source)[0]
    assert len(repaired) == len("설정 파일을 저장하는 함수입니다")
    assert all(a in (b, "\ufffd") for a, b in zip(repaired, "설정 파일을 저장하는 함수입니다"))
    assert "하는 함수입니" in repaired


@pytest.mark.parametrize(
    "text", [*SENTENCES, "똠방각하와 뷁, 햏햏거리는 뙇!", "뭐?그게 말이 돼?뙇 하고 나타나면 뷁이지"]
)
def test_clean_korean_is_not_read_as_utf8(text):
    assert repair_cp949(text)[0] == text


@given(
    st.text(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3) | st.sampled_from("? .\ufffd二쇱\x80"), max_size=60
    )
)
def test_cp949_total(text):
    repair_cp949(text)
