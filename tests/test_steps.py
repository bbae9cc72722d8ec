"""One contract for all steps: declared schema, determinism, row order, slices, empty batches, any Unicode."""

import numpy as np
import pyarrow as pa
import pytest
from conftest import prose
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algok.pipelines.apply import compute, with_signals
from algok.pipelines.documents import DOCUMENT_SCHEMA
from algok.pipelines.registry import STEPS, step_class
from algok.step import CorpusStep, EditStep, SignalStep, Step

# Kiwi takes seconds to load and is not ours to test at length.
NAMES = [name for name in STEPS if name != "fineweb2"]
SAMPLES = [
    prose(1),
    "",
    " \n\t ",
    "ㅋㅋㅋ ㅠㅠ 진짜?",
    "안\u200b녕\u200b하세요 &#50504;&#45397; ¾È³çÇÏ¼¼¿ä",
    "a" * 5000,
    "中文文本测试内容",
    "\n".join(["같은 줄이 되풀이됩니다."] * 40),
    "👩‍👩‍👧 \U0001f600 \x00 \ufffd",
    prose(2),
]


class MemoryCorpus:
    """Sketches and rounds held in memory: what a corpus step sees, without a run directory."""

    def __init__(self, sketches: list[pa.Table], rows: list[int]):
        self.rows, self.reference = np.array(rows, np.int64), np.zeros(len(rows), bool)
        self._sketches, self._rounds = sketches, {}

    def sketch(self, shard: int) -> pa.Table:
        return self._sketches[shard]

    def round(self, name: str) -> list[pa.Table]:
        return self._rounds[name]

    def resolve(self, step: CorpusStep) -> None:
        for round_ in step.rounds():
            parts = round_.partitions(self)
            self._rounds[round_.name] = [round_.run(self, part, parts) for part in range(parts)]


def batch_of(texts: list[str]) -> pa.RecordBatch:
    rows = [
        {
            "id": f"{i:032x}",
            "text": text,
            "url": f"https://h{i % 3}.example.com/{i}",
            "source": "web",
            "file": "f",
            "offset": i,
        }
        for i, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, DOCUMENT_SCHEMA)


def apply(step: Step, batch: pa.RecordBatch):
    """A step of any kind over one batch that is the whole corpus."""
    if not isinstance(step, CorpusStep):
        return compute(step, batch)
    sketcher = step.sketcher()
    sketcher.add(batch)
    corpus = MemoryCorpus([sketcher.finish()], [batch.num_rows])
    corpus.resolve(step)
    return compute(step, batch, 0, step.load(corpus, 0))


@pytest.fixture(params=NAMES)
def step(request) -> Step:
    return step_class(request.param)()


def test_declarations(step):
    names = [signal.name for signal in step.signals]
    assert isinstance(step, SignalStep | EditStep | CorpusStep)
    assert step.name in STEPS and len(set(names)) == len(names)
    assert not set(names) & set(step.Options.model_fields), "an option and a signal share a name in recipes"
    assert set(step.default_bounds) <= set(names)
    assert all(signal.doc for signal in step.signals)


def test_gives_what_it_declares(step):
    batch = batch_of(SAMPLES)
    edited = apply(step, batch)
    assert set(edited.signals) == {signal.name for signal in step.signals}
    for signal in step.signals:
        assert edited.signals[signal.name].type == signal.type
        assert len(edited.signals[signal.name]) == batch.num_rows
        if pa.types.is_floating(signal.type):
            assert not np.isnan(edited.signals[signal.name].drop_null().to_numpy(zero_copy_only=False)).any()
        if signal.unit == "ratio":
            values = edited.signals[signal.name].drop_null().to_numpy(zero_copy_only=False)
            assert ((values >= 0) & (values <= 1)).all(), signal.name
    assert edited.text.type == pa.large_string() and edited.text.null_count == 0
    if isinstance(step, SignalStep):
        assert edited.text.equals(batch.column("text"))


def test_same_input_same_output_and_slices_agree(step):
    batch = batch_of(SAMPLES)
    first, again = apply(step, batch), apply(type(step)(), batch)
    assert first.text.equals(again.text)
    padded = batch_of(["앞에 붙은 문서", *SAMPLES, "뒤에 붙은 문서"])
    sliced = with_ids_of(batch, padded.slice(1, len(SAMPLES)))
    part = apply(step, sliced)
    assert part.text.to_pylist() == first.text.to_pylist()
    for signal in step.signals:
        assert first.signals[signal.name].equals(again.signals[signal.name])
        assert part.signals[signal.name].to_pylist() == first.signals[signal.name].to_pylist()


def with_ids_of(batch: pa.RecordBatch, sliced: pa.RecordBatch) -> pa.RecordBatch:
    """The slice with the batch's other columns, its text still a slice."""
    columns = {name: batch.column(name) for name in batch.schema.names}
    return pa.RecordBatch.from_pydict({**columns, "text": sliced.column("text")})


def test_empty_batches(step):
    edited = apply(step, batch_of([]))
    assert len(edited.text) == 0 and all(len(column) == 0 for column in edited.signals.values())


def test_an_untouched_document_comes_back_byte_for_byte(step):
    clean = [prose(number) for number in range(50, 60)]
    assert apply(step, batch_of(clean)).text.to_pylist() == clean


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=80), max_size=6))
def test_any_unicode_goes_through(step, texts):
    batch = batch_of(texts)
    edited = apply(step, batch)
    assert with_signals(batch, step.name, step, edited).num_rows == len(texts)
    for text in edited.text.to_pylist():
        text.encode("utf-8")
