"""A step over a batch: what the engine, `explain`, `evaluate`, the Python face and foreign pipelines have in common."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from algok.step import CorpusStep, Edited, EditStep, SignalStep, Step


def compute(step: Step, batch: pa.RecordBatch, first_row: int = 0, resolved: object = None) -> Edited:
    """A step of any kind over one batch; a signal step gives the text back as it was."""
    if isinstance(step, SignalStep):
        return Edited(batch.column("text"), step.compute(batch))
    if isinstance(step, EditStep):
        return step.edit(batch)
    assert isinstance(step, CorpusStep)
    return step.act(batch, first_row, resolved)


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
