"""The carried recipe `documents`: a folder of HWP, PDF and office files through all eight steps, beside files that are none."""

import pytest
from conftest import outputs, prose
from office import docx, epub, hwp, hwpx, pdf
from reading import write
from test_end_to_end import read

from algok.errors import RecipeError
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.storage import Store

MAKERS = (hwp, hwpx, docx, epub)


@pytest.fixture
def office(tmp_path):
    """Twelve documents of four formats, one of them in two, a locked one, an old one, a drawn PDF, and a table of contents."""
    folder = tmp_path / "office"
    folder.mkdir()
    for number in range(12):
        maker = MAKERS[number % len(MAKERS)]
        write(folder / f"{number}.{maker.__name__}", maker(prose(number).split("\n")))
    write(folder / "copy.hwpx", hwpx(prose(0).split("\n")))
    write(folder / "locked.hwp", hwp(["글"], flags=3))
    write(folder / "old.hwp", b"HWP Document File V3.00 \x1a" + bytes(99))
    shapes = b"".join(b"%d 0 m %d 9 l S\n" % (n, n) for n in range(300))
    write(folder / "drawn.pdf", pdf([["1. ( )"]], extra=shapes))
    write(folder / "MANIFEST.tsv", b"file\tnote\n0.hwp\tx\n")
    return folder


def run(folder, output, workers):
    recipe = load_recipe("documents", inputs=[{"path": str(folder / "**")}])
    executor = make_executor("local", workers)
    try:
        return execute(recipe, str(output), executor, SilentProgress())
    finally:
        executor.close()


def test_documents_are_kept_once_and_the_others_are_accounted_for(office, tmp_path):
    run(office, tmp_path / "run", 0)
    kept, quarantined = read(tmp_path / "run", "kept"), read(tmp_path / "run", "quarantine")
    assert len(kept) == 12 and {row["source"] for row in kept} == {None}
    assert {row["file"]: row["reason"] for row in quarantined} == {
        "locked.hwp": "encrypted", "old.hwp": "hwp3", "drawn.pdf": "needs_ocr",
    }  # fmt: skip
    assert verify(Store(str(tmp_path / "run"))) == []
    run(office, tmp_path / "again", 2)
    assert outputs(tmp_path / "run") == outputs(tmp_path / "again")


def test_a_format_of_the_recipe_is_that_of_inputs_that_name_none():
    inputs = [{"path": "a"}, {"path": "b", "format": "jsonl"}]
    assert [spec.format for spec in load_recipe("documents", inputs=inputs).inputs] == ["document", "jsonl"]
    assert [spec.format for spec in load_recipe("web", inputs=inputs).inputs] == ["auto", "jsonl"]
    with pytest.raises(RecipeError, match="document"):
        load_recipe("documents", ["format=documnt"], inputs=inputs)
