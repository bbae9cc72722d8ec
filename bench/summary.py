"""How large the statistics of a shard with one document are, and how long a summary of very many shards takes.

    python bench/summary.py [--shards 100000]

One document goes through the web recipe; its statistics and done records are then copied for so many shards of three phases,
and `Run.open` merges them, file by file, as it does for a run that is still going.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

import orjson

TEXT = (
    "수목원에서는 봄마다 주민을 위한 강좌를 새로 연다. 올해에는 나무의 이름과 쓰임을 배우고, 작은 화분을 함께 만들었다.\n"
    "강좌는 모두 여섯 번이며, 마지막 날에는 배운 것을 나누는 자리를 가졌다. 참가한 사람들은 내년에도 오고 싶다고 말했다."
)


def one_document(folder: Path) -> Path:
    """A finished run over one document."""
    from algok.pipelines.executors import make_executor
    from algok.pipelines.progress import SilentProgress
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.run import execute

    (folder / "in.jsonl").write_bytes(orjson.dumps({"text": TEXT}) + b"\n")
    recipe = load_recipe("web", inputs=[{"path": str(folder / "in.jsonl"), "source": "web"}])
    execute(recipe, str(folder / "run"), make_executor("local", 0), SilentProgress())
    return folder / "run"


def multiply(run: Path, shards: int) -> None:
    """The run as if it had so many shards and had not finished."""
    from algok.pipelines.done import BLOCK, Block, block_of, done_name, read_done, write_block
    from algok.pipelines.storage import Store

    (run / "manifest.json").unlink()
    plan = orjson.loads((run / "plan.json").read_bytes())
    plan["shards"] = [{**plan["shards"][0], "index": shard} for shard in range(shards)]
    (run / "plan.json").write_bytes(orjson.dumps(plan))
    described = orjson.loads((run / "run.json").read_bytes())
    (run / "run.json").write_bytes(orjson.dumps({**described, "shards": shards}))
    store = Store(str(run))
    for phase in range(3):
        data = (run / "stats" / f"p{phase}-000000.json").read_bytes()
        record = read_done(store, f"p{phase}-000000")
        (run / done_name(f"p{phase}-000000")).unlink()
        for start in range(0, shards, BLOCK):
            records = {}
            for shard in range(start, min(start + BLOCK, shards)):
                (run / "stats" / f"p{phase}-{shard:06d}.json").write_bytes(data)
                # every shard has a name of its own
                named = {"input": f"crawl-data/2026-48/segment-{shard:06d}.warc.gz"} if "input" in record else {}
                records[f"p{phase}-{shard:06d}"] = record | named
            write_block(store, Block(block_of(f"p{phase}-{start:06d}")), records)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=100_000)
    shards = parser.parse_args().shards
    from algok.pipelines.run_directory import Run

    with tempfile.TemporaryDirectory() as folder:
        run = one_document(Path(folder))
        sizes = [path.stat().st_size for path in sorted((run / "stats").iterdir())]
        print(f"statistics of one document: {sum(sizes):,} bytes in {len(sizes)} files {sizes}")
        multiply(run, shards)
        start, cpu = time.perf_counter(), time.process_time()
        summary = Run.open(str(run)).summary
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        assert summary.account.documents == shards == summary.step("heuristics").documents
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{shards:,} shards, {6 * shards:,} files: {seconds:.1f} s ({cpu:.1f} s of one core), {peak:,.0f} MB at most"
        )


if __name__ == "__main__":
    main()
