"""A step that fails on a document costs that document: it is quarantined with the cause, and the account adds up."""

from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import prose, write_jsonl

from algok.errors import BudgetError
from algok.pipelines.account import verify
from algok.pipelines.executors import make_executor
from algok.pipelines.progress import SilentProgress
from algok.pipelines.recipe import load_recipe
from algok.pipelines.run import execute
from algok.pipelines.storage import Store
from algok.step import CorpusStep, Edited, EditStep, Round, Signal, SignalStep, StepOptions

BAD = "나쁜 글"
SHORT = (5, 16, 61)
_CHARS = (Signal("chars", pa.int32(), "count", "code points"),)


def _refuse_bad(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    texts = batch.column("text")
    if pc.any(pc.match_substring(texts, BAD)).as_py():
        raise ValueError(f"cannot compute {BAD}")
    return {"chars": pc.utf8_length(texts).cast(pa.int32())}


class Measure(SignalStep[StepOptions]):
    name = "measure"
    signals = _CHARS

    def compute(self, batch):
        return _refuse_bad(batch)


class Shout(EditStep[StepOptions]):
    name = "shout"
    signals = _CHARS

    def edit(self, batch):
        return Edited(pc.replace_substring_regex(batch.column("text"), r"\z", "!"), _refuse_bad(batch))


class _Numbers:
    """The texts of a shard."""

    def __init__(self, refuses: bool):
        self._refuses = refuses
        self._texts: list[str] = []

    def add(self, batch):
        if self._refuses:
            _refuse_bad(batch)
        self._texts += batch.column("text").to_pylist()

    def finish(self):
        return pa.table({"text": self._texts})


class _Compared(CorpusStep[StepOptions]):
    """A corpus step that proves that every document meets its own row of the sketch."""

    signals = _CHARS
    sketch_refuses: ClassVar[bool] = False

    def sketcher(self):
        return _Numbers(self.sketch_refuses)

    def rounds(self):
        return [Round("once", lambda corpus: 1, lambda corpus, part, parts: pa.table({"x": [1]}))]

    def load(self, corpus, shard):
        return corpus.sketch(shard)["text"].to_pylist()

    def act(self, batch, first_row, resolved):
        texts = batch.column("text")
        signals = _refuse_bad(batch)
        assert texts.to_pylist() == resolved[first_row : first_row + batch.num_rows]
        return Edited(texts, signals)


class FailsInSketch(_Compared):
    name = "fails_in_sketch"
    sketch_refuses = True


class FailsInAct(_Compared):
    name = "fails_in_act"


def text_of(number: int, bad: list[int]) -> str:
    """Good prose, some of it with what the steps here fail on, and short texts that heuristics drop."""
    return "짧은 글" if number in SHORT else prose(number) + (BAD if number in bad else "")


def run(tmp_path, step: type, bad: list[int], mode: str, error_budget: float = 1, rows: int = 60):
    """A run of one failing step, between two of ours, over two shards."""
    for part in range(2):
        texts = [text_of(number, bad) for number in range(part * rows, part * rows + rows)]
        write_jsonl(tmp_path / "in" / f"{part}.jsonl", [{"text": text} for text in texts])
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        f"name: r\ninputs: [{{path: {tmp_path / 'in'}}}]\nerror_budget: {error_budget}\n"
        f"steps:\n  heuristics: {{}}\n  '{step.__module__}:{step.__name__}': {{}}\n  language: {{}}\n"
    )
    loaded = load_recipe(str(recipe), [], mode="annotate" if mode == "annotate" else None)
    execute(loaded, str(tmp_path / "out"), make_executor("local", 0), SilentProgress())
    return tmp_path / "out"


def rows_of(out, folder: str) -> list[dict]:
    return [row for path in sorted((out / folder).glob("*.parquet")) for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize("mode", ["run", "annotate"])
@pytest.mark.parametrize("step", [Measure, Shout, FailsInSketch, FailsInAct])
def test_only_the_documents_on_which_a_step_fails_are_lost(tmp_path, step, mode):
    bad = [0, 17, 18, 59, 60, 119]
    out = run(tmp_path, step, bad, mode)
    quarantined = rows_of(out, "quarantine")
    assert len(quarantined) == len(bad) and {row["reason"] for row in quarantined} == {"error"}
    assert all(f"step {step.name}: ValueError at" in row["message"] for row in quarantined)
    assert quarantined[0]["file"] == "0.jsonl" and quarantined[0]["offset"] == 0
    kept = rows_of(out, "kept")
    tail = "!" if step is Shout else ""
    assert [row["text"] for row in kept] == [
        text_of(n, bad) + tail for n in range(120) if n not in bad and (mode == "annotate" or n not in SHORT)
    ]
    assert verify(Store(str(out))) == []


def test_a_step_that_fails_on_too_many_documents_ends_the_run_with_its_cause(tmp_path):
    with pytest.raises(BudgetError, match=r"117 of 120 .* step measure: ValueError at"):
        run(tmp_path, Measure, list(range(120)), "run", error_budget=0.05)
