"""What rules are: functions from a text to a text and the pieces that they took away.

Every expression is anchored at a line, or begins with something rare and is bounded, so that time is linear. A rule may name
words of which one stands in every text that it finds something in: texts without them cost a search for these words only.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

Change = tuple[str, list[str]]  # the text, and what was taken away or changed


class Rule(NamedTuple):
    """One rule: `kind` is the signal that it counts for, `words` are those that it needs one of (none: it sees all texts)."""

    kind: str
    apply: Callable[[str], Change]
    words: tuple[str, ...] = ()


def lines(kind: str, words: str, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> Rule:
    """Takes away the lines that the pattern matches as a whole; `words` stand apart by spaces."""
    line = re.compile(rf"^[ \t]*+(?:{pattern})[ \t]*(?:\n|\Z)", flags | re.MULTILINE)
    return Rule(kind, lambda text: _without(text, line, ""), tuple(words.split()))


def spans(kind: str, words: str, pattern: str, put: str = "") -> Rule:
    """Takes away what the pattern matches, wherever it stands; `put` comes in its place."""
    span = re.compile(pattern, re.MULTILINE)
    return Rule(kind, lambda text: _without(text, span, put), tuple(words.split()))


def _without(text: str, pattern: re.Pattern[str], put: str) -> Change:
    taken: list[str] = []

    def take(found: re.Match[str]) -> str:
        taken.append(found[0].strip())
        return found.expand(put) if put else ""

    changed = pattern.sub(take, text)
    return (changed.rstrip("\n") if taken and not text.endswith("\n") else changed), taken


def kept(chosen: Callable[[list[str]], set[int]]) -> Callable[[str], Change]:
    """A rule that must see all lines: `chosen` gives the numbers of those that go."""

    def apply(text: str) -> Change:
        found = text.split("\n")
        gone = chosen(found)
        if not gone:
            return text, []
        left = [line for number, line in enumerate(found) if number not in gone]
        return "\n".join(left), [found[number].strip() for number in sorted(gone)]

    return apply
