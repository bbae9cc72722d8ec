"""The recognisers over one folded text, and Kiwi for its words.

The recognisers also run in Presidio's engine (`presidio.py`), and a test holds both to the same findings. A run calls them
directly: importing Presidio takes as long as cleaning a hundred documents.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from algok.filters.personal import births, memberships, money, numbers, places, plates, telephones
from algok.filters.personal import contact as contact_
from algok.filters.personal.finding import Finding, Recogniser, resolve
from algok.filters.personal.name_shapes import GIVEN
from algok.filters.personal.people import names
from algok.korean.kiwi import morphemes

_SUFFIXES = "자인증서장일용상과부비율료금권점소실원관기"  # one syllable behind a noun makes another
_AROUND = 30  # characters on both sides of a candidate that Kiwi sees


class Words:
    """What Kiwi says of the words of a text, asked only where it is needed."""

    def __init__(self, text: str):
        self._text = text
        self._findings: dict[Recogniser, list[Finding]] = {}

    def findings(self, function: Recogniser) -> list[Finding]:
        """What a function finds in the text, which names look at again."""
        if function not in self._findings:
            self._findings[function] = list(function(self._text))
        return self._findings[function]

    def is_name(self, start: int, end: int) -> bool:
        """What `_is_name` says of the characters in their surroundings."""
        low = max(0, start - _AROUND)
        return _is_name(self._text[low : end + _AROUND], start - low, end - low)


@lru_cache(10_000)  # pages of one site repeat themselves
def _is_name(text: str, start: int, end: int) -> bool:
    """Kiwi takes the characters for a proper noun or a word it does not know; or it takes them apart, but not so that they
    begin with a common noun (이용+자, but 이용+연), and the rest could be a given name behind a surname (이+명자)."""
    given = all(syllable in GIVEN for syllable in text[max(start + 1, end - 2) : end])
    tokens = morphemes(text)
    for number, token in enumerate(tokens):
        first, last = token.start, token.end
        if last <= start or first >= end or token.oov or token.tag == "NNP":
            continue
        is_word = min(last, end) - first >= 2
        rest = tokens[number + 1].tag if end - last == 1 and number + 1 < len(tokens) else ""
        surname = given and rest[:1] == "N" and text[last] not in _SUFFIXES
        if (
            first < start
            or token.tag[0] == "E"
            or (is_word and first == start and not surname)
            or (not given and (is_word or token.tag[0] != "N"))
        ):
            return False
    return True


# What needs a long number in the text, what needs a digit, and what needs an address or account on the net.
_OF_NUMBERS: tuple[Recogniser, ...] = (*numbers.RECOGNISERS, *money.RECOGNISERS, *telephones.RECOGNISERS)
_OF_DIGITS: tuple[Recogniser, ...] = (
    *plates.RECOGNISERS,
    *places.RECOGNISERS,
    *births.RECOGNISERS,
    *memberships.RECOGNISERS,
)
_KINDS_OF = {
    "registration": ["rrn", "frn", "crn"], "business": ["brn"], "licence": ["driver_licence"], "card": ["card", "placeholder"],
    "mobile": ["mobile", "placeholder"], "landline": ["landline", "placeholder"],
    "local_number": ["landline", "placeholder"], "email": ["email", "placeholder"],
}  # fmt: skip


FUNCTIONS: tuple[Recogniser, ...] = (*_OF_NUMBERS, *_OF_DIGITS, *contact_.RECOGNISERS)


class Holds(NamedTuple):
    """What a text has in it: a number of six digits or more, a digit, an e-mail address or id."""

    number: bool = True
    digit: bool = True
    contact: bool = True


def kinds_of(function: Recogniser) -> list[str]:
    """The kinds of what a recogniser finds; most are called like the one kind that they find."""
    return _KINDS_OF.get(function.__name__, [function.__name__])


@cache
def _asked(holds: Holds) -> tuple[Recogniser, ...]:
    """The recognisers that can find something in such a text."""
    by_need = zip((_OF_NUMBERS, _OF_DIGITS, contact_.RECOGNISERS), holds, strict=True)
    return tuple(function for functions, needed in by_need if needed for function in functions)


_ALL = Holds()


def analyze(text: str, holds: Holds = _ALL) -> list[Finding]:
    """Findings in a folded text, apart from one another and in order; looked for is what it can hold."""
    words = Words(text)
    found = [finding for function in _asked(holds) for finding in words.findings(function)]
    return resolve(_without_contained([*found, *names(text, resolve(found), words.is_name)]))


def _without_contained(findings: Iterable[Finding]) -> list[Finding]:
    """As Presidio does: of two findings of one kind, one in the other, the surer one stands, whatever others then say."""
    kept: list[Finding] = []
    for own in sorted(findings, key=lambda f: (-f.score, f.start, f.start - f.end)):
        if not any(own.kind == f.kind and f.start <= own.start and own.end <= f.end for f in kept):
            kept.append(own)
    return kept
