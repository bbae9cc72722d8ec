"""Checks of numbers: dates, check digits, and values that stand for others. All take digits only.

Rules: ../docs/privacy.md, "Numbers". Registration numbers given out since October 2020 have no check digit, so theirs may
raise a score and never lowers one.
"""

from datetime import date

_RRN_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_BRN_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)
_CENTURY = {
    "9": 1800,
    "0": 1800,
    "1": 1900,
    "2": 1900,
    "5": 1900,
    "6": 1900,
    "3": 2000,
    "4": 2000,
    "7": 2000,
    "8": 2000,
}


def is_birth(digits: str) -> bool:
    """Six digits and the seventh, which tells century and sex, are a day of the calendar."""
    try:
        date(_CENTURY[digits[6]] + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except (KeyError, ValueError):
        return False
    return True


def has_rrn_check(digits: str) -> bool:
    """The thirteenth digit of a resident (G 1–4) or foreigner (5–8) registration number before October 2020."""
    total = sum(int(d) * w for d, w in zip(digits, _RRN_WEIGHTS, strict=False))
    base = 13 if digits[6] in "5678" else 11
    return (base - total % 11) % 10 == int(digits[12])


def has_brn_check(digits: str) -> bool:
    """The tenth digit of a business registration number."""
    total = sum(int(d) * w for d, w in zip(digits, _BRN_WEIGHTS, strict=False)) + int(digits[8]) * 5 // 10
    return (10 - total % 10) % 10 == int(digits[9])


def has_luhn(digits: str) -> bool:
    """The last digit of a payment card number."""
    total = 0
    for k, d in enumerate(reversed(digits)):
        value = int(d) * (1 + k % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def is_placeholder(digits: str) -> bool:
    """Digits that no real number has: one digit over and over, or counted up or down, in the part behind a prefix of three."""
    tail = digits[3:] if len(digits) > 8 else digits
    if tail.startswith("0000") or (
        len(tail) == 7 and tail.startswith("000")
    ):  # exchanges that nobody has: our surrogates
        return True
    if len(set(tail)) == 1 or (len(tail) == 8 and tail[:4] == "1111" and len(set(tail[4:])) == 1):
        return True
    halves = {tail, tail[: len(tail) // 2], tail[len(tail) // 2 :]}
    counted = "01234567890123456789"
    if all(part in counted or part in counted[::-1] for part in halves if part):
        return True
    return len(tail) == 8 and tail[:4] == tail[4:] == "1234"
