"""algok models: what it lists is what is there, and damage has its exit code."""

import json
import shutil

import pytest
from click.testing import CliRunner
from commands import algok

from algok.classifiers.store import DataSet, open_model, shipped, write_model
from algok.cli import cli


@pytest.fixture
def own(tmp_path):
    write_model(
        tmp_path / "own",
        {"table.npy": bytes(1000), "more.bin": b"x" * 24},
        kind="style",
        name="own_style",
        version=3,
        description="나의 모델 \x1b[31m",
        parameters={"labels": ["a", "b"]},
        data=[DataSet(name="내 글", license="CC BY 4.0", documents=5, megabytes=0.1)],
        metrics={"accuracy": 0.5},
    )
    return tmp_path / "own"


def test_list_has_every_shipped_model_and_those_given(own):
    rows = json.loads(algok("models", "list", str(own), "--json"))
    assert [row["folder"] for row in rows] == [*map(str, shipped()), str(own)]
    assert rows[-1] == rows[-1] | {"model": "own_style@3", "kind": "style", "bytes": 1024, "licenses": ["CC BY 4.0"]}
    assert rows[-1]["digest"] == open_model(str(own), "style").manifest.digest
    shown = algok("models", "list", str(own))
    assert all(row["model"] in shown and row["digest"][:16] in shown for row in rows)


def test_show_prints_the_card(own):
    shown = algok("models", "show", str(own))
    assert (
        all(part in shown for part in ("own_style 3", "CC BY 4.0", "accuracy: 0.5", "나의 모델"))
        and "\x1b" not in shown
    )
    assert json.loads(algok("models", "show", str(own), "--json"))["metrics"] == {"accuracy": 0.5}
    assert "no such folder" in algok("models", "show", str(own / "x"), code=8)
    assert "unknown model" in algok("models", "show", "soup", code=8)


def test_verify_finds_damage_and_says_where(own, tmp_path):
    assert "whole" in algok("models", "verify", str(own))
    broken = tmp_path / "broken"
    shutil.copytree(own, broken)
    (broken / "more.bin").write_bytes(b"x" * 23 + b"y")
    shown = algok("models", "verify", str(own), str(broken), str(tmp_path / "nothing"), code=8)
    assert "2 of 3 model(s)" in shown and "more.bin: is damaged" in shown and "no such folder" in shown
    result = CliRunner().invoke(cli, ["models", "verify", str(own), str(broken), "--json"])
    assert [row["ok"] for row in json.loads(result.stdout)] == [True, False] and result.exception.exit_code == 8


def test_verify_takes_all_shipped_models():
    results = json.loads(algok("models", "verify", "--json"))
    assert len(results) == len(shipped()) and all(row["ok"] for row in results)
