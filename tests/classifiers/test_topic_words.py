"""The lexicon of topics: what counts as a word of it, and what its words say of a text."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algok.classifiers.topic_words import TopicWords
from algok.kernels.buffers import string_buffers
from algok.kernels.topic_words import HEAD, READ, occurrences

SHARES = {
    "축구": np.array([0.9, 0.1]), "축구장": np.array([0.8, 0.2]), "김치": np.array([0.1, 0.9]),
    "된장찌개": np.array([0.05, 0.95]), "c++": np.array([0.6, 0.4]), "node.js": np.array([0.7, 0.3]),
}  # fmt: skip
BACKGROUND = texts = pa.array(["축구를 보았다", "김치를 담갔다", "아무 말도 없다", "비가 온다"], pa.large_string())


@pytest.fixture(scope="module")
def words() -> TopicWords:
    return TopicWords.of(SHARES, BACKGROUND)


def found(words: TopicWords, text: str) -> list[str]:
    data, offsets = string_buffers(pa.array([text], pa.large_string()))
    hits = occurrences(data, offsets, words._tables, len(SHARES))
    return [word for word, hit in zip(SHARES, hits, strict=True) if hit]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("축구를", ["축구"]), ("축구장에서", ["축구장"]), ("전국축구", []), ("된장찌개와 김치", ["김치", "된장찌개"]),
        ("C++ 로 짠 Node.JS.", ["c++", "node.js"]), ("c+++", []), ("축 구", []), ("", []), ("축", []),
    ],
)  # fmt: skip
def test_the_longest_word_that_a_run_begins_with(words, text, expected):
    assert found(words, text) == expected


def test_only_the_beginning_is_read(words):
    assert found(words, "가 " * (READ // 2) + "축구") == []
    assert found(words, "가 " * (READ // 2 - 4) + "축구") == ["축구"]


def test_words_tell_the_topic_and_titles_tell_more(words):
    logits = words.logits(pa.array(["축구 이야기", "김치 이야기", "아무 말"], pa.large_string()))
    assert logits[0].argmax() == 0 and logits[1].argmax() == 1 and not logits[2].any()
    filler = "가나다 " * HEAD
    titled, buried = words.logits(pa.array([f"축구\n{filler}김치 김치", f"{filler}축구 김치 김치"], pa.large_string()))
    assert titled[0] - titled[1] > buried[0] - buried[1]


def test_kept_in_files(words):
    again = TopicWords(words.files())
    assert (again.logits(BACKGROUND) == words.logits(BACKGROUND)).all()


@given(st.lists(st.text(alphabet="축구장김치된찌개 aC+#.\n\U0001f600é", max_size=60), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_text_counts_alike_in_any_batch(texts):
    words = TopicWords.of(SHARES, BACKGROUND)
    whole = words.logits(pa.array(texts, pa.large_string()))
    alone = [words.logits(pa.array([text], pa.large_string()))[0] for text in texts]
    assert (whole == np.array(alone)).all()
