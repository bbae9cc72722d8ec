"""Text as CCNet's language models want it: lower case, no accents, digits as 0, plain punctuation, no control characters.

The rules are those of cc_net/text_normalizer.py (`normalize` with its defaults) as used before tokenising (cc_net/mine.py).
Line breaks are control characters too, so the lines of a document run into one another, as they did when the models learned.
"""

import re
import sys
import unicodedata

# What plain character stands for which others. Full-width 1 is a digit, and digits come first.
_PLAIN = {
    ",": "，、", ".": "。", "'": "´’", ":": "∶：", "?": "？", "!": "！", "(": "（", ")": "）", ";": "；", "%": "％",
    '"': "„”“«»」「《》", "<": "〈", ">": "〉", "[": "【", "]": "】", "-": "–━►", "~": "～",
    " - ": "—", ". ": "．", "...": "…",
}  # fmt: skip
_PUNCTUATION = {character: plain for plain, others in _PLAIN.items() for character in others}
_MARK = re.compile(f"[{''.join(_PUNCTUATION)}]")
_DIGIT = re.compile(r"\d")


def _ranges(codes: list[int]) -> str:
    """Code points as what stands between the brackets of an expression."""
    found: list[list[int]] = []
    for code in codes:
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in found)


_ACCENTS = [code for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) == "Mn"]
_REMOVED = re.compile(f"[{_ranges([*range(32), *range(127, 160), *_ACCENTS])}]")


def normalized(text: str) -> str:
    """The text as CCNet gives it to SentencePiece; Hangul syllables come apart into letters, which SentencePiece composes again.

    >>> normalized("Café 2,024년…").encode("ascii", "replace")
    b'cafe 0,000???...'
    """
    text = unicodedata.normalize("NFD", text.strip().lower())
    text = _DIGIT.sub("0", text)
    return _REMOVED.sub("", _MARK.sub(lambda mark: _PUNCTUATION[mark[0]], text))
