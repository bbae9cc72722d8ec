"""The contract of a step: what it needs, what it gives, and how the engine calls it.

A *signal* is a typed column computed from a document; a *bound* is a recipe's limit on a signal. Steps compute signals
and edit text; they never decide. The engine compares signals with bounds, so that decisions can be taken again from
stored signals. All steps are deterministic functions of their batch (and, for corpus steps, of the resolved corpus).

Three kinds of step:

* `SignalStep`: adds signals.
* `EditStep`: rewrites `text` and counts its edits as signals.
* `CorpusStep`: first sketches every shard, then resolves the whole corpus in rounds of independent tasks, then acts on
  every shard with what was resolved. It may add signals, edit text, or both.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Literal, Protocol, TypeVar, cast

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, model_validator

Side = Literal["min", "max"]
SIDES: tuple[Side, Side] = ("min", "max")

# How a signal is counted in statistics: which fixed bins its histogram has (see pipelines/stats.py).
# A label is a string out of few, counted by value; an opaque value (an id, a list of spans) is neither counted nor bounded.
Unit = Literal["ratio", "count", "score", "flag", "label", "opaque"]


@dataclass(frozen=True)
class Signal:
    """A typed column `<step>.<name>` with its formula in `doc` (shown by `algok recipe schema` and the docs)."""

    name: str
    type: pa.DataType
    unit: Unit
    doc: str


class Bound(BaseModel):
    """Inclusive limits on a signal. A null signal breaks no bound; NaN breaks every bound."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _not_empty(self) -> "Bound":
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is greater than max {self.max:g}")
        return self

    def limits(self) -> list[tuple[Side, float]]:
        """Its sides that have a limit, `min` first."""
        return [(side, limit) for side in SIDES if (limit := getattr(self, side)) is not None]

    def broken_by(self, value: object) -> Side | None:
        """The first side that a value breaks; None for one inside, for null, and for what is no number.

        >>> Bound(min=0.3).broken_by(0.1)
        'min'
        """
        if not isinstance(value, int | float):
            return None
        for side, limit in self.limits():
            if not (value >= limit if side == "min" else value <= limit):  # not the opposite: NaN breaks every bound
                return side
        return None

    def __str__(self) -> str:
        """As people read it: `min 0.3, max 1`, or `none` without limits."""
        return ", ".join(limit_text(side, limit) for side, limit in self.limits()) or "none"


def limit_text(side: str, limit: float) -> str:
    """One side of a bound, as verdicts and tables show it: `min 0.3`."""
    return f"{side} {limit:g}"


@dataclass(frozen=True)
class Resources:
    """What one task of a step takes: processor cores and graphics cards. The executors reserve them, and a phase ends
    where they change."""

    cpus: float = 1
    gpus: float = 0


ONE_CORE = Resources()


# What a step's option `model` may be.
MODEL = "A shipped model (name or name@version), the path of a model folder, or of a model file of another library."


class StepOptions(BaseModel):
    """A step's own options in a recipe (bounds on its signals are added by the recipe schema); unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    # Options of later versions: where a recipe says nothing of them the result is as before, and so is its digest.
    added: ClassVar[frozenset[str]] = frozenset()

    def takes(self) -> Resources | None:
        """What a task of the step takes with these options; None: the step's own `resources`."""
        return None


OptionsT = TypeVar("OptionsT", bound=StepOptions)


class Step(ABC, Generic[OptionsT]):
    """One step of the filter. Subclasses set the class attributes and take their validated options.

    The engine knows no step by name: what it must know of one is an attribute here.
    """

    name: ClassVar[str]
    signals: ClassVar[tuple[Signal, ...]]
    Options: ClassVar[type[StepOptions]] = StepOptions
    # Bounds that hold where a recipe says nothing, by signal name; each with its origin in the step's docs page.
    default_bounds: ClassVar[dict[str, Bound]] = {}
    # Columns that must exist before this step: document columns, or signals of earlier steps as "step.signal".
    requires: ClassVar[frozenset[str]] = frozenset({"text"})
    # Options that name a model, and of which kind; the engine checks them before any data is read.
    models: ClassVar[dict[str, str]] = {}
    # The step masks personal data in what is kept; the engine then masks rejects, samples, URL and meta as thoroughly.
    masks_personal_data: ClassVar[bool] = False
    # The step rewrites `text`, so what comes after it sees another text than a recipe without it.
    edits_text: ClassVar[bool] = False
    # A corpus step that compares with earlier corpora (a recipe's `against`): their documents win over copies.
    compares_with_earlier: ClassVar[bool] = False
    # The signal with the number of tokens of a document, of a step that counts them.
    counts_tokens: ClassVar[str] = ""
    # What a task of this step takes of its machine.
    resources: ClassVar[Resources] = ONE_CORE
    # Raised whenever the step's result changes for the same input; stands in run.json.
    version: ClassVar[int] = 1

    def __init__(self, options: OptionsT | None = None):
        self.options: OptionsT = options if options is not None else cast(OptionsT, self.Options())


class SignalStep(Step[OptionsT]):
    """A step that adds signals and leaves the text alone."""

    @abstractmethod
    def compute(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        """Every signal in `self.signals` by its name, one value per row of the batch."""


@dataclass
class Edited:
    """What an edit gives back: the new texts (large_string, one per row), every signal by name, and for the statistics a
    few removed or changed excerpts as (kind, text); the engine masks and caps them."""

    text: pa.Array
    signals: dict[str, pa.Array]
    samples: list[tuple[str, str]] = field(default_factory=list)


class EditStep(Step[OptionsT]):
    """A step that rewrites text. Untouched documents come back byte for byte."""

    edits_text: ClassVar[bool] = True

    @abstractmethod
    def edit(self, batch: pa.RecordBatch) -> Edited:
        """The edited texts and the signals of one batch."""


# What a sketcher or a round gives: one table, or several by name. A table given by name whose first column is `key` (uint64,
# ascending) is read by ranges of keys, so that a task fetches its part only.
Output = pa.Table | dict[str, pa.Table]


class Corpus(Protocol):
    """What a corpus step sees of the run's files while it resolves. Shards are numbered in input order; a document is
    (shard, row), as one uint64 `shard << 32 | row`."""

    rows: np.ndarray  # int64, documents sketched per shard
    reference: np.ndarray  # bool per shard, those of earlier runs too: is compared with but never changed

    @property
    def earlier(self) -> "Sequence[Earlier]":
        """Earlier runs that this corpus is compared with, by what they remember."""
        ...

    @property
    def remembered(self) -> bool:
        """Whether later runs are to be compared with this corpus: the step then gives all tables that it `remembers`."""
        ...

    def sketch(self, shard: int, name: str = "sketch") -> pa.Table:
        """A shard's sketch, or one table of it by name that has no keys; memory-mapped where the storage is local."""
        ...

    def round(self, name: str) -> list[pa.Table]:
        """The outputs of an earlier round, in partition order: all of them, so for what is small."""
        ...

    def part(self, name: str, partition: int) -> pa.Table:
        """The output of one partition of an earlier round, or one table of it by name that has no keys."""
        ...

    def between(self, name: str, low: int, high: int) -> list[pa.Table]:
        """The rows with low ≤ key < high (high may be 2⁶⁴) of all shards' sketches or all partitions' outputs of that name, a
        table for each in their order. Those of sketches have a last column `shard` (uint32)."""
        ...

    def count(self, name: str) -> int:
        """Rows of all tables of that name; 0 where a round had no partitions."""
        ...


@dataclass(frozen=True)
class Earlier:
    """A finished run that a corpus is compared with: its corpus, which has the tables that the step remembers. Its shards are
    known as those from `first` on."""

    first: int
    corpus: Corpus


@dataclass(frozen=True)
class Round:
    """One round of resolving: `partitions(corpus)` independent tasks, each giving one output; none where it is left out.

    The number of partitions depends on the corpus only, never on workers, and the united result never on it. What a round
    `reads` by ranges is merged first where there are very many files of it, so that a task need not open them all.
    """

    name: str
    partitions: Callable[[Corpus], int]
    run: Callable[[Corpus, int, int], Output]  # corpus, partition, number of partitions
    reads: tuple[str, ...] = ()


class Sketcher(Protocol):
    """Collects one shard's sketch batch by batch."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes the whole batch in, or raises and stays as it was: the engine then looks for the document that failed."""
        ...

    def finish(self) -> Output: ...


class CorpusStep(Step[OptionsT]):
    """A step that must see the whole corpus before it acts on any of it."""

    # The one output of the rounds that `load` reads, by ranges, where it reads nothing else. The engine then resolves small
    # corpora in one task, and merges it in large ones, so that a shard need not open the files of all tasks.
    loads: ClassVar[str] = ""
    # Tables of sketches and rounds that a later run reads which is compared with this one (`algok run --against`).
    remembers: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def sketcher(self) -> Sketcher:
        """A fresh sketcher for one shard."""

    @abstractmethod
    def rounds(self) -> list[Round]:
        """The rounds in order; each sees the sketches and the outputs of the earlier rounds."""

    @abstractmethod
    def load(self, corpus: Corpus, shard: int) -> object:
        """What `act` needs for one shard, read from the rounds' outputs; memory bounded per shard."""

    @abstractmethod
    def act(self, batch: pa.RecordBatch, first_row: int, resolved: object) -> Edited:
        """Signals (and edited texts) of one batch whose first document was row `first_row` of the sketched shard."""
