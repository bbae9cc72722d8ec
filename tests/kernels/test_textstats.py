"""The counting kernel against a slow reference written from the definitions in its docstring."""

import random
import unicodedata
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference.jit import machine_code

from algok.kernels.buffers import string_buffers
from algok.kernels.repetition import HEAD, LONG_REPEAT
from algok.kernels.textstats import (
    CLASSES,
    CONTROL,
    COUNTERS,
    DIGIT,
    HANGUL,
    IGNORED,
    LONG_EOJEOL,
    NEWLINE,
    OTHER,
    RUN,
    SHORT_LINE,
    SPACE,
    compile_phrases,
    compile_suffixes,
    count,
)

SUFFIXES = {"는": 1, "을": 1, "에": 1, "에서": 1, "에서는": 1, "다": 3, "니다": 3, "요": 3, "음": 2, "었음": 2}
BOILERPLATE, SPAM = ["로그인", "무단전재 재배포 금지", "더 보기"], ["카지노 사이트", "토토사이트", "바카라"]
KINDS = ["hangul", "jamo", "hanja", "kana", "latin", "digit", "other", "punctuation", "symbol", "control"]


def counters(texts: list[str] | list[bytes]) -> list[dict[str, int]]:
    raw = [text.encode() if isinstance(text, str) else text for text in texts]
    array = pa.array(raw, pa.large_binary()).view(pa.large_string())  # a view is not validated
    data, offsets = string_buffers(array)
    suffixes, phrases = tuple(compile_suffixes(SUFFIXES)), tuple(compile_phrases(BOILERPLATE, SPAM))
    return [dict(zip(COUNTERS, map(int, row), strict=True)) for row in count(data, offsets, CLASSES, suffixes, phrases)]


def one(text: str | bytes) -> dict[str, int]:
    return counters([text])[0]


def kind(char: str) -> int:
    code = ord(char)
    return int(CLASSES[code]) & 15 if code < 0x10000 else 4 if 0x20000 <= code < 0x40000 else 10


def units(line: str) -> list[str]:
    return "".join(" " if kind(c) == SPACE else c for c in line if kind(c) != IGNORED).split(" ")


def letters(unit: str) -> str:
    lower = "".join(chr(ord(c) | 0x20) if "A" <= c <= "Z" else c for c in unit)
    return "".join(c for c in lower if HANGUL <= kind(c) <= OTHER)


def stem(word: str) -> str:
    for length in (3, 2, 1):
        flags = SUFFIXES.get(word[-length:], 0) if len(word) >= length else 0
        if flags:
            return word[:-length] if flags & 1 and len(word) > length else word
    return word


def repeats(words: list[str]) -> dict[str, int]:
    """Repetition by brute force over all n-grams."""
    seen: Counter[str] = Counter(words)
    content = [w for w in words if len(w) >= 2 and any(kind(c) != DIGIT for c in w)]
    out = {
        "kept_letters": sum(map(len, words)),
        "distinct": len(seen),
        "hapax": sum(1 for n in seen.values() if n == 1),
        "head_distinct": len(set(words[:HEAD])),
        "top_stem": max(Counter(content).values(), default=0),
    }
    for n in (2, 3, 4):
        last: dict[tuple[str, ...], int] = {}
        times: Counter[tuple[str, ...]] = Counter()
        for i in range(len(words) - n + 1):
            gram = tuple(words[i : i + n])
            if gram not in last or i - last[gram] >= n:
                last[gram] = i
                times[gram] += 1
        out[f"top{n}_chars"] = max((t * len("".join(g)) for g, t in times.items() if t > 1), default=0)
    covered, before = [False] * len(words), set()
    for i in range(len(words) - 4):
        gram = tuple(words[i : i + 5])
        if gram in before:
            covered[i : i + 5] = [True] * 5
        before.add(gram)
    out["dup5_chars"] = sum(len(w) for w, c in zip(words, covered, strict=True) if c)
    out["dup10_chars"] = 0
    i = 0
    while i < len(words):
        j = i
        while j < len(words) and covered[j]:
            j += 1
        if j - i >= LONG_REPEAT:
            out["dup10_chars"] += sum(map(len, words[i:j]))
        i = max(j, i + 1)
    return out


def reference(text: str) -> dict[str, int]:
    """Every counter that has a plain definition; sentences, addresses and phrases are tested by example."""
    text = unicodedata.normalize("NFC", text) if any("\u1100" <= c <= "\u11ff" for c in text) else text
    kinds = Counter(kind(c) for c in text)
    lines = "".join("\n" if kind(c) == NEWLINE else c for c in text).split("\n")
    lines = [[u for u in units(line) if u] for line in lines]
    lines = [line for line in lines if line]
    all_units = [u for line in lines for u in line]
    words = [letters(u) for u in all_units if letters(u)]
    keys = [tuple(letters(u) for u in line if letters(u)) for line in lines]
    keyed = [(key, sum(map(len, line))) for key, line in zip(keys, lines, strict=True) if key]
    runs: Counter[bool] = Counter()
    longest = 0
    for unit in all_units:
        start = 0
        unit = "".join(chr(ord(c) | 0x20) if "A" <= c <= "Z" else c for c in unit)
        for i in range(1, len(unit) + 1):
            if i == len(unit) or unit[i] != unit[start]:
                if i - start >= RUN:
                    longest = max(longest, i - start)
                    runs["\u3131" <= unit[start] <= "\u318e"] += i - start
                start = i
    return {
        **{name: kinds[HANGUL + i] for i, name in enumerate(KINDS)},
        "chars": len(text),
        "nonspace": sum(n for k, n in kinds.items() if HANGUL <= k <= CONTROL),
        "units": len(all_units),
        "eojeol": len(words),
        "letters": sum(map(len, words)),
        "longest_eojeol": max(map(len, words), default=0),
        "long_eojeol": sum(len(w) >= LONG_EOJEOL for w in words),
        "lines": len(lines),
        "word_lines": len(keyed),
        "short_lines": sum(sum(map(len, line)) < SHORT_LINE for line in lines),
        "kept_eojeol": len(words),
        "kept_lines": len(keyed),
        "kept_line_chars": sum(width for _, width in keyed),
        "dup_lines": len(keyed) - len({key for key, _ in keyed}),
        "run_chars": runs[False],
        "jamo_run_chars": runs[True],
        "longest_run": longest,
        **repeats([stem(w) for w in words]),
    }


def check(text: str) -> None:
    found, expected = one(text), reference(text)
    assert {name: found[name] for name in expected} == expected


WORDS = [
    "학교",
    "학교에서",
    "학교는",
    "나는",
    "밥을",
    "먹었다",
    "a",
    "B2",
    "ㅋㅋㅋㅋㅋ",
    "漢字",
    "カナ",
    "3,000",
    "-",
    "…",
    "🙂",
    "는",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*WORDS, "\n", "\n"]), max_size=60))
def test_words_agree_with_reference(words: list[str]) -> None:
    check(" ".join(words))


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.sampled_from(list("가나다는을에서요음ab1Zé.?!,|#…“”()ㅋㅠ漢カд한𠀀🙂\u200b\u200d\u00a0\u3000 \t\n\r")),
        max_size=80,
    )
)
def test_characters_agree_with_reference(text: str) -> None:
    check(text.replace(":/", ""))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_agrees_on_lengths(text: str) -> None:
    text = "".join(c for c in text if ord(c) < 0x10000 and not 0x1100 <= ord(c) <= 0x11FF)
    found, expected = one(text), reference(text)
    for name in (*KINDS, "chars", "nonspace", "units", "eojeol", "lines"):
        assert found[name] == expected[name], name


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_invalid_utf8_is_counted_not_followed(data: bytes) -> None:
    found = one(data)
    assert 0 <= found["chars"] <= len(data)
    assert found["nonspace"] <= found["chars"]


def test_repeats_agree_with_reference_on_longer_text() -> None:
    rng = random.Random(7)
    for size in (50, 600, 3000):
        words = [rng.choice(WORDS[:10]) + str(rng.randrange(size // 10)) for _ in range(size)]
        for _ in range(5):  # copied passages
            at, length = rng.randrange(size), rng.randrange(4, 40)
            words[at : at + length] = words[:length]
        check(" ".join(words))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=20), st.lists(st.sampled_from(WORDS), max_size=20))
def test_counts_of_lines_add_up(first: list[str], second: list[str]) -> None:
    a, b = " ".join(first), " ".join(second)
    left, right, both = one(a), one(b), one(a + "\n" + b)
    for name in (*KINDS, "nonspace", "units", "eojeol", "letters", "lines", "sentences", "prose_eojeol", "endings",
                 "sentence_lines", "bullet_lines", "separators", "urls", "url_chars", "run_chars"):  # fmt: skip
        assert both[name] == left[name] + right[name], name


def test_documents_do_not_leak_into_each_other() -> None:
    texts = [
        "학교에서 밥을 먹었다.\n로그인",
        "학교에서 밥을 먹었다.\n로그인",
        "",
        "나는 나는 나는 나는",
        "a b a b a b a b",
    ] * 40
    assert counters(texts) == [one(text) for text in texts[:5]] * 40
    data, offsets = string_buffers(pa.array(texts, pa.large_string()).slice(3, 50))
    suffixes, phrases = tuple(compile_suffixes(SUFFIXES)), tuple(compile_phrases(BOILERPLATE, SPAM))
    rows = count(data, offsets, CLASSES, suffixes, phrases)
    assert np.array_equal(rows[2:7], rows[7:12])


def test_decomposed_text_counts_like_composed() -> None:
    text = "학교에서 점심을 먹었다. 값이 싸요\n닭고기 삶음"
    assert one(unicodedata.normalize("NFD", text)) == one(text)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(st.sampled_from("는을에서다니음었가a1漢𠀀"), min_size=1, max_size=6), max_size=40))
def test_suffixes_agree_with_reference(words: list[str]) -> None:
    check(" ".join(words))


def test_too_many_suffixes_are_refused() -> None:
    with pytest.raises(ValueError, match="256 different syllables"):
        compile_suffixes({chr(0xAC00 + i): 1 for i in range(256)})


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(("suffix", "found"), [("", 1), ("는", 1), ("에서", 1), ("에서는", 1), ("서는", 0), ("음", 0)])
def test_a_stem_has_the_hash_of_the_bare_word(suffix: str, found: int, form: str) -> None:
    assert one(unicodedata.normalize(form, f"로그인{suffix}"))["boilerplate"] == found


@pytest.mark.parametrize("text", [
    "가가가가가a漢漢漢漢漢漢1111111각 ㅋㅋㅋㅋㅋ각각각각각각각.....각각각각",
    "AaAaA𠀀𠀀𠀀𠀀𠀀가aaaa aaaaé",
    "🙂🙂🙂🙂🙂가가가가 가가가가가가",
])  # fmt: skip
def test_runs_cross_from_one_kind_of_letter_to_another(text: str) -> None:
    check(text)


@pytest.mark.parametrize("char", ["각", "é", "🙂", "\u1112"])
@pytest.mark.parametrize("after", [b"", b" ", "각".encode(), b"a"])
def test_a_cut_sequence_is_control_characters(char: str, after: bytes) -> None:
    for length in range(1, len(char.encode())):
        found = one("학교".encode() + char.encode()[:length] + after)
        letters = len(after.decode().strip())
        assert (found["control"], found["letters"], found["hangul"] + found["latin"]) == (
            length,
            2 + letters,
            2 + letters,
        )
        assert (found["eojeol"], found["lines"]) == (1, 1)


def test_no_byte_is_read_behind_a_document() -> None:
    text = "학교각🙂a".encode()
    for cut in range(len(text) + 1):
        head, tail = text[:cut], text[cut:]
        assert counters([head, tail, text]) == [one(head), one(tail), one(text)]


def test_a_slice_counts_like_its_own_array() -> None:
    texts = ["학교에서", "", "나는 로그인을", "é각🙂", "a b"]
    suffixes, phrases = tuple(compile_suffixes(SUFFIXES)), tuple(compile_phrases(BOILERPLATE, SPAM))
    for start in range(len(texts)):
        for length in range(len(texts) - start + 1):
            buffers = string_buffers(pa.array(texts, pa.large_string()).slice(start, length))
            rows = count(*buffers, CLASSES, suffixes, phrases)
            assert [dict(zip(COUNTERS, map(int, row), strict=True)) for row in rows] == counters(
                texts[start : start + length]
            )


def test_han_is_not_korean() -> None:
    found = one("中文文本测试内容")
    assert (found["hanja"], found["hangul"]) == (8, 0)


@pytest.mark.parametrize(
    ("text", "sentences", "lines", "prose"),
    [
        ("오늘은 비가 온다. 내일은 갠다.", 2, 1, 5),
        ("오늘은 비가 온다.내일은 갠다", 2, 1, 4),
        ("정말 그럴까? “아니요.”라고 답했다!", 3, 1, 4),
        ("비가 옴\n눈이 왔었음", 1, 1, 2),
        ("비가 온다 그리고", 0, 0, 0),
        ("비가 옵니다 .", 1, 1, 2),
        ("1. 서론\n2. 본론", 0, 0, 0),
        ("버전 2.0.1 파일.txt", 0, 0, 0),
        ("그는 갔다(어제).", 1, 1, 2),
        ("끝났다....\n시작", 1, 1, 1),
        ("첫 문장이다. 두 번째는 잘린", 1, 0, 2),
    ],
)
def test_sentences(text: str, sentences: int, lines: int, prose: int) -> None:
    found = one(text)
    assert (found["sentences"], found["sentence_lines"], found["prose_eojeol"]) == (sentences, lines, prose)


@pytest.mark.parametrize(
    ("text", "urls", "chars"),
    [
        ("주소는 https://a.kr/b?c=1 입니다", 1, 18),
        ("http://a.kr/b입니다", 1, 13),
        ("www.a.kr 와 (www.b.kr)", 2, 16),
        ("시간 12:30 http: //x", 0, 0),
        ("<https://a.kr>", 1, 12),
        ("://", 0, 0),
    ],
)
def test_addresses(text: str, urls: int, chars: int) -> None:
    found = one(text)
    assert (found["urls"], found["url_chars"]) == (urls, chars)


@pytest.mark.parametrize(
    ("text", "boilerplate", "spam"),
    [
        ("로그인 하세요", (1, 1), (0, 0)),
        ("로그인을 하세요", (1, 1), (0, 0)),
        ("자동로그인 하세요", (0, 0), (0, 0)),
        ("무단전재 재배포 금지", (1, 3), (0, 0)),
        ("무단전재, 재배포-금지", (0, 0), (0, 0)),
        ("ⓒ무단전재, 재배포 <금지>", (1, 3), (0, 0)),
        ("카지노 사이트에서", (0, 0), (1, 2)),
        ("카지노 큰 사이트", (0, 0), (0, 0)),
        ("바카라는 토토사이트 로그인", (1, 1), (2, 2)),
        ("더 더 보기", (1, 2), (0, 0)),
    ],
)
def test_phrases(text: str, boilerplate: tuple[int, int], spam: tuple[int, int]) -> None:
    found = one(text)
    assert (found["boilerplate"], found["boilerplate_eojeol"]) == boilerplate
    assert (found["spam"], found["spam_eojeol"]) == spam


def test_line_kinds() -> None:
    found = one("• 첫째\n- 둘째\n-5도\n본문…\n말줄임...\n끝.”\n---")
    assert found["bullet_lines"] == 3
    assert found["ellipsis_lines"] == 2
    assert found["punct_lines"] == 3


def test_separators() -> None:
    assert one("사과, 배|감 · 귤 3,000원 #과일 #1")["separators"] == 5


@machine_code
@pytest.mark.parametrize("unit", ["가", "a ", ".", "\n", "http://", "나는 "])
def test_ten_megabytes_of_one_thing(unit: str) -> None:
    times = 10_000_000 // len(unit.encode())
    found = one(unit * times)
    assert found["chars"] == times * len(unit)
    assert found["kept_eojeol"] <= 1 << 20
    assert found["dup5_chars"] <= found["kept_letters"]
