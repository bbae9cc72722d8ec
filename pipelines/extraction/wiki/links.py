"""Links in double square brackets, which both wikis have: resolved from the inside out in a bounded number of passes."""

import re
from collections.abc import Callable

# A link without another bracket or template inside. Its classes exclude what begins a link, so a pass is linear.
_LINK = re.compile(r"\[\[([^\[\]{}|<>\n]*)(?:\|([^\[\]{}]*))?\]\]")
_DEEPEST = 6  # links inside of captions inside of links; real pages have three


def resolved(text: str, shown: Callable[[re.Match[str]], str]) -> str:
    """The text with what a link shows in its place; `shown` is given a match of (target, what follows the bar or None)."""
    for _ in range(_DEEPEST):
        if "[[" not in text:
            break
        text, found = _LINK.subn(shown, text)
        if not found:
            break
    return text
