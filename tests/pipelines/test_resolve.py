"""A corpus step resolved in rounds, with merged exchanges, gives the bytes that resolving it in one task gives."""

from pathlib import Path

import pytest
from conftest import prose, write_jsonl

from algok.filters import line_dedup, spans
from algok.filters.duplicates import clusters, decisions, pairs
from algok.pipelines import exchange, resolve
from algok.pipelines import run as driver
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import validate
from algok.pipelines.recipe_source import RecipeText

STEPS = {"dedup": {}, "spans": {"host_documents": 5}, "lines": {}}
NOTICE = "이 누리집에 실린 글의 저작권은 글쓴이에게 있으며 허락 없이 옮겨 실을 수 없습니다."


def run(source: Path, output: Path) -> dict[str, bytes]:
    """The files of a run that depend on the input alone."""
    recipe = validate(
        RecipeText(
            {"inputs": [{"path": str(source / "in")}], "against": [{"path": str(source / "old")}], "steps": STEPS}
        )
    )
    driver.execute(recipe, str(output), make_executor("local", 0), SilentProgress())
    return {
        str(path.relative_to(output)): path.read_bytes()
        for folder in ("kept", "dropped", "stats")
        for path in sorted((output / folder).rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Nine small shards and an earlier corpus, with near and exact copies across all of them and a menu on every page."""
    folder = tmp_path_factory.mktemp("source")
    for part in range(9):
        texts = [prose(part * 10 + i) for i in range(8)]
        texts += [prose(i * 11) + " 덧붙임" for i in range(part % 4 + 1)] + [prose(0)] * (part % 3)
        rows = [
            {"text": f"홈\n로그인\n{t} {NOTICE}\n이용약관", "url": f"https://a.kr/{part}/{i}"}
            for i, t in enumerate(texts)
        ]
        write_jsonl(folder / ("old" if part == 4 else "in") / f"{part}.jsonl", rows)
    return folder


@pytest.mark.parametrize(("size", "files"), [(25, 2), (40, 512), (10_000, 3)])
def test_rounds_and_merged_files_give_the_same_bytes(source, tmp_path, monkeypatch, size, files):
    expected = run(source, tmp_path / "small")
    assert any(name.startswith("dropped") for name in expected)
    monkeypatch.setattr(resolve, "SMALL_CORPUS", 0)
    monkeypatch.setattr(resolve, "MOST_FILES", files)
    monkeypatch.setattr(resolve, "MOST_FILES_OF_SHARD", files)
    monkeypatch.setattr(exchange, "MERGED_BYTES", 3000)
    for module, names in (
        (pairs, ("KEYS", "DOCUMENTS", "COMPARED")),
        (decisions, ("DOCUMENTS", "DECIDED")),
        (clusters, ("EDGES",)),
        (line_dedup, ("_PARTITION_ROWS",)),
        (spans, ("KEYS",)),
    ):
        for name in names:
            monkeypatch.setattr(module, name, size)
    found = run(source, tmp_path / "large")
    tasks = sorted(path.name for path in (tmp_path / "large" / "done").rglob("c0-*.json"))
    assert any(".merged-" in name for name in tasks) == (files < 9)
    assert {name: data == found.get(name) for name, data in expected.items()} == dict.fromkeys(expected, True)
