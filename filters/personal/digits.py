"""What recognisers of numbers share: how a number begins and ends, digits that are spelt, numbers that are parts of code."""

import re

_NOT_DIGITS = re.compile(r"[^0-9]")
# Looking back comes behind the first digit, since an expression that begins with a character is searched for much faster.
FIRST = r"[0-9](?<![0-9][0-9])"
LEFT, RIGHT = rf"{FIRST}(?<![0-9][-.,][0-9])", r"(?![0-9])(?![-.][0-9])"
# The same behind a first character of another kind.
ALONE = r"(?<![0-9].)(?<![0-9][-.,].)"
CALL = re.compile(
    r"전\s?화|연\s?락|팩\s?스|문\s?의|상\s?담|예\s?약|휴\s?대|핸드폰|번호|☎|℡|📞|☏|tel|fax|phone|mobile|call|h\.?p|(?<![A-Za-z])[TFMtfm](?![A-Za-z])",
    re.IGNORECASE,
)
# Digits that letters and Hangul stand for; one character for one, so that places stay.
SPELT = str.maketrans("공영빵일이삼사오육륙칠팔구OoIl|○〇Øㅇ", "0001234566789001110000")
HANGUL_DIGIT = re.compile("[공영빵일이삼사오육륙칠팔구]")


def any_case(*words: str) -> str:
    """Words of ASCII in any case as an expression whose ways begin with a literal each, unlike with re.IGNORECASE: such
    ones are searched for much faster."""
    rest = {word: "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in word[1:]) for word in words}
    return "|".join(first + rest[word] for word in words for first in (word[0], word[0].upper()))


def digits_of(value: str) -> str:
    return _NOT_DIGITS.sub("", value)


def before(text: str, at: int, length: int = 30) -> str:
    return text[max(0, at - length) : at]


_CODE = re.compile(r"[A-Za-z_=/%][0-9A-Za-z_]{0,30}$")
_CODE_BEHIND = re.compile(r"[A-Za-z_]")
_FIELD = re.compile(r"[=:]$")


def in_code(text: str, match: re.Match[str]) -> bool:
    """A number without separators is a part of a file name, a key or a digest."""
    if not match[0].isdigit():
        return False
    preceding = before(text, match.start(), 12)
    if len(match[0]) == 11 and _FIELD.search(preceding):  # to=01012345678
        return False
    return bool(_CODE_BEHIND.match(text, match.end()) or (_CODE.search(preceding) and not CALL.search(preceding)))
