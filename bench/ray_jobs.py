"""A run as a Ray job with the checkout's wheel, and one on a cluster without nodes until there is work.

    python bench/ray_jobs.py [--part job|autoscaling|all]

job: `ray start --head` without algok's checkout on its path, `ray job submit` with the wheel as a runtime environment, built here
by hatchling. autoscaling: Ray's own autoscaler with nodes that are processes of this machine, from none to three and back.
Both run the web recipe over the corpus of the demonstration and compare every output file with a local run's.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import orjson
from faults import CHECKOUT, differing, outputs

PORT, DASHBOARD = 6399, 8299
BIN = Path(sys.executable).parent


def run_of_the_demonstration() -> list[str]:
    """The arguments of a run with a task for each of several files."""
    return ["run", "web", *(f"--input={path}" for path in sorted((CHECKOUT / "demo" / "corpus").glob("*.*")))]


def compare(name: str, run: Path, calm: Path) -> None:
    different = differing(outputs(run), outputs(calm))
    print(f"{name}: {'the same bytes' if not different else f'other bytes: {different}'}", flush=True)


def job(folder: Path, what: list[str]) -> None:
    """`ray job submit` to a head whose Python does not find the checkout: the wheel comes with the job."""
    subprocess.run([str(BIN / "hatchling"), "build", "-t", "wheel", "-d", str(folder)], check=True, cwd=CHECKOUT)
    wheel = next(folder.glob("*.whl"))
    head = [str(BIN / "ray"), "start", "--head", f"--port={PORT}", f"--dashboard-port={DASHBOARD}", "--num-cpus=2"]
    subprocess.run([*head, "--disable-usage-stats"], check=True, stdout=subprocess.DEVNULL, cwd="/")
    try:
        submit = [str(BIN / "ray"), "job", "submit", "--address", f"http://127.0.0.1:{DASHBOARD}"]
        environment = orjson.dumps({"py_modules": [str(wheel)]}).decode()
        entry = [
            sys.executable,
            "-m",
            "algok",
            *what,
            "-o",
            str(folder / "job"),
            "--executor",
            "ray",
            "--address",
            "auto",
        ]
        (folder / "probe.py").write_text("import algok; print('algok of the job:', algok.__file__)")
        probe = subprocess.run(
            [*submit, "--runtime-env-json", environment, "--", sys.executable, str(folder / "probe.py")],
            capture_output=True, text=True, cwd="/",
        )  # fmt: skip
        if probe.returncode:
            sys.exit(f"ray job submit: {probe.stdout}{probe.stderr}")
        print(next(line for line in probe.stdout.splitlines() if "algok of the job" in line))
        subprocess.run([*submit, "--runtime-env-json", environment, "--", *entry, "--quiet"], check=True, cwd="/")
    finally:
        subprocess.run([str(BIN / "ray"), "stop"], check=False, stdout=subprocess.DEVNULL)


def autoscaling(folder: Path, what: list[str]) -> None:
    """How many nodes there are while a run goes on, from a cluster without any."""
    import ray
    from ray.cluster_utils import AutoscalingCluster

    kinds = {"worker": {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 3}}
    cluster = AutoscalingCluster(head_resources={"CPU": 0}, worker_node_types=kinds, idle_timeout_minutes=0.2)
    cluster.start()
    try:
        ray.init("auto", log_to_driver=False, logging_level="error")
        entry = [
            sys.executable,
            "-m",
            "algok",
            *what,
            "-o",
            str(folder / "scaled"),
            "--executor",
            "ray",
            "--address",
            "auto",
        ]
        run = subprocess.Popen([*entry, "--quiet"])
        nodes = []
        while run.poll() is None:
            nodes.append(len([node for node in ray.nodes() if node["Alive"]]) - 1)
            time.sleep(1)
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and nodes[-1]:
            nodes.append(len([node for node in ray.nodes() if node["Alive"]]) - 1)
            time.sleep(1)
        print(f"nodes beside the head: {nodes[0]} at the beginning, {max(nodes)} at most, {nodes[-1]} after the run")
        if run.returncode:
            sys.exit(f"the run ended with {run.returncode}")
    finally:
        ray.shutdown()
        cluster.shutdown()


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
    main()
