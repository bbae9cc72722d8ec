"""How much memory and time the dashboard takes over a run of very many shards that is still going.

    python bench/dashboard_live.py [--shards 100000]

One document goes through the web recipe; its account is copied for so many shards of three phases that are all done, without a
manifest (`bench/summary.py`). `algok dashboard` then serves the run from a process of its own, and each page is asked for
in turn.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from summary import multiply, one_document

PORT = 8797
PAGES = ["", "", *["runs/0/run/live"] * 3, *["runs/0/run"] * 2, "runs/0/run/live", "runs/0/run/shards?sort=odd"]
PAGES += ["api/runs/0/run/tasks.json", "metrics", "compare?a=0/run&b=0/run", ""]


def figures(process: int) -> tuple[float, int, int]:
    """Processor seconds, and MB of memory that are resident now and that were at most."""
    times = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    status = Path(f"/proc/{process}/status").read_text()
    now, most = (int(status.partition(key)[2].split()[0]) >> 10 for key in ("VmRSS:", "VmHWM:"))
    return (int(times[11]) + int(times[12])) / 100, now, most


def ask(page: str, process: int) -> None:
    start, before = time.perf_counter(), figures(process)[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/{page}") as answer:
        size = len(answer.read())
    cpu, now, most = figures(process)
    print(
        f"/{page:32} {size / 1e3:5,.0f} KB  {time.perf_counter() - start:6.2f} s ({cpu - before:5.2f} s of one core)  "
        f"{now} MB, {most} MB at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=100_000)
    shards = parser.parse_args().shards
    with tempfile.TemporaryDirectory() as folder:
        multiply(one_document(Path(folder)), shards)
        command = [sys.executable, "-m", "algok", "dashboard", folder, "--port", str(PORT)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
            assert server.stdout
            server.stdout.readline()
            time.sleep(2)
            try:
                for page in PAGES:
                    ask(page, server.pid)
            finally:
                server.terminate()


if __name__ == "__main__":
    main()
