"""Small populations in memory, and the copies that a plan gives to each of their documents."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from algok.kernels.exposure import scatter
from algok.mixing.circle import copies
from algok.mixing.measure import signal_keys
from algok.mixing.planner import Plan
from algok.mixing.population import Cell, Documents, Population, classes
from algok.mixing.recipe import CLUSTER

LABELS = ("a", "b", "c")


@dataclass(frozen=True)
class Row:
    """A document: what its place is made of, its label, tokens, quality and cluster."""

    number: int
    label: str
    tokens: int
    quality: float | None = 0.5
    cluster: int = 0


rows = st.lists(
    st.builds(
        Row, st.integers(0, 10**6), st.sampled_from(LABELS), st.integers(1, 60), st.one_of(st.none(), st.floats(0, 5))
    ),
    min_size=1,
    max_size=60,
    unique_by=lambda row: row.number,
)


def all_documents(rows: list[Row]) -> Documents:
    import pyarrow as pa

    labels = sorted({row.label for row in rows})
    numbers = np.array([row.number for row in rows], np.uint64)
    return Documents(
        np.array([labels.index(row.label) for row in rows], np.int32),
        scatter(numbers, np.zeros(len(rows), np.uint64)),
        np.array([row.tokens for row in rows], np.int64),
        {
            "quality.level": signal_keys(pa.array([row.quality for row in rows], pa.float32())),
            CLUSTER: scatter(np.array([row.cluster for row in rows], np.uint64), np.ones(len(rows), np.uint64)),
        },
    )


def population(rows: list[Row], pieces: int = 1) -> Population:
    """The rows as cells by `source`, read in some pieces."""
    documents = all_documents(rows)
    cells = [
        _cell(label, [row.tokens for row in rows if row.label == label]) for label in sorted({r.label for r in rows})
    ]

    def passes():
        for piece in range(pieces):
            part = slice(piece, None, pieces)
            signals = {name: np.ascontiguousarray(values[part]) for name, values in documents.signals.items()}
            yield Documents(
                *(np.ascontiguousarray(a[part]) for a in (documents.cells, documents.places, documents.tokens)), signals
            )

    return Population(cells, passes)


def copies_by_draw(plan: Plan, rows: list[Row]) -> np.ndarray:
    """Copies of each row in each draw: draws × rows."""
    documents = all_documents(rows)
    of_class = classes(documents, plan.selections)
    return np.array([copies(plan.draws, k, documents.places, of_class) for k in range(len(plan.draws))])


def _cell(label: str, tokens: list[int]) -> Cell:
    return Cell({"corpus": "web", "source": label}, len(tokens), sum(tokens))
