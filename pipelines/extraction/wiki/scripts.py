"""Raised and lowered numbers: `10<sup>6</sup>` without its tags would be 106."""

import re

_NUMBER = re.compile(r"[-+−]?[0-9]{1,4}")
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_LOWERED = str.maketrans("0123456789+-−", "₀₁₂₃₄₅₆₇₈₉₊₋₋")


def raised(text: str) -> str:
    """A number in raised digits; other text as it is.

    >>> raised("-6"), raised("주")
    ('⁻⁶', '주')
    """
    return text.translate(_RAISED) if _NUMBER.fullmatch(text) else text


def lowered(text: str) -> str:
    """A number in lowered digits; other text as it is."""
    return text.translate(_LOWERED) if _NUMBER.fullmatch(text) else text
