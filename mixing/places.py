"""Where the documents of a piece stand on their circles: what finds those of a few places without reading the others.

Places are told apart by their leading bits. A piece lists its rows by combination of labels and by these bits, 4 to 5 bytes
per document beside the measure.
"""

import numpy as np
import pyarrow as pa

from algok.kernels.exposure import rows_by_code
from algok.mixing.measure import Measured, combinations

_DOCUMENTS = 8  # of a combination and bin, about
_MOST_BITS = 16


def index_places(table: pa.Table) -> pa.Table:
    """The index of a measured table, one row: `rows` (uint32) by code = combination · 2^bits + leading bits of the place, and
    `ends`, 2^bits · combinations + 1 numbers (uint32): the rows of a code lie between two of them."""
    count = max(1, len(combinations(table.schema)))
    bits = min(_MOST_BITS, max(0, (len(table) // (count * _DOCUMENTS)).bit_length()))
    places = table["place"].to_numpy()
    codes = table["combination"].to_numpy().astype(np.int64) << bits | leading(places, bits)
    rows, ends = rows_by_code(codes, count << bits)
    return pa.table({"rows": _one(rows), "ends": _one(ends)})


def leading(places: np.ndarray, bits: int) -> np.ndarray:
    """The leading bits (int64) of places (uint64)."""
    return (places >> np.uint64(64 - bits)).astype(np.int64) if bits else np.zeros(len(places), np.int64)


def near(table: pa.Table, index: pa.Table, wanted: np.ndarray) -> Measured | None:
    """The documents of a measured table that stand where `wanted` (bool: combinations × a power of two of bins) says, and maybe
    some of the bins beside. None if there is none."""
    rows, ends = (index[name].chunk(0).values.to_numpy() for name in ("rows", "ends"))
    width = (len(ends) - 1) // max(1, len(wanted))
    flat = np.flatnonzero(_as_wide(wanted, width).reshape(-1))
    starts, counts = ends[flat].astype(np.int64), (ends[flat + 1] - ends[flat]).astype(np.int64)
    if not counts.sum():
        return None
    passed = np.cumsum(counts) - counts
    chosen = rows[np.arange(counts.sum()) + np.repeat(starts - passed, counts)]
    arrays = {name: table[name].to_numpy()[chosen] for name in table.schema.names}
    signals = {name: array for name, array in arrays.items() if name not in ("combination", "place", "tokens")}
    return Measured(arrays["combination"], arrays["place"], arrays["tokens"].astype(np.int64), signals)


def _as_wide(wanted: np.ndarray, width: int) -> np.ndarray:
    """The same for bins of another, also a power of two."""
    if wanted.shape[1] > width:
        return np.logical_or.reduce(wanted.reshape(len(wanted), width, -1), axis=2)
    return np.repeat(wanted, width // wanted.shape[1], axis=1)


def _one(values: np.ndarray) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), pa.array(values))
