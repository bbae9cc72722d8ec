"""Runs on object storage over HTTP: a server on this machine, `moto`, or any other that ALGOK_S3_ENDPOINT names.

A server of one's own is asked with the credentials in the environment; the bucket `algok-test` is made in it.
"""

import gzip
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import prose
from reading import read, warc_record

from algok.cli import cli
from algok.dashboard.server import create_app
from algok.pipelines.done import done_tasks, sound_records
from algok.pipelines.storage import Store

NEEDED = ["s3fs"] if "ALGOK_S3_ENDPOINT" in os.environ else ["s3fs", "moto", "flask"]
MISSING = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}: pip install s3fs 'moto[server]'")
SECRET = "planted/Secret0123456789abcdefghijklmnop"
# What runs write that depends on when and where they ran.
OWN = ("done/", "run.json", "tasks.parquet", "summary.json", "run.lock")


@pytest.fixture(scope="module")
def endpoint():
    given = os.environ.get("ALGOK_S3_ENDPOINT")
    if given:
        yield given
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture(scope="module")
def environment(endpoint):
    """The environment of everything that asks the server."""
    given = {"AWS_ENDPOINT_URL": endpoint, "AWS_DEFAULT_REGION": "us-east-1"}
    if "ALGOK_S3_ENDPOINT" not in os.environ:
        given |= {"AWS_ACCESS_KEY_ID": "AKIAPLANTEDKEY000000", "AWS_SECRET_ACCESS_KEY": SECRET}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        yield dict(os.environ)


@pytest.fixture(scope="module")
def bucket(environment):
    """A place of its own in a bucket, with four files of documents in `in/`."""
    import s3fs

    store = f"algok-test/{secrets.token_hex(4)}"
    fs = s3fs.S3FileSystem(skip_instance_cache=True)
    for _ in range(100):  # until the server answers
        try:
            fs.exists("algok-test") or fs.mkdir("algok-test")
            break
        except OSError:
            time.sleep(0.2)
    inputs = Store(f"s3://{store}")
    for part in range(4):
        rows = [{"text": prose(part * 8 + i), "url": f"https://h{i % 3}.kr/{part}/{i}"} for i in range(10)]
        inputs.write_bytes(f"in/{part}.jsonl", b"\n".join(map(orjson.dumps, rows)) + b"\n")
    yield f"s3://{store}"
    fs.rm(store, recursive=True)


@pytest.fixture(scope="module")
def finished(bucket, environment, tmp_path_factory):
    """The same input run to the bucket and to a local disk: both directories, and all that was said meanwhile."""
    local = tmp_path_factory.mktemp("s3") / "run"
    said = [begin(bucket, output, environment).communicate()[0] for output in (f"{bucket}/runs/a", str(local))]
    return f"{bucket}/runs/a", local, "".join(said)


def begin(bucket: str, output: str, environment: dict[str, str], *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "algok", "run", "web", "--input", f"{bucket}/in/", "-o", output, "--workers", "1"]
    command += options
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def files(url: str) -> dict[str, bytes]:
    """Every file below a directory that depends on the input alone."""
    store = Store(url)
    names = (path.removeprefix(store.root).strip("/") for path in store.fs.find(store.root))
    return {name: store.read_bytes(name) for name in names if not name.startswith(OWN)}


def killed_after(tasks: int, bucket: str, output: str, environment: dict[str, str]) -> None:
    """Begins a run, or goes on with it, and kills it without warning when so many tasks are done."""
    running, store = begin(bucket, output, environment), Store(output)
    while len(done_tasks(store)) < tasks:
        assert running.poll() is None, running.communicate()[0]
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.communicate()


def test_outputs_are_those_of_a_local_disk(finished):
    remote, local, _ = finished
    assert files(remote) == files(str(local)) and not Store(remote).names("run.lock")
    assert {name.partition("/")[0] for name in files(remote)} >= {
        "kept",
        "dropped",
        "manifest.json",
        "plan.json",
        "README.md",
    }


def test_a_run_killed_twice_goes_on_and_nothing_half_written_is_visible(finished, bucket, environment):
    output = f"{bucket}/runs/killed"
    for tasks in (2, 7):
        killed_after(tasks, bucket, output, environment)
        store = Store(output)
        for _, record in sound_records(store):  # whatever has a record is whole
            for file in record["files"]:
                assert len(store.read_bytes(file["path"])) == file["bytes"]
        assert not [path for path in store.fs.find(store.root) if path.endswith(".tmp")]
    going = begin(bucket, output, environment)
    assert going.communicate() and going.returncode == 0
    assert files(output) == files(str(finished[1]))
    verified = CliRunner().invoke(cli, ["verify", output])
    assert verified.exit_code == 0 and "accounted for" in verified.output


def test_phases_are_taken_over_within_the_bucket_and_from_it(bucket, environment, tmp_path):
    changed = ("--set", "steps.lines.chars_left.min=60")
    assert begin(bucket, f"{bucket}/runs/first", environment, "--keep", "phases").wait() == 0
    assert begin(bucket, str(tmp_path / "scratch"), environment, *changed).wait() == 0
    for output in (f"{bucket}/runs/second", str(tmp_path / "second")):
        going = begin(bucket, output, environment, *changed, "--reuse", f"{bucket}/runs/first")
        said = going.communicate()[0]
        assert going.returncode == 0 and "2 of 3 phase(s) are taken over" in said, said
        assert files(output) == files(str(tmp_path / "scratch"))
    first = Store(f"{bucket}/runs/first")
    victim = first.names("work/p1")[0]
    first.write_bytes(victim, first.read_bytes(victim)[:-1] + b"x")
    refused = begin(bucket, f"{bucket}/runs/third", environment, *changed, "--reuse", first.url)
    assert victim in refused.communicate()[0] and refused.returncode == 5


def test_a_run_is_compared_with_one_in_the_bucket(bucket, environment, tmp_path):
    """What it keeps is what a run keeps that reads the other's inputs."""
    assert begin(bucket, f"{bucket}/runs/old", environment, "--keep", "sketches").wait() == 0
    rows = [{"text": prose(number)} for number in (3, 500, 501)]
    Store(bucket).write_bytes("new/new.jsonl", b"\n".join(map(orjson.dumps, rows)) + b"\n")
    command = [
        sys.executable,
        "-m",
        "algok",
        "run",
        "web",
        "--input",
        f"{bucket}/new/",
        "--against",
        f"{bucket}/runs/old",
    ]
    for output in (f"{bucket}/runs/new", str(tmp_path / "new")):
        done = subprocess.run([*command, "-o", output], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert files(f"{bucket}/runs/new") == files(str(tmp_path / "new"))
    (kept,) = [pq.read_table(path) for path in (tmp_path / "new" / "kept").iterdir()]
    (dropped,) = [pq.read_table(path) for path in (tmp_path / "new" / "dropped").iterdir()]
    assert (kept.num_rows, dropped["verdict.step"].to_pylist()) == (2, ["dedup"])


def test_two_drivers_do_not_share_a_directory(bucket, environment):
    output = f"{bucket}/runs/two"
    both = [begin(bucket, output, environment) for _ in range(2)]
    said = [driver.communicate()[0] for driver in both]
    assert sorted(driver.returncode for driver in both) in ([0, 4], [4, 4])  # at the very same moment neither begins
    assert any("another algok run is at work in this directory" in text for text in said)


def test_a_lock_is_created_only_where_none_is(bucket):
    store = Store(f"{bucket}/locks")
    store.create_bytes("run.lock/000001.json", b"{}")
    with pytest.raises(FileExistsError):
        store.create_bytes("run.lock/000001.json", b"{}")


def test_everything_that_reads_a_run_reads_it_there(finished, bucket, tmp_path):
    remote, local, _ = finished
    page = tmp_path / "report.html"
    for arguments in (
        ["report", remote, "-o", str(page)],
        ["report", remote, "--against", str(local), "-o", str(tmp_path / "changes.html")],
        ["stats", remote],
        ["compare", remote, str(local), "--fail-if", "drift>0"],
        ["verify", remote],
        ["explain", remote, "https://h1.kr/0/1"],
    ):
        found = CliRunner().invoke(cli, arguments)
        assert found.exit_code == 0, (arguments, found.output)
        assert SECRET not in found.output
    assert SECRET not in page.read_text()


def test_the_dashboard_shows_runs_of_a_bucket(finished, bucket):
    from starlette.testclient import TestClient

    client = TestClient(create_app([f"{bucket}/runs"]), base_url="http://localhost")
    listed = {entry["id"]: entry for entry in client.get("/api/runs.json").json()}
    assert listed["0/a"]["state"] == "finished" and listed["0/a"]["documents"] == 40
    for page in ("/", "/runs/0/a", "/runs/0/a/shards", "/runs/0/a/documents", "/metrics", "/api/runs/0/a/tasks.json"):
        answer = client.get(page)
        assert answer.status_code == 200 and SECRET not in answer.text, page


def test_credentials_stand_in_no_file_and_no_log(finished, bucket):
    remote, local, said = finished
    store = Store(remote)
    assert SECRET not in said and "AKIAPLANTED" not in said
    for path in store.fs.find(bucket):
        assert not any(word in store.fs.cat_file(path) for word in (SECRET.encode(), b"AKIAPLANTED")), path
    for file in Path(local).rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file


def test_a_wrong_key_is_said_and_is_not_shown(bucket, environment):
    if "ALGOK_S3_ENDPOINT" not in os.environ:
        pytest.skip("moto's server takes any credentials")
    wrong = {**environment, "AWS_SECRET_ACCESS_KEY": SECRET}
    refused = begin(bucket, f"{bucket}/runs/wrong", wrong)
    said = refused.communicate()[0]
    assert refused.returncode in (3, 4) and SECRET not in said and "Traceback" not in said


def test_an_index_of_a_crawl_is_read_by_ranges_from_the_bucket(bucket, tmp_path):
    """The index lies in the bucket, and so do the pages that it names: two of three of them in a file, one in none."""
    pages = [
        gzip.compress(warc_record(number, f"<html><body><p>{prose(number)}</p></body></html>".encode()), mtime=0)
        for number in range(2)
    ]
    starts = {0: 0, 1: len(pages[0]), 2: 7}
    rows = [
        {
            "warc_filename": "crawl/lost.warc.gz" if number == 2 else "crawl/a.warc.gz",
            "warc_record_offset": start,
            "warc_record_length": len(pages[number % 2]),
            "content_languages": "kor",
            "fetch_status": 200,
            "content_mime_detected": "text/html",
        }
        for number, start in starts.items()
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "index.parquet")
    store = Store(bucket)
    store.write_bytes("crawl/a.warc.gz", b"".join(pages))
    store.write_bytes("index/index.parquet", (tmp_path / "index.parquet").read_bytes())
    result = read(f"{bucket}/index/index.parquet", format="cc_index", base=bucket)
    assert [text.split() for text in result.texts] == [prose(number).split() for number in range(2)]
    assert [row["reason"] for row in result.quarantined] == ["missing"]
