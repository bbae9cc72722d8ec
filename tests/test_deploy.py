"""The files of deploy/ name what there is: versions, files, options of the command, and fields of KubeRay's reference."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

import algok
from algok.cli.run_command import command as run

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
# Those that we use, of the reference of KubeRay's API v1.
JOB = {"entrypoint", "backoffLimit", "shutdownAfterJobFinishes", "ttlSecondsAfterFinished", "rayClusterSpec"}
CLUSTER = {"rayVersion", "enableInTreeAutoscaling", "headGroupSpec", "workerGroupSpecs"}
GROUP = {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"}
CONTAINER = {"name", "image", "ports", "envFrom", "resources"}


def pins(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][\w.-]*)(?:\[[^\]]*\])?==(\S+)", path.read_text(), re.MULTILINE))


@pytest.fixture(scope="module")
def job() -> dict:
    return yaml.safe_load((DEPLOY / "rayjob.yaml").read_text())


def groups(job: dict) -> list[dict]:
    cluster = job["spec"]["rayClusterSpec"]
    return [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]


def test_the_ray_job_has_known_fields_of_the_right_types(job):
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    assert job["spec"].keys() <= JOB and job["spec"]["rayClusterSpec"].keys() <= CLUSTER
    for group in groups(job):
        assert group.keys() <= GROUP
        # KubeRay takes texts only: a bare 0 is refused by the API server
        assert all(isinstance(value, str) for value in group["rayStartParams"].values())
        for container in group["template"]["spec"]["containers"]:
            assert container.keys() <= CONTAINER
            assert container["resources"]["requests"] == container["resources"]["limits"]


def test_the_ray_job_has_the_versions_of_the_image(job):
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == pins(DEPLOY / "requirements.lock")["ray"]
    for group in groups(job):
        images = {container["image"].rpartition(":")[2] for container in group["template"]["spec"]["containers"]}
        assert images == {algok.__version__}


def test_the_commands_of_the_examples_are_commands(job):
    words = shlex.split(job["spec"]["entrypoint"])
    assert words[:2] == ["algok", "run"] and run.make_context("run", words[2:]).params["executor"] == "ray"
    (line,) = re.findall(r"^algok run (.*)$", (DEPLOY / "slurm.sh").read_text(), re.MULTILINE)
    words = shlex.split(line.replace('"$@"', "web --input in -o out").replace('"$address"', "10.0.0.1:6379"))
    assert run.make_context("run", words).params["address"] == "10.0.0.1:6379"
    assert subprocess.run(["bash", "-n", str(DEPLOY / "slurm.sh")], check=False).returncode == 0


def test_the_image_is_made_of_files_that_are_there_and_of_pinned_versions():
    text = (DEPLOY / "Dockerfile").read_text()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())
    for lock in re.findall(r"-r (\S+)", text):
        assert pins(ROOT / lock) and (ROOT / lock).read_text().count("--hash=sha256:") >= len(pins(ROOT / lock))
    assert re.search(r"^USER (?!0|root)\S+$", text, re.MULTILINE)


def test_the_image_has_the_libraries_that_the_tests_ran_with():
    required = re.search(r"^dependencies = \[(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)
    assert required is not None
    names = re.findall(r'"([a-z0-9-]+)', required[1])
    tested, shipped = pins(ROOT / "requirements.lock"), pins(DEPLOY / "requirements.lock")
    assert {name: shipped[name] for name in names} == {name: tested[name] for name in names}
