"""What `algok.kernels.screen.count` counts, by patterns: slow, and plain enough to be checked by reading."""

import re

from algok.kernels.screen import Counts

_TAIL = b"[\x80-\xbf]"


def _overlapping(pattern: bytes, body: bytes) -> int:
    return len(re.findall(b"(?=" + pattern + b")", body, re.DOTALL))


def _is_syllable(code: int) -> bool:
    return 0xAC00 <= code <= 0xD7A3


def _referenced(body: bytes) -> int:
    decimal = re.findall(rb"&#(0*)([0-9]{0,5})", body)
    found = sum(_is_syllable(int(digits or b"0")) for _, digits in decimal)
    hexadecimal = re.findall(rb"&#[xX]0*([0-9a-fA-F]{0,4})", body)
    return found + sum(_is_syllable(int(digits or b"0", 16)) for digits in hexadecimal)


def _percent(body: bytes) -> int:
    found = re.findall(rb"(?=%([eE][0-9a-fA-F])%([0-9a-fA-F]{2})%([0-9a-fA-F]{2}))", body)
    texts = [bytes.fromhex(b"".join(digits).decode()).decode("utf-8", "ignore") for digits in found]
    return sum(len(text) == 1 and _is_syllable(ord(text)) for text in texts)


def _errors(body: bytes) -> int:
    """Bytes where a continuation byte is due and none is, or none is due and one is, and bytes that are never UTF-8."""
    due: set[int] = set()
    found = 0
    for place, byte in enumerate(body):
        if 0xC2 <= byte <= 0xF4:
            due |= set(range(place + 1, place + (2 if byte < 0xE0 else 3 if byte < 0xF0 else 4)))
        found += byte in (0xC0, 0xC1) or byte > 0xF4
    return found + len(due ^ {place for place, byte in enumerate(body) if 0x80 <= byte <= 0xBF})


def count(body: bytes) -> Counts:
    conjoining = _overlapping(b"\xe1[\x84-\x87]" + _TAIL, body)
    compatible = b"\xe3(?:\x84[\xb1-\xbf]|\x85[\x80-\xbf]|\x86[\x80-\x8e])"
    syllables = b"(?:\xea[\xb0-\xbf]|[\xeb\xec]" + _TAIL + b"|\xed[\x80-\x9e])" + _TAIL
    escapes = re.findall(rb"(?=\\u([0-9a-fA-F]{4}))", body)
    return Counts(
        hangul=_overlapping(syllables, body),
        jamo=conjoining + _overlapping(compatible, body),
        referenced=_referenced(body),
        escaped=sum(_is_syllable(int(digits, 16)) for digits in escapes),
        percent=_percent(body),
        pairs=_overlapping(b"[\xb0-\xc8][\xa1-\xfe]", body),
        broken=_overlapping(b"\xc3[\xaa-\xad][\xc2-\xf4]", body),
        latin=_overlapping(b"(?!\xc2\xa0)[\xc2\xc3].[\xc2\xc3].[\xc2\xc3].[\xc2\xc3]", body),
        high=sum(byte >= 0x80 for byte in body),
        errors=_errors(body),
        zeros=body.count(0),
        escapes=body.count(0x1B),
    )
