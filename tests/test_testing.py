"""`check_step` finds what breaks the contract: a step for every way of doing it wrong."""

from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from algok.step import Bound, Edited, EditStep, Signal, SignalStep, StepOptions
from algok.testing import check_step


class Length(SignalStep[StepOptions]):
    """A sound step."""

    name = "length"
    signals = (Signal("chars", pa.int32(), "count", "code points"),)

    def compute(self, batch):
        return {"chars": pc.utf8_length(batch.column("text")).cast(pa.int32())}


class WrongType(Length):
    def compute(self, batch):
        return {"chars": pc.utf8_length(batch.column("text")).cast(pa.int64())}


class Missing(Length):
    def compute(self, batch):
        return {}


class Remembers(Length):
    def __init__(self, options=None):
        super().__init__(options)
        self._seen = 0

    def compute(self, batch):
        self._seen += batch.num_rows
        return {"chars": pa.array([self._seen] * batch.num_rows, pa.int32())}


class KnowsItsBatch(Length):
    def compute(self, batch):
        return {"chars": pa.array([batch.num_rows] * batch.num_rows, pa.int32())}


class ForgetsOffsets(Length):
    """Reads the whole offsets buffer of a slice: the commonest mistake with Arrow."""

    def compute(self, batch):
        offsets = np.frombuffer(batch.column("text").buffers()[1], np.int64)
        return {"chars": pa.array(np.diff(offsets)[: batch.num_rows].astype(np.int32))}


class BeyondOne(Length):
    signals = (Signal("chars", pa.float32(), "ratio", "not a ratio"),)

    def compute(self, batch):
        return {"chars": pc.utf8_length(batch.column("text")).cast(pa.float32())}


class NotANumber(Length):
    signals = (Signal("chars", pa.float32(), "score", "0 / 0"),)

    def compute(self, batch):
        return {"chars": pa.array(np.full(batch.num_rows, np.nan, np.float32))}


class NeedsUrls(Length):
    def compute(self, batch):
        return {"chars": pa.array([len(url.as_py()) for url in batch.column("url")], pa.int32())}


class ShortText(EditStep[StepOptions]):
    name = "short"
    signals = (Signal("cut", pa.int32(), "count", "code points cut"),)

    def edit(self, batch):
        return Edited(batch.column("text").cast(pa.string()), {"cut": pa.array([0] * batch.num_rows, pa.int32())})


class SameWord(Length):
    class Options(StepOptions):
        chars: int = 3


class NoSuchBound(Length):
    default_bounds: ClassVar = {"words": Bound(min=1)}


class BadName(Length):
    name = "My Step"


def test_a_sound_step_passes():
    check_step(Length)


@pytest.mark.parametrize(
    ("cls", "says"),
    [
        (WrongType, "is int64, declared as int32"),
        (Missing, "gives []"),
        (Remembers, "another result"),
        (KnowsItsBatch, "other cuts into batches"),
        (ForgetsOffsets, "another result"),
        (BeyondOne, "a ratio outside of 0 and 1"),
        (NotANumber, "NaN"),
        (ShortText, "it must stay large_string"),
        (SameWord, "could not tell them apart"),
        (NoSuchBound, "default_bounds names no signal: 'words'"),
        (BadName, "begins with a letter"),
    ],
)
def test_a_broken_step_is_told_what_is_wrong(cls, says):
    with pytest.raises(AssertionError, match=says.replace("[", r"\[").replace("]", r"\]")):
        check_step(cls)


def test_a_step_that_cannot_stand_null_urls_fails():
    with pytest.raises(TypeError):
        check_step(NeedsUrls)
