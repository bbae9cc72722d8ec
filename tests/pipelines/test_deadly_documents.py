"""Documents that hang pdfium or kill their worker: each is a row of quarantine, and the others of its shard are read."""

import pytest
from conftest import prose
from crashing import DEADLY, GREEDY
from office import hanging_pdf, pdf
from reading import read, write
from test_end_to_end import read as rows_of

from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.executors.ray import RayExecutor
from algok.pipelines.extraction.extractor import extract
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import recipe_from_text
from algok.pipelines.run import execute
from algok.pipelines.storage import Store

RECIPE = """
format: crashing:CrashingFiles
error_budget: 1
limits: {seconds: 1}
steps: {heuristics: {chars: {min: 1}}}
"""


KINDS = {"hanging": hanging_pdf, "crashing": lambda: DEADLY, "greedy": lambda: GREEDY}
CASES = [
    ("local", "hanging"),
    ("ray", "crashing"),
    ("local", "greedy"),
    ("ray", "greedy"),
    ("local", "crashing"),
    ("ray", "hanging"),
]


@pytest.mark.parametrize(("executor", "kind"), CASES)
def test_a_deadly_document_costs_only_itself(tmp_path, request, executor, kind):
    if (executor, kind) in CASES[4:] and request.config.getoption("--fuzz") == 1:
        pytest.skip("three workers die for each case, which takes long: pytest --fuzz 2 tries all")
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(3):
        write(folder / f"{number}.pdf", pdf([prose(number).split("\n")]))
    write(folder / "1b.pdf", KINDS[kind]())
    if executor == "ray":
        request.getfixturevalue("ray_session")
    chosen = RayExecutor() if executor == "ray" else make_executor("local", 1)
    recipe = recipe_from_text(f"inputs: [{{path: {folder}}}]{RECIPE}")
    try:
        execute(recipe, str(tmp_path / "run"), chosen, SilentProgress())
    finally:
        chosen.close()
    assert [row["file"] for row in rows_of(tmp_path / "run", "kept")] == ["0.pdf", "1.pdf", "2.pdf"]
    assert [(row["file"], row["reason"]) for row in rows_of(tmp_path / "run", "quarantine")] == [("1b.pdf", "crashed")]
    assert verify(Store(str(tmp_path / "run"))) == []
    assert not list((tmp_path / "run").rglob("*.tmp"))  # what dead workers were writing


def test_a_pdf_that_hangs_is_no_long_one():
    """The same file with fewer forms in forms is read: what hangs above is pdfium itself."""
    assert extract(hanging_pdf(levels=3), content_type="application/pdf").text == ""


class Counting:
    """A guard that counts how often it was told that a document goes on."""

    def __init__(self):
        self.renewed = 0

    def enter(self, offset):
        return True

    note = enter

    def renew(self):
        self.renewed += 1

    def leave(self, struck=False):
        pass


def test_every_page_of_a_long_document_has_its_own_time(tmp_path):
    numbers = [number * number % 10_007 for number in range(2000)]  # which do not count the pages: that would be a head
    write(tmp_path / "long.pdf", pdf([[f"{number}번째 이야기가 여기에 이어진다."] for number in numbers]))
    guard = Counting()
    result = read(tmp_path, guard=guard)
    assert result.texts[0].count("번째 이야기가") == 2000 and guard.renewed == 2000
