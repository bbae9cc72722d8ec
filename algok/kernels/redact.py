"""Coarse masking of whatever could be personal, for excerpts and rejects.

Not the PII step: that one finds and types personal data in kept documents. This one guards the places where nobody needs
the value – logs, samples, rejected documents – and therefore masks too much rather than too little: every digit of
number groups that reach six digits (separators and line breaks between them allowed), and every e-mail address.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

# Read alike by RE2 and `re`; the repeats are capped so that a long run without an `@` stays linear.
_EMAIL = r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}\.[A-Za-z0-9.\-]{1,190}"
_NUMBER = r"[0-9０-９](?:[ .()\-–—~\n]{0,2}[0-9０-９*]){5,}"
_DIGIT = re.compile(r"[0-9０-９]")
_COMPILED = (re.compile(_EMAIL), re.compile(_NUMBER))


def redact(text: str) -> str:
    """One excerpt with e-mail addresses as `<이메일>` and the digits of long number groups as `#`."""
    text = _COMPILED[0].sub("<이메일>", text)
    return _COMPILED[1].sub(lambda match: _DIGIT.sub("#", match.group()), text)


def redact_column(texts: pa.Array) -> pa.Array:
    """The same for a column; only rows with an `@` or six digits are touched in Python."""
    suspects = pc.or_(pc.match_substring(texts, "@"), pc.match_substring_regex(texts, _NUMBER))
    if not pc.any(suspects).as_py():
        return texts
    masked = pa.array([redact(text) for text in texts.filter(suspects).to_pylist()], texts.type)
    return pc.replace_with_mask(texts, suspects, masked)


def excerpt(text: str, length: int = 120) -> str:
    """A masked one-line excerpt, control characters escaped, safe for a log or a terminal."""
    line = redact(text[: length * 4].replace("\n", " "))[:length]
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in line)
