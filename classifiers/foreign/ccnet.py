"""Text as CCNet's language models want it: lower case, no accents, digits as 0, plain punctuation, no control characters.

The rules are those of cc_net/text_normalizer.py (`normalize` with its defaults) as used before tokenising (cc_net/mine.py).
Line breaks are control characters too, so the lines of a document run into one another, as they did when the models learned.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable

# What plain character stands for which others. Full-width 1 is a digit, and digits come first.
_PLAIN = {
    ",": "，、", ".": "。", "'": "´’", ":": "∶：", "?": "？", "!": "！", "(": "（", ")": "）", ";": "；", "%": "％",
    '"': "„”“«»」「《》", "<": "〈", ">": "〉", "[": "【", "]": "】", "-": "–━►", "~": "～",
    " - ": "—", ". ": "．", "...": "…",
}  # fmt: skip
_PUNCTUATION = {character: plain for plain, others in _PLAIN.items() for character in others}
_MARK = re.compile(f"[{''.join(_PUNCTUATION)}]")
_DIGIT = re.compile(r"\d")


class _Any:
    """Any of many code points. Expressions look a character up at once only where none is beyond U+FFFF, so those stand apart."""

    def __init__(self, codes: Iterable[int]):
        near, far = [], []
        for code in sorted(set(codes)):
            (near if code < 0x10000 else far).append(code)
        self._near, self._far = re.compile(_class_of(near)), re.compile(_class_of(far))

    def within(self, text: str) -> bool:
        return bool(self._near.search(text) or (_FAR.search(text) and self._far.search(text)))

    def removed(self, text: str) -> str:
        text = self._near.sub("", text)
        return self._far.sub("", text) if _FAR.search(text) else text


_FAR = re.compile("[\U00010000-\U0010ffff]")


def _class_of(codes: list[int]) -> str:
    """Ascending code points as a class of characters."""
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "[" + "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in found) + "]"


_ALL = range(sys.maxunicode + 1)
_ACCENTS = [code for code in _ALL if unicodedata.category(chr(code)) == "Mn"]
_CONTROLS = [*range(32), *range(127, 160)]
_CONTROL, _REMOVED = re.compile(_class_of(_CONTROLS)), _Any([*_CONTROLS, *_ACCENTS])
# What comes apart, or moves, when a text is decomposed: all but Hangul syllables. Jamo would join syllables beside them.
_SYLLABLES = range(0xAC00, 0xD7A4)
_DECOMPOSED = [
    code
    for code in _ALL
    if unicodedata.decomposition(chr(code))[:1] not in ("", "<") or unicodedata.combining(chr(code))
]
_LOOSE = _Any([*_DECOMPOSED, *_ACCENTS, *range(0x1100, 0x1200)])


def normalized(text: str, syllables: bool = False) -> str:
    """The text as CCNet gives it to SentencePiece. Hangul comes apart into letters, and SentencePiece composes it again;
    with `syllables` it stays whole where nothing else comes apart.

    >>> normalized("Café 2,024년…", syllables=True).encode("ascii", "replace")
    b'cafe 0,000???...'
    """
    text = text.strip().lower()
    whole = syllables and not _LOOSE.within(text)
    if not whole:
        text = unicodedata.normalize("NFD", text)
    text = _MARK.sub(lambda mark: _PUNCTUATION[mark[0]], _DIGIT.sub("0", text))
    return _CONTROL.sub("", text) if whole else _REMOVED.removed(text)


def composes(normalize: Callable[[str], str]) -> bool:
    """Whether a tokenizer's own normalisation makes the same of every syllable, whole or apart."""
    whole = "".join(map(chr, _SYLLABLES))
    return normalize(whole) == normalize(unicodedata.normalize("NFD", whole))
