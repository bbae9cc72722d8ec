"""kill -9 at random moments: of the driver and of workers, on both executors; the result must have the same bytes.

    python bench/faults.py [--data ../shared/data] [--kills 10] [--executor local|ray|both|node] [--mix]

Each round runs the web recipe over the WARC files until it has been killed `--kills` times in all (workers and driver in
turn) and then to its end, and compares every output file with an undisturbed run's. `--mix` does the same with a packed mix of
petitions and news in every format. `node` builds a Ray
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
from contextlib import suppress
from pathlib import Path

WORKER_MARKS = {"local": b"spawn_main", "ray": b"ray::_run_remote"}
OURS = "ALGOK_FAULTS"  # in the environment of all that this program starts, so that it kills nothing else


def outputs(run: Path) -> dict[str, str]:
    """SHA-256 of what must be the same."""
    if (run / "mix.json").exists():
        # what a crash may leave otherwise, when it was begun, and which attempts at tasks were lost
        own = {"done", "run.lock", "mix.json", "failed"}
        files = [
            path for path in sorted(run.rglob("*")) if path.is_file() and path.relative_to(run).parts[0] not in own
        ]
        return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    files = [run / "recipe.yaml", run / "manifest.json", run / "README.md"]
    files += [
        path for folder in ("kept", "dropped", "quarantine", "stats") for path in sorted((run / folder).glob("*"))
    ]
    return {str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differing(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """The files that are not the same, or not in both."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def write_mix(data: Path, folder: Path) -> Path:
    """A mix of two sets, in sequences of 1,024 tokens."""
    import orjson
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in ("petitions", "wikinews_ko"):
        with pa.input_stream(str(data / "domain" / f"{name}.jsonl.zst"), compression="detect") as stream:
            rows = [orjson.loads(line) for line in stream.read().splitlines()]
        table = pa.table({"id": [row["id"] for row in rows], "text": [row["text"] for row in rows]})
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=200)
    mix = {
        "corpora": {name: {"path": str(folder / f"{name}.parquet")} for name in ("petitions", "wikinews_ko")},
        "stages": [
            {"name": "a", "tokens": 400_000, "prior": "uniform"},
            {"name": "b", "tokens": 100_000, "replay": {"of": "a", "share": 0.2}},
        ],
        "write": ["parquet", "tokens", "megatron", "dolma", "mds", "nanotron"],
        "pack": {"length": 1024},
        "shards": 4,
        "split_bytes": 4 << 20,
    }
    (folder / "mix.yaml").write_bytes(orjson.dumps(mix))  # JSON is YAML
    return folder / "mix.yaml"


def start(what: list[str], output: Path, executor: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "algok", *what, "-o", str(output)]
    command += ["--executor", executor, "--workers", "2", "--quiet"]
    environment = os.environ | {OURS: str(os.getpid())}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)


def workers(executor: str) -> list[int]:
    """Processes of this program's that run tasks just now."""
    own = f"{OURS}={os.getpid()}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            line, environment = (path / "cmdline").read_bytes(), (path / "environ").read_bytes()
        except OSError:
            continue
        if WORKER_MARKS[executor] in line and own in environment.split(b"\0"):
            found.append(int(path.name))
    return found


def disturbed_run(
    what: list[str], output: Path, executor: str, kills: int, seconds: float, randomly: random.Random
) -> dict[str, int]:
    """Kills until enough, then lets the run end; how many died of each kind."""
    died = {"driver": 0, "worker": 0}
    while True:
        process = start(what, output, executor)
        begin = time.monotonic()
        while process.poll() is None and sum(died.values()) < kills:
            time.sleep(randomly.uniform(0.1, seconds))
            kind = "driver" if died["driver"] < died["worker"] else "worker"
            targets = [process.pid]
            while kind == "worker" and process.poll() is None and not (targets := workers(executor)):
                time.sleep(0.01)  # a worker of Ray's is one only while it runs a task
            if process.poll() is not None:
                break
            with suppress(ProcessLookupError):
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
    parser.add_argument("--mix", action="store_true", help="Kill a mix instead of a run.")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    randomly = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        what = ["run", "web", "--input", str(options.data / "warc" / "*.warc.gz")]
        if options.mix:
            what = ["mix", "write", str(write_mix(options.data, Path(folder)))]
        process = start(what, Path(folder) / "calm", "local")
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
                died = disturbed_run(what, output, executor, min(4, options.kills - kills), wait, randomly)
                found = outputs(output)
                same = found == expected
                verified = (
                    subprocess.run([sys.executable, "-m", "algok", "verify", str(output)], check=False).returncode == 0
                )
                print(f"{executor}: killed {died}, same bytes: {same}, verified: {verified}", flush=True)
                kills += sum(died.values())
                round_ += 1
                if not (same and verified):
                    raise SystemExit("\n".join(f"differs: {name}" for name in differing(found, expected)))


if __name__ == "__main__":
    main()
