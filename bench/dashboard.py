"""How large reports are and how long they take, and how fast the dashboard lists very many runs.

    python bench/dashboard.py RUN

RUN's report is written as it is, as if the run had 10⁴ shards, and as if it had 10⁵ shards and 10³ sources; then copies of its
account are listed as 10³ runs, and the report of a finished run of 10⁵ shards is made from a stored table of tasks.
"""

import argparse
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
import orjson
from large_runs import many_shards

from algok.dashboard.report import render
from algok.dashboard.report_data import read_report
from algok.dashboard.runs import Index
from algok.pipelines.done import done_tasks, read_done
from algok.pipelines.run_directory import Run
from algok.pipelines.task_table import FILE, TaskRows, table_bytes


def report(name: str, figures) -> None:
    start = time.perf_counter()
    page = render(figures)
    print(f"{name}: {len(page.encode()) / 1e3:,.0f} KB, written in {time.perf_counter() - start:.2f} s")


def index(run: Path, runs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(runs):
            target = Path(folder) / f"{number:04d}"
            target.mkdir()
            for name in ("run.json", "manifest.json", "summary.json"):
                shutil.copy(run / name, target / name)
        found, seconds = Index([folder]), []
        for _ in range(2):
            start = time.perf_counter()
            assert len(found.entries()) == runs
            seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"index of {runs:,} runs: {seconds[0]:.2f} s, again {seconds[1]:.2f} s; {peak:,.0f} MB at most")


def stored(run: Path, shards: int) -> None:
    """The report of a finished run of so many shards, from its summary and its table of tasks; documents are left out."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "run"
        target.mkdir()
        for name in ("recipe.yaml", "manifest.json"):
            shutil.copy(run / name, target / name)
        described = orjson.loads((run / "run.json").read_bytes())
        (target / "run.json").write_bytes(orjson.dumps({**described, "shards": shards}))
        opened = Run.open(str(run))
        summary = opened.summary.model_copy(update={"shards": shards})
        (target / "summary.json").write_bytes(summary.model_dump_json().encode())
        own = [name for name in done_tasks(opened.store) if name.endswith("-000000") and name.startswith("p")]
        rows = TaskRows(opened.outline, {})
        for task in own:
            record = read_done(opened.store, task)
            counted = orjson.loads(opened.store.read_bytes(f"stats/{task}.json"))
            for shard in range(shards):
                rows.add(f"{task[:3]}{shard:06d}", {**record, "input": f"crawl/{shard:06d}.warc.gz"}, shard, counted)
        data = table_bytes(rows.table())
        (target / FILE).write_bytes(data)
        del rows
        start, cpu = time.perf_counter(), time.process_time()
        render(read_report(str(target), 0))
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"stored table of {shards:,} shards: {len(data) / 1e6:,.1f} MB; report in {seconds:.2f} s ({cpu:.2f} s of one core)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    run = parser.parse_args().run
    start = time.perf_counter()
    figures = read_report(str(run))
    print(f"read in {time.perf_counter() - start:.1f} s")
    report("as it is", figures)
    report("10,000 shards", many_shards(figures, 10_000, 7))
    report("100,000 shards, 1,000 sources", many_shards(figures, 100_000, 1000))
    index(run, 1000)
    stored(run, 100_000)


if __name__ == "__main__":
    main()
