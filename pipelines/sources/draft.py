"""What a member holds, by its paths, and a shape drafted from that for a corpus that nobody has described."""

import re
from dataclasses import dataclass, field
from typing import Any

from algok.pipelines.sources.path import EACH, VALUES

_MOST_ITEMS = 50  # of a list, or rows of a table, that are looked at
_MOST_PATHS = 400
_MANY_KEYS = 30  # of an object whose keys are ids
_DEEPEST = 16
_HANGUL = re.compile("[가-힣]")
_LETTER = re.compile(r"[^\W\d_]")
_PLAIN = re.compile(r"[^.'\[\]|^/*\s][^.'\[\]|*]*")
_SPEAKER = re.compile(r"speaker|participant|role|화자|발화자|turn_?owner", re.IGNORECASE)
_TITLE = re.compile(r"title|subject|제목|doc_name|사건명|heading", re.IGNORECASE)
_DATE = re.compile(r"date|일자|일시|날짜|year|연도", re.IGNORECASE)
_URL = re.compile(r"url|link|주소", re.IGNORECASE)
_LEAST_SHARE = 0.3  # of letters that are Hangul, in what is taken for text
_LEAST_PART = 0.05  # of all Hangul, that a path must hold to be part of the text
_LEAST_LENGTH = 10  # characters of a value, on average
_SHORT_ITEM = 80  # characters below which the items of a list are sentences of one document


@dataclass
class Held:
    """What stands at a path: values that are texts, their characters, letters and Hangul."""

    values: int = 0
    characters: int = 0
    letters: int = 0
    hangul: int = 0

    @property
    def share(self) -> float:
        """Hangul among the letters, 0 to 1."""
        return self.hangul / self.letters if self.letters else 0.0

    @property
    def length(self) -> float:
        """Characters of a value, on average."""
        return self.characters / self.values if self.values else 0.0


@dataclass
class Tree:
    """The paths of members that look alike."""

    held: dict[str, Held] = field(default_factory=dict)

    def add(self, value: Any, path: str = "", depth: int = 0) -> None:
        """Counts what stands in a value, in the order of its keys."""
        if depth > _DEEPEST:
            return
        if isinstance(value, dict):
            ids = len(value) > _MANY_KEYS and len({type(inner) for inner in value.values()}) == 1
            for key, inner in list(value.items())[: _MOST_ITEMS if ids else None]:
                if not key or "'" in str(key):  # no path can name it
                    continue
                step = VALUES if ids else _step(str(key))
                self.add(inner, f"{path}.{step}" if path else step, depth + 1)
        elif isinstance(value, list):
            for item in value[:_MOST_ITEMS]:
                self.add(item, path + EACH, depth + 1)
        elif path in self.held or len(self.held) < _MOST_PATHS:
            self._count(self.held.setdefault(path, Held()), value)

    def _count(self, held: Held, value: Any) -> None:
        text = value if isinstance(value, str) else ""
        held.values += 1
        held.characters += len(text)
        held.letters += len(_LETTER.findall(text[:2000]))
        held.hangul += len(_HANGUL.findall(text[:2000]))


def _step(key: str) -> str:
    return key if _PLAIN.fullmatch(key) else f"'{key}'"


def drafted(tree: Tree, kind: str) -> dict[str, Any] | None:
    """A shape as YAML would have it, to be looked over by a person; None where no path holds Korean text."""
    whole = sum(held.hangul for held in tree.held.values())
    texts = [
        path
        for path, held in tree.held.items()
        if held.hangul > _LEAST_PART * whole and held.share >= _LEAST_SHARE and held.length >= _LEAST_LENGTH
    ]
    texts = texts or [path for path, held in tree.held.items() if held.hangul and held.share >= _LEAST_SHARE]
    if not texts:
        return None
    main = max(texts, key=lambda path: tree.held[path].hangul)
    records, each = _records(main, tree)
    inside = [path for path in tree.held if _below(path, records)]
    shape: dict[str, Any] = {"title": "(name of the corpus)"}
    if kind != "json":
        shape["kind"] = kind
    shape["match"] = {"keys": [main]}
    if records:
        shape["records"] = records
    speaker = next((path for path in inside if each and _below(path, each) and _SPEAKER.search(_name(path))), None)
    if speaker is not None:
        shape["text"] = [
            {"each": _relative(each, records), "speaker": _relative(speaker, each), "text": [_relative(main, each)]}
        ]
    else:
        shape["text"] = [_relative(path, records) for path in texts if _below(path, records)]
    for key, pattern in (("heading", _TITLE), ("date", _DATE), ("url", _URL)):
        found = next(
            (path for path in inside if pattern.search(_name(path)) and EACH not in _relative(path, records)), None
        )
        if found is not None:
            shape[key] = _relative(found, records)
    return shape


def _records(main: str, tree: Tree) -> tuple[str, str]:
    """The path of records, and that of the items in which the text stands; "" where there are none."""
    innermost = main[: main.rfind(EACH) + len(EACH)] if EACH in main else ""
    outermost = main[: main.find(EACH) + len(EACH)] if EACH in main else ""
    beside = [_name(path) for path in tree.held if innermost and _below(path, innermost)]
    turns = any(map(_SPEAKER.search, beside))
    titled = any(_TITLE.search(name) or _URL.search(name) for name in beside)
    sentences = tree.held[main].length < _SHORT_ITEM and not titled
    if innermost == outermost and (turns or sentences) and not main.startswith(EACH):
        return "", innermost
    return outermost, innermost if innermost != outermost else ""


def _below(path: str, above: str) -> bool:
    return path.startswith(above)


def _relative(path: str, above: str) -> str:
    return path[len(above) :].lstrip(".") if above else path


def _name(path: str) -> str:
    return path.rpartition(".")[2]
