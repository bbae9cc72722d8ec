"""Piece ids against the SentencePiece library itself, with the shipped tokenizer."""

import time

import numpy as np
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference.jit import machine_code

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import Tokenizer, load_tokenizer
from algok.kernels.buffers import string_buffers
from algok.kernels.pieces import WINDOW, new_cache, segment

MODEL = open_model("tokenizer", "tokenizer").path("tokenizer.model").read_bytes()
LIBRARY = sentencepiece.SentencePieceProcessor(model_proto=MODEL)
TOKENIZER = Tokenizer(MODEL, "tokenizer")
SPACES = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
# U+2581 is the library's own mark for a space, which it strips at the end of a text.
CHARS = st.one_of(
    st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
    st.sampled_from("은는이가을를의에서다고하지만 ,.?!()0123456789abcXYZ\n\t ㅋㅠ漢字"),
    st.sampled_from(SPACES),
    st.characters(exclude_categories=["Cs"], exclude_characters="▁"),
)


def ids(texts: list[str], tokenizer: Tokenizer = TOKENIZER) -> list[list[int]]:
    flat, offsets = tokenizer.ids(pa.array(texts, pa.large_string()))
    return [flat[offsets[k] : offsets[k + 1]].tolist() for k in range(len(texts))]


def by_library(text: str) -> list[int]:
    """The library's ids of every eojeol; of a whole text it sums scores in float32 and may differ where two tie."""
    return [number for eojeol in text.split() for number in LIBRARY.encode(eojeol)]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(CHARS, max_size=60), max_size=5))
def test_ids_are_those_of_the_library(texts: list[str]) -> None:
    assert ids(texts) == [by_library(text) for text in texts]


@settings(max_examples=100, deadline=None)
@given(st.text(CHARS, max_size=40))
def test_short_texts_segmented_at_once_agree_too(text: str) -> None:
    assert ids([text])[0] == LIBRARY.encode(" ".join(text.split()))


def test_korean_sentences() -> None:
    texts = [
        "봄이 오면 강가에는 버드나무가 먼저 잎을 낸다. 마을 사람들은 그 나무 아래에서 한 해의 농사를 이야기한다.",
        "2024년 3월, 파이썬(Python) 3.12를 설치하려면 `pip install`이 필요합니다!!! ㅋㅋㅋㅋ",
        "(*******) ============================ ..............................",
        "똠방각하 쀍쀏 漢字語 🙂👍 e\u0301\u0000",
        "",
        " \n\t　",
    ]
    assert ids(texts) == [by_library(text) for text in texts]
    assert ids(texts)[-2:] == [[], []]


def test_white_space_is_that_of_split() -> None:
    for code in [*range(0x100), 0x1680, 0x180E, *range(0x2000, 0x2070), 0x3000, 0xFEFF]:
        text = f"나무{chr(code)}바다"
        assert ids([text])[0] == by_library(text), hex(code)


def test_cache_does_not_change_results() -> None:
    words = [
        f"{a}{b}{c}"
        for a in "가나다라마바사아자차"
        for b in "은는이가을를의에서로"
        for c in ["", "요", "다", "니다", "."]
    ]
    texts = [" ".join(words[k:] + words[:k]) for k in range(0, 500, 50)]
    cold = [ids([text], Tokenizer(MODEL, "tokenizer"))[0] for text in texts]
    assert ids(texts) == cold
    # One entry stands for another eojeol of the same slot: the bytes are compared, so it is not taken.
    spoiled = new_cache()
    spoiled[:, 0], spoiled[:, 4] = np.frombuffer("가나".encode().ljust(8, b"\0"), np.uint64)[0], 6 | 1 << 8
    flat, _ = segment(*string_buffers(pa.array(["나비가 난다"], pa.large_string())), TOKENIZER.pieces, spoiled)
    assert flat.tolist() == by_library("나비가 난다")


def test_slices_of_a_batch() -> None:
    whole = pa.array(["앞 글", "가운데 글이다.", "뒤 글"], pa.large_string())
    flat, offsets = TOKENIZER.ids(whole[1:2])
    assert flat.tolist() == by_library("가운데 글이다.")
    assert offsets.tolist() == [0, len(flat)]


def test_long_eojeol_up_to_a_window_is_exact_and_beyond_keeps_every_character() -> None:
    near = "가나다라마" * (WINDOW // 15 - 1)
    assert ids([near])[0] == LIBRARY.encode(near)
    beyond = "ab가나🙂" * WINDOW
    assert LIBRARY.decode(ids([beyond])[0]) == beyond


@machine_code
@pytest.mark.parametrize(
    "text", ["가" * 1_000_000, "a" * 3_000_000, "\x01" * 1_000_000, "=" * 1_000_000, " " * 3_000_000]
)
def test_hostile_texts_are_linear(text: str) -> None:
    ids([text[:1000]])
    start = time.process_time()
    TOKENIZER.ids(pa.array([text], pa.large_string()))
    assert time.process_time() - start < 5  # quadratic would take hours


def test_a_model_is_loaded_once() -> None:
    model = open_model("tokenizer", "tokenizer")
    assert load_tokenizer(model) is load_tokenizer(model)
