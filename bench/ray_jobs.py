"""A run as a Ray job with the checkout's wheel, and one on a cluster without nodes until there is work.

    python bench/ray_jobs.py [--part job|autoscaling|all]

job: `ray start --head` and `ray job submit` (`pip install 'ray[default]'`) with the wheel as a runtime environment, built here by
hatchling; what the job imports is printed. autoscaling: Ray's own autoscaler with nodes that are processes of this machine, from
none to three and back. Both run the web recipe over the corpus of the demonstration and compare every output file with a local
run's.
"""

import argparse
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
from faults import CHECKOUT, differing, outputs

# Ray's own provider of nodes on one machine wants the head on this port.
PORT, DASHBOARD = 6379, 8299
BIN = Path(sys.executable).parent


def run_of_the_demonstration() -> list[str]:
    """The arguments of a run with a task for each of several files."""
    return ["run", "web", *(f"--input={path}" for path in sorted((CHECKOUT / "demo" / "corpus").glob("*.*")))]


def compare(name: str, run: Path, calm: Path) -> None:
    different = differing(outputs(run), outputs(calm))
    print(f"{name}: {'the same bytes' if not different else f'other bytes: {different}'}", flush=True)


@contextmanager
def head(*options: str) -> Iterator[None]:
    """A head of Ray's in processes of its own; others on this machine are left alone."""
    command = [str(BIN / "ray"), "start", "--head", "--block", f"--port={PORT}", "--disable-usage-stats", *options]
    environment = {**os.environ, "AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", env=environment)
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", DASHBOARD), 1):
                break
            time.sleep(1)
        else:
            sys.exit("Ray's head does not answer")
        yield
    finally:
        process.terminate()
        process.wait()


def job(folder: Path, what: list[str]) -> None:
    """`ray job submit` to a head whose jobs get the wheel."""
    subprocess.run([str(BIN / "hatchling"), "build", "-t", "wheel", "-d", str(folder)], check=True, cwd=CHECKOUT)
    environment = orjson.dumps({"py_modules": [str(next(folder.glob("*.whl")))]}).decode()
    (folder / "probe.py").write_text("import algok; print('algok of the job:', algok.__file__)")
    entry = ["-m", "algok", *what, "-o", str(folder / "job"), "--executor", "ray", "--address", "auto", "--quiet"]
    with head(f"--dashboard-port={DASHBOARD}", "--num-cpus=2"):
        submit = [str(BIN / "ray"), "job", "submit", "--address", f"http://127.0.0.1:{DASHBOARD}"]
        for command in ([str(folder / "probe.py")], entry):
            whole = [*submit, "--runtime-env-json", environment, "--", sys.executable, *command]
            done = subprocess.run(whole, capture_output=True, text=True, cwd="/")
            if done.returncode:
                sys.exit(f"ray job submit: {done.stdout}{done.stderr}")
            print(*(line for line in done.stdout.splitlines() if "algok of the job" in line))


def autoscaling(folder: Path, what: list[str]) -> None:
    """How many nodes there are while a run goes on, from a cluster without any."""
    import ray

    kinds = {
        "worker": {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 3},
        "head": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
    }
    provider = {"type": "fake_multinode", "disable_node_updaters": True, "disable_launch_config_check": True}
    config = {
        "cluster_name": "autoscaling", "max_workers": 3, "available_node_types": kinds, "head_node_type": "head",
        "provider": {**provider, "use_node_id_as_ip": True}, "idle_timeout_minutes": 0.2, "upscaling_speed": 1.0,
        "auth": {"ssh_user": "nobody"}, "docker": {}, "file_mounts": {}, "cluster_synced_files": [],
        "initialization_commands": [], "setup_commands": [], "head_setup_commands": [], "worker_setup_commands": [],
        "head_start_ray_commands": [], "worker_start_ray_commands": [],
    }  # fmt: skip
    (folder / "autoscaling.json").write_bytes(orjson.dumps(config))
    nodes: list[int] = []
    with head(f"--dashboard-port={DASHBOARD}", "--num-cpus=0", f"--autoscaling-config={folder / 'autoscaling.json'}"):
        address = f"127.0.0.1:{PORT}"
        ray.init(address, log_to_driver=False, logging_level="error")
        entry = [
            "-m",
            "algok",
            *what,
            "-o",
            str(folder / "scaled"),
            "--executor",
            "ray",
            "--address",
            address,
            "--quiet",
        ]
        run = subprocess.Popen([sys.executable, *entry])
        deadline = float("inf")
        while time.monotonic() < deadline and (run.poll() is None or nodes[-1]):
            nodes.append(sum(node["Alive"] for node in ray.nodes()) - 1)
            if run.poll() is not None and deadline == float("inf"):
                deadline = time.monotonic() + 180
            time.sleep(1)
        ray.shutdown()
    print(f"nodes beside the head: {nodes[0]} at the beginning, {max(nodes)} at most, {nodes[-1]} after the run")
    if run.returncode:
        sys.exit(f"the run ended with {run.returncode}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=("all", "job", "autoscaling"), default="all")
    options = parser.parse_args()
    parts = {"job": job, "autoscaling": autoscaling}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        what = run_of_the_demonstration()
        subprocess.run([sys.executable, "-m", "algok", *what, "-o", str(folder / "calm"), "--quiet"], check=True)
        for part, directory in (("job", "job"), ("autoscaling", "scaled")):
            if options.part in (part, "all"):
                parts[part](folder, what)
                compare(part, folder / directory, folder / "calm")


if __name__ == "__main__":
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "180")  # the machine may be busy
    os.environ.update({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)})
    main()
