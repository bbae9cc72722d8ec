"""Coarse masking of whatever could be personal, for excerpts and rejects.

Not the PII step: that one finds and types personal data in kept documents. This one guards the places where nobody needs
the value – logs, samples, rejected documents – and therefore masks too much rather than too little: every digit of
number groups that reach six digits (up to three signs or spaces between any two of them), and every e-mail address, also
percent-encoded and with full-width signs.
"""

import re
from collections.abc import Callable

import orjson
import pyarrow as pa
import pyarrow.compute as pc

# A run of letters is tried once, from its start and without going back, so that one without an `@` stays linear.
_EMAIL = re.compile(r"(?<![\w.+\-])[\w.+\-]++(?:[@＠]|%40)[\w.\-．]{2,}+")
_AT = "[@＠]|%40"
_NUMBER = r"[0-9０-９](?:[^0-9０-９A-Za-z가-힣]{0,3}[0-9０-９*]){5,}"  # read alike by RE2 and `re`
_COMPILED = re.compile(_NUMBER)
# Addresses are full of article numbers and dates, so there only what is shaped like a mobile or a resident's number.
_URL_NUMBER = re.compile(r"(?<![0-9])(?:01[0-9][.\-]?[0-9]{3,4}[.\-]?[0-9]{4}|[0-9]{6}-[0-9]{7})(?![0-9])")
_MASK = str.maketrans(dict.fromkeys("0123456789０１２３４５６７８９", "#"))

# `mask` shows a beginning of this length.
MASKED_CHARS = 120
_ADDRESS = re.compile(r"[^\s@<>\"',;:()]{1,64}@[^\s@<>\"',;:()]{1,255}")
_DIGIT = re.compile(r"\d")


def redact(text: str) -> str:
    """One excerpt with e-mail addresses as `<이메일>` and the digits of long number groups as `#`."""
    return _COMPILED.sub(lambda match: match.group().translate(_MASK), _EMAIL.sub("<이메일>", text))


def redact_url(url: str) -> str:
    """One address with e-mail addresses masked, and numbers shaped like mobile or resident registration numbers."""
    return _URL_NUMBER.sub(lambda match: match.group().translate(_MASK), _EMAIL.sub("<이메일>", url))


def redact_json(text: str) -> str:
    """The same inside a JSON text, which stays one: long numbers become strings."""
    return orjson.dumps(_redact_value(orjson.loads(text)), option=orjson.OPT_SORT_KEYS).decode()


def redact_column(texts: pa.Array, mask: Callable[[str], str] = redact) -> pa.Array:
    """One of these masks for a column; only rows with an `@` or six digits are touched in Python."""
    suspects = pc.match_substring_regex(texts, f"{_AT}|{_NUMBER}")
    if not pc.any(suspects).as_py():
        return texts
    masked = pa.array([mask(text) for text in texts.filter(suspects).to_pylist()], texts.type)
    return pc.replace_with_mask(texts, suspects, masked)


def excerpt(text: str, length: int = 120) -> str:
    """A masked one-line excerpt, control characters escaped, safe for a log or a terminal."""
    return printable(redact(text[: length * 4].replace("\n", " "))[:length])


def printable(text: str) -> str:
    """Text whose control and direction characters are escaped: what comes from data must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def mask(text: str) -> str:
    """Text without any digit, e-mail address or control character, at most 120 characters: for quarantine and messages."""
    text = _DIGIT.sub("#", _ADDRESS.sub("@", text[: 4 * MASKED_CHARS]))[:MASKED_CHARS]
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return escaped[:MASKED_CHARS]


def _redact_value(value: object) -> object:
    if isinstance(value, dict):
        return {redact(key): _redact_value(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redact_value(inner) for inner in value]
    if isinstance(value, int | float):
        masked = redact(str(value))
        return value if masked == str(value) else masked
    return redact(value) if isinstance(value, str) else value
