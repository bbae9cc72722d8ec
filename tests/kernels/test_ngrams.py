"""Features of documents: what counts as one, that scores are their sums, and that no input leaves the table."""

import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference import ngrams as twin
from kernels.reference.jit import machine_code
from kernels.reference.texts import TEXTS

from algok.kernels.buffers import string_buffers
from algok.kernels.ngrams import features, score

BITS = 12
TABLE = np.random.default_rng(7).integers(-127, 128, (1 << BITS, 5)).astype(np.int8)


def groups(text: str, bits: int = BITS) -> list[set[int]]:
    """The feature rows of a text, group by group."""
    ids, bounds = features(*string_buffers(pa.array([text], pa.large_string())), bits)
    starts = [0, *bounds[0, :-1]]
    return [set(ids[a:b].tolist()) for a, b in zip(starts, bounds[0], strict=True)]


def words(text: str) -> set[int]:
    return groups(text, 20)[0]


def test_a_run_gives_its_grams_edges_whole_and_pair():
    # 2-grams 천문 문대, 3-grams ^천문 천문대, last two with the edge, the whole, the pair with nothing before
    assert len(words("천문대")) == 7


def test_order_of_repetition_does_not_count():
    assert words("도서관 도서관 도서관") - words("도서관") == words("도서관 도서관") - words("도서관")
    assert len(words("도서관 도서관") - words("도서관")) == 1  # the pair


def test_case_does_not_count_and_scripts_part():
    assert words("Python") == words("PYTHON")
    assert words("Python") <= words("Python은")


@pytest.mark.parametrize(("number", "same"), [("7", "3"), ("12", "98"), ("2024", "1999"), ("12345", "98765")])
def test_of_numbers_only_the_length_counts(number, same):
    assert words(number) == words(same)


def test_lines_have_shapes():
    first, second = (
        groups("짧은 줄\n긴 문장이 여기에 있고 마침표로 끝난다."),
        groups("메뉴\n다른 긴 문장이 거기에 있고 마침표로 끝난다."),
    )
    assert first[1] & second[1]
    assert not first[0] & groups("abc")[0]


def test_a_table_that_is_too_small_for_a_document_is_filled_and_no_more():
    text = " ".join(f"낱말{chr(0xAC00 + i)}{chr(0xB000 + i * 3)}" for i in range(3000))
    ids, bounds = features(*string_buffers(pa.array([text], pa.large_string())), 8)
    assert bounds[0, -1] == len(ids) <= (1 << 8) + 64
    assert ids.max() < 1 << 8


@given(st.lists(st.text(max_size=200), min_size=1, max_size=8))
@settings(max_examples=60)
def test_scores_are_sums_over_features(texts):
    texts = [text.encode("utf-8", "ignore").decode() for text in texts]
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    sums, counts = score(*features(data, offsets, BITS), TABLE)
    ids, bounds = features(data, offsets, BITS)
    start = 0
    for row in range(len(texts)):
        for group in range(3):
            end = bounds[row, group]
            assert counts[row, group] == end - start
            assert (sums[row, group] == TABLE[ids[start:end]].sum(axis=0, dtype=np.int64)).all()
            start = end


@given(st.binary(max_size=300))
@settings(max_examples=80)
def test_any_bytes_are_survived(data):
    buffer, offsets = np.frombuffer(data, np.uint8), np.array([0, len(data) // 2, len(data)], np.int64)
    ids, _ = features(buffer, offsets, BITS)
    assert (ids < 1 << BITS).all()


@given(
    st.lists(st.sampled_from(["천문대에서 강좌를 연다.\n", "Python 3.11", "", "ㅋㅋㅋ", "가"]), min_size=3, max_size=9)
)
def test_a_document_scores_alike_in_any_batch(texts):
    whole = pa.array(texts, pa.large_string())
    sums, _ = score(*features(*string_buffers(whole), BITS), TABLE)
    part, _ = score(*features(*string_buffers(whole.slice(1, 2)), BITS), TABLE)
    assert (sums[1:3] == part).all()


@machine_code
@pytest.mark.parametrize("unit", ["가", "a", "1", " \n", "가 ", "가나다라 마바사\n", "\U0001f600", "\u1100\u1161"])
def test_hostile_documents_take_linear_time(unit):
    data, offsets = string_buffers(pa.array([unit * (2_000_000 // len(unit))], pa.large_string()))
    score(*features(data[:10], np.array([0, 0], np.int64), BITS), TABLE)
    start = time.process_time()
    score(*features(data, offsets, BITS), TABLE)
    assert time.process_time() - start < 3


@given(TEXTS)
@settings(max_examples=500)
def test_a_document_has_the_features_of_the_plain_twin(text):
    ids, _ = features(*string_buffers(pa.array([text], pa.large_string())), 20)
    assert len(set(ids.tolist())) == len(ids)
    assert groups(text, 20) == list(twin.features(text, 20))


@given(st.lists(TEXTS, max_size=4))
def test_documents_of_a_batch_do_not_share_features(texts):
    ids, bounds = features(*string_buffers(pa.array(texts, pa.large_string())), 20)
    for row, part in enumerate(np.split(ids, bounds[:, -1])[:-1] if texts else []):
        assert set(part.tolist()) == set().union(*twin.features(texts[row], 20))
