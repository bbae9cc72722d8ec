"""The whole web recipe and its steps without models, one core, against only reading and writing the same Parquet.

    python bench/pipeline.py [--data ../shared/data] [--megabytes 120]

The floor is Arrow's own reading and writing, batch by batch, with the options that algok writes with (zstd 3, no dictionary
for texts, statistics for all columns but text). Both run in fresh child processes, twice each in turn; the faster run counts.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

SETS = ("clean", "domain", "noisy/dps_web_sample", "noisy/ms_cpp_docs_ko")
MODELS = ("perplexity", "source", "quality", "toxicity", "language", "domain", "style", "tokens", "pii")
SCHEMA = pa.schema([("text", pa.large_string()), ("url", pa.string())])


def build(data: Path, target: Path, megabytes: int) -> int:
    """Documents of the sets in rounds, shuffled by size classes, as one Parquet file; returns the bytes of text."""
    from algok.pipelines.readers.inputs import plan_shards
    from algok.pipelines.readers.reader import read_shard
    from algok.pipelines.readers.spec import InputSpec

    specs = [
        InputSpec(path=str(data / name if (data / name).is_dir() else data / f"{name}.jsonl.zst")) for name in SETS
    ]
    size = 0
    with pq.ParquetWriter(target, SCHEMA, compression="zstd") as writer:
        for shard in plan_shards(specs):
            for chunk in read_shard(shard, specs[shard.input]):
                if chunk.batch is not None and size < megabytes * 1e6:
                    texts = chunk.batch.column("text")
                    urls = pa.array([f"https://h{shard.index % 20}.example.com/{i}" for i in range(len(texts))])
                    writer.write_batch(pa.RecordBatch.from_arrays([texts, urls], schema=SCHEMA))
                    size += texts.nbytes
    return size


def floor(source: str, target: str) -> dict:
    """Reads and writes, nothing else."""
    from contextlib import ExitStack

    from algok.pipelines.recipe import OutputOptions
    from algok.pipelines.sinks import ParquetSink
    from algok.pipelines.storage import Store

    pa.set_cpu_count(1)
    start = time.perf_counter()
    with ExitStack() as stack:
        sink = ParquetSink(stack, Store(target), "floor.parquet", SCHEMA, OutputOptions(), always=True)
        for batch in pq.ParquetFile(source).iter_batches(1024, use_threads=False):
            sink.append(batch.cast(SCHEMA))
        sink.close()
    return {"seconds": time.perf_counter() - start}


def without_models(source: str, target: str) -> dict:
    """Repair, dedup, heuristics and lines only."""
    return whole(source, target, [f"steps.{name}=null" for name in MODELS])


def seven_steps(source: str, target: str) -> dict:
    """All but personal data, with all tags."""
    return whole(source, target, ["steps.pii=null"])


def whole(source: str, target: str, overrides: list[str] | None = None) -> dict:
    """The web recipe inside one process, kernels compiled and models loaded before the clock starts."""
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import SilentProgress
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.run import execute
    from algok.pipelines.run_directory import Run
    from algok.pipelines.storage import Store

    def run(path: str, name: str) -> Store:
        recipe = load_recipe("web", overrides, inputs=[{"path": path}], split_bytes=1 << 40)
        execute(recipe, f"{target}/{name}", make_executor("local", 0), SilentProgress())
        return Store(f"{target}/{name}")

    warm = Path(target) / "warm.parquet"
    spaceless = (
        "아침에일어나서창문을열고물을한잔마신다음천천히하루를시작했다."  # has Kiwi loaded: once per worker, about 1.5 s
    )
    contact = "성명: 배도현, 연락처 010-0423-8891"  # and Kiwi, about 1 s
    few, more = pq.read_table(source).slice(0, 50), {"text": [spaceless, contact], "url": [None, None]}
    pq.write_table(pa.concat_tables([few, pa.table(more, SCHEMA)]), warm)
    run(str(warm), "warm")
    start = time.perf_counter()
    store = run(source, "run")
    seconds = time.perf_counter() - start
    table = {row.step: row.seconds for row in Run.open(str(store.url)).summary.table()}
    return {"seconds": seconds, "steps": table}


def memory(source: str, target: str) -> dict:
    """The largest worker process of an ordinary run."""
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import SilentProgress
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.run import execute
    from algok.pipelines.run_directory import Run

    executor = make_executor("local", 1)
    execute(load_recipe("web", inputs=[{"path": source}]), f"{target}/run", executor, SilentProgress())
    executor.close()
    return {"peak_mib": Run.open(f"{target}/run").summary.peak_bytes / (1 << 20)}


def child(name: str, source: Path) -> dict:
    with tempfile.TemporaryDirectory() as target:
        command = [sys.executable, __file__, "--child", name, str(source), target]
        return orjson.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--megabytes", type=int, default=120)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        name, source, target = options.child
        runs = {
            "floor": floor,
            "without_models": without_models,
            "seven_steps": seven_steps,
            "whole": whole,
            "memory": memory,
        }
        print(orjson.dumps(runs[name](source, target)).decode())
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "corpus.parquet"
        megabytes = build(options.data, source, options.megabytes) / 1e6
        peak = child("memory", source)["peak_mib"]
        pages = child("memory", options.data / "warc")["peak_mib"]
        names = ("floor", "without_models", "seven_steps", "whole")
        runs = [{name: child(name, source) for name in names} for _ in range(2)]
    best = {name: min((run[name] for run in runs), key=lambda run: run["seconds"]) for name in names}
    print(f"{megabytes:.0f} MB of text, one core")
    for name, run in best.items():
        speed, times = megabytes / run["seconds"], run["seconds"] / best["floor"]["seconds"]
        print(f"{name:16} {run['seconds']:6.2f} s  {speed:7.1f} MB/s  {times:6.2f} × the floor")
    print(f"peak memory of a worker: {peak:.0f} MiB on this corpus, {pages:.0f} MiB on the WARC files")
    for step, seconds in best["whole"]["steps"].items():
        print(f"    {step:<12} {seconds:6.2f} s  {megabytes / seconds:7.1f} MB/s" if seconds else f"    {step}")


if __name__ == "__main__":
    main()
