import time

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference.jit import machine_code

from algok.kernels import minhash
from algok.kernels.core import core

texts = st.text(
    st.one_of(
        st.sampled_from("가나다라마바사아자차 .,!\n\t\u3000\u00a0"),
        st.sampled_from("abcXYZ0189"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=400,
)


def column(*values: str) -> pa.Array:
    return pa.array(values, pa.large_string())


def by_datasketch(text: str, ngram: int, num_perm: int, seed: int = 1) -> np.ndarray:
    signature = MinHash(num_perm, seed, hashfunc=minhash.shingle_hash, scheme="affine32")
    for shingle in minhash.shingles(text, ngram):
        signature.update(shingle)
    return signature.hashvalues


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=4), st.integers(1, minhash.MAX_NGRAM), st.sampled_from([1, 8, 112]), st.integers(1, 9))
def test_signatures_equal_datasketch(batch, ngram, num_perm, seed):
    sketches = minhash.sketch(column(*batch), ngram, num_perm, seed)
    assert sketches.signatures.shape == (len(batch), num_perm)
    for text, signature in zip(batch, sketches.signatures, strict=True):
        np.testing.assert_array_equal(signature, by_datasketch(text, ngram, num_perm, seed))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["홈", "메뉴 Login", "가나다라 " * 80 + "끝난다.", "b c " * 400 + "end.", ""]), max_size=9
    ),
    st.integers(1, 9),
)
def test_the_signature_of_a_core_is_that_of_its_shingles_without_marks(lines, ngram):
    text = "\n".join(lines)
    found, inner = minhash.sketch(column(text), ngram, 16), core(text)
    np.testing.assert_array_equal(found.signatures[0], by_datasketch(text, ngram, 16))
    expected = found.signatures[0]
    if inner != text:
        signature = MinHash(16, 1, hashfunc=minhash.shingle_hash, scheme="affine32")
        for shingle in minhash.shingles(inner, ngram):
            if not {minhash.BEGIN[0], minhash.END[0]} & set(shingle):
                signature.update(shingle)
        expected = signature.hashvalues
    np.testing.assert_array_equal(found.cores[0], expected)
    marked = {minhash.BEGIN[0], minhash.END[0]}
    inside = [s for s in minhash.shingles(inner, ngram) if inner == text or not marked & set(s)]
    assert found.sizes[0].tolist() == [len(minhash.shingles(text, ngram)), len(inside)]


@pytest.mark.parametrize("count", [251, 252, 253, 254, 255, 256, 257, 508, 511, 512, 2000])
def test_signatures_equal_datasketch_around_full_blocks(count):
    text = "".join(chr(0xAC00 + i * 7 % 11172) for i in range(count))
    np.testing.assert_array_equal(minhash.sketch(column(text), 5, 16).signatures[0], by_datasketch(text, 5, 16))


def test_units():
    assert minhash.shingles("2024년 Open-Source, 첫 걸음!", 1) == [
        s.encode() for s in ("202", "4", "년", "ope", "n", "sou", "rce", "첫", "걸", "음")
    ]


def test_begin_and_end_are_marked():
    assert minhash.shingles("가나다", 3) == [s.encode() for s in ("\2\2가", "\2가나", "가나다", "나다\3", "다\3\3")]
    assert minhash.shingles("가", 9) == ["\2\2가\3\3".encode()]


@given(texts)
def test_whitespace_changes_no_signature_and_its_amount_no_exact_hash(text):
    spaced = "  " + "\u3000\n".join(text.split()) + "\t"
    plain = " ".join(text.split())
    one, other = minhash.sketch(column(plain), 5, 8), minhash.sketch(column(spaced), 5, 8)
    np.testing.assert_array_equal(one.signatures, other.signatures)
    np.testing.assert_array_equal(one.exact, other.exact)


def test_spaces_between_hangul_change_no_signature():
    pair = minhash.sketch(column("아버지가 방에 들어가신다", "아버지가방에들어가신다"), 5, 32)
    np.testing.assert_array_equal(pair.signatures[0], pair.signatures[1])
    assert pair.exact[0].tolist() != pair.exact[1].tolist()


@given(st.lists(texts, min_size=2, max_size=6, unique_by=lambda t: " ".join(t.split()).lower()))
def test_exact_hashes_of_different_texts_differ(batch):
    # str.lower folds more than ASCII; texts that differ in it are different in both.
    exact = minhash.sketch(column(*batch), 5, 1).exact
    assert len({tuple(pair) for pair in exact.tolist()}) == len(batch)


@given(st.lists(texts, max_size=6))
def test_slices_and_order_of_a_batch_do_not_matter(batch):
    whole = minhash.sketch(column(*batch), 5, 8)
    for i, text in enumerate(batch):
        for alone in (column(*batch)[i : i + 1], column(text), pa.chunked_array([column(text)])):
            one = minhash.sketch(alone, 5, 8)
            np.testing.assert_array_equal(one.signatures[0], whole.signatures[i])
            np.testing.assert_array_equal(one.exact[0], whole.exact[i])
            assert one.letters[0] == whole.letters[i]


def test_texts_without_letters():
    sketches = minhash.sketch(column("", " \n\u3000", "!!! … ★"), 5, 8)
    assert (sketches.signatures == minhash.EMPTY).all()
    assert sketches.letters.tolist() == [0, 0, 0]
    assert not sketches.exact[:2].any()
    assert sketches.exact[2].all()


def test_letters_are_counted_in_characters():
    assert minhash.sketch(column("Abcd 12, 가나 𠀀!"), 5, 1).letters.tolist() == [9]


def test_invalid_utf8_is_no_crash():
    broken = [b"\xea", b"\xea\xb0", b"\xf0\x9f", b"\xff\xff\xff\xff", b"\x80\x80", b"abc\xe3\x81", b"\xc3"]
    offsets = np.cumsum([0, *map(len, broken)])
    array = pa.LargeStringArray.from_buffers(len(broken), pa.py_buffer(offsets), pa.py_buffer(b"".join(broken)))
    assert len(minhash.sketch(array, 5, 8).letters) == len(broken)


def test_nulls_and_bad_ngrams_are_errors():
    with pytest.raises(ValueError, match="nulls"):
        minhash.sketch(pa.array(["가", None], pa.large_string()), 5, 8)
    with pytest.raises(ValueError, match="ngram"):
        minhash.sketch(column("가"), minhash.MAX_NGRAM + 1, 8)


@machine_code
@pytest.mark.parametrize("text", ["가", "가나", "中文测试", "ภาษาไทย", "a", "9", " ", "!", "가 ", "\u200b", "😀"])
def test_ten_megabytes_of_one_thing_are_linear(text):
    big = column(text * (10_000_000 // len(text.encode())))
    minhash.sketch(column(text), 5, 112)
    started = time.thread_time()
    minhash.sketch(big, 5, 112)
    assert time.thread_time() - started < 5  # at 10 MB/s it would take one second


@pytest.mark.parametrize(("edited", "least", "most"), [(2, 0.8, 1.0), (400, 0.0, 0.1)])
def test_text_without_spaces_is_compared_like_any_other(edited, least, most):
    rng = np.random.default_rng(3)
    text = rng.integers(0x0E01, 0x0E2E, 400)  # Thai consonants
    other = text.copy()
    other[rng.choice(400, edited, replace=False)] = 0x4E00 + rng.integers(0, 999, edited)
    a, b = minhash.sketch(column(*("".join(map(chr, t)) for t in (text, other))), 5, 512).signatures
    assert least <= (a == b).mean() <= most


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.05, 0.95))
def test_the_estimate_is_the_jaccard_similarity(seed, share):
    rng = np.random.default_rng(seed)
    units = [chr(c) for c in rng.integers(0xAC00, 0xD7A4, 600)]
    cut = int(share * 600)
    first, second = "".join(units[:500]), "".join(units[:cut] + units[::-1])
    a, b = set(minhash.shingles(first, 5)), set(minhash.shingles(second, 5))
    true = len(a & b) / len(a | b)
    signatures = minhash.sketch(column(first, second), 5, 1024, seed % 97 + 1).signatures
    assert abs((signatures[0] == signatures[1]).mean() - true) < 6 * np.sqrt(0.25 / 1024)


def test_the_example_of_the_module_is_what_it_says():
    assert minhash.shingles("새 Book 둘", 3) == [
        shingle.encode() for shingle in ("\x02\x02새", "\x02새boo", "새book", "book둘", "k둘\x03", "둘\x03\x03")
    ]
    assert minhash.shingle_hash("\x02\x02새".encode()) == 459513315
    sketches = minhash.sketch(column("새 Book 둘", "새  book\n둘 "), 3, 2)
    assert sketches.signatures[0].tolist() == [858026659, 1307770240] and sketches.letters[0] == 6
    assert (sketches.exact[0] == sketches.exact[1]).all()
