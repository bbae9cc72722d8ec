"""The article of a page that a script draws: in the JSON that the page carries along for search engines (JSON-LD) or for the
script itself (`__NEXT_DATA__`)."""

import re
from collections.abc import Iterator
from typing import Any

import orjson

_BLOCK = re.compile(
    rb"<script\b(?=[^<>]*?(?:application/ld\+json|__NEXT_DATA__))[^<>]*+>((?:[^<]++|<(?!/script\b))*+)</script>",
    re.IGNORECASE,
)
_LEAST = 100  # characters of an article
_MOST_VALUES = 200_000  # looked at in one page


def article_body(markup: bytes) -> str:
    """The longest `articleBody` of a page, which may be HTML, or "" where there is none of some length."""
    if b"articleBody" not in markup:
        return ""
    found = [text for block in _BLOCK.finditer(markup) for text in _bodies(block[1])]
    longest = max(found, key=len, default="")
    return longest if len(longest) >= _LEAST else ""


def _bodies(data: bytes) -> Iterator[str]:
    try:
        waiting: list[Any] = [orjson.loads(data)]
    except orjson.JSONDecodeError:
        return
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("articleBody"), str):
                yield value["articleBody"]
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
