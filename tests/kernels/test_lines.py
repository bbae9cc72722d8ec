"""Kernels of line deduplication against plain-Python models of what they should do."""

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.kernels import lines as kernels
from algok.kernels.buffers import string_buffers

WIDE = "\u00a0\u2000\u2003\u200b\u202f\u205f\u3000\ufeff"
SPACES = "".join(map(chr, [*range(10), *range(11, 33)])) + WIDE
LINE = st.text(st.sampled_from("가나각힣ab1 \t\u00a0\u3000\u200bㅋ·“漢😀,.-"), max_size=30)
UTF8 = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)


def normal(line: str) -> str:
    """The normal form of a line, independent of the kernel."""
    return re.sub(f"[{re.escape(SPACES)}]+", " ", line).strip(" ")


def count(texts: list[str], groups: list[int], fold: bool = False, slots: int = 1 << 12) -> dict[tuple[int, int], int]:
    """(line hash, group) -> documents, growing the table as the step does."""
    data, offsets = string_buffers(pa.array(texts, pa.large_string()))
    table, document, byte, used = np.zeros((slots, 4), np.uint64), 0, -1, 0
    owners = np.array(groups, np.uint64)
    while True:
        document, byte, used = kernels.count_lines(data, offsets, owners, fold, 0, document, byte, table, used)
        if document == len(texts):
            break
        larger = np.zeros((2 * len(table), 4), np.uint64)
        kernels.rehash(table, larger)
        table = larger
    return {(line, group): documents for line, group, documents, _ in table.tolist() if documents}


def line_hash(line: str, fold: bool = False) -> int:
    """Hash of one line; 0 for a blank one."""
    hashes = [h for h, _ in count([line.replace("\n", " ")], [7], fold) if h]
    return hashes[0] if hashes else 0


@settings(max_examples=200, deadline=None)
@given(st.lists(LINE, max_size=6))
def test_lines_are_equal_exactly_when_their_normal_forms_are(lines):
    hashes = {line: line_hash(line) for line in lines}
    for a in lines:
        assert (hashes[a] == 0) == (normal(a) == "")
        for b in lines:
            assert (hashes[a] == hashes[b]) == (normal(a) == normal(b))


@settings(max_examples=100, deadline=None)
@given(UTF8, st.integers(0, 9), st.sampled_from(SPACES))
def test_every_white_space_at_the_edges_and_doubled_inside_folds_away(text, at, space):
    text = normal(text.replace("\n", ""))
    inside = " ".join(text.split(" "))
    at = min(at, len(inside))
    spaced = inside.replace(" ", space + " ")
    assert line_hash(space + spaced + space) == line_hash(inside)


def test_lengths_and_positions_of_words_matter():
    lines = ["a" * n for n in range(1, 40)] + ["a " * n + "b" for n in range(1, 20)] + ["ab c", "a bc", "abc"]
    assert len({line_hash(line) for line in lines}) == len(lines)


def test_hashes_spread_over_low_and_high_bits():
    hashes = np.array([line_hash(f"줄 {n}") for n in range(2000)], np.uint64)
    assert len(np.unique(hashes)) == 2000
    for shift in (0, 56):
        buckets = np.bincount(((hashes >> np.uint64(shift)) & np.uint64(255)).astype(int), minlength=256)
        assert buckets.max() < 30 and (buckets == 0).sum() < 10  # 7.8 on average


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("조회 123", "조회 4,567", True),
        ("댓글 0건 조회 12회 작성일 2024-03-05 17:24", "댓글 11건 조회 9회 작성일 2019-12-31 08:00", True),
        ("Updated on 2017-01-02", "updated on 2017-01-02", False),
        ("320 words 5 minutes", "1,024 words 12 minutes", True),
        ("3월 5일 출발 07:20", "3월 6일 출발 09:40", False),  # no counter word
        ("성인 요금 2,100원", "성인 요금 3,100원", False),
        ("조회 수가 많은 글 " + "가" * 50 + " 12", "조회 수가 많은 글 " + "가" * 50 + " 34", False),  # too long
    ],
)
def test_digits_fold_in_counter_lines_only(a, b, same):
    assert (line_hash(a, fold=True) == line_hash(b, fold=True)) is same
    assert line_hash(a) != line_hash(b)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.lists(LINE, max_size=8), st.integers(1, 3)), max_size=12), st.sampled_from([4, 1 << 12]))
def test_counts_are_documents_not_occurrences(documents, slots):
    texts = ["\n".join(lines) for lines, _ in documents]
    groups = [group for _, group in documents]
    expected = Counter()
    for lines, group in documents:
        expected.update({(line_hash(line), group) for line in lines if normal(line)})
        expected[0, group] += 1
    assert count(texts, groups, slots=slots) == dict(expected)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.com/a/b?c=d@e", "example.com"),
        ("HTTP://EXAMPLE.com", "example.com"),
        ("https://user:pw@example.com:8443/x", "example.com"),
        ("https://example.com./x", "example.com"),
        ("https://example.com?q", "example.com"),
        ("https://example.com#f", "example.com"),
        ("https://www.한글.kr/가", "한글.kr"),
        ("https://www2.example.com/", "www2.example.com"),
        ("https://www.kr/", "kr"),
        ("", None),
        ("file", None),
        ("http://", None),
        ("http://:80/", None),
        ("mailto:someone", None),
    ],
)
def test_hosts(url, host):
    hashes = kernels.hash_hosts(*string_buffers(pa.array([url, f"http://{host}/"], pa.large_string())))
    assert hashes[0] == (0 if host is None else hashes[1])
    assert hashes[1] != 0


def test_strings_hash_by_bytes_and_salt():
    buffers = string_buffers(pa.array(["a", "b", "", "a"], pa.large_string()))
    one, two = (kernels.hash_strings(*buffers, np.uint64(salt)) for salt in (1, 2))
    assert len(set(one.tolist())) == 3 and one[0] == one[3] and not set(one.tolist()) & set(two.tolist())


def judge(rows, hosts=(), host_min=5, share=0.3):
    """Verdicts on rows (line, group, documents) with the thresholds of the step."""
    lines, groups, counts = (
        np.array(column, kind) for column, kind in zip(zip(*rows, strict=True), _TYPES, strict=True)
    )
    names = np.array([name for name, _ in hosts], np.uint64)
    sizes = np.array([size for _, size in hosts], np.int64)
    return kernels.judge(lines, groups, counts, names, sizes, 50, 4, share, host_min, 0.1, 50).tolist()


_TYPES = (np.uint64, np.uint64, np.uint32)


def test_judge_by_corpus_counts():
    rows = [(1, 1, 3), (2, 1, 2), (2, 2, 2), (3, 1, 50), (4, 1, 51)]
    assert judge(rows, host_min=0) == [0, 1, 1, 1, 3]  # the published rule has no weak red
    assert judge(rows) == [0, 1, 1, 1, 2]  # no host is large enough to say more


def test_judge_by_share_of_the_host():
    rows = [(1, 1, 5), (2, 1, 4), (3, 2, 5), (4, 1, 2), (4, 1, 3)]  # line 4 in two shards
    assert judge(rows, hosts=[(1, 10), (2, 100)]) == [3, 1, 1, 3, 3]


def test_judge_calls_a_line_spread_over_large_hosts_text():
    spread = [(1, host, 6) for host in range(1, 11)]
    assert judge(spread, hosts=[(host, 1000) for host in range(1, 11)]) == [1] * 10
    assert judge(spread, hosts=[(host, 40) for host in range(1, 11)]) == [2] * 10
    assert judge(spread, hosts=[(1, 1000), (2, 6)]) == [1, 3] + [1] * 8


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 9)), max_size=30))
def test_sum_sorted(rows):
    expected = Counter()
    for line, group, documents in rows:
        expected[line, group] += documents
    rows = sorted(rows)
    columns = [np.array([row[k] for row in rows], kind) for k, kind in enumerate(_TYPES)]
    n = kernels.sum_sorted(*columns)
    assert [tuple(int(column[k]) for column in columns) for k in range(n)] == [
        (*k, v) for k, v in sorted(expected.items())
    ]


_HASH = st.integers(0, 3) | st.integers(0, (1 << 64) - 1) | st.integers((1 << 64) - 9, (1 << 64) - 1)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(_HASH, _HASH, st.integers(1, 9)), max_size=200), st.sampled_from([1, 40]))
def test_sort_rows(rows, repeats):
    rows = rows * repeats
    columns = [np.array([row[k] for row in rows], kind) for k, kind in enumerate(_TYPES)]
    lines, groups, counts = kernels.sort_rows(*columns)
    order = np.lexsort((columns[1], columns[0]))
    assert np.array_equal(lines, columns[0][order]) and np.array_equal(groups, columns[1][order])
    assert sorted(zip(lines.tolist(), groups.tolist(), counts.tolist(), strict=True)) == sorted(rows)
    assert [column.tolist() for column in columns] == [[row[k] for row in rows] for k in range(3)]  # untouched


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("가1 \t\u00a0\u3000·“\n"), min_size=20, max_size=120), st.integers(0, 70))
def test_lines_hash_alike_wherever_they_stand(text, shift):
    """At the end of the buffer, across blocks of 32 bytes and in front of other documents."""
    alone = {line_hash(line) for line in text.split("\n")} - {0}
    before = count(["a" * shift + "\n" + text, "b" * 70], [1, 1])
    behind = count([text], [1])
    assert {h for h, _ in behind} - {0} == alone
    assert alone <= {h for h, _ in before}


def test_the_example_of_the_module_is_what_it_says():
    known, _ = string_buffers(pa.array(["메뉴\n조회 9"], pa.large_string()))
    menu, _, _, second = kernels._read_line(known, 0, len(known), True)
    counter = kernels._read_line(known, second, len(known), True)[0]
    groups = np.array([7], np.uint64)
    verdicts = np.array([kernels.TEMPLATE, kernels.RED], np.uint8)
    entries = kernels.pack_entries(np.array([menu, counter], np.uint64), np.repeat(groups, 2), verdicts)
    slots, bits = np.zeros(16, np.uint64), np.zeros(16, np.uint8)
    kernels.build_table(entries, slots, bits)
    data, offsets = string_buffers(pa.array(["메뉴\n\n버들이 선다\n조회 12\n"], pa.large_string()))
    out, ends, row, samples = (
        np.zeros(35, np.uint8),
        np.zeros(2, np.int64),
        np.zeros((1, 7), np.int64),
        np.zeros((2, 2), np.int64),
    )
    kernels.edit_lines(data, offsets, groups, True, False, slots, bits, out, ends, row, samples)
    assert out[: ends[1]].tobytes().decode() == "버들이 선다\n"
    assert (row.tolist(), samples.tolist()) == ([[3, 2, 2, 0, 1, 11, 6]], [[0, 6], [25, 34]])
