"""What planning a mix costs per document, and how fast texts are shuffled and tokenised.

    python bench/mixing.py plan [--documents 1000000]
    python bench/mixing.py replan [--documents 1000000]
    python bench/mixing.py write FILE.jsonl.zst …
    python bench/mixing.py pack FILE.jsonl.zst …

`plan` makes Parquet with ids, labels, quality and counts (no texts to speak of), measures it in this process and plans two stages
with shares over 20 domains, a selection and a replay; then other mixes of the same columns, from what is known, without the
replay and with it; then picks and orders the copies. `replan` changes one thing after the other in a plan. `write` mixes
real texts in several formats. `pack` compares best-fit packing with cutting the stream every so many tokens, on the lengths of
real texts in a random order, and times it on many documents of such lengths. `bench/blends.py` compares with other tools.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from algok.classifiers.store import open_model
from algok.classifiers.tokenizer import FILE
from algok.mixing.mix import Driver
from algok.mixing.pack import pack
from algok.mixing.recipe import TokenizerOptions, validate
from algok.mixing.tokenizers import of_options
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe_source import RecipeText
from algok.pipelines.storage import Store

ROWS = 1_000_000
AVERAGE = 665  # tokens of the log-normal distribution of `metadata`
DOMAINS = [f"domain{k:02d}" for k in range(20)]
SOURCES = ["web", "news", "blog", "law"]
LABELS = ["text", "domain.sub", "source"]  # columns that repeat


def metadata(folder: Path, documents: int) -> None:
    """Files of a million rows: hex ids, Zipf-like domains, log-normal counts."""
    rng = np.random.default_rng(0)
    weights = 1 / np.arange(1, len(DOMAINS) + 1)
    for number, start in enumerate(range(0, documents, ROWS)):
        count = min(ROWS, documents - start)
        ids = pa.py_buffer(rng.bytes(16 * count).hex().encode())
        ends = pa.py_buffer(np.arange(count + 1, dtype=np.int32) * 32)
        domain = rng.choice(len(DOMAINS), count, p=weights / weights.sum()).astype(np.int8)
        columns = {
            "id": pa.StringArray.from_buffers(count, ends, ids),
            "text": pa.repeat(pa.scalar("가"), count),
            "domain.sub": pa.DictionaryArray.from_arrays(pa.array(domain), DOMAINS).cast(pa.string()),
            "source": pa.DictionaryArray.from_arrays(rng.integers(0, 4, count).astype(np.int8), SOURCES).cast(
                pa.string()
            ),
            "quality.level": rng.random(count, np.float32) * 5,
            "tokens": rng.lognormal(6, 1, count).astype(np.int32),
        }
        pq.write_table(
            pa.table(columns), folder / f"part{number:05d}.parquet", row_group_size=250_000, use_dictionary=LABELS
        )


def two_stages(tokens: int) -> list[dict]:
    return [
        {
            "name": "pretrain",
            "tokens": int(tokens * 0.6),
            "prior": {"natural": 0.5, "uniform": 0.5, "over": "domain.sub"},
            "shares": {"domain.sub=domain19": ">= 0.03", "source=law": "<= 0.2"},
        },
        {
            "name": "anneal",
            "tokens": int(tokens * 0.05),
            "select": {"signal": "quality.level", "top": 0.1, "within": "domain.sub"},
            "replay": {"of": "pretrain", "share": 0.2},
        },
    ]


def timed(name: str, work: Callable[[], object], documents: int) -> None:
    """Prints time and the peak memory of this step alone: what it holds, and with the mapped files that it reads."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    held, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.02):
            held[0] = max(held[0], _memory("RssAnon"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    start, cpu = time.perf_counter(), time.process_time()
    work()
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    ended.set()
    watcher.join()
    print(
        f"{name:<16} {wall:7.2f} s, {used:7.2f} s of processor, {used / documents * 1e6:6.3f} µs per document, "
        f"peak {held[0] / 1e6:.2f} GB, with mapped files {_memory('VmHWM') / 1e6:.2f} GB",
        flush=True,
    )


def _memory(what: str) -> int:
    """Kilobytes of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:"))


def plan(documents: int) -> None:
    """A small plan goes before, since loading compiled kernels takes a fifth of a second: what is printed last is what counts."""
    for count in (20_000, documents):
        plan_all(count)


def plan_all(documents: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        corpus = corpus_of(folder, documents)
        data = {"corpora": {"web": corpus}, "stages": two_stages(documents * AVERAGE), "split_bytes": 1 << 30}
        pa.set_cpu_count(1)
        driver = driver_of(data, folder)
        print(f"{documents:,} documents")
        timed("measure", driver.measure, documents)
        timed("plan", driver.plan, documents)
        half = two_stages(documents * AVERAGE // 2)
        plain = [{key: value for key, value in stage.items() if key != "replay"} for stage in half]
        for name, stages in (("re-plan", plain), ("re-plan, replay", half)):
            other = driver_of(data | {"stages": stages, "max_epochs": {"default": 2}}, folder)
            timed(name, partial(plan_again, other), documents)
        timed("pick", other.pick, documents)
        timed("order", other.order, documents)


def plan_again(driver: Driver) -> None:
    driver.measure()
    driver.plan()


def changes(tokens: int) -> list[tuple[str, dict]]:
    """One mix after the other, each with something new: what it is, and the keys of the mix."""
    main = {"name": "pretrain", "tokens": int(tokens * 0.6), "prior": {"uniform": 1, "over": "domain.sub"}}
    best = {"signal": "quality.level", "top": 0.1, "within": "domain.sub"}
    last = {"name": "anneal", "tokens": int(tokens * 0.05), "select": best}
    level = {"signal": "quality.level", "quantiles": 20, "within": "domain.sub"}
    shares = {"shares": {"source=law": ">= 0.3"}, "weights": {"source=web": 2}}
    more = {"name": "more", "tokens": int(tokens * 0.05)}

    def curved(throwaway: float = 0.4, **bins) -> dict:
        curve = {"bins": "level", "throwaway": throwaway, "max": 7}
        return {
            "stages": [main | {"curve": curve}, last],
            "bins": {"level": level | bins},
            "max_epochs": {"default": 7},
        }

    return [
        ("the first plan", {"stages": [main, last]}),
        ("tokens of a stage", {"stages": [main | {"tokens": tokens // 2}, last]}),
        ("shares and weights", {"stages": [main | shares, last]}),
        ("max_epochs", {"stages": [main, last], "max_epochs": {"default": 2}}),
        ("one stage more", {"stages": [main, last, more]}),
        (
            "replay of unseen",
            {"stages": [main, last | {"replay": {"of": "pretrain", "share": 0.2, "which": "unseen"}}]},
        ),
        ("replay of seen", {"stages": [main, last | {"replay": {"of": "pretrain", "share": 0.2}}]}),
        ("top of a selection", {"stages": [main, last | {"select": best | {"top": 0.2}}]}),
        ("groups of a selection", {"stages": [main, last | {"select": best | {"within": "source"}}]}),
        ("order", {"stages": [main | {"order": {"signal": "quality.level", "strength": 0.3}}, last]}),
        ("edges of bins", {"stages": [main, last], "bins": {"sure": {"signal": "quality.level", "edges": [2.5]}}}),
        ("quantiles", curved()),
        ("curve of known quantiles", curved(0.3)),
        ("other quantiles: 100", curved(quantiles=100)),
        ("smooth quantiles", curved(smooth=True)),
        ("throwaway of smooth quantiles", curved(0.3, smooth=True)),
    ]


def replan(documents: int) -> None:
    for count in (20_000, documents):  # the first loads the compiled kernels
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            corpus, print_ = corpus_of(folder, count), count == documents
            pa.set_cpu_count(1)
            for what, keys in changes(count * AVERAGE):
                data = {"corpora": {"web": corpus}, "split_bytes": 1 << 30, "cells": ["source"], **keys}
                driver = driver_of(data, folder)
                driver.measure()
                start, cpu = time.perf_counter(), time.process_time()
                driver.plan()
                wall, used = time.perf_counter() - start, time.process_time() - cpu
                if print_:
                    print(f"{what:<32} {wall:7.2f} s, {used:7.2f} s of processor", flush=True)


def corpus_of(folder: Path, documents: int) -> dict:
    """A corpus of `metadata`, whose counts are taken for the tokenizer's."""
    (folder / "corpus").mkdir()
    metadata(folder / "corpus", documents)
    counted_by = str(open_model("tokenizer", "tokenizer").path(FILE))
    return {"path": str(folder / "corpus"), "columns": {"tokens": "tokens"}, "counted_by": counted_by}


def driver_of(data: dict, folder: Path) -> Driver:
    """The driver of a mix, begun in a folder that may hold another plan."""
    source = RecipeText(data)
    store, executor = Store(str(folder / "mix")), make_executor("local", 0)
    driver = Driver(validate(source), source, store, executor, SilentProgress())
    driver.begin()
    return driver


def texts(folder: Path, files: list[str]) -> int:
    """The texts of JSON Lines files as one Parquet file each; their bytes."""
    total = 0
    for number, file in enumerate(files):
        with pa.input_stream(file, compression="detect") as stream:
            rows = [orjson.loads(line)["text"] for line in stream.read().splitlines()]
        ids = [f"{number}-{k}" for k in range(len(rows))]
        table = pa.table({"id": ids, "text": rows, "source": pa.repeat(pa.scalar(f"s{number}"), len(rows))})
        pq.write_table(table, folder / f"{number:04d}.parquet", row_group_size=2000, compression="zstd")
        total += sum(len(row.encode()) for row in rows)
    return total


def write(files: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "corpus").mkdir()
        size = texts(folder / "corpus", files)
        for formats in (["parquet"], ["megatron"], ["parquet", "megatron", "dolma", "mds", "nanotron"]):
            output = folder / "-".join(formats)
            stages = [{"name": "all", "tokens": size // 6}]
            corpora = {"web": {"path": str(folder / "corpus")}}
            data = {"corpora": corpora, "stages": stages, "write": formats, "cells": ["source"], "shards": 8}
            source = RecipeText(data)
            pa.set_cpu_count(1)
            driver = Driver(validate(source), source, Store(str(output)), make_executor("local", 0), SilentProgress())
            driver.begin()
            for step in ("measure", "plan", "pick", "order", "place", "write"):
                start = time.process_time()
                getattr(driver, step)()
                used = time.process_time() - start
                print(
                    f"{'+'.join(formats):<40} {step:<8} {used:6.2f} s of processor, {size / 1e6 / used:8.1f} MB/s",
                    flush=True,
                )
            driver.finish()


def cut_that_fit(lengths: np.ndarray, length: int) -> float:
    """The share of the documents that fit into a sequence and are cut if the stream is cut every `length` tokens."""
    ends = np.cumsum(lengths)
    fits = lengths <= length
    cut = ((ends - lengths) // length != (ends - 1) // length) & fits
    return float(cut.sum() / fits.sum())


def packing(files: list[str]) -> None:
    tokenizer = of_options(TokenizerOptions())
    lengths = []
    for file in files:
        with pa.input_stream(file, compression="detect") as stream:
            rows = pa.array([orjson.loads(line)["text"] for line in stream.read().splitlines()], pa.large_string())
        lengths.append(tokenizer.counts(rows))
    rng = np.random.default_rng(0)
    stream = rng.permutation(np.concatenate(lengths))
    many = rng.choice(stream, 2_000_000)
    print(f"{len(stream):,} documents, {stream.sum():,} tokens; timed on {len(many):,}")
    pack(many[:10], 2048, 1 << 24)
    print("length   window  padding  of many  sequences  split  cut that fit, chunked  M documents/s")
    for length in (2048, 4096, 8192, 32768):
        for window in (1 << 20, 1 << 24):
            found = pack(stream, length, window)
            start = time.process_time()
            large = pack(many, length, window)
            speed = len(many) / (time.process_time() - start) / 1e6
            padding, of_many = (1 - o.sizes.sum() / (o.count * length) for o in (found, large))
            split, cut = float((stream > length).mean()), cut_that_fit(stream, length)
            figures = f"{length:>6} {window:>8} {padding:>8.3%} {of_many:>8.3%} {found.count:>10,} {split:>6.2%}"
            print(f"{figures} {cut:>22.1%} {speed:>14.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["plan", "replan", "write", "pack"])
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("files", nargs="*", help="write, pack: JSON Lines with a field text, compressed or not.")
    options = parser.parse_args()
    if options.what in ("plan", "replan"):
        {"plan": plan, "replan": replan}[options.what](options.documents)
    else:
        {"write": write, "pack": packing}[options.what](options.files)


if __name__ == "__main__":
    main()
