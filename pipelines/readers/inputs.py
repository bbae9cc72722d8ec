"""From what a recipe names to shards: which files there are, in which format, and where large ones are cut.

A file's *name* is its path below the fixed part of what the recipe says (`/data/news/**/*.jsonl` → `2024/a.jsonl`), so
that a corpus can move without changing a document's id. Names that meet are told apart by their nearest differing
folders.
"""

import bisect
import difflib
import glob
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from pydantic import BaseModel, ConfigDict, Field, field_validator

from algok.errors import InputError
from algok.pipelines.readers.streams import Damaged, InputStream, blocks, compression

Format = Literal["warc", "jsonl", "parquet", "text"]

MAPPABLE = ("id", "text", "url", "source", "date", "provenance", "meta")

_COMPRESSIONS = (".gz", ".zst", ".bz2", ".xz")
_EXTENSIONS: dict[str, Format] = {
    **{f"{base}{tail}": "warc" for base in (".warc", ".wet") for tail in ("", ".gz", ".zst")},
    **{f"{base}{tail}": "jsonl" for base in (".jsonl", ".ndjson", ".json") for tail in ("", *_COMPRESSIONS)},
    ".parquet": "parquet",
    ".txt": "text",
    ".md": "text",
    ".markdown": "text",
}
_GROUP_BYTES = 64 << 20
_GROUP_FILES = 2000
_MAGIC = re.compile(r"[*?\[]")
_NUMBER = re.compile(r"([0-9]+)")
_HELP = "Set the input's format (warc, wet, jsonl, parquet or text), or name the files to read with a glob."


class InputSpec(BaseModel):
    """One entry of a recipe's `inputs`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str | list[str] = Field(description="File, directory, glob or fsspec URL, or a list of them.")
    format: Literal["auto", "warc", "wet", "jsonl", "parquet", "text"] = "auto"
    source: str | None = Field(
        None, description="InputStream of all its documents, on the source axis and for profiles."
    )
    columns: dict[str, str] = Field(
        {}, description="Document field -> name in the input; dots reach into nested objects (text: body.content)."
    )
    provenance: Literal["organic", "synthetic", "translated"] | None = Field(
        None, description="Provenance of all its documents; without it a column of that name decides, else organic."
    )

    @field_validator("path")
    @classmethod
    def _some_path(cls, path: str | list[str]) -> str | list[str]:
        if not path or any(not item for item in ([path] if isinstance(path, str) else path)):
            raise ValueError("names no file")
        return path

    @field_validator("columns")
    @classmethod
    def _known_fields(cls, columns: dict[str, str]) -> dict[str, str]:
        for key, value in columns.items():
            if key not in MAPPABLE:
                near = difflib.get_close_matches(key, MAPPABLE, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; one of {', '.join(MAPPABLE)}"
                raise ValueError(f"{key} is not a field of a document{hint}")
            if not value:
                raise ValueError(f"{key} is mapped to an empty name")
        return columns

    @property
    def paths(self) -> list[str]:
        return [self.path] if isinstance(self.path, str) else self.path


@dataclass(frozen=True)
class InputFile:
    """A planned file. `fingerprint` is cheap and only tells whether the file changed before a run was resumed."""

    name: str
    url: str  # absolute local path, or fsspec URL
    size: int
    fingerprint: str


@dataclass(frozen=True)
class Shard:
    """A unit of input: a file, a slice of one, or a group of small text files.

    `start` and `end` are bytes for plain JSONL and row groups for Parquet; None means the whole file. `id` depends on
    names, sizes and range, never on where the corpus lies.
    """

    index: int
    input: int
    format: Format
    files: tuple[InputFile, ...]
    start: int | None
    end: int | None
    id: str

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Shard":
        """The shard that `dataclasses.asdict` was given, for instance after a way through JSON."""
        return cls(**{**data, "files": tuple(InputFile(**file) for file in data["files"])})


class _Found(NamedTuple):
    input: int
    format: Format
    root: str  # folder of which `name` is relative
    name: str
    url: str
    size: int
    fingerprint: str


def plan_shards(inputs: list[InputSpec], split_bytes: int = 256 << 20) -> list[Shard]:
    """The shards of all inputs, in input order and, within one, in natural order of names ("part2" before "part10").

    Parquet is cut between row groups and plain JSONL at byte offsets, about `split_bytes` each; compressed files are
    whole. Raises InputError for a path that is missing, empty, unreadable or of unknown format.
    """
    found: list[_Found] = []
    for number, spec in enumerate(inputs):
        files = {file.url: file for path in reversed(spec.paths) for file in _find(number, spec, path)}
        found += sorted(files.values(), key=lambda file: (_natural(file.name), _natural(file.url)))
    named = [
        (file, InputFile(name, file.url, file.size, file.fingerprint))
        for file, name in zip(found, _unique_names(found), strict=True)
    ]
    return [
        Shard(index, number, format, files, start, end, _shard_id(format, files, start, end))
        for index, (number, format, files, start, end) in enumerate(_pieces(named, split_bytes))
    ]


def _pieces(named: list[tuple[_Found, InputFile]], split_bytes: int) -> Iterator[tuple]:
    """(input, format, files, start, end) of every shard."""
    group: list[InputFile] = []
    size = 0
    for position, (found, file) in enumerate(named):
        if found.format == "text":
            group.append(file)
            size += file.size
            following = named[position + 1] if position + 1 < len(named) else None
            ends = following is None or following[0].input != found.input or following[0].format != "text"
            if ends or len(group) >= _GROUP_FILES or size + following[1].size > _GROUP_BYTES:
                yield found.input, found.format, tuple(group), None, None
                group, size = [], 0
            continue
        for start, end in _ranges(found.format, file, split_bytes):
            yield found.input, found.format, (file,), start, end


def _ranges(format: Format, file: InputFile, split_bytes: int) -> list[tuple[int | None, int | None]]:
    if file.size <= split_bytes or format == "warc":
        return [(None, None)]
    if format == "parquet":
        return _row_group_ranges(file, split_bytes)
    with InputStream(file.url) as source:
        if compression(source.read(8)) is not None:
            return [(None, None)]
    cuts = [*range(0, file.size, split_bytes), file.size]
    return list(pairwise(cuts))


def _row_group_ranges(file: InputFile, split_bytes: int) -> list[tuple[int | None, int | None]]:
    try:
        with InputStream(file.url) as source:
            metadata = pq.read_metadata(pa.PythonFile(source, "r"))
    except (pa.ArrowException, OSError):
        return [(None, None)]  # the reader will say what is wrong with it
    ranges: list[tuple[int | None, int | None]] = []
    start, size = 0, 0
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        size += sum(row_group.column(c).total_compressed_size for c in range(row_group.num_columns))
        if size >= split_bytes or group == metadata.num_row_groups - 1:
            ranges.append((start, group + 1))
            start, size = group + 1, 0
    return ranges or [(None, None)]


def _shard_id(format: str, files: Iterable[InputFile], start: int | None, end: int | None) -> str:
    key = "\n".join([f"{format} {start} {end}", *(f"{file.size} {file.name}" for file in files)])
    return xxhash.xxh3_64_hexdigest(key.encode())


def _find(number: int, spec: InputSpec, path: str) -> list[_Found]:
    """The files that one path of an input names."""
    try:
        return _find_below(number, spec, path)
    except InputError:
        raise
    except Exception as error:  # every storage raises its own kinds
        raise InputError(f"{path}: cannot be listed: {error}. Check path, permissions and network.") from error


def _find_below(number: int, spec: InputSpec, path: str) -> list[_Found]:
    filesystem, stripped = fsspec.core.url_to_fs(path)
    local = isinstance(filesystem, LocalFileSystem)
    stripped = os.path.abspath(stripped) if local else stripped.rstrip("/")
    root, listed = (_list_local if local else _list_remote)(filesystem, stripped)
    if listed is None:
        raise InputError(f"{path}: no such file or directory. Paths are relative to where algok runs.")
    if root == stripped:
        listed = _plausible(listed, root, spec.format)
    if not listed:
        of_format = "" if spec.format == "auto" else f" of format {spec.format}"
        raise InputError(f"{path}: names no file{of_format}. {_HELP}")
    files = []
    for found, (size, stamp) in listed.items():
        url = found if local else filesystem.unstrip_protocol(found)
        name = found[len(root) :].lstrip("/")
        if any(c < " " or "\ud800" <= c <= "\udfff" for c in url):  # they break plans, logs and reports
            raise InputError(f"{url!r}: not a readable file name. Rename the file.")
        files.append(_Found(number, _format(spec.format, url), root, name, url, size, f"{size}-{stamp}"))
    return files


_Listing = tuple[str, dict[str, tuple[int, object]] | None]  # root; path -> (size, time or tag), None where nothing is


def _list_local(filesystem: AbstractFileSystem, path: str) -> _Listing:
    """Symbolic links are followed, to files and folders."""
    if os.path.isdir(path):
        root, paths = path, _walk(path)
    elif os.path.exists(path):
        root, paths = os.path.dirname(path), [path]
    elif magic := _MAGIC.search(path):
        root = path[: magic.start()].rpartition("/")[0]
        paths = [match for match in glob.iglob(path, recursive=True) if not os.path.isdir(match)]
    else:
        return path, None
    listed: dict[str, tuple[int, object]] = {}
    for found in paths:
        status = os.stat(found)
        if not os.access(found, os.R_OK):
            raise PermissionError(f"{found} may not be read")
        listed[found] = status.st_size, status.st_mtime_ns
    return root, listed


def _walk(root: str) -> Iterator[str]:
    visited = set()
    for folder, folders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in visited:  # a link back up
            folders.clear()
            continue
        visited.add(real)
        yield from (os.path.join(folder, file) for file in files)


def _list_remote(filesystem: AbstractFileSystem, path: str) -> _Listing:
    if filesystem.isdir(path):
        root, infos = path, filesystem.find(path, detail=True)
    elif filesystem.exists(path):
        root, infos = path.rpartition("/")[0], {path: filesystem.info(path)}
    elif magic := _MAGIC.search(path):
        root = path[: magic.start()].rpartition("/")[0]
        infos = {found: info for found, info in filesystem.glob(path, detail=True).items() if info["type"] == "file"}
    else:
        return path, None
    return root, {found: (int(info.get("size") or 0), _stamp(info)) for found, info in infos.items()}


def _stamp(info: dict[str, Any]) -> object:
    keys = ("ETag", "etag", "mtime", "LastModified", "updated", "created")
    return next((info[key] for key in keys if info.get(key)), "")


def _plausible(infos: dict[str, tuple[int, object]], root: str, format: str) -> dict[str, tuple[int, object]]:
    """The files of a directory that are meant as input: none hidden or marked by _ (`_SUCCESS`), and for a given format
    those with its extensions."""
    chosen = {
        path: info
        for path, info in infos.items()
        if not any(part.startswith((".", "_")) for part in path[len(root) :].strip("/").split("/"))
    }
    if format == "auto":
        return chosen
    wanted = "warc" if format == "wet" else format
    return {path: info for path, info in chosen.items() if _by_extension(path) == wanted}


def _format(declared: str, url: str) -> Format:
    if declared != "auto":
        return "warc" if declared == "wet" else declared
    format = _by_extension(url) or _by_content(url)
    if format is None:
        raise InputError(f"{url}: unknown format. {_HELP}")
    if format == "jsonl" and re.search(r"\.json(\.\w+)?$", url) and _head(url).lstrip().startswith(b"["):
        raise InputError(f"{url}: a JSON array, not JSON Lines. Convert it, for instance with: jq -c '.[]'")
    return format


def _by_extension(url: str) -> Format | None:
    base = url.rpartition("/")[2].lower()
    return next((format for extension, format in _EXTENSIONS.items() if base.endswith(extension)), None)


def _by_content(url: str) -> Format | None:
    head = _head(url).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"WARC/"):
        return "warc"
    return "jsonl" if head.startswith(b"{") else None


def _head(url: str) -> bytes:
    """The first bytes of a file's decompressed content."""
    with InputStream(url) as source:
        try:
            return next(blocks(source), b"")[:4096]
        except Damaged:
            return b""


def _natural(text: str) -> list[tuple[int, str]]:
    """Sort key with numbers in numeric order: text and digit runs alternate, so like is compared with like."""
    key = [(0, piece) for piece in _NUMBER.split(text)]
    for at in range(1, len(key), 2):
        digits = key[at][1].lstrip("0")
        key[at] = (len(digits), digits)
    return [*key, (0, text)]


def _unique_names(found: list[_Found]) -> list[str]:
    """A name per file, unique over all inputs and independent of where the whole corpus lies."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, file in enumerate(found):
        groups[file.name].append(index)
    names = [file.name for file in found]
    for members in groups.values():
        if len({found[index].url for index in members}) > 1:
            for index, label in zip(members, _distinct_tails([found[index].root for index in members]), strict=True):
                names[index] = f"{label}/{found[index].name}"
    taken: set[str] = set()
    for index, name in enumerate(names):  # one file in several inputs, or a label that meets another name
        count = 1
        while names[index] in taken:
            count += 1
            names[index] = f"{name}#{count}"
        taken.add(names[index])
    return names


def _distinct_tails(roots: list[str]) -> list[str]:
    """The shortest equal number of last folders by which different roots differ."""
    parts = [root.strip("/").split("/") for root in roots]
    different = len({tuple(p) for p in parts})
    deepest = max(len(p) for p in parts)
    depth = bisect.bisect_left(
        range(1, deepest + 1), True, key=lambda d: len({tuple(p[-d:]) for p in parts}) == different
    )
    return ["/".join(p[-(depth + 1) :]) for p in parts]
