"""The carried recipes for corpora: a folder as it was downloaded through all steps, every member accounted for."""

import json

import pyarrow as pa
import pytest
from conftest import outputs, prose
from office import zipped
from reading import write
from test_end_to_end import read

from algok.api import annotate
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.storage import Store


@pytest.fixture
def download(tmp_path):
    """An archive in two pieces and one in an archive: six articles, one of them twice, a dialogue, a label side, a manual."""
    folder = tmp_path / "download" / "01.데이터" / "1.Training"
    folder.mkdir(parents=True)
    articles = [{"paragraph": [{"form": line} for line in prose(number).split("\n")]} for number in range(6)]
    data = zipped({"NWRW1.json": json.dumps({"id": "NWRW1", "document": articles}), "manual.pdf": b"%PDF"})
    write(folder / "TS1.zip.part0", data[:500])
    write(folder / "TS1.zip.part500", data[500:])
    label = {"named_entity": [{"content": [{"sentence": prose(1)}]}]}
    inner = zipped({"again.json": json.dumps({"document": articles[:1]}), "label.json": json.dumps(label)})
    write(folder / "TL1.zip", zipped({"inner.zip": inner, "unknown.json": json.dumps({"모름": prose(2)})}))
    return tmp_path / "download"


def run(recipe, folder, output, workers):
    executor = make_executor("local", workers)
    try:
        return execute(load_recipe(recipe, inputs=[{"path": str(folder)}]), str(output), executor, SilentProgress())
    finally:
        executor.close()


def test_a_download_is_kept_once_and_accounted_for(download, tmp_path):
    run("aihub", download, tmp_path / "run", 0)
    kept, quarantined = read(tmp_path / "run", "kept"), read(tmp_path / "run", "quarantine")
    assert len(kept) == 6 and {row["source"] for row in kept} <= {"news", "web"}
    assert [row["reason"] for row in quarantined] == ["no_shape"]
    assert verify(Store(str(tmp_path / "run"))) == []
    run("aihub", download, tmp_path / "again", 2)
    assert outputs(tmp_path / "run") == outputs(tmp_path / "again")


@pytest.mark.parametrize("name", ["aihub", "nikl", "community", "dialogue"])
def test_carried_recipes_are_sound(name):
    recipe = load_recipe(name, inputs=[{"path": "x"}])
    assert recipe.inputs[0].format == ("records" if name in ("aihub", "nikl") else "auto")


PROVISION = "제1조(목적) 이 법은 나무를 심는 일을 정한다. <개정 2008.1.15, 2020.2.4>"


@pytest.mark.parametrize(
    ("recipe", "line", "left"),
    [
        ("law", PROVISION, PROVISION.partition(" <")[0]),
        ("news", "▲ 나무를 심는 사람들 (사진=가나시 제공)", ""),
        ("documents", "보도시점 2024. 6. 21.(금) 11:00", ""),
        ("community", "추천 3 | 조회 120 | 댓글 5", ""),
        ("dialogue", "n/ 나는 (3)/(세) 시에 갔어", "나는 3 시에 갔어"),
    ],
)
def test_recipes_of_one_source_trim_what_surrounds_its_texts(recipe, line, left):
    table = annotate([f"{prose(1)}\n{line}"], recipe)
    assert table["text"][0].as_py() == f"{prose(1)}\n{left}".rstrip()


def test_the_web_recipe_trims_by_the_label_of_a_page():
    urls = ["https://www.law.go.kr/lsInfo", "https://example.com/a"]
    found = annotate(
        pa.table({"text": [f"{prose(1)}\n{PROVISION}", f"{prose(2)}\n나무를 심었다. <개정 2008.1.15>"], "url": urls})
    )
    law, other = found["text"].to_pylist()
    assert "<개정" not in law and "<개정" in other
