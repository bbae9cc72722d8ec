"""The detector of damaged characters: every kind is flagged, clean text is not, counts are right."""

import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from kernels.reference import damage as twin
from kernels.reference.texts import TEXTS

from algok.kernels import damage
from algok.kernels.buffers import string_buffers

SYLLABLES = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)


def scan(*texts):
    mask, counts = damage.scan(*string_buffers(pa.array(texts, pa.large_string())))
    return mask, counts


@pytest.mark.parametrize(
    ("text", "bit"),
    [
        ("오늘 ³¯¾¾°¡ ÁÁ´Ù", damage.MOJIBAKE),
        ("ì•ˆë…•", damage.MOJIBAKE),
        ("?덈뀞?섏꽭??", damage.UTF8_AS_CP949),
        (unicodedata.normalize("NFD", "물결"), damage.JAMO),
        ("ﾤￂ", damage.HALFWIDTH_JAMO),
        ("ㅇㅏㄴㄴㅕㅇ", damage.COMPAT_JAMO),
        ("가\u200b나", damage.INVISIBLE),
        ("가\ufeff나", damage.INVISIBLE),
        ("가\xad나", damage.INVISIBLE),
        ("가\x07나", damage.INVISIBLE),
        ("가\x9d나", damage.INVISIBLE),
        ("가\u3164나", damage.INVISIBLE),
        ("공지\u115f사항", damage.INVISIBLE),
        ("공지\u1160사항", damage.INVISIBLE),
        ("가\U000e0041나", damage.INVISIBLE),
        ("가\xa0나", damage.SPACES),
        ("가\u3000나", damage.SPACES),
        ("가\r\n나", damage.LINE_ENDS),
        ("가\u2028나", damage.LINE_ENDS),
        ("３월", damage.FULLWIDTH),
        ("&#44032;", damage.ENTITIES),
        ("a &amp; b", damage.ENTITIES),
        ("\\uac00", damage.ESCAPES),
        ("%EA%B0%80", damage.PERCENT),
        ("+xUixVQ-", damage.UTF7),
        ("\x1b$)C", damage.ISO2022),
        ("강" * damage.LONG_RUN, damage.LOST_SPACES),
        ("강 " * damage.SINGLE_RUN, damage.SPACED_OUT),
        (" ".join("강" * damage.SINGLE_RUN), damage.SPACED_OUT),
    ],
)
def test_flags(text, bit):
    assert scan(text)[0][0] & bit


@pytest.mark.parametrize(
    "text",
    [
        "",
        "비가 오는 날에는 파전을 부친다. 정말 그럴까? 그렇다!",
        "“따옴표”와 ‘홑따옴표’, 말줄임표…, 가운뎃점·, 물결～, 통화 ₩1,000 € 5, 온도 21°C, ×와 ÷, ½컵",
        "café에서 naïve한 Zoë를 만났다. ¿Qué? Müller, Ångström, Việt Nam",
        "ㅋㅋㅋ 진짜ㅠㅠ ㅇㅇ ㄱㄱ ㄴㄷㅈ",
        "if (a && b) { x = a & b; } // R&D, 100% 환급, C:\\usr, 1+1=2, foo@example.com",
        "日本語のテキスト、中文文本。",
        "👨\ufe0f 좋아요 👍🏽 ①②③ ㈜ ㎏",
        "할 수 있을 때 그 세 사람",
    ],
)
def test_clean_is_not_flagged(text):
    assert scan(text)[0][0] == 0


@given(st.lists(st.text(max_size=40), max_size=6))
def test_total_and_row_by_row(texts):
    texts = [t.encode("utf-8", "ignore").decode() for t in texts]
    mask, counts = scan(*texts)
    assert counts[:, damage.CHARS].tolist() == [len(t) for t in texts]
    assert counts[:, damage.HANGUL].tolist() == [sum("가" <= c <= "힣" for c in t) for t in texts]
    assert counts[:, damage.REPLACEMENT].tolist() == [t.count("\ufffd") for t in texts]
    assert counts[:, damage.PUA].tolist() == [sum("\ue000" <= c <= "\uf8ff" for c in t) for t in texts]
    for i, text in enumerate(texts):
        alone = scan(text)
        assert alone[0][0] == mask[i] and np.array_equal(alone[1][0], counts[i])


@given(st.text(SYLLABLES, max_size=30))
def test_rare_syllables_are_those_outside_ksx1001(text):
    assert scan(text)[1][0, damage.RARE] == sum(len(c.encode("euc-kr")) != 2 for c in text)


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("진로?진학 상담", 1),
        ("이 ?생각은 버리자", 1),
        ("뭐라고요?그럴 리가", 0),
        ("정말? 그래??", 0),
        ("??? ???? ??.", 7),
        ("??? ????", 7),
        ("왜??? 뭐", 0),
        ("\ufffdڿ\ufffd", 1),
    ],
)
def test_lost_characters(text, lost):
    assert scan(text)[1][0, damage.LOST] == lost


def test_slices_and_bounds():
    texts = pa.array(["ì•ˆë…•", "물", "&", "%", "\\", "+", "?", "\\u", "%EA%B", "&#"], pa.large_string())
    mask, counts = damage.scan(*string_buffers(texts.slice(1)))
    assert not mask.any() and counts[:, damage.CHARS].tolist() == [1, 1, 1, 1, 1, 1, 2, 5, 2]


@settings(max_examples=1000)
@example("가 나 다 라 마 바 사 아\xa0")
@example("가 漢 나 다 ? 라 마 바 사 아")
@example("?? ? ???\n?? 끝 ??")
@example("&abcdefghijklmnopqrstuvwxyz012345; &abcdefghijklmnopqrstuvwxyz0123456;")
@example("+xUi +xUixV \\uac가 %EA%가")
@given(TEXTS)
def test_a_text_has_the_flags_and_counts_of_the_plain_twin(text):
    mask, counts = scan(text)
    assert (int(mask[0]), counts[0].tolist()) == (twin.flags(text), twin.counts(text))
