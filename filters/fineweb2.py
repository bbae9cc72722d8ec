"""FineWeb-2's quality filters for Korean as signals: what the strongest open Korean pipeline would decide.

Formulas are those of datatrove 0.10.1 (`GopherRepetitionFilter`, `FineWebQualityFilter`, `GopherQualityFilter`), bounds
those of huggingface/fineweb-2, `configs/kor_Hang.yml` and `fineweb-2-pipeline.py`. Words are Kiwi morphemes as there,
so this step runs at 0.1–0.2 MB/s: a profile to compare with, not one for a crawl. Left out are the language score and
Trafilatura. datatrove asks Kiwi for its `sbg` model, which kiwipiepy no longer ships; this takes the default model.
"""

import re
from collections import Counter
from functools import cache
from typing import cast

import pyarrow as pa
from kiwipiepy import Kiwi, Token

from algok.step import Bound, Signal, SignalStep, StepOptions

_TOP = {2: 0.282, 3: 0.228, 4: 0.185}
_DUPLICATED = {5: 0.201, 6: 0.184, 7: 0.168, 8: 0.154, 9: 0.14, 10: 0.127}
_STOP_WORDS = frozenset(
    [
        "의",
        "다",
        "이",
        "는",
        "에",
        "을",
        "한",
        "년",
        "하",
        "은",
        "를",
        "했",
        "고",
        "에서",
        "가",
        "있",
        "으로",
        "인",
        "월",
        "로",
        "되",
    ]
)

# Code points (hexadecimal, ranges inclusive) of datatrove.utils.text: TERMINAL_PUNCTUATION, the rest of PUNCTUATION.
_TERMINAL_RANGES = """
21 2E 3F 589 61D-61F 6D4 700-702 7F9 837 839 83D-83E 964-965 104A-104B 1362 1367-1368 166E 1735-1736 17D4-17D6 17D9-17DA
1803 1809 1944-1945 1AA8-1AAB 1B5A-1B5B 1B5E-1B5F 1B7D-1B7E 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C 2E53-2E54
3002 A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9 AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01 FF0E FF1F
FF61 10A56-10A57 10F55-10F59 10F86-10F89 11047-11048 110BE-110C1 11141-11143 111C5-111C6 111CD 111DE-111DF 11238-11239
1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11944 11946 11A42-11A43 11A9B-11A9C
11C41-11C42 11EF7-11EF8 11F43-11F44 16A6E-16A6F 16AF5 16B37-16B38 16B44 16E98 1BC9F 1DA88
"""
_OTHER_RANGES = """
0-8 B-1F 22-2D 2F 3A-3E 40 5B-60 7B-9F AB B4 BB 2013-2014 2019 201C-201E 2026 2236 2501 25BA 3001 3008-300D 3010-3011
FF05 FF08-FF09 FF0C FF11 FF1A-FF1B FF5E
"""


def _characters(ranges: str) -> tuple[str, ...]:
    bounds = [[int(code, 16) for code in item.split("-")] for item in ranges.split()]
    return tuple(chr(code) for bound in bounds for code in range(bound[0], bound[-1] + 1))


_TERMINAL = _characters(_TERMINAL_RANGES)
_PUNCTUATION = frozenset(_TERMINAL + _characters(_OTHER_RANGES))

_BOUNDS = {
    "dup_line_frac": Bound(max=0.374),
    **{f"top_{n}_gram": Bound(max=most) for n, most in _TOP.items()},
    **{f"duplicated_{n}_n_grams": Bound(max=most) for n, most in _DUPLICATED.items()},
    "line_punct_ratio": Bound(min=0.062),
    "char_dup_ratio": Bound(max=0.1),
    "list_ratio": Bound(max=0.196),
    "gopher_words": Bound(min=50, max=100_000),
    "gopher_average_word_length": Bound(min=1, max=6),
    "gopher_hashes": Bound(max=0.1),
    "gopher_ellipsis": Bound(max=0.1),
    "gopher_bullets": Bound(max=0.9),
    "gopher_end_ellipsis": Bound(max=0.3),
    "gopher_alpha_words": Bound(min=0.791),
    "gopher_stop_words": Bound(min=2),
}

_DOCS = {
    "dup_line_frac": "lines (split at newlines) that occurred before / lines",
    **{f"top_{n}_gram": f"characters of the most frequent {n}-gram, times its count / characters" for n in _TOP},
    **{f"duplicated_{n}_n_grams": f"characters of repeated {n}-grams / characters" for n in _DUPLICATED},
    "line_punct_ratio": "non-blank lines that end in terminal punctuation / non-blank lines",
    "char_dup_ratio": "characters of repeated non-blank lines / characters without newlines",
    "list_ratio": "newlines / words",
    "gopher_words": "words that are not only punctuation",
    "gopher_average_word_length": "their mean length in characters",
    "gopher_hashes": "# / words",
    "gopher_ellipsis": "... and … / words",
    "gopher_bullets": "lines that start with • or - / lines",
    "gopher_end_ellipsis": "lines that end in ... or … / lines",
    "gopher_alpha_words": "words with an alphabetic character / words",
    "gopher_stop_words": "how many of the 21 stop words occur",
}
_COUNTS = ("gopher_words", "gopher_stop_words")
_SCORES = ("list_ratio", "gopher_average_word_length", "gopher_hashes", "gopher_ellipsis")


def _signal(name: str, doc: str) -> Signal:
    if name in _COUNTS:
        return Signal(name, pa.int32(), "count", doc)
    return Signal(name, pa.float64(), "score" if name in _SCORES else "ratio", doc)


class FineWeb2(SignalStep[StepOptions]):
    """The rules of FineWeb-2's three quality filters for Korean, each as a signal named after datatrove's drop reason.

    An empty or word-less document gives null where a formula would divide by zero, and breaks `gopher_words`. Ratios
    are float64, so that a value on the bound is decided as datatrove decides it.
    """

    name = "fineweb2"
    signals = tuple(_signal(name, doc) for name, doc in _DOCS.items())
    default_bounds = _BOUNDS

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        rows = [measure(text) for text in batch.column("text").to_pylist()]
        return {s.name: pa.array([row.get(s.name) for row in rows], s.type) for s in self.signals}


@cache
def _kiwi() -> Kiwi:
    """With the dictionaries that `algok.korean.kiwi` leaves out: FineWeb-2's words came from them too."""
    return Kiwi(num_workers=1)


def words_of(text: str) -> list[str]:
    """Kiwi morphemes as datatrove's KiwiTokenizer gives them: long digit runs are taken out before the analysis, and
    the offsets are applied to the text with them (its behaviour, kept)."""
    tokens = cast(list[Token], _kiwi().tokenize(re.sub("[0-9,]{20,}", "", text)))  # of one text, one reading
    words = (text[token.start : token.end].strip() for token in tokens)
    return [word for word in words if word]


def measure(text: str) -> dict[str, float | int]:
    """Every signal of one text that is defined for it."""
    words = words_of(text)
    row = _gopher_quality(text, words)
    if text:
        row |= _repetition(text, words)
    lines = [line for line in text.split("\n") if line.strip()]
    if lines:
        row["line_punct_ratio"] = sum(line.endswith(_TERMINAL) for line in lines) / len(lines)
        row["char_dup_ratio"] = _repeated(lines)[1] / len(text.replace("\n", ""))
    if words:
        row["list_ratio"] = text.count("\n") / len(words)
    return row


def _repeated(items: list[str]) -> tuple[int, int]:
    """How many items occurred before, and their characters."""
    seen: set[str] = set()
    again = [item for item in items if item in seen or seen.add(item)]
    return len(again), sum(map(len, again))


def _repetition(text: str, words: list[str]) -> dict[str, float]:
    lines = re.split("\n+", text)
    row = {"dup_line_frac": _repeated(lines)[0] / len(lines)}
    for n in _TOP:
        grams = Counter(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
        for gram, times in grams.most_common(1):
            row[f"top_{n}_gram"] = len(gram) * times / len(text)
    for n in _DUPLICATED:
        row[f"duplicated_{n}_n_grams"] = _duplicated(words, n) / len(text)
    return row


def _duplicated(words: list[str], n: int) -> int:
    """Characters of n-grams that occurred before, scanning on behind each one found."""
    seen: set[str] = set()
    characters = i = 0
    while i <= len(words) - n:
        gram = "".join(words[i : i + n])
        if gram in seen:
            characters += len(gram)
            i += n
        else:
            seen.add(gram)
            i += 1
    return characters


def _gopher_quality(text: str, words: list[str]) -> dict[str, float | int]:
    lengths = [len(word) for word in words if not _PUNCTUATION.issuperset(word)]
    row: dict[str, float | int] = {
        "gopher_words": len(lengths),
        "gopher_stop_words": len(_STOP_WORDS.intersection(words)),
    }
    if lengths:
        row["gopher_average_word_length"] = sum(lengths) / len(lengths)
    if words:
        row["gopher_hashes"] = text.count("#") / len(words)
        row["gopher_ellipsis"] = (text.count("...") + text.count("…")) / len(words)
        row["gopher_alpha_words"] = sum(any(c.isalpha() for c in word) for word in words) / len(words)
    lines = text.splitlines()
    if lines:
        row["gopher_bullets"] = sum(line.lstrip().startswith(("•", "-")) for line in lines) / len(lines)
        row["gopher_end_ellipsis"] = sum(line.rstrip().endswith(("...", "…")) for line in lines) / len(lines)
    return row
