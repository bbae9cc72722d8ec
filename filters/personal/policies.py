"""What takes the place of a finding: a token that names its kind, or a value of the same form that nobody can have.

A surrogate is made from the place of a value among those of its document and from the text around, never from the value:
nobody can find the value by trying them all.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence

from algok.filters.personal.finding import Finding
from algok.filters.personal.kinds import KINDS, KindName, Policy

_SURNAMES, _GIVEN = "김이박최정강조윤장임", ("길동", "아무개")
_KEY = re.compile(r"[^0-9A-Za-z가-힣@.]")


def replace(text: str, findings: Sequence[Finding], policies: Mapping[KindName, Policy]) -> str:
    """The text with its findings (apart, in order) masked or replaced as the policies of their kinds say."""
    parts, at = [], 0
    surrogates = _Surrogates(text, findings)
    for finding in findings:
        policy = policies[finding.kind]
        if policy == "keep":
            continue
        value = text[finding.start : finding.end]
        parts.append(text[at : finding.start])
        parts.append(KINDS[finding.kind].token if policy == "mask" else surrogates.of(finding.kind, value))
        at = finding.end
    parts.append(text[at:])
    return "".join(parts)


class _Surrogates:
    """The surrogates of one document: the same for the same value, however it is spaced."""

    def __init__(self, text: str, findings: Sequence[Finding]):
        self._text, self._findings = text, findings
        self._seed: bytes | None = None
        self._known: dict[tuple[str, str], str] = {}

    def of(self, kind: str, value: str) -> str:
        key = (kind, _KEY.sub("", value))
        if key not in self._known:
            number = len(self._known)
            digits = hashlib.blake2b(number.to_bytes(4, "big"), key=self._key(), digest_size=32).digest()
            self._known[key] = _MAKERS.get(kind, _digits)(value, [byte % 10 for byte in digits])
        return self._known[key]

    def _key(self) -> bytes:
        """A digest of the text without its findings."""
        if self._seed is None:
            digest, at = hashlib.blake2b(digest_size=32), 0
            for finding in self._findings:
                digest.update(self._text[at : finding.start].encode("utf-8", "surrogatepass"))
                at = finding.end
            digest.update(self._text[at:].encode("utf-8", "surrogatepass"))
            self._seed = digest.digest()
        return self._seed


_ALIKE = "OolI"  # as misread digits
_HANGUL_DIGITS = "공영빵일이삼사오육륙칠팔구"


def _filled(value: str, digits: list[int], fixed: str, letters: str = "") -> str:
    """The form of a value with other digits: first those of `fixed`, then of `digits`. `letters` stand for digits, and so
    does Hangul in a value without any."""
    supply = iter([int(digit) for digit in fixed] + digits * 2)
    alike = "*●○■□" + letters + ("" if any(char.isdigit() for char in value) else _HANGUL_DIGITS)
    return "".join(str(next(supply)) if char.isdigit() or char in alike else char for char in value)


def _digits(value: str, digits: list[int]) -> str:
    return _filled(value, digits, "00000")  # no account and no building begins like that


def _registration(value: str, digits: list[int]) -> str:
    return _filled(value, digits, f"{digits[0]}{digits[1]}0000", _ALIKE)  # no month and no day 00


def _licence(value: str, digits: list[int]) -> str:
    return _filled(value, digits, "00", _ALIKE)  # regions are 11 to 28


def _mobile(value: str, digits: list[int]) -> str:
    return f"010-0000-{digits[0]}{digits[1]}{digits[2]}{digits[3]}"  # no exchange 0000


def _landline(value: str, digits: list[int]) -> str:
    return f"02-000-{digits[0]}{digits[1]}{digits[2]}{digits[3]}"


def _card(value: str, digits: list[int]) -> str:
    filled = _filled(value, digits, "0000", _ALIKE)
    from algok.filters.personal.checks import has_luhn

    plain = "".join(char for char in filled if char.isdigit())
    if has_luhn(plain):
        last = max(i for i, char in enumerate(filled) if char.isdigit())
        filled = filled[:last] + str((int(filled[last]) + 1) % 10) + filled[last + 1 :]
    return filled


def _passport(value: str, digits: list[int]) -> str:
    return "M0000" + "".join(map(str, digits[:4]))


def _email(value: str, digits: list[int]) -> str:
    return f"user{digits[0]}{digits[1]}{digits[2]}{digits[3]}@example.com"  # RFC 2606


def _handle(value: str, digits: list[int]) -> str:
    return f"user_{digits[0]}{digits[1]}{digits[2]}{digits[3]}"


def _ip(value: str, digits: list[int]) -> str:
    return f"192.0.2.{1 + digits[0] * 10 + digits[1]}"  # RFC 5737


def _person(value: str, digits: list[int]) -> str:
    return _SURNAMES[digits[0]] + _GIVEN[digits[1] % 2]


def _plate(value: str, digits: list[int]) -> str:
    return f"00가{digits[0]}{digits[1]}{digits[2]}{digits[3]}"


def _birth(value: str, digits: list[int]) -> str:
    """No month and no day 00; the year's digits are any."""
    plain = value.isdigit()
    year = len(value) - 4 if plain else next(i for i, char in enumerate(value.lstrip("'")) if not char.isdigit())
    return _filled(value, digits, "".join(map(str, digits[:year])) + "0000")


_MAKERS = {
    "rrn": _registration, "frn": _registration, "crn": _registration, "driver_licence": _licence, "mobile": _mobile,
    "landline": _landline, "card": _card, "passport": _passport, "email": _email, "handle": _handle, "ip": _ip,
    "person": _person, "plate": _plate, "birth_date": _birth,
}  # fmt: skip
