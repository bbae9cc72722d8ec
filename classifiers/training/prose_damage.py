"""Prose damaged as the web damages it: what the noisy model learns from.

Every function takes a text and a `random.Random`, and is a pure function of both.
"""

import random
from collections.abc import Callable, Sequence

# Particles that are cut off an eojeol to get a keyword.
_PARTICLES = (
    "에서",
    "으로",
    "까지",
    "부터",
    "에게",
    "은",
    "는",
    "이",
    "가",
    "을",
    "를",
    "의",
    "에",
    "로",
    "와",
    "과",
    "도",
)
_SEPARATORS = (" ", " ", " ", ", ", " | ", " / ", " #")


def shuffled(text: str, chance: random.Random) -> str:
    """The same eojeol in random order."""
    eojeol = text.split()
    chance.shuffle(eojeol)
    return " ".join(eojeol)


def without_spaces(text: str, chance: random.Random) -> str:
    """Most or all of the spaces lost."""
    share = chance.choice((0.7, 0.9, 1.0, 1.0))
    out = []
    for eojeol in text.split():
        out.append(eojeol)
        if chance.random() >= share:
            out.append(" ")
    return "".join(out)


def spaced_out(text: str, chance: random.Random) -> str:
    """A space between all characters, as some PDF and OCR text has."""
    return " ".join("".join(text.split()))


def latin1(text: str, chance: random.Random) -> str:
    """CP949 bytes read as Latin-1."""
    return text.encode("cp949", "replace").decode("latin-1")


def cp949(text: str, chance: random.Random) -> str:
    """UTF-8 bytes read as CP949; what has no meaning there becomes U+FFFD or `?`."""
    return text.encode().decode("cp949", "replace").replace("\ufffd", chance.choice(("\ufffd", "?", "")))


def utf8_as_latin1(text: str, chance: random.Random) -> str:
    """UTF-8 bytes read as Windows-1252."""
    return text.encode().decode("cp1252", "replace")


def keywords(text: str, chance: random.Random) -> str:
    """A list of a few of the text's words, over and over in changing order."""
    words = sorted({_stem(eojeol) for eojeol in text.split()} - {""})
    if len(words) < 4:
        return ""
    chosen = chance.sample(words, min(len(words), chance.choice((4, 6, 10, 20, 40))))
    separator, out = chance.choice(_SEPARATORS), []
    for _ in range(chance.randint(2, 8)):
        chance.shuffle(chosen)
        for word in chosen:
            # Half of the lists join words, as search keywords are joined.
            out.append(f"{word} {chance.choice(chosen)}" if chance.random() < 0.3 else word)
    return separator.join(out)


def stuffed(text: str, chance: random.Random) -> str:
    """Keywords between the eojeol of prose."""
    words = sorted({_stem(eojeol) for eojeol in text.split()} - {""})
    if len(words) < 4:
        return ""
    chosen, out = chance.sample(words, min(len(words), chance.choice((3, 5, 10)))), []
    for eojeol in text.split():
        out.append(eojeol)
        if chance.random() < 0.3:
            out += chance.sample(chosen, chance.randint(1, 3))
    return " ".join(out)


def _stem(eojeol: str) -> str:
    word = "".join(c for c in eojeol if "가" <= c <= "힣")
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    return word if 2 <= len(word) <= 5 else ""


# Kind -> share of the pieces of text that are damaged so, and the most characters of each: the bytes of mojibake are
# many pieces and few of them teach enough.
KINDS: dict[Callable[[str, random.Random], str], tuple[float, int]] = {
    shuffled: (0.45, 1000),
    stuffed: (0.12, 600),
    keywords: (0.15, 400),
    without_spaces: (0.15, 400),
    spaced_out: (0.02, 150),
    latin1: (0.05, 150),
    cp949: (0.04, 150),
    utf8_as_latin1: (0.02, 100),
}


def damaged(texts: Sequence[str], seed: int, length: int = 1500) -> list[str]:
    """Every text in parts of about `length` characters, each damaged in one way."""
    chance, out = random.Random(seed), []
    kinds, shares = list(KINDS), [share for share, _ in KINDS.values()]
    for text in texts:
        eojeol = text.split()
        step = max(20, length * len(eojeol) // max(len(text), 1))
        for first in range(0, len(eojeol), step):
            kind = chance.choices(kinds, shares)[0]
            part = " ".join(eojeol[first : first + step])[: KINDS[kind][1]]
            broken = kind(part, chance)
            if broken:
                out.append(broken)
    return out
