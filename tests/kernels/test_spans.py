"""Kernels of repeated spans against plain-Python models of what they should do."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels.reference import spans as plain

from algok.kernels import spans as kernels
from algok.kernels.buffers import string_buffers

# Few words, so that passages repeat; among them marks, ends of sentences, articles, fences and long ones.
WORDS = [
    "봄",
    "산에",
    "들에는",
    "꽃이",
    "피었습니다.",
    '그렇다!")',
    "가나다라마바사아자차",
    "|",
    "※주의",
    "©",
    "제3조(목적)",
    "「법」",
]
WORDS += ["①", "-", "cut", "https://a.kr/long/path/of/many/parts", "```", "x={1};", "\t", "\r", "ㅋㅋ", "  "]
PASSAGE = st.lists(st.sampled_from(WORDS), min_size=12, max_size=40).map(" ".join)
LINE = st.one_of(PASSAGE, st.just(""), st.text(max_size=30).map(lambda text: text.replace("\n", " ")))
TEXT = st.lists(LINE, max_size=5).map("\n".join)


def buffers(texts):
    return string_buffers(pa.array(texts, pa.large_string()))


def cut(texts, groups, documents, share, least, samples=10):
    """The texts after `cut_spans`, its counts, and the different spans."""
    data, offsets = buffers(texts)
    table = np.zeros((1 << max(6, (2 * len(documents)).bit_length()), 2), np.uint64)
    kernels.fill_table(np.array(list(documents), np.uint64), np.array(list(documents.values()), np.uint64), table)
    out, ends = np.empty(offsets[-1] - offsets[0], np.uint8), np.empty(len(offsets), np.int64)
    counts, ranges = np.zeros((len(texts), 3), np.int64), np.zeros((samples, 2), np.int64)
    owners = np.array(groups, np.uint64)
    changed, found = kernels.cut_spans(data, offsets, owners, table, share, least, out, ends, counts, ranges)
    assert changed == (counts[:, 0] > 0).sum()
    cut_texts = [out[a:b].tobytes() for a, b in pairwise(ends)]
    return cut_texts, counts, [data[a:b].tobytes() for a, b in ranges[:found]]


def count(texts, groups, slots=1 << 12):
    """Documents of every key, the table growing as it does in the step."""
    data, offsets = buffers(texts)
    keys, ends = kernels.span_keys(data, offsets, np.array(groups, np.uint64))
    table, done, used = np.zeros((slots, 2), np.uint64), 0, 0
    while True:
        done, used = kernels.count_keys(keys, ends, 5, done, table, used)
        if done == len(keys):
            break
        larger = np.zeros((2 * len(table), 2), np.uint64)
        kernels.fill_table(*kernels.used_rows(table), larger)
        table = larger
    found, values = kernels.used_rows(table)
    assert len(found) == used
    return dict(zip(found.tolist(), (values >> np.uint64(32)).tolist(), strict=True))


@settings(max_examples=300, deadline=None)
@given(st.one_of(LINE, st.text(max_size=300).map(lambda text: text.replace("\n", " "))), st.text(max_size=9))
def test_segments_are_those_of_the_definition(line, behind):
    data, offsets = buffers([line + "\n" + behind])
    stop = len(line.encode())
    room = stop // 2 + 2
    starts, ends, hashes = np.zeros(room, np.int64), np.zeros(room, np.int64), np.zeros(room, np.uint64)
    n = kernels.segment_line(data, np.int64(offsets[0]), np.int64(stop), starts, ends, hashes)
    found = list(zip(starts[:n].tolist(), ends[:n].tolist(), hashes[:n].tolist(), strict=True))
    assert found == plain.segments(line.encode())


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXT, st.integers(1, 3)), max_size=8), st.sampled_from([256, 1 << 12]))
def test_counts_are_documents_not_occurrences(documents, slots):
    texts, groups = [text for text, _ in documents], [group for _, group in documents]
    expected = Counter()
    for text, group in documents:
        expected.update(set(plain.keys(text.encode(), group)))
    assert count(texts, groups, slots) == dict(expected)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(TEXT, min_size=1, max_size=3), st.lists(TEXT, min_size=1, max_size=3), st.lists(st.integers(0, 5), max_size=8),
    st.sampled_from([0.2, 0.5, 1.0]), st.integers(1, 3),
)  # fmt: skip
def test_cut_is_what_the_definition_cuts(first, second, order, share, least):
    """Documents made of the same passages in other orders."""
    passages = first + second
    texts = [*passages, *(passages[k % len(passages)] + " " + passages[-1] for k in order)]
    groups = [1] * len(texts)
    documents = count(texts, groups)
    expected = [plain.cut(text.encode(), 1, documents, share, least) for text in texts]
    found, counts, _ = cut(texts, groups, documents, share, least)
    assert found == [text for text, _ in expected]
    assert counts[:, 0].tolist() == [spans for _, spans in expected]
    for before, after, (spans, chars, gone) in zip(texts, found, counts.tolist(), strict=True):
        words = iter(before.encode().split())
        assert all(word in words for word in after.split())  # whole words, in order, nothing new
        after.decode()
        if spans:
            visible = [c for c in before if ord(c) > 32]
            assert (chars, chars - gone) == (len(visible), len([c for c in after.decode() if ord(c) > 32]))
        else:
            assert after == before.encode()


NOTICE = "이 누리집에 실린 글의 저작권은 글쓴이에게 있으며 허락 없이 옮겨 실을 수 없습니다. "
NOTICE += "잘못된 곳은 아래 주소로 알려 주시기 바랍니다."


def own(k):
    """Words that stand in document k only, in a long line."""
    return " ".join(f"{k}째{chr(0xAC00 + (k * 131 + j * 17) % 11000)}길" for j in range(20)) + "."


def notices(template, count_=12):
    texts = [template.format(own=own(k), notice=NOTICE, other=own(k + 500)) for k in range(count_)]
    found, counts, samples = cut(texts, [1] * count_, count(texts, [1] * count_), 0.3, 10)
    return texts, [text.decode() for text in found], counts, samples


@pytest.mark.parametrize(
    ("template", "left"),
    [
        ("{own} {notice} {other}", "{own}\n{other}"),
        ("{own}  {notice}", "{own}"),
        ("{own} {notice} \r\n{other}", "{own} \r\n{other}"),
        ("{notice} {own}", "{own}"),
        ("  {notice} {own}\n", "{own}\n"),
        ("{own}\n\n{notice} {notice}\n\n{other}", "{own}\n\n{other}"),
        ("{own}\n{notice} {notice}\n{other}", "{own}\n{other}"),
        ("{notice} {notice}\n\n{own}", "{own}"),
        ("{own}\n\n{notice} {notice}", "{own}"),
        ("{own}\n\n{notice} {notice}\n", "{own}\n"),
        ("{notice} {notice}", ""),
    ],
)
def test_a_span_becomes_a_line_feed_between_texts_and_nothing_at_the_edges(template, left):
    texts, found, counts, samples = notices(template)
    assert found == [left.format(own=own(k), other=own(k + 500)) for k in range(len(texts))]
    assert counts[:, 0].tolist() == [1] * len(texts)
    assert len(samples) == 1 and samples[0].decode().startswith(NOTICE)


@pytest.mark.parametrize(
    "template",
    [
        "```\n{own} {notice}\n```",  # fenced
        "이름\t{own} {notice}",  # a row of a table
        "| {own} | {notice} |",
        "{own} 제3조(목적) {notice}",  # an article, of which the notice is part
        "{own} ① {notice}",
        "{own}\n{notice}",  # shorter than a long line: left to line deduplication
    ],
)
def test_structures_and_short_lines_stay(template):
    texts, found, _, _ = notices(template)
    assert found == texts


def test_too_few_documents_and_too_small_a_share_stay():
    texts, found, _, _ = notices("{own} {notice}", 9)
    assert found == texts
    texts = [f"{own(k)} {NOTICE if k < 10 else own(k + 500)}" for k in range(40)]
    assert [t.decode() for t in cut(texts, [1] * 40, count(texts, [1] * 40), 0.3, 10)[0]] == texts
    assert cut(texts, [1] * 40, count(texts, [1] * 40), 0.25, 10)[0][:10] == [own(k).encode() for k in range(10)]


def test_groups_do_not_know_each_other():
    texts = [f"{own(k)} {NOTICE}" for k in range(18)]
    groups = [k % 2 for k in range(18)]
    assert [t.decode() for t in cut(texts, groups, count(texts, groups), 0.3, 10)[0]] == texts


@pytest.mark.parametrize(
    "text", ["가" * 10**6, "가 " * 10**6, "| " * 10**6, "가나 다. " * 10**5, "\n" * 10**6, " " * 10**6]
)
def test_hostile_documents(text):
    documents = count([text] * 12, [1] * 12)
    found, _, _ = cut([text] * 12, [1] * 12, documents, 0.3, 10)
    assert len(set(found)) == 1
