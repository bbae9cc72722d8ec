"""What it brings to spread the records of one large compressed file over the workers, against reading it in one task.

    python bench/spread.py large.jsonl.gz [--split-mib 48] [--workers 2]

Both runs are fresh child processes with a recipe of one corpus step and one without a model. Says seconds by the clock and of
processor time, and the largest output file.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_RECIPE = "name: spread\ninputs: [{{path: {path}}}]\nsplit_bytes: {split}\nsteps:\n  dedup: {{}}\n  heuristics: {{}}\n"


def clean(source: Path, folder: Path, split: int, workers: int) -> tuple[float, float, Path]:
    """Seconds by the clock and of processor time, and the run."""
    recipe, run = folder / f"{split}.yaml", folder / f"run-{split}"
    recipe.write_text(_RECIPE.format(path=source.resolve(), split=split))
    command = [sys.executable, "-m", "algok", "run", str(recipe), "-o", str(run), "--quiet", "--workers", str(workers)]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, spent, run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--split-mib", type=int, default=48)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    print("| | files | largest, MB | by the clock | processor time |\n|---|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        for label, split in (("one task", 1 << 50), ("spread", options.split_mib << 20)):
            clock, spent, run = clean(options.file, Path(folder), split, options.workers)
            sizes = [path.stat().st_size for path in (run / "kept").iterdir()]
            print(f"| {label} | {len(sizes)} | {max(sizes) / 1e6:.0f} | {clock:.1f} | {spent:.1f} |", flush=True)


if __name__ == "__main__":
    main()
