"""Which places of a record hold text, for the error that says how to map them."""

import difflib
from collections.abc import Iterable, Mapping

import pyarrow as pa

from algok.pipelines.readers.lenient import name_of

# What corpora call their text, most common first.
_KNOWN = (
    "text", "content", "body", "document", "raw_content", "contents", "본문", "내용", "텍스트", "기사", "article", "paragraphs",
    "paragraph", "sentences", "sentence", "passage", "context", "문장", "문단", "글", "output", "completion", "message",
)  # fmt: skip
_MOST_DEPTH = 6
_MOST_PLACES = 200


def texts_in(value: object, place: str = "", depth: int = 0) -> dict[str, int]:
    """The places of a record that hold text, as `columns` would name them, with their characters."""
    found: dict[str, int] = {}
    if isinstance(value, str):
        return {place: len(value)} if place else {}
    if depth >= _MOST_DEPTH:
        return found
    if isinstance(value, Mapping):
        inner: Iterable[tuple[str, object]] = ((f"{place}.{key}" if place else str(key), v) for key, v in value.items())
    elif isinstance(value, list):
        inner = ((f"{place}[]", item) for item in value[:_MOST_PLACES])
    else:
        return found
    for inner_place, item in inner:
        for key, size in texts_in(item, inner_place, depth + 1).items():
            found[key] = found.get(key, 0) + size
        if len(found) >= _MOST_PLACES:
            break
    return found


def texts_of_type(kind: pa.DataType | pa.Schema, place: str = "", depth: int = 0) -> dict[str, int]:
    """The places that hold text by their types; how much is not known."""
    if isinstance(kind, pa.DataType):
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            return {place: 0}
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            return texts_of_type(kind.value_type, f"{place}[]", depth + 1) if depth < _MOST_DEPTH else {}
        if not pa.types.is_struct(kind) or depth >= _MOST_DEPTH:
            return {}
    found: dict[str, int] = {}
    for number, field in enumerate(list(kind)[:_MOST_PLACES]):
        name = name_of(field, number)
        found |= texts_of_type(field.type, f"{place}.{name}" if place else name, depth + 1)
    return found


def likely(texts: dict[str, int], wanted: str) -> tuple[str | None, list[str]]:
    """The place that probably holds the text, and the others that could: by name, or by length where that is known."""
    places = [place for place in texts if place != wanted]
    leaves = {place: place.replace("[]", "").rpartition(".")[2].lower() for place in places}
    named = [place for name in _KNOWN for place in places if leaves[place] == name]
    near = difflib.get_close_matches(wanted, places[:100], 1)
    longest = sorted(places, key=lambda place: -texts[place])
    sure = [*named, *near] or (longest[:1] if len(places) == 1 or any(texts.values()) else [])
    guess = sure[0] if sure else None
    worth = (
        max((texts[place] for place in places), default=0) // 4
    )  # a fraction of the longest is a title or an address
    return guess, [place for place in dict.fromkeys([*sure, *longest]) if place != guess and texts[place] >= worth]
