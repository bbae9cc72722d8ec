"""One contract for all steps: declared schema, determinism, row order, slices, empty batches, any Unicode."""

import pyarrow as pa
import pytest
from conftest import prose
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from algok.pipelines.apply import with_signals
from algok.pipelines.registry import STEPS, step_class
from algok.step import Step
from algok.testing import apply_step, check_step, documents

# Kiwi takes seconds to load and is not ours to test at length; an index of benchmarks is the user's own, and
# tests/filters/test_decontaminate.py checks the step with one.
NAMES = [name for name in STEPS if name not in ("fineweb2", "decontaminate")]


def apply(step: Step, batch: pa.RecordBatch):
    """A step of any kind over one batch that is the whole corpus."""
    return apply_step(step, [batch])[0]


@pytest.fixture(params=NAMES)
def step(request) -> Step:
    return step_class(request.param)()


@pytest.mark.parametrize("name", NAMES)
def test_our_steps_keep_the_public_contract(name):
    assert step_class(name).name == name
    check_step(step_class(name))


def test_an_untouched_document_comes_back_byte_for_byte(step):
    clean = [prose(number) for number in range(50, 60)]
    assert apply(step, documents(clean)).text.to_pylist() == clean


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=80), max_size=6))
def test_any_unicode_goes_through(step, texts):
    batch = documents(texts)
    edited = apply(step, batch)
    assert with_signals(batch, step.name, step, edited).num_rows == len(texts)
    for text in edited.text.to_pylist():
        text.encode("utf-8")
