"""HTML and SVG from Python. Text is escaped here, where it enters the page, and nowhere else.

`tag` takes `Markup` as it is and escapes everything else, so no caller can forget it. What comes from data (names, URLs,
excerpts) goes through `data`, which also shows control and direction marks by their numbers: such a name can neither run
nor turn the line around it.
"""

import html
import re
from collections.abc import Iterable
from typing import Any

import orjson

_JOINT = re.compile(r"(?<=\w[._/])(?=\w)")
_VOID = {"meta", "input", "line", "rect", "path", "circle"}


class Markup(str):
    """Finished HTML: whatever came into it was escaped."""

    __slots__ = ()


Child = Any  # Markup, text, numbers, None (nothing), or an iterable of these


def tag(name: str, /, *children: Child, **attributes: Any) -> Markup:
    """One element. `class_` and `for_` lose their underscore, other underscores become hyphens; None and False leave an
    attribute out, True stands for one without a value.

    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    inner = joined(children)
    return Markup(f"<{name}{written}/>" if name in _VOID and not inner else f"<{name}{written}>{inner}</{name}>")


def joined(children: Iterable[Child]) -> Markup:
    """Children one after the other."""
    return Markup("".join(_text(child) for child in children))


def data(text: str | None) -> Markup:
    """Text from data: escaped, isolated from the direction of what stands around it, invisible marks made visible."""
    return tag("bdi", visible(text or ""))


def name(text: str) -> Markup:
    """A name from data, which may break after its dots, slashes and underscores."""
    parts = _JOINT.split(visible(text))
    return tag("bdi", *([part, Markup("<wbr>")] for part in parts[:-1]), parts[-1])


def visible(text: str) -> str:
    """Control, direction and other invisible characters as `\\u202e`.

    >>> visible("a\\x1b[31m")
    'a\\\\u001b[31m'
    """
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text)


def script_json(value: Any) -> Markup:
    """JSON that may stand inside `<script type="application/json">`: no `<`, `>` or `&` is left in it."""
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY).decode()
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def _attribute(key: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(_plain(value))}"'


def _text(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int | float):
        return html.escape(_plain(child), quote=False)
    return joined(child)


def _plain(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
