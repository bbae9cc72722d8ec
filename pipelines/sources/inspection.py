"""What stands in a folder or archive of records: its members and what becomes of them, their paths, the shape, examples."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from algok.filters.personal.coarse import mask
from algok.filters.personal.masking import mask_text
from algok.pipelines.readers.collector import Collector, NoGuard, RecordError
from algok.pipelines.readers.inputs import InputFile, plan_shards
from algok.pipelines.readers.json_values import head_value, parsed
from algok.pipelines.readers.limits import ReadLimits
from algok.pipelines.readers.members import Member, archives, members
from algok.pipelines.readers.records import MemberReading, keys_of, kind_of
from algok.pipelines.readers.spec import InputSpec
from algok.pipelines.readers.streams import Damaged
from algok.pipelines.readers.tables import sheets, text_rows
from algok.pipelines.readers.xml_values import xml_head
from algok.pipelines.sources.carried import shapes_of
from algok.pipelines.sources.draft import Tree, drafted

MEMBERS = 200  # that are looked at
EXAMPLES = 3
_LOOKED_BYTES = 4 << 20  # of a member
_ROWS = 50
NO_SHAPE = "(no shape)"


@dataclass
class Look:
    """Members of one kind that one shape fits."""

    kind: str
    shape: str
    members: int = 0
    documents: int = 0
    tree: Tree = field(default_factory=Tree)
    examples: list[str] = field(default_factory=list)  # masked beginnings of documents

    @property
    def draft(self) -> dict[str, Any] | None:
        """A shape for what none fits."""
        return drafted(self.tree, self.kind) if self.shape == NO_SHAPE else None


@dataclass
class Inspection:
    """What was seen: looks by kind and shape, and why members are ignored or quarantined, with an example of each."""

    looks: dict[tuple, Look] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    named: dict[str, str] = field(default_factory=dict)  # reason -> a member
    members: int = 0
    whole: bool = True  # whether all members were looked at


def inspect(spec: InputSpec, most: int = MEMBERS) -> Inspection:
    """Looks at the first members of every file of an input, `most` in all, and at the first megabytes of each.

    Raises InputError for a path that is missing or holds no file of the format.
    """
    found = Inspection()
    files = [pieces for shard in plan_shards([spec], 1 << 60) for pieces in archives(shard.files)]
    each = max(1, most // max(1, len(files)))
    for number, pieces in enumerate(files):
        if number >= most:
            found.whole = False
            break
        _look_into(pieces, spec, each, found)
    return found


def _look_into(files: tuple[InputFile, ...], spec: InputSpec, most: int, found: Inspection) -> None:
    limits, collector = ReadLimits(), Collector()
    reading = MemberReading(files[0].name, spec, limits, NoGuard(), collector, shapes_of(spec.shape))
    walk = members(files, limits)
    for member in islice(walk, most):
        found.members += 1
        _look_at(member, reading, limits, found)
    found.whole = found.whole and next(walk, None) is None


def _look_at(member: Member, reading: MemberReading, limits: ReadLimits, found: Inspection) -> None:
    held, ended = _beginning(member)
    kind = kind_of(member.name, held) if not member.fault and not member.ignored else ""
    roots = list(_roots(kind, member, held, ended, limits))
    collector = reading.collector
    for _ in reading.member(member):  # a chunk of documents is enough
        break
    chunks = [*collector.drain(), *collector.finish()]
    for chunk in chunks:
        for reason, count in chunk.ignored.items():
            found.ignored[reason] += count
            found.named.setdefault(reason, member.name)
        for row in chunk.quarantined:
            found.quarantined[row["reason"]] += row["rows"]
            found.named.setdefault(row["reason"], member.name)
    rows = [row for chunk in chunks if chunk.batch is not None for row in chunk.batch.to_pylist()]
    fitting = defaultdict(list)
    for root in roots:
        shape = reading.shapes.fitting("table" if kind == "xlsx" else kind, root, f"{reading.file}/{member.name}")
        alike = (shape.name, ()) if shape is not None else (NO_SHAPE, tuple(keys_of(root)))
        fitting[alike].append(root)
    for (name, keys), of_shape in fitting.items():
        look = found.looks.setdefault((kind, name, keys), Look("table" if kind == "xlsx" else kind, name))
        look.members += 1
        look.documents += len(rows)
        for root in of_shape:
            look.tree.add(root)
        for row in rows[: EXAMPLES - len(look.examples)]:
            look.examples.append(shown(row["text"]))


def shown(text: str) -> str:
    """The masked beginning of a text on one line."""
    return mask(mask_text(text[:400]).replace("\n", " ⏎ "))


def _beginning(member: Member) -> tuple[bytes, bool]:
    """The first bytes of a member, which stay in its stream, and whether they are all."""
    held: list[bytes] = []
    ended = True
    try:
        for block in member.blocks:
            held.append(block)
            if sum(map(len, held)) > _LOOKED_BYTES:
                ended = False
                break
    except Damaged as damage:
        member.fault = member.fault or (damage.reason, f"not readable from here on: {damage}")
    member.blocks = chain(held, member.blocks)
    return b"".join(held), ended


def _roots(kind: str, member: Member, held: bytes, ended: bool, limits: ReadLimits) -> Iterator[Any]:
    """What of a member tells its shape: the values of JSON, rows of a table, the beginning of XML."""
    try:
        if kind == "json":
            values = [value.value for value in parsed(held)[:_ROWS]] if ended else [head_value(held)]
            yield from (value for value in values if value is not None)
        elif kind == "table":
            rows = islice(text_rows(iter([held]), member.name, limits), _ROWS)
            yield from (row.cells for row in rows if row.fault is None)
        elif kind == "xlsx":
            for sheet in sheets(held, limits):
                yield from (row.cells for row in islice(sheet, _ROWS) if row.fault is None)
        elif kind == "xml":
            yield xml_head(held, limits.line_bytes)
    except RecordError:
        return  # the reader says so in the account
