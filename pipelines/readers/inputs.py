"""From what a recipe names to shards: which files there are, in which format, and where large ones are cut.

A file's *name* is its path below the fixed part of what the recipe says (`/data/news/**/*.jsonl` → `2024/a.jsonl`), so
that a corpus can move without changing a document's id. Names that meet are told apart by their nearest differing
folders.
"""

import bisect
import errno
import glob
import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import fsspec
import xxhash
from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem

from algok.errors import InputError
from algok.pipelines.readers.registry import all_readers, known_formats, reader
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged, InputStream, blocks, wide_encoding

if TYPE_CHECKING:
    from algok.pipelines.readers.reader import Reader

Range = tuple[int | None, int | None]  # in a unit of the reader; (None, None) is the whole file

# Of formats of one document per file.
_GROUP_BYTES = 64 << 20
_GROUP_FILES = 2000
# What stands beside the data of a corpus and describes it: as text where it is alone, as a card beside files of records.
_CARD = re.compile(
    r"(readme|licen[cs]e|copying|notice|changelog|authors|contributing|citation)(\.(md|markdown|txt|rst|html?))?",
    re.IGNORECASE,
)
_HUGGING_FACE = frozenset({"dataset_infos.json", "dataset_info.json", "dataset_dict.json", "state.json"})
# Of other formats: a task takes about 30 ms, and the steps take as long over 150 kB. Few files keep a shard each, so that
# all cores have work.
_SMALL_BYTES = 1 << 20
_SMALL_GROUP_BYTES = 4 << 20
_MANY_FILES = 32
# Of compressed files: a shard of one that unfolds to more than so many times its size is a smaller part of it.
_MOST_UNFOLDED = 8
_MEASURED_BYTES = 8 << 20
_MAGIC = re.compile(r"[*?\[]")
_UNREADABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class InputFile:
    """A planned file. `fingerprint` is cheap and only tells whether the file changed before a run was resumed."""

    name: str
    url: str  # absolute local path, or fsspec URL
    size: int
    fingerprint: str

    def as_dict(self) -> dict[str, Any]:
        """As `dataclasses.asdict`, which takes ten times as long."""
        return {"name": self.name, "url": self.url, "size": self.size, "fingerprint": self.fingerprint}


@dataclass(frozen=True)
class Shard:
    """A unit of input: a file, a slice of one, or a group of small files.

    `start` and `end` are in a unit of the format's reader (bytes for plain JSONL, row groups for Parquet); None means the
    whole file. `id` depends on names, sizes and range, never on where the corpus lies. With `spread` the file can be read
    from its beginning only: the shard is what the reader has of it while it stands in these bytes (`readers/frames.py`).
    """

    index: int
    input: int
    format: str
    files: tuple[InputFile, ...]
    start: int | None
    end: int | None
    id: str
    ocr: InputFile | None = None  # texts of pages of its documents
    spread: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What `from_dict` reads, for instance after a way through JSON."""
        data = {**vars(self), "files": [file.as_dict() for file in self.files]}
        ocr, spread = data.pop("ocr"), data.pop("spread")
        return {**data, **({"ocr": ocr.as_dict()} if ocr else {}), **({"spread": True} if spread else {})}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Shard":
        files = tuple(InputFile(**file) for file in data["files"])
        ocr = InputFile(**data["ocr"]) if "ocr" in data else None
        return cls(**{**data, "files": files, "ocr": ocr})


class _Found(NamedTuple):
    input: int
    format: str
    root: str  # folder of which `name` is relative
    name: str
    url: str
    size: int
    fingerprint: str
    identity: object = None  # the same for all links to one file; None where nobody knows


LeftOut = dict[str, list[str]]  # names of files that a folder holds and that are no input, by reason


def plan_shards(inputs: list[InputSpec], split_bytes: int = 256 << 20, left_out: LeftOut | None = None) -> list[Shard]:
    """The shards of all inputs, in input order and, within one, in natural order of names ("part2" before "part10").

    A file is cut into pieces of about `split_bytes`, where it can be begun in its middle and where its records can be
    spread; small files share shards where there are many of them. Raises InputError for a path that is missing, empty,
    unreadable or of unknown format. What of a folder or glob can be no input is noted in `left_out`.
    """
    found: list[_Found] = []
    left_out = left_out if left_out is not None else {}
    for number, spec in enumerate(inputs):
        files = {file.url: file for path in reversed(spec.paths) for file in _find(number, spec, path, left_out)}
        ordered = sorted(files.values(), key=lambda file: (_natural(file.name), _natural(file.url)))
        found += _without_links(ordered, left_out)
    named = [
        (file, InputFile(name, file.url, file.size, file.fingerprint))
        for file, name in zip(found, _unique_names(found), strict=True)
    ]
    pieces = list(_pieces(named, split_bytes, {number for number, spec in enumerate(inputs) if spec.ocr}))
    results = {number: _results(number, spec.ocr, pieces, left_out) for number, spec in enumerate(inputs) if spec.ocr}
    return [
        Shard(index, number, format, files, start, end, _shard_id(format, files, start, end), ocr, spread)
        for index, (number, format, files, start, end, spread) in enumerate(pieces)
        for ocr in [results.get(number) if reader(format).takes_ocr else None]
    ]


def results_file(url: str) -> InputFile:
    """The file of an input's `ocr`. Raises InputError where it is none."""
    found = _find(0, InputSpec(path=url), url, {})
    if len(found) != 1:
        raise InputError(f"{url}: results of an OCR are one file, not a folder or a pattern")
    return InputFile(found[0].name, found[0].url, found[0].size, found[0].fingerprint)


def _results(number: int, url: str, pieces: list[tuple], left_out: LeftOut) -> InputFile:
    """The results for an input, looked through."""
    from algok.pipelines.readers.ocr import check_results  # which knows shards

    results = results_file(url)
    names = [
        file.name
        for of_input, format, files, *_ in pieces
        if of_input == number and reader(format).takes_ocr
        for file in files
    ]
    _leave_out(left_out, f"no input, but {results.name} has results for it", check_results(results, names))
    return results


def _without_links(files: list[_Found], left_out: LeftOut) -> list[_Found]:
    """One of all links to a file: the file itself, or the first."""
    chosen: dict[object, _Found] = {}
    for file in sorted(files, key=lambda file: os.path.islink(file.url) if file.identity else False):
        chosen.setdefault(file.identity or file.url, file)
    kept = {file.url for file in chosen.values()}
    _leave_out(left_out, "a link to a file that is read", [file.name for file in files if file.url not in kept])
    return [file for file in files if file.url in kept]


def _leave_out(left_out: LeftOut, reason: str, names: Iterable[str]) -> None:
    if names := list(names):
        left_out.setdefault(reason, []).extend(names)


def _pieces(named: list[tuple[_Found, InputFile]], split_bytes: int, with_ocr: set[int]) -> Iterator[tuple]:
    """(input, format, files, start, end, spread) of every shard."""
    small = Counter((found.input, found.format) for found, file in named if file.size <= _SMALL_BYTES)
    group: list[InputFile] = []
    size, of_group = 0, (0, "")
    for found, pieces in _together(named):
        file = pieces[0]
        kind = found.input, found.format
        most = _group_bytes(reader(found.format), file, small[kind])
        if len(pieces) > 1:
            if group:
                yield *of_group, tuple(group), None, None, False
                group, size = [], 0
            yield *kind, tuple(pieces), None, None, False
            continue
        if group and (kind != of_group or len(group) >= _GROUP_FILES or size + file.size > most):
            yield *of_group, tuple(group), None, None, False
            group, size = [], 0
        if not most:
            of_format = reader(found.format)
            ranges = of_format.split(file, split_bytes)
            # Results of an OCR are counted by shard, those that no page took too.
            spread = of_format.spreads and len(ranges) == 1 and file.size > split_bytes and found.input not in with_ocr
            for start, end in _spread_ranges(file, split_bytes) if spread else ranges:
                yield *kind, (file,), start, end, spread
            continue
        group.append(file)
        of_group, size = kind, size + file.size
    if group:
        yield *of_group, tuple(group), None, None, False


def _spread_ranges(file: InputFile, split_bytes: int) -> list[Range]:
    """Equal stretches of a file of which each holds about `split_bytes`, and decompressed at most some times as much."""
    size = min(split_bytes, max(1, int(split_bytes * _MOST_UNFOLDED / _unfolded(file))))
    count = min(-(-file.size // size), file.size)
    return list(pairwise(file.size * number // count for number in range(count + 1)))


def _unfolded(file: InputFile) -> float:
    """How many times its size a file unfolds to, by its beginning."""
    size = 0
    with InputStream(file.url) as source:
        with suppress(Damaged):
            for block in blocks(source):
                size += len(block)
                if size >= _MEASURED_BYTES:
                    break
        return max(1.0, size / max(1, source.tell()))


def _together(named: list[tuple[_Found, InputFile]]) -> Iterator[tuple[_Found, list[InputFile]]]:
    """Files in their order, those that are pieces of one together."""
    before: tuple[_Found, list[InputFile]] | None = None
    for found, file in named:
        kind = found.input, found.format
        same = before is not None and (before[0].input, before[0].format) == kind
        if before is not None and same and reader(found.format).continues(before[1][-1], file):
            before[1].append(file)
            continue
        if before is not None:
            yield before
        before = found, [file]
    if before is not None:
        yield before


def _group_bytes(of_format: "Reader", file: InputFile, small_files: int) -> int:
    """Largest size of the group that a file belongs to; 0 for one with shards of its own."""
    if of_format.shares_shards:
        return _GROUP_BYTES if file.size <= _GROUP_BYTES else 0
    return _SMALL_GROUP_BYTES if file.size <= _SMALL_BYTES and small_files > _MANY_FILES else 0


def _shard_id(format: str, files: Iterable[InputFile], start: int | None, end: int | None) -> str:
    key = "\n".join([f"{format} {start} {end}", *(f"{file.size} {file.name}" for file in files)])
    return xxhash.xxh3_64_hexdigest(key.encode())


def _find(number: int, spec: InputSpec, path: str, left_out: LeftOut) -> list[_Found]:
    """The files that one path of an input names."""
    try:
        return _find_below(number, spec, path, left_out)
    except InputError:
        raise
    except Exception as error:  # every storage raises its own kinds
        raise InputError(f"{path}: cannot be listed: {error}. Check path, permissions and network.") from error


def _find_below(number: int, spec: InputSpec, path: str, left_out: LeftOut) -> list[_Found]:
    filesystem, stripped = fsspec.core.url_to_fs(path)
    local = isinstance(filesystem, LocalFileSystem)
    stripped = os.path.abspath(stripped) if local else stripped.rstrip("/")
    root, listed = _list_local(stripped, left_out) if local else _list_remote(filesystem, stripped)
    if listed is None:
        raise InputError(f"{path}: no such file or directory. Paths are relative to where algok runs.")
    if root == stripped:
        listed = _plausible(listed, root, spec.format, left_out)
    if not listed:
        of_format = "" if spec.format == "auto" else f" of format {spec.format}"
        raise InputError(f"{path}: names no file{of_format}. {_help()}")
    files = []
    for found, (size, stamp, identity) in listed.items():
        url = found if local else filesystem.unstrip_protocol(found)
        name = found[len(root) :].lstrip("/")
        if _UNREADABLE.search(url):  # they break plans, logs and reports
            if found == stripped:
                raise InputError(f"{url!r}: not a readable file name. Rename the file.")
            _leave_out(left_out, "a name with control characters or of no charset", [ascii(name)[1:-1]])
            continue
        files.append(_Found(number, _format_of(spec.format, url), root, name, url, size, f"{size}-{stamp}", identity))
    if not files:
        raise InputError(f"{path}: holds no file with a readable name. Rename the files.")
    return files


_Info = tuple[int, object, object]  # size; time or tag; what all links to a file have in common, or None
_Listing = tuple[str, dict[str, _Info] | None]  # root; path -> info, None where nothing is


def _list_local(path: str, left_out: LeftOut) -> _Listing:
    """Symbolic links are followed, to files and folders. Pipes, sockets and devices are no input: reading one may never end."""
    if os.path.isdir(path):
        root, paths = path, _walk(path)
    elif os.path.exists(path):
        root, paths = os.path.dirname(path), [path]
    elif magic := _MAGIC.search(path):
        root = path[: magic.start()].rpartition("/")[0]
        paths = [match for match in glob.iglob(path, recursive=True) if not os.path.isdir(match)]
    else:
        return path, None
    listed: dict[str, _Info] = {}
    for found in paths:
        try:
            status = os.stat(found)
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            _leave_out(left_out, "a link to itself", [found[len(root) :].lstrip("/")])
            continue
        if not stat.S_ISREG(status.st_mode):
            if found == path:
                raise InputError(f"{path}: is a pipe, socket or device. Save what it gives in a file.")
            _leave_out(left_out, "a pipe, socket or device", [found[len(root) :].lstrip("/")])
            continue
        if not os.access(found, os.R_OK):
            raise PermissionError(f"{found} may not be read")
        listed[found] = status.st_size, status.st_mtime_ns, (status.st_dev, status.st_ino) if status.st_ino else None
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


_Infos = dict[str, dict[str, Any]]  # what fsspec gives with detail=True


def _list_remote(filesystem: AbstractFileSystem, path: str) -> _Listing:
    if filesystem.isdir(path):
        root, infos = path, cast(_Infos, filesystem.find(path, detail=True))
    elif filesystem.exists(path):
        root, infos = path.rpartition("/")[0], {path: filesystem.info(path)}
    elif magic := _MAGIC.search(path):
        root = path[: magic.start()].rpartition("/")[0]
        found = cast(_Infos, filesystem.glob(path, detail=True))
        infos = {name: info for name, info in found.items() if info["type"] == "file"}
    else:
        return path, None
    return root, {name: (int(info.get("size") or 0), _stamp(info), None) for name, info in infos.items()}


def _stamp(info: dict[str, Any]) -> object:
    keys = ("ETag", "etag", "mtime", "LastModified", "updated", "created")
    return next((info[key] for key in keys if info.get(key)), "")


def _plausible(infos: dict[str, _Info], root: str, format: str, left_out: LeftOut) -> dict[str, _Info]:
    """The files of a directory that are meant as input: none hidden or marked by _ (`_SUCCESS`), for a given format those
    with its extensions, and else none that describes the corpus."""
    chosen = {
        path: info
        for path, info in infos.items()
        if not any(part.startswith((".", "_")) for part in path[len(root) :].strip("/").split("/"))
    }
    if format != "auto":
        wanted = reader(format)
        return {path: info for path, info in chosen.items() if wanted.takes(path.rpartition("/")[2].lower())}
    cards = _cards(chosen)
    _leave_out(left_out, "describes the corpus", sorted(path[len(root) :].lstrip("/") for path in cards))
    return {path: info for path, info in chosen.items() if path not in cards}


def _cards(paths: Iterable[str]) -> set[str]:
    """Files that describe a corpus and are none of its documents: a README without extension, and beside or above files of
    records also README.md and what the library `datasets` writes."""
    candidates, with_records = [], set()
    for path in paths:
        folder, _, base = path.rpartition("/")
        if _CARD.fullmatch(base) or base in _HUGGING_FACE:
            candidates.append((path, folder, base))
        elif any(not of_format.shares_shards for of_format in _by_extension(path)):
            while folder and folder not in with_records:
                with_records.add(folder)
                folder = folder.rpartition("/")[0]
    return {path for path, folder, base in candidates if "." not in base or folder in with_records}


def _format_of(declared: str, url: str) -> str:
    """The format of a file: as declared, by its extension where that says enough, else by its first bytes."""
    if declared != "auto":
        return declared if ":" in declared else reader(declared).name
    named = _by_extension(url)
    surely = [candidate for candidate in named if not candidate.by_content]
    if len(named) == len(surely) == 1:
        return named[0].name
    head = _head(url)
    if wide := wide_encoding(head):
        head = head.decode(wide, "replace").encode()
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    found = next((candidate for candidate in named or all_readers() if candidate.sniff(head)), None)
    if found is None and not surely:
        raise InputError(f"{url}: unknown format. {_help()}")
    return (found or surely[-1]).name


def _by_extension(url: str) -> list["Reader"]:
    """The readers that take files of this name where no format is said."""
    base = url.rpartition("/")[2].lower()
    return [candidate for candidate in all_readers() if not candidate.declared_only and candidate.takes(base)]


def _help() -> str:
    return f"Set the input's format ({', '.join(known_formats())}), or name the files to read with a glob."


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
