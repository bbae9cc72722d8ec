"""What resolving a corpus of many documents costs: generated sketches through the real rounds, in a run directory on disk.

    python bench/scale.py dedup --documents 1000000              all rounds of dedup
    python bench/scale.py dedup --documents 100000000 --slice 10 a tenth of every shard and of every task
    python bench/scale.py lines --documents 10000000

Sketches are like those of the WARC files of ../shared/data, as measured there: 39 % of the documents are in clusters (64 % of
them of two, the rest of three to thirty), every second copy is exact, and of a near copy 85 % of the bands
are the original's. A page has
28 lines of its own, and 2.2 (line, host) rows of lines that stand in four documents or more. Members of a cluster and pages of a
host lie in shards anywhere.

With `--slice`, every shard has so many times fewer documents and every task so many times fewer rows than in the whole: there are
as many shards, tasks and files as in the whole, and each is opened as often. What opening costs is then as much as in the whole,
for fewer documents, so the cost of a document is above that in the whole.

Printed for every round: tasks, processor seconds, microseconds per document at the usual pace of the machine, bytes written per
document, the most memory of a task, and bytes read and files opened. Everything runs in this process, one task after the
other. Before each round a fixed piece of work is timed (`sort`): on a busy machine it takes longer, and the rounds in proportion.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from algok.filters import line_dedup
from algok.filters.duplicates import clusters, decisions, pairs
from algok.filters.duplicates.sketches import sketch_tables
from algok.filters.duplicates.tables import mixed
from algok.kernels import minhash
from algok.pipelines import exchange, resolve
from algok.pipelines.corpus import open_corpus, write_sketch
from algok.pipelines.done import sound_records, write_done
from algok.pipelines.executors import make_executor
from algok.pipelines.footprint import own_process
from algok.pipelines.plan import Plan
from algok.pipelines.readers.inputs import InputFile, Shard
from algok.pipelines.recipe import validate
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.storage import Store
from algok.step import CorpusStep, Output

# Processor seconds of `pace` on the machine of docs/scale.md, at its usual pace.
QUIET = 0.33
BANDS = 14
BLOCK = 1000  # documents in which the clusters repeat
# Clusters by their size: how many in a block. 390 documents of a thousand.
CLUSTERS = {2: 96, 3: 21, 4: 17, 5: 6, 8: 2, 21: 1}
EXACT, BAND = 0.55, 0.85
OWN_LINES, SHARED_LINES, HOST_DOCUMENTS, TEMPLATES = 28, 2.25, 60, 10


def block() -> tuple[np.ndarray, np.ndarray]:
    """For every place of a block the place of its cluster's first member, and whether it is another one."""
    first = np.arange(BLOCK)
    place = 0
    for size, count in CLUSTERS.items():
        for _ in range(count):
            first[place : place + size] = place
            place += size
    return first, first != np.arange(BLOCK)


FIRST, COPY = block()


def number(*parts: np.ndarray | int) -> np.ndarray:
    """A hash (uint64) of numbers."""
    value = np.uint64(1)
    with np.errstate(over="ignore"):
        for part in parts:
            value = mixed((value ^ np.asarray(part, np.uint64)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1))
    return value


def share(hashes: np.ndarray) -> np.ndarray:
    return hashes.astype(np.float64) / 2.0**64


def scattered(numbers: np.ndarray, documents: int) -> np.ndarray:
    """The numbers below `documents` in another order, as if at random: a Feistel network, again where it leaves the range."""
    half = np.uint64((documents.bit_length() + 1) // 2)
    mask = np.uint64((1 << int(half)) - 1)

    def turned(values: np.ndarray) -> np.ndarray:
        left, right = values >> half, values & mask
        for turn in range(3):
            left, right = right, left ^ (number(right, turn) & mask)
        return left << half | right

    found = turned(numbers)
    while (outside := np.flatnonzero(found >= documents)).size:
        found[outside] = turned(found[outside])
    return found


def dedup_sketch(start: int, stop: int, documents: int, rows: int) -> Output:
    """The sketch of a shard with these documents out of `documents`, whose clusters lie scattered over all shards."""
    virtual = scattered(np.arange(start, stop, dtype=np.uint64), documents)
    place = (virtual % np.uint64(BLOCK)).astype(np.int64)
    origin = virtual - place.astype(np.uint64) + FIRST[place].astype(np.uint64)
    exact_copy = COPY[place] & (share(number(virtual, 7)) < EXACT)
    near = COPY[place] & ~exact_copy
    bands = np.arange(BANDS, dtype=np.uint64)
    changed = near[:, None] & (share(number(virtual[:, None], 8, bands[None, :])) >= BAND)
    source = np.where(changed, virtual[:, None] | np.uint64(1 << 62), origin[:, None])
    values = number(np.repeat(source, rows, axis=1), np.arange(BANDS * rows)[None, :])
    signatures = (values >> np.uint64(32)).astype(np.uint32)
    identity = np.where(near, virtual | np.uint64(1 << 62), origin)
    exact = np.stack([number(identity, 1), number(identity, 2)], axis=1)
    ids = np.ascontiguousarray(np.stack([number(virtual, 3), number(virtual, 4)], axis=1)).view(np.uint8)
    letters = np.full(stop - start, 1000, np.uint32)
    return sketch_tables(
        ids, minhash.Sketches(signatures, signatures, exact, letters, np.stack([letters] * 2, axis=1)), BANDS
    )


def lines_sketch(start: int, stop: int, documents: int) -> Output:
    """The lines and hosts of a shard."""
    n = stop - start
    numbers = scattered(np.arange(start, stop, dtype=np.uint64), documents)
    hosts = number(numbers // np.uint64(HOST_DOCUMENTS), 9)
    own = np.repeat(numbers, OWN_LINES)
    line = np.concatenate(
        [number(own, np.tile(np.arange(OWN_LINES), n), 10), number(np.repeat(hosts, 3), templates(numbers))]
    )
    group = np.concatenate([np.repeat(hosts, OWN_LINES), np.repeat(hosts, 3)])
    order = np.lexsort((group, line))
    line, group = line[order], group[order]
    begins = np.ones(len(line), bool)
    begins[1:] = (line[1:] != line[:-1]) | (group[1:] != group[:-1])
    at = np.flatnonzero(begins)
    known, counts = np.unique(hosts, return_counts=True)
    return {
        "lines": pa.table(
            {"key": line[at], "group": group[at], "documents": np.diff(at, append=len(line)).astype(np.uint32)}
        ),
        "hosts": pa.table({"key": known, "documents": counts.astype(np.uint32)}),
    }


def templates(numbers: np.ndarray) -> np.ndarray:
    """Three of a host's lines for every document; a fourth of them are the document's own after all."""
    chosen = number(np.repeat(numbers, 3), np.tile(np.arange(3), len(numbers)), 11)
    of_host = share(number(chosen, 12)) < SHARED_LINES / 3
    return np.where(of_host, chosen % np.uint64(TEMPLATES), chosen)


def pace() -> float:
    """Processor seconds of a fixed piece of work."""
    keys = mixed(np.arange(1 << 21, dtype=np.uint64))
    begun = time.process_time()
    keys.take(np.argsort(keys, kind="stable"))
    return time.process_time() - begun


@dataclass
class Stages:
    """Notes when stages begin and what they read; a `Progress`."""

    begun: list[tuple[str, float]] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    paces: list[float] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    opened: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def note(self, text: str) -> None: ...

    def start(self, stage: str, weights: dict[str, int], done: int) -> None:
        self.begin(stage)

    def begin(self, stage: str) -> None:
        """What comes before it, such as choosing ranges for a merge, counts to the stage before."""
        if self.begun:
            self.ended.append(time.process_time())
        self.paces.append(pace())
        self.begun.append((stage, time.process_time()))

    def advance(self, task_id: str, documents: int, size: int, share: float) -> None: ...

    def task_done(self, task_id: str) -> None: ...

    def end(self) -> None: ...


def watch_reads(stages: Stages) -> None:
    """Counts what every stage reads by ranges."""
    span, tail = Store.read_span, Store.read_tail

    def read_span(self: Store, name: str, start: int, stop: int) -> bytes:
        stages.read[stages.begun[-1][0]] += stop - start
        return span(self, name, start, stop)

    def read_tail(self: Store, name: str, most: int) -> bytes:
        stages.opened[stages.begun[-1][0] if stages.begun else ""] += 1
        return tail(self, name, most)

    Store.read_span, Store.read_tail = read_span, read_tail


def plan_run(folder: Path, step: str, documents: int, per_shard: int, rows: int) -> tuple[Store, Plan]:
    count = -(-documents // per_shard)
    file = InputFile("generated", str(folder / "generated"), 0, "generated")
    shards = [Shard(i, 0, "jsonl", (file,), i, i + 1, f"{i:016x}") for i in range(count)]
    options = {"rows": rows} if step == "dedup" else {}
    recipe = validate(RecipeText({"inputs": [{"path": str(folder), "format": "jsonl"}], "steps": {step: options}}))
    return Store(str(folder / "run")), Plan(recipe, shards, [], {})


def sketch(folder: Path, step: str, documents: int, per_shard: int, rows: int) -> None:
    """Makes a run directory whose shards are sketched."""
    store, plan = plan_run(folder, step, documents, per_shard, rows)
    plan.save(store)
    begun = time.process_time()
    for shard, task in enumerate(plan.phase_tasks(plan.phases[0])):
        ends = (shard * per_shard, min(documents, (shard + 1) * per_shard))
        made = dedup_sketch(*ends, documents, rows) if step == "dedup" else lines_sketch(*ends, documents)
        files = write_sketch(store, plan, plan.phases[0], shard, made)
        write_done(store, task.id, {"rows": ends[1] - ends[0], "files": [file.as_dict() for file in files]})
    seconds = time.process_time() - begun
    print(f"{documents:,} documents in {len(plan.shards)} shards, sketched in {seconds:.0f} s", flush=True)


def cut_tasks(part: int) -> None:
    """Tasks of so many times fewer rows."""
    for module, names in (
        (pairs, ("KEYS", "DOCUMENTS", "COMPARED")),
        (decisions, ("DOCUMENTS", "DECIDED")),
        (clusters, ("EDGES",)),
        (line_dedup, ("_PARTITION_ROWS",)),
        (exchange, ("MERGED_BYTES",)),
    ):
        for name in names:
            setattr(module, name, getattr(module, name) // part)


def measure(store: Store, plan: Plan, documents: int) -> None:
    stages = Stages()
    watch_reads(stages)
    own_process()
    phase = plan.phases[0]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    resolve.resolve(store, plan, phase, make_executor("local", 0), stages)
    stages.begin("load: of all shards")
    decided = load(plan, store)
    ends = [*stages.ended, time.process_time()]
    print(
        f"{'round':<28}{'tasks':>7}{'s':>9}{'sort':>7}{'µs/doc':>9}{'B/doc':>9}{'max MB':>8}{'read B/doc':>12}{'opened':>9}"
    )
    total = quiet = 0.0
    written = tasks = peak = opened = 0
    for (stage, begun), end, sort in zip(stages.begun, ends, stages.paces, strict=True):
        seconds, found = end - begun, figures(store, stage.split(": ")[1])
        at_rest = seconds * QUIET / sort
        total, quiet, opened = total + seconds, quiet + at_rest, opened + stages.opened[stage]
        tasks, written, peak = tasks + found[0], written + found[1], max(peak, found[2])
        print(
            f"{stage:<28}{found[0]:>7}{seconds:>9.1f}{sort:>7.2f}{at_rest / documents * 1e6:>9.2f}"
            f"{found[1] / documents:>9.1f}{found[2] / 1e6:>8.0f}{stages.read[stage] / documents:>12.1f}"
            f"{stages.opened[stage]:>9}"
        )
    print(
        f"{'all rounds':<28}{tasks:>7}{total:>9.1f}{np.median(stages.paces):>7.2f}{quiet / documents * 1e6:>9.2f}"
        f"{written / documents:>9.1f}{peak / 1e6:>8.0f}{sum(stages.read.values()) / documents:>12.1f}{opened:>9}"
    )
    sketched = figures(store, "")
    print(f"sketches {sketched[1] / documents:.0f} bytes per document; begun with {before / 1e3:.0f} MB of memory")
    print(f"{decided:,} rows loaded; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB at most")


def load(plan: Plan, store: Store) -> int:
    """Loads what every shard acts on; how many rows that were."""
    corpus = open_corpus(store.url, plan, 0)
    config = plan.phases[0].sketches
    assert config is not None
    step = plan.step(config)
    assert isinstance(step, CorpusStep)
    for shard in range(len(plan.shards)):
        step.load(corpus, shard)
    return corpus.count(step.loads)


def figures(store: Store, name: str) -> tuple[int, int, int]:
    """Tasks, bytes written and most memory of the tasks of a round, or of sketching."""
    tasks = size = peak = 0
    for _, record in sound_records(store, [f"c0-{name}" if name else "p0"]):
        tasks += 1
        size += sum(file["bytes"] for file in record["files"])
        peak = max(peak, record.get("peak_bytes", 0))
    return tasks, size, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("dedup", "lines"))
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--per-shard", type=int, default=50_000)
    parser.add_argument("--rows", type=int, default=8, help="signature values per band")
    parser.add_argument("--slice", type=int, default=1, help="how many times fewer documents in every shard and task")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder")
    options = parser.parse_args()
    documents, per_shard = options.documents // options.slice, options.per_shard // options.slice
    cut_tasks(options.slice)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        made = (Path(folder), options.step, documents, per_shard, options.rows)
        # In a process of its own, so that its memory is not that of the tasks.
        maker = multiprocessing.get_context("spawn").Process(target=sketch, args=made)
        maker.start()
        maker.join()
        if maker.exitcode:
            raise SystemExit(f"sketching ended with exit code {maker.exitcode}")
        measure(*plan_run(*made), documents)


if __name__ == "__main__":
    main()
