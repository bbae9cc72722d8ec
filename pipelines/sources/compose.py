"""From a record and its shape to the fields of a document."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from algok.filters.personal.coarse import redact
from algok.pipelines.sources.marks import stripped
from algok.pipelines.sources.path import Getter, alternatives, getter, items, origin, parse
from algok.pipelines.sources.shape import Block, Shape, SourceBy

_MOST_TITLE = 200
_DIGITS = re.compile(
    r"(\d{4})[-./년]?\s?(\d{1,2})[-./월]?\s?(\d{1,2})(?:일|\.)?(?:[T ]+(\d{2}:\d{2}(?::\d{2})?))?.{0,12}", re.DOTALL
)
_NUMBER = re.compile(r"\d{1,15}")
_YEAR = re.compile(r"(\d{4})년?")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

Reading = Callable[[Any, tuple], str | None]  # (record, what is above it) -> text


class Composed(NamedTuple):
    """What a record gives; `text` is None where none of the shape's paths leads anywhere."""

    text: str | None
    url: str | None
    source: str | None
    date: str | None
    provenance: str
    meta: dict[str, Any]


class Composer:
    """A shape made ready for many records."""

    def __init__(self, shape: Shape):
        self.shape = shape
        self.records = parse(shape.records).steps
        self._marks = tuple(shape.marks)
        self._parts = [
            _block(part, self._marks) if isinstance(part, Block) else _plain(part, shape.join, self._marks)
            for part in shape.text
        ]
        self._provenance = [part.provenance if isinstance(part, Block) else None for part in shape.text]
        self._heading, self._date, self._url = (_reading(path) for path in (shape.heading, shape.date, shape.url))
        self._keep = [(name, _reading(path)) for name, path in shape.keep.items()]
        self._label = _reading(shape.source.path) if isinstance(shape.source, SourceBy) else None
        self._group = _reading((shape.group.by or shape.group.counter) if shape.group else None)
        self._fixed = {key: value for key, value in (("licence", shape.licence),) if value}

    def compose(self, record: Any, above: tuple = ()) -> Composed:
        """The document of a record; `above` are the objects around it, the nearest first."""
        texts: list[str] = []
        provenance, known, meta = None, False, dict(self._fixed)
        for part, said in zip(self._parts, self._provenance):
            found = part(record, above, meta)
            known = known or found is not None
            if found:
                provenance = said if not texts else provenance
                texts.append(found)
        if self._heading and (title := self._heading(record, above)):
            meta["title"] = redact(title[:_MOST_TITLE])
        for name, reading in self._keep:
            if reading and (value := reading(record, above)):
                meta[name] = value
        date = self._date(record, above) if self._date else None
        if date and (iso := iso_date(date)) is not None:
            date = iso
        elif date:
            meta["date"], date = date, None
        return Composed(
            "\n".join(texts) if known else None,
            (self._url(record, above) if self._url else None) or None,
            self._source(record, above),
            date or None,
            provenance or self.shape.provenance,
            meta,
        )

    def group_value(self, record: Any) -> str | float | None:
        """What tells whether a row belongs to the record of the row before."""
        value = self._group(record, ()) if self._group else None
        if self.shape.group is None or self.shape.group.by:
            return value
        number = _NUMBER.search(value or "")
        return float(number[0]) if number else None

    def _source(self, record: Any, above: tuple) -> str | None:
        source = self.shape.source
        if not isinstance(source, SourceBy):
            return source
        value = (self._label(record, above) if self._label else None) or ""
        return next((label for word, label in source.words.items() if word in value), source.other)


@lru_cache(4096)
def iso_date(text: str) -> str | None:
    """A date as ISO 8601, None for what is none.

    >>> iso_date("20180101"), iso_date("2019.2.26 14:51"), iso_date("2011")
    ('2018-01-01', '2019-02-26T14:51', '2011')
    """
    if year := _YEAR.fullmatch(text):
        return year[1]
    match = _DIGITS.fullmatch(text)
    if match is None or not (1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
        return None
    day = f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"
    return f"{day}T{match[4]}" if match[4] else day


def _reading(path: str | None, join: str = "\n") -> Reading | None:
    """What reads a path with its alternatives from a record and what is above it."""
    if path is None:
        return None
    ways = [(way, getter(way, join)) for way in alternatives(path)]
    if len(ways) == 1 and not ways[0][0].up:
        only: Getter = ways[0][1]
        return lambda record, above: only(record)

    def first(record: Any, above: tuple) -> str | None:
        empty = None
        for way, get in ways:
            found = get(origin(way, record, above))
            if found:
                return found
            empty = empty if found is None else found
        return empty

    return first


_Part = Callable[[Any, tuple, dict], str | None]  # the third notes what belongs to meta


def _plain(path: str, join: str, marks: tuple[str, ...]) -> _Part:
    reading = _reading(path, join)
    assert reading is not None

    def part(record: Any, above: tuple, meta: dict) -> str | None:
        found = reading(record, above)
        return stripped(found, marks).strip() if found and marks else found

    return part


def _block(block: Block, marks: tuple[str, ...]) -> _Part:
    steps = parse(block.each).steps
    readings = [reading for path in block.text if (reading := _reading(path))]
    speaker = _reading(block.speaker)
    conditions = [(reading, frozenset(said)) for path, said in block.where.items() if (reading := _reading(path))]

    def part(record: Any, above: tuple, meta: dict) -> str | None:
        around = (record, *above) if steps else above
        chosen = items(steps, record) if steps else (record,)
        if conditions:
            chosen = [item for item in chosen if all((read(item, around) or "") in said for read, said in conditions)]
        texts, speakers, known = [], [], bool(conditions)
        for item in chosen:
            found = [reading(item, around) for reading in readings]
            text = found[0] if len(found) == 1 else "\n".join(filter(None, found))
            if text:
                texts.append(" ".join(text.split()) if speaker else text)
                speakers.append((speaker(item, around) or "") if speaker else "")
            elif not known:
                known = any(text is not None for text in found)
        if not texts:
            return "" if known else None
        if marks:
            texts = _unmarked(texts, marks)
        if speaker:
            return _dialogue(list(zip(speakers, texts, strict=True)), block.names, meta)
        return block.join.join(filter(None, texts))

    return part


def _unmarked(texts: list[str], marks: tuple[str, ...]) -> list[str]:
    """Texts without marks: all at once, which is ten times as fast, where each is one line and stays one."""
    whole = "\n".join(texts)
    found = stripped(whole, marks).split("\n")
    return found if len(found) == len(texts) else [stripped(text, marks).strip() for text in texts]


def _dialogue(turns: list[tuple[str, str]], names: dict[str, str], meta: dict) -> str:
    """Turns as lines, each with its speaker in front where there are several; "" where nothing is left of them."""
    told: list[tuple[str, list[str]]] = []
    last = None
    for speaker, text in turns:
        if not text:
            continue
        if names and speaker not in names and (kind := speaker.rstrip("0123456789")) in names:
            speaker = kind
        if speaker == last:
            told[-1][1].append(text)
        else:
            told.append((speaker, [text]))
            last = speaker
    known = dict.fromkeys(speaker for speaker, _ in told)
    if not known:
        return ""
    meta["speakers"], meta["turns"] = len(known), len(told)
    if len(known) == 1:
        return "\n".join(told[0][1])
    letters = iter([*_LETTERS, *(f"화자{number}" for number in range(27, len(known) + 1))])
    called = {speaker: names.get(speaker) or next(letters) for speaker in known}
    return "\n".join([f"{called[speaker]}: {' '.join(texts)}" for speaker, texts in told])
