"""Pages whose text is not in their file: the list of them that a run writes, and the results of an OCR that a later run takes.

A page is known by file, offset and number, as the list has them. Results are one Parquet or JSON Lines file with the columns
`file`, `page` and `text`, and `offset` where a file holds several documents (an archive, a WARC).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import fsspec
import pyarrow as pa
import pyarrow.compute as pc

from algok.errors import InputError
from algok.filters.personal.coarse import printable
from algok.pipelines.extraction.page import Page
from algok.pipelines.readers.collector import Collector
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.readers.streams import is_local

if TYPE_CHECKING:
    import pyarrow.dataset as ds

_SCHEMA = pa.schema([("file", pa.string()), ("offset", pa.int64()), ("page", pa.int64()), ("text", pa.string())])
_KEYS = ["file", "offset", "page"]
_LINE_BYTES = 16 << 20
_NAMED = 5


class Place(NamedTuple):
    """Where a document stands: its file, its offset there, and its path in an archive."""

    file: str
    offset: int
    member: str | None = None


class Ocr:
    """The results for one shard, and what is noted of the pages that are still without their text."""

    def __init__(self, shard: Shard, collector: Collector):
        self._collector = collector
        self._pages: dict[tuple[str, int], dict[int, str]] = {}
        self._left = 0
        if shard.ocr is not None:
            self._read(shard.ocr, sorted(file.name for file in shard.files))

    def _read(self, results: InputFile, names: list[str]) -> None:
        table = _table(results, _SCHEMA.names, names)
        self._left = table.num_rows
        for file, offset, page, text in zip(*(column.to_pylist() for column in table.columns), strict=True):
            if text is not None:
                self._pages.setdefault((file, offset), {})[page] = text

    def of(self, place: Place) -> Mapping[int, str]:
        """Page number from 1 → text, of one document."""
        return self._pages.get((place.file, place.offset), {})

    def note(self, place: Place, page: Page, size: int) -> None:
        """Lists the pages of a document that are missing, and counts those that were filled."""
        self._left -= page.filled
        rows = [
            {
                "file": place.file, "offset": place.offset, "member": place.member, "page": missing.number,
                "pages": page.pages, "reason": missing.reason, "width": missing.width, "height": missing.height,
                "bytes": size,
            }
            for missing in page.missing
        ]  # fmt: skip
        self._collector.ocr(rows, Counter(filled=page.filled))

    def close(self) -> None:
        """Counts the results that no page took: it has text of its own, there is no such page, or the result had no text."""
        self._collector.ocr([], Counter(unused=self._left))


def check_results(results: InputFile, names: Iterable[str]) -> list[str]:
    """Looks through the keys of a file of results before anything is read with it, and gives the names in it of files that
    are no input. Raises InputError where it cannot be read, lacks a column, has two results for a page, or names no input."""
    keys = _table(results, _KEYS)
    if keys.num_rows and pc.min(keys["page"]).as_py() < 1:
        raise InputError(f"{results.url}: column page: pages are counted from 1")
    counts = keys.group_by(_KEYS).aggregate([([], "count_all")])
    doubled = counts.filter(pc.greater(counts["count_all"], 1)).sort_by([(key, "ascending") for key in _KEYS])
    if doubled.num_rows:
        row = doubled.slice(0, 1).to_pylist()[0]
        page = f"page {row['page']} of {printable(row['file'])!r} (offset {row['offset']})"
        raise InputError(f"{results.url}: {row['count_all']} results for {page}; leave one")
    known = set(names)
    said = sorted(keys["file"].unique().to_pylist())
    unknown = [name for name in said if name not in known]
    if said and len(unknown) == len(said):
        shown = ", ".join(repr(printable(name)) for name in said[:_NAMED])
        raise InputError(
            f"{results.url}: names no file of the input ({shown}); files are called as in the list of the run, "
            f"for instance {min(known, default='')!r}"
        )
    return unknown


def _table(results: InputFile, columns: list[str], names: list[str] | None = None) -> pa.Table:
    """Columns of a file of results as _SCHEMA has them; with `names`, in order, only the rows of these files.

    Raises InputError for what cannot be read or is of another kind."""
    wanted = None
    if names is not None:  # Parquet passes over row groups by the first and the last name
        file = pc.field("file")
        wanted = (file >= names[0]) & (file <= names[-1]) & file.isin(names)
    try:
        dataset = _dataset(results)
        for name in ("file", "page", "text"):
            if name not in dataset.schema.names:
                raise InputError(f"{results.url}: has no column '{name}'; results have file, page and text")
        table = dataset.to_table(
            [name for name in columns if name in dataset.schema.names], filter=wanted, use_threads=False
        )
        if "offset" in columns and "offset" not in table.column_names:
            table = table.append_column("offset", pa.nulls(len(table), pa.int64()))
        table = table.select(columns).cast(pa.schema([_SCHEMA.field(name) for name in columns]))
    except (pa.ArrowException, OSError) as error:
        what = printable(str(error).partition("\n")[0])[:200]
        raise InputError(f"{results.url}: not readable as results of an OCR: {what}") from None
    if table["file"].null_count or table["page"].null_count:
        raise InputError(f"{results.url}: a row without file or page")
    if "offset" in columns:
        place = table.column_names.index("offset")
        table = table.set_column(place, "offset", pc.fill_null(table["offset"], 0))
    return table


def _dataset(results: InputFile) -> "ds.Dataset":
    import pyarrow.dataset as ds  # loads pandas, which nothing else in a reader needs
    from pyarrow import json as pa_json

    filesystem, path = (None, results.url) if is_local(results.url) else fsspec.core.url_to_fs(results.url)
    if path.endswith(".parquet"):
        return ds.dataset(path, format="parquet", filesystem=filesystem)
    lines = ds.JsonFileFormat(
        parse_options=pa_json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore"),
        read_options=pa_json.ReadOptions(use_threads=False, block_size=_LINE_BYTES),
    )
    return ds.dataset(path, format=lines, filesystem=filesystem)
