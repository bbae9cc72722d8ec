"""The tasks of a mix, for any executor. Each reads committed files, writes its own, and leaves a done record.

measure (a piece of a corpus)  what planning needs of every document
pick    (a piece)              the copies that the plan takes, by part of the stream
order   (a part)               the position of every copy in the stream of its stage
place   (a piece)              the texts, gathered by output shard
write   (an output shard)      the texts in order, in every format
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache, reduce
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from algok.classifiers.contamination import ContaminationIndex, open_index
from algok.mixing.bins import Refinement, measured_cells
from algok.mixing.clusters import Allowances, Division, undivided
from algok.mixing.contaminated import Screen, clean_rows
from algok.mixing.corpora import Inputs, check_digest, read_piece
from algok.mixing.formats import open_writers
from algok.mixing.formats.tables import CARRIED
from algok.mixing.formats.writer import Documents as Written
from algok.mixing.formats.writer import SequenceWriter, Target
from algok.mixing.known import Known
from algok.mixing.measure import measure
from algok.mixing.order import Copies, Layout, pick, positions
from algok.mixing.pack import Spool
from algok.mixing.places import index_places
from algok.mixing.planner import Plan
from algok.mixing.population import Documents, Population, cell_numbers, documents
from algok.mixing.ranks import Ranks
from algok.mixing.recipe import CLUSTER, Mix, mix_from_text
from algok.mixing.tokenizers import TrainingTokenizer, of_options
from algok.pipelines.done import write_done
from algok.pipelines.executors import Outcome, Report
from algok.pipelines.footprint import footprint, own_process
from algok.pipelines.storage import Store
from algok.pipelines.tasks import attempt
from algok.step import ONE_CORE, Resources

_SHARDS = b"shards"
_ROWS = 512  # documents that are written at once
_BYTES = 8 << 20
_MEASURE = 2  # raised whenever a measure, or what lies beside it, is made otherwise


@dataclass(frozen=True)
class MixTask:
    """One unit of work; `mix` keeps a directory that was made anew apart."""

    id: str
    kind: str
    number: int
    mix: str
    resources: Resources = ONE_CORE


@dataclass(frozen=True)
class MixWork:
    """The work of a mix, for any executor."""

    root: str

    def prepare(self) -> None:
        own_process()
        pa.set_cpu_count(1)

    def __call__(self, task: MixTask, report: Report) -> Outcome:
        return attempt(task, lambda: _run(self.root, task, report))

    def harmless(self, task: MixTask, report: Report) -> Outcome | None:
        """Numbers, and texts that were read before: nothing in a mix can hang a process."""
        return self(task, report)


class Bench:
    """What the tasks of one mix share within a process."""

    def __init__(self, store: Store, mix: Mix | None = None):
        self.store = store
        self.mix = mix or mix_from_text(store.read_bytes("mix.yaml").decode())

    @cached_property
    def inputs(self) -> Inputs:
        return Inputs.from_dict(orjson.loads(self.store.read_bytes("work/inputs.json")))

    @cached_property
    def measures(self) -> list[str]:
        return measure_keys(self.mix, self.inputs, self.tokenizer.digest, self.index.digest if self.index else None)

    @cached_property
    def tokenizer(self) -> TrainingTokenizer:
        return of_options(self.mix.tokenizer)

    @cached_property
    def index(self) -> ContaminationIndex | None:
        return open_index(self.mix.decontaminate) if self.mix.decontaminate else None

    def contaminated(self, number: int) -> pa.Table:
        """The documents of a piece that were left out; only of a mix with an index."""
        return self.store.read_arrow(contaminated_name(self.measures[number]))

    @cached_property
    def plan(self) -> Plan:
        return Plan.from_dict(orjson.loads(self.store.read_bytes("plan.json")))

    @cached_property
    def layout(self) -> Layout:
        return Layout(self.mix, self.plan)

    @cached_property
    def ranks(self) -> dict[str, Ranks]:
        found = {}
        for stage in self.mix.stages:
            if stage.order is not None:
                found[stage.name] = Ranks.of_table(self.store.read_arrow(ranks_name(stage.name)))
        return found

    def target(self, shard: int) -> Target:
        """Where an output shard goes, and what its rows mean."""
        stream, number = self.layout.streams[shard // self.mix.shards], shard % self.mix.shards
        cells = [self.plan.cells[track.cell].labels for track in self.layout.tracks]
        draws = [self.plan.draws[track.draw].kind for track in self.layout.tracks]
        labels = self.mix.cell_columns
        packed = self.mix.pack is not None
        return Target(self.store, stream.stage, number, self.mix.shards, self.tokenizer, labels, cells, draws, packed)

    def measured(self) -> Population:
        """All documents in the cells that the columns of the corpora make."""
        names = {measured_name(key): places_name(key) for key in self.measures}
        known = Known(self.store).within(self.measures)
        return Population.of_tables(self.mix.label_columns, names, self.store.read_arrow, known)

    @cached_property
    def bin_ranks(self) -> dict[str, Ranks]:
        names = [name for name, bins in self.mix.bins.items() if bins.quantiles is not None]
        return {name: Ranks.of_table(self.store.read_arrow(bins_name(name))) for name in names}

    @cached_property
    def planned_cells(self) -> Callable[[pa.Table], Iterator[Documents]]:
        """The documents of a measured table in the cells of the plan."""
        numbers = cell_numbers(measured_cells(self.mix, self.plan.cells))
        steps: list[Callable[[Documents], Documents]] = []
        if self.mix.bins:
            steps.append(Refinement.of_cells(self.mix, undivided(self.plan.cells), self.bin_ranks).refine)
        if self.mix.max_per_cluster:
            found = Allowances.of_table(self.store.read_arrow(ALLOWANCES))
            steps.append(Division.of_cells(self.mix, self.plan.cells, found).divide)
        return lambda table: reduce(lambda parts, step: map(step, parts), steps, documents(table, numbers))


@lru_cache(maxsize=2)
def _bench(root: str, mix: str) -> Bench:
    return Bench(Store(root))


def measure_keys(mix: Mix, inputs: Inputs, tokenizer: str, index: str | None) -> list[str]:
    """What the measure of every piece depends on, as part of a name: another mix that needs the same is planned from the
    same files."""
    keys = []
    for number, piece in enumerate(inputs.pieces):
        corpus = inputs.corpora[piece.corpus]
        known = [
            asdict(piece),
            asdict(corpus),
            mix.label_columns,
            mix.signal_columns,
            mix.seed,
            tokenizer,
            index,
            _MEASURE,
        ]
        known += [CLUSTER] if mix.max_per_cluster else []
        keys.append(f"{number:06d}-{xxhash.xxh3_64_hexdigest(orjson.dumps(known))}")
    return keys


def measured_name(key: str) -> str:
    return f"work/measure/{key}.arrow"


def places_name(key: str) -> str:
    return f"work/places/{key}.arrow"


def contaminated_name(key: str) -> str:
    return f"work/contaminated/{key}.arrow"


def ranks_name(stage: str) -> str:
    return f"work/ranks/{stage}.arrow"


def bins_name(bins: str) -> str:
    """Stays in a finished mix: `explain` needs it."""
    return f"bins/{bins}.arrow"


def _picked_name(piece: int) -> str:
    return f"work/picked/{piece:06d}.arrow"


def _sums_name(piece: int) -> str:
    return f"work/sums/{piece:06d}.arrow"


def _ordered_name(part: int) -> str:
    return f"work/ordered/{part:06d}.arrow"


def _placed_name(piece: int) -> str:
    return f"work/place/{piece:06d}.arrow"


BEFORE = "work/before.arrow"
ALLOWANCES = "bins/allowed.arrow"  # stays in a finished mix, as bins do


def _run(root: str, task: MixTask, report: Report) -> None:
    bench = _bench(root, task.mix)
    done = {"measure": _measure, "pick": _pick, "order": _order, "place": _place, "write": _write}
    record = done[task.kind](bench, task.number, report)
    write_done(bench.store, task.id, record | footprint())


def _measure(bench: Bench, number: int, report: Report) -> dict[str, Any]:
    piece = bench.inputs.pieces[number]
    mix, corpus = bench.mix, bench.inputs.corpora[piece.corpus]
    screen = Screen(bench.index, corpus) if bench.index else None
    clusters = mix.max_per_cluster is not None
    table = measure(piece, corpus, mix.label_columns, mix.signal_columns, mix.seed, bench.tokenizer, screen, clusters)
    if screen:
        bench.store.write_arrow(contaminated_name(bench.measures[number]), screen.table())
    bench.store.write_arrow(measured_name(bench.measures[number]), table)
    bench.store.write_arrow(places_name(bench.measures[number]), index_places(table))
    report(table.num_rows, 0, 1.0)
    return {"documents": table.num_rows}


def _pick(bench: Bench, number: int, report: Report) -> dict[str, Any]:
    """The copies of a piece by part, the tokens of every part and track, and how many documents have how many copies."""
    found: list[Copies] = []
    counts: dict[tuple[int, int], int] = {}
    row = 0
    for part in bench.planned_cells(bench.store.read_arrow(measured_name(bench.measures[number]))):
        copies, total = pick(bench.layout, part, row, bench.ranks)
        found += copies
        for cell, times, count in _copies_of_cells(part.cells, total):
            counts[cell, times] = counts.get((cell, times), 0) + count
        row += len(total)
    if bench.index:
        rows = clean_rows(bench.contaminated(number), row)
        found = [replace(copies, rows=rows[copies.rows]) for copies in found]
    _commit_picked(bench, number, found)
    report(row, 0, 1.0)
    return {"copies": [[cell, times, count] for (cell, times), count in sorted(counts.items())]}


def _copies_of_cells(cells: np.ndarray, total: np.ndarray) -> list[tuple[int, int, int]]:
    """(cell, copies, documents that have so many). One number for both: sorting pairs took two thirds of a pick."""
    width = int(total.max(initial=0)) + 1
    codes, documents = np.unique(cells * np.int64(width) + total, return_counts=True)
    return list(zip((codes // width).tolist(), (codes % width).tolist(), documents.tolist()))


def _commit_picked(bench: Bench, number: int, found: list[Copies]) -> None:
    names = ("parts", "tracks", "epochs", "keys", "places", "tokens", "rows")
    types = (np.int64, np.int32, np.int64, np.uint64, np.uint64, np.int64, np.int64)
    columns = {
        name: np.concatenate([np.zeros(0, t), *(getattr(c, name) for c in found)]) for name, t in zip(names, types)
    }
    order = np.argsort(columns["parts"], kind="stable")
    columns = {name: values.astype(t)[order] for (name, values), t in zip(columns.items(), types)}
    parts = columns.pop("parts")
    offsets = np.searchsorted(parts, np.arange(bench.layout.parts + 1))
    sums = np.bincount(parts * len(bench.layout.tracks) + columns["tracks"], columns["tokens"]).astype(np.int64)
    codes = np.flatnonzero(sums)
    bench.store.write_arrow(_sums_name(number), pa.table({"code": codes, "tokens": sums[codes]}))
    bench.store.write_ranges(_picked_name(number), pa.table(columns), offsets.tolist())


def sum_before(bench: Bench) -> None:
    """Commits the tokens of every track before each part: what the tasks that order parts need of each other."""
    tracks, parts = len(bench.layout.tracks), bench.layout.parts
    sums = np.zeros((parts, tracks), np.int64)
    for number in range(len(bench.inputs.pieces)):
        table = bench.store.read_arrow(_sums_name(number))
        np.add.at(sums.reshape(-1), table["code"].to_numpy(), table["tokens"].to_numpy())
    before = np.cumsum(sums, axis=0) - sums
    bench.store.write_arrow(BEFORE, pa.table({"tokens": before.reshape(-1)}))


def _order(bench: Bench, part: int, report: Report) -> dict[str, Any]:
    layout, stream = bench.layout, bench.layout.stream_of_part(part)
    pieces = [bench.store.read_range(_picked_name(k), part) for k in range(len(bench.inputs.pieces))]
    columns = {name: pa.Table.from_batches(pieces)[name].to_numpy() for name in pieces[0].schema.names}
    columns["pieces"] = np.repeat(np.arange(len(pieces), dtype=np.int32), [len(piece) for piece in pieces])
    order = _in_order(columns)
    columns = {name: values[order] for name, values in columns.items()}
    width = len(layout.tracks)
    before = bench.store.read_arrow(BEFORE)["tokens"].to_numpy()[part * width : (part + 1) * width]
    where = positions(columns["tracks"], columns["tokens"], before, layout)
    shards = np.minimum((where * bench.mix.shards).astype(np.int64), bench.mix.shards - 1) + stream.first_shard
    made = {
        "row": columns["rows"],
        "shard": shards,
        "position": where,
        "track": columns["tracks"],
        "copy": columns["epochs"],
        "tokens": columns["tokens"],
    }
    back = np.lexsort([shards, columns["rows"], columns["pieces"]])
    offsets = np.searchsorted(columns["pieces"][back], np.arange(len(pieces) + 1))
    bench.store.write_ranges(_ordered_name(part), pa.table({k: v[back] for k, v in made.items()}), offsets.tolist())
    report(len(where), 0, 1.0)
    return {"copies": len(where)}


def _in_order(columns: dict[str, np.ndarray]) -> np.ndarray:
    """The copies by track, epoch and key. The rest of what tells them apart is only asked for where keys meet."""
    turns = columns["tracks"].astype(np.int64) << 32 | columns["epochs"]
    order = np.lexsort([columns["keys"], turns])
    keys, turns_in_order = columns["keys"][order], turns[order]
    if ((keys[1:] == keys[:-1]) & (turns_in_order[1:] == turns_in_order[:-1])).any():
        return np.lexsort([columns["tokens"], columns["places"], columns["keys"], turns])
    return order


def _place(bench: Bench, number: int, report: Report) -> dict[str, Any]:
    """The texts of a piece, a batch for every output shard that takes any of them. Before that, that the file of a run is what
    the run wrote: it is read here in any case, and no shard has been written yet."""
    check_digest(bench.inputs.pieces[number])
    parts = [bench.store.read_range(_ordered_name(part), number) for part in range(bench.layout.parts)]
    placed = pa.Table.from_batches(parts).sort_by(
        [("shard", "ascending"), ("position", "ascending"), ("track", "ascending")]
    )
    texts = _texts(bench, number)
    shards, starts = np.unique(placed["shard"].to_numpy(), return_index=True)
    schema = pa.schema([*texts.schema, *_STANDING])
    schema = schema.with_metadata({_SHARDS: orjson.dumps(shards.tolist())})
    options = pa.ipc.IpcWriteOptions(compression=None if bench.store.local else "lz4")
    with (
        bench.store.write(_placed_name(number), intermediate=True) as (path, _),
        pa.ipc.new_file(path, schema, options=options) as writer,
    ):
        for start, end in zip(starts, [*starts[1:], len(placed)]):
            own = placed.slice(start, end - start)
            taken = texts.take(own["row"])
            for name, _ in _STANDING:
                taken = taken.append_column(name, own[name])
            (batch,) = taken.combine_chunks().to_batches()
            writer.write_batch(batch)
            report(len(own), batch.nbytes, 1.0)
    return {"copies": len(placed)}


# Where a copy stands in the stream of its stage, beside its document.
_STANDING = (("position", pa.float64()), ("track", pa.int32()), ("copy", pa.int64()), ("tokens", pa.int64()))


def _texts(bench: Bench, number: int) -> pa.Table:
    """The documents of a piece with the columns that the output has, whatever types the files have."""
    piece = bench.inputs.pieces[number]
    corpus = bench.inputs.corpora[piece.corpus]
    names = [name for name in CARRIED if name in corpus.columns and name not in corpus.labels]
    wanted = {name: corpus.columns[name] for name in ("id", "text", *names)}
    batches = []
    for batch in read_piece(piece, list(dict.fromkeys(wanted.values()))):
        columns = [_as_text(batch[wanted[name]], pa.large_string()) for name in ("id", "text")]
        for name in CARRIED:
            constant = pa.scalar(corpus.labels.get(name), pa.string())
            columns.append(
                _as_text(batch[wanted[name]], pa.string()) if name in wanted else pa.repeat(constant, batch.num_rows)
            )
        batches.append(
            pa.RecordBatch.from_arrays([columns[0], pc.fill_null(columns[1], ""), *columns[2:]], schema=_TEXTS)
        )
    return pa.Table.from_batches(batches, _TEXTS)


_TEXTS = pa.schema([("id", pa.large_string()), ("text", pa.large_string()), *((name, pa.string()) for name in CARRIED)])


def _as_text(values: pa.Array, type_: pa.DataType) -> pa.Array:
    try:
        return values.cast(type_)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # a struct or a list: not for this column
        return pa.nulls(len(values), type_)


def _write(bench: Bench, shard: int, report: Report) -> dict[str, Any]:
    """An output shard in order, in every format from one pass."""
    documents = tokens = sequences = 0
    given = np.zeros((2, len(bench.layout.tracks)), np.int64)  # copies and tokens by track
    pack = bench.mix.pack
    with ExitStack() as stack:
        writers = open_writers(stack, bench.target(shard), list(bench.mix.write))
        packing = [writer for writer in writers if pack and isinstance(writer, SequenceWriter)]
        spool = Spool(stack.enter_context(TemporaryFile(prefix="algok-pack-")), bench.tokenizer.end) if pack else None
        for part in _in_shard(bench, shard):
            documents, tokens = documents + len(part), tokens + int(part.lengths.sum())
            np.add.at(given, (0, part.table["track"].to_numpy()), 1)
            np.add.at(given, (1, part.table["track"].to_numpy()), part.lengths)
            for writer in writers:
                if writer not in packing:
                    writer.append(part)
            if spool:
                spool.append(part.table.select(["id", "track", "copy"]), part.lengths, part.tokens)
            report(len(part), part.table.nbytes, 1.0)
        if spool and pack:
            for some in spool.sequences(pack.length, pack.window):
                sequences += some.count
                for writer in packing:
                    writer.append_sequences(some)
        for writer in writers:
            writer.close()
    files = [file.as_dict() for writer in writers for file in writer.files]
    cells = _given(bench.layout, given)
    return {"files": files, "documents": documents, "tokens": tokens, "sequences": sequences, "cells": cells}


def _given(layout: Layout, given: np.ndarray) -> list[list[int]]:
    """[draw, cell, copies, tokens] of every track that gave something."""
    return [
        [layout.tracks[track].draw, layout.tracks[track].cell, *given[:, track].tolist()]
        for track in np.flatnonzero(given[0]).tolist()
    ]


def _in_shard(bench: Bench, shard: int) -> Iterator[Written]:
    """The documents of an output shard in order, some at a time."""
    names = [_placed_name(piece) for piece in range(len(bench.inputs.pieces))]
    batches = [batch for name in names if (batch := _placed(bench.store, name, shard)) is not None]
    if batches:
        (whole,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
        for rows in _chunks(whole):
            yield Written(whole.take(rows), bench.tokenizer)


def _placed(store: Store, name: str, shard: int) -> pa.RecordBatch | None:
    """What a piece gives to an output shard, memory-mapped where it can be."""
    source = pa.memory_map(store.path(name)) if store.local else pa.BufferReader(store.read_bytes(name))
    reader = pa.ipc.open_file(source)
    shards = orjson.loads((reader.schema.metadata or {})[_SHARDS])
    return reader.get_batch(shards.index(shard)) if shard in shards else None


def _chunks(batch: pa.RecordBatch) -> Iterator[pa.Array]:
    """The rows in order, in pieces of at most so many documents and bytes of text."""
    order = pc.sort_indices(batch, [("position", "ascending"), ("track", "ascending")])
    sizes = pc.binary_length(batch["text"]).take(order).to_numpy().cumsum()
    start = 0
    while start < len(order):
        before = sizes[start - 1] if start else 0
        fits = int(np.searchsorted(sizes, before + _BYTES, side="right"))
        end = min(start + _ROWS, max(start + 1, fits))
        yield order.slice(start, end - start)
        start = end
