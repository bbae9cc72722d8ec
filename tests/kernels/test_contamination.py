"""The kernel of decontamination beside its plain twin, and what must not matter to it."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference import contamination as plain
from kernels.reference.texts import TEXTS

from algok.kernels.contamination import SHINGLE, VERSION, Tables, count_documents, find, folded, shingle_hashes

COUNTED = st.sampled_from(
    [
        "1. 서울 2) 부산",
        "(가) 책 나. 글",
        "A) x B.",
        "3.14 2024. e.g. 12)",
        "①②ⓐ㉠",
        "가.나.다)",
        "[1] a] 7,8.",
        "Ａ１ ² ₃ é Ô",
    ]
)
MIXED = st.lists(st.one_of(TEXTS, COUNTED), max_size=4).map("".join)


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def hashes(text: str) -> list[int]:
    return shingle_hashes(column([text]))[0].tolist()


@settings(max_examples=100)
@given(MIXED)
def test_shingles_are_the_twins(text):
    expected, found = plain.shingles(text), hashes(text)
    assert len(found) == len(expected)
    known: dict[tuple, int] = {}
    assert all(known.setdefault(shingle, value) == value for shingle, value in zip(expected, found))
    assert len(set(known.values())) == len(known)


def test_every_character_is_the_unit_of_the_twin():
    table = folded()
    for code in range(0x10000):
        if not 0xD800 <= code < 0xE000 and not 0x1100 <= code < 0x1200:
            assert table[code] == (plain.units(f"가{chr(code)}")[0:] or [0])[-1], hex(code)


def test_units_that_change_need_a_new_version():
    """An index holds hashes of units: with others it would find nothing and say nothing."""
    seen = hashlib.sha256(folded().tobytes() + shingle_hashes(column(["한강의 기적 서울 1988"]))[0].tobytes())
    assert (VERSION, seen.hexdigest()[:16]) == (1, "b06f1c7a82e98c1c")


@pytest.mark.parametrize(
    "other",
    [
        "한국의 눈부신 경제 성장을 가리켜 무엇이라 부르는가? ① 한강의 기적 ② 서울의 기적",
        "한국의눈부신경제성장을가리켜무엇이라부르는가?1)한강의기적2)서울의기적",
        "한국의 눈부 신 경제 성장을 가리켜 무엇 이라 부르는가?\n(1) 한강의 기적\n(2) 서울의 기적",
        "한국은 눈부신 경제 성장을 가리켜 무엇이라 부르는가? 가. 한강의 기적 나. 서울의 기적",
        "한국의 눈부신 경제 성장이 가리켜 무엇이라 부릅니까? A. 한강의 기적, B. 서울의 기적",
    ],
)
def test_spacing_numbering_particles_and_endings_do_not_matter(other):
    own = hashes("한국의 눈부신 경제 성장을 가리켜 무엇이라 부르는가?\n한강의 기적\n서울의 기적")
    assert hashes(other) == own or len(set(own) & set(hashes(other))) >= 0.6 * len(set(own))


def test_decomposed_syllables_and_full_width_letters_are_the_same():
    import unicodedata

    text = "대한민국 헌법 ABC 1988 樂園"
    wide = text.replace("ABC", "ＡＢＣ").replace("1988", "１９８８").replace("樂", "\uf914")
    assert hashes(unicodedata.normalize("NFD", wide.replace("\uf914", "樂"))) == hashes(text) == hashes(wide)


WORDS = st.sampled_from(["한강", "서울", "부산", "대전", "광주", "기적", "경제", "성장", "산업", "문화", "x7", "民主"])
SENTENCES = st.lists(WORDS, min_size=3, max_size=14).map(" ".join)


def tables_of(entries: list[plain.Entry], texts: list[str], gap: int) -> Tables:
    """The kernel's tables for entries of the twin, whose texts these are."""
    numbers = {}
    for text in texts:
        numbers.update(zip(plain.shingles(text), hashes(text)))
    pairs = sorted(
        (numbers[shingle], 2 * place + (shingle in entry.question))
        for place, entry in enumerate(entries)
        for shingle in entry.worth
    )
    known = sorted({value for value, _ in pairs})
    worth = {numbers[shingle]: value for entry in entries for shingle, value in entry.worth.items()}
    firsts = [*np.searchsorted([value for value, _ in pairs], known).tolist(), len(pairs)]
    return Tables.of(
        np.array(known, np.uint64),
        np.array([worth[value] for value in known], np.int32),
        np.array(firsts, np.int64),
        np.array([place for _, place in pairs], np.int32),
        np.array([entry.item for entry in entries], np.int32),
        np.array([sum(entry.worth.values()) for entry in entries], np.int64),
        np.array([entry.needed for entry in entries], np.int64),
        np.array([entry.asked for entry in entries], np.int64),
        gap,
    )


@st.composite
def searches(draw):
    texts = [text for text in draw(st.lists(SENTENCES, min_size=1, max_size=5)) if plain.shingles(text)]
    worth: dict = {}
    entries = []
    for place, text in enumerate(texts):
        own = {shingle: worth.setdefault(shingle, draw(st.integers(1, 9))) for shingle in plain.shingles(text)}
        question = frozenset(plain.shingles(text)[: draw(st.integers(0, 4))])
        needed = draw(st.integers(1, sum(own.values())))
        asked = draw(st.integers(0, sum(own[shingle] for shingle in question)))
        entries.append(plain.Entry(place // 2, own, needed, question, asked))
    parts = st.one_of(
        st.sampled_from(texts) if texts else SENTENCES, SENTENCES, st.just("먼 길 돌아 들판 너머 구름 " * 4)
    )
    documents = draw(st.lists(st.lists(parts, max_size=5).map(" ".join), max_size=4))
    return entries, texts, documents, draw(st.integers(1, 30))


@settings(max_examples=60)
@given(searches())
def test_hits_and_the_nearest_entry_are_the_twins(search):
    entries, texts, documents, gap = search
    tables = tables_of(entries, texts, gap)
    found = find(column(documents), tables)
    rows = list(zip(found.hits.tolist(), found.entry.tolist(), found.worth.tolist(), strict=True))
    assert rows == [plain.find(document, entries, gap) for document in documents]
    counts = np.zeros(len(tables.shingles), np.int64)
    count_documents(column(documents), tables, counts)
    has = [set(hashes(document)) for document in documents]
    assert counts.tolist() == [sum(int(value) in own for own in has) for value in tables.shingles]


def test_a_document_is_found_the_same_wherever_it_lies_in_a_column():
    text = "한강 서울 부산 대전 광주 기적 경제 성장"
    own = plain.shingles(text)
    tables = tables_of([plain.Entry(0, dict.fromkeys(own, 1), len(own) - 1)], [text], 64)
    half = text[: len(text) // 2]
    column_ = pa.concat_arrays([column(["x", half]), column([text, "", half, half, text])]).slice(1)
    assert find(column_, tables).hits.tolist() == [0, 1, 0, 0, 0, 1]
    assert find(column([]), tables).hits.tolist() == [] and SHINGLE == 5
