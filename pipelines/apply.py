"""A step over a batch: what the engine, `explain`, `evaluate`, the Python face and foreign pipelines have in common."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.errors import AlgokError
from algok.step import CorpusStep, Edited, EditStep, SignalStep, Step

Result = TypeVar("Result")


def compute(step: Step, batch: pa.RecordBatch, first_row: int = 0, resolved: object = None) -> Edited:
    """A step of any kind over one batch; a signal step gives the text back as it was."""
    if isinstance(step, SignalStep):
        return Edited(batch.column("text"), step.compute(batch))
    if isinstance(step, EditStep):
        return step.edit(batch)
    assert isinstance(step, CorpusStep)
    return step.act(batch, first_row, resolved)


def halved(rows: int, part: Callable[[int, int], Result]) -> tuple[list[Result], dict[int, Exception]]:
    """`part(start, end)` over all rows; where it raises, over halves, until the rows are found on which it does.

    Gives the parts that came out well, in order, and by row the error of each that failed alone. What is no document's
    fault (no memory, a failing disk, a model) is raised.
    """
    parts: list[Result] = []
    failed: dict[int, Exception] = {}
    ranges = [(0, rows)]
    while ranges:
        start, end = ranges.pop()
        try:
            parts.append(part(start, end))
        except (AlgokError, OSError, MemoryError):
            raise
        except Exception as error:
            if end - start <= 1:
                failed[start] = error
            else:
                middle = (start + end) // 2
                ranges += [(middle, end), (start, middle)]
    return parts, failed


def united(parts: Sequence[Edited], step: Step) -> Edited:
    """What a step gave for the parts of a batch, as of one batch."""
    texts = [pa.array([], pa.large_string()), *(part.text for part in parts)]
    signals = {
        signal.name: pa.concat_arrays([pa.array([], signal.type), *(part.signals[signal.name] for part in parts)])
        for signal in step.signals
    }
    return Edited(pa.concat_arrays(texts), signals, [sample for part in parts for sample in part.samples])


def spread(edited: Edited, texts: pa.Array, chosen: np.ndarray, step: Step) -> Edited:
    """What a step gave for the chosen rows, as of all rows: the others keep their text and have null signals."""
    where = pa.array(np.where(chosen, np.cumsum(chosen) - 1, 0), mask=~chosen)
    text = pc.if_else(pa.array(chosen), edited.text.take(where), texts)
    signals = {signal.name: edited.signals[signal.name].take(where) for signal in step.signals}
    return Edited(text, signals, edited.samples)


def with_signals(batch: pa.RecordBatch, name: str, step: Step, edited: Edited) -> pa.RecordBatch:
    """The batch with its text edited and the step's signals as columns `name.signal`."""
    columns = {field: batch.column(field) for field in batch.schema.names}
    columns["text"] = edited.text
    columns |= {f"{name}.{signal.name}": edited.signals[signal.name] for signal in step.signals}
    return pa.RecordBatch.from_pydict(columns)
