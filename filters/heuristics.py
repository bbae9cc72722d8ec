"""Step 2: what a Korean document looks like from outside, in one pass over its bytes."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from algok.kernels.buffers import string_buffers
from algok.kernels.repetition import HEAD
from algok.kernels.textstats import CLASSES, COUNTERS, compile_phrases, compile_suffixes, count
from algok.step import Bound, Signal, SignalStep, StepOptions, Unit

_LEXICONS = Path(__file__).parent / "lexicons"


class _Count(NamedTuple):
    """An int32 signal: one counter as it is."""

    name: str
    counter: str
    doc: str


class _Ratio(NamedTuple):
    """A float32 signal: counters summed, over counters summed; null where the denominator is below `least`."""

    name: str
    over: str
    under: str
    least: int
    doc: str
    unit: Unit = "ratio"


# Ratios that say nothing about a handful of words are null below these; a null breaks no bound.
_CHARS, _EOJEOL, _LINES = 50, 50, 5

_TABLE: tuple[_Count | _Ratio, ...] = (
    _Count("chars", "chars", "characters (code points; conjoining jamo as the syllables they spell)"),
    _Count("lines", "lines", "lines that are not blank"),
    _Count("eojeol", "eojeol", "space-separated units with a letter or digit"),
    _Ratio("eojeol_length", "letters", "eojeol", 20, "letters and digits per eojeol, URLs left out", "score"),
    _Count("longest_eojeol", "longest_eojeol", "letters and digits of the longest eojeol, URLs left out"),
    _Ratio("long_eojeol_ratio", "long_eojeol", "eojeol", 20, "eojeol of 15 or more letters / eojeol"),
    _Ratio("hangul_ratio", "hangul", "nonspace", 1, "Hangul syllables (U+AC00–D7A3, U+1100–11FF) / non-space"),
    _Ratio("jamo_ratio", "jamo", "nonspace", 1, "compatibility and half-width jamo / non-space"),
    _Ratio("hanja_ratio", "hanja", "nonspace", 1, "Han ideographs / non-space"),
    _Ratio("kana_ratio", "kana", "nonspace", 1, "hiragana and katakana / non-space"),
    _Ratio("latin_ratio", "latin", "nonspace", 1, "Latin letters / non-space"),
    _Ratio("digit_ratio", "digit", "nonspace", 1, "decimal digits / non-space"),
    _Ratio("symbol_ratio", "punctuation symbol", "nonspace", 1, "punctuation and symbols / non-space"),
    _Ratio("bracket_ratio", "bracket", "nonspace", 1, "brackets of all kinds / non-space"),
    _Ratio("control_ratio", "control", "nonspace", 1, "control, invisible, private-use and U+FFFD / non-space"),
    _Count("sentences", "sentences", "sentence ends"),
    _Ratio("sentences_per_line", "sentences", "lines", 1, "sentence ends / lines", "score"),
    _Ratio("sentence_line_ratio", "sentence_lines", "lines", _LINES, "lines that end like a sentence / lines"),
    _Count("prose_eojeol", "prose_eojeol", "eojeol up to the last sentence end of their line"),
    _Ratio("prose_ratio", "prose_eojeol", "eojeol", 1, "eojeol up to the last sentence end of their line / eojeol"),
    _Ratio("ending_ratio", "endings", "eojeol", 20, "eojeol that end in a particle or ending / eojeol"),
    _Ratio("punct_line_ratio", "punct_lines", "lines", _LINES, "lines whose last mark is . ? ! 。 … / lines"),
    _Ratio("bullet_line_ratio", "bullet_lines", "lines", _LINES, "lines with words that start with a bullet / lines"),
    _Ratio("ellipsis_line_ratio", "ellipsis_lines", "lines", _LINES, "lines that end in … or ... / lines"),
    _Ratio("short_line_ratio", "short_lines", "lines", _LINES, "lines under 20 non-space characters / lines"),
    _Ratio("cut_line_ratio", "cut_lines", "long_lines", 1, "of lines from 40 non-space on: cut off, no sentence end"),
    _Ratio("dup_line_ratio", "dup_lines", "kept_lines", _LINES, "lines (with words) seen before / lines with words"),
    _Ratio("dup_line_char_ratio", "dup_line_chars", "kept_line_chars", _CHARS, "the same, by non-space characters"),
    _Ratio(
        "top_2gram_ratio",
        "top2_chars",
        "kept_letters",
        _CHARS,
        "letters in the 2-gram of stems that takes most / letters of stems",
    ),
    _Ratio(
        "top_3gram_ratio",
        "top3_chars",
        "kept_letters",
        _CHARS,
        "letters in the 3-gram of stems that takes most / letters of stems",
    ),
    _Ratio(
        "top_4gram_ratio",
        "top4_chars",
        "kept_letters",
        _CHARS,
        "letters in the 4-gram of stems that takes most / letters of stems",
    ),
    _Ratio(
        "dup_5gram_ratio",
        "dup5_chars",
        "kept_letters",
        _CHARS,
        "letters in 5-grams of stems seen before / letters of stems",
    ),
    _Ratio("dup_10gram_ratio", "dup10_chars", "kept_letters", _CHARS, "the same, in runs of 10 eojeol or more"),
    _Count("urls", "urls", "addresses (http://, https://, www.)"),
    _Ratio("url_ratio", "url_chars", "nonspace", _CHARS, "characters in addresses / non-space"),
    _Count("longest_run", "longest_run", "longest run of one character, from 5 up, jamo left out"),
    _Ratio("run_ratio", "run_chars", "nonspace", _CHARS, "characters in runs of 5 or more, jamo left out / non-space"),
    _Ratio("jamo_run_ratio", "jamo_run_chars", "nonspace", _CHARS, "jamo in runs of 5 or more / non-space"),
    _Ratio("top_stem_ratio", "top_stem", "kept_eojeol", _EOJEOL, "most frequent stem of 2 or more letters / eojeol"),
    _Ratio("type_token_ratio", "head_distinct", "head_eojeol", _EOJEOL, "distinct stems / eojeol, of the first 500"),
    _Ratio("hapax_ratio", "hapax", "kept_eojeol", _EOJEOL, "eojeol whose stem occurs once / eojeol"),
    _Ratio("separator_ratio", "separators", "eojeol separators", 20, ", | · / # marks / (marks + eojeol)"),
    _Count("boilerplate_phrases", "boilerplate", "phrases of lexicons/boilerplate.txt"),
    _Ratio("boilerplate_ratio", "boilerplate_eojeol", "kept_eojeol", 1, "eojeol in boilerplate phrases / eojeol"),
    _Count("spam_phrases", "spam", "phrases of lexicons/spam.txt"),
    _Ratio("spam_ratio", "spam_eojeol", "kept_eojeol", 1, "eojeol in spam phrases / eojeol"),
)


# Each from data: docs/heuristics.md says which. The first seven decide on ordinary pages, the others catch garbage.
_BOUNDS = {
    "prose_eojeol": Bound(min=20),
    "prose_ratio": Bound(min=0.05),
    "ending_ratio": Bound(min=0.15),
    "hangul_ratio": Bound(min=0.08),
    "short_line_ratio": Bound(max=0.85),
    "boilerplate_ratio": Bound(max=0.1),
    "spam_ratio": Bound(max=0.03),
    "digit_ratio": Bound(max=0.25),
    "symbol_ratio": Bound(max=0.5),
    "url_ratio": Bound(max=0.6),
    "control_ratio": Bound(max=0.02),
    "run_ratio": Bound(max=0.4),
    "jamo_ratio": Bound(max=0.2),
    "eojeol_length": Bound(min=1.8, max=12),
    "dup_line_char_ratio": Bound(max=0.55),
    "dup_10gram_ratio": Bound(max=0.5),
    "top_2gram_ratio": Bound(max=0.25),
    "top_stem_ratio": Bound(max=0.2),
    "type_token_ratio": Bound(min=0.2),
}


def _signal(entry: _Count | _Ratio) -> Signal:
    if isinstance(entry, _Count):
        return Signal(entry.name, pa.int32(), "count", entry.doc)
    return Signal(entry.name, pa.float32(), entry.unit, entry.doc)


def _lexicon(name: str) -> list[str]:
    lines = (_LEXICONS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def _compiled() -> tuple[tuple, tuple]:
    marks = {"e": 1, "s": 2, "es": 3}
    endings = {suffix: marks[mark] for suffix, mark in (line.split("\t") for line in _lexicon("endings.tsv"))}
    phrases = compile_phrases(_lexicon("boilerplate.txt"), _lexicon("spam.txt"))
    return tuple(compile_suffixes(endings)), tuple(phrases)


class Heuristics(SignalStep[StepOptions]):
    """Lengths, scripts, sentence ends, particles, repetition, links, stuffing, boilerplate and spam phrases.

    Needs `text` without nulls (ValueError); an empty document gives zero counts and null ratios. Formulas stand in each
    signal's `doc`, their terms in `algok.kernels.textstats`; bounds and their origin in docs/heuristics.md.
    """

    name = "heuristics"
    signals = tuple(_signal(entry) for entry in _TABLE)
    default_bounds = _BOUNDS

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        data, offsets = string_buffers(batch.column("text"))
        suffixes, phrases = _compiled()
        counts = count(data, offsets, CLASSES, suffixes, phrases)
        columns: dict[str, np.ndarray] = dict(zip(COUNTERS, counts.T, strict=True))
        columns["head_eojeol"] = np.minimum(columns["kept_eojeol"], HEAD)
        return {entry.name: _column(entry, columns) for entry in _TABLE}


def _column(entry: _Count | _Ratio, columns: dict[str, np.ndarray]) -> pa.Array:
    if isinstance(entry, _Count):
        return pa.array(columns[entry.counter].astype(np.int32))
    over = sum(columns[name] for name in entry.over.split())
    under = sum(columns[name] for name in entry.under.split())
    values = (over / np.maximum(under, 1)).astype(np.float32)
    return pa.array(values, mask=under < entry.least)
