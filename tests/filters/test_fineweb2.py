"""Our FineWeb-2 profile against datatrove's own filter classes, with the same Kiwi model."""

import math

import pyarrow as pa
import pytest

from algok.filters.fineweb2 import _PUNCTUATION, _STOP_WORDS, _TERMINAL, FineWeb2, words_of

BODY = "서울시는 오늘 새로운 도서관을 열었다고 밝혔다. 이 도서관은 주민들이 책을 읽고 쉬는 곳으로 쓰인다. "
PROSE = (
    "봄이 오면 강가에는 버드나무가 먼저 잎을 낸다. 마을 사람들은 그 나무 아래에서 한 해의 농사를 이야기하고, "
    "아이들은 물수제비를 뜨며 논다. 올해는 비가 늦게 와서 모내기도 보름쯤 늦었다. 그래도 논에 물이 차고 나니 "
    "모두 마음을 놓았다. 저녁이 되면 집집마다 연기가 오르고 된장 끓는 냄새가 골목을 채운다."
)
TEXTS = [
    PROSE,
    PROSE + "\n" + BODY * 2,
    BODY * 8,
    "\n".join([BODY] * 6),
    "짧은 글이다.",
    "\n".join(f"- {line}" for line in PROSE.split(". ") * 2),
    "\n".join(line + "…" for line in PROSE.split(". ")),
    "\n".join(PROSE.split()),
    PROSE.replace(".", "") + "\n메뉴\n홈\n로그인",
    "# " * 40 + PROSE,
    "1234567890 " * 60 + PROSE,
    PROSE + " 12345678901234567890123 " + PROSE[::-1],
    "The quick brown fox jumps over the lazy dog. " * 12,
    "... " * 30 + PROSE,
    "가나다라마바사아자차카타파하" * 20,
    "\n\n" + PROSE + "\n\n\n" + PROSE + "\n",
    "   \n \n" + PROSE,
    "① ② ③ ④ " * 30,
]


def decisions(texts: list[str]) -> list[str | None]:
    """The first broken bound in datatrove's order, or None."""
    columns = FineWeb2().compute(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    rows = pa.table(columns).to_pylist()

    def broken(row: dict[str, float | None]) -> str | None:
        for name, bound in FineWeb2.default_bounds.items():
            value = row[name]
            if value is None:
                continue
            if math.isnan(value) or value < (bound.min or -math.inf) or value > (bound.max or math.inf):
                return name
        return None

    return [broken(row) for row in rows]


def test_decisions_agree_with_datatrove() -> None:
    data = pytest.importorskip("datatrove.data")
    filters = pytest.importorskip("datatrove.pipeline.filters")
    word_tokenizers = pytest.importorskip("datatrove.utils.word_tokenizers")

    class SameKiwi(word_tokenizers.WordTokenizer):
        def word_tokenize(self, text: str) -> list[str]:
            return words_of(text)

        def sent_tokenize(self, text: str) -> list[str]:
            raise NotImplementedError

        def span_tokenize(self, text: str) -> list[tuple[int, int]]:
            raise NotImplementedError

    same = SameKiwi()
    chain = [
        filters.GopherRepetitionFilter(
            dup_line_frac=0.374,
            dup_para_frac=0,
            dup_line_char_frac=0,
            dup_para_char_frac=0,
            top_n_grams=((2, 0.282), (3, 0.228), (4, 0.185)),
            dup_n_grams=((5, 0.201), (6, 0.184), (7, 0.168), (8, 0.154), (9, 0.14), (10, 0.127)),
            language=same,
        ),
        filters.FineWebQualityFilter(
            short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.062, new_line_ratio=0.196, language=same
        ),
        filters.GopherQualityFilter(
            min_avg_word_length=1,
            max_avg_word_length=6,
            max_non_alpha_words_ratio=0.791,
            stop_words=sorted(_STOP_WORDS),
            language=same,
        ),
    ]
    theirs = []
    for text in TEXTS:
        results = (step.filter(data.Document(text=text, id="0")) for step in chain)
        theirs.append(next((result[1] for result in results if result is not True), None))
    ours = decisions(TEXTS)
    assert [name is None for name in ours] == [name is None for name in theirs]
    renamed = {
        "gopher_words": "gopher_short_doc",
        "gopher_average_word_length": "gopher_above_avg_threshold",
        "gopher_hashes": "gopher_too_many_hashes",
        "gopher_ellipsis": "gopher_too_many_ellipsis",
        "gopher_bullets": "gopher_too_many_bullets",
        "gopher_end_ellipsis": "gopher_too_many_end_ellipsis",
        "gopher_alpha_words": "gopher_below_alpha_threshold",
        "gopher_stop_words": "gopher_enough_stop_words",
    }
    assert [renamed.get(name, name) for name in ours] == theirs
    assert len(set(theirs)) >= 6  # the texts reach many rules, keeping included


def test_character_sets_are_datatrove_s() -> None:
    text = pytest.importorskip("datatrove.utils.text")
    assert set(_TERMINAL) == text.TERMINAL_PUNCTUATION
    assert set(_PUNCTUATION) == text.PUNCTUATION_SET


def test_empty_documents_are_dropped_and_do_not_crash() -> None:
    assert None not in decisions(["", " ", "\n\n", "\u3164"])


def test_kiwi_offsets_keep_datatrove_s_digit_rule() -> None:
    assert all(len(word) < 20 for word in words_of("값은 " + "1234567890" * 3))
