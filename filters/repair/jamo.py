"""Hangul in pieces put together: conjoining jamo (NFD), half-width jamo and spelled-out compatibility jamo."""

import re
import unicodedata

# Runs of conjoining jamo with the syllable in front, which may still take a final consonant.
_CONJOINING = re.compile("[가-힣]?[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]+")

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_INITIAL = {c: i for i, c in enumerate(_INITIALS)}
_VOWEL = {c: i for i, c in enumerate(_VOWELS)}
_FINAL = {c: i for i, c in enumerate(_FINALS) if i}
_VOWEL_PAIRS = {"ㅗㅏ": "ㅘ", "ㅗㅐ": "ㅙ", "ㅗㅣ": "ㅚ", "ㅜㅓ": "ㅝ", "ㅜㅔ": "ㅞ", "ㅜㅣ": "ㅟ", "ㅡㅣ": "ㅢ"}
_FINAL_PAIRS = {
    "ㄱㅅ": "ㄳ", "ㄴㅈ": "ㄵ", "ㄴㅎ": "ㄶ", "ㄹㄱ": "ㄺ", "ㄹㅁ": "ㄻ", "ㄹㅂ": "ㄼ", "ㄹㅅ": "ㄽ", "ㄹㅌ": "ㄾ",
    "ㄹㅍ": "ㄿ", "ㄹㅎ": "ㅀ", "ㅂㅅ": "ㅄ",
}  # fmt: skip

_LAUGHS = "ㅋㅎㅠㅜ"  # repeated, they are no part of a syllable

_COMPATIBILITY = re.compile("[ㄱ-ㅎㅏ-ㅣ]{2,}")
# KS X 1001 writes a syllable that it lacks as filler, initial, vowel, final or filler.
_KSX1001_SEQUENCE = re.compile("\u3164([ㄱ-ㅎ])([ㅏ-ㅣ])([ㄱ-ㅎ\u3164])")

_HALFWIDTH = re.compile("[\uffa1-\uffbe\uffc2-\uffc7\uffca-\uffcf\uffd2-\uffd7\uffda-\uffdc]+")
_HALFWIDTH_TO_COMPATIBILITY = {
    **{0xFFA1 + i: 0x3131 + i for i in range(30)},
    **{0xFFC2 + i: 0x314F + i for i in range(6)},
    **{0xFFCA + i: 0x3155 + i for i in range(6)},
    **{0xFFD2 + i: 0x315B + i for i in range(6)},
    **{0xFFDA + i: 0x3161 + i for i in range(3)},
}


def compose_conjoining(text: str) -> tuple[str, int]:
    """NFC of every run of conjoining jamo, and how many runs changed. Old Hangul without a precomposed form stays."""
    count = 0

    def compose(match: re.Match) -> str:
        nonlocal count
        composed = unicodedata.normalize("NFC", match[0])
        count += composed != match[0]
        return composed

    return _CONJOINING.sub(compose, text), count


def compose_halfwidth(text: str) -> tuple[str, int]:
    """Half-width jamo to syllables where they spell some, else to compatibility jamo, and how many runs there were."""
    return _HALFWIDTH.subn(lambda m: compose_run(m[0].translate(_HALFWIDTH_TO_COMPATIBILITY))[0], text)


def compose_ksx1001(text: str) -> tuple[str, int]:
    """The four-part sequences of KS X 1001 (U+3164 initial vowel final) as syllables, and how many."""
    count = 0

    def compose(match: re.Match) -> str:
        nonlocal count
        initial, vowel, final = match.groups()
        if initial not in _INITIAL or (final not in _FINAL and final != "\u3164"):
            return match[0]
        count += 1
        return _syllable(initial, vowel, "" if final == "\u3164" else final)

    return _KSX1001_SEQUENCE.sub(compose, text), count


def compose_spelled(text: str) -> tuple[str, int]:
    """Compatibility jamo that spell syllables (ㅇㅏㄴㄴㅕㅇ) composed line by line, and how many runs.

    A run counts when every one of its jamo finds a place. A line changes when one of its runs gives two syllables or
    more, so ㅋㅋ, ㅠㅠ, ㄱㄴㄷ, ㅇㅋ and a lone ㅇㅏ stay.
    """
    lines = text.split("\n")
    count = 0
    for i, line in enumerate(lines):
        if len(line) < 4:
            continue
        runs = [(m.start(), m.end(), *compose_run(m[0])) for m in _COMPATIBILITY.finditer(line)]
        whole = [run for run in runs if run[3] and run[2] != line[run[0] : run[1]]]
        if not any(sum(c >= "가" for c in composed) >= 2 for _, _, composed, _ in whole):
            continue
        out = []
        at = 0
        for start, end, composed, _ in whole:
            out += [line[at:start], composed]
            at = end
            count += 1
        lines[i] = "".join(out) + line[at:]
    return ("\n".join(lines) if count else text), count


def compose_run(run: str) -> tuple[str, bool]:
    """A run of compatibility jamo as syllables, jamo without a place as they are; whether all found a place."""
    out = []
    complete = True
    i = 0
    n = len(run)
    while i < n:
        if run[i] not in _INITIAL or i + 1 >= n or run[i + 1] not in _VOWEL:
            out.append(run[i])
            laugh = run[i] in _LAUGHS and run[i] in (run[i - 1 : i], run[i + 1 : i + 2])
            complete = complete and laugh
            i += 1
            continue
        initial, vowel = run[i], run[i + 1]
        i += 2
        if i < n and vowel + run[i] in _VOWEL_PAIRS:
            vowel = _VOWEL_PAIRS[vowel + run[i]]
            i += 1
        # Consonants up to the next vowel; the last of them begins the next syllable if a vowel follows.
        j = i
        while j < n and j < i + 3 and run[j] not in _VOWEL:
            j += 1
        free = j - i - (j < n and run[j] in _VOWEL)
        final = ""
        if free >= 2 and run[i : i + 2] in _FINAL_PAIRS:
            final = _FINAL_PAIRS[run[i : i + 2]]
            i += 2
        elif free >= 1 and run[i] in _FINAL and not (run[i] in _LAUGHS and run[i : i + 1] == run[i + 1 : i + 2]):
            final = run[i]
            i += 1
        out.append(_syllable(initial, vowel, final))
    return "".join(out), complete


def _syllable(initial: str, vowel: str, final: str) -> str:
    return chr(0xAC00 + (_INITIAL[initial] * 21 + _VOWEL[vowel]) * 28 + (_FINAL[final] if final else 0))
