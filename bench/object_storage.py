"""A whole run from and to S3 against the same run on local disk, and what it asks of the server.

    python bench/object_storage.py [--data ../shared/data] [--files 3]

Writes petitions as gzipped JSON Lines to a disk and to a bucket of moto's server (a process of its own, whose CPU time is
not counted; `pip install s3fs 'moto[server]'`), or of the server that AWS_ENDPOINT_URL names, and runs the web recipe over
each with two workers. The CPU seconds are those of the driver and its workers.
"""

import argparse
import gzip
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import orjson
import pyarrow as pa
from faults import BUCKET, CHECKOUT, begin_killable, differing, fetched, outputs, s3_server

_LINE = re.compile(rb'"(GET|PUT|HEAD|POST|DELETE) (\S+)')


def write_inputs(data: Path, folder: Path, files: int) -> int:
    """The same petitions again and again with other numbers, in so many files; the bytes of all."""
    with pa.input_stream(str(data / "domain" / "petitions.jsonl.zst"), compression="detect") as stream:
        rows = [orjson.loads(line) for line in stream.read().splitlines()]
    folder.mkdir()
    for number in range(files):
        lines = [orjson.dumps({"text": f"{number}번째 사본. {row['text']}"}) for row in rows]
        (folder / f"{number}.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines) + b"\n", 6, mtime=0))
    return sum(path.stat().st_size for path in folder.iterdir())


def timed(source: str, output: str) -> tuple[float, float]:
    """Seconds by the clock and of CPU of one run."""
    command = [
        sys.executable,
        "-m",
        "algok",
        "run",
        "web",
        "--input",
        source,
        "-o",
        output,
        "--workers",
        "2",
        "--quiet",
    ]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begin, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=CHECKOUT.parent / "shared" / "data")
    parser.add_argument("--files", type=int, default=3)
    options = parser.parse_args()
    begin_killable()
    import s3fs

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        size = write_inputs(options.data, folder / "in", options.files)
        log = s3_server(stack, folder / "server.log")
        bucket = f"s3://{BUCKET}/{os.getpid()}"
        s3fs.S3FileSystem(skip_instance_cache=True).put(str(folder / "in"), f"{bucket}/in", recursive=True)
        print(
            f"{options.files} files, {size / 1e6:.1f} MB compressed\n\n| from and to | seconds | CPU seconds |\n|---|--:|--:|"
        )
        asked_before = requests(log)
        for place in (str(folder), bucket):
            for attempt in range(2):
                seconds, cpu = timed(f"{place}/in/", f"{place}/run{attempt}")
                print(f"| {'S3' if place == bucket else 'disk'} | {seconds:.1f} | {cpu:.1f} |", flush=True)
        asked = requests(log) - asked_before
        different = differing(outputs(fetched(f"{bucket}/run0", folder / "fetched")), outputs(folder / "run0"))
        different = [name for name in different if name not in ("recipe.yaml", "manifest.json")]  # they name the input
        print(f"\nother bytes: {different or 'none'}\nrequests of two runs: {dict(sorted(asked.items()))}")


def requests(log: Path | None) -> Counter[str]:
    """By method and place how often the server was asked; none of a server whose log is not ours."""
    found: Counter[str] = Counter()
    for method, path in _LINE.findall(log.read_bytes()) if log else ():
        place = re.search(r"run\d/(?:work/)?([\w.]+)|/(in)/", path.decode())
        found[f"{method.decode()} {next(filter(None, place.groups())) if place else 'list'}"] += 1
    return found


if __name__ == "__main__":
    main()
