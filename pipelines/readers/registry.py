"""The formats that a recipe can name: ours, those of installed packages, and any reader by `module:Class`.

A package offers readers as entry points of the group `algok.readers` (docs/plugins.md). Validating a recipe imports no
reader; planning its shards imports them all, since each says itself which files it takes.
"""

from functools import cache
from typing import TYPE_CHECKING

from algok.errors import RecipeError
from algok.pipelines.plugins import NAME, PLACE, load, nearest, offered

if TYPE_CHECKING:
    from algok.pipelines.readers.reader import Reader

GROUP = "algok.readers"

# Format -> where its reader lives. Files of an unknown name are offered in this order.
READERS = {
    "warc": "algok.pipelines.readers.warc:Warc",
    "arc": "algok.pipelines.readers.arc:Arc",
    "cc_index": "algok.pipelines.readers.cc_index:CcIndex",
    "parquet": "algok.pipelines.readers.parquet:Parquet",
    "feather": "algok.pipelines.readers.feather:Feather",
    "wikipedia": "algok.pipelines.readers.wikipedia:Wikipedia",
    "cirrussearch": "algok.pipelines.readers.cirrussearch:CirrusSearch",
    "namuwiki": "algok.pipelines.readers.namuwiki:Namuwiki",
    "law": "algok.pipelines.readers.law:Law",
    "jsonl": "algok.pipelines.readers.jsonl:Jsonl",
    "json": "algok.pipelines.readers.json:Json",
    "csv": "algok.pipelines.readers.csv:Csv",
    "tsv": "algok.pipelines.readers.csv:Tsv",
    "document": "algok.pipelines.readers.files:DocumentFiles",
    "archive": "algok.pipelines.readers.archive:Archive",
    "records": "algok.pipelines.readers.records:Records",
    "html": "algok.pipelines.readers.files:HtmlFiles",
    "text": "algok.pipelines.readers.files:TextFiles",
}
_ALIASES = {"wet": "warc", "ndjson": "jsonl", "arrow": "feather", "markdown": "text"}


def known_formats() -> list[str]:
    """The names of all formats, other names of ours included."""
    return [*READERS, *_ALIASES, *sorted(set(offered(GROUP)) - {*READERS, *_ALIASES})]


@cache
def reader(key: str) -> "Reader":
    """The reader of a format by its name, or by `module:Class`. Raises RecipeError for an unknown or unsound one."""
    key = _ALIASES.get(key, key)
    if key in READERS:
        return load(READERS[key])()
    if key in offered(GROUP):
        return _checked(key, load(offered(GROUP)[key].value))
    if PLACE.fullmatch(key):
        return _checked(key, load(key))
    raise RecipeError(f"unknown format '{key}'{nearest(key, known_formats())}")


def all_readers() -> list["Reader"]:
    """Every reader, ours first."""
    foreign = sorted(set(offered(GROUP)) - {*READERS, *_ALIASES})
    return [reader(key) for key in (*READERS, *foreign)]


def _checked(key: str, cls: object) -> "Reader":
    from algok.pipelines.readers.reader import Reader

    problem = None
    if not (isinstance(cls, type) and issubclass(cls, Reader)):
        problem = "is not a subclass of algok.pipelines.readers.reader.Reader"
    elif missing := sorted(getattr(cls, "__abstractmethods__", ())):
        problem = f"lacks {', '.join(f'{method}()' for method in missing)}"
    elif not NAME.fullmatch(getattr(cls, "name", "")):
        problem = "its name is not a word of a–z, 0–9 and _ that begins with a letter"
    elif ":" not in key and cls.name != key:
        problem = f"its entry point is called '{key}', its name is '{cls.name}'; they must be the same"
    if problem:
        raise RecipeError(f"reader '{key}': {problem}")
    return cls()  # type: ignore[operator]
