"""Paths into records, as shapes write them: `data[].title`, `talk.content.*`, `/metadata.category`, `orginal_text | text`.

* `.` goes into an object, `[]` to every item of a list, `[0]` to one, `*` to every value of an object;
* a key that holds a dot or a bracket stands in quotation marks: `'a.b'[]`;
* `/` in front begins at the root of the member, each `^` at the object that holds the list in which the record stands;
* ` | ` parts alternatives: the first that holds something.

Corpora are not consistent, so a list where an object is expected stands for its items, and `[]` on what is no list for that
one thing. A value of an object reached by `*` that is no object itself becomes one of `@key` and `@value`; one that is gets
`@key` beside its own.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

EACH, VALUES = "[]", "*"
_STEP = re.compile(r"""(?:'([^']+)'|([^.'\[\]|^/][^.'\[\]|]*))((?:\[\d*\])*)|((?:\[\d*\])+)""")
_INDEX = re.compile(r"\[(\d*)\]")
_ROOT = -1
_TRIED = 3  # items of a list in which a key is looked for

Getter = Callable[[Any], str | None]


class Key(str):
    """A name of an object, as a step of a path; the other steps are EACH, VALUES and the numbers of items."""


class Path(NamedTuple):
    """A path without alternatives: how many objects up it begins (-1: at the root), and its steps."""

    up: int
    steps: tuple[Key | str | int, ...]


class Element(dict):
    """An element of XML as an object of its children and attributes; `text` is all its text in order."""

    text: str = ""


def parse(path: str) -> Path:
    """The steps of one path. Raises ValueError that says what is wrong.

    >>> parse("data[].'a.b'")
    Path(up=0, steps=('data', '[]', 'a.b'))
    """
    rest = path.strip()
    up = _ROOT if rest.startswith("/") else len(rest) - len(rest.lstrip("^"))
    rest = rest[1:] if up == _ROOT else rest[up:]
    steps: list[Key | str | int] = []
    at = 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None:
            raise ValueError(
                f"'{path}' is no path: '{rest[at : at + 20]}' cannot be read; write data[].text, or 'a.b' in quotes"
            )
        name = match[1] or match[2]
        if name is not None:
            steps.append(VALUES if name == VALUES and match[1] is None else Key(name))
        for index in _INDEX.findall(match[3] or match[4] or ""):
            steps.append(int(index) if index else EACH)
        at = match.end()
        if at < len(rest):
            if rest[at] != "." or at + 1 == len(rest):
                raise ValueError(f"'{path}' is no path: a dot parts its names")
            at += 1
    return Path(up, tuple(steps))


def alternatives(path: str) -> list[Path]:
    """The paths of `a | b`."""
    return [parse(part) for part in path.split(" | ")]


_ABSENT = object()


def getter(path: Path, join: str = "\n") -> Getter:
    """What reads a path as text: None where it leads nowhere, "" where nothing stands there.

    Items of the innermost list are joined by `join`, those of lists around it by line ends.
    """
    if len(path.steps) == 1 and type(path.steps[0]) is Key:
        return text_at(str(path.steps[0]), join)
    return _compiled(path.steps, join)


def _compiled(steps: tuple, join: str) -> Getter:
    if not steps:
        return lambda value: _leaf(value, join)
    step, rest = steps[0], _compiled(steps[1:], join)
    if type(step) is Key:
        return _of_key(str(step), rest, join)
    if type(step) is int:
        return lambda value: rest(value[step]) if type(value) is list and step < len(value) else None
    inner = join if EACH not in steps[1:] and VALUES not in steps[1:] else "\n"
    if step == VALUES:
        return lambda value: None if value is _ABSENT else inner.join(filter(None, map(rest, named(value))))
    if len(steps) == 2 and type(steps[1]) is Key:
        return _of_texts(str(steps[1]), rest, inner)
    return lambda value: None if value is _ABSENT else inner.join(filter(None, map(rest, _listed(value))))


def _listed(value: Any) -> list:
    return value if type(value) is list else [value]


def _of_texts(name: str, slow: Getter, join: str) -> Getter:
    """`[].name`, which most texts are: without a call per item where items are as they should be."""

    def of_texts(value: Any) -> str | None:
        if value is _ABSENT:
            return None
        try:
            return join.join([text for item in value if (text := item[name].strip())])
        except (KeyError, TypeError, AttributeError):
            return join.join(filter(None, map(slow, _listed(value))))

    return of_texts


def _of_key(name: str, rest: Getter, join: str) -> Getter:
    def of_key(value: Any) -> str | None:
        if isinstance(value, dict):
            found = value.get(name, _ABSENT)
            return rest(found)
        if type(value) is list:
            texts = [text for item in value if (text := of_key(item)) is not None]
            return join.join(filter(None, texts)) if texts else None
        return None

    return of_key


def text_at(name: str, join: str = "\n") -> Getter:
    """What reads one key of an object as text: the most common path."""
    slow = _of_key(name, lambda value: _leaf(value, join), join)

    def at(value: Any) -> str | None:
        try:
            found = value[name]
        except (KeyError, TypeError):
            return slow(value)
        return found.strip() if type(found) is str else slow(value)

    return at


def _leaf(value: Any, join: str) -> str | None:
    if type(value) is str:
        return value.strip()
    if value is _ABSENT:
        return None
    if value is None or type(value) is bool:
        return ""
    if type(value) is Element:
        return value.text.strip()
    if type(value) is list:
        return join.join([text for item in value if (text := _leaf(item, join))])
    return str(value) if type(value) in (int, float) else None


def named(value: Any) -> list[dict]:
    """The values of an object, each with its key."""
    if not isinstance(value, dict):
        return []
    return [
        {**item, "@key": key} if isinstance(item, dict) else {"@key": key, "@value": item}
        for key, item in value.items()
    ]


def items(steps: tuple, value: Any) -> Iterator[Any]:
    """Everything that a path leads to.

    >>> list(items(parse("data[].rows[]").steps, {"data": [{"rows": [1, 2]}, {"rows": 3}]}))
    [1, 2, 3]
    """
    if _is_plain_list(steps):
        inner = value
        for step in steps[:-1]:
            inner = inner.get(step) if isinstance(inner, dict) else None
        if type(inner) is list:
            return iter(inner)
    return (item for item, _ in placed(steps, value, ()))


@cache
def _is_plain_list(steps: tuple) -> bool:
    """Whether a path is a list to which keys lead: most are, and need no generator for each item."""
    return steps[-1:] == (EACH,) and all(type(step) is Key for step in steps[:-1]) and type(steps[-1]) is not Key


def placed(steps: tuple, value: Any, above: tuple) -> Iterator[tuple[Any, tuple]]:
    """Everything that a path leads to, beside the objects that hold the lists in which it stands, the nearest first."""
    holder = value
    for place, step in enumerate(steps):
        if step == EACH and type(step) is not Key:
            for item in value if type(value) is list else [value]:
                yield from placed(steps[place + 1 :], item, (holder, *above))
            return
        if step == VALUES and type(step) is not Key:
            for item in named(value):
                yield from placed(steps[place + 1 :], item, (holder, *above))
            return
        if type(step) is int:
            if type(value) is not list or step >= len(value):
                return
            value = value[step]
        elif isinstance(value, dict):
            if step not in value:
                return
            value = value[step]
        elif type(value) is list:
            for item in value:
                yield from placed(steps[place:], item, above)
            return
        else:
            return
    if value is not None:
        yield value, above


def leads(steps: tuple, value: Any) -> bool:
    """Whether a path leads somewhere, looked for in the first items of lists."""
    for place, step in enumerate(steps):
        if type(value) is list:
            if type(step) is int:
                return step < len(value) and leads(steps[place + 1 :], value[step])
            rest = steps[place + (type(step) is not Key) :]
            return any(leads(rest, item) for item in value[:_TRIED])
        if type(step) is Key:
            if not isinstance(value, dict) or step not in value:
                return False
            value = value[step]
        elif step == VALUES:
            return isinstance(value, dict) and any(
                leads(steps[place + 1 :], item) for item in named(dict(list(value.items())[:_TRIED]))
            )
        elif type(step) is int:
            return False
    return True


def origin(path: Path, record: Any, above: tuple) -> Any:
    """The object at which a path begins: the record, or one around it; None where there is none."""
    if path.up == 0:
        return record
    if path.up == _ROOT:
        return above[-1] if above else record
    return above[path.up - 1] if path.up <= len(above) else None
