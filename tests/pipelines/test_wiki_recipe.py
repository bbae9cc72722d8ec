"""The carried recipe `wiki`: dumps of two wikis through all its steps, and what becomes of each page."""

import orjson
from conftest import prose
from reading import write
from test_end_to_end import read
from wikis import HEAD, TAIL, page

from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.storage import Store


def test_articles_are_kept_and_other_pages_accounted_for(tmp_path):
    articles = [page(n, f"마을 {n}", f"== 개요 ==\n{prose(n)}<ref>책</ref>\n[[분류:마을]]") for n in range(4)]
    dump = HEAD + "".join(articles) + page(50, "동네", "#넘겨주기 [[마을]]") + TAIL
    write(tmp_path / "kowiki.xml", dump)
    namu = [{"namespace": "0", "title": f"산 {n}", "text": prose(n + 9), "contributors": []} for n in range(3)]
    write(tmp_path / "namu.json", orjson.dumps([*namu, {"namespace": "0", "title": "뫼", "text": prose(1)}]))
    recipe = load_recipe("wiki", inputs=[{"path": str(tmp_path / name)} for name in ("kowiki.xml", "namu.json")])
    executor = make_executor("local", 0)
    try:
        execute(recipe, str(tmp_path / "run"), executor, SilentProgress())
    finally:
        executor.close()
    kept, dropped = read(tmp_path / "run", "kept"), read(tmp_path / "run", "dropped")
    titles = [orjson.loads(row["meta"])["title"] for row in kept]
    assert sorted(titles) == ["마을 0", "마을 1", "마을 2", "마을 3", "산 0", "산 1", "산 2"]
    assert [orjson.loads(row["meta"])["title"] for row in dropped] == ["뫼"]  # a copy of 마을 1
    assert {row["source.label"] for row in kept} == {"encyclopedia"} and not any("[" in row["text"] for row in kept)
    assert verify(Store(str(tmp_path / "run"))) == []
