"""kill -9 at random moments: of the driver and of workers, on both executors; the result must have the same bytes.

    python bench/faults.py [--data ../shared/data] [--kills 10] [--executor local|ray|both|node]

Each round runs the web recipe over the WARC files until it has been killed `--kills` times in all (driver and workers in
turn) and then to its end, and compares every output file with an undisturbed run's. `node` builds a Ray
cluster of a head and four nodes on this machine and takes up to three nodes away while the run goes on.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORKER_MARKS = {"local": b"spawn_main", "ray": b"ray::_run_remote"}


def outputs(run: Path) -> dict[str, str]:
    files = [run / "recipe.yaml", run / "manifest.json", run / "README.md"]
    files += [
        path for folder in ("kept", "dropped", "quarantine", "stats") for path in sorted((run / folder).glob("*"))
    ]
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def start(data: Path, output: Path, executor: str) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "algok",
        "run",
        "web",
        "--input",
        str(data / "warc" / "*.warc.gz"),
        "-o",
        str(output),
    ]
    command += ["--executor", executor, "--workers", "2", "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def workers(executor: str) -> list[int]:
    """Processes that run tasks just now."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line = (path / "cmdline").read_bytes()
        except OSError:
            continue
        if WORKER_MARKS[executor] in line:
            found.append(int(path.name))
    return found


def disturbed_run(
    data: Path, output: Path, executor: str, kills: int, seconds: float, randomly: random.Random
) -> dict[str, int]:
    """Kills until enough, then lets the run end; how many died of each kind."""
    died = {"driver": 0, "worker": 0}
    while True:
        process = start(data, output, executor)
        begin = time.monotonic()
        while process.poll() is None and sum(died.values()) < kills:
            time.sleep(randomly.uniform(0.1, seconds))
            if process.poll() is not None:
                break
            kind = randomly.choice(["driver", "worker"])
            targets = [process.pid] if kind == "driver" else workers(executor)
            if targets:
                os.kill(randomly.choice(targets), signal.SIGKILL)
                died[kind] += 1
        error = process.stderr.read()
        code = process.wait()
        if code == 0:
            return died
        if code != -signal.SIGKILL:
            raise SystemExit(f"{executor}: exit code {code} after {time.monotonic() - begin:.0f} s: {error}")


def lose_nodes(data: Path, output: Path, seconds: float, randomly: random.Random) -> int:
    """Runs on a cluster of a head and four nodes and kills one every few seconds; how many were lost."""
    import threading

    import ray
    from ray.cluster_utils import Cluster

    from algok.pipelines.executors.ray import RayExecutor
    from algok.pipelines.progress import SilentProgress
    from algok.pipelines.recipe import load_recipe
    from algok.pipelines.run import execute

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes, ended = [cluster.add_node(num_cpus=1) for _ in range(4)], threading.Event()

    def disturb() -> None:
        while len(nodes) > 1 and not ended.wait(randomly.uniform(1, seconds / 3)):
            cluster.remove_node(nodes.pop(0), allow_graceful=False)

    ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        recipe = load_recipe("web", inputs=[{"path": str(data / "warc" / "*.warc.gz")}])
        execute(recipe, str(output), RayExecutor(), SilentProgress())
    finally:
        ended.set()
        thread.join()
        ray.shutdown()
        cluster.shutdown()
    return 4 - len(nodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--executor", choices=["local", "ray", "both", "node"], default="both")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    randomly = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        process = start(options.data, Path(folder) / "calm", "local")
        if process.wait() != 0:
            raise SystemExit(process.stderr.read())
        seconds = time.monotonic() - begin
        expected = outputs(Path(folder) / "calm")
        print(f"undisturbed run: {seconds:.1f} s, {len(expected)} files", flush=True)
        if options.executor == "node":
            lost = lose_nodes(options.data, Path(folder) / "node", seconds, randomly)
            print(f"ray: {lost} nodes lost, same bytes: {outputs(Path(folder) / 'node') == expected}")
            return
        for executor in ("local", "ray") if options.executor == "both" else (options.executor,):
            kills, round_ = 0, 0
            while kills < options.kills:
                output = Path(folder) / f"{executor}{round_}"
                wait = seconds / 4 if executor == "local" else seconds / 4 + 10
                died = disturbed_run(options.data, output, executor, min(4, options.kills - kills), wait, randomly)
                same = outputs(output) == expected
                verified = (
                    subprocess.run([sys.executable, "-m", "algok", "verify", str(output)], check=False).returncode == 0
                )
                print(f"{executor}: killed {died}, same bytes: {same}, verified: {verified}", flush=True)
                kills += sum(died.values())
                round_ += 1
                if not (same and verified):
                    raise SystemExit(1)


if __name__ == "__main__":
    main()
