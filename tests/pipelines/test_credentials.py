"""Credentials in URLs: refused with a pointer to their place, never stored and never shown."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algok.errors import AlgokError, InputError, OutputError, RecipeError
from algok.pipelines.credentials import problem_of, without_credentials
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe, recipe_from_text
from algok.pipelines.run import execute
from algok.pipelines.run_directory import Run

SECRET = "hunter2hunter2"
HOLDING = [
    f"http://user:{SECRET}@example.com/a.jsonl",
    f"HTTPS://user:{SECRET}@example.com:8443/a.jsonl",
    f"https://{SECRET}@example.com/a.jsonl",
    f"s3://AKIAEXAMPLE:{SECRET}@bucket/a",
    f"s3://AKIAEXAMPLE:ab/{SECRET}@bucket/a",
    f"ftp://user:{SECRET}@example.com/a",
    f"sftp://:{SECRET}@example.com/a",
    f"simplecache::s3://AKIAEXAMPLE:{SECRET}@bucket/a",
    f"zip://a.jsonl::https://user:{SECRET}@example.com/a.zip",
    f"https://example.com/a?X-Amz-Signature={SECRET}&x=1",
    f"https://example.com/a?x=1&access_token={SECRET}",
    f"https://example.com/a?serviceKey={SECRET}",
    f"abfs://c@account.dfs.core.windows.net/a?sig={SECRET}",
]
FREE = [
    "http://example.com:8080/a@2x/b.jsonl",
    "http://[::1]:8080/a",
    "s3://bucket/key:with@signs",
    "sftp://user@example.com/a",
    "hdfs://user@example.com:9000/a",
    "abfs://container@account.dfs.core.windows.net/a",
    "hf://datasets/owner/name@main/a.parquet",
    "github://owner:repository@main/a.jsonl",
    "https://example.com/a?page=1&lang=ko",
    "/data/a:b@c.jsonl",
    "mail user:pw@example.com",
]


@pytest.mark.parametrize("url", HOLDING)
def test_a_url_with_credentials_is_refused_and_hidden(url):
    problem = problem_of(url)
    assert problem and "environment" in problem and "***" in problem
    assert SECRET not in problem and SECRET not in without_credentials(f"why: {url}: no")


@pytest.mark.parametrize("url", FREE)
def test_a_url_without_credentials_is_left_alone(url):
    assert problem_of(url) is None and without_credentials(url) == url


@given(st.text())
def test_hiding_is_idempotent(text):
    assert without_credentials(without_credentials(text)) == without_credentials(text)


@pytest.mark.parametrize("url", HOLDING)
def test_no_recipe_with_credentials_is_loaded(url):
    steps = "steps: {heuristics: {}}"
    for load in (
        lambda: load_recipe("web", inputs=[{"path": url}]),
        lambda: load_recipe("web", against=[{"path": [url]}]),
        lambda: load_recipe("web", output=url),
        lambda: load_recipe("web", [f"inputs.path={url}"]),
        lambda: load_recipe("web", [f"description=from {url}"]),
        lambda: recipe_from_text(f"inputs: [{{path: '{url}'}}]\n{steps}"),
        lambda: recipe_from_text(f"nonsense: '{url}'\n{steps}"),
    ):
        with pytest.raises(RecipeError) as caught:
            load()
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", HOLDING)
def test_no_run_is_written_to_or_read_from_such_a_url(url, tmp_path):
    recipe = load_recipe("web", inputs=[{"path": str(tmp_path)}])
    with pytest.raises(OutputError) as caught:
        execute(recipe, url, make_executor("local", 0), SilentProgress())
    assert SECRET not in str(caught.value)
    with pytest.raises(InputError) as caught:
        Run.open(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense://a/b", "s3:///", "http://", "s3://", "file://:x@/"])
def test_an_address_that_no_storage_takes_is_a_typed_error(url, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n')
    recipe = load_recipe("web", inputs=[{"path": str(tmp_path / "in.jsonl")}])
    with pytest.raises(AlgokError):
        execute(recipe, url, make_executor("local", 0), SilentProgress())


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "web", "--input", "URL", "-o", "OUT"],
        ["run", "web", "--input", "IN", "-o", "URL"],
        ["clean", "URL", "OUT"],
        ["clean", "IN", "URL"],
        ["explain", "URL"],
        ["pii", "URL"],
        ["verify", "URL"],
        ["stats", "URL"],
        ["recipe", "check", "URL"],
        ["verify", "OUT", "URL"],
    ],
    ids=" ".join,
)
def test_no_command_echoes_or_stores_credentials(arguments, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"text": "x"}\n')
    places = {"URL": f"s3://AKIAEXAMPLE:{SECRET}@bucket/a", "OUT": "run", "IN": "in.jsonl"}
    shown = subprocess.run(
        [sys.executable, "-m", "algok", *(places.get(word, word) for word in arguments)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    said = shown.stdout + shown.stderr
    assert shown.returncode in (2, 3, 4) and SECRET not in said and "Traceback" not in said
    assert not any(SECRET.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
