"""Texts that kernels are compared with their twins on: fragments that damage is made of, Korean prose, and any characters."""

from hypothesis import strategies as st

ANY = st.characters(exclude_categories=["Cs"])
# Every block in which a repair finds work, at its borders, and the neighbours that make it keep or remove a character.
CHARACTERS = st.one_of(
    st.sampled_from(
        "\u115f\u1160\u3164\uffa0\u200b\u200c\u200d\u200e\u202e\u2066\u2060\ufeff\u180e\xad\x1b\x0e\x0f\x07\x85"
    ),
    st.sampled_from("\U0001f3f4\U000e0067\U000e007f\U0001f468\u2764\ufe0f\ufff9\U000e0001"),
    st.sampled_from("\r\n\t \xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\x0b\x0c"),
    st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
    st.characters(min_codepoint=0x3130, max_codepoint=0x318F),
    st.characters(min_codepoint=0xA960, max_codepoint=0xA97F),
    st.characters(min_codepoint=0xD7B0, max_codepoint=0xD7FF),
    st.characters(min_codepoint=0xFF01, max_codepoint=0xFFDC),
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.characters(min_codepoint=0x80, max_codepoint=0x17F),
    st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    st.characters(min_codepoint=0x600, max_codepoint=0x1AFF),
    ANY,
)
ESCAPES = st.sampled_from(
    [
        "&",
        "&#",
        "&amp;",
        "&nbsp",
        "&#50504;",
        "\\u",
        "\\uac00",
        "\\uD83D",
        "%",
        "%EA%B0%80",
        "+",
        "+xUix-",
        "\x1b$)C",
        "?",
        "¾È³ç",
        "ì•ˆ",
        "ë…•",
        "Ã«",
        "?덈",
        "뀞?",
        "섏꽭",
        "안 녕 ",
        "ㅇㅏㄴ",
        "\x1b[0m",
        "\\x",
        "$)C",
    ]
)
DAMAGED = st.lists(st.one_of(CHARACTERS, ESCAPES), max_size=24).map("".join)

# Words and marks of ordinary text, with all that a kernel may know of them, and spaces and line ends between.
_WORDS = (
    "천문대에서 한다 했어요 그럴까? 도서관, 가 나 다 씨 발 고객님 Python abc K-pop 3.14 2024 007 ㅋㅋㅋ ㅠㅠ 漢字 カナ é "
    "… · — “따옴표” (괄호) [1] 한다. 합니다! ?? ??? ? \ufffd\u0153 # * - : ; 끝."
)
WORDS = st.sampled_from(_WORDS.split())
BLANKS = st.sampled_from([" ", " ", "", "\n", "  ", "\t", "\n\n", "\xa0", "\u3000", "\u2028", "\r\n"])
PROSE = st.lists(st.tuples(WORDS, BLANKS).map("".join), max_size=40).map("".join)
TEXTS = st.one_of(DAMAGED, PROSE, st.text(ANY, max_size=60), st.tuples(PROSE, DAMAGED, PROSE).map("".join))
