"""The language axis: Korean, Korean mixed with another language, its Northern and archaic variants, other languages.

Scripts decide first, by counts over the bytes (`algok.kernels.scripts`); py3langid is asked only which language a
stretch of Latin, Cyrillic, Arabic, Devanagari or rarer letters is; lexicons of eojeol tell the variants of Korean.
Rules, thresholds and what they were measured on stand in docs/language-and-source.md.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field

from algok.classifiers.foreign.answers import Labels, answers_for, bare
from algok.classifiers.foreign.classifier import open_foreign
from algok.errors import ModelError
from algok.kernels.buffers import string_buffers
from algok.kernels.eojeol import compile_lexicons, score
from algok.kernels.scripts import COUNTERS, count
from algok.step import Bound, Signal, SignalStep, StepOptions

_LEXICONS = Path(__file__).parent / "lexicons"

# Letters are weighed by their UTF-8 bytes: a Hangul syllable says about as much as three Latin letters.
_BYTES = {
    "korean": 3, "han": 3, "kana": 3, "latin": 1, "cyrillic": 2, "arabic": 2, "thai": 3, "devanagari": 3, "greek": 2,
    "hebrew": 2, "other": 3,
}  # fmt: skip
_SCRIPTS = tuple(_BYTES)
_ALONE = {"kana": "ja", "thai": "th", "greek": "el", "hebrew": "he"}
# Which languages the letters of a script may be.
_CYRILLIC = ("be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "uk")
_ARABIC = ("ar", "fa", "ps", "ug", "ur")
_DEVANAGARI = ("hi", "mr", "ne")
_OTHERS = ("am", "as", "bn", "dz", "gu", "hy", "ka", "km", "kn", "lo", "ml", "my", "or", "pa", "si", "ta", "te")
# zxx is py3langid's class for text in no language. Creoles and small languages attract short English.
_LATIN = (
    "af", "az", "bs", "ca", "cs", "cy", "da", "de", "en", "es", "et", "eu", "fi", "fr", "ga", "gl", "hr", "hu", "id",
    "is", "it", "la", "lt", "lv", "ms", "nl", "no", "pl", "pt", "ro", "sk", "sl", "sq", "sv", "sw", "tl", "tr", "uz", "vi",
    "zxx",
)  # fmt: skip
_CANDIDATES = {
    "cyrillic": _CYRILLIC, "arabic": _ARABIC, "devanagari": _DEVANAGARI, "other": _OTHERS, "latin": _LATIN
}  # fmt: skip

MIXED = 0.15  # share of the second language, by bytes, from which Korean is mixed
MIXED_BYTES = 45  # and its letters in bytes: a sentence
KANA = 0.05  # share of kana in kana and Han from which the text is Japanese
EXCERPT = 150  # bytes that py3langid sees
SURE = 0.3  # of what it must be sure; below are code, names and noise

NORTH_RATE, NORTH_FORMS = 0.02, 2
ARCHAIC_RATE, ARCHAIC_FORMS, ARCHAIC_EOJEOL = 0.03, 4, 20
PROBE = 1500  # bytes in which a variant must show itself before the whole text is read: about 170 eojeol
STEADY = 200  # eojeol for each further time that a form counts
STRONG = 2.0  # weight from which a Northern form is evidence by itself
HANJA_PROSE, HANJA_JOINED, HANJA_SYLLABLES = (
    0.25,
    0.08,
    30,
)  # Han in Korean letters; Han-Hangul joints per syllable; syllables
OLD_HANGUL, OLD_LETTERS = 0.02, 3


def _lexicon(name: str) -> dict[tuple[str, str], float]:
    lines = (_LEXICONS / f"{name}.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {(place, form): float(weight) for place, form, weight in rows}


@cache
def _lexicons() -> tuple:
    north = _lexicon("ko_north")
    strong = {entry: weight for entry, weight in north.items() if weight >= STRONG}
    weak = {entry: weight for entry, weight in north.items() if weight < STRONG}
    return tuple(compile_lexicons([strong, weak, _lexicon("ko_archaic")]))


@cache
def _identifier(script: str) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # 0.3 s, and only foreign text needs it

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_CANDIDATES[script])
    return identifier


# Pages with next to no Korean; a mixed page stays. Where text has no letters at all the ratio is null and breaks nothing.
_BOUNDS = {"korean_ratio": Bound(min=0.02)}


class LanguageOptions(StepOptions):
    """`model`: another library's, instead of the rules of this step; `labels`: what its labels mean, where its codes of two or
    three letters (GlotLID's kor_Hang too) do not say it."""

    added: ClassVar = frozenset({"model", "labels"})
    model: str | None = Field(None, description="A language identifier of fastText (GlotLID, lid.176), ONNX or skops.")
    labels: Labels = None


class Language(SignalStep[LanguageOptions]):
    """What language a document is in, how sure that is, and which other one a mixed document has.

    Needs `text` without nulls (ValueError). Where there is no letter, or only bytes read in a wrong encoding, `label`
    is `und`, `confidence` 0 and, without letters, `korean_ratio` null. With a `model`, `label` and `confidence` are the
    model's likeliest language and its probability, and `second` is null.
    """

    name = "language"
    signals = (
        Signal("label", pa.string(), "label", "ko, ko-mixed, ko-north, ko-archaic, ISO 639-1 of another, or und"),
        Signal("confidence", pa.float32(), "ratio", "share of its letters by bytes, times what the identifier says"),
        Signal("korean_ratio", pa.float32(), "ratio", "Hangul letters (jamo too) / letters"),
        Signal("second", pa.string(), "label", "the other language of ko-mixed, else null"),
    )
    Options = LanguageOptions
    default_bounds = _BOUNDS
    models: ClassVar = {"model": "language"}

    def __init__(self, options: LanguageOptions | None = None):
        super().__init__(options)
        model = self.options.model
        self._model = None if model is None else _Identifier(model, self.options.labels or {})

    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        texts = batch.column("text")
        data, offsets = string_buffers(texts)
        counts: dict[str, np.ndarray] = dict(zip(COUNTERS, count(data, offsets).T, strict=True))
        if self._model is not None:
            return self._model.signals(texts, counts)
        label, confidence, second, ratio, letters = _by_script(data, offsets, counts)
        _variants(data, offsets, counts, label, confidence)
        return {
            "label": pa.array(label, pa.string()),
            "confidence": pa.array(confidence.astype(np.float32)),
            "korean_ratio": pa.array(ratio.astype(np.float32), mask=letters == 0),
            "second": pa.array(second, pa.string()),
        }


class _Identifier:
    """A model that says the language instead of the rules; Hangul in letters is still counted."""

    def __init__(self, reference: str, labels: Mapping[str, str | None]):
        foreign = open_foreign(reference, "language")
        if foreign is None:
            raise ModelError(f"model '{reference}': a language identifier of fastText, ONNX or skops is needed here")
        self._classifier = foreign[0]
        if not self._classifier.labels:
            raise ModelError(f"model '{reference}': a language identifier must have labels; this one gives a score")
        named = {
            label: labels.get(label, labels.get(bare(label), _code(bare(label)))) for label in self._classifier.labels
        }
        answers = answers_for(self._classifier.labels, named, _is_code, "a code such as ko, en or und")
        self._answers = np.array([answer or "und" for answer in answers], object)

    def signals(self, texts: pa.Array, counts: dict[str, np.ndarray]) -> dict[str, pa.Array]:
        columns, probabilities = self._classifier.best(texts)
        ratio, letters = _korean(counts)
        return {
            "label": pa.array(self._answers[columns], pa.string()),
            "confidence": pa.array(probabilities),
            "korean_ratio": pa.array(ratio.astype(np.float32), mask=letters == 0),
            "second": pa.nulls(len(texts), pa.string()),
        }


@cache
def _two_letters() -> dict[str, str]:
    lines = (Path(__file__).parent / "languages.tsv").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def _code(label: str) -> str:
    """The language of a label: `kor_Hang` is ko, `kor` is ko, `yue_Hani` has no code of two letters and stays yue."""
    code = label.partition("_")[0].lower()
    return "und" if code == "zxx" else _two_letters().get(code, code)


def _is_code(answer: str) -> bool:
    return re.fullmatch(r"[a-z]{2,3}(-[a-z]+)?", answer) is not None


def _korean(counts: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The share of Hangul in letters, and the letters."""
    korean = counts["hangul"] + counts["jamo"]
    letters = korean + sum(counts[script] for script in _SCRIPTS if script != "korean")
    return korean / np.maximum(letters, 1), letters


def _by_script(data: np.ndarray, offsets: np.ndarray, counts: dict[str, np.ndarray]) -> tuple:
    """Labels, confidences and second languages by script; the share of Hangul in letters, and the letters."""
    korean = counts["hangul"] + counts["jamo"]
    sizes = {**counts, "korean": korean}
    ratio, letters = _korean(counts)
    # Beside Korean only running text of other languages counts: no code, names, addresses, or Hanja of Korean.
    beside = (korean > 0) & (ratio >= 0.02)
    sizes["latin"] = np.where(beside, counts["latin_prose"], counts["latin"])
    sizes["han"] = np.where(beside & (counts["kana"] < KANA * counts["han"]), counts["han_runs"], counts["han"])
    japanese = sizes["kana"] > KANA * (sizes["kana"] + sizes["han"])
    shares = np.stack([sizes[script] * size for script, size in _BYTES.items()], axis=1).astype(np.float64)
    kana, han = _SCRIPTS.index("kana"), _SCRIPTS.index("han")
    shares[japanese, kana] += shares[japanese, han]
    shares[japanese, han] = 0
    weights, total = shares.copy(), np.maximum(shares.sum(axis=1), 1)
    shares /= total[:, None]
    best = shares.argmax(axis=1)
    foreign = shares.copy()
    foreign[:, 0] = 0
    other = foreign.argmax(axis=1)
    rows = np.arange(len(best))

    label = np.full(len(best), "ko", object)
    second = np.full(len(best), None, object)
    confidence = shares[rows, 0].copy()
    mixed = (foreign[rows, other] >= MIXED) & (weights[rows, other] >= MIXED_BYTES) & (shares[:, 0] >= MIXED)
    label[mixed] = "ko-mixed"
    confidence[mixed] = np.minimum(1, foreign[mixed, other[mixed]] / (2 * MIXED))
    # Letters of Latin-1 at least as many as ASCII ones are bytes of another encoding.
    garbled = (best == _SCRIPTS.index("latin")) & (2 * counts["latin1"] >= counts["latin"]) & (counts["latin1"] > 0)
    nothing = (weights.sum(axis=1) == 0) | garbled
    label[nothing] = "und"
    confidence[nothing] = 0
    for i in np.flatnonzero(~nothing & (mixed | (best != 0))):
        script = _SCRIPTS[other[i]]
        language, sure = _name(data, offsets[i], offsets[i + 1], script, counts["run_start"][i], counts["run_bytes"][i])
        if mixed[i]:
            second[i] = language
        else:
            label[i] = language
            confidence[i] = foreign[i, other[i]] * sure
    return label, confidence, second, ratio, letters


def _name(data: np.ndarray, start: int, end: int, script: str, run_start: int, run_bytes: int) -> tuple[str, float]:
    """The language of a document's text in one script, and how sure that is."""
    if script == "han":
        return "zh", 1.0
    if script in _ALONE:
        return _ALONE[script], 1.0
    if script == "latin" and run_bytes:
        start, end = run_start, run_start + run_bytes
    raw = data[start : min(end, start + EXCERPT)].tobytes().decode("utf-8", "ignore")
    language, sure = _identifier(script).classify(raw)
    return ("und", 0.0) if language == "zxx" or sure < SURE else (str(language), float(sure))


def _variants(
    data: np.ndarray, offsets: np.ndarray, counts: dict[str, np.ndarray], label: np.ndarray, confidence: np.ndarray
) -> None:
    """Relabels Korean documents that are North Korean or archaic, in place."""
    wanted = (label == "ko") & (counts["hangul"] > 0)
    starts, ends = offsets[:-1], offsets[1:]
    _, seen, _ = score(data, starts, np.minimum(ends, starts + PROBE), wanted, _lexicons(), 3, STEADY)
    likely = wanted & ((seen[:, 0] > 0) | (seen[:, 1] > 1) | (seen[:, 2] > 1))
    scores, distinct, eojeol = score(data, starts, ends, likely, _lexicons(), 3, STEADY)
    per_eojeol = scores / np.maximum(eojeol, 1)[:, None]
    north_rate = per_eojeol[:, 0] + per_eojeol[:, 1]
    north = wanted & (distinct[:, 0] >= NORTH_FORMS) & (north_rate >= NORTH_RATE)
    label[north] = "ko-north"
    confidence[north] = np.minimum(1, north_rate[north] / (2 * NORTH_RATE))

    archaic_rate = per_eojeol[:, 2]
    by_words = (archaic_rate >= ARCHAIC_RATE) & (distinct[:, 2] >= ARCHAIC_FORMS) & (eojeol >= ARCHAIC_EOJEOL)
    inline = np.maximum(counts["han"] - counts["han_runs"], 0)
    by_hanja = (
        (inline >= HANJA_PROSE * (inline + counts["hangul"]))
        & (counts["joined"] >= HANJA_JOINED * counts["hangul"])
        & (counts["hangul"] >= HANJA_SYLLABLES)
    )
    old = counts["old_hangul"]
    by_letters = (old >= OLD_LETTERS) & (old >= OLD_HANGUL * counts["hangul"])
    archaic = wanted & (by_words | by_hanja | by_letters) & ~(north & (north_rate >= archaic_rate))
    label[archaic] = "ko-archaic"
    confidence[archaic] = np.where(
        (by_hanja | by_letters)[archaic], 0.9, np.minimum(1, archaic_rate[archaic] / (2 * ARCHAIC_RATE))
    )
