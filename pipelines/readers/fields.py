"""From the columns of a foreign record to the fields of a document."""

from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson

from algok.filters.personal.coarse import mask
from algok.pipelines.documents import PROVENANCES, dump_meta
from algok.pipelines.readers.collector import RecordError
from algok.pipelines.readers.guess import likely, texts_in
from algok.pipelines.readers.pages import is_page
from algok.pipelines.readers.spec import MAPPABLE, InputSpec

LIST = "[]"  # behind the name of a list in a column's name: what stands in its items
_NAMED_KEYS = 12
_NAMED_TEXTS = 4


@dataclass(frozen=True)
class Fields:
    """Where each document field is found, and what an input says about all its documents."""

    names: dict[str, str]  # document field -> column
    others: tuple[str, ...]  # columns of id, url, source, date, provenance and meta
    source: str | None
    provenance: str | None
    html: str  # column that holds HTML; auto or never
    html_column: str | None  # the column that is declared to hold HTML

    @classmethod
    def of(cls, spec: InputSpec) -> "Fields":
        names = {field: spec.columns.get(field, field) for field in MAPPABLE}
        others = tuple(names[field] for field in ("id", "url", "source", "date", "provenance", "meta"))
        html_column = None if spec.html in ("auto", "never") else spec.html
        return cls(names, others, spec.source, spec.provenance, spec.html, html_column)

    def take_text(self, record: dict) -> tuple[str, str | None]:
        """Removes a record's text; beside it the column that it came from if it is HTML of which the text must be
        extracted, else None. Raises RecordError where there is no text."""
        name = self.html_column or self.names["text"]
        text = pop(record, name)
        if type(text) is not str:
            if self.html == "auto" and type(record.get("html")) is str and is_page(record["html"]):
                return record.pop("html"), "html"
            there = record if text is None else {**record, name: text}
            raise RecordError("no_text", self.no_text(list(there), texts_in(there), name))
        if self.html == "auto":
            return text, name if _may_be_page(text) and is_page(text) else None
        return text, self.html_column

    def describe(
        self, record: dict, more: dict[str, Any] | None = None
    ) -> tuple[str | None, str | None, str | None, str, str | None]:
        """url, source, date, provenance and meta of a record whose text was taken out; uses the record up.

        What has no field of its own, or a value that does not fit its field, travels in meta. What the input's `source`
        and `provenance` say goes before what the record says. `more` joins meta where it has no such key.
        """
        identity, url, source, date, provenance, meta = [
            record.pop(name, None) if name in record or "." not in name else pop(record, name) for name in self.others
        ]
        meta = _meta_object(meta)
        for key, value in record.items():
            meta[key if key not in meta else free_key(meta, key)] = value
        if identity is not None:
            meta[free_key(meta, "id")] = identity
        if url is not None and type(url) is not str:
            meta[free_key(meta, "url")], url = url, None
        if date is not None and type(date) is not str:
            meta[free_key(meta, "date")], date = date, None
        if source is not None and (type(source) is not str or self.source not in (None, source)):
            meta[free_key(meta, "source")], source = source, None
        if provenance is not None and (provenance not in PROVENANCES or self.provenance not in (None, provenance)):
            meta[free_key(meta, "provenance")], provenance = provenance, None
        if more:
            meta = {**more, **meta}
        return url, self.source or source, date, self.provenance or provenance or "organic", dump_meta(meta)

    def no_text(self, keys: list[str], texts: dict[str, int], name: str | None = None) -> str:
        """The message for a record without text: what was looked for, what is there, and the mapping that would read what
        was probably meant. `texts` are the places that hold text, with their characters."""
        wanted = name or self.names["text"]
        shown = ", ".join(mask(key)[:40] for key in keys[:_NAMED_KEYS]) or "no columns"
        message = f"no string at '{wanted}'; found {shown}{', …' if len(keys) > _NAMED_KEYS else ''}"
        guess, others = likely(texts, wanted)
        if guess is not None:
            message += f"; perhaps columns: {{text: {_shown(guess)}}}, or --text {_shown(guess)} on the command line"
        if others:
            named = ", ".join(_shown(place) for place in others[:_NAMED_TEXTS])
            message += f"; {named} {'look' if len(others) > 1 else 'looks'} like text too"
        return message


def _shown(place: str) -> str:
    return mask(place)[:80]


def _may_be_page(text: str) -> bool:
    """Whether the first character that is no white space opens a tag; rules nearly all texts out at once."""
    return text[:1] == "<" or (text[:1] in "\ufeff \t\r\n" and text[:64].lstrip("\ufeff \t\r\n")[:1] == "<")


def pop(record: dict, name: str) -> Any:
    """Takes out a column, or what a dotted name reaches, or None; a nested object left empty goes too.

    `a[]` are the strings of a list, `a[].b` those of a list's objects: as one string, a blank line between them.
    """
    if name in record:
        return record.pop(name)
    head, _, tail = name.partition(".")
    if head.endswith(LIST):
        return _pop_list(record, head.removesuffix(LIST), tail)
    inner = record.get(head)
    if not tail or not isinstance(inner, dict) or not inner:
        return None
    value = pop(inner, tail)
    if not inner:
        del record[head]
    return value


def _pop_list(record: dict, head: str, tail: str) -> str | None:
    """The strings of a list, or of its objects; what holds nothing more is taken out of the record."""
    items = record.get(head)
    if not isinstance(items, list):
        return None
    found = [item if not tail else pop(item, tail) if isinstance(item, dict) else None for item in items]
    texts = [text for text in found if type(text) is str]
    left = [item for item in items if (item and tail) or (not tail and type(item) is not str and item is not None)]
    if left:
        record[head] = left
    else:
        del record[head]
    return "\n\n".join(texts) if texts else None


def _meta_object(value: Any) -> dict:
    """A record's own meta, to be added to: an object, or one as JSON text as algok writes it; else under its name."""
    if isinstance(value, dict):
        return value
    if isinstance(value, str) and value.startswith("{"):
        try:
            parsed = orjson.loads(value)
        except orjson.JSONDecodeError:
            parsed = None
        if isinstance(parsed, dict):
            return parsed
    return {} if value is None else {"meta": value}


def distinct(names: list[str]) -> list[str]:
    """Column names of which one that stands before gets `_column` behind it, as in meta; files with two of a name exist."""
    if len(set(names)) == len(names):
        return names
    found: dict[str, None] = {}
    for name in names:
        found[free_key(found, name)] = None
    return list(found)


def free_key(meta: dict, key: str) -> str:
    """The key, or where it is taken the first of `key_column`, `key_column_column`, `key_column3`, … that is not."""
    if key not in meta:
        return key
    for free in (f"{key}_column", f"{key}_column_column"):
        if free not in meta:
            return free
    return next(free for number in count(3) if (free := f"{key}_column{number}") not in meta)
