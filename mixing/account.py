"""The account of a mix: where every kept document went, and the proof that files, ledgers and plan agree."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from algok.errors import InputError
from algok.kernels.buffers import string_buffers
from algok.kernels.lines import hash_strings
from algok.mixing.contaminated import FILE, SCHEMA, by_corpus
from algok.mixing.formats import FORMATS
from algok.mixing.measure import place_salt
from algok.mixing.planner import Plan
from algok.mixing.recipe import Mix, mix_from_text
from algok.pipelines.account import check_file
from algok.pipelines.storage import Store

_LEDGERS = "order"


@dataclass(frozen=True)
class Use:
    """Documents of a corpus by what became of them: used + capped + unused + contaminated = kept."""

    corpus: str
    kept: int
    used: int  # at least one copy, and more would be allowed
    capped: int  # as many copies as max_epochs allows
    unused: int
    contaminated: int  # left out: they have items of the benchmarks


class MixDirectory:
    """A mix that is planned or finished, on any fsspec storage. It reads and never writes."""

    def __init__(self, url: str, finished: bool = True):
        """Raises InputError where there is no mix, or where it must be finished and is not."""
        self.store = Store(url)
        if not self.store.exists("mix.json"):
            raise InputError(f"{url}: no mix (it has no mix.json)")
        if not self.store.exists("manifest.json" if finished else "plan.json"):
            raise InputError(f"{url}: this mix is not finished; run the same 'algok mix' command again to go on")

    @property
    def mix(self) -> Mix:
        return mix_from_text(self.store.read_bytes("mix.yaml").decode())

    @property
    def plan(self) -> Plan:
        return Plan.from_dict(orjson.loads(self.store.read_bytes("plan.json")))

    @property
    def manifest(self) -> dict:
        return orjson.loads(self.store.read_bytes("manifest.json"))

    def ledgers(self) -> Iterator[tuple[str, pa.Table]]:
        """Every output shard's name and rows, stage after stage."""
        shards = self.mix.shards
        for stage in self.mix.stages:
            for number in range(shards):
                name = f"{stage.name}-{number:05d}-of-{shards:05d}"
                with self.store.fs.open(self.store.path(f"{_LEDGERS}/{name}.parquet"), "rb") as file:
                    yield name, pq.read_table(file)

    def uses(self) -> list[Use]:
        """What became of the documents of every corpus."""
        plan, sums = self.plan, defaultdict(Counter)
        for cell, times, count in self.manifest["copies"]:
            capped = times >= math.ceil(plan.caps[cell])
            sums[plan.cells[cell].labels["corpus"]]["capped" if capped else "used" if times else "unused"] += count
        for name, count in plan.contaminated.items():
            sums[name]["contaminated"] = count
        return [
            Use(name, sum(found.values()), found["used"], found["capped"], found["unused"], found["contaminated"])
            for name, found in sorted(sums.items())
        ]

    def contaminated(self) -> pa.Table:
        """The documents that were left out, with their evidence (see `mixing/contaminated.py`)."""
        if not self.store.exists(FILE):
            return SCHEMA.empty_table()
        with self.store.fs.open(self.store.path(FILE), "rb") as file:
            return pq.read_table(file)


def verify_mix(directory: MixDirectory) -> list[str]:
    """The problems of a finished mix: files that changed or are too many, ledgers that do not add up to the plan, tokens of
    a format that are not the ledger's, documents that are lost. None when all is as the account says."""
    store, manifest = directory.store, directory.manifest
    problems = [problem for file in manifest["files"] for problem in check_file(store, file)]
    listed = {file["path"] for file in manifest["files"]}
    problems += [f"{name}: not in the manifest" for name in _present(store, directory.mix) if name not in listed]
    if problems:
        return problems  # what is damaged cannot be added up
    sizes = {file["path"]: file for file in manifest["files"]}
    sums: Counter[tuple[str, str, str]] = Counter()
    seen = []
    shards = [shard for stage in manifest["stages"] for shard in stage["shards"]]
    for shard, (name, ledger) in zip(shards, directory.ledgers(), strict=True):
        if (shard["documents"], shard["tokens"]) != (_documents(ledger), ledger["tokens"].to_numpy().sum()):
            problems.append(f"order/{name}.parquet: its documents and tokens are not the manifest's")
        if directory.mix.pack:
            problems += _check_packed(name, ledger, shard["sequences"], directory.mix.pack.length)
        problems += _check_shard(name, ledger, sizes, directory.mix, shard, manifest["tokenizer"]["vocabulary"])
        stage = name.rsplit("-", 3)[0]
        grouped = ledger.group_by(["draw", "cell"]).aggregate([("tokens", "sum")])
        for draw, cell, tokens in zip(*(grouped[column].to_pylist() for column in ("draw", "cell", "tokens_sum"))):
            sums[stage, draw, cell] += tokens
        seen.append(_document_hashes(_firsts(ledger)))
    problems += _check_plan(directory.plan, sums)
    problems += _check_contaminated(directory, listed, np.concatenate(seen))
    return problems + _check_copies(directory.plan, manifest["copies"], np.concatenate(seen))


def _present(store: Store, mix: Mix) -> Iterator[str]:
    for folder in (_LEDGERS, *(FORMATS[name].folder for name in mix.write)):
        yield from (name for name in store.names(folder) if "." in name.rpartition("/")[2])
        for stage in mix.stages:
            yield from store.names(f"{folder}/{stage.name}")


def _firsts(ledger: pa.Table) -> pa.Table:
    """A row per document, where documents that were split have several."""
    return ledger.filter(pc.equal(ledger["part"], 0)) if "part" in ledger.schema.names else ledger


def _documents(ledger: pa.Table) -> int:
    return len(_firsts(ledger))


def _check_packed(name: str, ledger: pa.Table, count: int, length: int) -> list[str]:
    """Every piece lies within its sequence, none over another; only what is longer than a sequence is split, into whole
    sequences and a rest."""
    tokens, starts, sequences, part, parts = (
        ledger[column].to_numpy() for column in ("tokens", "start", "sequence", "part", "parts")
    )
    ends = starts + tokens
    problems = []
    if (starts // length != sequences).any() or ((ends - 1) // length != sequences).any():
        problems.append(f"order/{name}.parquet: a document lies in two sequences of {length} tokens")
    if (starts[1:] < ends[:-1]).any() or len(np.unique(sequences)) != count:
        problems.append(f"order/{name}.parquet: its sequences are not those of the manifest")
    if ((part + 1 < parts) & (tokens != length)).any() or (part >= parts).any():
        problems.append(f"order/{name}.parquet: a document that fits into a sequence is cut")
    if parts[part == 0].sum() != len(ledger):
        problems.append(f"order/{name}.parquet: a document that was split lacks a part")
    return problems


def _check_shard(
    name: str, ledger: pa.Table, files: dict[str, dict], mix: Mix, shard: dict, vocabulary: int
) -> list[str]:
    """A shard's tokens and documents are the same in the ledger and in every format."""
    tokens = ledger["tokens"].to_numpy()
    problems = []
    if not mix.pack and (ledger["start"].to_numpy() != np.cumsum(tokens) - tokens).any():
        problems.append(f"order/{name}.parquet: its starts are not the sums of its tokens")
    stage, number = name.rsplit("-", 3)[:2]
    width = 2 if vocabulary <= 1 << 16 else 4
    documents = _documents(ledger)
    units, total = len(ledger), int(tokens.sum())  # what a row, and a file, of tokens has
    if mix.pack:
        units, total = shard["sequences"], shard["sequences"] * mix.pack.length
    sizes = {
        "megatron": (f"megatron/{name}.bin", 2 if vocabulary < 65_500 else 4),
        "dolma": (f"dolma/{name}.npy", width),
        "nanotron": (f"nanotron/{stage}/{number}_{stage}.ds", width),
    }
    for format, (path, size) in sizes.items():
        if format in mix.write and files[path]["bytes"] != total * size:
            problems.append(f"{path}: holds {files[path]['bytes'] // size} tokens, the ledger says {total}")
    for format, expected in (("parquet", documents), ("tokens", units)):
        if format in mix.write and (rows := files[f"{format}/{name}.parquet"]["rows"]) != expected:
            problems.append(f"{format}/{name}.parquet: holds {rows} rows, the ledger says {expected}")
    if "mds" in mix.write:
        rows = sum(file["rows"] for path, file in files.items() if path.startswith(f"mds/{stage}/shard.{number}."))
        if rows != units:
            problems.append(f"mds/{stage}: shard {number} holds {rows} samples, the ledger says {units}")
    return problems


def _document_hashes(ledger: pa.Table) -> np.ndarray:
    """A number per row that tells documents apart: of corpus and id."""
    hashes = np.zeros(len(ledger), np.uint64)
    for corpus in pc.unique(ledger["corpus"]).to_pylist():
        own = pc.equal(ledger["corpus"], corpus).to_numpy().astype(bool)
        hashes[own] = hash_strings(*string_buffers(ledger["id"].filter(pa.array(own))), place_salt(0, corpus))
    return hashes


def _check_contaminated(directory: MixDirectory, listed: set[str], seen: np.ndarray) -> list[str]:
    """The documents that were left out are as many as in the plan, with evidence, and no shard has any of them."""
    if directory.mix.decontaminate is not None and FILE not in listed:
        return [f"{FILE}: not in the manifest"]
    table, planned = directory.contaminated(), directory.plan.contaminated
    found = by_corpus(table)
    problems = [
        f"{FILE}: {found.get(corpus, 0)} documents of {corpus}, {planned.get(corpus, 0)} in the plan"
        for corpus in sorted(found.keys() | planned.keys())
        if found.get(corpus, 0) != planned.get(corpus, 0)
    ]
    written = int(np.isin(_document_hashes(table), seen).sum())
    return problems + ([f"{written} contaminated documents are in the shards"] if written else [])


def _check_plan(plan: Plan, sums: Counter) -> list[str]:
    """Written tokens are the plan's, by stage, draw and cell."""
    planned = Counter(
        {
            (draw.stage, draw.kind, plan.cells[share.cell].name): share.taken
            for draw, shares in zip(plan.draws, plan.shares)
            for share in shares
            if share.taken
        }
    )
    return [
        f"stage {stage}, {draw}, {cell}: {sums[stage, draw, cell]} tokens were written, {planned[stage, draw, cell]} planned"
        for stage, draw, cell in sorted(planned.keys() | sums.keys())
        if sums[stage, draw, cell] != planned[stage, draw, cell]
    ]


def _check_copies(plan: Plan, copies: list[list[int]], seen: np.ndarray) -> list[str]:
    """Every kept document is in the account once, with as many copies as lie in the shards, none beyond max_epochs."""
    problems, kept, expected = [], Counter(), Counter()
    for cell, times, count in copies:
        kept[cell] += count
        expected[times] += count
        if times > math.ceil(plan.caps[cell]):
            problems.append(f"{plan.cells[cell].name}: {count} documents have {times} copies, beyond max_epochs")
    for number, cell in enumerate(plan.cells):
        if kept[number] != cell.documents:
            problems.append(f"{cell.name}: the account has {kept[number]} documents, {cell.documents} were kept")
    del expected[0]
    times, counts = np.unique(np.unique(seen, return_counts=True)[1], return_counts=True)
    found = Counter(dict(zip(times.tolist(), counts.tolist())))
    for number in sorted(expected.keys() | found.keys()):
        if expected[number] != found[number]:
            problems.append(
                f"{found[number]} documents have {number} copies in the shards, {expected[number]} in the account"
            )
    return problems
