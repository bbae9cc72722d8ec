"""kill -9 at random moments: of drivers, workers and nodes, output on disk and S3. The bytes must be the same.

    python bench/faults.py [--kills 10] [--executor local|ray|both] [--output disk|s3|both] [--mix|--small]

Each round runs the web recipe over the WARC files until so many were killed (driver, worker and, on Ray, node in turn), then lets
it end, compares every output file with an undisturbed run's, and has `algok verify` look at it. The Ray is a cluster on this
machine of a head without CPUs and three nodes; for a node that is killed another joins. `--small` takes the corpus of the
demonstration, `--mix` a packed mix of petitions and news in every format. The S3 server is moto's, in a process of its own
(`pip install s3fs 'moto[server]'`), or the one that AWS_ENDPOINT_URL names.

`--kills 25 --executor both --output both --small` deals a hundred and prints the table of docs/cluster.md.
"""

import argparse
import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

WORKER_MARKS = {"local": b"spawn_main", "ray": b"ray::_run_remote"}
OURS = "ALGOK_FAULTS"  # in the environment of all that this program starts, so that it kills nothing else
NODES = 3
KILLS_PER_ROUND = 5
BUCKET = "algok-faults"
CHECKOUT = Path(__file__).resolve().parents[1]


def begin_killable() -> None:
    """Marks what this process starts, and lets it find the checkout, wherever its working directory is."""
    os.environ[OURS] = str(os.getpid())
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))


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


def start(what: list[str], output: str, executor: list[str]) -> subprocess.Popen:
    command = [sys.executable, "-m", "algok", *what, "-o", output, *executor, "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


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


class Local:
    """The local executor: drivers and their workers."""

    name, kinds, options = "local", ("worker", "driver"), ("--executor", "local", "--workers", "2")

    def kill(self, kind: str, driver: subprocess.Popen, randomly: random.Random) -> bool:
        """Kills one; False where the run ended before."""
        targets = [driver.pid]
        while kind == "worker" and driver.poll() is None and not (targets := workers(self.name)):
            time.sleep(0.01)  # a worker of Ray's is one only while it runs a task
        if driver.poll() is not None:
            return False
        try:
            os.kill(randomly.choice(targets), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def describe(self) -> str:
        return ""

    def close(self) -> None:
        pass


class OnRay(Local):
    """A cluster on this machine: drivers, workers and nodes."""

    name, kinds = "ray", ("worker", "node", "driver")

    def __init__(self) -> None:
        os.environ.setdefault("RAY_raylet_start_wait_time_s", "180")  # the machine may be busy
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        self._nodes = [self._cluster.add_node(num_cpus=1) for _ in range(NODES)]
        self.options = ("--executor", "ray", "--address", self._cluster.address)

    def kill(self, kind: str, driver: subprocess.Popen, randomly: random.Random) -> bool:
        if kind != "node":
            return super().kill(kind, driver, randomly)
        if driver.poll() is not None:
            return False
        self._cluster.remove_node(self._nodes.pop(randomly.randrange(len(self._nodes))), allow_graceful=False)
        self._nodes.append(self._cluster.add_node(num_cpus=1, wait=False))
        return True

    def describe(self) -> str:
        """What the object stores of the nodes hold and ever spilled."""
        import ray
        from ray._private.internal_api import get_memory_info_reply, get_state_from_address

        ray.init(address=self._cluster.address, log_to_driver=False, logging_level="error")
        try:
            stats = get_memory_info_reply(get_state_from_address(self._cluster.address)).store_stats
            used, spilled = stats.object_store_bytes_used, stats.spilled_bytes_total
            return f"object stores of the nodes: {used:,} bytes used, {spilled:,} ever spilled\n"
        finally:
            ray.shutdown()

    def close(self) -> None:
        self._cluster.shutdown()


def s3_server(stack: ExitStack, log: Path) -> Path | None:
    """moto's server, and the environment of everything that asks it: its log of requests. Nothing where AWS_ENDPOINT_URL names
    a server."""
    import s3fs

    own = "AWS_ENDPOINT_URL" not in os.environ
    if own:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stack.enter_context(log.open("wb")))
        stack.callback(server.wait)
        stack.callback(server.terminate)
        keys = {"AWS_ACCESS_KEY_ID": "invented", "AWS_SECRET_ACCESS_KEY": "invented", "AWS_DEFAULT_REGION": "us-east-1"}
        os.environ.update({"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", **keys})
    fs = s3fs.S3FileSystem(skip_instance_cache=True)
    for _ in range(100):  # until the server answers
        with suppress(OSError):
            fs.exists(BUCKET) or fs.mkdir(BUCKET)
            return log if own else None
        time.sleep(0.2)
    raise SystemExit("the S3 server does not answer")


def fetched(output: str, folder: Path) -> Path:
    """The run directory on this disk."""
    if not output.startswith("s3://"):
        return Path(output)
    import s3fs

    fs = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
    fs.get(output, str(folder), recursive=True)
    return folder


def disturbed_run(
    what: list[str], output: str, machine: Local, kills: int, seconds: float, randomly: random.Random
) -> Counter[str]:
    """Kills until enough, then lets the run end; how many died of each kind."""
    died: Counter[str] = Counter()
    while True:
        process = start(what, output, list(machine.options))
        begin = time.monotonic()
        while process.poll() is None and died.total() < kills:
            time.sleep(randomly.uniform(0.1, seconds))
            kind = min(machine.kinds, key=lambda kind: died[kind])
            died[kind] += machine.kill(kind, process, randomly)
        error = process.stderr.read()
        code = process.wait()
        if code == 0:
            return died
        if code != -signal.SIGKILL:
            raise SystemExit(f"{machine.name}: exit code {code} after {time.monotonic() - begin:.0f} s: {error}")


def until_killed(
    what: list[str], machine: Local, place: str, kills: int, calm: Path, seconds: float, randomly: random.Random
) -> tuple[int, Counter[str]]:
    """Disturbed runs below `place` until so many were killed: their number, and how many died. Ends the program at the first
    whose bytes or account are not as they should be."""
    expected, died, number = outputs(calm), Counter[str](), 0
    while died.total() < kills:
        output = f"{place}/{machine.name}-{number}"
        died += disturbed_run(what, output, machine, min(KILLS_PER_ROUND, kills - died.total()), seconds, randomly)
        found = fetched(output, calm.parent / f"fetched-{machine.name}-{number}")
        different = differing(outputs(found), expected)
        verify = [sys.executable, "-m", "algok", "verify", output]
        code = subprocess.run(verify, check=False, stdout=subprocess.DEVNULL).returncode
        if different or code:
            raise SystemExit("\n".join([f"{output}: algok verify ends with {code}; other bytes:", *different]))
        number += 1
    return number, died


def undisturbed(what: list[str], folder: Path) -> tuple[Path, float]:
    """An undisturbed run on disk, and its seconds."""
    begin = time.monotonic()
    process = start(what, str(folder / "calm"), list(Local.options))
    if process.wait() != 0:
        raise SystemExit(process.stderr.read())
    seconds = time.monotonic() - begin
    print(f"undisturbed run: {seconds:.1f} s, {len(outputs(folder / 'calm'))} files\n", flush=True)
    return folder / "calm", seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=CHECKOUT.parent / "shared" / "data")
    parser.add_argument("--kills", type=int, default=10, help="For each executor and output.")
    parser.add_argument("--executor", choices=["local", "ray", "both"], default="both")
    parser.add_argument("--output", choices=["disk", "s3", "both"], default="disk")
    parser.add_argument("--mix", action="store_true", help="Kill a mix instead of a run.")
    parser.add_argument(
        "--small", action="store_true", help="The corpus of the demonstration instead of the WARC files."
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    randomly = random.Random(options.seed)
    begin_killable()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        what = ["run", "web", "--input", str(options.data / "warc" / "*.warc.gz")]
        if options.small:
            what = ["run", "demo/recipe.yaml"]
            os.chdir(CHECKOUT)  # its paths are relative
        if options.mix:
            what = ["mix", "write", str(write_mix(options.data, folder))]
        calm, seconds = undisturbed(what, folder)
        places = {"disk": str(folder), "s3": f"s3://{BUCKET}/{os.getpid()}"}
        if options.output != "disk":
            s3_server(stack, folder / "server.log")
        print("| executor | output | driver | worker | node | runs | same bytes, verified |")
        print("|---|---|--:|--:|--:|--:|---|", flush=True)
        for kind in (Local, OnRay):
            if options.executor not in ("both", kind.name):
                continue
            machine = kind()
            stack.callback(machine.close)
            for where in [options.output] if options.output != "both" else places:
                arguments = (options.kills, calm, seconds / 4, randomly)
                runs, died = until_killed(what, machine, places[where], *arguments)
                deaths = " | ".join(str(died[kind]) for kind in ("driver", "worker", "node"))
                print(f"| {machine.name} | {where} | {deaths} | {runs} | {runs} of {runs} |", flush=True)
            print(machine.describe(), end="", flush=True)


if __name__ == "__main__":
    main()
