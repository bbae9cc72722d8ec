"""From the columns of a foreign record to the fields of a document."""

import difflib
from dataclasses import dataclass
from typing import Any

import orjson

from algok.pipelines.documents import PROVENANCES, dump_meta, mask
from algok.pipelines.inputs import MAPPABLE, InputSpec

_MISSING = object()
_SUGGESTED_KEYS = ("text", "content", "body", "document", "raw_content", "contents")
_NAMED_KEYS = 12


@dataclass(frozen=True)
class Fields:
    """Where each document field is found, and what an input says about all its documents."""

    names: dict[str, str]  # document field -> column
    source: str | None
    provenance: str | None

    @classmethod
    def of(cls, spec: InputSpec) -> "Fields":
        return cls({field: spec.columns.get(field, field) for field in MAPPABLE}, spec.source, spec.provenance)

    def take(self, record: dict, field: str) -> Any:
        """Removes a field's value from the record; `_MISSING`-safe: None where there is none."""
        value = _pop(record, self.names[field])
        return None if value is _MISSING else value

    def describe(self, record: dict) -> tuple[str | None, str | None, str | None, str, str | None]:
        """url, source, date, provenance and meta of a record whose text was taken out; empties the record.

        What has no field of its own, or a value that does not fit its field, travels in meta. What the input's `source`
        and `provenance` say goes before what the record says.
        """
        meta = _meta_object(self.take(record, "meta"))
        own = {field: self.take(record, field) for field in ("id", "url", "source", "date", "provenance")}
        found = {field: own.pop(field) for field in ("url", "source", "date") if isinstance(own[field], str)}
        if own["provenance"] in PROVENANCES:
            found["provenance"] = own.pop("provenance")
        for field in ("source", "provenance"):
            stated = getattr(self, field)
            if stated is not None and found.get(field, stated) != stated:
                own[field] = found[field]
            found[field] = stated if stated is not None else found.get(field)
        for rest in (record, own):
            for key, value in rest.items():
                if value is not None or rest is record:
                    meta[_free_key(meta, key)] = value
        return found.get("url"), found["source"], found.get("date"), found["provenance"] or "organic", dump_meta(meta)

    def no_text(self, keys: list[str], longest: str | None) -> str:
        """The message for a record without text: what was looked for, what is there, and what was probably meant."""
        wanted = self.names["text"]
        shown = ", ".join(mask(key)[:40] for key in keys[:_NAMED_KEYS]) or "no columns"
        near = [key for key in _SUGGESTED_KEYS if key in keys] or difflib.get_close_matches(wanted, keys[:100], 1)
        guess = (near or ([longest] if longest else [None]))[0]
        hint = f"; perhaps columns: {{text: {mask(guess)[:40]}}}" if guess and guess != wanted else ""
        return f"no string at '{wanted}'; found {shown}{', …' if len(keys) > _NAMED_KEYS else ''}{hint}"


def _pop(record: dict, name: str) -> Any:
    """Takes out a column, or what a dotted name reaches; a nested object left empty goes too."""
    if name in record:
        return record.pop(name)
    head, dot, tail = name.partition(".")
    inner = record.get(head) if dot else None
    if not isinstance(inner, dict):
        return _MISSING
    value = _pop(inner, tail)
    if not inner and value is not _MISSING:
        del record[head]
    return value


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


def _free_key(meta: dict, key: str) -> str:
    while key in meta:
        key += "_column"
    return key
